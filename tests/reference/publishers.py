"""Sellers' accounts, who follows them, and what of their work is counted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tests.reference.entities import Household, Seller

KINDS = ("see", "select", "buy", "service", "bait", "live")
"""What a piece of content is for."""
SEE, SELECT, BUY, SERVICE, BAIT, LIVE = range(len(KINDS))


@dataclass(eq=False)
class Account:
    """The account of a seat on one platform."""

    row: int
    seller: Seller
    platform: int
    ripe: float = 0.0
    followers: int = 0
    trust: float = 0.0
    """Stock of trust of someone who has followed for ever; then the same of the partner and of an owner."""
    partner_trust: float = 0.0
    owner_trust: float = 0.0
    contact: float = 0.0
    """Hazard of contact data from a follower in this tick, at interest 1."""
    views: float = 0.0
    """Views in the calendar year so far."""
    buzz: list[float] = field(default_factory=lambda: [0.0] * len(KINDS))
    """Views still to come, by kind of content."""
    # of this tick
    made: list[int] = field(default_factory=lambda: [0] * len(KINDS))
    seen: list[float] = field(default_factory=list)
    # part in what each segment of the district meets, per year
    by_awareness: list[float] = field(default_factory=list)
    by_trust: list[float] = field(default_factory=list)
    by_partner_trust: list[float] = field(default_factory=list)
    by_buy: list[float] = field(default_factory=list)
    by_live: list[float] = field(default_factory=list)
    by_bait: list[float] = field(default_factory=list)
    by_browse: list[float] = field(default_factory=list)
    by_follow: list[float] = field(default_factory=list)


@dataclass(eq=False)
class Follow:
    """A spell in which a household follows an account, with the account's stocks of trust at its begin."""

    row: int
    person: Household
    account: Account
    began: float
    until: float
    trust: float
    partner_trust: float
    owner_trust: float
    ended: float = math.nan


@dataclass(frozen=True)
class SellerYear:
    """What was done on one seat in a calendar year."""

    year: int
    district: int
    store: int
    seat: int
    hire: int
    publishes: bool
    since: float
    posts: int
    publishing_hours: float
    selling_hours: float
    leads: int
    orders: int
    views: float
    followers: int
    ripe: float


@dataclass
class Bill:
    """Publishing of one district so far, in minor units: as reckoned and as booked."""

    hours: float = 0.0
    support: float = 0.0
    hours_paid: int = 0
    support_paid: int = 0
