"""Baselines: small scenarios with the results that were approved, as text, so that a change shows what moved.

A folder of `results/baselines` per baseline: `scenario.yaml` extends a shipped scenario, `expected.csv` holds every
metric of every replicate to the last bit, `approved.yaml` when and why these were approved, the newest last. A folder
with a scenario alone is new.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sim.errors import Problem, ScenarioError, StoreError, UsageError, printable
from sim.experiment import provenance, regular, store
from sim.scenario.suggest import advice

if TYPE_CHECKING:
    from sim.scenario import Scenario

SCENARIO, EXPECTED, APPROVED = "scenario.yaml", "expected.csv", "approved.yaml"

DIGEST = "sha256"
"""Stands in the column of metrics where a row holds digests of a column of the series or of the order records."""

LIBRARIES = ("liebian", "python", "numpy")
"""Whose versions an approval notes: those that may move the last digits."""

RESTORE = "restore it from version control, or delete expected.csv and approved.yaml and approve the baseline anew"

LARGEST_FILE = 64_000_000
"""Larger files of a baseline are not read, bytes; the largest shipped one has less than a hundredth of it."""

TOTAL = "{}"
"""No dimensions, as JSON."""

Key = tuple[str, str]
"""A metric (or `DIGEST`) and its dimensions as JSON."""
Cell = float | str
"""A value of a metric, or a digest."""
Measured = Mapping[Key, tuple[Cell, ...]]
"""One value per replicate."""


class Approval(BaseModel):
    """Why results were approved."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    date: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    """Day of the approval, UTC."""
    reason: str = Field(min_length=1)
    versions: dict[str, str]
    """Of the program, Python and numpy, under which the results were made."""
    moved: dict[str, int]
    """Number of rows by grade, against the results approved before."""
    metrics: list[str]
    """The metrics that moved."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of expected.csv as approved, line ends counted as one character."""


@dataclass(frozen=True)
class Baseline:
    """A scenario and what was approved of it."""

    name: str
    """Name of the folder and of the scenario."""
    folder: Path
    scenario: Scenario
    expected: Measured | None
    """None for a new one."""
    approvals: tuple[Approval, ...] = ()


def root() -> Path:
    """The folder of the project's baselines."""
    return store.default_out().parent / "baselines"


