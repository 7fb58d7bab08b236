import math

import pytest
from made_records import PAID, REFERRAL, Values, made

ORDERS = [{"delivered": 0.25, "channel": REFERRAL}, {"delivered": 0.5, "channel": PAID, "district": 1}]
RELATIONSHIPS = [
    {"order": 0, "began": 0.25, "ended": 1.95},  # kept over tenure year 1, left in year 2
    {"order": 1, "began": 0.5, "district": 1, "segment": 1},  # kept throughout
    {"order": -1, "began": -2.5, "ended": 0.75},  # initial owner: left half-way through 2020, in its fourth year
]


@pytest.fixture(scope="module")
def values() -> Values:
    return Values(made(orders=ORDERS, relationships=RELATIONSHIPS))


def test_annual_retention_counts_anniversaries_that_are_observed(values: Values) -> None:
    # 2020: referred at 0.25 (kept), advertised at 0.5 (kept), initial at 0.5 (lost)
    # 2021: referred at 1.25 (lost), advertised at 1.5 (kept)
    assert values("annual_retention", year=2020) == pytest.approx(14 / 24)
    assert values("annual_retention", year=2021) == pytest.approx(4 / 14)
    assert values("annual_retention") == pytest.approx(18 / 38)
    assert values("annual_retention", referred=True) == 0.5
    assert values("annual_retention", referred=False) == 1, "the origin of initial owners is not known"
    assert values("annual_retention", year=2021, referred=True) == 0
    assert values("annual_retention", tenure_year=1) == 1
    assert values("annual_retention", tenure_year=2) == pytest.approx(4 / 14)
    assert math.isnan(values("annual_retention", tenure_year=3))
    assert values("annual_retention", tenure_year=4) == 0
    assert values("annual_retention", segment="business") == 1


def test_anniversaries_without_a_full_year_after_them_do_not_count() -> None:
    cut = Values(made(run_off_years=0, orders=ORDERS, relationships=RELATIONSHIPS))
    assert cut("annual_retention", year=2020) == pytest.approx(14 / 24)
    assert math.isnan(cut("annual_retention", year=2021))
    assert cut("annual_retention") == pytest.approx(14 / 24)


def test_retention_years_include_those_who_stayed(values: Values) -> None:
    lived_2020, lived_2021 = 10 * 0.75 + 4 * 0.5 + 10 * 0.75, 10 * 0.95 + 4 * 1.0
    assert values("retention_years", year=2020) == pytest.approx(lived_2020 / 10)
    assert values("retention_years", year=2021) == pytest.approx(lived_2021 / 10)
    assert values("retention_years") == pytest.approx((lived_2020 + lived_2021) / 20)
    assert values("retention_years", referred=True) == pytest.approx(1.7)
    assert math.isnan(values("retention_years", segment="business")), "nobody left"


def test_margin_per_owner_year_is_service_by_years_in_relationships() -> None:
    margins = [
        {"moment": 0.3, "amount": 50_000},
        {"moment": 1.3, "amount": 20_000, "district": 1, "segment": 1},
        {"moment": 0.3, "amount": 9_000_000, "purpose": 0},
        {"moment": 2.3, "amount": 9_000_000},
    ]
    values = Values(made(orders=ORDERS, relationships=RELATIONSHIPS, margins=margins))
    assert values("margin_per_owner_year") == pytest.approx((5_000 + 800) / (17 + 13.5))
    assert values("margin_per_owner_year", year=2020) == pytest.approx(5_000 / 17)
    assert values("margin_per_owner_year", segment="business") == pytest.approx(800 / 6)


def test_referrals_by_deliveries_and_owner_years() -> None:
    orders = [*ORDERS, {"ordered": 1.9, "delivered": 2.5, "channel": REFERRAL}, {"ordered": 0.2, "channel": REFERRAL}]
    values = Values(made(orders=orders, relationships=RELATIONSHIPS))
    assert values("referral_share") == pytest.approx(10 / 14)
    assert math.isnan(values("referral_share", year=2021))
    assert values("referral_share", segment="families") == pytest.approx(10 / 14)
    assert values("referrals_per_owner_year") == pytest.approx(10 / 30.5)
    assert values("referrals_per_owner_year", year=2021) == 0
