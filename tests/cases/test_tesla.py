"""Tesla 2017-2025: the fleet that came about (M01), and one share to which one constant was fitted (T07).

Both within five percent at thirty replicates. The normal suite runs two, so it allows three standard errors more.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sim.scenario import load
from sim.scenario.schema.root import Scenario
from tests.cases.fit_demand import F64, Outcome, moved, reported, several, share_of_2020

INITIAL_FLEET = 186_000
"""Cars on the road before 2017 (M01)."""
SHARE_2020 = 0.15
"""Share of purchases made through referral (T07)."""
CLOSE = 0.05
SHARE_SPREAD = 0.0115
"""Standard deviation of the referred share of 2020 between replicates (measured on thirty)."""
FLEET_SPREAD = 0.035
"""The same of the fleet at the end of 2017, share of the fleet; it falls with the root of the fleet, down to 0.01."""


@cache
def runs(replicates: int) -> list[Outcome]:
    return several({}, range(replicates))


def wanted_deliveries() -> F64:
    return np.array(list(reported().values()), dtype=np.float64)


def check(outcomes: list[Outcome], errors: float) -> None:
    """Fleet and share within the tolerance and so many standard errors of their means."""
    root = np.sqrt(len(outcomes))
    wanted = INITIAL_FLEET + np.cumsum(wanted_deliveries())
    fleet = np.mean([run.initial + np.cumsum(run.deliveries) for run in outcomes], axis=0)
    share = float(np.mean([share_of_2020(run) for run in outcomes]))
    print(f"\nfleet against M01: {np.round(fleet / wanted, 3)}; referred share of 2020: {share:.2%}")
    spread = np.maximum(FLEET_SPREAD * np.sqrt(wanted[0] / wanted), 0.01)
    assert (np.abs(fleet / wanted - 1.0) < CLOSE + errors * spread / root).all()
    assert abs(share - SHARE_2020) < CLOSE * SHARE_2020 + errors * SHARE_SPREAD / root


def test_fleet_and_referred_share() -> None:
    check(runs(2), errors=3.0)


@pytest.mark.full
def test_fleet_and_referred_share_at_thirty_replicates() -> None:
    check(runs(30), errors=0.0)
    deliveries = np.mean([run.deliveries for run in runs(30)], axis=0)
    assert np.abs(deliveries / wanted_deliveries() - 1.0).max() < 0.03  # what the derivation of demand promises


def test_nobody_is_invited_while_the_programme_pauses() -> None:
    for run in runs(2):
        year = dict(zip(reported(), run.referred / run.deliveries, strict=True))
        assert year[2022] < 0.1 * year[2020]  # only orders from before the pause are still delivered
        assert run.referred[list(reported()).index(2021)] > 0


def test_neither_sellers_nor_factories_decide_what_is_sold() -> None:
    """Boundless hours and factories: the same orders, but for the few that would have had to wait."""
    ample = several({"stores.hours_per_week": "unlimited", "brand.capacity_per_year": "unlimited"}, range(1))[0]
    usual = runs(2)[0]
    assert np.abs(ample.deliveries / usual.deliveries - 1.0).max() < 0.02
    assert share_of_2020(ample) == pytest.approx(share_of_2020(usual), rel=0.05)


def test_the_case_differs_from_others_in_inputs_alone() -> None:
    case = load("cases/tesla")
    assert case.behaviour == load("baseline").behaviour
    assert [name for name, _ in case.active_policies()] == ["referral"]


def initial_fleet(scenario: Scenario) -> float:
    households = sum(district.represents for district in scenario.market.districts)
    return households * sum(group.per_1000_households for group in scenario.brand.initial_owners) / 1000


def test_the_initial_fleet_is_the_reported_one() -> None:
    assert initial_fleet(load("cases/tesla")) == pytest.approx(INITIAL_FLEET, rel=0.005)


def test_demand_moves_towards_what_is_wanted() -> None:
    wanted = np.array([100.0, 100.0, 100.0])
    after = moved({2017.5: 1.0, 2018.5: 1.0, 2019.5: 2.0}, np.array([50.0, 100.0, 200.0]), wanted)
    assert after[2017.5] > 1.0
    assert after[2018.5] == 1.0
    assert 1.0 < after[2019.5] < 2.0


def test_the_case_counts_its_years_whole() -> None:
    """A year of run-off is enough to follow the leads of the last reported year."""
    scenario = load("cases/tesla")
    assert scenario.economics.run_off_years * 52 >= scenario.economics.follow_up_weeks
