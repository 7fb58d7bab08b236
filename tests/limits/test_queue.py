"""A08: five sellers who never close are a queue of Erlang's (M/M/5, first come first served).

Idle households answer advertising as a Poisson process, nobody is in the market, every call takes an exponential hour
on average. Sellers work in event order, so the wait must not depend on the tick.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from closed_forms import contact_hazard, limit, simulate, tell
from numpy.typing import NDArray

from sim.records import Columns
from sim.streams import Decision, Key, uniform
from sim.units import HOURS_PER_YEAR

SERVERS = 5
WARM_UP_YEARS = 0.02
"""A week, some 150 mean waits, until the queue has forgotten that it began empty."""


def erlang_c(servers: int, load: float) -> float:
    """Probability that an arrival has to wait."""
    terms = [load**k / math.factorial(k) for k in range(servers + 1)]
    last = terms[servers] * servers / (servers - load)
    return last / (sum(terms[:servers]) + last)


def check(runs: int, ticks_per_year: int, tolerance: float, order: str | None = None) -> None:
    """Measure with or without the brand's pool of leads, in the order given. Without need nobody is scored higher than
    others, and who goes first does not change how long people wait on average, as long as no seller idles.

    Pool the leads of several runs of six years. The mean wait of one run has a standard deviation of 4% (waits of
    neighbours are alike), the share that waits one of 0.9%; both measured over ten runs.
    """
    pool = {"policies.lead_operations": {"order": order, "refresh_minutes": 1e-6, "recalls": 0}} if order else {}
    scenario = limit("queue", {"horizon.ticks_per_year": ticks_per_year, **pool})
    households = scenario.market.districts[0].households
    per_hour = contact_hazard(scenario) * households / HOURS_PER_YEAR
    waits = erlang_c(SERVERS, per_hour * scenario.stores.call_hours)
    mean = waits / (SERVERS / scenario.stores.call_hours - per_hour)
    hours = np.concatenate([_waits(simulate(scenario, replicate).leads) for replicate in range(runs)])
    waited, tail = float((hours > 1e-6).mean()), float((hours > 1.0).mean())
    tell("A08", scenario, runs, leads=len(hours), waiting=waited, expected=waits, mean_wait=float(hours.mean()),
         expected_wait=mean, over_an_hour=tail, pool=order or "none")  # fmt: skip
    leads = per_hour * HOURS_PER_YEAR * (scenario.horizon.years - WARM_UP_YEARS) * runs
    assert abs(len(hours) - leads) < 3.0 * math.sqrt(leads)
    assert hours.min() > -1e-6
    assert waited == pytest.approx(waits, rel=0.03)
    assert hours.mean() == pytest.approx(mean, rel=tolerance)
    if order != "score":  # the worst scores wait longer
        assert tail == pytest.approx(waits * math.exp(per_hour - SERVERS / scenario.stores.call_hours), rel=tolerance)


def _waits(leads: Columns) -> NDArray[np.float64]:
    """Hours from contact to call; the few that still wait at the end are left out."""
    counted = (leads["arrived"] > WARM_UP_YEARS) & ~np.isnan(leads["answered"])
    hours: NDArray[np.float64] = (leads["answered"] - leads["arrived"])[counted] * HOURS_PER_YEAR
    return hours


def test_the_formula_has_the_value_of_the_limit() -> None:
    assert erlang_c(5, 4.0) == pytest.approx(0.554, abs=5e-4)


@pytest.mark.parametrize(("runs", "ticks_per_year", "tolerance"), [(4, 52, 0.04), (2, 365, 0.1)])
def test_waits_in_a_few_runs(runs: int, ticks_per_year: int, tolerance: float) -> None:
    # Days take seven times as long as weeks, so fewer runs; waits that end with a tick would be off by far more.
    check(runs, ticks_per_year, tolerance)


@pytest.mark.parametrize(
    ("order", "ticks_per_year"), [("fifo", 52), ("score", 52), pytest.param("score", 365, marks=pytest.mark.full)]
)
def test_waits_in_a_pool(order: str, ticks_per_year: int) -> None:
    check(4, ticks_per_year, tolerance=0.04, order=order)


@pytest.mark.full
@pytest.mark.parametrize("order", [None, "fifo", "score"])
@pytest.mark.parametrize("ticks_per_year", [52, 365])
def test_waits_in_many_runs(ticks_per_year: int, order: str | None) -> None:
    check(10, ticks_per_year, tolerance=0.03, order=order)


def test_in_a_pool_the_best_score_waits_least() -> None:
    pool = {"policies.lead_operations": {"refresh_minutes": 1e-6, "recalls": 0}}
    scenario = limit("queue", {**pool, "horizon.years": 2})
    leads = simulate(scenario).leads
    hours = (leads["answered"] - leads["arrived"]) * HOURS_PER_YEAR
    score = uniform(Key(scenario.seed, 0), Decision.SCORE, 0, 0, leads["household"], leads["episode"])
    quarters = [float(np.nanmean(hours[(score >= q) & (score < q + 0.25)])) for q in (0.75, 0.5, 0.25, 0.0)]
    tell("A08", scenario, 1, best=quarters[0], second=quarters[1], third=quarters[2], worst=quarters[3])
    assert quarters == sorted(quarters)
    assert quarters[3] > 2.0 * quarters[0]
