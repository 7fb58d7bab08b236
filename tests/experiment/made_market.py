"""A market whose metric follows a curve that the test gives: calibration is tested without simulating anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sim import metrics
from sim.experiment import batch, calibration, store
from sim.experiment.fits import Files
from sim.experiment.runner import Outcome, Task
from sim.metrics import Row
from sim.scenario import places

DEFAULTS = places.SCENARIOS / places.DEFAULTS
PLAN = """\
# what is fitted
fits:
  - constant: behaviour.talks_per_owner_year  # the talkative
    scenario: tiny
    target: {claim: T07, metric: referral_share, by: {year: 2020}, value: 0.15, tolerance: 0.05}
    range: [4, 60]
    replicates: 3
    fit: null  # nothing yet

  # the second one
  - constant: behaviour.recovery_lift
    scenario: tiny
    target: {claim: T07, metric: referral_share, by: {year: 2021}, value: 0.2, tolerance: 0.05}
    range: [0, 0.3]
    replicates: 3
    fit: null
"""
TINY = "name: tiny\nextends: baseline\nhorizon: {years: 2}\n"

Curve = Callable[[Mapping[str, float], int], float]
"""The metric by constants of behaviour and replicate."""


def noise(replicate: int) -> float:
    """The luck of a replicate, the same in every trial; over three replicates it adds up to nothing."""
    return 0.002 * (replicate - 1)


class MadeMarket:
    """Answers for the store and the model: what a run would have measured, and which were asked for."""

    def __init__(self, curve: Curve) -> None:
        self.curve = curve
        self.demands: list[batch.Demand] = []
        self.tasks: list[Task] = []

    def simulate(self, demands: Sequence[batch.Demand]) -> list[batch.Failure]:
        self.demands += demands
        return []

    def execute(self, tasks: Sequence[Task], jobs: int = 1, *, watch: Any = None, **_: Any) -> list[Outcome]:
        """What the command line simulates with."""
        self.tasks += tasks
        for task in tasks:
            watch(task, Outcome(0.0))
        return [Outcome(0.0) for _ in tasks]

    def read(self, run: store.Run, replicates: Sequence[int]) -> MadeMarket:
        """What stands for `Result.read`."""
        self.run, self.replicates = run, replicates
        return self

    def get(self, metric: str, **by: Any) -> dict[str, Any]:
        constants = self.run.scenario.behaviour.model_dump()
        rows = [[Row(metric, by, self.curve(constants, replicate))] for replicate in self.replicates]
        return metrics.summarise(rows)[0]._asdict()

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(calibration, "Result", self)
        monkeypatch.setattr(batch, "execute", self.execute)


def project(folder: Path, plan: str = PLAN) -> Path:
    """A folder of scenarios with the project's defaults and baseline."""
    scenarios = folder / "scenarios"
    scenarios.mkdir()
    for name in (places.DEFAULTS, "baseline.yaml"):
        (scenarios / name).write_bytes((places.SCENARIOS / name).read_bytes())
    (scenarios / "tiny.yaml").write_text(TINY)
    (scenarios / "calibration.yaml").write_text(plan)
    return scenarios


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def study(files: Files, market: MadeMarket, *names: str, **options: Any) -> calibration.Study:
    return calibration.Study(files, files.plan.chosen(names), market.simulate, **options)
