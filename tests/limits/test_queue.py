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
from sim.units import HOURS_PER_YEAR

SERVERS = 5
WARM_UP_YEARS = 0.02
"""A week, some 150 mean waits, until the queue has forgotten that it began empty."""


def erlang_c(servers: int, load: float) -> float:
    """Probability that an arrival has to wait."""
    terms = [load**k / math.factorial(k) for k in range(servers + 1)]
    last = terms[servers] * servers / (servers - load)
    return last / (sum(terms[:servers]) + last)


def check(runs: int, ticks_per_year: int, tolerance: float) -> None:
    """Pool the leads of several runs of six years. The mean wait of one run has a standard deviation of 4% (waits of
    neighbours are alike), the share that waits one of 0.9%; both measured over ten runs.
    """
    scenario = limit("queue", {"horizon.ticks_per_year": ticks_per_year})
    households = scenario.market.districts[0].households
    per_hour = contact_hazard(scenario) * households / HOURS_PER_YEAR
    waits = erlang_c(SERVERS, per_hour * scenario.stores.call_hours)
    mean = waits / (SERVERS / scenario.stores.call_hours - per_hour)
    hours = np.concatenate([_waits(simulate(scenario, replicate).leads) for replicate in range(runs)])
    waited, tail = float((hours > 1e-6).mean()), float((hours > 1.0).mean())
    tell("A08", scenario, runs, leads=len(hours), waiting=waited, expected=waits, mean_wait=float(hours.mean()),
         expected_wait=mean, over_an_hour=tail)  # fmt: skip
    leads = per_hour * HOURS_PER_YEAR * (scenario.horizon.years - WARM_UP_YEARS) * runs
    assert abs(len(hours) - leads) < 3.0 * math.sqrt(leads)
    assert hours.min() > -1e-6
    assert waited == pytest.approx(waits, rel=0.03)
    assert hours.mean() == pytest.approx(mean, rel=tolerance)
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


@pytest.mark.full
@pytest.mark.parametrize("ticks_per_year", [52, 365])
def test_waits_in_many_runs(ticks_per_year: int) -> None:
    check(10, ticks_per_year, tolerance=0.03)
