"""What an experiment will take: replicates, memory within the limits of containers, time."""

from __future__ import annotations

import gc
import os
import statistics
import sys
import weakref
from pathlib import Path
from typing import Any

import fakes
import psutil
import pytest

from sim.experiment import memory, store
from sim.experiment.batch import Demand, complete
from sim.experiment.forecast import Forecast, Part, forecast
from sim.experiment.manifest import Manifest
from sim.experiment.precision import Goal, Plan
from sim.experiment.tables import simulate
from sim.report import results

BASELINE = fakes.SCENARIOS["baseline"]


def made(tmp_path: Path, membership: str, files: dict[str, str]) -> int:
    """The free memory within made-up control groups."""
    groups = tmp_path / "cgroup"
    for name, content in files.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(content)
    (tmp_path / "self").write_text(membership)
    return memory.free(groups, tmp_path / "self")


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/\n", {"memory.max": "5000000\n", "memory.current": "2000000\n"}, 3_000_000),
        ("0::/a/b\n", {"a/memory.max": "900000\n", "a/memory.current": "300000\n"}, 600_000),  # of the group around
        ("0::/a\n", {"a/memory.max": "max\n", "memory.max": "70000\n", "memory.current": "1\n"}, 69_999),
        ("0::/not-mounted\n", {"memory.max": "5000\n", "memory.current": "9000\n"}, 0),
        (
            "0::/\n",  # what is cached of files can be had
            {"memory.max": "5000\n", "memory.current": "4000\n", "memory.stat": "anon 1\ninactive_file 1500\n"},
            2500,
        ),
        (
            "5:cpu:/\n4:cpuset,memory:/docker/x\n0::/\n",  # version 1
            {"memory/memory.limit_in_bytes": "5000\n", "memory/memory.usage_in_bytes": "1000\n"},
            4000,
        ),
    ],
)
def test_limits_of_containers_count(tmp_path: Path, membership: str, files: dict[str, str], expected: int) -> None:
    assert made(tmp_path, membership, files) == expected


@pytest.mark.parametrize(
    ("membership", "files"),
    [
        ("", {}),
        ("rubbish\n::\n", {"memory.max": "max\n", "memory.current": "1\n"}),
        ("0::/\n", {"memory.max": "max\n", "memory.current": "1\n"}),
        ("0::/\n", {"memory.max": "12\n"}),
        ("5:cpu:/\n", {"memory.max": "5\n", "memory.current": "1\n"}),
    ],
)
def test_without_a_limit_all_of_the_machine_is_free(tmp_path: Path, membership: str, files: dict[str, str]) -> None:
    assert made(tmp_path, membership, files) > 0.3 * psutil.virtual_memory().available
    assert memory.free(tmp_path / "none", tmp_path / "none") > 0.3 * psutil.virtual_memory().available


def test_no_model_outlives_its_replicate(monkeypatch: pytest.MonkeyPatch) -> None:
    models = []

    class Ring(fakes.Model):
        """Refers to itself, as Mesa's models do."""

        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            super().__init__(*arguments, **keywords)
            self.itself = self
            models.append(weakref.ref(self))

    monkeypatch.setattr(sys.modules["sim.model"], "Model", Ring)
    gc.disable()  # or Python might collect it by itself
    try:
        simulate(BASELINE, 0)
        left = [model() for model in models]
    finally:
        gc.enable()
    assert left == [None]


