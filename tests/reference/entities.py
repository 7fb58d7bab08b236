"""The things of the model: plain objects with plain numbers. Moments are years since the start of the horizon."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sim.world.people import BRAND, Stage
from sim.world.stores import Job, Outcome


@dataclass(eq=False)
class Tie:
    """One household's side of an acquaintance."""

    friend: Household
    strong: bool
    asked: int = 0
    """Invitations sent along it so far."""


@dataclass(eq=False)
class Household:
    """One household for life, as prospect, owner and prospect again."""

    id: int
    district: int
    segment: int
    group: int
    """District x segment: the index of mass-media state."""
    store: int
    store_km: float
    partner: bool
    notice: float
    km_per_year: float
    # what it has heard
    awareness: float
    trust: float
    partner_trust: float
    touched_at: float
    first_touch: int
    # where it stands on its way to the next car
    stage: int
    car: int
    need_at: float
    ready_at: float
    purchases: int
    contact_left: float
    browse_at: float
    browses: int
    leads: int
    orders: int
    # the brand's car and the relationship
    owned_since: float
    km: float
    satisfaction: float
    was_owner: bool
    stay_left: float
    care_from: float
    care_at: float
    cares: int
    spells: int
    # the owner's word
    talk_at: float
    talks: int
    rewarded: int
    rewarded_year: int
    ties: list[Tie] = field(default_factory=list)
    lead: Lead | None = None
    """The open lead."""
    relationship: Relationship | None = None
    """The relationship while it is kept."""
    first_order: Order | None = None
    """The first delivered order of a household that had never owned the brand."""

    @property
    def drives_brand(self) -> bool:
        return self.car == BRAND

    @property
    def searching(self) -> bool:
        return self.stage == Stage.SEARCHING

    @property
    def idle(self) -> bool:
        return self.stage == Stage.IDLE


@dataclass(eq=False)
class Seller:
    """A seller; `free_at` is the opening time (hours) at which the next job can begin."""

    row: int
    skill: float
    free_at: float


@dataclass(eq=False)
class Lead:
    """Contact data left by a household."""

    row: int
    person: Household
    episode: int
    channel: int
    first_touch: int
    in_market: bool
    arrived: float
    referrer: int
    tie: int
    store: int = -1
    cool_at: float = math.inf
    """After this moment a first call reaches nobody."""
    seller: Seller | None = None
    answered: float = math.nan
    reached: bool = False
    visited: float = math.nan
    tested: float = math.nan
    ordered: float = math.nan
    closed: float = math.nan
    outcome: int = Outcome.OPEN
    calls: int = 0
    hours: float = 0.0
    next_at: float = math.inf
    next_job: int = Job.CALL


@dataclass(eq=False)
class Order:
    """A locked order."""

    row: int
    person: Household
    number: int
    lead: Lead
    ordered: float
    cancel_at: float
    repurchase: bool
    price: int
    discount: int
    credit: int
    credit_cost_share: float
    credit_cap: float
    cancelled: float = math.nan
    delivered: float = math.nan
    first: bool = False
    credit_vested: bool = False


@dataclass(eq=False)
class Relationship:
    """A relationship with the brand's service and app."""

    row: int
    person: Household
    order: Order | None
    began: float
    ended: float = math.nan


@dataclass(frozen=True)
class Margin:
    """A contribution margin earned; purpose 0 car, 1 service."""

    person: int
    order: int
    moment: float
    amount: int
    purpose: int


@dataclass(frozen=True)
class Replacement:
    """An owner of the brand replaced its car."""

    person: int
    moment: float
    same_brand: bool


@dataclass
class Group:
    """Mass media as the households of one district and segment meet them."""

    awareness: float
    trust: float
    search_ads: float
    search_vertical: float
    browse_ads: float
    browse_vertical: float
    browse: float


@dataclass
class Medium:
    """Money of one medium so far, per represented household, and the same booked by district in minor units."""

    offered: float
    spent: float
    booked_offered: list[int]
    booked_spent: list[int]
