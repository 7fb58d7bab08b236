import math
from typing import Any

import pytest
from made_records import PAID, PAYROLL, REFERRAL, Values, made

from sim.metrics import of_pairs

CAR, SERVICE = 0, 1
LATER = {"began": 2.0, "district": 1}
ORDERS = [
    {"household": 7, "ordered": 0.4, "delivered": 0.5, "first": True, "channel": PAID},
    {"household": 3, "ordered": 1.4, "delivered": 1.5, "first": True, "channel": REFERRAL, "district": 1, "segment": 1},
    {"household": 7, "number": 1, "ordered": 1.4, "delivered": 1.5, "repurchase": True},
    {"household": 9, "ordered": 2.4, "delivered": 2.5, "first": True},  # run-off: no cohort
]
MARGINS = [
    {"household": 7, "order": 0, "moment": 0.5, "amount": 1_000_000, "purpose": CAR},
    {"household": 7, "order": 0, "moment": 1.5, "amount": 110_000, "purpose": CAR},  # the repurchase
    {"household": 7, "order": 0, "moment": 1.5, "amount": 22_000, "purpose": SERVICE},
    {"household": 7, "order": 0, "moment": 2.5, "amount": 5_000_000, "purpose": SERVICE},  # after the window
    {"household": 3, "order": 1, "moment": 1.5, "amount": 500_000, "purpose": CAR, "district": 1, "segment": 1},
    {"household": 3, "order": 1, "moment": 2.5, "amount": 33_000, "purpose": SERVICE, "district": 1, "segment": 1},
    {"household": 9, "order": 3, "moment": 2.6, "amount": 7_000_000, "purpose": SERVICE},
    {"household": 11, "order": -1, "moment": 1.0, "amount": 44_000, "purpose": SERVICE},
]
FIRST = 10_000 + (1_100 + 220) / 1.1
SECOND = 5_000 + 330 / 1.1


@pytest.fixture(scope="module")
def values() -> Values:
    return Values(made(orders=ORDERS, margins=MARGINS))


def test_lifetime_value_is_discounted_to_the_own_delivery_within_the_window(values: Values) -> None:
    assert values("ltv", year=2020) == pytest.approx(FIRST, rel=1e-12)
    assert values("ltv", year=2021) == pytest.approx(SECOND, rel=1e-12)
    assert values("ltv") == pytest.approx((10 * FIRST + 4 * SECOND) / 14, rel=1e-12)
    assert values("ltv", channel="referral") == values("ltv", referred=True) == values("ltv", segment="business")
    assert values("ltv", referred=False) == pytest.approx(FIRST, rel=1e-12)


def test_after_sale_leaves_out_the_first_car_only(values: Values) -> None:
    assert values("ltv_after_sale", year=2020) == pytest.approx(1_200, rel=1e-12)
    assert values("ltv_after_sale", referred=True) == pytest.approx(300, rel=1e-12)


def test_incomplete_cohorts_have_no_value() -> None:
    short = Values(made(run_off_years=1, orders=ORDERS, margins=MARGINS))
    assert short("ltv", year=2020) == pytest.approx(FIRST, rel=1e-12)
    assert math.isnan(short("ltv", year=2021)), "delivered at 1.5, a window of 2, observed to 3"
    assert short("ltv") == pytest.approx(FIRST, rel=1e-12)
    edge = Values(made(run_off_years=1, window=1.6, orders=[{**ORDERS[0], "delivered": 1.2}], margins=MARGINS[:1]))
    assert math.isnan(edge("ltv", year=2021)), "one customer observed long enough does not complete the year"
    assert edge("ltv") == 10_000


def test_a_car_margin_booked_before_the_handover_is_the_first_car() -> None:
    margins = [{"order": 0, "moment": 0.4, "amount": 1_000, "purpose": CAR}, {"order": 0, "moment": 0.6, "amount": 500}]
    values = Values(made(orders=ORDERS[:1], margins=margins, discount_rate=0.0))
    assert values("ltv") == 15
    assert values("ltv_after_sale") == 5


def test_a_returned_first_car_takes_its_margin_with_it() -> None:
    orders = [{**ORDERS[0], "returned": 0.52}]
    margins = [MARGINS[0], {**MARGINS[0], "moment": 0.52, "amount": -1_000_000}, MARGINS[2]]
    values = Values(made(orders=orders, margins=margins, discount_rate=0.0))
    assert values("ltv") == 220
    assert values("ltv_after_sale") == 220


