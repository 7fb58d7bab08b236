"""NIO 2021-2025: sellers' content is no dearer than vertical media once stores are mature (N16), and what it took."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from sim import metrics
from sim.model import GrowthModel
from sim.records import Records
from sim.scenario import load
from tests.cases.fit_demand import F64

MATURE = (2023, 2024, 2025)
"""Years in which the accounts of most stores are older than twelve months on average."""
MOST = 1.1
"""Cost per lead relative to vertical media (N16: 0.9 to 1.0; at most 1.1 is asked)."""
SPREAD = 0.09
"""Standard deviation between replicates of that ratio over the three years (measured on twelve)."""


@cache
def runs(replicates: int) -> list[Records]:
    scenario = load("cases/nio")
    return [GrowthModel(scenario, replicate).run() for replicate in range(replicates)]


def ratio(records: Records) -> float:
    """Cost per lead of sellers' content by that of vertical media, mean of the mature years."""
    rows = {tuple(sorted(row.by.items())): row.value for row in metrics.METRICS["cpl_to_vertical"].rows(view(records))}
    return float(np.mean([rows[("channel", "kos"), ("year", year)] for year in MATURE]))


def view(records: Records) -> metrics.View:
    return metrics.View(records)


def test_the_scenario_has_the_sellers_of_the_source() -> None:
    scenario = load("cases/nio")
    records = runs(1)[0]
    per_district = np.bincount(records.sellers["district"][records.sellers["year"] == 2021])
    assert (per_district * records.weights).sum() == 1200  # N01
    tiers: F64 = np.array([d.represents * (d.tier == 1) for d in scenario.market.districts], dtype=np.float64)
    assert tiers.sum() / records.weights.dot([d.households for d in scenario.market.districts]) == 0.5


def test_content_is_dear_in_the_first_year_and_no_dearer_than_vertical_media_at_maturity() -> None:
    found = np.array([ratio(records) for records in runs(1)])
    print(f"\ncost per lead of sellers' content by that of vertical media, {MATURE}: {found.round(3)}")
    assert found.mean() < MOST + 3.0 * SPREAD
    for records in runs(1):
        by_year = {row.by["year"]: row.value for row in metrics.METRICS["cpl_to_vertical"].rows(view(records))
                   if row.by.get("channel") == "kos" and "year" in row.by}  # fmt: skip
        assert by_year[2021] > by_year[2024]


@pytest.mark.full
def test_at_twelve_replicates() -> None:
    assert np.mean([ratio(records) for records in runs(12)]) <= MOST
