"""The files of a run: a folder per resolved scenario, seed and state of the sources; every file whole or absent."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import operator
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import compiled
from sim.errors import StoreError, UsageError
from sim.experiment import forms, parquet
from sim.experiment.tables import Columns, Scope, Tables

if TYPE_CHECKING:
    from sim.scenario import Scenario

METRICS, SERIES, ORDERS, PLACEBO, EVENTS = "metrics", "series", "orders", "placebo-orders", "events"
"""Kinds of replicate files; of those of a replicate, its metrics are written last, and events on demand alone."""

REPLICATES, FIGURES = "replicates", "figures"
SCENARIO, SUMMARY = "scenario.yaml", "metrics.parquet"

PARTS = (METRICS, SERIES, ORDERS)
"""The files without which a replicate is not whole."""

KINDS = (*PARTS, PLACEBO, EVENTS)
REPLICATE_FILE = re.compile(rf"{REPLICATES}/(?P<number>[0-9]{{4}})-(?P<kind>{'|'.join(KINDS)})\.parquet")
_FIGURE_FILE = re.compile(rf"{FIGURES}/[^/]+\.svg")


@dataclass(frozen=True)
class Run:
    """A run directory and the scenario it belongs to."""

    folder: Path
    scenario: Scenario
    hash: str
    """First eight digits of `identity`."""

    def stored(self) -> list[int]:
        """Numbers of the replicates that are there, whole."""
        # All files, not the metrics alone: a file that was deleted because it was damaged is to be made again.
        found = (_numbers(self.folder, kind) for kind in PARTS)
        return sorted(set.intersection(*map(set, found)))

    def placebos(self) -> list[int]:
        """Numbers of the placebo replicates that are there."""
        return _numbers(self.folder, PLACEBO)

    def logged(self) -> list[int]:
        """Numbers of the replicates that have an event log."""
        return _numbers(self.folder, EVENTS)


LARGEST_SCENARIO = 1_000_000
"""Larger scenario files of a run are not read, bytes; a resolved scenario has less than a tenth of it."""


def belongs(name: str) -> bool:
    """Whether a run directory holds files of this path in it; anything else is foreign there."""
    return name in (SCENARIO, SUMMARY) or any(form.fullmatch(name) for form in (REPLICATE_FILE, _FIGURE_FILE))


def default_out() -> Path:
    """`results/runs` of the project: of the folder with `run.py`, or of the current one for an installed package."""
    project = compiled.PACKAGE.parent
    return (project if (project / "run.py").is_file() else Path.cwd()) / "results" / "runs"


def identity(scenario: Scenario) -> str:
    """SHA-256 of all that decides the results of a replicate: the resolved scenario, its seed and the sources."""
    from sim.scenario import dump

    nameless = {"name": "-", "description": "", "replicates": 1, "thresholds": type(scenario.thresholds)()}
    text = f"{dump(scenario.model_copy(update=nameless))}\0{scenario.seed}\0{compiled.sources_digest()}"
    return hashlib.sha256(text.encode()).hexdigest()


def locate(scenario: Scenario, out: Path | None = None) -> Run:
    """The run of a scenario under `out`; nothing is read or written."""
    short = identity(scenario)[:8]
    return Run((out or default_out()) / f"{scenario.name}-{short}", scenario, short)


def prepare(run: Run) -> None:
    """Create the folders of a run where they are missing, and remove what a killed process left half written there.

    Raises:
        UsageError: a folder cannot be made or written.
    """
    try:
        (run.folder / REPLICATES).mkdir(parents=True, exist_ok=True)
        for folder in (run.folder, run.folder / REPLICATES, run.folder / FIGURES):
            for draft in folder.glob(".*.tmp"):
                if not _being_written(draft):
                    draft.unlink(missing_ok=True)
        write_whole({run.folder / REPLICATES / ".probe": b""})
        (run.folder / REPLICATES / ".probe").unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(cannot_write(error, run.folder)) from error


def scenario_bytes(run: Run) -> bytes:
    """The resolved scenario as the file of the run, with the number of replicates that are there."""
    from sim.scenario import dump

    there = len(run.stored()) or run.scenario.replicates
    return dump(run.scenario.model_copy(update={"replicates": there})).encode()


def cannot_write(error: OSError, folder: Path | None = None) -> str:
    """One clear sentence about results that cannot be written."""
    place = folder or (Path(error.filename).parent if error.filename else "the results folder")
    return f"cannot write results to {place}: {error.strerror or error}; choose another folder with --out DIR"


def write_whole(contents: Mapping[Path, bytes]) -> None:
    """Write files so that each is there whole or not at all; the last one appears after all others.

    A file that exists keeps its permissions. A symbolic link is replaced, never followed: in a run directory it would
    lead out of it, and whoever sends a folder must not choose what is overwritten.

    Raises:
        OSError: with nothing new left behind, unless the system fails between two renames.
    """
    drafts = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in contents}
    try:
        for path, content in contents.items():
            with drafts[path].open("wb") as file:
                with contextlib.suppress(OSError):  # there is none yet, or the file system has no permissions
                    before = path.lstat().st_mode
                    if stat.S_ISREG(before):
                        os.fchmod(file.fileno(), stat.S_IMODE(before))
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path, draft in drafts.items():
            os.replace(draft, path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def write_replicate(folder: Path, replicate: int, tables: Tables, *, placebo: bool = False) -> None:
    """Write the files of one replicate (of a placebo only its orders) into the run directory `folder`.

    Where the replicate is there already, its event log alone is added.

    Raises:
        OSError: they cannot be written.
        StoreError: the replicate that is there is damaged, or is not the one to which the event log belongs.
    """
    scope = json.dumps(dataclasses.asdict(tables.scope))
    parts: dict[str, Columns] = {EVENTS: tables.events.arrays} if tables.events is not None else {}
    if placebo:
        parts = {PLACEBO: tables.orders}
    elif parts and all(_path(folder, replicate, kind).is_file() for kind in PARTS):
        _ensure_same(folder, replicate, tables)
    else:
        parts |= {ORDERS: tables.orders, SERIES: tables.series, METRICS: tables.metrics}
    write_whole({_path(folder, replicate, kind): parquet.to_bytes(table, scope) for kind, table in parts.items()})


def _ensure_same(folder: Path, replicate: int, tables: Tables) -> None:
    """Refuse an event log of another replicate than the stored one, as other versions of libraries might make it."""
    before = read_replicate(folder, replicate)
    pairs = ((before.metrics, tables.metrics), (before.series, tables.series), (before.orders, tables.orders))
    if not all(stored.keys() == new.keys() and all(_same(stored[n], new[n]) for n in new) for stored, new in pairs):
        raise StoreError(
            f"{_path(folder, replicate, ORDERS)}: simulated again, replicate {replicate} is not the one stored, so it "
            "gets no event log; run the same in another folder with --out DIR"
        )


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two columns hold the same values."""
    return np.array_equal(one, other, equal_nan=one.dtype.kind == other.dtype.kind == "f")


