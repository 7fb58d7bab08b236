"""The files of a run: a folder per resolved scenario, seed and state of the sources; every file whole or absent."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import compiled
from sim.errors import StoreError, UsageError
from sim.experiment.tables import Columns, Scope, Tables

if TYPE_CHECKING:
    from sim.scenario import Scenario

METRICS, SERIES, ORDERS, PLACEBO = "metrics", "series", "orders", "placebo-orders"
"""Kinds of replicate files; of those of a replicate, its metrics are written last."""

MANIFEST, SCENARIO, SUMMARY = "manifest.json", "scenario.yaml", "metrics.parquet"
FIGURES = "figures"


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
        found = (_numbers(self.folder, kind) for kind in (METRICS, SERIES, ORDERS))
        return sorted(set.intersection(*map(set, found)))

    def placebos(self) -> list[int]:
        """Numbers of the placebo replicates that are there."""
        return _numbers(self.folder, PLACEBO)


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
    """Create the folder of a run, or check the one that exists and remove what an interruption left behind.

    Raises:
        UsageError: the folder cannot be written.
        StoreError: a stored file is not what the manifest says.
    """
    replicates = run.folder / "replicates"
    try:
        replicates.mkdir(parents=True, exist_ok=True)
        for stray in replicates.glob(".*.tmp"):
            if not _alive(stray):
                stray.unlink(missing_ok=True)
        if not (run.folder / SCENARIO).exists():
            write_whole(scenario_file(run, run.scenario.replicates))
        write_whole({replicates / ".probe": b""})
        (replicates / ".probe").unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(cannot_write(error, run.folder)) from error


def check(run: Run) -> None:
    """Compare the stored replicates with the manifest.

    Raises:
        StoreError: the manifest is unreadable or a replicate file has changed since it was written.
    """
    for name, digest in manifest(run.folder).get("files", {}).items():
        path = run.folder / name
        if name.startswith("replicates/") and path.is_file() and sha256(path) != digest:
            raise StoreError(f"{path}: the file has changed since it was written; delete it and run the same again")


def scenario_file(run: Run, replicates: int) -> dict[Path, bytes]:
    """The resolved scenario as a file of the run, with the number of replicates that are there."""
    from sim.scenario import dump

    text = dump(run.scenario.model_copy(update={"replicates": replicates}))
    return {run.folder / SCENARIO: text.encode()}


def cannot_write(error: OSError, folder: Path | None = None) -> str:
    """One clear sentence about results that cannot be written."""
    place = folder or (Path(error.filename).parent if error.filename else "the results folder")
    return f"cannot write results to {place}: {error.strerror or error}; choose another folder with --out DIR"


def write_whole(contents: Mapping[Path, bytes]) -> None:
    """Write files so that each is there whole or not at all; the last one appears after all others.

    Raises:
        OSError: with nothing new left behind, unless the system fails between two renames.
    """
    drafts = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in contents}
    try:
        for path, content in contents.items():
            with drafts[path].open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for path, draft in drafts.items():
            os.replace(draft, path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def write_replicate(folder: Path, replicate: int, tables: Tables, *, placebo: bool = False) -> None:
    """Write the files of one replicate (of a placebo only its orders) into the run directory `folder`."""
    scope = json.dumps(dataclasses.asdict(tables.scope))
    parts = {PLACEBO if placebo else ORDERS: tables.orders}
    if not placebo:
        parts |= {SERIES: tables.series, METRICS: tables.metrics}
    write_whole({_path(folder, replicate, kind): parquet_bytes(table, scope) for kind, table in parts.items()})


def read_replicate(folder: Path, replicate: int) -> Tables:
    """Read a replicate back.

    Raises:
        StoreError: a file is missing or damaged.
    """
    metrics, series = (_read(_path(folder, replicate, kind))[0] for kind in (METRICS, SERIES))
    orders, scope = _read(_path(folder, replicate, ORDERS))
    return Tables(metrics, series, orders, scope)


def read_placebo(folder: Path, replicate: int) -> tuple[Columns, Scope]:
    """The orders of a placebo replicate.

    Raises:
        StoreError: the file is missing or damaged.
    """
    return _read(_path(folder, replicate, PLACEBO))


def parquet_bytes(table: Columns, scope: str = "") -> bytes:
    """A table as Parquet with page checksums, which alone betray flipped bits; equal tables give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: pa.array(values, from_pandas=False) for name, values in table.items()}
    arrow = pa.table(columns).replace_schema_metadata({"scope": scope} if scope else None)
    # Through memory: a full disk then shows as an ordinary OSError with its reason.
    buffer = io.BytesIO()
    pq.write_table(arrow, buffer, compression="zstd", write_page_checksum=True)
    return buffer.getvalue()


def sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run directory, empty when there is none yet.

    Raises:
        UsageError: the folder cannot be read.
        StoreError: it is not JSON, or not of the form of a manifest.
    """
    path = folder / MANIFEST
    try:
        str(path).encode()  # Parquet files take no names but those of UTF-8
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeEncodeError) as error:
        # The latter: a name that was read or cannot be written in another encoding (LC_ALL=C).
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise UsageError(f"cannot read results in {folder}: {reason}; choose another folder with --out DIR") from error
    try:
        content = dict(json.loads(text))
        timings = content.get("timings", {})
        if not all(isinstance(part, dict) for part in (content.get("files", {}), timings, timings.get("seconds", {}))):
            raise TypeError("its files or timings are no maps")
    except (ValueError, TypeError, AttributeError) as error:
        raise StoreError(f"{path}: not a readable manifest ({error}); delete it and run the same again") from error
    return content


def _read(path: Path) -> tuple[Columns, Scope]:
    """Columns and scope of a stored table, page checksums verified."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, page_checksum_verification=True)
        meta = json.loads(table.schema.metadata[b"scope"])
        scope = Scope(tuple(meta["weights"]), meta["years"], meta["end_years"], tuple(meta["owners"]))
    except FileNotFoundError as error:
        raise StoreError(f"{path}: the file is missing; run the same again") from error
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise StoreError(f"{path}: the file is damaged; delete it and run the same again") from error
    columns = {name: np.asarray(table[name].to_numpy()) for name in table.column_names}
    return columns, scope


def _path(folder: Path, replicate: int, kind: str) -> Path:
    return folder / "replicates" / f"{replicate:04d}-{kind}.parquet"


def _numbers(folder: Path, kind: str) -> list[int]:
    """Numbers of the replicates that have a file of this kind."""
    names = (path.name.removesuffix(f"-{kind}.parquet") for path in (folder / "replicates").glob(f"*-{kind}.parquet"))
    return sorted(int(name) for name in names if name.isdigit())


def _alive(draft: Path) -> bool:
    """Whether another process is still writing this draft."""
    import psutil

    number = draft.name.split(".")[-2]
    return number.isdigit() and int(number) != os.getpid() and psutil.pid_exists(int(number))
