"""A13: with advertising alone, customers are Poisson(B t / CAC) and the cost of a customer does not move.

CAC = price of an impression / (contacts per impression x interest x share of deciders who order). Households are so
many that advertising hardly uses them up: 1.5% of them leave contact data in six years, which costs a third of one
standard deviation of the customers.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from closed_forms import ads, limit, simulate, tell

from sim import metrics
from sim.scenario import Scenario


def closed_form(scenario: Scenario) -> tuple[float, float, float]:
    """Budget per year, cost per lead and cost per customer."""
    strength = scenario.brand.product_strength["everyone"].at(scenario.horizon.start_year)
    rival = scenario.market.rivals["other"]
    weight = scenario.behaviour.choice_product
    rivals = (rival.product_strength.at(2020) / strength) ** weight  # at equal prices
    share = 1.0 / (1.0 + rivals)
    cpl = ads(scenario).price_per_thousand_impressions / 1000 / (scenario.behaviour.impression_contact * strength)
    return float(ads(scenario).budget_per_year.at(2020)), cpl, cpl / share


@pytest.mark.parametrize(
    ("households", "ticks_per_year"), [(100_000, 52), (20_000, 365), pytest.param(100_000, 365, marks=pytest.mark.full)]
)
def test_customers_are_bought_at_one_price(households: int, ticks_per_year: int) -> None:
    scenario = limit("ads_only", {"horizon.ticks_per_year": ticks_per_year}, households)
    budget, cpl, cac = closed_form(scenario)
    records = simulate(scenario)
    years = records.years
    moments = {"leads": records.leads["arrived"], "customers": records.orders["delivered"]}
    prices = {"leads": cpl, "customers": cac}
    counts = {name: np.bincount(moment.astype(int), minlength=years) for name, moment in moments.items()}
    tell("A13", scenario, 1, cac=cac, **{name: counts[name].tolist() for name in counts})
    for name, count in counts.items():
        per_year = budget / prices[name]
        assert np.abs(count - per_year).max() < 3.0 * math.sqrt(per_year)
        total, expected = np.cumsum(count), per_year * np.arange(1, years + 1)
        assert (np.abs(total - expected) < 3.0 * np.sqrt(expected)).all()


def test_the_cost_metrics_are_the_budget_by_the_counts() -> None:
    scenario = limit("ads_only", households=20_000)
    budget, _, _ = closed_form(scenario)
    records = simulate(scenario)
    values = {(row.metric, tuple(row.by.items())): row.value for row in metrics.compute(records)}
    for name, moments in (("cpl", records.leads["arrived"]), ("cac", records.orders["delivered"])):
        count = np.bincount(moments.astype(int), minlength=records.years)
        for year in range(records.years):
            spent = budget / count[year]
            assert values[name, (("year", 2020 + year),)] == pytest.approx(
                spent, rel=1e-4
            )  # money in whole fen per tick
        assert values[name, ()] == pytest.approx(budget * records.years / count.sum(), rel=1e-6)
    leads, customers = len(records.leads["arrived"]), len(records.orders["delivered"])
    assert values["cac", ()] == pytest.approx(values["cpl", ()] * leads / customers, rel=1e-12)
