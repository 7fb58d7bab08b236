"""A08: five sellers who never close are a queue of Erlang's (M/M/5, first come first served).

Idle households answer advertising as a Poisson process, nobody is in the market, every call takes an exponential hour on
average. Sellers work in event order, so the wait must not depend on the tick.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from closed_forms import contact_hazard, limit, simulate, tell

from sim.units import HOURS_PER_YEAR

SERVERS = 5
WARM_UP_YEARS = 0.02
"""A week, some 150 mean waits, until the queue has forgotten that it began empty."""


def erlang_c(servers: int, load: float) -> float:
    """Probability that an arrival has to wait."""
    terms = [load**k / math.factorial(k) for k in range(servers + 1)]
    last = terms[servers] * servers / (servers - load)
    return last / (sum(terms[:servers]) + last)


def check(years: int, ticks_per_year: int, tolerance: float) -> None:
    scenario = limit("queue", {"horizon.years": years, "horizon.ticks_per_year": ticks_per_year})
    households = scenario.market.districts[0].households
    per_hour = contact_hazard(scenario) * households / HOURS_PER_YEAR
    load = per_hour * scenario.stores.call_hours
    waits = erlang_c(SERVERS, load)
    mean = waits / (SERVERS / scenario.stores.call_hours - per_hour)
    leads = simulate(scenario).leads
    counted = (leads["arrived"] > WARM_UP_YEARS) & ~np.isnan(leads["answered"])
    hours = (leads["answered"] - leads["arrived"])[counted] * HOURS_PER_YEAR
    waited = hours > 1e-6
    tail = float((hours > 1.0).mean())
    tell("A08", scenario, 1, leads=len(hours), waiting=float(waited.mean()), mean_wait=float(hours.mean()), over_an_hour=tail)
    assert len(hours) == pytest.approx(per_hour * HOURS_PER_YEAR * (years - WARM_UP_YEARS), rel=3 / math.sqrt(len(hours)))
    assert hours.min() > -1e-6
    assert waited.mean() == pytest.approx(waits, rel=tolerance)
    assert hours.mean() == pytest.approx(mean, rel=tolerance)
    assert tail == pytest.approx(waits * math.exp(-(SERVERS - per_hour)), rel=tolerance)


def test_the_formula_has_the_value_of_the_limit() -> None:
    assert erlang_c(5, 4.0) == pytest.approx(0.554, abs=5e-4)


@pytest.mark.parametrize("ticks_per_year", [52, 365])
def test_a_year_of_leads(ticks_per_year: int) -> None:
    check(1, ticks_per_year, tolerance=0.08)


@pytest.mark.parametrize("ticks_per_year", [52, pytest.param(365, marks=pytest.mark.full)])
def test_two_hundred_thousand_leads(ticks_per_year: int) -> None:
    check(6, ticks_per_year, tolerance=0.03)
