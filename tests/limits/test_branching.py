"""A05: without advertising and in a pool that is never used up, the referrals of every owner begin a branching process.

Everyone drives a car for one year and invites at a constant rate, so offspring is Poisson, or negative binomial where
some households talk more than others. The mean R is that of the model's tick: invitations per year times the years a
car is driven, less the invitations that meet an owner, or a household which decides about its next car in that very
tick. Sizes of trees follow from offspring by the theorem of Otter and Dwass, P(size = n) = P(offspring of n owners =
n - 1) / n, which contains E[size] = 1/(1 - R), Var = sigma^2/(1 - R)^3 and P(size = 1) = P(no offspring).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from closed_forms import limit, simulate, tell
from numpy.typing import NDArray
from scipy import stats

from sim.records import Records
from sim.scenario import Scenario
from sim.units import DAYS_PER_YEAR

CONTENT = 0.98
"""Satisfaction with a perfect product."""
INVITES = CONTENT * (1.0 - (1.0 - CONTENT) ** 2)
"""Share of occasions to talk that are invitations: willing, and not in the mood for a bad word."""


@dataclass(frozen=True)
class Offspring:
    """Poisson offspring of mean R, or negative binomial where talkativeness has a coefficient of variation."""

    mean: float
    spread: float

    @property
    def variance(self) -> float:
        """Variance of the offspring of one owner."""
        return self.mean + self.spread**2 * self.mean**2

    def share(self, offspring: NDArray[np.int64], owners: NDArray[np.int64] | int = 1) -> NDArray[np.float64]:
        """Probability that so many owners have this offspring together."""
        if self.spread == 0.0:
            return np.asarray(stats.poisson.pmf(offspring, self.mean * owners))
        shape = np.asarray(owners) / self.spread**2
        return np.asarray(stats.nbinom.pmf(offspring, shape, 1.0 / (1.0 + self.spread**2 * self.mean)))

    def none(self, mean: float) -> float:
        """Probability of no offspring at this mean."""
        spread = self.spread**2
        return math.exp(-mean) if spread == 0.0 else (1.0 + spread * mean) ** (-1.0 / spread)

    def sizes(self, largest: int = 20_000) -> NDArray[np.float64]:
        """Probability of every size of a tree, from 1."""
        size = np.arange(1, largest + 1)
        return self.share(size - 1, size) / size


def life(scenario: Scenario) -> float:
    """Years a car is driven, the search for the next one included."""
    return scenario.behaviour.replacement_years + scenario.behaviour.search_days / DAYS_PER_YEAR


def met(records: Records, scenario: Scenario) -> float:
    """Share of invitations that meet somebody who can leave contact data: no owner, and not deciding in this tick."""
    tick = records.ticks_per_year
    ended = np.where(np.isnan(records.ownerships["ended"]), records.end, records.ownerships["ended"])
    ends = np.arange(round(records.end * tick) + 1) / tick
    owners = np.searchsorted(np.sort(records.ownerships["began"]), ends, side="right") - np.searchsorted(
        np.sort(ended), ends
    )
    occupied = (owners.astype(float) ** 2).sum() / owners.sum() / scenario.market.districts[0].households
    return float(1.0 - occupied) * (1.0 - 1.0 / (tick * life(scenario)))


def offspring(scenario: Scenario, records: Records) -> Offspring:
    """What the constants of the scenario make of an owner."""
    b = scenario.behaviour
    return Offspring(b.talks_per_owner_year * INVITES * life(scenario) * met(records, scenario), b.talk_spread)


def parents(records: Records) -> NDArray[np.int64]:
    """For each ownership the one that brought it, -1 nobody: the latest of its referrer that began before it."""
    spans = records.ownerships
    order = np.lexsort((spans["began"], spans["household"]))
    last: dict[int, list[int]] = {}
    for row in order.tolist():
        last.setdefault(int(spans["household"][row]), []).append(row)
    parent = np.full(len(order), -1)
    for row in np.flatnonzero(spans["referrer"] >= 0).tolist():
        parent[row] = [r for r in last[int(spans["referrer"][row])] if spans["began"][r] < spans["began"][row]][-1]
    brought = parent >= 0
    assert (spans["generation"][brought] == spans["generation"][parent[brought]] + 1).all()
    assert (spans["generation"][~brought] == 0).all()
    return parent


def roots(parent: NDArray[np.int64], began: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each ownership the one at the root of its tree."""
    root = np.arange(len(parent))
    for row in np.argsort(began, kind="stable").tolist():
        if parent[row] >= 0:
            root[row] = root[parent[row]]
    return root


def branching(reproduction: float, spread: float, **changes: object) -> Scenario:
    """The scenario with another mean and spread."""
    talks = {"behaviour.talks_per_owner_year": reproduction / INVITES, "behaviour.talk_spread": spread}
    return limit("branching", {**talks, **changes})


def within(measured: float, expected: float, error: float) -> bool:
    """Whether a measurement is within three standard errors."""
    return abs(measured - expected) < 3.0 * error


