"""A17: with product and price alone, deciders choose by the logit formula: shares, independence of irrelevant
alternatives, own-price elasticity."""

from __future__ import annotations

import math

import numpy as np
import pytest
from closed_forms import limit, tell

from sim.model import GrowthModel
from sim.records import LEAD_OUTCOMES
from sim.scenario import Scenario

RIVALS = ("better", "cheaper")


def shares(scenario: Scenario) -> list[float]:
    """Logit shares of the brand and its rivals."""
    b, year = scenario.behaviour, scenario.horizon.start_year
    offers = [(scenario.brand.product_strength["everyone"], scenario.brand.price)]
    offers += [(scenario.market.rivals[name].product_strength, scenario.market.rivals[name].price) for name in RIVALS]
    weights = [strength.at(year) ** b.choice_product * price.at(year) ** -b.choice_price for strength, price in offers]
    return [weight / sum(weights) for weight in weights]


def decided(price: float, ticks_per_year: int = 52) -> tuple[Scenario, list[int]]:
    """Households that decided for the brand and for each rival."""
    scenario = limit("choice", {"brand.price": price, "horizon.ticks_per_year": ticks_per_year})
    model = GrowthModel(scenario)
    leads = model.run().leads
    counts = [int((leads["outcome"] == LEAD_OUTCOMES.index("ordered")).sum())]
    visited = leads["household"][~np.isnan(leads["visited"])]
    car = model.world.people.car[model.world.row_of[visited]]
    counts += [int((car == code).sum()) for code in range(1, len(RIVALS) + 1)]
    assert sum(counts) == len(visited) == len(np.unique(visited))
    return scenario, counts


@pytest.mark.parametrize("ticks_per_year", [52, 365])
def test_shares(ticks_per_year: int) -> None:
    scenario, counts = decided(200_000, ticks_per_year)
    deciders = sum(counts)
    expected = shares(scenario)
    tell(
        "A17",
        scenario,
        1,
        deciders=deciders,
        shares=[round(c / deciders, 4) for c in counts],
        logit=np.round(expected, 4),
    )
    assert deciders > 0.999 * scenario.market.districts[0].households
    for count, share in zip(counts, expected, strict=True):
        assert abs(count - deciders * share) < 3.0 * math.sqrt(deciders * share * (1.0 - share))


def test_rivals_keep_their_ratio_when_the_brand_changes_its_price() -> None:
    for price in (150_000, 300_000):
        scenario, (_, better, cheaper) = decided(price)
        _, first, second = shares(scenario)
        share, total = first / (first + second), better + cheaper
        tell("A17", scenario, 1, price=price, ratio=better / cheaper, expected=first / second)
        assert abs(better - total * share) < 3.0 * math.sqrt(total * share * (1.0 - share))


def test_own_price_elasticity() -> None:
    lower, upper = 196_000, 204_000
    scenario, counts = decided(200_000)
    _, dearer = decided(upper)
    _, cheaper = decided(lower)
    brand = counts[0] / sum(counts)
    step = math.log(upper / lower)
    measured = math.log(dearer[0] / cheaper[0]) / step
    expected = -scenario.behaviour.choice_price * (1.0 - shares(scenario)[0])
    sd = math.sqrt(cheaper[0] - dearer[0]) / (sum(counts) * brand) / step  # those who switch are a Poisson count
    tell("A17", scenario, 3, elasticity=measured, expected=expected, sd=sd)
    assert dearer[0] < counts[0] < cheaper[0]
    assert abs(measured - expected) < 3.0 * sd
    assert sd < 0.05 * abs(expected)
