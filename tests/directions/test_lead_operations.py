"""What handling leads does: answers in time win buyers, and ranking by promise only where hours are short (D15-D23)."""

from __future__ import annotations

import numpy as np
import pytest

from sim.channels import PAID_ADS, VERTICAL_MEDIA, WALK_IN
from sim.records import LEAD_OUTCOMES, Records
from sim.scenario import Scenario, load
from sim.streams import Decision, Key, uniform
from tests.directions.crowd import clearly_above
from tests.small_world import simulate

REPLICATES = range(4)
LOST_LATE = LEAD_OUTCOMES.index("lost_late")
DISTRICTS = 2


def desk(policy: dict[str, object] | None, **settings: object) -> Scenario:
    """Two districts of the baseline at their natural size, for a year of leads and the weeks that follow; what is
    bought there is the share of these districts."""
    whole = load("baseline")
    market = whole.market.districts[:DISTRICTS]
    share = sum(d.represents for d in market) / sum(d.represents for d in whole.market.districts)
    money = {
        f"policies.{name}.budget_per_year": share * getattr(whole.policies, name).budget_per_year.at(2020)
        for name in ("paid_ads", "vertical_media")
    }
    years = {"horizon.years": 1, "economics.run_off_years": 1}
    given = {f"policies.{name}.stop": 2021 for name in ("paid_ads", "vertical_media")}
    own = {} if policy is None else {"policies.lead_operations": policy}
    settings = {name.replace("__", "."): value for name, value in settings.items()}
    places = {"market.districts": [d.model_dump() for d in market], "stores.turnover_per_year": 0.0}
    return load("baseline", {**places, **years, **money, **given, **own, **settings})


def runs(policy: dict[str, object] | None, **settings: object) -> list[Records]:
    return [simulate(desk(policy, **settings), replicate) for replicate in REPLICATES]


def conversion(records: Records) -> float:
    """Share of the leads of the first year that ordered, walk-ins left out."""
    leads = records.leads
    called = (leads["arrived"] < 1.0) & (leads["channel"] != WALK_IN)
    return float((~np.isnan(leads["ordered"][called])).mean())


def lost_late(records: Records) -> float:
    """Share of the bought leads of the first year lost because nobody answered in time."""
    leads = records.leads
    bought = (leads["arrived"] < 1.0) & np.isin(leads["channel"], [PAID_ADS, VERTICAL_MEDIA])
    return float((leads["outcome"][bought] == LOST_LATE).mean())


def test_a_poorly_run_desk_loses_what_dealers_lose_and_a_well_run_one_much_less() -> None:
    poor = [lost_late(r) for r in runs(None)]
    well_run = {"refresh_minutes": 2, "recalls": 4}
    well = [lost_late(r) for r in runs(well_run, stores__sellers_per_store=5, stores__open_hour=7,
                                       stores__close_hour=23)]  # fmt: skip
    print(f"\nM06: bought leads lost late {np.round(poor, 3)} in the baseline, {np.round(well, 3)} well run")
    assert 0.40 <= np.mean(poor) <= 0.54
    assert clearly_above(0.6 * np.array(poor) - np.array(well), 0.0)


PLAIN: dict[str, object] = {"recalls": 0, "nurture": 0, "test_drive_booking": 0, "one_flow": 0, "assign": "fit"}
"""Nothing but the pool."""


SHORT: dict[str, object] = {
    "stores__hours_per_week": 14.0,
    "stores__call_hours": 0.75,
    "stores__attempt_hours": 0.3,
}
"""Sellers who spend most of their few hours on filtering (D15, D16)."""


def test_ranking_by_score_gains_only_where_hours_bind() -> None:
    for hours, settings in {"short": SHORT, "unlimited": {"stores__hours_per_week": "unlimited"}}.items():
        by_score, as_they_come = (
            np.array([conversion(r) for r in runs({**PLAIN, "scoring_auc": 0.9, "order": order}, **settings)])
            for order in ("score", "fifo")
        )
        print(f"\nhours {hours}: {np.round(as_they_come, 4)} as they come, {np.round(by_score, 4)} by score")
        if hours == "short":
            assert clearly_above(by_score - 1.2 * as_they_come, 0.0)
        else:
            assert by_score.tolist() == as_they_come.tolist()