def test_what_is_stored_is_not_simulated_again(tmp_path: Path) -> None:
    run = store.locate(BASELINE, tmp_path)
    complete([Demand(run, 3)])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    expected = forecast([Demand(run, 7, 2), Demand(store.locate(fakes.SCENARIOS["referral"], tmp_path), 1)], 3, 8)
    one, other = expected.parts
    assert (one.wanted, one.stored, one.missing, one.placebos, one.at_once) == (7, 3, 4, 2, 3)
    assert (other.stored, other.missing, other.placebos, other.at_once) == (0, 1, 0, 1)
    assert (one.timed, other.timed) == (3, 0)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_stored_durations_of_worlds_of_this_size_count(tmp_path: Path) -> None:
    complete([Demand(store.locate(BASELINE, tmp_path), 3)])
    other = fakes.Scenario(name="baseline", seed=9)  # another run of the same size
    larger = fakes.Scenario(name="baseline", horizon={"years": 4})
    found = [forecast([Demand(store.locate(one, tmp_path), 5)], 1, 1).parts[0] for one in (other, larger)]
    assert [part.timed for part in found] == [3, 0]
    (folder,) = tmp_path.iterdir()
    listed = Manifest.read(folder)
    assert listed is not None
    assert found[0].seconds_each == statistics.median(listed.timings.seconds.values())
    for path in tmp_path.glob("*/scenario.yaml"):
        path.write_text("[")
    assert forecast([Demand(store.locate(other, tmp_path), 5)], 1, 1).parts[0].timed == 0
    for path in tmp_path.glob("*/manifest.json"):
        path.write_text("{")
    assert forecast([Demand(store.locate(other, tmp_path), 5)], 1, 1).parts[0].timed == 0


def part(**changes: object) -> Part:
    values = {"scenario": "s", "wanted": 10, "stored": 4, "placebos": 0, "bytes_each": 10**9, "at_once": 2}
    return Part(**{**values, "seconds_each": 30.0, "timed": 1, **changes})  # type: ignore[arg-type]


def test_time_is_shared_by_jobs_and_processors() -> None:
    def seconds(jobs: int, processors: int, *parts: Part) -> float:
        return Forecast(parts, jobs, 10**10, processors).seconds

    assert seconds(1, 8, part()) == 180
    assert seconds(2, 8, part()) == 90
    assert seconds(8, 2, part()) == 90
    assert seconds(8, 8, part(), part(stored=10, seconds_each=900.0)) == 30
    assert seconds(4, 4, part(stored=9), part(stored=9, seconds_each=70.0)) == 70
    assert seconds(4, 4, part(stored=10)) == 0


def test_what_does_not_fit_is_said() -> None:
    tight = Forecast([part(at_once=4)], 4, 5 * 10**9, 4)
    assert not tight.fits
    (needs, takes, more) = results.forecast_sentences(tight, Plan(10, 1000, (Goal("cac", {}, 0.02, True),)))
    assert needs == (
        "4.0 GB of memory are needed with 4 jobs; of 5.0 GB that are free 70% may be used: it does not fit: use "
        "--jobs 3."
    )
    assert takes == "It will take about 45 seconds with 4 jobs (as stored runs took)."
    assert more == "More may be added for the precision of cac, up to 1000 replicates."
    roomy = results.forecast_sentences(Forecast([part(timed=0)], 2, 5 * 10**9, 2), Plan(10, 10))
    assert roomy[0].endswith("may be used: it fits.")
    assert roomy[1] == (
        "It will take about 90 seconds with 2 jobs (an order of magnitude, no run of this size is stored: s)."
    )
    done = Forecast([part(stored=10, at_once=0)], 2, 5, 2)
    assert results.forecast_sentences(done, Plan(10, 10)) == ["Everything is stored already."]
    assert done.fits


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.04 seconds"), (99, "99 seconds"), (1500, "25 minutes"), (9000, "2.5 hours"), (4e5, "5 days")],
)
def test_durations_are_words(seconds: float, words: str) -> None:
    assert results.duration(seconds) == words


def test_jobs_beyond_the_processors_are_no_help(tmp_path: Path) -> None:
    expected = forecast([Demand(store.locate(BASELINE, tmp_path), 4)], 4, 1)
    assert expected.seconds == pytest.approx(4 * expected.parts[0].seconds_each)
    assert not os.listdir(tmp_path)
