"""Small worlds for tests: the market of `baseline` or `referral` in a few thousand households."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sim import metrics
from sim.model import GrowthModel
from sim.records import Columns, Records
from sim.scenario import Scenario, load

HOUSEHOLDS = (3000, 2000)
MONEY_PER_HOUSEHOLD = {"paid_ads": 24.0, "vertical_media": 18.0}
"""Yearly budgets per represented household, about those of the baseline."""
REPRESENTED = 50
"""Households for which each simulated one stands."""

PUBLISHING: dict[str, object] = {
    "market.platforms": {
        "notes": {
            "users": 0.35,
            "by_segment": {"young_urban_women": 0.8},
            "trust": 1.5,
            "contact": 0.5,
            "partner": 1.3,
        },
        "short_video": {"users": 0.6, "trust": 0.6, "contact": 1.5, "partner": 0.8, "view_weeks": 0.5},
        "microblog": {"users": 0.3, "trust": 0.5, "contact": 0.3, "views_per_post": 150},
    },
    "stores.turnover_per_year": 0.4,
    "policies.kos": {
        "platforms": ["notes", "short_video"],
        "participation_share": 0.8,
        "livestreams_per_month": 2,
        "founder_followers": 2000,
        "adapt_to_platform": 0.5,
        "support": {2020: 1, 2024: 0.4},
        "traffic_budget_per_year": 4 * REPRESENTED * sum(HOUSEHOLDS),
    },
}
"""Sellers who publish on two of three platforms, and now and then leave: settings to be added to a scenario."""

MOMENTS = {
    "leads": ("arrived", "answered", "visited", "tested", "ordered", "closed"),
    "orders": ("ordered", "cancelled", "delivered", "returned"),
    "margins": ("moment",),
    "relationships": ("began", "ended"),
    "ownerships": ("began", "ended"),
    "credits": ("pending", "vested", "closed"),
    "replacements": ("moment",),
}
"""The columns of each log that date something; the first dates the row itself."""


def small(
    name: str = "baseline",
    overrides: Mapping[str, object] | None = None,
    households: Any = HOUSEHOLDS,
    *,
    allow_behaviour: bool = False,
) -> Scenario:
    """A shipped scenario in districts of a few thousand households, with budgets per household as in the baseline.

    `allow_behaviour` lets the overrides set constants of behaviour.
    """
    sizes = list(households)
    districts = [
        {"name": f"district-{i}", "tier": 1 + i % 3, "households": n, "represents": REPRESENTED * n, "radius_km": 6}
        for i, n in enumerate(sizes)
    ]
    settings: dict[str, object] = {"market.districts": districts, "horizon.years": 4, "economics.run_off_years": 1}
    for policy, money in MONEY_PER_HOUSEHOLD.items():
        settings[f"policies.{policy}.budget_per_year"] = money * REPRESENTED * sum(sizes)
    return load(name, {**settings, **(overrides or {})}, allow_behaviour=allow_behaviour)


def simulate(scenario: Scenario, replicate: int = 0, **options: Any) -> Records:
    """One replicate, from start to end."""
    return GrowthModel(scenario, replicate, **options).run()


def tables(records: Records) -> dict[str, Columns]:
    """The logs of a replicate by name."""
    return {name: value for name, value in vars(records).items() if isinstance(value, dict)}


def differing(one: Records, other: Records) -> list[str]:
    """Columns that are not the same to the bit, as `table.column`."""
    return differing_tables(tables(one), tables(other))


def differing_tables(one: Mapping[str, Columns], other: Mapping[str, Columns]) -> list[str]:
    """Columns that are not the same to the bit, as `table.column`."""
    assert one.keys() == other.keys()
    found = []
    for name, columns in one.items():
        assert columns.keys() == other[name].keys()
        found += [f"{name}.{key}" for key, column in columns.items() if not same(column, other[name][key])]
    return found


def same(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    """Whether two columns have the same type, length and bits."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def before(records: Records, moment: float) -> dict[str, Columns]:
    """The logs as they stood at a moment: later rows are gone, and what had not happened by then has not happened."""
    cut: dict[str, Columns] = {}
    logs = tables(records)
    for name, dates in MOMENTS.items():
        columns = logs[name]
        keep = columns[dates[0]] < moment
        rows = {key: column[keep].copy() for key, column in columns.items()}
        for date in dates:
            rows[date][~(rows[date] < moment)] = np.nan
        cut[name] = rows
    _forget_outcomes(cut)
    tick = round(moment * records.ticks_per_year)
    for name, columns in (("ledger", records.ledger), ("hours", records.hours)):
        cut[name] = {key: column[columns["tick"] < tick] for key, column in columns.items()}
    acted = records.acts["year"] < records.start_year + int(moment)
    cut["acts"] = {key: column[acted] for key, column in records.acts.items()}
    for name, year in (("stocks", "year_end"), ("sellers", "year")):
        columns = tables(records)[name]
        over = columns[year] < records.start_year + int(moment)
        cut[name] = {key: column[over] for key, column in columns.items()}
    return cut


def _forget_outcomes(cut: dict[str, Columns]) -> None:
    """Blank what a lead, an order or a credit only has once something has happened to it."""
    leads, orders = cut["leads"], cut["orders"]
    open_still = np.isnan(leads["closed"])
    for column, blank in (("outcome", 0), ("hours", 0.0), ("reached", False), ("seller", -1)):
        leads[column][open_still] = blank
    for column in ("state", "redeemed", "booked"):
        cut["credits"][column][:] = 0
    orders["first"][np.isnan(orders["delivered"])] = False


def metric_values(records: Records) -> dict[tuple[str, tuple[tuple[str, Any], ...]], float]:
    """Every metric of a replicate by name and dimensions."""
    return {(row.metric, tuple(row.by.items())): row.value for row in metrics.compute(records)}
