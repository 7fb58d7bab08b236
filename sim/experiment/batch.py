"""Complete the runs an experiment needs: simulate what is missing, keep what is there, write it all down."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sim.errors import UsageError
from sim.experiment import memory, store, upkeep
from sim.experiment.lock import Notify, locked
from sim.experiment.manifest import Manifest, Status
from sim.experiment.runner import Outcome, Task, execute
from sim.experiment.upkeep import Draw

_LOG = logging.getLogger(__name__)


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
    """A run and how much of it is needed: its first `replicates`, with `events` each with its event log, and its first
    `placebos`."""

    run: store.Run
    replicates: int
    placebos: int = 0
    events: bool = False

    def missing(self) -> list[Task]:
        """What is still to be simulated, also once more for an event log alone."""
        scenario, folder, events = self.run.scenario, self.run.folder, self.events
        stored, placebos = set(self.run.stored()), set(self.run.placebos())
        whole = stored & set(self.run.logged()) if events else stored
        tasks = [Task(scenario, n, folder=folder, events=events) for n in range(self.replicates) if n not in whole]
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
    demands: Sequence[Demand],
    jobs: int = 1,
    *,
    progress: Progress | None = None,
    executor: Executor | None = None,
    draw: Draw | None = None,
    notify: Notify = _LOG.warning,
) -> list[Failure]:
    """Simulate what is missing of all demands in one go and bring the files of their runs up to date.

    While another process works on one of the runs, this one waits, and then uses what that has stored. `draw` makes
    the figures of each run, kept in its folder `figures`; `notify` takes sentences for the user.

    Interrupted, it keeps the finished replicates and passes the interruption on; the same call continues.

    Raises:
        UsageError: too little memory, or results that cannot be written.
        StoreError: stored replicates that have changed.
    """
    demands = list({demand.run.folder: demand for demand in reversed(demands)}.values())[::-1]
    for demand in demands:
        Manifest.read(demand.run.folder)  # a damaged one is refused before anything is written or waited for
    if executor is None:
        _ensure_fits([demand for demand in demands if not demand.run.folder.exists()], jobs)
    for demand in demands:
        try:
            demand.run.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(store.cannot_write(error, demand.run.folder)) from error
    with locked([demand.run.folder for demand in demands], notify):
        if executor is None:
            _ensure_fits(demands, jobs)
        return _complete(demands, jobs, progress, executor, draw, notify)


def _complete(
    demands: Sequence[Demand],
    jobs: int,
    progress: Progress | None,
    executor: Executor | None,
    draw: Draw | None,
    notify: Notify,
) -> list[Failure]:
    """Do what `complete` says, with the locks of the runs held."""
    found = {demand.run.folder: upkeep.meet(demand.run) for demand in demands}
    tasks = [task for demand in demands for task in demand.missing()]
    unfinished = {task.folder for task in tasks}
    for demand in demands:
        folder = demand.run.folder
        if folder not in unfinished and not found[folder].as_listed(drawn=draw is not None):
            _renew(demand, found[folder], draw, notify)
    begun: dict[Path, Manifest] = {}
    journal = Journal()
    status: Status = "interrupted"
    try:
        for demand in demands:
            folder = demand.run.folder
            if folder in unfinished:
                begun[folder] = upkeep.begin(
                    demand.run, found[folder], demand.replicates, demand.placebos, demand.events
                )
        _simulate(tasks, jobs, journal, progress, executor, notify)
        status = "complete"
    finally:
        for run in (demand.run for demand in demands if demand.run.folder in begun):
            if run.folder.is_dir():
                failed = status == "complete" and any(f.folder == run.folder for f in journal.failures)
                spent = {number: spent for (folder, number), spent in journal.seconds.items() if folder == run.folder}
                upkeep.finish(
                    run, found[run.folder], begun[run.folder], "failed" if failed else status, spent, draw, notify
                )
    return journal.failures


def _renew(demand: Demand, found: upkeep.Found, draw: Draw | None, notify: Notify) -> None:
    """Make derived files anew that are missing or have changed; what is stored can be read without them."""
    run = demand.run
    try:
        begun = upkeep.begin(run, found, demand.replicates, demand.placebos, demand.events)
        upkeep.finish(run, found, begun, "complete", {}, draw, notify)
    except UsageError as error:
        notify(str(error))


def _ensure_fits(demands: Sequence[Demand], jobs: int) -> None:
    """Refuse what does not fit into the memory of this machine."""
    for demand in demands:
        if missing := demand.missing():
            memory.ensure_fits(demand.run.scenario, min(jobs, len(missing)), events=demand.events)


def _simulate(
    tasks: Sequence[Task],
    jobs: int,
    journal: Journal,
    progress: Progress | None,
    executor: Executor | None,
    notify: Notify,
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
        execute(tasks, jobs, watch=watch, executor=executor, notify=notify)
    finally:
        if progress:
            progress.stop()
