"""The shipped baselines: as approved, exercising everything, and moved by every constant of behaviour."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from sim import metrics
from sim.experiment import baselines
from sim.experiment.check import Grade
from sim.policies import POLICIES
from sim.policies.base import Policy

from .noticed import CONSTANTS, SOONEST, allowed, moved_rows, noticed, shipped

PROJECT = Path(__file__).resolve().parents[2]
UP, DOWN = 1.05, 0.95


def test_there_are_enough_and_all_are_approved() -> None:
    assert len(shipped()) >= 8
    for one in shipped().values():
        assert one.approvals
        assert one.expected
        # Fewer replicates could hardly tell a change from noise; the paired t test has one degree of freedom less.
        assert 4 <= one.scenario.replicates <= 6


@pytest.mark.full  # make test ends with `check` itself
@pytest.mark.parametrize("name", baselines.known(baselines.root()))
def test_the_first_replicate_is_as_approved(name: str) -> None:
    assert moved_rows(shipped()[name], 0) == []


def test_every_metric_is_measured_and_not_nothing_somewhere() -> None:
    for name in metrics.METRICS:
        cells = [
            cell
            for one in shipped().values()
            for (metric, _), values in (one.expected or {}).items()
            for cell in values
            if metric == name
        ]
        assert any(not isinstance(cell, str) and math.isfinite(cell) and cell != 0 for cell in cells), name


def test_every_lever_is_moved_somewhere() -> None:
    used = [policy for one in shipped().values() for _, policy in one.scenario.active_policies()]
    for name, policy in POLICIES.items():
        for field, info in policy.model_fields.items():
            usual = info.get_default(call_default_factory=True)
            # That a policy starts and stops is the same for all of them.
            kind = Policy if field in Policy.model_fields else policy
            assert any(isinstance(one, kind) and getattr(one, field) != usual for one in used), f"{name}.{field}"


# --- every constant ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("constant", CONSTANTS)
def test_a_constant_larger_by_a_twentieth_is_noticed(constant: str) -> None:
    assert noticed(constant, UP if allowed(constant, UP) else DOWN)


@pytest.mark.full
@pytest.mark.parametrize("constant", CONSTANTS)
def test_a_constant_smaller_by_a_twentieth_is_noticed(constant: str) -> None:
    assert noticed(constant, DOWN if allowed(constant, DOWN) else UP)


def test_constants_are_fractions() -> None:
    # A whole number would have to move by one at least, which the tests above do not know.
    behaviour = shipped()[SOONEST].scenario.behaviour
    assert all(
        isinstance(getattr(behaviour, constant), float) and getattr(behaviour, constant) for constant in CONSTANTS
    )


def test_a_metric_computed_otherwise_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = metrics.METRICS["orders"]
    other = dataclasses.replace(usual, values=lambda view, by: usual.values(view, by) * (1 + 1e-6))
    monkeypatch.setitem(metrics.METRICS, "orders", other)
    rows = moved_rows(shipped()["ads_only"], 0)
    assert {row.metric for row in rows} == {"orders"}


def test_a_metric_that_is_gone_is_noticed() -> None:
    # Not monkeypatch.delitem, which would put it back at the end: the order of metrics is that of every table.
    with mock.patch.dict(metrics.METRICS):
        del metrics.METRICS["orders"]
        rows = moved_rows(shipped()["ads_only"], 0)
    assert {(row.metric, row.grade) for row in rows} == {("orders", Grade.UNKNOWN)}
    assert next(iter(metrics.METRICS)) == "leads"


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project with two baselines."""
    for name in ("sim", "scenarios"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("couples", "ads_only"):
        shutil.copytree(PROJECT / "results" / "baselines" / name, tmp_path / "results" / "baselines" / name)
    shutil.copy(PROJECT / "run.py", tmp_path)
    return tmp_path


def check(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "run.py", "check", "--quiet", *words]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=600)


@pytest.mark.full  # in short: the constant above, what the command says of it in test_command.py
def test_a_constant_edited_in_the_defaults_fails_the_command(project: Path) -> None:
    defaults = project / "scenarios" / "defaults.yaml"
    text = defaults.read_text(encoding="utf-8")
    edited = re.sub(r"(?m)^  impression_contact: 0\.004$", "  impression_contact: 0.0042", text)
    assert edited != text
    defaults.write_text(edited, encoding="utf-8")
    done = check(project, "--jobs", "1")
    assert done.returncode == 4, done.stderr
    assert "results changed: 2 of 2 baselines (ads_only, couples)" in done.stdout
    for name in ("ads_only", "couples"):
        below = done.stdout.partition(f"{name}: what moved")[2]
        below = below.partition("\n\n")[0]
        assert re.search(r"^[a-z_]+ +total .* changed$", below, re.MULTILINE)
        assert re.search(r"\bleads\b", below)


@pytest.mark.full
def test_the_command_passes_twice_on_a_clean_tree() -> None:
    for jobs in ("2", "1"):
        done = check(PROJECT, "--jobs", jobs, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout)["passed"]
