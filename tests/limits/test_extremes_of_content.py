"""Sellers' content where it is extreme but legal: runs end, books close, and nothing is counted that cannot have been.

The books of every tick are closed against the tables within the run, and warnings of arithmetic are errors here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from sim.channels import FOUNDER, KOS
from sim.model import GrowthModel
from sim.process.effort import LEAST_SELLING_HOURS
from sim.records import PURPOSES, Records
from tests.small_world import PUBLISHING, REPRESENTED, differing, metric_values, simulate, small

HOUSEHOLDS = (600, 400)
HOURS = 30.0
POLICY = "policies.kos."
OF_PLATFORM = "market.platforms."
NAMES = ("notes", "short_video", "microblog")


def run(settings: dict[str, Any]) -> Records:
    """Two years of a small market in which sellers publish, with these settings."""
    short = {"horizon.years": 2, "economics.run_off_years": 0, "stores.hours_per_week": HOURS}
    records = simulate(small("baseline", {**PUBLISHING, **short, **settings}, HOUSEHOLDS))
    _sane(records, settings)
    return records


@cache
def usual() -> Records:
    """The same without any."""
    return run({})


def _sane(records: Records, settings: dict[str, Any]) -> None:
    """Fail where something is not finite that has a value, or was done by nobody."""
    values = metric_values(records)
    infinite = {key[0] for key, value in values.items() if np.isinf(value)}
    assert infinite <= {"response_minutes"}  # the median of leads that nobody answers
    for name in ("leads", "orders", "deliveries", "spend", "aware", "owners", "cpl"):
        assert np.isfinite(values[name, ()]), name
    for name, column in records.sellers.items():
        if name != "since":
            assert np.isfinite(column).all(), name
            assert (column >= 0).all(), name
    assert (records.media["spent"] >= 0).all()
    assert (records.media["unspent"] >= 0).all()
    limit = settings.get("stores.hours_per_week", HOURS)
    if limit != "unlimited":
        assert (records.sellers["publishing_hours"] <= 52.0 * limit).all()
    assert _leads(records, KOS) == 0 or _posts(records) + records.sellers["publishing_hours"].sum() > 0


def _leads(records: Records, channel: int) -> int:
    return int((records.leads["channel"] == channel).sum())


def _posts(records: Records) -> int:
    return int(records.sellers["posts"].sum())


def _on_all(key: str, value: object) -> dict[str, Any]:
    """A setting of all platforms."""
    return {f"{OF_PLATFORM}{name}.{key}": value for name in NAMES}


def _cost(records: Records, purpose: str) -> int:
    return int(records.ledger["amount"][records.ledger["purpose"] == PURPOSES.index(purpose)].sum())


def test_the_usual_world_has_content() -> None:
    assert _posts(usual()) > 500
    assert _leads(usual(), KOS) > 50
    assert min(_cost(usual(), "bonus"), _cost(usual(), "support")) > 0


NOBODY = {
    "no stores": {"stores.per_district": 0},
    "no sellers": {"stores.sellers_per_store": 0},
    "no platforms": {"market.platforms": None, POLICY + "platforms": None},
    "neither": {"market.platforms": None, POLICY + "platforms": None, "stores.sellers_per_store": 0},
    "a list without any": {POLICY + "platforms": []},
    "no hours": {
        "stores.hours_per_week": 0,
        POLICY + "posts_per_seller_week": 0,
        POLICY + "livestreams_per_month": 0,
    },
}


@pytest.mark.parametrize("name", NOBODY)
def test_where_nobody_can_post_only_the_founder_acts(name: str) -> None:
    records = run({**NOBODY[name], POLICY + "founder_followers": REPRESENTED * sum(HOUSEHOLDS)})
    assert _posts(records) == _leads(records, KOS) == _cost(records, "bonus") == 0
    assert _leads(records, FOUNDER) > 0
    assert records.media["spent"][records.media["channel"] == KOS].sum() == 0


def test_where_nobody_looks_posts_bring_nothing() -> None:
    unused = {**_on_all("users", 0), **_on_all("by_segment", dict.fromkeys(small().market.segments, 0))}
    for settings in (unused, _on_all("views_per_post", 0) | _on_all("views_per_follower", 0)):
        records = run(settings)
        assert _posts(records) > 500
        assert _leads(records, KOS) == records.sellers["followers"].sum() == 0


ALL_HOURS = {
    POLICY + "hours_per_adaptation": 0,
    POLICY + "support": 1,
    POLICY + "livestreams_per_month": 0,
    POLICY + "posts_per_seller_week": 2 * HOURS,  # half an hour each
}


def test_all_hours_may_be_asked_for() -> None:
    records = run(ALL_HOURS)
    assert 10 * 52 < records.sellers["publishing_hours"].max() < HOURS * 52
    assert _posts(records) > 5 * _posts(usual())


def test_half_an_hour_a_week_remains() -> None:
    # Before the first days have tired anybody: ticks are short, so that all still make all that is asked for.
    settings = {**PUBLISHING, **ALL_HOURS, "stores.hours_per_week": HOURS, "horizon.ticks_per_year": 366}
    model = GrowthModel(small("baseline", settings, HOUSEHOLDS))
    model.step()
    sellers = model.world.sellers
    assert sellers.publishing_hours[sellers.publishes] == pytest.approx(HOURS - LEAST_SELLING_HOURS)
    assert sellers.posts_per_week[sellers.publishes] == pytest.approx(2 * (HOURS - LEAST_SELLING_HOURS))


def test_without_limit_of_hours_a_thousand_posts_are_made() -> None:
    plenty = {"stores.hours_per_week": "unlimited", POLICY + "posts_per_seller_week": 1000}
    records = run(plenty)
    assert _posts(records) > 100 * _posts(usual())
    assert _leads(records, KOS) < 3 * _leads(usual(), KOS)  # their public has seen enough


def test_work_that_costs_nothing_is_worth_a_bonus() -> None:
    assert _posts(run({"stores.cost_per_hour": 0})) > _posts(usual())
    assert _posts(run({POLICY + "hours_per_post": 0, POLICY + "hours_per_livestream": 0})) > 500
    assert 0 < _posts(run({POLICY + "pay_volume_weight": 0, POLICY + "pay_conversion_weight": 0})) < _posts(usual())


def test_views_without_a_price_cost_nothing() -> None:
    records = run(_on_all("price_per_thousand_views", 0))
    assert records.media["spent"][records.media["channel"] == KOS].sum() == 0
    assert records.sellers["views"].sum() > 0


def test_a_hundredth_takes_part() -> None:
    assert _posts(run({POLICY + "participation_share": 0.01})) <= _posts(usual()) / 5


def test_nobody_follows_the_founder_twice() -> None:
    once = run({POLICY + "founder_followers": REPRESENTED * sum(HOUSEHOLDS)})
    assert differing(once, run({POLICY + "founder_followers": 1000 * REPRESENTED * sum(HOUSEHOLDS)})) == []
    assert differing(once, usual()) != []


def test_sellers_of_a_week_never_have_accounts_that_count() -> None:
    records = run({"stores.turnover_per_year": 52})
    assert records.sellers["hire"].max() > 80
    assert _posts(records) > 500
    assert _leads(records, KOS) < _leads(usual(), KOS) / 20
    assert records.orders["mature"].max(initial=-1) <= 0


EXTREMES = {
    "moods of three": _on_all("shock_spread", 3),
    "a tail near one": _on_all("reach_tail", 1.0000000001),
    "no luck at all": _on_all("reach_tail", 1e12),
    "views of a moment": _on_all("view_weeks", 1e-300),
    "views of an age": _on_all("view_weeks", 1e12),
    "a public soon sated": _on_all("saturation_views_per_week", 1e-300),
    "more views than people": _on_all("views_per_post", 1e12) | _on_all("views_per_follower", 1e12),
    "views without end for sale": {POLICY + "traffic_boost": 1e12, POLICY + "traffic_budget_per_year": 1e12},
    "ever cheaper views": {POLICY + "traffic_price_drift_per_year": -0.999999},
    "a bonus of a million": {POLICY + "bonus_per_lead": 1e6},
    "no product": dict.fromkeys((f"brand.product_strength.{s}" for s in small().market.segments), 0),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_values_give_finite_results(name: str) -> None:
    records = run(EXTREMES[name])
    assert _posts(records) > 500
    assert _leads(records, KOS) <= 10 * _leads(usual(), KOS)


@pytest.mark.parametrize("ticks_per_year", [12, 366])
def test_the_longest_and_the_shortest_tick(ticks_per_year: int) -> None:
    records = run({"horizon.ticks_per_year": ticks_per_year})
    assert _posts(records) == pytest.approx(_posts(usual()), rel=0.05)
    assert _leads(records, KOS) == pytest.approx(_leads(usual(), KOS), rel=0.25)
