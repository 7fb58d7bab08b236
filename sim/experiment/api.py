"""The one call notebooks need."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import ReplicateError, UsageError
from sim.experiment import memory, store
from sim.experiment.batch import Demand, complete
from sim.experiment.result import Result
from sim.experiment.runner import Task, execute

if TYPE_CHECKING:
    from sim.scenario import Scenario


def run(
    scenario: Scenario,
    replicates: int = 10,
    jobs: int = 1,
    *,
    out: str | Path | None = None,
    events: bool = False,
    executor: Executor | None = None,
) -> Result:
    """Simulate the first `replicates` replicates of a scenario, `jobs` at a time.

    The results stay in memory; with `out` they are stored in a run directory below that folder, and what is stored
    there already is not simulated again.

    With `events` the result has the event log of every replicate too (`Result.events`); what is stored without one is
    simulated once more for it.

    `executor` performs the replicates instead of processes of this machine: any `concurrent.futures.Executor`, such as
    that of a cluster whose machines have the same sources and, with `out`, the same folder. `jobs` is then how many
    replicates it holds at once; it stays open, and whether they fit into memory is its affair. A replicate that it
    loses (`BrokenExecutor`) is submitted again, three times at most.

    Raises:
        UsageError: numbers below one, too little memory, or a folder that cannot be written.
        ReplicateError: a replicate failed; with `out` the finished ones are kept.
        StoreError: stored replicates that are damaged.
    """
    if replicates < 1 or jobs < 1:
        raise UsageError("replicates and jobs must be 1 or more")
    if out is not None:
        target = store.locate(scenario, Path(out))
        if failures := complete([Demand(target, replicates, events=events)], jobs, executor=executor):
            raise ReplicateError(failures[0].message)
        return Result.read(target, range(replicates))
    if executor is None:
        memory.ensure_fits(scenario, min(jobs, replicates), events=events)
    tasks = [Task(scenario, number, events=events) for number in range(replicates)]
    outcomes = execute(tasks, jobs, executor=executor)
    for task, outcome in zip(tasks, outcomes, strict=True):
        if outcome.error:
            raise ReplicateError(f"{task.label} failed: {outcome.error}\n{outcome.details}".rstrip())
    return Result.hold(scenario, {n: outcome.tables for n, outcome in enumerate(outcomes) if outcome.tables})
