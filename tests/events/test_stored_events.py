"""Event logs as files of a run: on demand, for any number of jobs, and later than the replicates."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import sim
from sim.cli import main
from sim.errors import ReplicateError, StoreError, UsageError
from sim.experiment import store
from sim.experiment.batch import Demand, complete
from sim.experiment.manifest import Manifest
from sim.experiment.memory import estimate
from sim.experiment.result import Result
from sim.experiment.truth import noise
from sim.experiment.verify import inspect
from sim.scenario import Scenario
from tests.small_world import small


@functools.cache
def scenario() -> Scenario:
    return small("referral", {"horizon.years": 1}, (300, 300))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "replicates").iterdir()}


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two replicates with event logs, by two processes."""
    sim.run(scenario(), 2, jobs=2, out=(out := tmp_path_factory.mktemp("logged")), events=True)
    return store.locate(scenario(), out).folder


def test_logs_are_the_same_for_any_number_of_jobs_and_listed(logged: Path, tmp_path: Path) -> None:
    sim.run(scenario(), 2, out=tmp_path, events=True)
    assert files(store.locate(scenario(), tmp_path).folder) == files(logged)
    listed = Manifest.read(logged)
    assert listed is not None
    assert listed.events
    assert {f"replicates/{n:04d}-events.parquet" for n in range(2)} <= set(listed.files)
    assert inspect(logged).findings == []


def test_a_stored_log_is_the_one_in_memory(logged: Path) -> None:
    stored = Result.read(store.locate(scenario(), logged.parent), range(2)).events
    pd.testing.assert_frame_equal(stored, sim.run(scenario(), 2, events=True).events)
    assert set(stored["replicate"]) == {0, 1}
    schema = pq.read_schema(logged / "replicates" / "0000-events.parquet")
    assert schema.field("household").type == "int32"
    assert "dictionary" in str(schema.field("event").type)


def test_a_run_without_logs_gets_them_later_and_is_otherwise_left_alone(logged: Path, tmp_path: Path) -> None:
    before = sim.run(scenario(), 1, out=tmp_path)
    folder = store.locate(scenario(), tmp_path).folder
    stamps = {path: path.stat().st_mtime_ns for path in (folder / "replicates").iterdir()}
    assert not any("events" in path.name for path in stamps)
    with pytest.raises(UsageError, match="no event log of replicate 0; run the same with --events"):
        _ = before.events
    sim.run(scenario(), 2, out=tmp_path, events=True)
    assert files(folder) == files(logged)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_what_is_there_is_not_simulated_again(logged: Path) -> None:
    run = store.locate(scenario(), logged.parent)
    assert Demand(run, 2, events=True).missing() == []
    assert [(task.replicate, task.events) for task in Demand(run, 3, events=True).missing()] == [(2, True)]
    assert [(task.replicate, task.events) for task in Demand(run, 3).missing()] == [(2, False)]


def test_a_replicate_that_comes_out_differently_gets_no_log(tmp_path: Path) -> None:
    """As it may with other versions of libraries: here the stored orders were made to differ."""
    sim.run(scenario(), 1, out=tmp_path)
    run = store.locate(scenario(), tmp_path)
    stored = store.read_replicate(run.folder, 0)
    stored.orders["price"] = stored.orders["price"] + 1
    store.write_replicate(run.folder, 0, stored)
    (run.folder / "manifest.json").unlink()
    with pytest.raises(ReplicateError, match="simulated again, replicate 0 is not the one stored"):
        sim.run(scenario(), 1, out=tmp_path, events=True)
    assert run.logged() == []


def test_a_damaged_log_is_named(logged: Path, tmp_path: Path) -> None:
    sim.run(scenario(), 1, out=tmp_path, events=True)
    run = store.locate(scenario(), tmp_path)
    path = store.event_log(run.folder, 0)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(StoreError, match=r"0000-events\.parquet: the file is damaged"):
        _ = Result.read(run, [0]).events
    assert [finding.path for finding in inspect(run.folder).findings] == [path]


def test_an_interrupted_run_with_logs_is_finished_with_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sim.run(scenario(), 1, out=tmp_path, events=True)
    run = store.locate(scenario(), tmp_path)
    listed = Manifest.read(run.folder)
    assert listed is not None
    store.event_log(run.folder, 0).unlink()
    (run.folder / "manifest.json").write_bytes(listed.model_copy(update={"status": "interrupted"}).to_bytes())
    assert main(["resume", str(run.folder), "--jobs", "1", "--no-progress"]) == 0
    assert run.logged() == [0]


def test_placebos_have_no_log_and_tell_the_noise(tmp_path: Path) -> None:
    run = store.locate(scenario(), tmp_path)
    assert complete([Demand(run, 1, placebos=1, events=True)]) == []
    assert run.logged() == run.placebos() == [0]
    assert not list(run.folder.glob("replicates/*placebo-events*"))
    pairs = noise(Result.read(run, [0]))
    assert (pairs["kind"] == "same").mean() > 0.5
    assert len(noise(Result.read(store.locate(scenario(), tmp_path / "none"), []))) == 0


def test_logs_are_a_flag_of_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    market = "market.districts=[{name: here, tier: 2, households: 300, represents: 15000}]"
    changes = ["--set", market, "--set", "economics.run_off_years=0", "--years", "1"]
    assert main(["run", "referral", *changes, "--reps", "1", "--jobs", "1", "--out", str(tmp_path), "--events"]) == 0
    (path,) = tmp_path.glob("referral-*/replicates/*-events.parquet")
    assert path.name == "0000-events.parquet"
    assert pq.read_table(path).num_rows > 100


def test_logs_take_memory() -> None:
    (plain, ticks), (large, same_ticks) = estimate(scenario()), estimate(scenario(), events=True)
    assert ticks == same_ticks
    assert large - plain == 600 * 2 * 400


def test_logs_in_memory_are_small_enough_for_the_estimate() -> None:
    log = sim.run(small("referral"), 1, events=True).tables(0).events
    assert log is not None
    years, households = 5, 5000
    # Made of columns, ordered and kept: about three times what is kept in the end.
    assert 2 * sum(column.nbytes for column in log.columns.values()) < 400 * years * households
    assert np.isfinite(log.columns["moment"]).all()
