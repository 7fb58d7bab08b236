"""A16: of X referrals of an owner in a year a cap of c rewards min(X, c), on average E[min(X, c)].

X is Poisson where all owners talk alike and negative binomial where they do not. The friend's discount goes on when the
owner's cap is used up, so owners go on to invite: what the cap loses are rewards, not referrals. Mean offspring is that
of the talks that meet somebody who does not drive the brand yet, read from the owners at each tick.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from closed_forms import limit, simulate, tell
from numpy.typing import NDArray
from test_branching import INVITES, Offspring

from sim.records import CREDIT_STATES, Records
from sim.scenario import Scenario

I64 = NDArray[np.int64]
VESTED, VOID = CREDIT_STATES.index("vested"), CREDIT_STATES.index("void")


def per_owner_and_year(records: Records, rows: NDArray[Any]) -> I64:
    """Credits of these rows per owner from the start and year of delivery: owners by years."""
    spans, credits = records.ownerships, records.credits
    content = spans["segment"] == records.segments.index("enthusiasts")
    owners = np.sort(spans["household"][(spans["order"] < 0) & content])
    place = np.searchsorted(owners, credits["household"][rows])
    mine = owners[np.minimum(place, len(owners) - 1)] == credits["household"][rows]
    year = records.orders["delivered"][credits["order"][rows]].astype(int)
    counts = np.zeros((len(owners), records.years), dtype=np.int64)
    np.add.at(counts, (place[mine], year[mine]), 1)
    return counts


def mean_offspring(scenario: Scenario, records: Records) -> list[float]:
    """Referrals per owner in each year: invitations that meet someone who does not drive the brand yet."""
    households, tick = scenario.market.districts[0].households, records.ticks_per_year
    begun = np.searchsorted(np.sort(records.ownerships["began"]), np.arange(records.years * tick) / tick)
    prospects = (1.0 - begun / households).reshape(records.years, tick).mean(axis=1)
    return [float(scenario.behaviour.talks_per_owner_year * INVITES * share) for share in prospects]


def rewarded(form: Offspring, cap: int, power: int = 1) -> float:
    """E[min(X, c)^power]."""
    x = np.arange(1000)
    return float((form.share(x) * np.minimum(x, cap) ** power).sum())


def capped(spread: float, cap: object, lifetime: object = "unlimited") -> Scenario:
    """The scenario with a cap per year and one for life."""
    caps = {"policies.referral.cap_per_year": cap, "policies.referral.cap_lifetime": lifetime}
    return limit("cap", {"behaviour.talk_spread": spread, **caps})


def check(spread: float, caps: tuple[int, ...], runs: int) -> None:
    """Compare rewards, and those lost to the cap, with their expectations, and with the uncapped run by owner."""
    counts: dict[int, list[I64]] = {cap: [] for cap in caps}
    offspring, means = [], []
    for replicate in range(runs):
        scenario = capped(spread, "unlimited")
        free = simulate(scenario, replicate)
        x = per_owner_and_year(free, free.credits["state"] == VESTED)
        assert x.sum() > 0.95 * len(free.credits["state"])  # the others go to enthusiasts who bought on the way
        offspring.append(x)
        means.append(mean_offspring(scenario, free))
        for cap in caps:
            records = simulate(capped(spread, cap), replicate)
            state = records.credits["state"]
            assert set(np.unique(state)) == {VESTED, VOID}
            granted, lost = (per_owner_and_year(records, state == s) for s in (VESTED, VOID))
            assert (granted + lost == x).all()
            assert (granted == np.minimum(x, cap)).all()
            counts[cap].append(granted)
    for year in range(2):
        form = Offspring(float(np.mean([m[year] for m in means])), spread)
        x = np.concatenate([o[:, year] for o in offspring])
        assert abs(x.mean() - form.mean) < 3.0 * math.sqrt(form.variance / len(x))
        for cap in caps:
            got = np.concatenate([c[:, year] for c in counts[cap]])
            expected = rewarded(form, cap)
            error = math.sqrt((rewarded(form, cap, 2) - expected**2) / len(got))
            tell("A16", scenario, runs, spread=spread, year=year + 1, owners=len(got), cap=cap, offspring=form.mean,
                 rewarded=float(got.mean()), expected=expected, error=error, lost=float((x - got).mean()),
                 expected_lost=form.mean - expected)  # fmt: skip
            assert abs(got.mean() - expected) < 3.0 * error
            assert (got == cap).any()


@pytest.mark.parametrize("spread", [0.0, 1.5])
def test_a_yearly_cap_rewards_the_smaller_of_offspring_and_cap(spread: float) -> None:
    check(spread, (10,) if spread else (5,), runs=1)


@pytest.mark.full
@pytest.mark.parametrize("spread", [0.0, 0.7, 1.5])
def test_yearly_caps_in_many_runs(spread: float) -> None:
    check(spread, (1, 5, 10), runs=4)


def test_a_cap_for_life_counts_all_years() -> None:
    spread, cap = 1.5, 8
    free, records = simulate(capped(spread, "unlimited")), simulate(capped(spread, "unlimited", cap))
    x = per_owner_and_year(free, free.credits["state"] == VESTED).sum(axis=1)
    got = per_owner_and_year(records, records.credits["state"] == VESTED).sum(axis=1)
    assert (got == np.minimum(x, cap)).all()
    form = Offspring(sum(mean_offspring(capped(spread, "unlimited"), free)), spread)
    expected = rewarded(form, cap)
    error = math.sqrt((rewarded(form, cap, 2) - expected**2) / len(got))
    tell("A16", capped(spread, "unlimited", cap), 1, owners=len(got), cap_for_life=cap, rewarded=float(got.mean()),
         expected=expected, error=error)  # fmt: skip
    assert abs(got.mean() - expected) < 3.0 * error