def test_where_hours_bind_a_score_that_knows_something_gains_over_one_that_knows_nothing() -> None:
    # Both call some of the leads while they are fresh; first in, first out calls everybody late.
    nothing, something, everything = (
        np.array([conversion(r) for r in runs({**PLAIN, "scoring_auc": auc}, **SHORT)]) for auc in (0.5, 0.75, 1.0)
    )
    means = [float(np.round(found.mean(), 4)) for found in (nothing, something, everything)]
    print(f"\nconversion with AUC 0.5, 0.75, 1: {means}")
    assert clearly_above(something - nothing, 0.0)
    assert (everything > nothing).all()


@pytest.mark.parametrize("what", [pytest.param("reached", marks=pytest.mark.full), "conversion"])
def test_faster_refresh_raises_conversion_with_diminishing_gains(what: str) -> None:
    """A quarter of the interval, again and again: the first steps gain most, then little is left to gain."""

    def measured(records: Records) -> float:
        leads = records.leads
        pooled = leads["pooled"] & (leads["arrived"] < 1.0)
        return float(leads["reached"][pooled].mean()) if what == "reached" else conversion(records)

    intervals = (960, 240, 60, 15, 3.75)
    ample = {"stores__hours_per_week": "unlimited", "stores__open_hour": 0, "stores__close_hour": 24}
    found = np.array([[measured(r) for r in runs({**PLAIN, "refresh_minutes": m}, **ample)] for m in intervals])
    print(f"\n{what} at refreshes every {intervals} minutes: {np.round(found.mean(axis=1), 4)}")
    gains = np.diff(found, axis=0)
    for gain in gains[:3]:
        assert clearly_above(gain, 0.0)
    assert clearly_above(gains[1] - gains[3], 0.0), "from 15 minutes on little is left to gain"


def test_what_the_brand_does_with_pooled_leads_raises_conversion() -> None:
    without = np.array([conversion(r) for r in runs({**PLAIN})])
    for lever, value in {"recalls": 4, "nurture": 0.6, "test_drive_booking": 0.8, "one_flow": 1}.items():
        gain = np.array([conversion(r) for r in runs({**PLAIN, lever: value})]) - without
        print(f"\n{lever} {value}: conversion {np.round(without, 4)} and {np.round(gain, 4)} more")
        assert clearly_above(gain, 0.0), lever


@pytest.mark.full
def test_the_more_is_pooled_the_more_is_gained() -> None:
    found = np.array([[conversion(r) for r in runs({"pool_share": share})] for share in (0.0, 0.5, 1.0)])
    print(f"\nconversion with nothing, half and all pooled: {np.round(found.mean(axis=1), 4)}")
    assert clearly_above(found[1] - found[0], 0.0)
    assert clearly_above(found[2] - found[1], 0.0)


def test_leads_outside_the_pool_are_served_as_before_where_hours_are_ample() -> None:
    unlimited: dict[str, object] = {"stores__hours_per_week": "unlimited"}
    (without, half) = (simulate(desk(p, **unlimited)) for p in (None, {"pool_share": 0.5}))
    first = {name: without.leads[name][without.leads["episode"] == 0] for name in ("household", "arrived", "answered")}
    second = {n: half.leads[n][(half.leads["episode"] == 0) & ~half.leads["pooled"]] for n in first}
    _, mine, theirs = np.intersect1d(first["household"], second["household"], return_indices=True)
    same = first["arrived"][mine] == second["arrived"][theirs]  # the rest heard more from owners whom the pool won
    assert same.mean() > 0.9
    np.testing.assert_array_equal(first["answered"][mine][same], second["answered"][theirs][same])
    lot = uniform(Key(2026, 0), Decision.POOL, 0, 0, second["household"], 0)
    called = half.leads["channel"][(half.leads["episode"] == 0) & ~half.leads["pooled"]] != WALK_IN
    assert (lot[called] >= 0.5).all()
