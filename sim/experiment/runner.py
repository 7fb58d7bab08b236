"""Replicates through any `concurrent.futures.Executor`: the same results for any number of jobs."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim import compiled
from sim.errors import StoreError, UsageError
from sim.experiment import store
from sim.experiment.lock import Notify
from sim.experiment.tables import Tables, simulate

if TYPE_CHECKING:
    from sim.scenario import Scenario

ATTEMPTS = 4
"""How often a replicate is tried whose process is killed each time."""


@dataclass(frozen=True)
class Task:
    """One replicate to simulate; written into `folder`, or handed back in memory when that is None."""

    scenario: Scenario
    replicate: int
    placebo: bool = False
    folder: Path | None = None
    sources: str = field(default_factory=compiled.sources_digest)
    """SHA-256 of the sources that are to simulate it."""
    events: bool = False
    """With its event log; where the replicate is stored already, that is all that is written."""

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
    if compiled.sources_digest() != task.sources:  # a process that started later, or another machine
        return Outcome(0.0, error="the sources of its process are not those it was started from; run the same again")
    try:
        tables = simulate(task.scenario, task.replicate, placebo=task.placebo, events=task.events)
    except Exception as error:
        return Outcome(time.perf_counter() - started, error=_describe(error), details=traceback.format_exc())
    if task.folder is None:
        return Outcome(time.perf_counter() - started, tables=tables)
    try:
        store.write_replicate(task.folder, task.replicate, tables, placebo=task.placebo)
    except OSError as error:
        reason = store.cannot_write(error, task.folder)
        return Outcome(0.0, error=reason, details=traceback.format_exc(), unwritable=True)
    except StoreError as error:
        return Outcome(0.0, error=str(error), details=traceback.format_exc())
    return Outcome(time.perf_counter() - started)


def execute(
    tasks: Sequence[Task],
    jobs: int = 1,
    *,
    watch: Watch | None = None,
    executor: Executor | None = None,
    notify: Notify | None = None,
) -> list[Outcome]:
    """Perform the tasks, `jobs` at a time, and return their outcomes in the order of the tasks.

    `executor` replaces the pool of processes; one job runs in this process. A task whose process is killed is tried
    again, `ATTEMPTS` times in all. On an interruption the running replicates are dropped and the exception passes on;
    what has been stored stays.

    Raises:
        UsageError: results cannot be written.
    """
    compiled.prepare()  # before the workers start, so that they inherit the same cache
    outcomes: dict[int, Outcome] = {}
    jobs = max(1, min(jobs, len(tasks)))
    queue = _Queue(len(tasks), jobs)
    running: dict[Future[Outcome], int] = {}
    with _lent(executor, running) if executor else _own_executor(jobs) as pool:
        while len(outcomes) < len(tasks):
            while (index := queue.next(len(running))) is not None:
                running[_submit(pool, tasks[index])] = index
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                index = running.pop(future)
                if _broken(future) and (attempt := queue.again(index)):
                    if notify:
                        notify(f"{tasks[index].label} lost its process and is tried again, attempt {attempt}")
                    continue
                outcome = outcomes[index] = _outcome(future)
                if outcome.unwritable:
                    raise UsageError(outcome.error)
                if watch:
                    watch(tasks[index], outcome)
    return [outcomes[index] for index in range(len(tasks))]


class _Queue:
    """Says which task is next: `jobs` at once, but one at a time those that ran when a process was killed.

    A killed process takes its whole pool along, so several are suspected of having been the reason. Alone, the guilty
    one shows itself, and breaks after the first count against nobody else.
    """

    def __init__(self, tasks: int, jobs: int) -> None:
        self._jobs = jobs
        self._fresh = deque(range(tasks))
        self._suspects: deque[int] = deque()
        self._breaks: Counter[int] = Counter()

    def next(self, running: int) -> int | None:
        """The next task to hand out while so many are running, None if there is to be none now."""
        # No more than `jobs` are handed out: an executor in this process works as soon as it is asked.
        if self._suspects:
            return self._suspects.popleft() if running == 0 else None
        return self._fresh.popleft() if self._fresh and running < self._jobs else None

    def again(self, task: int) -> int:
        """Note that a task lost its process; the number of its next attempt, 0 if there is to be none."""
        self._breaks[task] += 1
        if self._breaks[task] == ATTEMPTS:
            return 0
        self._suspects.append(task)
        return self._breaks[task] + 1


class _InProcess(Executor):
    """Runs what is submitted at once, in this thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class _Processes(Executor):
    """A pool of processes; when one of them was killed, which ends them all, the next task gets a new pool."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool = self._start()

    def _start(self) -> ProcessPoolExecutor:
        # Spawned, never forked: threads of the numerical libraries do not survive a fork.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_start_worker)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        # Processes started by this are born with SIGINT blocked, so none of them prints a traceback.
        previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            try:
                return self._pool.submit(fn, *args, **kwargs)
            except BrokenProcessPool:
                self._pool.shutdown(wait=True)
                self._pool = self._start()
                return self._pool.submit(fn, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)


@contextlib.contextmanager
def _own_executor(jobs: int) -> Iterator[Executor]:
    """An executor for `jobs` replicates at once; leaving it by an exception ends its processes without waiting."""
    if jobs == 1:
        yield _InProcess()
        return
    resource_tracker.ensure_running()  # its start would lift the block of SIGINT in `submit`
    others = set(multiprocessing.active_children())
    pool = _Processes(jobs)
    try:
        yield pool
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _lent(executor: Executor, running: dict[Future[Outcome], int]) -> Iterator[Executor]:
    """Somebody else's executor, which stays open; leaving it by an exception cancels what it has not yet begun."""
    try:
        yield executor
    except BaseException:
        for future in running:
            future.cancel()
        raise


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
    """Submit a task; an executor that takes no more has failed it."""
    try:
        return pool.submit(perform, task)
    except BrokenExecutor as error:
        refused: Future[Outcome] = Future()
        reason = f"its executor is broken and takes no more replicates ({_describe(error)})"
        refused.set_result(Outcome(0.0, error=reason, details=traceback.format_exc()))
        return refused


def _broken(future: Future[Outcome]) -> bool:
    """Whether the process that was to perform a task was lost."""
    return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


def _outcome(future: Future[Outcome]) -> Outcome:
    """The outcome of a future, also of one whose process was lost."""
    if future.cancelled():
        return Outcome(0.0, error="its executor cancelled it")
    error = future.exception()
    if error is None:
        return future.result()
    details = "".join(traceback.format_exception(error))
    if not isinstance(error, BrokenExecutor):
        return Outcome(0.0, error=_describe(error), details=details)
    alone = f"the last {ATTEMPTS - 1} of them with no other replicate running"
    reason = (
        f"its process was killed in each of {ATTEMPTS} attempts, {alone}; perhaps there is too little memory for it"
    )
    return Outcome(0.0, error=reason, details=details)


def _describe(error: BaseException) -> str:
    """Kind and first line of an exception."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
