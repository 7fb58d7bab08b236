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


def test_first_years_and_later_ones_are_told_apart_by_the_relationship_of_the_margin() -> None:
    orders = [{"household": 1, "delivered": 0.5, "channel": REFERRAL}, {"household": 2, "delivered": 0.5}]
    relationships = [
        {"household": 1, "order": 0, "began": 0.5, "ended": 1.8},
        {"household": 2, "order": 1, "began": 0.5, "district": 1, "segment": 1},
        {"household": 3, "order": -1, "began": -2.5, "ended": 0.9},
        {"household": 3, "order": 0, "began": 1.25},  # came back, through a referral
    ]
    margins = [
        {"household": 1, "moment": 0.7, "amount": 50_000},
        {"household": 1, "moment": 1.6, "amount": 10_000},
        {"household": 2, "moment": 1.4, "amount": 20_000, "district": 1, "segment": 1},
        {"household": 3, "moment": 0.3, "amount": 30_000},
        {"household": 3, "moment": 1.75, "amount": 40_000},
        {"household": 9, "moment": 1.0, "amount": 1_000},  # of no known relationship: in the total only
    ]
    values = Values(made(orders=orders, relationships=relationships, margins=margins))
    # years of referred owners: 1.3 and 0.75, the first 1.0 of them and 0.75 in the first year of tenure
    assert values("margin_per_owner_year", referred=True) == pytest.approx(10_000 / 20.5)
    assert values("margin_per_owner_year", referred=True, tenure_year=1) == pytest.approx(9_000 / 17.5)
    assert values("margin_per_owner_year", referred=True, tenure_year=2) == pytest.approx(1_000 / 3)
    assert values("margin_per_owner_year", referred=False, tenure_year=1) == pytest.approx(800 / 4)
    assert values("margin_per_owner_year", referred=False, tenure_year=2) == 0
    assert values("margin_per_owner_year", tenure_year=3) == pytest.approx(3_000 / 5), "initial owners by tenure"
    assert values("margin_per_owner_year", year=2020, referred=True) == pytest.approx(5_000 / 5)
    assert values("margin_per_owner_year") == pytest.approx(13_900 / (13 + 6 + 9 + 7.5))


FRIENDS = [
    {"household": 1, "began": -1.0, "ended": 0.6},  # the referrer, who came back for half a year
    {"household": 1, "began": 1.2, "ended": 1.7},
    {"household": 2, "began": 0.25, "ended": 1.95, "referrer": 1},
    {"household": 3, "began": 0.5, "referrer": 9, "district": 1},  # the referrer had no relationship
    {"household": 4, "began": 0.3, "ended": 0.5, "referrer": 1},
    {"household": 5, "began": 0.8, "ended": 1.1, "referrer": 1},
    {"household": 6, "began": 0.1, "ended": 0.9},  # nobody introduced it
]


def test_years_and_ends_before_and_after_the_referrer_left() -> None:
    values = Values(made(relationships=FRIENDS))
    # household 2 lives 0.35 + 0.5 years beside the referrer and 0.85 without, 4 is gone before, 3 and 5 live alone
    assert values("retention_years", referrer_left=False) == pytest.approx((8.5 + 2) / 10)
    assert values("retention_years", referrer_left=True) == pytest.approx((8.5 + 6 + 3) / 20)
    assert math.isnan(values("retention_years", year=2021, referrer_left=False)), "nobody left beside the referrer"
    assert values("retention_years", year=2021, referrer_left=True) == pytest.approx((4.5 + 4 + 1) / 20)


def test_retention_by_whether_the_referrer_had_left_on_the_anniversary() -> None:
    values = Values(made(relationships=FRIENDS))
    # beside the referrer: 2 in 2020 (kept) and again in 2021 (lost), 4 (lost); alone: 3 twice (kept), 5 (lost)
    assert values("annual_retention", referrer_left=False) == pytest.approx(1 / 3)
    assert values("annual_retention", referrer_left=True) == pytest.approx(8 / 18)
    assert values("annual_retention", year=2021, referrer_left=False) == 0
    assert values("annual_retention", year=2021, referrer_left=True) == 1
    none = Values(made(relationships=[{"began": 0.5, "ended": 0.9}]))
    assert math.isnan(none("annual_retention", referrer_left=True))


def test_referral_share_is_of_deliveries_of_the_period() -> None:
    orders = [*ORDERS, {"ordered": 1.9, "delivered": 2.5, "channel": REFERRAL}, {"ordered": 0.2, "channel": REFERRAL}]
    values = Values(made(orders=orders))
    assert values("referral_share") == pytest.approx(10 / 14)
    assert math.isnan(values("referral_share", year=2021))
    assert values("referral_share", segment="families") == pytest.approx(10 / 14)
