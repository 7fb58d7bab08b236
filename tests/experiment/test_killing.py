"""Processes killed at any moment: `resume` makes of what they left the files of an undisturbed run."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from stored import files

from sim import cli

PROJECT = Path(__file__).resolve().parents[2]
FAKES = [sys.executable, str(PROJECT / "tests" / "experiment" / "fakes.py")]
REAL = [sys.executable, str(PROJECT / "run.py")]
PATIENCE = 120.0
"""Seconds after which something has gone wrong."""

SMALL = [
    "economics.run_off_years=0",
    "market.districts=[{name: here, tier: 2, households: 4000, represents: 14000000}]",
]


class Victim:
    """A command in a session of its own, with the processes it starts."""

    def __init__(self, words: list[str], **disturbances: str) -> None:
        environment = {**os.environ, **disturbances}
        self.process = subprocess.Popen(
            words,
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def lives_until(self, moment: Callable[[], bool]) -> bool:
        """Wait for a moment; False when the command has ended before it."""
        deadline = time.monotonic() + PATIENCE
        while not moment():
            assert time.monotonic() < deadline
            if self.process.poll() is not None:
                return False
            time.sleep(0.002)
        return True

    def workers(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self, *, group: bool) -> None:
        """Kill the main process, or all at once; in either case none is left soon after."""
        workers = self.workers()
        if group:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.communicate(timeout=PATIENCE)
        assert psutil.wait_procs(workers, timeout=PATIENCE)[1] == []


def stored(out: Path) -> int:
    return len(list(out.glob("*/replicates/*-metrics.parquet")))


def completing(words: list[str], out: Path) -> list[str]:
    """The command that completes what is there: `resume`, or the first one where nothing was noted yet."""
    found = list(out.glob("*/manifest.json"))
    return [*words[: words.index("run")], "resume", str(found[0].parent)] if found else words


def moments(kills: int, replicates: int, chance: random.Random, out: Path) -> Iterator[Callable[[], bool]]:
    """When to kill: while it starts, while it simulates ever more replicates, while it finishes; each at random."""
    starting, finishing = kills // 6, max(kills // 5, 1)
    simulating = sorted(chance.randint(1, replicates - 3) for _ in range(kills - starting - finishing))
    for delay in [chance.uniform(0.05, 3) for _ in range(starting)]:
        yield after(delay, lambda: True)
    for least in simulating:
        yield after(chance.uniform(0, 0.1), lambda least=least: stored(out) >= least)  # type: ignore[misc]
    for _ in range(finishing):
        yield after(chance.uniform(0, 0.4), lambda: stored(out) == replicates)


def after(delay: float, moment: Callable[[], bool]) -> Callable[[], bool]:
    """Some seconds after a moment."""
    since: list[float] = []

    def reached() -> bool:
        if not since and moment():
            since.append(time.monotonic())
        return bool(since) and time.monotonic() >= since[0] + delay

    return reached


@pytest.mark.parametrize(
    ("kills", "replicates"),
    [pytest.param(3, 12, id="few"), pytest.param(30, 40, id="many", marks=pytest.mark.full)],
)
def test_a_run_killed_at_any_moment_ends_as_one_that_was_not(
    tmp_path: Path, kills: int, replicates: int, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, out = random.Random(kills), tmp_path / "out"
    words = [*FAKES, "run", "baseline", "--reps", str(replicates), "--out", str(out)]
    done = 0
    for moment in moments(kills, replicates, chance, out):
        jobs = str(chance.choice([1, 2]))
        victim = Victim([*completing(words, out), "--jobs", jobs, "--quiet"], FAKE_SECONDS="0.05")
        while not victim.lives_until(moment):
            assert victim.process.returncode == 0, victim.process.communicate()[1].decode()
            shutil.rmtree(next(out.glob("*/figures")))  # it was quicker: there is something to finish again
            victim = Victim([*completing(words, out), "--jobs", jobs, "--quiet"])
        victim.kill(group=chance.random() < 0.5)
        done += 1
    assert done == kills
    last = subprocess.run([*completing(words, out), "--jobs", "2", "--quiet"], capture_output=True, text=True)
    assert (last.returncode, last.stderr) == (0, "")
    capsys.readouterr()
    assert cli.main([*words[len(FAKES) : -1], str(tmp_path / "straight"), "--jobs", "1", "--quiet"]) == 0
    assert last.stdout == capsys.readouterr().out
    assert files(out) == files(tmp_path / "straight")
    assert not list(out.rglob("*.tmp"))


@pytest.mark.full
def test_the_real_model_killed_while_it_simulates(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [*REAL, "run", "baseline", "--reps", "4", "--years", "1", "--out", str(out)]
    words += [word for change in SMALL for word in ("--set", change)]
    victim = Victim([*words, "--jobs", "2"])
    assert victim.lives_until(lambda: stored(out) >= 1)
    victim.kill(group=False)
    assert stored(out) < 4
    last = subprocess.run([*completing(words, out), "--jobs", "2"], capture_output=True, text=True)
    words[words.index("--out") + 1] = str(tmp_path / "straight")
    straight = subprocess.run([*words, "--jobs", "1"], capture_output=True, text=True)
    assert (last.returncode, straight.returncode) == (0, 0), last.stderr
    assert last.stdout == straight.stdout
    assert files(out) == files(tmp_path / "straight")


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    words = [*FAKES, "run", "baseline", "--reps", "4", "--jobs", "2", "--out", str(tmp_path / "out")]
    victim = Victim([*words, "--no-progress"], FAKE_SECONDS="0.5")
    assert victim.lives_until(lambda: stored(tmp_path / "out") >= 1)
    next(worker for worker in victim.workers() if "spawn_main" in " ".join(worker.cmdline())).kill()
    said = victim.process.communicate(timeout=PATIENCE)[1].decode()
    assert victim.process.returncode == 0, said
    assert "lost its process and is tried again, attempt 2" in said
    assert "Traceback" not in said
    straight = ["run", "baseline", "--reps", "4", "--jobs", "1", "--quiet", "--out", str(tmp_path / "straight")]
    assert cli.main(straight) == 0
    assert files(tmp_path / "out") == files(tmp_path / "straight")


def test_folder_that_is_deleted_meanwhile(tmp_path: Path) -> None:
    words = [*FAKES, "run", "baseline", "--reps", "20", "--jobs", "2", "--no-progress", "--out", str(tmp_path / "out")]
    victim = Victim(words, FAKE_SECONDS="0.1")
    assert victim.lives_until(lambda: stored(tmp_path / "out") >= 2)
    (folder,) = (tmp_path / "out").iterdir()
    folder.rename(tmp_path / "gone")
    said = victim.process.communicate(timeout=PATIENCE)[1].decode().splitlines()
    assert victim.process.returncode == 2
    assert len(said) == 1
    assert said[0].startswith(f"cannot write results to {folder}: No such file or directory")
    assert list((tmp_path / "out").iterdir()) == []


def test_two_at_once_simulate_everything_once(tmp_path: Path) -> None:
    words = [*FAKES, "run", "baseline", "--reps", "4", "--jobs", "1", "--out", str(tmp_path / "out")]
    first = Victim(words, FAKE_SECONDS="0.3")
    assert first.lives_until(lambda: stored(tmp_path / "out") >= 1)
    first.process.send_signal(signal.SIGSTOP)
    others = [Victim(words), Victim(words)]
    for other in others:
        assert other.process.stderr is not None
        assert other.process.stderr.readline().startswith(b"waiting for process %d on " % first.process.pid)
    others[1].process.send_signal(signal.SIGINT)
    assert b"interrupted" in others[1].process.communicate(timeout=PATIENCE)[1]
    assert others[1].process.returncode == 130
    first.process.send_signal(signal.SIGCONT)
    assert b"Traceback" not in first.process.communicate(timeout=PATIENCE)[1]
    said = others[0].process.communicate(timeout=PATIENCE)[1]
    assert (first.process.returncode, others[0].process.returncode) == (0, 0)
    assert b"waiting" not in said
    assert b"simulating" not in said
