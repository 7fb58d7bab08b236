"""What is measured: one function per metric, its name the column, and the statistics over replicates."""

from __future__ import annotations

from sim.metrics import cost, flows, funnel, referral, retention, selling, stocks, value  # noqa: F401  (they register)
from sim.metrics.base import METRICS, Metric, Row, View
from sim.metrics.pairs import PAIR_METRICS, Classified, classify
from sim.metrics.statistics import Comparison, Summary, paired, summarise
from sim.records import Records

__all__ = [
    "METRICS",
    "PAIR_METRICS",
    "Classified",
    "Comparison",
    "Metric",
    "Row",
    "Summary",
    "View",
    "classify",
    "compute",
    "paired",
    "summarise",
]


def compute(records: Records) -> list[Row]:
    """Every metric of one replicate, on every set of dimensions it declares, in the order of the registry.

    The rows are the same for all replicates of a scenario; values are nan where a denominator is zero.
    """
    view = View(records)
    return [row for metric in METRICS.values() for row in metric.rows(view)]
