import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import NAN, PAID, PAYROLL, Values, made

from sim.channels import KOS
from sim.metrics.content import _by_tenths
from sim.model import GrowthModel
from tests.small_world import simulate, small

MONTH = 1 / 12
YOUNG, MATURE = 0, 1


def order(moment: float, **other: object) -> dict[str, object]:
    return {"ordered": moment, "channel": PAID, **other}


def test_orders_through_content_are_told_apart_by_the_maturity_of_the_store() -> None:
    orders = [
        order(0.5, channel=KOS, mature=YOUNG),
        order(0.5, mature=YOUNG),
        order(0.5, mature=YOUNG, district=1),
        order(0.5),
        order(1.5, channel=KOS, mature=MATURE),
        order(1.5, mature=MATURE, district=1),
        order(2.5, channel=KOS, mature=MATURE),
    ]
    values = Values(made(orders=orders))
    assert values("kos_order_share", store_maturity="young") == pytest.approx(10 / 24)
    assert values("kos_order_share", store_maturity="mature") == pytest.approx(10 / 14)
    assert values("kos_order_share", year=2021, store_maturity="mature") == pytest.approx(10 / 14)
    assert math.isnan(values("kos_order_share", year=2020, store_maturity="mature"))
    assert values("kos_order_share", year=2020) == pytest.approx(10 / 34), "stores without accounts are in the total"
    assert values("kos_order_share") == pytest.approx(20 / 48), "the last order came after the horizon"
    assert (values("orders", store_maturity="young"), values("orders", store_maturity="mature")) == (24, 14)
    assert values("orders") == 48


def test_leads_and_their_conversion_by_the_maturity_of_the_store() -> None:
    leads = [
        {"arrived": 0.1, "ordered": 0.2, "mature": YOUNG},
        {"arrived": 0.1, "mature": YOUNG, "district": 1},
        {"arrived": 0.1, "ordered": 0.9, "mature": MATURE},
        {"arrived": 1.1, "ordered": 1.2, "mature": MATURE, "district": 1},
        {"arrived": 1.1},
    ]
    values = Values(made(leads=leads))
    assert values("leads", store_maturity="young") == values("leads", year=2020, store_maturity="young") == 14
    assert values("leads", store_maturity="mature") == 14
    assert values("leads") == 38
    assert values("lead_to_order", store_maturity="young") == pytest.approx(10 / 14)
    assert values("lead_to_order", store_maturity="mature") == pytest.approx(4 / 14), "one ordered after the follow-up"
    assert math.isnan(values("lead_to_order", year=2021, store_maturity="young"))


def test_posts_count_per_week_in_which_a_seller_takes_part() -> None:
    sellers = [
        {"posts": 60},
        {"posts": 20, "seat": 1, "publishes": False},
        {"year": 2021, "posts": 30},
        {"year": 2022, "posts": 999},
    ]
    hours = [{"tick": tick, "publishers": 2 if tick < 40 else 0, "sellers": 5} for tick in range(52)]
    hours += [{"tick": 60, "publishers": 3, "district": 1}, {"tick": 110, "publishers": 7}]
    values = Values(made(sellers=sellers, hours=hours))
    assert values("posts_per_seller_week", year=2020) == pytest.approx(80 / 80)
    assert values("posts_per_seller_week", year=2021) == pytest.approx(300 / 12), "districts have weights"
    assert values("posts_per_seller_week") == pytest.approx(1100 / 812)


def test_publishing_hours_are_a_share_of_all_available_ones() -> None:
    hours = [{"tick": 0, "publishing": 12.0, "worked": 40.0, "available": 90.0}]
    hours += [{"tick": 0, "publishing": 0.0, "available": 60.0, "district": 1}, {"tick": 60, "available": math.inf}]
    values = Values(made(hours=hours))
    assert values("publishing_share", year=2020) == pytest.approx(120 / 1140)
    assert values("publishing_share", year=2021) == 0, "of hours without limit"
    assert math.isnan(Values(made(hours=[{"available": 0.0}]))("publishing_share")), "nobody works"


