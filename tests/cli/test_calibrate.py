"""`calibrate` as users meet it: what it prints and writes, its exit codes, and what it leaves alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sim import cli, compiled
from sim.experiment import batch
from sim.experiment.runner import Outcome
from sim.scenario import load, places
from tests.experiment.made_market import MadeMarket, contents, noise, project

Run = Callable[..., int]

SHIPPED = load("baseline").behaviour.talks_per_owner_year
"""The constant before."""


def linear(constants: Mapping[str, float], replicate: int) -> float:
    return 0.01 * constants["talks_per_owner_year"] + noise(replicate)


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MadeMarket:
    made = MadeMarket(linear)
    made.install(monkeypatch)
    monkeypatch.setattr(places, "SCENARIOS", project(tmp_path))
    monkeypatch.chdir(tmp_path)
    return made


def calibrate(*words: str) -> int:
    return cli.main(["calibrate", *words, "--out", "runs", "--jobs", "1"])


def test_the_constant_is_found_printed_and_written(market: MadeMarket, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate("talks_per_owner_year") == 0
    shown = capsys.readouterr()
    title, header, row = shown.out.splitlines()
    assert title == "calibration: one constant at a time, every trial with the same luck"
    assert header.split() == [
        *("constant", "fitted", "to", "old", "new", "its", "interval", "target", "achieved", "95%", "interval"),
        *("range", "trials", "replicates"),
    ]
    value = next(
        line.split()[-1] for line in Path("scenarios/defaults.yaml").read_text().splitlines() if "talks_" in line
    )
    assert float(value) == pytest.approx(15, abs=0.08)
    assert row.split()[:5] == ["talks_per_owner_year", "referral_share", "year=2020", f"{SHIPPED:g}", value]
    assert " 15.0% " in row
    assert " 4 to 60 " in row
    assert row.endswith(" 3")
    assert "talks_per_owner_year 4: referral_share year=2020 0.04, wanted 0.15" in shown.err
    assert "python -m sim.report.register > docs/register.csv" in shown.err
    assert f'sources: "{compiled.sources_digest()[:16]}"' in Path("scenarios/calibration.yaml").read_text()


def test_json_and_quiet(market: MadeMarket, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate("behaviour.talks_per_owner_year", "--json", "--quiet", "--reps", "5", "--seed", "9") == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    content = json.loads(shown.out)
    (fit,) = content["fits"]
    assert content["written"] is True
    assert (fit["old"], fit["target"], fit["seed"], fit["replicates"], fit["problem"]) == (SHIPPED, 0.15, 9, 5, None)
    assert fit["low"] < fit["value"] < fit["high"]
    assert [trial["value"] for trial in fit["trials"]][:2] == [4, 60]
    assert {(task.scenario.seed, task.replicate) for task in market.tasks} == {(9, number) for number in range(5)}


def test_a_dry_run_says_what_would_be_run(market: MadeMarket, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(places.SCENARIOS)
    assert calibrate("--dry-run") == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 5  # title, header, two constants, note
    assert "2 to 16" in shown[2]
    assert shown[2].endswith("never")
    assert calibrate("--dry-run", "--json", "recovery_lift") == 0
    (planned,) = json.loads(capsys.readouterr().out)["planned"]
    assert (planned["constant"], planned["now"], planned["trials"], planned["replicates"]) == (
        "recovery_lift",
        0.1,
        [2, 16],
        3,
    )
    assert (market.tasks, contents(places.SCENARIOS)) == ([], before)
    assert not Path("runs").exists()
    calibrate("talks_per_owner_year", "--quiet")
    capsys.readouterr()
    calibrate("--dry-run", "talks_per_owner_year")
    assert capsys.readouterr().out.splitlines()[2].endswith(", by this code")


def test_a_target_out_of_reach_is_a_breach(market: MadeMarket, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(places.SCENARIOS)
    assert calibrate() == 4  # the second constant does not move the metric at all
    shown = capsys.readouterr()
    assert "none, nearest 0" in shown.out
    assert "behaviour.recovery_lift: referral_share year=2021 is out of reach within 0 to 0.3\n" in shown.err
    assert shown.err.endswith("nothing was written\n")
    assert contents(places.SCENARIOS) == before


def failing(tasks: Any, jobs: int, *, watch: Any, **_: Any) -> list[Outcome]:
    watch(tasks[0], Outcome(0.0, error="ZeroDivisionError: the market vanished"))
    return []


def interrupted(*_: Any, **__: Any) -> list[Outcome]:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("execute", "code", "message"),
    [
        (failing, 3, "replicate 0 of 'tiny-calibration' failed: ZeroDivisionError: the market vanished"),
        (interrupted, 130, "interrupted: finished replicates are kept; the same command continues"),
    ],
)
def test_failures_and_interruptions_leave_the_files_alone(
    market: MadeMarket,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    execute: Any,
    code: int,
    message: str,
) -> None:
    monkeypatch.setattr(batch, "execute", execute)
    before = contents(places.SCENARIOS)
    assert calibrate() == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err.splitlines()
    assert contents(places.SCENARIOS) == before


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["talks"], "scenarios/calibration.yaml has no fit of 'talks'"),
        (["--set", "brand.price=1"], "unknown flag '--set'"),
        (["--years", "3"], "unknown flag '--years'"),
        (["--reps", "0"], "'0' is not a whole number from 1"),
        (["--reps", "10000"], "--reps: must be at most 9999, not 10000"),
        (["--dryrun"], "unknown flag '--dryrun'; did you mean '--dry-run'?"),
    ],
)
def test_wrong_usage(market: MadeMarket, capsys: pytest.CaptureFixture[str], words: list[str], part: str) -> None:
    assert calibrate(*words) == 2
    shown = capsys.readouterr()
    assert (shown.out, market.tasks) == ("", [])
    assert part in shown.err


def test_a_plan_that_is_missing_or_wrong_is_named(market: MadeMarket, capsys: pytest.CaptureFixture[str]) -> None:
    plan = places.SCENARIOS / "calibration.yaml"
    plan.write_text("fits: []\n")
    assert calibrate() == 2
    assert capsys.readouterr().err == "scenarios/calibration.yaml names nothing to fit\n"
    plan.write_text("fits: 3\n")
    assert calibrate() == 2
    assert "scenarios/calibration.yaml:1: fits: must be a list" in capsys.readouterr().err
    plan.unlink()
    assert calibrate() == 2
    assert capsys.readouterr().err == "scenarios/calibration.yaml: cannot be read: No such file or directory\n"
