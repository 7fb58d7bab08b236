"""From replicates to statements: means with t intervals, and paired differences between two scenarios.

A sequence holds the rows of one replicate after the other. Comparing, the replicates of scenario and reference stand in
the same order: the r-th of both share every draw a policy does not touch, and what they have in common cancels.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.metrics.base import METRICS, Floats, Label, Metric, Row, ratio
from sim.metrics.pairs import PAIR_METRICS

CONFIDENCE = 0.95

MOST_REPLICATES = 9_999
"""The most replicates a run can have; a test holds it against the scenarios' limit."""

Replicates = Sequence[Sequence[Row]]
_Key = tuple[str, tuple[tuple[str, Label], ...]]


class Summary(NamedTuple):
    """A metric over replicates: mean and 95% t interval over the `n` in which it is finite; nan where there is none."""

    metric: str
    by: dict[str, Label]
    mean: float
    low: float
    high: float
    n: int


class Comparison(NamedTuple):
    """A metric of a scenario against the reference, over the `n` replicates in which both are finite."""

    metric: str
    by: dict[str, Label]
    reference_mean: float
    mean: float
    difference: float
    low: float
    high: float
    relative: float
    """The difference by the mean of the reference."""
    share_better: float
    """Share of replicates strictly better than the reference; nan for metrics without a better direction."""
    verdict: str
    """equivalent, better, worse, changed (no direction is better) or inconclusive."""
    n: int
    pairing_gain: float
    """Standard deviation the difference would have between independent runs, by the one it has between paired runs."""
    replicates_to_settle: int | None
    """How many replicates in which both are finite would about end an inconclusive verdict: the fewest at which the
    interval around the present mean, of the present standard deviation, would decide. None for any other verdict, where
    there is no deviation (fewer than two), and where even `MOST_REPLICATES` would not do."""


class _Spread(NamedTuple):
    mean: Floats
    low: Floats
    high: Floats
    deviation: Floats
    n: NDArray[np.int64]


def summarise(replicates: Replicates) -> list[Summary]:
    """Mean, interval and n of every row, in the order of first appearance; one replicate has no interval."""
    keys = _keys(replicates)
    spread = _spread(_matrix(replicates, keys))
    columns = zip(spread.mean.tolist(), spread.low.tolist(), spread.high.tolist(), spread.n.tolist(), strict=True)
    return [Summary(name, dict(by), *values) for (name, by), values in zip(keys, columns, strict=True)]


def paired(reference: Replicates, scenario: Replicates) -> list[Comparison]:
    """Differences of the scenario to the reference, replicate by replicate, for the rows both have.

    The verdict reads the interval of the difference: within the metric's margin around zero is equivalent, on one side
    of zero is better or worse, anything else, a single replicate included, is inconclusive; all differences exactly
    zero is equivalent. Raises ValueError for unequal numbers of replicates, KeyError for a metric not registered.
    """
    if len(reference) != len(scenario):
        raise ValueError(f"{len(reference)} replicates cannot be paired with {len(scenario)}")
    present = set(_keys(scenario))
    keys = [key for key in _keys(reference) if key in present]
    before, after = _matrix(reference, keys), _matrix(scenario, keys)
    missing = ~(np.isfinite(before) & np.isfinite(after))
    before[missing], after[missing] = np.nan, np.nan
    return _comparisons(keys, before, after)


def half_width(deviation: float, n: int) -> float:
    """Half the 95% t interval of a mean over `n` replicates with this standard deviation; nan below two."""
    return _quantile(n) * deviation / n**0.5 if n else np.nan


def replicates_for(deviation: float, width: float, most: int = MOST_REPLICATES) -> int | None:
    """The fewest replicates whose 95% t interval reaches at most `width` to either side of the mean.

    `deviation` is the standard deviation between replicates, in the unit of `width`. None if `most` would not do,
    or if one of the two is nan.
    """
    numbers = range(2, most + 1)
    # The interval narrows with every replicate, so the fewest can be searched by halves.
    place = bisect_left(numbers, True, key=lambda n: bool(half_width(deviation, n) <= width))
    return numbers[place] if place < len(numbers) else None


