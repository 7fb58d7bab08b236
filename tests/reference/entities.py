"""The things of the model: plain objects with plain numbers. Moments are years since the start of the horizon."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sim.world.people import BRAND, Stage
from sim.world.stores import Job, Outcome

if TYPE_CHECKING:
    from tests.reference.publishers import Account, Follow

PENDING, VOID, VESTED, CLAWED_BACK, REDEEMED, EXPIRED = range(6)
"""States of a credit."""
NO_CLAIM, REFERRED, SELF, BROKED = range(4)
"""Claims an order makes on the referral programme."""
WILLING, INVITING, SUCCESSFUL = range(3)
"""Acts of owners."""


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
    x: float
    """Place, km east of the centre of the district."""
    y: float
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
    rewarded_ever: int
    # sellers' content
    follow_at: float
    """Hazard of the group at which a seller is followed next."""
    follows: int
    """Times that happened."""
    follow: Follow | None = None
    """The seller's account now followed."""
    ties: list[Tie] = field(default_factory=list)
    contact_left: float = 0.0
    """Hazard still to pass before contact data is left in this search."""
    lead: Lead | None = None
    """The open lead."""
    relationship: Relationship | None = None
    """The relationship while it is kept."""
    ownership: Ownership | None = None
    """The unbroken driving of the brand, while it lasts."""
    car_order: Order | None = None
    """The order that brought the brand's car now driven; none for initial owners."""
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
    """A seat in a store and who sits on it; `free_at` is the opening time (hours) at which the next job can begin."""

    row: int
    store: int
    x: float
    """Place of the store."""
    y: float
    skill: float
    free_at: float
    district: int = 0
    number: int = 0
    """Number of the store within its district."""
    seat: int = 0
    code: int = 0
    """Permanent number of the seat within the district."""
    hire: int = 0
    """How many sat here before."""
    quit_at: float = math.inf
    talent: float = 1.0
    accounts: list[Account] = field(default_factory=list)
    """One on each platform, in the order of platforms."""
    # publishing
    publishes: bool = False
    published_since: float = math.nan
    drive: float = 1.0
    bait: float = 0.0
    posts_per_week: float = 0.0
    streams_per_week: float = 0.0
    publishing_hours: float = 0.0
    posts_due: float = 0.0
    streams_due: float = 0.0
    posts: int = 0
    streams: int = 0
    learned: float = 0.0
    # remembered, and counted by the year
    lately_hours: float = 0.0
    lately_leads: float = 0.0
    lately_orders: float = 0.0
    year_posts: int = 0
    year_publishing: float = 0.0
    year_selling: float = 0.0
    year_leads: int = 0
    year_orders: int = 0


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
    tenure: float
    """Years for which the referrer had driven the brand at the talk."""
    generation: int
    """Links of referral between this household and an owner whom nobody brought; 0 without a referrer."""
    live: bool = False
    """Left on a live stream."""
    mature: int = -1
    """Whether the store's accounts were mature at assignment; -1 without any."""
    store: int = -1
    pooled: bool = False
    score: float | None = None
    """Purchase potential as the brand sees it, once it is scored."""
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
    recalls: int = 0
    """Calls that tried again somebody not reached."""
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
    subsidy: int
    claim: int
    code: int
    """Id of the owner whose code was claimed; -1 without a claim."""
    rejected: bool
    mature: int
    followed: float
    """How long the buyer had followed a seller, years."""
    credit: Credit | None = None
    """What the owner of the code was promised."""
    cancelled: float = math.nan
    delivered: float = math.nan
    margin: int = 0
    """Margin at list price, booked at delivery."""
    first: bool = False
    return_at: float = math.inf
    returned: float = math.nan


@dataclass(eq=False)
class Credit:
    """A reward promised to an owner, on the terms of the moment of the order."""

    row: int
    owner: Household
    order: Order
    kind: int
    face: int
    cost_share: float
    expected: float
    """Share of the face expected to be redeemed."""
    cap_per_year: float
    cap_lifetime: float
    expiry: float
    pending: float
    vested: float = math.nan
    closed: float = math.nan
    state: int = PENDING
    redeemed: int = 0
    booked: int = 0


@dataclass(eq=False)
class Ownership:
    """Unbroken driving of the brand, through however many cars."""

    row: int
    person: Household
    order: Order | None
    began: float
    zeal: float
    """Talkativeness; 1 on average."""
    referrer: int = -1
    generation: int = 0
    ended: float = math.nan
    broker: bool = False
    willing_year: int = 0
    inviting_year: int = 0
    successful_year: int = 0


@dataclass(eq=False)
class Relationship:
    """A relationship with the brand's service and app."""

    row: int
    person: Household
    order: Order | None
    began: float
    referrer: int = -1
    generation: int = 0
    anchored: bool = False
    """Held by a referrer who keeps a relationship too."""
    ended: float = math.nan


@dataclass(frozen=True)
class Act:
    """An owner spoke well (0), invited (1) or referred successfully (2) in a calendar year."""

    person: int
    year: int
    act: int


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

    number: int
    awareness: float
    trust: float
    partner_trust: float
    search_ads: float
    search_vertical: float
    browse_ads: float
    browse_vertical: float
    browse: float
    # sellers' content and the founder, per year
    content_awareness: float = 0.0
    content_trust: float = 0.0
    content_partner_trust: float = 0.0
    search_buy: float = 0.0
    search_live: float = 0.0
    search_bait: float = 0.0
    search_founder: float = 0.0
    browse_content: float = 0.0
    browse_founder: float = 0.0
    follow: float = 0.0
    follow_rate: float = 0.0


@dataclass
class Medium:
    """Money of one medium so far, per represented household, and the same booked by district in minor units."""

    offered: float
    spent: float
    booked_offered: list[int]
    booked_spent: list[int]
