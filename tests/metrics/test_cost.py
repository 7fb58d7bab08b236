import math

import pytest
from made_records import (
    ACCOUNTING,
    BUYER,
    CASH,
    DISCOUNT,
    MEDIA,
    PAID,
    PAYROLL,
    REFERRAL,
    REVENUE,
    WALK_IN,
    Values,
    made,
)

from sim.channels import CHANNELS

LEDGER = [
    {"tick": 0, "channel": PAID, "kind": CASH, "amount": 100_000},
    {"tick": 51, "channel": REFERRAL, "kind": ACCOUNTING, "amount": 30_000},
    {"tick": 51, "channel": REFERRAL, "kind": DISCOUNT, "amount": 20_000, "district": 1},
    {"tick": 52, "channel": PAID, "kind": CASH, "amount": 300_000},
    {"tick": 60, "channel": PAID, "kind": PAYROLL, "amount": 50_000},
    {"tick": 60, "channel": WALK_IN, "kind": PAYROLL, "amount": 10_000},
    {"tick": 70, "channel": -1, "kind": CASH, "amount": 70_000},
    {"tick": 70, "channel": PAID, "kind": REVENUE, "amount": 9_000_000},
    {"tick": 70, "channel": PAID, "kind": CASH, "payer": BUYER, "amount": 9_000_000},
    {"tick": 104, "channel": PAID, "kind": CASH, "amount": 9_000_000},  # run-off
]
LEADS = [{"arrived": 0.1}, {"arrived": 0.2}, {"arrived": 1.1}, {"arrived": 0.5, "channel": REFERRAL, "district": 1}]
ORDERS = [
    {"ordered": 0.2, "delivered": 0.3, "first": True},
    {"ordered": 0.9, "delivered": 1.3, "first": True},
    {"ordered": 0.9, "delivered": 1.3, "repurchase": True},
    {"ordered": 0.6, "delivered": 0.8, "first": True, "channel": REFERRAL, "district": 1},
    {"ordered": 1.6, "cancelled": 1.8, "channel": MEDIA},
]


@pytest.fixture(scope="module")
def values() -> Values:
    return Values(made(ledger=LEDGER, leads=LEADS, orders=ORDERS))


def test_spend_by_ledger_is_what_the_brand_paid_within_the_horizon(values: Values) -> None:
    assert values("spend", ledger="cash") == 47_000  # (1000 + 3000 + 700) * 10
    assert values("spend", ledger="accounting") == 3_000
    assert values("spend", ledger="discount") == 800
    assert values("spend") == 50_800
    assert values("spend", year=2020) == 13_800
    assert values("spend", year=2020, ledger="cash") == 10_000
    assert values("spend", channel="referral") == 3_800
    assert values("spend", channel="referral", ledger="discount") == 800
    assert values("spend", year=2021, channel="paid_ads") == 30_000


def test_cost_per_lead(values: Values) -> None:
    assert values("cpl") == pytest.approx(50_000 / 34)
    assert values("cpl", year=2020) == pytest.approx(13_000 / 24)
    assert values("cpl", year=2020, channel="paid_ads") == 500
    assert values("cpl", channel="referral") == 750
    assert math.isnan(values("cpl", year=2021, channel="referral"))
    assert values("cpl_loaded", channel="referral") == 950
    assert values("cpl_loaded") == pytest.approx(56_800 / 34)


def test_cost_per_lead_against_that_of_vertical_media() -> None:
    leads = [{"channel": CHANNELS.index(name), "arrived": 0.5} for name in ("kos", "kos", "vertical_media")]
    ledger = [
        {"tick": 1, "channel": CHANNELS.index(name), "kind": CASH, "amount": 100} for name in ("kos", "vertical_media")
    ]
    values = Values(made(leads=leads, ledger=ledger))
    assert values("cpl_to_vertical", channel="kos") == values("cpl_to_vertical", year=2020, channel="kos") == 0.5
    assert values("cpl_to_vertical", channel="vertical_media") == 1
    assert math.isnan(values("cpl_to_vertical", year=2021, channel="kos"))
    assert math.isnan(values("cpl_to_vertical", channel="referral"))


def test_cost_per_order(values: Values) -> None:
    assert values("cost_per_order") == pytest.approx(50_000 / 44)
    assert values("cost_per_order", channel="paid_ads") == pytest.approx(40_000 / 30)
    assert values("cost_per_order", channel="vertical_media") == 0
    assert values("cost_per_order_loaded", channel="paid_ads") == pytest.approx(45_000 / 30)


def test_acquisition_cost_divides_by_first_deliveries_only(values: Values) -> None:
    assert values("cac") == pytest.approx(50_000 / 24)
    assert values("cac", year=2021) == pytest.approx(37_000 / 10)
    assert values("cac", channel="paid_ads") == pytest.approx(40_000 / 20)
    assert values("cac_loaded", channel="paid_ads") == pytest.approx(45_000 / 20)
    assert values("cac_loaded", year=2021) == pytest.approx(43_000 / 10)
    assert math.isnan(values("cac", channel="walk_in"))


def test_cumulative_cost_runs_from_the_start_to_the_end_of_the_year(values: Values) -> None:
    assert values("cac", since_start_to=2020) == values("cac", year=2020) == pytest.approx(13_000 / 14)
    assert values("cac", since_start_to=2021) == values("cac")
    assert values("cpl", since_start_to=2020, channel="paid_ads") == 500
    assert values("cpl", since_start_to=2021, channel="paid_ads") == values("cpl", channel="paid_ads")
    assert values("cost_per_order_loaded", since_start_to=2021) == values("cost_per_order_loaded")


def test_ticks_are_reported_in_their_calendar_year() -> None:
    ledger = [{"tick": tick, "channel": PAID, "amount": 100} for tick in range(120)]
    values = Values(made(ledger=ledger))
    assert values("spend", year=2020) == values("spend", year=2021) == 520