def read_replicate(folder: Path, replicate: int) -> Tables:
    """Read a replicate back.

    Raises:
        StoreError: a file is missing or damaged.
    """
    series, _ = _evaluable(folder, replicate, SERIES)
    orders, scope = _evaluable(folder, replicate, ORDERS)
    return Tables(read_metrics(folder, replicate), series, orders, scope)


def read_metrics(folder: Path, replicate: int) -> Columns:
    """The table of metrics of a replicate.

    Raises:
        StoreError: the file is missing or damaged.
    """
    return _evaluable(folder, replicate, METRICS)[0]


def read_placebo(folder: Path, replicate: int) -> tuple[Columns, Scope]:
    """The orders of a placebo replicate.

    Raises:
        StoreError: the file is missing or damaged.
    """
    return _evaluable(folder, replicate, PLACEBO)


def _evaluable(folder: Path, replicate: int, kind: str) -> tuple[Columns, Scope]:
    """Columns and scope of a table that has the form of its kind."""
    from sim import metrics

    path = _path(folder, replicate, kind)
    columns, scope = read_table(path)
    if (fault := forms.fault(kind, columns, metrics.METRICS)) is not None:
        raise StoreError(f"{path}: not a table of {kind}: {fault}; delete it and run the same again")
    return columns, scope


def read_table(path: Path) -> tuple[Columns, Scope]:
    """Columns and scope of a table of a replicate.

    Raises:
        StoreError: the file is missing or damaged.
    """
    columns, text = read_columns(path)
    try:
        meta = json.loads(text)
        weights, years, end, owners = (meta[name] for name in ("weights", "years", "end_years", "owners"))
        scope = Scope(tuple(map(float, weights)), operator.index(years), float(end), tuple(map(operator.index, owners)))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(_damaged(path)) from error
    return columns, scope


def read_columns(path: Path) -> tuple[Columns, str]:
    """Columns of a stored table and the text of its scope, empty where it has none; page checksums are verified.

    Raises:
        StoreError: the file is missing or damaged.
    """
    import pyarrow as pa

    try:
        table = parquet.read(path)
        columns = {name: np.asarray(table[name].to_numpy()) for name in table.column_names}
        text = (table.schema.metadata or {}).get(b"scope", b"").decode()
    except FileNotFoundError as error:
        raise StoreError(f"{path}: the file is missing; run the same again") from error
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise StoreError(_damaged(path)) from error
    return columns, text


def _damaged(path: Path) -> str:
    return f"{path}: the file is damaged; delete it and run the same again"


def event_log(folder: Path, replicate: int) -> Path:
    """The file of the event log of a replicate."""
    return _path(folder, replicate, EVENTS)


def _path(folder: Path, replicate: int, kind: str) -> Path:
    return folder / REPLICATES / f"{replicate:04d}-{kind}.parquet"


def _numbers(folder: Path, kind: str) -> list[int]:
    """Numbers of the replicates that have a file of this kind."""
    paths = (folder / REPLICATES).glob(f"*-{kind}.parquet")
    names = (path.name.removesuffix(f"-{kind}.parquet") for path in paths if path.is_file() and not path.is_symlink())
    return sorted(int(name) for name in names if re.fullmatch("[0-9]{4}", name))


def _being_written(draft: Path) -> bool:
    """Whether another process is still writing this draft, such as a worker that has not yet seen its parent killed."""
    import psutil

    number = draft.name.split(".")[-2]
    likely = number.isascii() and number.isdigit() and len(number) < 10
    return likely and int(number) != os.getpid() and psutil.pid_exists(int(number))
