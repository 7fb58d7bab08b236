"""A19: without homophily the ties of a world, and the invitations that go along them, mix the segments at random; with
a share h of ties sought within the own segment their assortativity is h.

The network by itself is tested in tests/world/test_network.py; here it is read from a world built from a scenario, and
invitations from the leads they brought. All segments like the product alike and no owners begin with better cars, so
who is invited depends on acquaintance alone.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from closed_forms import tell
from numpy.typing import NDArray
from scipy import stats

from sim.channels import REFERRAL
from sim.model import GrowthModel
from tests.small_world import small

Matrix = NDArray[np.float64]
ALIKE = {
    "brand.product_strength": dict.fromkeys(
        ("families", "young_urban_women", "technology_enthusiasts", "value_seekers", "business"), 0.7
    ),
    "brand.initial_owners": [{"per_1000_households": 100, "tenure_years": 1, "km": 15000}],
    "policies.referral": {"referrer_credit": 4000, "buyer_discount": 3000, "cap_per_year": "unlimited"},
    "policies.paid_ads": None,
    "policies.vertical_media": None,
    "horizon.years": 4,
    "economics.run_off_years": 0,
}


@cache
def world(homophily: float) -> GrowthModel:
    """A market of 15,000 households after four years of invitations; ties are sought with this homophily."""
    ties = {
        "market.network.homophily_segment": homophily,
        "market.network.homophily_segment_strong": homophily,
        "market.network.local_share": 0,
        "market.network.local_share_strong": 0,
    }
    scenario = small("referral", {**ALIKE, **ties}, (9000, 6000))
    appetite = {"behaviour": scenario.behaviour.model_copy(update={"invite_contact": 3.0})}
    model = GrowthModel(scenario.model_copy(update=appetite))
    model.run()
    return model


def mixing(one: NDArray[np.integer], other: NDArray[np.integer]) -> Matrix:
    """Counts by the segments of both sides."""
    matrix = np.zeros((5, 5))
    np.add.at(matrix, (one, other), 1.0)
    return matrix


def of_ties(model: GrowthModel) -> Matrix:
    """Ties by the segments of both ends, each from both sides."""
    net, segment = model.world.network, model.world.people.segment
    return mixing(np.repeat(segment, net.degree()), segment[net.friend])


def of_invitations(model: GrowthModel) -> Matrix:
    """Leads brought by invitations, by the segments of owner and friend."""
    people, leads = model.world.people, model.world.leads
    row = leads.channel == REFERRAL
    owner = model.world.row_of[leads.referrer[row]]
    return mixing(people.segment[owner], people.segment[leads.person[row]])


def assortativity(matrix: Matrix, ends: Matrix) -> tuple[float, float]:
    """How far the share within segments lies above that of random partners, 0 to 1, and its standard error.

    `ends` are the ties: a random partner is of a segment with the share of that segment's ends.
    """
    asked = matrix.sum(axis=1) / matrix.sum()
    by_chance = float((asked * (ends.sum(axis=1) / ends.sum())).sum())
    within = float(np.trace(matrix) / matrix.sum())
    error = np.sqrt(within * (1.0 - within) / matrix.sum()) / (1.0 - by_chance)
    return (within - by_chance) / (1.0 - by_chance), float(error)


def independent(matrix: Matrix) -> float:
    """Probability that independent sides look as dependent as this, by the chi-squared test."""
    return float(stats.chi2_contingency(matrix, correction=False).pvalue)


def test_without_homophily_segments_mix_at_random() -> None:
    model = world(0.0)
    ties, invitations = of_ties(model), of_invitations(model)
    once = ties.copy()
    once[np.diag_indices(5)] /= 2.0  # seen from both sides a tie within a segment counts twice
    ends = ties.sum(axis=1)
    expected = np.outer(ends, ends) / ends.sum()
    expected[np.diag_indices(5)] /= 2.0
    upper = np.triu_indices(5)
    statistic = float(((once - expected)[upper] ** 2 / expected[upper]).sum())
    p_ties, p_invitations = float(stats.chi2.sf(statistic, 10)), independent(invitations)
    found, error = assortativity(invitations, ties)
    tell("A19", model.world.scenario, 1, ties=int(ties.sum() / 2), p_ties=p_ties, invited=int(invitations.sum()),
         p_invitations=p_invitations, assortativity=found, error=error)  # fmt: skip
    assert invitations.sum() > 800
    assert p_ties > 0.001
    assert p_invitations > 0.001
    assert abs(found) < 3.0 * error


@pytest.mark.parametrize("homophily", [0.5])
def test_assortativity_is_the_share_of_ties_sought_within_the_segment(homophily: float) -> None:
    model = world(homophily)
    ties, invitations = of_ties(model), of_invitations(model)
    by_ties, error_of_ties = assortativity(ties, ties)
    found, error = assortativity(invitations, ties)
    tell("A19", model.world.scenario, 1, homophily=homophily, ties=by_ties, invitations=found, error=error)
    assert abs(by_ties - homophily) < 3.0 * error_of_ties * np.sqrt(2.0)  # every tie was seen twice
    assert abs(found - homophily) < 3.0 * error
    assert independent(invitations) < 1e-6
