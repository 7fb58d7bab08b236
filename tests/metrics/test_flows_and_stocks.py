import math

import pytest
from made_records import MEDIA, NAN, PAID, REFERRAL, Values, made


def test_flows_are_weighted_and_dated_by_their_own_moment() -> None:
    values = Values(
        made(
            leads=[
                {"arrived": 0.5, "visited": 0.9, "tested": 1.1, "channel": PAID},
                {"arrived": 1.5, "visited": 2.1, "district": 1, "segment": 1, "channel": REFERRAL},
                {"arrived": 2.0, "visited": 2.2, "tested": 2.3},  # run-off: not reported
            ],
            orders=[
                {"ordered": 0.9, "delivered": 1.2, "first": True},
                {"ordered": 1.9, "cancelled": 1.95, "channel": MEDIA, "district": 1},
                {"ordered": 0.1, "delivered": 0.2, "repurchase": True, "segment": 1},
                {"ordered": 1.99, "cancelled": 2.5},
            ],
        )
    )
    assert values("leads") == 14
    assert values("leads", year=2020) == 10
    assert values("leads", year=2021) == 4
    assert values("leads", channel="referral") == 4
    assert values("leads", year=2021, channel="paid_ads") == 0
    assert values("leads", segment="business") == 4
    assert values("leads", year=2020, segment="families") == 10
    assert values("visits") == 10
    assert values("test_drives", year=2020) == 0
    assert values("test_drives", year=2021) == 10
    assert values("orders") == 34
    assert values("orders", year=2021, channel="vertical_media") == 4
    assert values("cancellations") == 4
    assert values("deliveries", year=2021) == 10
    assert values("deliveries") == 20
    assert values("repurchases") == 10
    assert values("repurchases", segment="families") == 0


def test_returns_are_dated_by_the_day_the_car_went_back_and_stay_deliveries() -> None:
    orders = [
        {"ordered": 0.5, "delivered": 0.99, "returned": 1.0, "channel": REFERRAL},
        {"ordered": 0.5, "delivered": 0.6, "returned": 0.7, "district": 1, "segment": 1},
        {"ordered": 1.5, "delivered": 1.99, "returned": 2.01},
        {"ordered": 1.5, "delivered": 1.6},
    ]
    values = Values(made(orders=orders))
    assert values("returns") == 14
    assert values("returns", year=2021) == 10
    assert values("returns", channel="referral") == 10
    assert values("returns", year=2020, segment="business") == 4
    assert values("deliveries") == 34


def test_defections_are_replacements_by_a_rival() -> None:
    values = Values(
        made(
            replacements=[
                {"moment": 0.3, "same_brand": True},
                {"moment": 0.4, "segment": 1},
                {"moment": 1.4, "district": 1},
                {"moment": 2.4},
            ]
        )
    )
    assert values("defections") == 14
    assert values("defections", year=2020, segment="business") == 10
    assert values("repurchase_rate") == 10 / 24
    assert values("repurchase_rate", year=2020) == 0.5
    assert values("repurchase_rate", year=2021) == 0
    assert math.isnan(values("repurchase_rate", year=2021, segment="business"))


@pytest.mark.parametrize("metric", ["aware", "prospects", "open_leads", "waiting", "owners"])
def test_stocks_are_those_at_the_end_of_the_period(metric: str) -> None:
    values = Values(
        made(
            stocks=[
                {"year_end": 2020, metric: 5},
                {"year_end": 2021, metric: 7},
                {"year_end": 2021, "district": 1, "segment": 1, metric: 3},
                {"year_end": 2022, metric: 1000},
            ]
        )
    )
    assert values(metric) == 82
    assert values(metric, year=2020) == 50
    assert values(metric, segment="business") == 12
    assert values(metric, year=2020, segment="business") == 0


def test_satisfaction_is_the_mean_over_owners_not_over_districts() -> None:
    values = Values(
        made(
            stocks=[
                {"year_end": 2021, "satisfaction_sum": 4.0, "satisfaction_n": 5},
                {"year_end": 2021, "district": 1, "satisfaction_sum": 2.0, "satisfaction_n": 10},
            ]
        )
    )
    assert values("satisfaction") == pytest.approx((40 + 8) / (50 + 40))
    assert math.isnan(values("satisfaction", year=2020))


def test_nothing_happening_gives_zero_flows_and_undefined_ratios() -> None:
    values = Values(made(leads=[{"arrived": NAN}]))
    assert values("leads") == 0
    assert math.isnan(values("cpl"))
    assert math.isnan(values("response_minutes"))
    assert math.isnan(values("ltv"))
