"""What a finished replicate hands to the metrics: logs of leads, orders, margins, relationships, money and stocks.

Every table is a dict of equally long columns. Rows stand in the order of permanent ids and moments, so the same world
gives the same bytes whatever the order of its rows. Moments are years since the start of the horizon; nan means that it
did not happen. Calls, visits and test drives carry the moment of their turn in the seller's queue, which may lie ahead;
hours are booked in the tick in which a job enters the queue. Counts and money are at the scale of the simulated
districts; metrics multiply by `weights[district]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEDGER_KINDS = ("cash", "accounting", "discount", "payroll", "revenue")
PURPOSES = ("media", "credit", "discount", "seller_hours", "car_margin", "service_margin")
PAYERS = ("brand", "buyer", "owner")
LEAD_OUTCOMES = ("open", "lost_late", "no_need", "bought_rival", "ordered", "no_seller")

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Records:
    """The logs of one replicate.

    leads: household, episode, segment, district, channel, first_touch, arrived, answered, reached, visited, tested,
        ordered, closed, outcome (index in LEAD_OUTCOMES), referrer, tie (-1 none, 0 weak, 1 strong), store, seller,
        hours (sellers' hours spent on it).
    orders: household, number, segment, district, channel, first_touch, referrer, tie, lead, ordered, cancelled,
        delivered, first, repurchase, price (net, minor units), discount (minor units).
    margins: household, order (row of the household's first delivered order, -1 for initial owners), segment, district,
        moment, amount (minor units), purpose (0 car, 1 service).
    relationships: household, segment, district, order, began, ended.
    replacements: household, segment, district, moment, same_brand.
    ledger: tick, district, channel, purpose, kind, payer, amount (minor units).
    stocks: year_end, district, segment, aware, prospects, open_leads, waiting, owners, satisfaction_sum,
        satisfaction_n.
    hours: tick, district, available, worked, calls, visits, test_drives, sellers.
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
    policy_start: Mapping[str, float]
    leads: Columns
    orders: Columns
    margins: Columns
    relationships: Columns
    replacements: Columns
    ledger: Columns
    stocks: Columns
    hours: Columns
    media: Columns

    @property
    def end(self) -> float:
        """The moment the simulation ends, run-off included (years since the start of the horizon)."""
        return float(self.years + self.run_off_years)
