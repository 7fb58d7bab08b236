"""Replicates through executors, in memory and on disk."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fakes
import numpy as np
import psutil
import pytest
from stored import listed, stopping_at

import sim
from sim.errors import ReplicateError, UsageError
from sim.experiment import memory, parquet, store
from sim.experiment.batch import Demand, complete
from sim.experiment.runner import ATTEMPTS, Outcome, Task, _Queue, execute
from sim.experiment.tables import series


def test_outcomes_come_in_the_order_of_tasks_whatever_the_executor() -> None:
    tasks = [Task(fakes.Scenario(), number) for number in range(5)]
    alone = execute(tasks)
    with ThreadPoolExecutor(3) as executor:
        together = execute(tasks, jobs=3, executor=executor)
    for one, other in zip(alone, together, strict=True):
        assert one.tables is not None
        assert other.tables is not None
        np.testing.assert_array_equal(one.tables.metrics["value"], other.tables.metrics["value"])
    first, second = (outcome.tables.metrics["value"] for outcome in alone[:2] if outcome.tables)
    assert not np.array_equal(first, second, equal_nan=True)


class Unreliable(Executor):
    """Works at once, in this process, but loses some replicates: so often by number."""

    def __init__(self, losses: dict[int, int]) -> None:
        self.losses = losses
        self.submitted: Counter[int] = Counter()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        number = args[0].replicate
        self.submitted[number] += 1
        if self.submitted[number] <= self.losses.get(number, 0):
            future.set_exception(BrokenExecutor("its machine was switched off"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def same(one: Outcome, other: Outcome) -> bool:
    """Whether two outcomes have the same tables, bit by bit."""
    tables = [outcome.tables for outcome in (one, other) if outcome.tables]
    return len(tables) == 2 and all(
        parquet.to_bytes(getattr(tables[0], kind)) == parquet.to_bytes(getattr(tables[1], kind))
        for kind in ("metrics", "series", "orders")
    )


@pytest.mark.parametrize("jobs", [1, 3])
def test_lost_replicates_are_tried_again(jobs: int) -> None:
    tasks = [Task(fakes.Scenario(), number) for number in range(5)]
    executor = Unreliable({1: ATTEMPTS - 1, 3: ATTEMPTS, 4: 1})
    notes: list[str] = []
    outcomes = execute(tasks, jobs, executor=executor, notify=notes.append)
    assert executor.submitted == {0: 1, 1: ATTEMPTS, 2: 1, 3: ATTEMPTS, 4: 2}
    assert f"killed in each of {ATTEMPTS} attempts" in outcomes[3].error
    assert "switched off" in outcomes[3].details
    assert notes.count("replicate 1 of 'fake' lost its process and is tried again, attempt 4") == 1
    assert len(notes) == 3 + 3 + 1
    for alone, outcome in zip(execute(tasks), outcomes, strict=True):
        assert same(alone, outcome) == (not outcome.error)


def test_suspects_run_alone() -> None:
    queue = _Queue(tasks=5, jobs=3)
    assert [queue.next(0), queue.next(1), queue.next(2), queue.next(3)] == [0, 1, 2, None]
    assert [queue.again(1), queue.again(2)] == [2, 2]  # 0 was done before the pool broke
    assert queue.next(1) is None
    assert queue.next(0) == 1
    assert queue.next(1) is None
    assert [queue.again(1), queue.next(0), queue.next(0)] == [3, 2, 1]
    assert [queue.next(0), queue.next(1)] == [3, 4]


def test_a_pool_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_DYING", "2")
    monkeypatch.setenv("FAKE_DEATHS", str(tmp_path / "deaths"))
    (tmp_path / "deaths").write_text("x")
    tasks = [Task(fakes.Scenario(), number) for number in range(2)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, initializer=fakes.install) as executor:
        outcomes = execute(tasks, 2, executor=executor)
        assert all(map(same, outcomes, execute(tasks)))
        # It breaks for good, and says so of all that it can no longer take.
        broken = execute([Task(fakes.Scenario(), 2), Task(fakes.Scenario(), 3)], 1, executor=executor)
    assert ["takes no more replicates" in outcome.error for outcome in broken] == [True, True]


def test_python_interface_with_an_executor(tmp_path: Path) -> None:
    alone = sim.run(fakes.Scenario(), replicates=4).metrics
    with ThreadPoolExecutor(2) as executor:
        assert sim.run(fakes.Scenario(), replicates=4, jobs=2, executor=executor).metrics.equals(alone)
        stored = sim.run(fakes.Scenario(), replicates=4, jobs=4, executor=executor, out=tmp_path)
    assert stored.metrics.equals(alone)


def test_other_sources_are_not_mixed_in() -> None:
    (outcome,) = execute([Task(fakes.Scenario(), 0, sources="0" * 64)])
    assert "sources of its process" in outcome.error


def test_failing_replicate_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_FAILING", "1")
    run = store.locate(fakes.Scenario(), tmp_path)
    (failure,) = complete([Demand(run, 3)])
    assert "replicate 1 of 'fake' failed: ZeroDivisionError: the market vanished" in failure.message
    assert "Traceback" in failure.details
    assert run.stored() == [0, 2]
    assert listed(run).status == "failed"
    monkeypatch.delenv("FAKE_FAILING")
    assert complete([Demand(run, 3)]) == []
    assert run.stored() == [0, 1, 2]
    assert listed(run).status == "complete"


def test_interruption_keeps_finished_replicates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.locate(fakes.Scenario(), tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(fakes.Model, "run", stopping_at(2))
        with pytest.raises(KeyboardInterrupt):
            complete([Demand(run, 4)])
    assert run.stored() == [0, 1]
    assert listed(run).status == "interrupted"
    complete([Demand(run, 4)])
    assert run.stored() == [0, 1, 2, 3]


def test_too_little_memory_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, ticks = memory.estimate(fakes.Scenario())
    large, _ = memory.estimate(fakes.Scenario(market={"districts": [{"households": 10**9}]}))
    assert ticks == 5 * 52
    assert large > 1000 * small
    monkeypatch.setattr(memory, "free", lambda: int(2.5 * small / memory.USABLE_SHARE))
    memory.ensure_fits(fakes.Scenario(), 2)
    with pytest.raises(UsageError, match=r"only .* GB are free.*--jobs 2"):
        memory.ensure_fits(fakes.Scenario(), 3)
    with pytest.raises(UsageError, match="fewer households"):
        complete([Demand(store.locate(fakes.Scenario(market={"districts": [{"households": 10**9}]}), tmp_path), 1)])
    assert not list(tmp_path.glob("fake*"))


def test_free_memory_is_what_the_system_says() -> None:
    # A container may allow less.
    assert 0 < memory.free() < 2 * psutil.virtual_memory().available


def test_python_interface_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = sim.run(fakes.Scenario(), replicates=3)
    assert not list(tmp_path.rglob("*.parquet"))
    assert list(result.metrics.columns) == ["metric", "unit", "by", "mean", "low", "high", "n"]
    assert list(result.series.columns) == ["replicate", "tick", "metric", "dimensions", "value"]
    assert result.get("leads")["n"] == 3
    total = result.series.query("metric == 'leads'").groupby("replicate").value.sum().mean()
    assert total == pytest.approx(result.get("leads")["mean"])
    with pytest.raises(UsageError):
        sim.run(fakes.Scenario(), replicates=0)


def test_python_interface_on_disk_equals_memory(tmp_path: Path) -> None:
    stored = sim.run(fakes.Scenario(), replicates=2, out=tmp_path)
    assert stored.run is not None
    assert stored.metrics.equals(sim.run(fakes.Scenario(), replicates=2).metrics)


def test_python_interface_reports_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_FAILING", "0")
    with pytest.raises(ReplicateError, match="replicate 0 of 'fake' failed"):
        sim.run(fakes.Scenario(), replicates=1)


def test_series_put_events_into_their_ticks() -> None:
    records = fakes.records(fakes.Scenario(), 0)
    # Moments on the border belong to the tick that begins there; 29/52 * 52 is below 29 in floating point.
    records.leads["arrived"][:] = 99.0
    borders = np.arange(52) / 52
    records.leads["arrived"][:52] = borders
    table = series(records)
    chosen = (table["metric"] == "leads") & (table["dimensions"] == '{"channel": "paid_ads"}')
    weights = records.weights[records.leads["district"][:52]]
    np.testing.assert_array_equal(table["value"][chosen][:52], weights)
    assert not table["value"][chosen][52:].any()


def test_series_owners_are_gained_and_lost() -> None:
    records = fakes.records(fakes.Scenario(), 0)
    table = series(records)
    owners = table["value"][table["metric"] == "owners"]
    weight = records.weights
    in_time = records.orders["delivered"] < records.years
    gained = weight[records.orders["district"][in_time]].sum()
    left = records.replacements
    gone = ~left["same_brand"] & (left["moment"] < records.years)
    assert len(owners) == records.years * records.ticks_per_year
    assert gone.any()
    assert owners[-1] == pytest.approx(gained - weight[left["district"][gone]].sum())
