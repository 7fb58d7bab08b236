"""Two writers of a run: the second waits, and uses what the first has stored."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import fakes
import pytest
from stored import run_in

from sim.experiment import lock
from sim.experiment.batch import Demand, complete
from sim.experiment.lock import locked

HOLDER = """
import sys, time, pathlib
sys.path.insert(0, sys.argv[1])
from sim.experiment.lock import locked
with locked([pathlib.Path(sys.argv[2])], print):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "SECONDS_BETWEEN_TRIES", 0.005)


def test_the_second_waits_and_says_once_for_whom(tmp_path: Path) -> None:
    order: list[str] = []
    said, notes = threading.Event(), list[str]()

    def notify(note: str) -> None:
        notes.append(note)
        said.set()

    def second() -> None:
        with locked([tmp_path], notify):
            order.append("second")

    waiting = threading.Thread(target=second)
    with locked([tmp_path], pytest.fail):
        waiting.start()
        assert said.wait(20)
        order.append("first")
    waiting.join(20)
    assert order == ["first", "second"]
    assert notes == [f"waiting for process {os.getpid()} on {socket.gethostname()}, which is working on {tmp_path}"]
    assert (tmp_path / lock.FILE).read_text() == ""


def test_the_second_uses_what_the_first_has_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_in(tmp_path)
    simulated: list[int] = []
    waits = threading.Event()
    simulate = fakes.Model.run

    def counted(self: fakes.Model) -> object:
        simulated.append(self.replicate)
        assert waits.wait(20)
        return simulate(self)

    monkeypatch.setattr(fakes.Model, "run", counted)
    first = threading.Thread(target=complete, args=[[Demand(run, 2)]])
    first.start()
    while not simulated:
        first.join(0.005)
    second = threading.Thread(target=complete, args=[[Demand(run, 3)]], kwargs={"notify": lambda _: waits.set()})
    second.start()
    for thread in (first, second):
        thread.join(60)
    assert simulated == [0, 1, 2]
    assert run.stored() == [0, 1, 2]


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HOLDER, str(fakes.PROJECT), str(tmp_path)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    assert f"process {process.pid}" in (tmp_path / lock.FILE).read_text()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with locked([tmp_path], pytest.fail):
        pass


def test_experiments_on_the_same_runs_do_not_wait_for_each_other_for_ever(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    (tmp_path / "link").symlink_to(one)
    inside: list[int] = []

    def work(folders: list[Path]) -> None:
        for _ in range(30):
            with locked(folders, lambda _: None):
                inside.append(1)
                assert len(inside) == 1
                inside.clear()

    threads = [
        threading.Thread(target=work, args=[folders], daemon=True)
        for folders in ([one, two], [two, one], [two, tmp_path / "link"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert inside == []


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def without(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", without)
    notes: list[str] = []
    with locked([tmp_path], notes.append):
        pass
    assert notes == [f"cannot lock {tmp_path} ({os.strerror(code)}): make sure that nobody else works on it meanwhile"]


def test_folder_that_cannot_be_written_needs_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 2)])
    (run.folder / lock.FILE).unlink()
    opened = os.open

    def read_only(path: str, flags: int, *rest: int, **more: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return opened(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", read_only)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert complete([Demand(run, 2)], notify=pytest.fail) == []
