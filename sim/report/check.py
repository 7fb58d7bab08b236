"""What `check` prints: a table per baseline, totals and a sentence, as text, Markdown, JSON and JUnit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sim.experiment import memory, provenance
from sim.experiment.baselines import LIBRARIES, TOTAL, Baseline, Cell
from sim.experiment.check import Finding, Grade, Row, mean, relative
from sim.experiment.tables import decode
from sim.report.junit import Case
from sim.report.text import Table, as_json

SHOWN = 10
"""Metrics of which a table shows the worst row; rows that the failure of one metric lists."""

WORST_FIRST = tuple(reversed(Grade))


def tables(findings: Sequence[Finding]) -> list[Table]:
    """The number of rows by grade, then for every baseline that moved the worst row of each metric."""
    counted = [[found.baseline.name, *_counts(found), _state(found)] for found in findings]
    grades = [grade.label for grade in WORST_FIRST]
    totals = ["all", *(str(sum(int(row[place]) for row in counted)) for place in range(1, len(grades) + 1)), ""]
    shown = [Table("rows by grade", ["baseline", *grades, "state"], [*counted, totals])]
    return shown + [_moved(found) for found in findings if found.baseline.expected is not None and found.moved()]


def sentences(findings: Sequence[Finding], accepted: Grade) -> list[str]:
    """What it all means, and what to do."""
    said = [f"{found.baseline.name}: {breach}" for found in findings for breach in found.breached]
    new = [found for found in findings if found.baseline.expected is None]
    moved = [found for found in findings if found.grade > Grade.WITHIN_TOLERANCE and found not in new]
    failed = [found for found in findings if found.failures]
    if new:
        said.append(f"new: {_names(new)}; check --approve REASON approves what was measured")
    if not moved:
        alike = [found for found in findings if found not in (*new, *failed)]
        last = "same bits" if all(found.grade == Grade.SAME for found in alike) else "same but for last digits"
        return [*said, f"{_baselines(len(alike))}: {last}"] if alike else said
    worst = max(found.grade for found in moved)
    share = f"{len(moved)} of {_baselines(len(findings))} ({_names(moved)})"
    if worst == Grade.EQUIVALENT:
        said.append(f"results moved, statistically equivalent (paired TOST at 5%): {share}")
        if accepted < worst:
            said.append("if that was meant: check --accept equivalent passes, check --approve REASON renews")
    else:
        said.append(f"results {'changed' if worst == Grade.CHANGED else 'are not those approved'}: {share}")
        said.append("if that was meant: check --approve REASON renews what differs; if not, undo what moved them")
    return said + _platforms(moved)


def json_text(findings: Sequence[Finding], accepted: Grade) -> str:
    """The findings as JSON: rows that do not pass with the values of their replicates; undefined numbers are null."""
    return as_json(
        {
            "passed": all(found.passes(accepted) for found in findings),
            "baselines": [
                {
                    "baseline": found.baseline.name,
                    "passed": found.passes(accepted),
                    "new": found.baseline.expected is None,
                    "rows": dict(zip((grade.label for grade in WORST_FIRST), map(int, _counts(found)), strict=True)),
                    "moved": [_as_map(row) for row in found.moved()],
                    "thresholds": list(found.breached),
                    "failures": [message for message, _ in found.failures],
                }
                for found in findings
            ],
        }
    )


def cases(findings: Sequence[Finding], accepted: Grade) -> list[Case]:
    """A case for every metric of every baseline, one for its thresholds, one for each replicate that failed."""
    return [case for found in findings for case in _cases(found, accepted)]


def plan_table(baselines: Sequence[Baseline]) -> Table:
    """What `check` would simulate, without simulating it."""
    cells = [[one["baseline"], one["approved"] or "new", *map(str, list(one.values())[2:])] for one in _plan(baselines)]
    return Table(
        "would be simulated", ["baseline", "approved", "replicates", "ticks", "households", "GB each"], cells, 2
    )


def plan_json(baselines: Sequence[Baseline]) -> str:
    """The same as JSON."""
    return as_json({"baselines": _plan(baselines)})


def _plan(baselines: Sequence[Baseline]) -> list[dict[str, Any]]:
    planned = []
    for one in baselines:
        size, ticks = memory.estimate(one.scenario)
        planned.append(
            {
                "baseline": one.name,
                "approved": one.approvals[-1].date if one.approvals else None,
                "replicates": one.scenario.replicates,
                "ticks": ticks,
                "households": sum(district.households for district in one.scenario.market.districts),
                "gigabytes": round(size / 1e9, 2),
            }
        )
    return planned


# --- parts ------------------------------------------------------------------------------------------------------------


def _counts(found: Finding) -> list[str]:
    counts = Counter(row.grade for row in found.rows)
    return [str(counts[grade]) for grade in WORST_FIRST]


def _state(found: Finding) -> str:
    if found.failures:
        return "failed"
    if found.baseline.expected is None:
        return "new, not approved"
    return "threshold breached" if found.breached and found.grade <= Grade.WITHIN_TOLERANCE else found.grade.label


def _moved(found: Finding) -> Table:
    """The worst row of each metric; what is left out is named below."""
    worst: dict[str, Row] = {}
    for row in found.moved():
        worst.setdefault(row.metric, row)
    rows = list(worst.values())
    cells = [[row.metric, _place(row) or "total", *_values(row), _change(row), row.grade.label] for row in rows[:SHOWN]]
    left = ", ".join(row.metric for row in rows[SHOWN:])
    note = f"the worst row of each metric; {len(rows) - SHOWN} more: {left}" if left else "the worst row of each metric"
    header = ["metric", "by", "was", "is", "difference", "grade"]
    return Table(f"{found.baseline.name}: what moved", header, cells, 2, note=note)


def _place(row: Row) -> str:
    """The dimensions of a row, such as `year=2020 channel=referral`; empty for a total."""
    return " ".join(
        f"{name}={str(label).lower() if isinstance(label, bool) else label}" for name, label in decode(row.by).items()
    )


def _values(row: Row) -> tuple[str, str]:
    """What the row was and is: the means, or the first replicate that tells them apart."""
    was, now = _mean_text(row.was), _mean_text(row.now)
    if was != now:
        return was, now
    pairs = zip(row.was or (), row.now or (), strict=False)
    number, pair = next(
        ((n, pair) for n, pair in enumerate(pairs) if repr(pair[0]) != repr(pair[1])), (0, (math.nan, math.nan))
    )
    one, other = (cell if isinstance(cell, str) else repr(cell) for cell in pair)
    return f"{one} (replicate {number})", other


def _mean_text(cells: tuple[Cell, ...] | None) -> str:
    if cells is None:
        return "absent"
    if any(isinstance(cell, str) for cell in cells):
        return "records"
    value = mean(cells)
    return "-" if math.isnan(value) else f"{value:.6g}"


def _change(row: Row) -> str:
    change = relative(row)
    return f"{change:+.2%}" if math.isfinite(change) else "-"


def _as_map(row: Row) -> dict[str, Any]:
    listed = {"was": row.was, "is": row.now}
    values = {key: None if cells is None else list(cells) for key, cells in listed.items()}
    return {"metric": row.metric, "by": decode(row.by), "grade": row.grade.label, **values, "relative": relative(row)}


def _names(findings: Sequence[Finding]) -> str:
    return ", ".join(found.baseline.name for found in findings)


def _baselines(number: int) -> str:
    return f"{number} baseline{'' if number == 1 else 's'}"


def _platforms(moved: Sequence[Finding]) -> list[str]:
    """Versions that are not those of the approval: they may be the cause."""
    present = provenance.versions()
    notes = []
    for name in LIBRARIES:
        approved = {found.baseline.approvals[-1].versions.get(name) for found in moved if found.baseline.approvals}
        others = sorted(version for version in approved - {present[name], None} if version)
        if others:
            notes.append(f"approved under {name} {', '.join(others)}, measured under {present[name]}")
    return notes


def _cases(found: Finding, accepted: Grade) -> list[Case]:
    name = found.baseline.name
    if found.failures:
        return [Case(f"{name}: simulation", found.seconds, "\n".join(message for message, _ in found.failures))]
    failures: dict[str, str | None] = {
        f"{name}: {metric}": _failure(name, metric, list(rows), accepted)
        for metric, rows in groupby(found.rows, key=lambda row: row.metric)
    }
    if found.baseline.scenario.thresholds:
        failures[f"{name}: thresholds"] = "\n".join(found.breached) or None
    return _timed(failures, found.seconds)


def _timed(failures: Mapping[str, str | None], seconds: float) -> list[Case]:
    """Cases that share the time of their baseline evenly: all of them come out of the same simulations."""
    return [Case(name, seconds / len(failures), failure) for name, failure in failures.items()]


def _failure(baseline: str, metric: str, rows: Sequence[Row], accepted: Grade) -> str | None:
    """What is wrong with one metric of a baseline, None if nothing is."""
    wrong = sorted((row for row in rows if row.grade > accepted), key=lambda row: (-row.grade, row.by != TOTAL))
    if not wrong:
        return None
    lines = [f"{metric} in {baseline}: {len(wrong)} of {len(rows)} rows are not what was approved"]
    for row in wrong[:SHOWN]:
        was, now = _values(row)
        name = " ".join(filter(None, (metric, _place(row))))
        lines.append(f"{name}: was {was}, is {now} ({_change(row)}), {row.grade.label}")
    if len(wrong) > SHOWN:
        lines.append(f"and {len(wrong) - SHOWN} more")
    return "\n".join(lines)
