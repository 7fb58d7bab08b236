"""A07: the value of a customer, discounted at the rate d a year, delta = ln(1 + d), over a window of W years.

- Margin m a year while the relationship lasts, exit hazard mu: m / (mu + delta) x (1 - exp(-(mu + delta) W)).
- Exit hazards that differ: the same, averaged over them; those who would leave leave first, so retention rises.
- Margin M per car, replaced every tau years with the brand again with probability L: a geometric series, which over a
  window of K replacements is M (1 - q^(K+1)) / (1 - q) with q = L exp(-delta tau).

The value is read from the margins of the log, discounted to each household's first delivery.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from closed_forms import limit, simulate, tell
from numpy.typing import NDArray

from sim.records import Records
from sim.scenario import Scenario
from sim.units import MINOR_PER_MONEY

F64 = NDArray[np.float64]
SERVICE = 1


def values(records: Records, window: float) -> F64:
    """Discounted margins of each new customer within the window after the first delivery, money."""
    orders, margins = records.orders, records.margins
    first = np.flatnonzero(orders["first"])
    delivered = np.full(len(orders["first"]), np.nan)
    delivered[first] = orders["delivered"][first]
    assert (margins["order"] >= 0).all()
    age = margins["moment"] - delivered[margins["order"]]
    assert not np.isnan(age).any()
    assert orders["delivered"][first].max() + window <= records.end, "a window is cut short"
    amount = margins["amount"] / MINOR_PER_MONEY * (1.0 + records.discount_rate_per_year) ** -age
    value = np.bincount(margins["order"], weights=np.where(age <= window, amount, 0.0), minlength=len(delivered))
    return np.asarray(value[first])


def hazard(scenario: Scenario, satisfaction: F64) -> F64:
    """Exit hazard per year."""
    b = scenario.behaviour
    return np.asarray(b.leave_per_year * np.exp(-b.leave_slope * (satisfaction - 0.5)))


def satisfactions(scenario: Scenario) -> F64:
    """Satisfaction at evenly spaced quantiles: logistic around product strength, kept within 0.02 and 0.98."""
    u = (np.arange(200_000) + 0.5) / 200_000
    strength = scenario.brand.product_strength["everyone"].at(scenario.horizon.start_year)
    return np.clip(strength + scenario.behaviour.satisfaction_spread * np.log(u / (1.0 - u)), 0.02, 0.98)


def continuous(scenario: Scenario, window: float) -> float:
    """Value of service margins in proportion to satisfaction, over exponential relationships."""
    satisfied = satisfactions(scenario)
    rate = hazard(scenario, satisfied) + math.log1p(scenario.economics.discount_rate_per_year)
    year = scenario.horizon.start_year
    pleased = satisfied / scenario.brand.product_strength["everyone"].at(year)
    margin = scenario.brand.service_margin_per_year.at(year) * pleased
    return float((margin / rate * (1.0 - np.exp(-rate * window))).mean())


def retained(records: Records, tenure: float) -> float:
    """Share of relationships kept for that long."""
    spans = records.relationships
    kept = np.where(np.isnan(spans["ended"]), np.inf, spans["ended"]) - spans["began"]
    return float((kept > tenure).mean())


def check_relationships(scenario: Scenario, runs: int, window: float) -> Records:
    """Compare the mean value of a customer, and retention by tenure, with the closed forms; returns the last run."""
    found = []
    satisfied, count = satisfactions(scenario), 0
    for replicate in range(runs):
        records = simulate(scenario, replicate)
        found.append(values(records, window))
        for tenure in range(1, int(window)):
            share = float(np.exp(-hazard(scenario, satisfied) * tenure).mean())
            sd = math.sqrt(share * (1.0 - share) / len(records.relationships["began"]))
            assert abs(retained(records, tenure) - share) < 3.5 * sd  # one of several in a row, so a little wider
        count += len(records.relationships["began"])
    value = np.concatenate(found)
    error = float(value.std() / math.sqrt(len(value)))
    expected = continuous(scenario, window)
    tell("A07", scenario, runs, customers=len(value), window=window, value=float(value.mean()), expected=expected,
         error=error)  # fmt: skip
    assert len(value) == count
    assert abs(value.mean() - expected) < 3.0 * error
    return records


@pytest.mark.parametrize("ticks_per_year", [52, 365])
def test_constant_margin_and_exit_hazard(ticks_per_year: int) -> None:
    years = {52: 11, 365: 6}[ticks_per_year]
    scenario = limit("lifetime", {"horizon.ticks_per_year": ticks_per_year, "horizon.years": years})
    m, mu, delta = 1800.0, 0.25, math.log(1.1)
    window = years - 1.0
    assert continuous(scenario, window) == pytest.approx(m / (mu + delta) * (1.0 - math.exp(-(mu + delta) * window)))
    check_relationships(scenario, 1, window)


def test_exit_hazards_that_differ() -> None:
    settings = {"behaviour.satisfaction_spread": 0.15, "behaviour.leave_slope": 4, "behaviour.leave_per_year": 0.6}
    scenario = limit("lifetime", settings)
    records = check_relationships(scenario, 1, 10.0)
    yearly = [retained(records, t + 1.0) / retained(records, float(t)) for t in range(8)]
    assert yearly[7] > yearly[0] + 0.05  # who would leave has left


@pytest.mark.full
def test_exit_hazards_that_differ_in_many_runs() -> None:
    settings = {"behaviour.satisfaction_spread": 0.1, "behaviour.leave_slope": 2, "behaviour.leave_per_year": 0.222}
    check_relationships(limit("lifetime", settings), 8, 10.0)


@pytest.mark.parametrize("loyalty", [0.0, 0.8])
def test_repurchase(loyalty: float) -> None:
    check_repurchase(loyalty, 1)


@pytest.mark.full
@pytest.mark.parametrize("loyalty", [0.0, 0.8])
def test_repurchase_in_many_runs(loyalty: float) -> None:
    check_repurchase(loyalty, 8)


def check_repurchase(weight: float, runs: int) -> None:
    """Compare the value of car margins with the geometric series."""
    scenario = limit("repurchase", {"behaviour.choice_loyalty": weight})
    b, year, window = scenario.behaviour, scenario.horizon.start_year, 17.0
    strength = scenario.brand.product_strength["everyone"].at(year)
    odds = (strength / scenario.market.rivals["other"].product_strength.at(year)) ** b.choice_product
    again = odds * math.exp(weight * (2.0 * strength - 0.5))
    loyal = again / (1.0 + again)
    q = loyal * (1.0 + scenario.economics.discount_rate_per_year) ** -b.replacement_years
    expected = scenario.brand.margin_per_car.at(year) * (1.0 - q ** (1 + window // b.replacement_years)) / (1.0 - q)
    found, bought, lost = [], 0, 0
    for replicate in range(runs):
        records = simulate(scenario, replicate)
        found.append(values(records, window))
        replaced = records.replacements["same_brand"]
        bought, lost = bought + int(replaced.sum()), lost + int((~replaced).sum())
    value = np.concatenate(found)
    error = float(value.std() / math.sqrt(len(value)))
    share = bought / (bought + lost)
    tell("A07", scenario, runs, customers=len(value), loyalty=share, expected_loyalty=loyal, value=float(value.mean()),
         expected=expected, error=error)  # fmt: skip
    assert abs(share - loyal) < 3.0 * math.sqrt(loyal * (1.0 - loyal) / (bought + lost))
    assert abs(value.mean() - expected) < 3.0 * error
