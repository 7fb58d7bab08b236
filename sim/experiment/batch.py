"""Complete the runs an experiment needs: simulate what is missing, keep what is there, write it all down."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
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


Draw = Callable[[Result], Mapping[str, bytes]]
"""Draws the figures of a run: contents by file name."""


def complete(
    demands: Sequence[Demand],
    jobs: int = 1,
    *,
    progress: Progress | None = None,
    executor: Executor | None = None,
    draw: Draw | None = None,
) -> list[Failure]:
    """Simulate what is missing of all demands in one go and bring the files of their runs up to date.

    `draw` makes the figures of each run, kept in its folder `figures`.

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
                finish(demand, status, journal, draw)
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


def finish(demand: Demand, status: str, journal: Journal, draw: Draw | None = None) -> None:
    """Write what is derived from the stored replicates of a run: summary and figures, then the manifest of all files.

    Nothing is written when the run is as its manifest says.

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
            result = Result.read(run, stored)
            summary = store.parquet_bytes(result.summary_columns())
            drawn = draw(result) if draw else {}
            (run.folder / store.FIGURES).mkdir(exist_ok=True)
            figures = {run.folder / store.FIGURES / name: content for name, content in drawn.items()}
            store.write_whole({run.folder / store.SUMMARY: summary, **store.scenario_file(run, len(stored)), **figures})
        _write_manifest(run, before, status, journal)
    except OSError as error:
        raise UsageError(store.cannot_write(error, run.folder)) from error


def _write_manifest(run: store.Run, before: dict[str, Any], status: str, journal: Journal) -> None:
    """List versions, timings and the checksum of every file."""
    seconds = {number: spent for (folder, number), spent in journal.seconds.items() if folder == run.folder}
    timings = before.get("timings", {}).get("seconds", {}) | seconds
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
        "files": _checksums(run),
    }
    _write_json(run, content)


def relist(run: store.Run) -> None:
    """List the files of a run anew after some were added, such as the figures of a comparison."""
    if content := store.manifest(run.folder):
        _write_json(run, {**content, "files": _checksums(run)})


def _checksums(run: store.Run) -> dict[str, str]:
    files = sorted(path for path in run.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {
        path.relative_to(run.folder).as_posix(): store.sha256(path) for path in files if path.name != store.MANIFEST
    }


def _write_json(run: store.Run, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    store.write_whole({run.folder / store.MANIFEST: f"{text}\n".encode()})
