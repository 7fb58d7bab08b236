"""Replicates through executors, in memory and on disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fakes
import numpy as np
import psutil
import pytest

import sim
from sim.errors import ReplicateError, UsageError
from sim.experiment import memory, store
from sim.experiment.batch import Demand, complete
from sim.experiment.runner import Task, execute
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


def test_failing_replicate_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_FAILING", "1")
    run = store.locate(fakes.Scenario(), tmp_path)
    (failure,) = complete([Demand(run, 3)])
    assert "replicate 1 of 'fake' failed: ZeroDivisionError: the market vanished" in failure.message
    assert "Traceback" in failure.details
    assert run.stored() == [0, 2]
    assert store.manifest(run.folder)["status"] == "failed"
    monkeypatch.delenv("FAKE_FAILING")
    assert complete([Demand(run, 3)]) == []
    assert run.stored() == [0, 1, 2]
    assert store.manifest(run.folder)["status"] == "complete"


def test_interruption_keeps_finished_replicates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.locate(fakes.Scenario(), tmp_path)
    model = fakes.Model.run

    def interrupted(self: fakes.Model) -> object:
        if self.replicate == 2:
            raise KeyboardInterrupt
        return model(self)

    with monkeypatch.context() as patch:
        patch.setattr(fakes.Model, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            complete([Demand(run, 4)])
    assert run.stored() == [0, 1]
    assert store.manifest(run.folder)["status"] == "interrupted"
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
    assert list(tmp_path.iterdir()) == [] or not list(tmp_path.glob("fake*"))


def test_free_memory_is_what_the_system_says() -> None:
    assert 0.5 < memory.free() / psutil.virtual_memory().available < 2


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
