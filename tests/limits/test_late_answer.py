"""A10: with sellers without limit, the share of leads still reached is the stated power law of the delay."""

from __future__ import annotations

import math

import numpy as np
import pytest
from closed_forms import limit, simulate, tell

from sim.scenario.schema.behaviour import Behaviour
from sim.units import MINUTES_PER_YEAR


def odds(b: Behaviour, minutes: float) -> float:
    """Odds of reaching someone after a delay: powers that change at 10 and at 30 minutes."""
    value = b.contact_odds_5_minutes * (5.0 / min(minutes, 10.0)) ** b.contact_exponent_10_minutes
    if minutes > 10.0:
        value *= (10.0 / min(minutes, 30.0)) ** b.contact_exponent_30_minutes
    if minutes > 30.0:
        value *= (30.0 / minutes) ** b.contact_exponent_day
    return value


@pytest.mark.parametrize("ticks_per_year", [52, 365])
@pytest.mark.parametrize("minutes", [1, 5, 10, 20, 30, 60, 600, 1440])
def test_share_reached(minutes: int, ticks_per_year: int) -> None:
    scenario = limit("late_answer", {"stores.pickup_minutes": minutes, "horizon.ticks_per_year": ticks_per_year})
    leads = simulate(scenario).leads
    called = leads["answered"] < 1.0
    delay = (leads["answered"] - leads["arrived"])[called] * MINUTES_PER_YEAR
    reached = leads["reached"][called]
    o = odds(scenario.behaviour, minutes)
    expected = o / (1.0 + o)
    sd = math.sqrt(expected * (1.0 - expected) / len(reached))
    tell("A10", scenario, 1, minutes=minutes, leads=len(reached), reached=float(reached.mean()), expected=expected)
    assert len(reached) > 15_000
    np.testing.assert_allclose(delay, minutes, atol=1e-3)
    assert abs(reached.mean() - expected) < 3.0 * sd


@pytest.mark.parametrize("minutes", [2, 30, 240])
def test_share_reached_in_a_pool_that_is_refreshed_every_so_often(minutes: int) -> None:
    """The delay is then uniform from nothing to the interval; leads outside the pool keep theirs."""
    policy = {"refresh_minutes": minutes, "recalls": 0, "pool_share": 0.5}
    scenario = limit("late_answer", {"stores.pickup_minutes": 60, "policies.lead_operations": policy})
    leads = simulate(scenario).leads
    b, pooled = scenario.behaviour, leads["pooled"]
    delays = [(k + 0.5) * minutes / 2000 for k in range(2000)]
    usual = odds(b, 60.0) / (1.0 + odds(b, 60.0))
    expected = {True: sum(1.0 - 1.0 / (1.0 + odds(b, delay)) for delay in delays) / 2000, False: usual}
    for inside, share in expected.items():
        reached = leads["reached"][(pooled == inside) & ~np.isnan(leads["answered"])]
        sd = math.sqrt(share * (1.0 - share) / len(reached))
        tell("A10", scenario, 1, refresh=minutes, pooled=inside, leads=len(reached), reached=float(reached.mean()),
             expected=share)  # fmt: skip
        assert len(reached) > 7000
        assert abs(reached.mean() - share) < 3.0 * sd