def test_followers_age_and_ripeness_are_those_of_who_publishes_at_the_end() -> None:
    sellers = [
        {"followers": 100, "since": 0.5, "ripe": 0.5},
        {"seat": 1, "followers": 30, "since": NAN, "ripe": 0.0, "district": 1},
        {"seat": 2, "followers": 999, "since": 0.0, "ripe": 1.0, "publishes": False},
        {"year": 2021, "followers": 200, "since": 0.5, "ripe": 0.7},
        {"year": 2022, "followers": 900, "since": 0.5, "ripe": 0.9},
    ]
    values = Values(made(sellers=sellers))
    assert values("followers_per_seller", year=2020) == pytest.approx((1000 + 120) / 14)
    assert values("account_ripeness", year=2020) == pytest.approx(5 / 14)
    assert values("account_age_months", year=2020) == pytest.approx(6), "who has not posted yet has no account"
    assert values("account_age_months", year=2021) == values("account_age_months") == pytest.approx(18)
    assert (values("followers_per_seller"), values("account_ripeness")) == (200, pytest.approx(0.7))


def test_turnover_counts_how_often_seats_change_hands() -> None:
    seats = [(2020, 0, 0), (2020, 1, 2), (2021, 0, 1), (2021, 1, 2), (2022, 0, 5)]
    sellers = [{"year": year, "seat": seat, "hire": hire, "publishes": False} for year, seat, hire in seats[::-1]]
    sellers += [{"year": 2020, "store": 1, "hire": 1, "district": 1}, {"year": 2021, "store": 1, "hire": 1}]
    values = Values(made(sellers=sellers))
    assert values("seller_turnover", year=2020) == pytest.approx((2 * 10 + 4) / (2 * 10 + 4))
    assert values("seller_turnover", year=2021) == pytest.approx(10 / 30)
    assert values("seller_turnover") == pytest.approx(34 / 54)


def test_hours_and_views_of_tenths_of_sellers() -> None:
    sellers = [
        {"seat": seat, "publishing_hours": 52.0 * seat, "selling_hours": 520.0 - 52 * seat, "views": 10.0**seat}
        for seat in range(5)
    ]
    sellers += [{"seat": 9, "publishing_hours": 9999.0, "publishes": False}, {"seat": 10, "publishes": False}]
    values = Values(made(sellers=sellers))
    hours = [values("seller_publishing_hours", year=2020, seller_tenth=tenth) for tenth in range(1, 11)]
    assert hours == pytest.approx([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]), "one seller is two tenths of five"
    selling = [values("seller_selling_hours", year=2020, seller_tenth=tenth) for tenth in (1, 10)]
    assert selling == pytest.approx([6, 10])
    assert values("seller_publishing_hours", year=2020) == values("seller_publishing_hours") == pytest.approx(2)
    assert values("seller_views") == pytest.approx(11111 / 5)
    assert values("views_top10_share") == pytest.approx(5000 / 11111), "half of one of five sellers"
    assert math.isnan(values("seller_views", year=2021))
    assert math.isnan(values("views_top10_share", year=2021))
    assert math.isnan(values("seller_views", year=2021, seller_tenth=10))


def test_a_seller_who_stopped_within_the_year_counts_in_it() -> None:
    sellers = [{"publishing_hours": 104.0, "posts": 50, "publishes": False}, {"seat": 1, "publishing_hours": 52.0}]
    assert Values(made(sellers=sellers))("seller_publishing_hours") == pytest.approx(1.5)


def test_the_top_tenth_over_several_years_is_of_seats_not_of_years() -> None:
    sellers = [{"year": year, "seat": seat, "views": 10.0} for year in (2020, 2021) for seat in range(10)]
    sellers[0]["views"] = sellers[11]["views"] = 20.0
    values = Values(made(sellers=sellers))
    assert values("views_top10_share", year=2020) == values("views_top10_share", year=2021) == pytest.approx(20 / 110)
    assert values("views_top10_share") == pytest.approx(30 / 220)


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 3)), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_tenths_are_a_lorenz_curve_in_any_order_of_the_sellers(rows: list[tuple[float, int]], rng: object) -> None:
    def curve(some: list[tuple[float, int]]) -> np.ndarray:
        amount, district = (np.array(column) for column in zip(*some, strict=True))
        return _by_tenths(amount, np.where(district > 1, 10.0, 4.0), district)

    below = curve(rows)
    assert below[0] == 0
    assert below[-1] == pytest.approx(sum(amount * (10 if district > 1 else 4) for amount, district in rows))
    steps = np.diff(below)
    assert (steps >= 0).all()
    assert (np.diff(steps) >= -1e-9 * below[-1] - 1e-9).all(), "each tenth has no less than the one before"
    shuffled = list(rows)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(curve(shuffled), below)


