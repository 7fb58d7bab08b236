"""A shelf of baselines whose results the test gives: the command is tested without simulating anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import cli
from sim.experiment import baselines, check
from sim.experiment.runner import Outcome, Task
from sim.experiment.tables import Scope, Tables

REASON = "the market was measured anew"
REPLICATES = 4
Values = Mapping[tuple[str, str], Sequence[float]]
"""Values of the replicates by metric and dimensions."""

VALUES: dict[tuple[str, str], list[float]] = {
    ("cac", "{}"): [8000.0, 9000.0, 8500.0, 8700.0],
    ("orders", "{}"): [100.0, 120.0, 110.0, 115.0],
    ("orders", '{"year": 2020}'): [50.0, 60.0, 55.0, 57.0],
    ("satisfaction", "{}"): [0.7, float("nan"), 0.75, 0.71],
}


class Shelf:
    """A folder of baselines, and what each measures."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.capsys = root, capsys
        self.measured: dict[str, dict[tuple[str, str], list[float]]] = {}
        self.households: dict[str, int] = {}
        self.failing: set[str] = set()
        self.simulated: list[str] = []

    def add(self, name: str, more: str = "", values: Values = VALUES) -> Path:
        """A new baseline that measures these values."""
        folder = self.root / name
        folder.mkdir(parents=True)
        lines = f"name: {name}\nextends: baseline\nreplicates: {REPLICATES}\n{more}"
        (folder / "scenario.yaml").write_text(lines, encoding="utf-8")
        self.measured[name] = {key: list(cells) for key, cells in values.items()}
        return folder

    def approved(self, *names: str) -> list[Path]:
        """New baselines, approved."""
        folders = [self.add(name) for name in names]
        assert self("--approve", REASON)[0] == 0
        self.simulated.clear()
        return folders

    def __call__(self, *words: str) -> tuple[int, str, str]:
        """Run `check`: exit code, standard output, standard error."""
        code = cli.main(["check", *words, "--jobs", "1", "--no-progress"])
        return (code, *self.capsys.readouterr())

    def files(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}

    def execute(self, tasks: Iterable[Task], jobs: int = 1, **_: Any) -> list[Outcome]:
        return [self._outcome(task) for task in tasks]

    def _outcome(self, task: Task) -> Outcome:
        name = task.scenario.name
        self.simulated.append(name)
        if name in self.failing and task.replicate == 1:
            return Outcome(0.5, error="ZeroDivisionError: the market vanished", details="Traceback: here")
        rows = self.measured[name].items()
        metrics = {
            "metric": np.array([metric for (metric, _), _ in rows], dtype=object),
            "unit": np.array(["-" for _ in rows], dtype=object),
            "by": np.array([by for (_, by), _ in rows], dtype=object),
            "value": np.array([cells[task.replicate] for _, cells in rows]),
        }
        orders = {"household": np.arange(self.households.get(name, 10))}
        return Outcome(0.5, Tables(metrics, {"tick": np.arange(3)}, orders, Scope((1.0,), 1, 1.0, (1,))))


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shelf:
    found = Shelf(tmp_path / "baselines", capsys)
    monkeypatch.setattr(baselines, "root", lambda: found.root)
    monkeypatch.setattr(check, "execute", found.execute)
    return found
