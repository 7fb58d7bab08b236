"""Replicates through any `concurrent.futures.Executor`: the same results for any number of jobs."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import compiled
from sim.errors import UsageError
from sim.experiment import store
from sim.experiment.tables import Tables, simulate

if TYPE_CHECKING:
    from sim.scenario import Scenario


@dataclass(frozen=True)
class Task:
    """One replicate to simulate; written into `folder`, or handed back in memory when that is None."""

    scenario: Scenario
    replicate: int
    placebo: bool = False
    folder: Path | None = None

    @property
    def label(self) -> str:
        """How messages call the task."""
        return f"replicate {self.replicate} of '{self.scenario.name}'" + (" (placebo)" if self.placebo else "")


@dataclass(frozen=True)
class Outcome:
    """What became of a task: exactly one of `tables` (in memory), `seconds` alone (stored) or `error` (failed)."""

    seconds: float
    tables: Tables | None = None
    error: str = ""
    details: str = ""
    """The traceback of a failure."""
    unwritable: bool = False
    """The results could not be written, so no other replicate can be either."""


Watch = Callable[[Task, Outcome], None]
"""Called in the main process for every task that ends."""


def perform(task: Task) -> Outcome:
    """Simulate one task and store it; failures are returned, because not every exception survives pickling."""
    started = time.perf_counter()
    try:
        tables = simulate(task.scenario, task.replicate, placebo=task.placebo)
    except Exception as error:
        return Outcome(time.perf_counter() - started, error=_describe(error), details=traceback.format_exc())
    if task.folder is None:
        return Outcome(time.perf_counter() - started, tables=tables)
    try:
        store.write_replicate(task.folder, task.replicate, tables, placebo=task.placebo)
    except OSError as error:
        reason = store.cannot_write(error, task.folder)
        return Outcome(0.0, error=reason, details=traceback.format_exc(), unwritable=True)
    return Outcome(time.perf_counter() - started)


def execute(
    tasks: Sequence[Task], jobs: int = 1, *, watch: Watch | None = None, executor: Executor | None = None
) -> list[Outcome]:
    """Perform the tasks, `jobs` at a time, and return their outcomes in the order of the tasks.

    `executor` replaces the pool of processes; one job runs in this process. On an interruption the running
    replicates are dropped and the exception passes on; what has been stored stays.

    Raises:
        UsageError: results cannot be written.
    """
    compiled.prepare()  # before the workers start, so that they inherit the same cache
    outcomes: dict[int, Outcome] = {}
    waiting = iter(range(len(tasks)))
    running: dict[Future[Outcome], int] = {}
    jobs = max(1, min(jobs, len(tasks)))
    with contextlib.nullcontext(executor) if executor else _own_executor(jobs) as pool:
        while len(outcomes) < len(tasks):
            # No more than `jobs` are handed out: an executor in this process works as soon as it is asked.
            while len(running) < jobs and (index := next(waiting, None)) is not None:
                running[_submit(pool, tasks[index])] = index
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                index = running.pop(future)
                outcome = outcomes[index] = _outcome(future)
                if outcome.unwritable:
                    raise UsageError(outcome.error)
                if watch:
                    watch(tasks[index], outcome)
    return [outcomes[index] for index in range(len(tasks))]


class _InProcess(Executor):
    """Runs what is submitted at once, in this thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextlib.contextmanager
def _own_executor(jobs: int) -> Iterator[Executor]:
    """An executor for `jobs` replicates at once; leaving it by an exception ends its processes without waiting."""
    if jobs == 1:
        yield _InProcess()
        return
    resource_tracker.ensure_running()  # its start would lift the block of SIGINT in `_submit`
    others = set(multiprocessing.active_children())
    # Spawned, never forked: threads of the numerical libraries do not survive a fork.
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker)
    try:
        yield pool
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    """End with the main process, even if that is killed; leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _submit(pool: Executor, task: Task) -> Future[Outcome]:
    """Submit a task; processes started by this are born with SIGINT blocked, so none of them prints a traceback."""
    if isinstance(pool, _InProcess):
        return pool.submit(perform, task)
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(perform, task)
    except BrokenProcessPool as error:
        broken: Future[Outcome] = Future()
        broken.set_exception(error)
        return broken
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def _outcome(future: Future[Outcome]) -> Outcome:
    """The outcome of a future, also of one whose process died."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BrokenProcessPool):
        return Outcome(0.0, error="its process was killed, perhaps for lack of memory; try fewer --jobs")
    return Outcome(0.0, error=_describe(error), details="".join(traceback.format_exception(error)))


def _describe(error: BaseException) -> str:
    """Kind and first line of an exception."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
