"""Thresholds a scenario sets on its own metrics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.experiment.result import Result

if TYPE_CHECKING:
    from sim.scenario.schema.root import Threshold


def judged(result: Result) -> list[tuple[str, str | None]]:
    """Each threshold in words, and one sentence if the mean over replicates does not keep it, else None."""
    return [(_described(threshold), _breach(threshold, result)) for threshold in result.scenario.thresholds]


def breaches(result: Result) -> list[str]:
    """One sentence per threshold that the mean over replicates does not keep; an undefined mean keeps none."""
    return [sentence for _, sentence in judged(result) if sentence is not None]


def _breach(threshold: Threshold, result: Result) -> str | None:
    rows = [row for row in result.summary if row["metric"] == threshold.metric and row["by"] == threshold.by]
    mean = rows[0]["mean"] if rows else math.nan
    low = -math.inf if threshold.min is None else threshold.min
    high = math.inf if threshold.max is None else threshold.max
    if low <= mean <= high:
        return None
    if math.isnan(mean):
        why = "nothing to divide by, or no complete follow-up within the simulated years"
        return f"threshold breached: {_name(threshold)} cannot be measured: {why}"
    reason = f"below {low:g}" if mean < low else f"above {high:g}"
    return f"threshold breached: {_name(threshold)} is {mean:g}, {reason}"


def _described(threshold: Threshold) -> str:
    bounds = {"at least": threshold.min, "at most": threshold.max}
    words = [f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None]
    return f"{_name(threshold)} {' and '.join(words)}"


def _name(threshold: Threshold) -> str:
    return " ".join([threshold.metric, *(f"{key}={value}" for key, value in threshold.by.items())])