def test_followers_among_buyers_and_how_long_they_followed() -> None:
    orders = [
        order(0.5, followed=2 * MONTH),
        order(0.5, followed=6 * MONTH, district=1, segment=1),
        order(0.5, followed=60 * MONTH, repurchase=True),
        order(0.5),
        order(1.5),
        order(2.5, followed=0.0),
    ]
    values = Values(made(orders=orders))
    assert values("follower_order_share") == pytest.approx(24 / 44)
    assert values("follower_order_share", year=2020) == pytest.approx(24 / 34)
    assert values("follower_order_share", year=2021) == 0
    assert values("follower_order_share", segment="business") == 1
    assert values("follow_months") == pytest.approx((20 + 24) / 14), "owners who order again do not count"
    assert values("follow_months", segment="families") == pytest.approx(2)
    assert math.isnan(values("follow_months", year=2021))


def test_without_publishing_sellers_there_are_shares_of_nothing_and_no_sellers() -> None:
    hours = [{"tick": tick, "sellers": 3, "available": 90.0} for tick in range(104)]
    sellers = [{"year": year, "seat": seat, "publishes": False} for year in (2020, 2021) for seat in range(3)]
    values = Values(made(hours=hours, sellers=sellers, orders=[order(0.5), order(1.5)]))
    for name in ("kos_order_share", "publishing_share", "follower_order_share", "seller_turnover"):
        assert values(name) == 0, name
    for name in ("posts_per_seller_week", "followers_per_seller", "views_top10_share", "account_age_months",
                 "account_ripeness", "seller_publishing_hours", "seller_views", "follow_months"):  # fmt: skip
        assert math.isnan(values(name)), name
    assert math.isnan(Values(made())("seller_turnover")), "no sellers at all"


CONTENT = {
    "market.platforms": {"notes": {"users": 0.5}, "short_video": {"users": 0.6, "view_weeks": 0.5}},
    "stores.turnover_per_year": 0.5,
    "policies.kos": {"livestreams_per_month": 2, "start": 2020.5, "participation_share": 0.7},
    "horizon.years": 2,
    "horizon.ticks_per_year": 104,
    "economics.run_off_years": 0,
}


def test_hours_of_publishing_and_selling_are_in_the_records_and_in_the_books() -> None:
    records = simulate(small("baseline", CONTENT, (2000, 1500)))
    sellers, hours, ledger = records.sellers, records.hours, records.ledger
    assert 0 < hours["publishing"].sum() == pytest.approx(sellers["publishing_hours"].sum())
    assert 0 < hours["worked"].sum() == pytest.approx(sellers["selling_hours"].sum())
    assert (hours["publishing"][hours["tick"] < 52] == 0).all(), "before the policy starts"
    assert (hours["publishers"] <= hours["sellers"]).all()
    assert (hours["publishing"] + 1e-9 < hours["available"])[hours["tick"] >= 52].all()
    payroll = (ledger["kind"] == PAYROLL) & (ledger["channel"] == KOS)
    on_leads = records.leads["hours"][records.leads["channel"] == KOS].sum()
    pay = (hours["publishing"].sum() + on_leads) * records.seller_hour_cost[0]
    assert ledger["amount"][payroll].sum() == pytest.approx(pay, rel=1e-3), "rounded lead by lead"
    assert on_leads > 0
    values = Values(records)
    loaded = records.weights[ledger["district"]] * ledger["amount"] / 100
    for name, flow in (("cpl", "leads"), ("cost_per_order", "orders"), ("cac", "deliveries")):
        if not (number := values(flow, channel="kos")):
            continue
        more = values(f"{name}_loaded", channel="kos") - values(name, channel="kos")
        assert more * number >= loaded[payroll].sum() * (1 - 1e-9), (name, "discounts and repurchases may add to it")


def test_records_of_a_run_that_has_just_begun_are_complete() -> None:
    model = GrowthModel(small("baseline", CONTENT, (200, 200)))
    model.step()
    assert len(model.records().sellers["year"]) == 0
    assert math.isnan(Values(model.records())("seller_turnover"))
