"""A06: with external inflow that grows at rate g, owners lost at rate mu and referrals at rate r per owner, the share
of referrals in all new owners settles at r / (mu + g); without growth it is R = r / mu, and all inflow is the external
one divided by 1 - R.

External owners walk in: everybody's car is replaced at a constant rate, everybody knows the brand, and in a search a
small share finds its store by itself (times `organic_interest`, by which it grows). Owners never do and are lost to
others. As in A05 the rate of referrals is that of the tick: who owns, or decides in that tick, cannot be invited.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from closed_forms import limit, simulate, tell
from test_branching import INVITES, life

from sim.channels import REFERRAL, WALK_IN
from sim.records import Records
from sim.scenario import Scenario

YEARS_BETWEEN_POINTS = 0.25


def growing(growth: float, owners_per_1000: float, walk_in: float, households: int, years: int) -> Scenario:
    """The scenario with walk-ins that grow from `walk_in` per year of search, and owners at the start."""
    start = 2020
    points = {
        start + YEARS_BETWEEN_POINTS * i: math.exp(growth * YEARS_BETWEEN_POINTS * i)
        for i in range(round(years / YEARS_BETWEEN_POINTS) + 1)
    }
    return limit(
        "referral_growth",
        {
            "market.districts": [{"name": "city", "tier": 1, "households": households, "represents": households}],
            "horizon.years": years,
            "behaviour.walk_in_per_search_year": walk_in,
            "brand.organic_interest": points,
            "brand.initial_owners": [{"per_1000_households": owners_per_1000, "tenure_years": 0, "km": 0}],
        },
    )


def owners_between(records: Records, begin: float, end: float) -> float:
    """Mean number of owners between two moments."""
    spans = records.ownerships
    ended = np.where(np.isnan(spans["ended"]), records.end, spans["ended"])
    years = np.minimum(ended, end) - np.maximum(spans["began"], begin)
    return float(np.maximum(years, 0.0).sum() / (end - begin))


def check(
    growth: float, owners_per_1000: float, walk_in: float, households: int, measured_years: int, runs: int
) -> None:
    """Count new owners after 5/(mu + g) years; their sd is that of a branching process with geometric offspring."""
    churn = 1.0 / life(limit("referral_growth"))
    begin = math.ceil(5.0 / (churn + growth))
    scenario = growing(growth, owners_per_1000, walk_in, households, begin + measured_years)
    b = scenario.behaviour
    referred = external = 0
    rates, expected_external, lost, owned = [], 0.0, 0, 0.0
    for replicate in range(runs):
        records = simulate(scenario, replicate)
        delivered, channel = records.orders["delivered"], records.orders["channel"]
        counted = delivered >= begin
        assert set(np.unique(channel)) == {REFERRAL, WALK_IN}
        referred += int((channel[counted] == REFERRAL).sum())
        external += int((channel[counted] == WALK_IN).sum())
        owners = owners_between(records, begin, records.end)
        prospects = 1.0 - owners / households
        free = 1.0 - 1.0 / (records.ticks_per_year * life(scenario))
        rates.append(b.talks_per_owner_year * INVITES * prospects * free)
        factor = np.mean([scenario.brand.organic_interest.at(2020 + t) for t in np.arange(begin, records.end, 0.01)])
        found = 1.0 - math.exp(-b.walk_in_per_search_year * b.search_days / 365.0 * factor)
        expected_external += households * prospects * churn * found * (records.end - begin)
        lost += int((records.ownerships["ended"] >= begin).sum())
        owned += owners * (records.end - begin)
    r = float(np.mean(rates))
    reproduction = r / churn
    share, expected = referred / (referred + external), r / (churn + growth)
    offspring_variance = reproduction + reproduction**2  # geometric: lives are exponential
    sd = math.sqrt((1.0 - expected) * offspring_variance / external)
    inflow, without = referred + external, external / (1.0 - expected)
    tell("A06", scenario, runs, growth=growth, after=begin, external=external, referred=referred, share=share,
         expected=expected, sd=sd, churn=lost / owned, expected_churn=churn,
         expected_external=expected_external)  # fmt: skip
    assert abs(lost / owned - churn) < 3.0 * math.sqrt(lost) / owned
    assert abs(external - expected_external) < 3.0 * math.sqrt(expected_external)
    assert abs(share - expected) < 3.0 * sd
    assert abs(inflow - without) < 3.0 * sd / (1.0 - expected) * inflow


CASES = [(0.0, 25.0, 1.5), (0.2, 3.0, 0.4)]
"""Growth per year, owners per 1,000 at the start (fewer than will settle), walk-ins per year of search at the start.
Owners never exceed 4% of households: what they take from the pool, which ends growth, stays below the tolerance."""


@pytest.mark.parametrize(("growth", "owners_per_1000", "walk_in"), CASES)
def test_share_of_referrals_settles(growth: float, owners_per_1000: float, walk_in: float) -> None:
    check(growth, owners_per_1000, walk_in, 150_000, measured_years=4, runs=1)


@pytest.mark.full
@pytest.mark.parametrize(("growth", "owners_per_1000", "walk_in"), CASES)
def test_share_of_referrals_settles_in_many_runs(growth: float, owners_per_1000: float, walk_in: float) -> None:
    check(growth, owners_per_1000, walk_in, 300_000, measured_years=4, runs=4)
