"""Commands on the fake market: in this process, and as users meet them in one of their own where that is the point."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim import cli
from tests.experiment import fakes

FAKES = Path(fakes.__file__)
Done = subprocess.CompletedProcess[str]


class Shell:
    """Runs commands with results below a folder of the test."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        # Width and colour of the terminal that runs the tests shall not matter.
        for name in ("COLUMNS", "FORCE_COLOR"):
            monkeypatch.delenv(name, raising=False)

    def __call__(self, *words: str, out: str = "out", **disturbances: str) -> Done:
        """What a command answers with its results in a folder."""
        return self.answer(*words, "--out", str(self.folder / out), **disturbances)

    def answer(self, *words: str, **disturbances: str) -> Done:
        """What a command answers in this process, which spares the start of another one; with one job alone.

        Worker processes would find pytest where they look for the fake market.
        """
        assert ("--jobs", "2") not in itertools.pairwise(words)
        with self.monkeypatch.context() as patch:
            for name, value in disturbances.items():
                patch.setenv(name, value)
            for name, module in fakes.modules().items():
                patch.setitem(sys.modules, name, module)
            self.capsys.readouterr()
            code = cli.main(words)
        return Done(words, code, *self.capsys.readouterr())

    def command(self, *words: str, out: str = "out") -> list[str]:
        """The words that start a process of its own."""
        return [sys.executable, str(FAKES), *words, "--out", str(self.folder / out)]

    def process(self, *words: str, out: str = "out", **disturbances: str) -> Done:
        """What a command answers in a process of its own."""
        environment = {**os.environ, **disturbances}
        return subprocess.run(
            self.command(*words, out=out), env=environment, capture_output=True, text=True, timeout=300
        )

    def run_dir(self, name: str = "baseline", out: str = "out") -> Path:
        """The folder of a stored run."""
        (folder,) = (self.folder / out).glob(f"{name}-*")
        return folder