def definition(name: str) -> Metric:
    """The definition of a metric of a run or of a pair of runs; raises KeyError if there is none."""
    return METRICS[name] if name in METRICS else PAIR_METRICS[name]


def _comparisons(keys: list[_Key], before: Floats, after: Floats) -> list[Comparison]:
    old, new, change = _spread(before), _spread(after), _spread(after - before)
    relative = np.where(change.mean == 0.0, 0.0, ratio(change.mean, old.mean))
    gain = ratio(np.sqrt(old.deviation**2 + new.deviation**2), np.nan_to_num(change.deviation))
    comparisons = []
    for place, (name, by) in enumerate(keys):
        metric = definition(name)
        sign = {"up": 1.0, "down": -1.0, None: np.nan}[metric.better]
        differences = after[:, place] - before[:, place]
        n = int(change.n[place])
        low, high, margin = change.low[place], change.high[place], metric.margin * abs(old.mean[place])
        share_better = np.sum(differences * sign > 0) / n if n and metric.better else np.nan
        unchanged = n > 0 and not np.any(differences[np.isfinite(differences)])
        verdict = "equivalent" if unchanged else _verdict(low, high, margin, metric.better)
        settle = _to_settle(change.mean[place], change.deviation[place], margin) if verdict == "inconclusive" else None
        comparisons.append(
            Comparison(
                metric=name,
                by=dict(by),
                reference_mean=float(old.mean[place]),
                mean=float(new.mean[place]),
                difference=float(change.mean[place]),
                low=float(low),
                high=float(high),
                relative=float(relative[place]),
                share_better=float(share_better),
                verdict=verdict,
                n=n,
                pairing_gain=float(gain[place]),
                replicates_to_settle=settle,
            )
        )
    return comparisons


def _verdict(low: float, high: float, margin: float, better: str | None) -> str:
    """What an interval of the difference says; nothing when it is nan."""
    if -margin <= low and high <= margin:
        return "equivalent"
    if not (low > 0 or high < 0):
        return "inconclusive"
    if better is None:
        return "changed"
    return "better" if (low > 0) == (better == "up") else "worse"


def _to_settle(mean: float, deviation: float, margin: float) -> int | None:
    """Replicates at which the interval around this mean lies on one side of zero or within the margin."""
    # Whichever is easier; only nan and a mean of zero without any margin leave no width at which it would be settled.
    width = max(abs(mean), margin - abs(mean))
    return replicates_for(deviation, width) if width > 0 else None


def _quantile(n: int) -> float:
    """Half the width of the interval from `n` replicates, in standard errors; nan below two."""
    from scipy.special import stdtrit  # heavy; only statistics over replicates need it

    return float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2)) if n > 1 else np.nan


def _spread(values: Floats) -> _Spread:
    """Statistics down the replicates (rows), finite values only."""
    finite = np.isfinite(values)
    n = finite.sum(axis=0)
    mean = ratio(np.where(finite, values, 0.0).sum(axis=0), n)
    deviation = np.sqrt(ratio((np.where(finite, values - mean, 0.0) ** 2).sum(axis=0), np.maximum(n - 1, 0)))
    quantile = np.array([_quantile(count) for count in range(len(values) + 1)])
    half = quantile[n] * ratio(deviation, np.sqrt(n))
    return _Spread(mean, mean - half, mean + half, deviation, n)


def _key(row: Row) -> _Key:
    return row.metric, tuple(row.by.items())


def _keys(replicates: Replicates) -> list[_Key]:
    return list(dict.fromkeys(_key(row) for rows in replicates for row in rows))


def _matrix(replicates: Replicates, keys: list[_Key]) -> Floats:
    """Values by replicate and key; nan where a replicate has no such row."""
    place = {key: column for column, key in enumerate(keys)}
    values = np.full((len(replicates), len(keys)), np.nan)
    for line, rows in enumerate(replicates):
        for row in rows:
            column = place.get(_key(row))
            if column is not None:
                values[line, column] = row.value
    return values