def test_each_order_knows_what_the_customer_is_worth_whom_it_made() -> None:
    records = made(orders=ORDERS, margins=MARGINS, ownerships=[{"began": -1.0, "ended": 0.5}, {"began": 1.9}, LATER])
    orders, owners = of_pairs(records)
    assert orders["value"] == pytest.approx([FIRST, SECOND, 0, 0], rel=1e-12)
    assert orders["household"] is records.orders["household"]
    assert owners == (2, 0), "whoever becomes an owner in the run-off is none of the horizon"
    short, _ = of_pairs(made(run_off_years=1, orders=ORDERS, margins=MARGINS))
    assert short["value"] == pytest.approx([FIRST, math.nan, 0, 0], rel=1e-12, nan_ok=True)


def test_lifetime_adds_a_projected_tail() -> None:
    relationships = [
        {"household": 7, "order": 0, "began": 0.5, "ended": 2.0},  # 1.5 years lived, ends within the window
        {"household": 3, "order": 1, "began": 1.5, "district": 1, "segment": 1},
        {"household": 11, "order": -1, "began": -3.0, "ended": 1.0},
    ]
    values = Values(made(orders=ORDERS, margins=MARGINS, relationships=relationships))
    lived, exits, kept = 10 * 1.5 + 4 * 2.0, 10.0, 4.0
    late_margin = 10 * (1_100 + 220) + 4 * 330
    remaining = 1.1**-2 / (exits / lived + math.log(1.1))
    expected = values("ltv") + kept * (late_margin / lived) * remaining / 14
    assert values("ltv_lifetime") == pytest.approx(expected, rel=1e-12)
    assert values("ltv_lifetime", channel="paid_ads") == pytest.approx(FIRST, rel=1e-12), "nobody kept, no tail"
    alone = SECOND + 330 / 2 * 1.1**-2 / math.log(1.1)
    assert values("ltv_lifetime", referred=True) == pytest.approx(alone, rel=1e-12)


def test_lifetime_of_constant_margin_and_hazard_is_the_closed_form() -> None:
    """Margin m a year and hazard h for ever are worth m / (h + ln(1 + d)), at every window."""
    people, hazard, margin = 4000, 0.25, 400.0
    orders = [{"household": i, "ordered": 0.0, "delivered": 0.0, "first": True} for i in range(people)]
    lives = [-math.log(1 - (i + 0.5) / people) / hazard for i in range(people)]
    relationships = [{"household": i, "order": i, "began": 0.0, "ended": lives[i]} for i in range(people)]
    steps = 24
    margins = [
        {"household": i, "order": i, "moment": (k + 0.5) / steps, "amount": int(margin * 100 / steps)}
        for i in range(people)
        for k in range(2 * steps)
        if (k + 0.5) / steps < lives[i]
    ]
    values = Values(made(orders=orders, relationships=relationships, margins=margins))
    assert values("ltv_lifetime") == pytest.approx(margin / (hazard + math.log(1.1)), rel=0.01)


def test_customer_equity_discounts_everyone_to_the_start(values: Values) -> None:
    families = (
        (10_000 * 1.1**-0.5 + 1_320 * 1.1**-1.5 + 50_000 * 1.1**-2.5) + 440 / 1.1  # not household 9: run-off
    )
    business = 5_000 * 1.1**-1.5 + 330 * 1.1**-2.5
    assert values("customer_equity") == pytest.approx(10 * families + 4 * business, rel=1e-12)
    assert values("customer_equity", segment="business") == pytest.approx(4 * business, rel=1e-12)


def _ledger(*amounts: int) -> list[dict[str, Any]]:
    return [{"tick": 20, "channel": PAID, "kind": PAYROLL, "amount": amount} for amount in amounts]


def test_value_by_loaded_acquisition_cost() -> None:
    values = Values(made(orders=ORDERS, margins=MARGINS, ledger=_ledger(500_000)))
    assert values("ltv_to_cac", channel="paid_ads") == pytest.approx(FIRST / 5_000, rel=1e-12)
    assert values("ltv_to_cac", year=2020) == pytest.approx(FIRST / 5_000, rel=1e-12)
    assert math.isnan(values("ltv_to_cac", channel="referral")), "no cost to divide by"
    assert math.isnan(values("ltv_to_cac", channel="walk_in"))


@pytest.mark.parametrize(
    ("cost", "months"), [(1_000_000, 1), (1_000_001, 13), (1_132_000, 13), (1_132_001, math.nan), (0, 1)]
)
def test_payback_is_the_first_month_that_covers_the_cost(cost: int, months: float) -> None:
    values = Values(made(orders=ORDERS, margins=MARGINS, ledger=_ledger(cost)))
    assert values("payback_months", channel="paid_ads") == pytest.approx(months, nan_ok=True)
    assert values("payback_months", year=2020, channel="paid_ads") == pytest.approx(months, nan_ok=True)
    assert math.isnan(values("payback_months", channel="walk_in")), "nobody to pay back"
