"""Thresholds a scenario sets on its own metrics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.errors import UsageError
from sim.experiment.result import Result
from sim.metrics import METRICS

if TYPE_CHECKING:
    from sim.scenario import Scenario


def ensure_known(scenario: Scenario) -> None:
    """Check, before anything is simulated, that every threshold can be looked up.

    Raises:
        UsageError: a threshold on a metric or on dimensions that do not exist.
    """
    for place, threshold in enumerate(scenario.thresholds):
        metric = METRICS.get(threshold.metric)
        if metric is None:
            raise UsageError(f"thresholds[{place}]: there is no metric '{threshold.metric}'")
        if not any(set(dimensions) == set(threshold.by) for dimensions in metric.dimensions):
            raise UsageError(f"thresholds[{place}]: '{threshold.metric}' is not measured by {', '.join(threshold.by)}")


def breaches(result: Result) -> list[str]:
    """One sentence per threshold that the mean over replicates does not keep; an undefined mean keeps none."""
    found = []
    for threshold in result.scenario.thresholds:
        rows = [row for row in result.summary if row["metric"] == threshold.metric and row["by"] == threshold.by]
        mean = rows[0]["mean"] if rows else math.nan
        low = -math.inf if threshold.min is None else threshold.min
        high = math.inf if threshold.max is None else threshold.max
        if not low <= mean <= high:
            name = " ".join([threshold.metric, *(f"{key}={value}" for key, value in threshold.by.items())])
            reason = f"below {low:g}" if mean < low else f"above {high:g}" if mean > high else "which is undefined"
            found.append(f"threshold breached: {name} is {mean:g}, {reason}")
    return found
