"""`check`: the baselines simulated again, and a grade for every row of every metric.

Results are the same to the bit on the platform that made them. On others sums of metrics may end in other digits, which
the tolerance allows; draws and the functions of the model are the same everywhere (`sim.numeric`).
"""

from __future__ import annotations

import enum
import hashlib
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from sim import metrics
from sim.experiment import memory
from sim.experiment.baselines import DIGEST, TOTAL, Baseline, Cell, Key, Measured, place
from sim.experiment.result import Result
from sim.experiment.runner import Outcome, Task, execute
from sim.experiment.tables import Tables, encode
from sim.experiment.thresholds import breaches
from sim.metrics.equivalence import equivalent

if TYPE_CHECKING:
    from sim.experiment.batch import Progress
    from sim.experiment.lock import Notify
    from sim.scenario import Scenario

TOLERANCE = 1e-9
"""Relative difference that platforms may make."""

DIGITS = 7
"""Significant digits of series and order records that platforms must agree on: more of them, and a last digit that
differs would now and then turn one of the many thousand values."""


class Grade(enum.IntEnum):
    """How a row compares with what was approved, the worst last."""

    SAME = 0
    """Every replicate has the same bits."""
    WITHIN_TOLERANCE = 1
    EQUIVALENT = 2
    """Results moved; the paired replicates show that the mean differs by less than the metric's margin."""
    CHANGED = 3
    UNKNOWN = 4
    """Measured and never approved, or approved and not measured any more."""

    @property
    def label(self) -> str:
        """The grade in words."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True)
class Row:
    """One metric by its dimensions (JSON), in a baseline and measured again; None where it is absent."""

    metric: str
    by: str
    grade: Grade
    was: tuple[Cell, ...] | None
    now: tuple[Cell, ...] | None


@dataclass(frozen=True)
class Finding:
    """What became of one baseline."""

    baseline: Baseline
    measured: Measured | None
    """None if a replicate failed."""
    rows: Sequence[Row]
    """Every row that is measured or was approved, in their order."""
    breached: Sequence[str]
    """A sentence for each threshold of the scenario that is not kept."""
    failures: Sequence[tuple[str, str]]
    """Message and traceback of each replicate that failed."""
    seconds: float
    """Time its replicates took, added up."""

    @property
    def grade(self) -> Grade:
        """The worst grade of its rows."""
        return max((row.grade for row in self.rows), default=Grade.SAME)

    def passes(self, accepted: Grade = Grade.WITHIN_TOLERANCE) -> bool:
        """Whether nothing failed, no threshold is breached and no row is worse than the grade accepted."""
        return not self.failures and not self.breached and self.grade <= accepted

    def moved(self) -> list[Row]:
        """The rows that do not pass, the worst first, totals before breakdowns, largest relative change first."""
        worse = [row for row in self.rows if row.grade > Grade.WITHIN_TOLERANCE]
        return sorted(worse, key=lambda row: (-row.grade, row.metric == DIGEST, row.by != TOTAL, -_size(row)))


def check(
    baselines: Sequence[Baseline], jobs: int = 1, progress: Progress | None = None, notify: Notify | None = None
) -> list[Finding]:
    """Simulate the baselines and grade what they measure; nothing is stored. `notify` hears of tasks tried again.

    Raises:
        UsageError: too little memory.
    """
    tasks = [Task(one.scenario, number) for one in baselines for number in range(one.scenario.replicates)]
    for one in baselines:
        memory.ensure_fits(one.scenario, min(jobs, len(tasks)))
    try:
        if progress:
            progress.start(len(tasks))
        outcomes = execute(tasks, jobs, watch=progress.advance if progress else None, notify=notify)
    finally:
        if progress:
            progress.stop()
    of_baseline = iter(zip(tasks, outcomes, strict=True))
    return [_finding(one, [next(of_baseline) for _ in range(one.scenario.replicates)]) for one in baselines]


def _finding(baseline: Baseline, performed: Sequence[tuple[Task, Outcome]]) -> Finding:
    seconds = sum(outcome.seconds for _, outcome in performed)
    failures = [(f"{task.label} failed: {done.error}", done.details) for task, done in performed if done.error]
    if failures:
        return Finding(baseline, None, [], [], failures, seconds)
    tables = {task.replicate: done.tables for task, done in performed if done.tables is not None}
    measured = measure(tables)
    rows = grade(baseline.expected or {}, measured)
    return Finding(baseline, measured, rows, _breached(baseline.scenario, tables), [], seconds)


def _breached(scenario: Scenario, tables: Mapping[int, Tables]) -> list[str]:
    return breaches(Result.hold(scenario, tables)) if scenario.thresholds else []


# --- measuring --------------------------------------------------------------------------------------------------------


def measure(replicates: Mapping[int, Tables]) -> dict[Key, tuple[Cell, ...]]:
    """Every metric of these replicates, and digests of their series and order records, column by column."""
    cells = [_cells(tables) for _, tables in sorted(replicates.items())]
    keys = dict.fromkeys(key for one in cells for key in one)
    return {key: tuple(one.get(key, math.nan) for one in cells) for key in keys}


def _cells(tables: Tables) -> dict[Key, Cell]:
    columns = (tables.metrics[name].tolist() for name in ("metric", "by", "value"))
    found: dict[Key, Cell] = {(metric, by): float(value) for metric, by, value in zip(*columns, strict=True)}
    for table, content in (("series", tables.series), ("orders", tables.orders)):
        for column, values in content.items():
            found[DIGEST, encode({"table": table, "column": column})] = digest(values)
    return found


def digest(values: NDArray[Any]) -> str:
    """A digest of a column; that of floats has a second half, which their digits beyond the seventh leave as it is."""
    if values.dtype.kind != "f":
        return _short("\n".join(map(str, values.tolist())))
    floats = [math.nan if math.isnan(value) else value for value in values.tolist()]  # one nan for all platforms
    exact = struct.pack(f"<{len(floats)}d", *floats).hex()
    # Adding zero makes -0.0 the zero it equals.
    return f"{_short(exact)}:{_short(' '.join(f'{value + 0.0:.{DIGITS - 1}e}' for value in floats))}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- grading ----------------------------------------------------------------------------------------------------------


def grade(expected: Measured, measured: Measured) -> list[Row]:
    """A row for everything that was approved or is measured, in the order of `place`.

    Records have no statistics: digests that differ are as good as the metrics made of the records, at best equivalent.
    """
    rows = [_row(key, expected.get(key), measured.get(key)) for key in sorted({*expected, *measured}, key=place)]
    known = (row.grade for row in rows if row.metric != DIGEST and row.grade < Grade.UNKNOWN)
    worst = max(known, default=Grade.CHANGED)
    return [
        Row(row.metric, row.by, max(worst, Grade.EQUIVALENT), row.was, row.now)
        if row.metric == DIGEST and row.grade == Grade.CHANGED
        else row
        for row in rows
    ]


def _row(key: Key, was: tuple[Cell, ...] | None, now: tuple[Cell, ...] | None) -> Row:
    metric, by = key
    if was is None or now is None:
        return Row(metric, by, Grade.UNKNOWN, was, now)
    pairs = list(zip(was, now, strict=False))
    if len(was) != len(now):
        found = Grade.CHANGED
    elif all(_same_bits(*pair) for pair in pairs):
        found = Grade.SAME
    elif all(_within_tolerance(*pair) for pair in pairs):
        found = Grade.WITHIN_TOLERANCE
    else:
        found = Grade.EQUIVALENT if _equivalent(metric, was, now) else Grade.CHANGED
    return Row(metric, by, found, was, now)


def _same_bits(was: Cell, now: Cell) -> bool:
    if isinstance(was, str) or isinstance(now, str):
        return was == now
    return (math.isnan(was) and math.isnan(now)) or struct.pack("<d", was) == struct.pack("<d", now)


def _within_tolerance(was: Cell, now: Cell) -> bool:
    if isinstance(was, str) or isinstance(now, str):
        return str(was).partition(":")[2] == str(now).partition(":")[2] != ""
    return (math.isnan(was) and math.isnan(now)) or math.isclose(was, now, rel_tol=TOLERANCE)


def _equivalent(metric: str, was: tuple[Cell, ...], now: tuple[Cell, ...]) -> bool:
    definition = metrics.METRICS.get(metric)
    if definition is None:
        return False
    return equivalent([float(cell) for cell in was], [float(cell) for cell in now], definition.margin)


def relative(row: Row) -> float:
    """The change of the mean over replicates, as a share of what it was; nan where there are no two means."""
    was, now = mean(row.was), mean(row.now)
    if math.isnan(was) or math.isnan(now) or was == now:
        return 0.0 if was == now else math.nan
    return (now - was) / abs(was) if was else math.copysign(math.inf, now)


def mean(cells: tuple[Cell, ...] | None) -> float:
    """The mean over the replicates in which a metric is finite; nan where there is none."""
    finite = [cell for cell in cells or () if not isinstance(cell, str) and math.isfinite(cell)]
    return math.fsum(finite) / len(finite) if finite else math.nan


def _size(row: Row) -> float:
    """How large a change is; what grew out of nothing has no size that could be compared."""
    size = abs(relative(row))
    return size if math.isfinite(size) else -1.0