def known(folder: Path) -> list[str]:
    """Names of the baselines in a folder, in order; what is empty, or begins with a dot, is none."""
    if not folder.is_dir():
        return []
    folders = (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted(path.name for path in folders if any(path.iterdir()))


def read(folder: Path, names: Sequence[str] = ()) -> list[Baseline]:
    """Read the baselines named, or all, in the order of their names.

    Raises:
        UsageError: a name of no baseline, or no baselines at all.
        ScenarioError: invalid scenarios; all that is wrong with all baselines.
        StoreError: files that are missing, unreadable or were edited; all that is wrong.
    """
    there = known(folder)
    if not there:
        raise UsageError(f"there are no baselines in {folder}; a baseline is a folder with a {SCENARIO}")
    for name in names:
        if name not in there:
            raise UsageError(f"there is no baseline '{name}'; {advice(name, there, 'there are')}")
    found: list[Baseline] = []
    invalid: list[Problem] = []
    damaged: list[Problem] = []
    for name in sorted(set(names) or there):
        try:
            found.append(_read(folder / name))
        except ScenarioError as error:
            invalid += error.problems
        except _DamagedError as error:
            damaged.append(error.problem)
    if invalid:
        raise ScenarioError([*dict.fromkeys(invalid), *damaged])
    if damaged:
        raise StoreError("\n".join(map(str, damaged)))
    return found


def renewed(
    baseline: Baseline, measured: Measured, reason: str, moved: Mapping[str, int], metrics: Sequence[str]
) -> dict[Path, bytes]:
    """The files of a baseline after the approval of what was measured: contents by path."""
    table = expected_csv(measured)
    approval = Approval(
        date=datetime.now(UTC).date().isoformat(),
        reason=printable(reason.strip()),
        versions={name: version for name, version in provenance.versions().items() if name in LIBRARIES},
        moved=dict(moved),
        metrics=sorted(metrics),
        sha256=_digest(table),
    )
    approvals = "".join(map(_written, [*baseline.approvals, approval]))
    return {baseline.folder / EXPECTED: table.encode(), baseline.folder / APPROVED: approvals.encode()}


def place(key: Key) -> tuple[str, bool, str]:
    """Sorts rows by metric, its total first, then by dimensions; metrics that come or go move no other row."""
    metric, by = key
    return metric, by != TOTAL, by


def expected_csv(measured: Measured) -> str:
    """Measured values as text, in the order of `place`; numbers in the shortest form that gives their bits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    replicates = max(map(len, measured.values()), default=0)
    writer.writerow(["metric", "by", *range(replicates)])
    for key in sorted(measured, key=place):
        (metric, by), cells = key, measured[key]
        writer.writerow([metric, by, *(cell if isinstance(cell, str) else repr(cell) for cell in cells)])
    return text.getvalue()


# --- reading ----------------------------------------------------------------------------------------------------------


class _DamagedError(Exception):
    """A file of a baseline that cannot be used."""

    def __init__(self, path: Path, line: int | None, message: str) -> None:
        from sim.scenario.places import displayed

        self.problem = Problem(displayed(path), line, "", message)


def _read(folder: Path) -> Baseline:
    from sim.scenario.loader import read as read_scenario
    from sim.scenario.places import displayed
    from sim.scenario.schema.root import Scenario

    file, expected, approved = folder / SCENARIO, folder / EXPECTED, folder / APPROVED
    if not file.is_file():
        raise _DamagedError(file, None, "is missing; restore it from version control, or delete the whole folder")
    resolved = read_scenario(file, Scenario)
    scenario = resolved.scenario
    if scenario.name != folder.name:
        message = f"must be the name of its folder, {folder.name}, not {scenario.name}"
        raise ScenarioError([Problem(displayed(file), resolved.origins.get("name", ("", None))[1], "name", message)])
    if not expected.exists() and not approved.exists():
        return Baseline(folder.name, folder, scenario, None)
    approvals = _approvals(approved)
    table = _text(expected)
    measured = dict(_rows(expected, table))
    if _digest(table) != approvals[-1].sha256:
        # By its checksum, not by its key, which YAML lets people write in several ways.
        rows = enumerate(_text(approved).split("\n"), 1)
        line = max((n for n, row in rows if approvals[-1].sha256 in row), default=None)
        raise _DamagedError(approved, line, f"is not the checksum of {EXPECTED}, which was edited since; {RESTORE}")
    return Baseline(folder.name, folder, scenario, measured, approvals)


def _text(path: Path) -> str:
    """The text of a file, however its lines end."""
    try:
        content = regular.content(path, LARGEST_FILE)
    except FileNotFoundError as error:
        raise _DamagedError(path, None, f"is missing; {RESTORE}") from error
    except OSError as error:
        raise _DamagedError(path, None, f"cannot be read: {error.strerror or error}") from error
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _DamagedError(path, line, f"is not UTF-8 text; {RESTORE}") from error


def _rows(path: Path, table: str) -> Iterator[tuple[Key, tuple[Cell, ...]]]:
    """The rows of expected.csv."""
    reader = csv.reader(io.StringIO(table, newline=""), strict=True)
    seen: set[Key] = set()
    try:
        header = next(reader, [])
        replicates = len(header) - 2
        if replicates < 1 or header != ["metric", "by", *map(str, range(replicates))]:
            raise ValueError("the header must be metric,by,0,1,... with a column per replicate")
        for row in reader:
            if len(row) != len(header):
                raise ValueError(f"has {len(row)} cells, the header {len(header)}")
            metric, by, *cells = row
            if not isinstance(json.loads(by), dict):
                raise ValueError(f"'{by}' are no dimensions, such as {{\"year\": 2020}}")
            if (metric, by) in seen:
                raise ValueError(f"{metric} by {by} is there twice")
            seen.add((metric, by))
            yield (metric, by), tuple(cells if metric == DIGEST else map(_number, cells))
    except (csv.Error, ValueError, RecursionError) as error:
        message = str(error) if not isinstance(error, json.JSONDecodeError) else f"dimensions are no JSON ({error.msg})"
        raise _DamagedError(path, max(reader.line_num, 1), f"{message}; {RESTORE}") from error


_NUMBER = re.compile(r"-?(\d+\.\d+|\d(\.\d+)?e[-+]\d+|inf)|nan")


def _number(text: str) -> float:
    # float() would also take '1_0', ' 1' and other writings.
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"'{text[:40]}' is no value as it was written")
    return float(text)


def _approvals(path: Path) -> tuple[Approval, ...]:
    """The entries of approved.yaml, at least one."""
    from sim.scenario.yaml_core import parse

    node, problems = parse(_text(path), str(path))
    if node is None or problems:
        first = problems[0]
        raise _DamagedError(path, first.line, f"{first.message}; {RESTORE}")
    entries = node.value
    if not isinstance(entries, list) or not entries:
        raise _DamagedError(path, node.line, f"must be a list of approvals; {RESTORE}")
    found = []
    for entry in entries:
        try:
            found.append(Approval.model_validate(entry.plain()))
        except ValidationError as error:
            first_fault: Any = error.errors(include_url=False, include_input=False)[0]
            place = first_fault["loc"]
            within = entry.child(str(place[0])) if place else None
            message = f"{'.'.join(map(str, place))}: {first_fault['msg'].lower()}; {RESTORE}"
            raise _DamagedError(path, (within or entry).line, message) from error
    return tuple(found)


def _written(approval: Approval) -> str:
    """An entry of approved.yaml; strings as in JSON, which YAML reads in one way only."""
    versions = ", ".join(f"{name}: {json.dumps(version)}" for name, version in approval.versions.items())
    moved = ", ".join(f"{json.dumps(grade)}: {rows}" for grade, rows in approval.moved.items())
    lines = [
        f"- date: {json.dumps(approval.date)}",
        f"  reason: {json.dumps(approval.reason, ensure_ascii=False)}",
        f"  versions: {{{versions}}}",
        f"  moved: {{{moved}}}",
        f"  metrics: [{', '.join(approval.metrics)}]",
        f"  sha256: {json.dumps(approval.sha256)}",
    ]
    return "\n".join(lines) + "\n"


def _digest(table: str) -> str:
    return hashlib.sha256(table.encode()).hexdigest()