def check_trees(reproduction: float, spread: float, runs: int, households: int) -> None:
    """Compare offspring and trees of several runs with the closed forms."""
    city = [{"name": "city", "tier": 1, "households": households, "represents": households}]
    scenario = branching(reproduction, spread, **{"market.districts": city})
    children, size, expected = [], [], []
    for replicate in range(runs):
        records = simulate(scenario, replicate)
        over = ~np.isnan(records.ownerships["ended"])
        assert over.mean() > 0.998, "trees still grow when the horizon ends"
        parent = parents(records)
        trees = np.bincount(roots(parent, records.ownerships["began"]), minlength=len(parent))
        children.append(np.bincount(parent[parent >= 0], minlength=len(parent))[over])
        size.append(trees[parent < 0])
        expected.append(offspring(scenario, records))
    x, sizes = np.concatenate(children), np.concatenate(size)
    form = Offspring(float(np.mean([e.mean for e in expected])), spread)
    tree = form.sizes()
    assert tree.sum() == pytest.approx(1.0, abs=1e-6)
    number = np.arange(1, len(tree) + 1)
    mean, variance = 1.0 / (1.0 - form.mean), form.variance / (1.0 - form.mean) ** 3
    assert (tree * number).sum() == pytest.approx(mean, rel=1e-4)
    fourth = float((tree * (number - mean) ** 4).sum())
    tell("A05", scenario, runs, owners=len(x), trees=len(sizes), reproduction=float(x.mean()), expected=form.mean,
         size=float(sizes.mean()), expected_size=mean, variance=float(sizes.var()), expected_variance=variance,
         alone=float((sizes == 1).mean()), expected_alone=form.none(form.mean))  # fmt: skip
    assert within(x.mean(), form.mean, math.sqrt(form.variance / len(x)))
    possible = np.arange(200)
    moment = float((form.share(possible) * (possible - form.mean) ** 4).sum())
    assert within(x.var(), form.variance, math.sqrt((moment - form.variance**2) / len(x)))
    assert within(sizes.mean(), mean, math.sqrt(variance / len(sizes)))
    assert within(sizes.var(), variance, math.sqrt((fourth - variance**2) / len(sizes)))
    alone = form.none(form.mean)
    assert within((sizes == 1).mean(), alone, math.sqrt(alone * (1.0 - alone) / len(sizes)))
    gap = np.cumsum(np.bincount(sizes)[1:]) / len(sizes) - np.cumsum(tree)[: sizes.max()]
    assert np.abs(gap).max() < 1.63 / math.sqrt(len(sizes))  # Kolmogorov and Smirnov at 1%


@pytest.mark.parametrize("spread", [0.0, 0.7])
def test_trees_of_referrals(spread: float) -> None:
    check_trees(0.8, spread, runs=1, households=300_000)


@pytest.mark.full
@pytest.mark.parametrize(("reproduction", "spread"), [(0.8, 0.0), (0.8, 1.0), (0.5, 0.0), (0.5, 1.5)])
def test_trees_of_referrals_in_twenty_thousand(reproduction: float, spread: float) -> None:
    check_trees(reproduction, spread, runs=5, households=500_000)


def extinct_by(form: Offspring, years: float, life_years: float, step: float = 0.005) -> float:
    """Probability that a tree is extinct after so many years: nobody in it drives the brand any more.

    A tree lives as long as its first owner, and as any tree begun by the owner's invitations.
    """
    steps, span = round(years / step), round(life_years / step)
    alive = np.ones(steps + 1)
    for t in range(span, steps + 1):
        alive[t] = 1.0 - form.none(form.mean * float(alive[t - span : t].mean()))
    return float(1.0 - alive[-1])


@pytest.mark.parametrize(("reproduction", "ultimate"), [(1.2, 0.686), (1.5, 0.417), (2.0, 0.203)])
def test_extinction_by_time_ends_at_the_root_of_the_generating_function(reproduction: float, ultimate: float) -> None:
    assert extinct_by(Offspring(reproduction, 0.0), 60.0, 1.0, step=0.02) == pytest.approx(ultimate, abs=0.002)


def check_extinction(reproduction: float, spread: float, years: int, runs: int) -> None:
    """Compare the share of trees that are extinct when the horizon ends with the probability."""
    seeds = {"brand.initial_owners": [{"per_1000_households": 2, "tenure_years": 0, "km": 0}]}
    scenario = branching(reproduction, spread, **{**seeds, "horizon.years": years})
    extinct, expected = [], []
    for replicate in range(runs):
        records = simulate(scenario, replicate)
        parent = parents(records)
        root = roots(parent, records.ownerships["began"])
        alive = np.bincount(root, weights=np.isnan(records.ownerships["ended"]), minlength=len(parent))
        extinct.append(alive[parent < 0] == 0)
        # Most owners are there at the end, when the fate of most trees is decided; those that die do so before.
        form = Offspring(reproduction * life(scenario) * (1.0 - 1.0 / records.ticks_per_year), spread)
        expected.append(extinct_by(form, years, life(scenario)))
    gone, share = np.concatenate(extinct), float(np.mean(expected))
    tell("A05", scenario, runs, trees=len(gone), reproduction=form.mean, extinct=float(gone.mean()), expected=share)
    assert within(gone.mean(), share, math.sqrt(share * (1.0 - share) / len(gone)))


def test_extinction() -> None:
    check_extinction(1.5, 0.0, years=4, runs=1)


@pytest.mark.full
@pytest.mark.parametrize(("reproduction", "spread", "years"), [(1.2, 0.0, 6), (1.5, 1.0, 4), (2.0, 0.0, 3)])
def test_extinction_in_many_trees(reproduction: float, spread: float, years: int) -> None:
    check_extinction(reproduction, spread, years, runs=4)
