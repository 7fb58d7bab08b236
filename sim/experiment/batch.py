"""Complete the runs an experiment needs: simulate what is missing, keep what is there, write it all down."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from sim import compiled
from sim.errors import UsageError
from sim.experiment import memory, provenance, store
from sim.experiment.result import Result
from sim.experiment.runner import Outcome, Task, execute


class Progress(Protocol):
    """Whoever tells the user how far the work is."""

    def start(self, total: int) -> None:
        """`total` replicates are about to be simulated."""

    def advance(self, task: Task, outcome: Outcome) -> None:
        """One of them has ended, well or not."""

    def stop(self) -> None:
        """The work has ended or was interrupted."""


@dataclass(frozen=True)
class Demand:
    """A run and how much of it is needed: its first `replicates`, and its first `placebos`."""

    run: store.Run
    replicates: int
    placebos: int = 0

    def missing(self) -> list[Task]:
        """What is still to be simulated."""
        scenario, folder = self.run.scenario, self.run.folder
        stored, placebos = set(self.run.stored()), set(self.run.placebos())
        tasks = [Task(scenario, n, folder=folder) for n in range(self.replicates) if n not in stored]
        return tasks + [Task(scenario, n, True, folder) for n in range(self.placebos) if n not in placebos]


@dataclass(frozen=True)
class Failure:
    """A replicate that could not be simulated."""

    folder: Path
    message: str
    details: str


@dataclass
class Journal:
    """What happened while a batch ran."""

    failures: list[Failure] = field(default_factory=list)
    seconds: dict[tuple[Path, str], float] = field(default_factory=dict)
    """Duration of each replicate simulated, by run folder and number."""


def complete(
    demands: Sequence[Demand], jobs: int = 1, *, progress: Progress | None = None, executor: Executor | None = None
) -> list[Failure]:
    """Simulate what is missing of all demands in one go and bring the files of their runs up to date.

    Interrupted, it keeps the finished replicates and passes the interruption on; the same call continues.

    Raises:
        UsageError: too little memory, or results that cannot be written.
        StoreError: stored replicates that have changed.
    """
    demands = list({demand.run.folder: demand for demand in reversed(demands)}.values())[::-1]
    for demand in demands:
        store.check(demand.run)
    tasks = [task for demand in demands for task in demand.missing()]
    for demand in demands:
        if mine := [task for task in tasks if task.folder == demand.run.folder]:
            memory.ensure_fits(demand.run.scenario, min(jobs, len(mine)))
    journal = Journal()
    status = "interrupted"
    try:
        for demand in demands:
            if any(task.folder == demand.run.folder for task in tasks):
                store.prepare(demand.run)
        _simulate(tasks, jobs, journal, progress, executor)
        status = "complete"
    finally:
        for demand in demands:
            if demand.run.folder.is_dir():
                finish(demand, status, journal)
    return journal.failures


def _simulate(
    tasks: Sequence[Task], jobs: int, journal: Journal, progress: Progress | None, executor: Executor | None
) -> None:
    """Perform the tasks, noting failures and durations."""
    if not tasks:
        return

    def watch(task: Task, outcome: Outcome) -> None:
        folder = task.folder or Path()
        if outcome.error:
            journal.failures.append(Failure(folder, f"{task.label} failed: {outcome.error}", outcome.details))
        else:
            kind = "-placebo" if task.placebo else ""
            journal.seconds[folder, f"{task.replicate:04d}{kind}"] = round(outcome.seconds, 3)
        if progress:
            progress.advance(task, outcome)

    try:
        if progress:
            progress.start(len(tasks))
        execute(tasks, jobs, watch=watch, executor=executor)
    finally:
        if progress:
            progress.stop()


def finish(demand: Demand, status: str, journal: Journal) -> None:
    """Write what is derived from the stored replicates of a run: the summary, then the manifest that lists all files.

    Figures of a run belong here, before the manifest. Nothing is written when the run is as its manifest says.

    Raises:
        UsageError: the folder cannot be written.
    """
    run = demand.run
    before = store.manifest(run.folder)
    if any(failure.folder == run.folder for failure in journal.failures):
        status = "failed"
    stored = run.stored()
    extended = any(folder == run.folder for folder, _ in journal.seconds)
    if not extended and before.get("status") == status:
        return
    try:
        if stored and status != "interrupted":
            summary = store.parquet_bytes(Result.read(run, stored).summary_columns())
            store.write_whole({run.folder / store.SUMMARY: summary, **store.scenario_file(run, len(stored))})
        _write_manifest(run, before, status, journal)
    except OSError as error:
        raise UsageError(store.cannot_write(error, run.folder)) from error


def _write_manifest(run: store.Run, before: dict[str, Any], status: str, journal: Journal) -> None:
    """List versions, timings and the checksum of every file."""
    seconds = {number: spent for (folder, number), spent in journal.seconds.items() if folder == run.folder}
    timings = before.get("timings", {}).get("seconds", {}) | seconds
    files = sorted(path for path in run.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    content = {
        "format": 1,
        "scenario": run.scenario.name,
        "hash": run.hash,
        "identity": store.identity(run.scenario),
        "sources": compiled.sources_digest(),
        "seed": run.scenario.seed,
        "replicates": len(run.stored()),
        "status": status,
        "versions": provenance.versions(),
        "git": provenance.git_state(),
        "timings": {
            "finished": datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds"),
            "seconds": dict(sorted(timings.items())),
        },
        "files": {
            path.relative_to(run.folder).as_posix(): store.sha256(path) for path in files if path.name != store.MANIFEST
        },
    }
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    store.write_whole({run.folder / store.MANIFEST: f"{text}\n".encode()})
