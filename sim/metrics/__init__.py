"""What is measured: one function per metric, its name the column, and the statistics over replicates."""

from __future__ import annotations

from sim.metrics import (  # noqa: F401  (they register)
    content,
    cost,
    credits,
    flows,
    funnel,
    referral,
    retention,
    selling,
    stocks,
    value,
)
from sim.metrics.base import METRICS, Metric, Row, View
from sim.metrics.owners import owners_by_district
from sim.metrics.pairs import PAIR_METRICS, Classified, classify
from sim.metrics.statistics import (
    MOST_REPLICATES,
    Comparison,
    Summary,
    half_width,
    paired,
    replicates_for,
    summarise,
)
from sim.metrics.value import customer_value
from sim.records import Columns, Records

__all__ = [
    "METRICS",
    "MOST_REPLICATES",
    "PAIR_METRICS",
    "Classified",
    "Comparison",
    "Metric",
    "Row",
    "Summary",
    "View",
    "classify",
    "compute",
    "half_width",
    "of_pairs",
    "paired",
    "replicates_for",
    "summarise",
]


def compute(records: Records) -> list[Row]:
    """Every metric of one replicate, on every set of dimensions it declares, in the order of the registry.

    The rows are the same for all replicates of a scenario; values are nan where a denominator is zero.
    """
    view = View(records)
    return [row for metric in METRICS.values() for row in metric.rows(view)]


def of_pairs(records: Records) -> tuple[Columns, tuple[int, ...]]:
    """What a pair of runs needs of one of them: its orders, with what the customers they made are worth (column
    `value`, currency), and the simulated ownerships of the horizon by district."""
    view = View(records)
    return {**records.orders, "value": customer_value(view)}, owners_by_district(view)
