"""What a finished replicate hands to the metrics: logs of leads, orders, margins, relationships, money and stocks.

Every table is a dict of equally long columns. Rows stand in the order of permanent ids and moments, so the same world
gives the same bytes whatever the order of its rows. Moments are years since the start of the horizon; nan means that it
did not happen. Calls, visits and test drives carry the moment of their turn in the seller's queue, which may lie ahead;
hours are booked in the tick in which a job enters the queue. Counts and money are at the scale of the simulated
districts; metrics multiply by `weights[district]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEDGER_KINDS = ("cash", "accounting", "discount", "payroll", "revenue", "external")
PURPOSES = (
    *("media", "credit", "discount", "seller_hours", "car_margin", "service_margin", "subsidy", "checks"),
    *("bonus", "support", "lead_system"),
)
PAYERS = ("brand", "buyer", "owner", "state")
LEAD_OUTCOMES = ("open", "lost_late", "no_need", "bought_rival", "ordered", "no_seller")
CLAIMS = ("none", "referral", "self", "broked")
"""What an order claims of the referral programme: nothing, honestly, through an own code, through a stranger's."""
CREDIT_STATES = ("pending", "void", "vested", "clawed_back", "redeemed", "expired")
"""States of a credit; the last three are reached from vested alone, redeemed only when nothing is left of it."""
ACTS = ("willing", "inviting", "successful")
"""What an owner did for the programme: spoke well of the brand, invited, brought a buyer whose car was delivered."""

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Noted:
    """What the event log needs beyond the other tables; noted only where one is asked for.

    households: district, segment; a row per household, by id.
    words: tick, moment, speaker, hearer (household ids), good, bad, invitation, strong: words that reached somebody.
    awareness: household, moment, known, channel (-1 none): households that came to know the brand, or forgot it.
    redemptions: credit (row), moment, amount (minor units).
    follows: household, store, seller, began, ended (nan while it lasts): spells in which a household follows a seller.
    """

    until: float
    """Nothing at or after this moment has happened yet, years; moments in a seller's queue may lie ahead of it."""
    households: Columns
    words: Columns
    awareness: Columns
    redemptions: Columns
    follows: Columns


@dataclass(frozen=True)
class Records:
    """The logs of one replicate.

    leads: household, episode, segment, district, channel, first_touch, arrived, answered, reached, visited, tested,
        ordered, closed, outcome (index in LEAD_OUTCOMES), referrer (household id, -1 none), tie (-1 none, 0 weak,
        1 strong), tenure (the referrer's years of ownership when they talked, nan without one), generation (the
        referrer's plus 1, 0 without one), store, seller, mature (1 where the accounts of the store's sellers were a
        year old on average, 0 where younger, -1 without any), live (left on a live stream), hours (sellers' hours spent
        on it), pooled.
    orders: household, number, segment, district, channel, first_touch, referrer, tie, tenure, generation (as of its
        lead), lead, mature (the same at the order), followed (years the buyer had followed a seller, nan if not),
        ordered, cancelled, delivered, returned, first, repurchase, price (net, minor units), discount (of the brand,
        minor units), subsidy (paid by others, minor units), claim (index in CLAIMS), code (household id of the owner
        whose code was claimed, -1 none), rejected (the claim was checked and refused).
    margins: household, order (row of the household's first delivered order, -1 for initial owners), segment, district,
        moment, amount (minor units), purpose (0 car, 1 service).
    relationships: household, segment, district, order (row, -1 for initial owners), began, ended, referrer (household
        id of who introduced the buyer, -1 nobody), generation.
    ownerships: household, segment, district, order (row, -1 for initial owners), began, ended, referrer, generation
        (0 = nobody brought them), eligible (1 or 0; -1 where the
        programme is open to all or gives nothing). An ownership is unbroken driving of the brand, whether
        the relationship is kept or not; one household's do not overlap.
    credits: household (of the owner who holds it), segment, district (of the owner), order (row of the order that earns
        it), kind (index in reward_kinds), face (minor units), expiry (years after vesting), pending, vested, closed
        (moments), state (index in CREDIT_STATES), redeemed (part of the face used up so far, minor units), booked
        (cost, minor units).
    acts: household, segment, district, year (calendar), act (index in ACTS), eligible, generation; at most one row per
        ownership, year and act.
    replacements: household, segment, district, moment, same_brand.
    ledger: tick, district, channel, purpose, kind, payer, amount (minor units).
    stocks: year_end, district, segment, aware, prospects, open_leads, waiting, owners, satisfaction_sum,
        satisfaction_n.
    sellers: year (calendar), district, store, seat, hire, publishes (whether the seller takes part at the end of the
        year), since (moment of the first post, nan before), posts, publishing_hours, selling_hours, leads and orders
        (from own content), views (in the own district), followers, ripe (share, of the best account); one row per year
        and seat.
    hours: tick, district, available (all working hours), worked (on leads), publishing (on content: the rest of the
        available ones is left for leads), calls, visits, test_drives, sellers, publishers (sellers who take part in
        publishing).
    media: district, channel, budget, spent, unspent (minor units; budget = spent + unspent).
    """

    start_year: int
    years: int
    run_off_years: int
    ticks_per_year: int
    follow_up_weeks: float
    discount_rate_per_year: float
    ltv_window_years: float
    currency: str
    districts: tuple[str, ...]
    segments: tuple[str, ...]
    weights: NDArray[np.float64]
    seller_hour_cost: NDArray[np.int64]
    reward_kinds: tuple[str, ...]
    leads: Columns
    orders: Columns
    margins: Columns
    relationships: Columns
    ownerships: Columns
    credits: Columns
    acts: Columns
    replacements: Columns
    ledger: Columns
    stocks: Columns
    sellers: Columns
    hours: Columns
    media: Columns
    noted: Noted | None = None

    @property
    def end(self) -> float:
        """The moment the simulation ends, run-off included (years since the start of the horizon)."""
        return float(self.years + self.run_off_years)
