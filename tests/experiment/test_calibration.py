"""Calibration: the root that is found, its uncertainty, what is written, and what is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.errors import ReplicateError, ScenarioError, UsageError
from sim.experiment import batch, calibration
from sim.experiment.calibration import Calibrated, Study
from sim.experiment.fits import MOST_FITS, Files, Fit
from sim.experiment.result import Result
from sim.scenario import load, places
from tests.experiment.made_market import PLAN, MadeMarket, contents, noise, project, study
from tests.small_world import small

TALKS, LIFT = "talks_per_owner_year", "recovery_lift"
A_DAY = "2026-01-02"


@pytest.fixture(autouse=True)
def fake_market() -> None:
    """The real loader here, in place of the fake one of this folder."""


def linear(constants: Mapping[str, float], replicate: int) -> float:
    return 0.01 * constants[TALKS] + noise(replicate)


def rising_in_both(constants: Mapping[str, float], replicate: int) -> float:
    return 0.005 * constants[TALKS] + 0.5 * constants[LIFT] + noise(replicate)


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, curve: Any, *names: str, **options: Any) -> list[Calibrated]:
    market = MadeMarket(curve)
    market.install(monkeypatch)
    return study(Files.read(project(folder)), market, *(names or (TALKS,)), **options).run()


# --- the search -------------------------------------------------------------------------------------------------------


def test_the_root_and_its_interval_are_those_of_the_curve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (found,) = run(monkeypatch, tmp_path, linear)
    assert found.problem == ""
    assert found.old == load("baseline").behaviour.talks_per_owner_year
    assert found.best.value == pytest.approx(15, abs=0.08)  # a tenth of 5% of 0.15, by the slope
    assert found.best.mean == pytest.approx(0.15, abs=0.00075)
    # Three replicates with standard deviation 0.002: 4.3027 x 0.002 / sqrt(3) = 0.00497 in the metric, by slope 0.01.
    half = 4.3027 * 0.002 / math.sqrt(3) / 0.01
    assert found.high - found.best.value == pytest.approx(half, rel=0.03)
    assert found.best.value - found.low == pytest.approx(half, rel=0.03)
    assert len(found.trials) <= calibration.MOST_TRIALS
    assert not found.blurred


def test_a_falling_metric_and_a_range_from_zero(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (found,) = run(monkeypatch, tmp_path, lambda constants, replicate: 0.3 - constants[LIFT] + noise(replicate), LIFT)
    assert found.problem == ""
    assert found.best.value == pytest.approx(0.1, abs=0.001)
    assert found.low < found.best.value < found.high


def test_every_trial_has_the_same_luck_and_differs_in_the_constant_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    market = MadeMarket(linear)
    market.install(monkeypatch)
    study(Files.read(project(tmp_path)), market, TALKS, seed=7, replicates=5).run()
    assert len(market.demands) > 4
    assert {demand.replicates for demand in market.demands} == {5}
    scenarios = [demand.run.scenario for demand in market.demands]
    assert {scenario.name for scenario in scenarios} == {"tiny-calibration"}
    assert {scenario.seed for scenario in scenarios} == {7}
    values = [scenario.behaviour.talks_per_owner_year for scenario in scenarios]
    assert len(set(values)) == len(values), "no value is asked for twice"
    assert all(4 <= value <= 60 and value == float(f"{value:.4g}") for value in values)
    same = {"behaviour": scenarios[0].behaviour}
    assert all(scenario.model_copy(update=same) == scenarios[0] for scenario in scenarios)


@pytest.mark.parametrize(("slope", "nearest"), [(0.001, 60.0), (0.1, 4.0)])
def test_a_target_out_of_reach_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, slope: float, nearest: float
) -> None:
    (found,) = run(monkeypatch, tmp_path, lambda constants, replicate: slope * constants[TALKS])
    assert found.problem == "out of reach within 4 to 60"
    assert (found.best.value, len(found.trials)) == (nearest, 2)
    assert math.isnan(found.low)


def test_a_metric_that_jumps_over_the_target_is_not_fitted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (found,) = run(monkeypatch, tmp_path, lambda constants, replicate: 0.1 if constants[TALKS] < 20 else 0.4)
    assert found.problem == "33.3% away at best, more than 5.0%"


def test_a_metric_that_is_undefined_is_not_fitted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def curve(constants: Mapping[str, float], replicate: int) -> float:
        return linear(constants, replicate) if constants[TALKS] in (4, 60) else math.nan

    (found,) = run(monkeypatch, tmp_path, curve)
    assert found.problem.startswith("undefined at ")
    assert found.best.value in (4, 60)


def test_one_replicate_leaves_the_uncertainty_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (found,) = run(monkeypatch, tmp_path, linear, replicates=1)
    assert found.problem == ""
    assert (found.fit(A_DAY).low, found.fit(A_DAY).high) == (None, None)
    assert found.blurred


def test_a_noisy_metric_is_said_to_be_blurred(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (found,) = run(monkeypatch, tmp_path, lambda constants, r: 0.01 * constants[TALKS] + 10 * noise(r))
    assert found.problem == ""
    assert found.blurred


def test_the_second_constant_is_fitted_with_the_first_one_found_and_the_first_measured_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def curve(constants: Mapping[str, float], replicate: int) -> float:
        return 0.01 * constants[TALKS] + (constants[LIFT] if constants[TALKS] != 12 else math.nan)

    # 0.01 x 5 + 0.1 (the default) = 0.15 for the first; then 0.05 + 0.15 = 0.2 for the second, which spoils the first.
    first, second = run(monkeypatch, tmp_path, curve, TALKS, LIFT)
    assert first.best.value == pytest.approx(5, abs=0.1)
    assert second.best.value == pytest.approx(0.15, abs=0.002)
    assert second.problem == ""
    assert first.best.mean == pytest.approx(0.2, abs=0.002)
    assert first.problem.endswith("more than 5.0% once the constants after it were fitted: give it a place after them")


def test_constants_that_do_not_touch_each_other_are_both_fitted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    market = MadeMarket(linear)
    market.install(monkeypatch)
    monkeypatch.setattr(market, "get", lambda metric, year: get(market, metric, year))
    get = _by_year
    first, second = study(Files.read(project(tmp_path)), market).run()
    assert (first.problem, second.problem) == ("", "")
    assert first.best.value == pytest.approx(15, abs=0.08)
    assert second.best.value == pytest.approx(0.2, abs=0.001)


def _by_year(market: MadeMarket, metric: str, year: int) -> dict[str, Any]:
    """The first year moves with one constant, the second with the other."""
    constants = market.run.scenario.behaviour
    mean = {2020: 0.01 * constants.talks_per_owner_year, 2021: constants.recovery_lift}[year]
    return {"mean": mean, "low": mean - 0.001, "high": mean + 0.001, "n": 3}


def test_failed_replicates_end_the_calibration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = Files.read(project(tmp_path))
    failure = batch.Failure(tmp_path, "replicate 1 failed", "")
    with pytest.raises(ReplicateError, match=r"1 replicate\(s\) failed, so nothing was fitted"):
        Study(files, files.plan.chosen([TALKS]), lambda demands: [failure]).run()


def test_a_known_constant_is_found_again_and_an_interrupted_calibration_continues(tmp_path: Path) -> None:
    """The real model: the target is what a known value of the constant brings about."""
    from sim.scenario import dump

    scenarios, out = project(tmp_path), tmp_path / "runs"
    tiny = small("baseline", {"horizon.years": 1, "economics.run_off_years": 0, "name": "tiny"}, (1500,))
    (scenarios / "tiny.yaml").write_text(dump(tiny))
    by = {"channel": "word_of_mouth"}
    plan = yaml.safe_load(PLAN)
    plan["fits"] = plan["fits"][:1]
    plan["fits"][0] |= {"range": [5, 80], "replicates": 2}
    plan["fits"][0]["target"] |= {"metric": "leads", "by": by, "value": 1.0}
    (scenarios / "calibration.yaml").write_text(yaml.safe_dump(plan))
    files = Files.read(scenarios)
    (entry,) = files.plan.fits
    known = Study(files, [entry], batch.complete, out=out).scenario(entry, {entry.constant: 24.0})
    demand = batch.Demand(calibration.store.locate(known, out), 2)
    assert batch.complete([demand]) == []
    plan["fits"][0]["target"]["value"] = Result.read(demand.run, range(2)).get("leads", **by)["mean"]
    (scenarios / "calibration.yaml").write_text(yaml.safe_dump(plan))
    files = Files.read(scenarios)
    seen: list[int] = []

    def interrupted(demands: Any) -> list[batch.Failure]:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(sum(len(demand.missing()) for demand in demands))
        return batch.complete(demands)

    with pytest.raises(KeyboardInterrupt):
        Study(files, files.plan.fits, interrupted, out=out).run()
    before = len(seen)
    again: list[int] = []

    def counted(demands: Any) -> list[batch.Failure]:
        again.append(sum(len(demand.missing()) for demand in demands))
        return batch.complete(demands)

    (found,) = Study(files, files.plan.fits, counted, out=out).run()
    assert again[:before] == [0] * before, "what was simulated is not simulated again"
    assert all(again[before:])
    assert found.problem == ""
    assert 18 < found.best.value < 32
    assert found.best.mean == pytest.approx(found.entry.target.value, rel=0.05)


# --- what is written --------------------------------------------------------------------------------------------------


def made_fit(value: float = 14.25) -> Fit:
    return Fit(
        value=value,
        date=A_DAY,
        seed=1,
        replicates=3,
        achieved=0.15,
        low=14.0,
        high=14.5,
        iterations=7,
        sources="0" * 16,
    )


def test_writing_changes_one_line_and_one_block(tmp_path: Path) -> None:
    scenarios = project(tmp_path)
    before = contents(scenarios)
    Files.read(scenarios).write({TALKS: made_fit()})
    after = contents(scenarios)
    assert {name for name in before if before[name] != after[name]} == {"defaults.yaml", "calibration.yaml"}
    old, new = (text["defaults.yaml"].decode().splitlines() for text in (before, after))
    changed = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    assert [(a.split(":")[0], b) for a, b in changed] == [("  talks_per_owner_year", "  talks_per_owner_year: 14.25")]
    block = (
        "    fit:  # nothing yet\n      value: 14.25\n      date: \"2026-01-02\"\n      seed: 1\n      replicates: 3\n"
        "      achieved: 0.15\n      low: 14\n      high: 14.5\n      iterations: 7\n"
        "      sources: \"0000000000000000\"\n"
    )  # fmt: skip
    assert after["calibration.yaml"].decode() == PLAN.replace("    fit: null  # nothing yet\n", block)
    files = Files.read(scenarios)
    assert files.plan.fits[0].fit == made_fit()
    assert files.value(files.plan.fits[0]) == 14.25
    files.write({TALKS: made_fit(20.0), LIFT: made_fit(0.25)})
    again = Files.read(scenarios)
    assert [entry.fit for entry in again.plan.fits] == [made_fit(20.0), made_fit(0.25)]
    text = (scenarios / "calibration.yaml").read_text()
    assert text.count("date:") == 2
    assert "\n\n  # the second one\n" in text
    assert "  talks_per_owner_year: 20\n" in (scenarios / "defaults.yaml").read_text()


def test_comments_and_line_ends_of_other_systems_stay(tmp_path: Path) -> None:
    scenarios = project(tmp_path, PLAN.replace("\n", "\r\n"))
    text = (scenarios / "defaults.yaml").read_text()
    (row,) = (row for row in text.splitlines() if row.startswith(f"  {TALKS}:"))
    commented = text.replace(row, f"  {TALKS}:   12   # per year: a guess").replace("\n", "\r\n")
    (scenarios / "defaults.yaml").write_bytes(commented.encode())
    (scenarios / "calibration.yaml").write_bytes(PLAN.replace("\n", "\r\n").encode())
    Files.read(scenarios).write({TALKS: made_fit()})
    expected = commented.replace(f"{TALKS}:   12 ", f"{TALKS}:   14.25 ").encode()
    assert (scenarios / "defaults.yaml").read_bytes() == expected
    plan = (scenarios / "calibration.yaml").read_bytes()
    assert plan.count(b"\r\n") == plan.count(b"\n")
    assert Files.read(scenarios).plan.fits[0].fit == made_fit()


@pytest.mark.parametrize("name", ["defaults.yaml", "calibration.yaml"])
def test_files_that_changed_meanwhile_are_left_alone(tmp_path: Path, name: str) -> None:
    scenarios = project(tmp_path)
    files = Files.read(scenarios)
    with (scenarios / name).open("a") as file:
        file.write("# somebody was here\n")
    before = contents(scenarios)
    with pytest.raises(UsageError, match=rf"{name} has changed meanwhile; nothing was written"):
        files.write({TALKS: made_fit()})
    assert contents(scenarios) == before


def test_what_shares_its_line_with_others_is_not_written(tmp_path: Path) -> None:
    scenarios = project(tmp_path)
    plan = yaml.safe_load(PLAN)
    (scenarios / "calibration.yaml").write_text(yaml.safe_dump(plan, default_flow_style=True, width=1000))
    before = contents(scenarios)
    with pytest.raises(UsageError, match=r"calibration.yaml:1: fits\[0\].fit: must stand on lines of its own"):
        Files.read(scenarios).write({TALKS: made_fit()})
    values = yaml.safe_load((scenarios / "defaults.yaml").read_text())
    (scenarios / "defaults.yaml").write_text(yaml.safe_dump(values, default_flow_style=True, width=10_000))
    (scenarios / "calibration.yaml").write_text(PLAN)
    with pytest.raises(UsageError, match=r"defaults.yaml:1: behaviour.talks_per_owner_year: must stand on lines"):
        Files.read(scenarios).write({TALKS: made_fit()})
    assert contents(scenarios).keys() == before.keys(), "no drafts are left"
    assert (scenarios / "calibration.yaml").read_text() == PLAN


# --- what is refused --------------------------------------------------------------------------------------------------

REFUSED = [
    ("talks_per_owner_year ", "talks_per_owner_yaer ", 3, "fits[0].constant", "did you mean 'talks_per_owner_year'?"),
    ("constant: behaviour.talks", "constant: talks", 3, "fits[0].constant", "must be behaviour.NAME"),
    ("behaviour.recovery_lift", "behaviour.talks_per_owner_year", 11, "fits[1].constant", "is fitted by fits[0]"),
    ("year: 2021", "year: 2020", 13, "fits[1].target", "is the target of fits[0] already"),
    ("metric: referral_share, by: {year: 2020}", "metric: referal_share", 5, "fits[0].target.metric",
     "there is no metric 'referal_share'; did you mean 'referral_share'?"),
    ("by: {year: 2020}", "by: {tie: weak}", 5, "fits[0].target.by", "is not measured by tie"),
    ("value: 0.15", "value: 0", 5, "fits[0].target.value", "must not be 0"),
    ("value: 0.15", "value: '0.15'", 5, "fits[0].target.value", "write it without quotes"),
    ("tolerance: 0.05}\n    range: [4", "tolerance: 5}\n    range: [4", 5, "fits[0].target.tolerance", "below 1"),
    ("{claim: T07, metric: referral_share, by: {year: 2020}", "{claim: Tesla, metric: referral_share", 5,
     "fits[0].target.claim", "must have the form"),
    ("range: [4, 60]", "range: [60, 4]", 6, "fits[0].range", "low below high"),
    ("range: [4, 60]", "range: [-4, 60]", 6, "fits[0].range[0]", "must be a rate of at least 0, not -4"),
    ("range: [4, 60]", "range: [4]", 6, "fits[0].range", "must have at least 2 entries, not 1"),
    ("range: [4, 60]", "rang: [4, 60]", 6, "fits[0].rang", "unknown key; did you mean 'range'?"),
    ("    replicates: 3\n    fit: null  # nothing yet", "    fit: null", 3, "fits[0].replicates", "missing"),
    ("replicates: 3\n    fit: null  #", "replicates: 0\n    fit: null  #", 7, "fits[0].replicates", "at least 1"),
    ("fit: null  # nothing yet", "fit: {value: 99, date: \"2026-01-02\", seed: 1, replicates: 3, achieved: 1, "
     "iterations: 1, sources: \"0000000000000000\"}", 8, "fits[0].fit.value", "must lie in the range 4 to 60, not 99"),
    ("# what is fitted", "name: x", 1, "name", "unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "path", "message"), REFUSED)
def test_a_wrong_plan_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, line: int, path: str, message: str
) -> None:
    assert PLAN.count(old) == 1
    project(tmp_path, PLAN.replace(old, new))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScenarioError) as caught:
        Files.read(Path("scenarios"))
    (found,) = [problem.message for problem in caught.value.problems if (problem.line, problem.path) == (line, path)]
    assert message in found
    assert {problem.file for problem in caught.value.problems} == {"scenarios/calibration.yaml"}


def test_no_more_constants_are_fitted_than_could_be_believed(tmp_path: Path) -> None:
    from sim.scenario.schema.behaviour import Behaviour

    entry = yaml.safe_load(PLAN)["fits"][0]
    entries = [
        {**entry, "constant": f"behaviour.{name}", "target": {**entry["target"], "by": {"year": 2000 + place}}}
        for place, name in enumerate([*Behaviour.model_fields][: MOST_FITS + 1])
    ]
    scenarios = project(tmp_path, json.dumps({"fits": entries[:MOST_FITS]}))
    assert len(Files.read(scenarios).plan.fits) == MOST_FITS
    (scenarios / "calibration.yaml").write_text(json.dumps({"fits": entries}))
    with pytest.raises(ScenarioError, match="fits: must have at most 14 entries, not 15"):
        Files.read(scenarios)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("year  # the talkative\n    scenario: tiny\n", "year\n    scenario: tinny\n",
         r"calibration.yaml:4: fits\[0\].scenario: no such scenario; did you mean 'tiny'\?"),
        ("by: {year: 2020}", "by: {year: 2030}",
         r"calibration.yaml:5: fits\[0\].target.by.year: must be a value of year in this scenario, not 2030"),
    ],
)  # fmt: skip
def test_scenarios_are_looked_at_before_anything_runs(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert PLAN.count(old) == 1
    files = Files.read(project(tmp_path, PLAN.replace(old, new)))
    with pytest.raises(ScenarioError, match=message):
        study(files, MadeMarket(linear), TALKS)


def test_scenarios_of_a_fit_have_the_behaviour_of_all(tmp_path: Path) -> None:
    scenarios = project(tmp_path)
    with (scenarios / "tiny.yaml").open("a") as file:
        file.write(f"behaviour: {{{TALKS}: 13}}\n")
    with pytest.raises(ScenarioError, match=r"only scenarios/defaults.yaml and closed-form scenarios may set"):
        study(Files.read(scenarios), MadeMarket(linear), TALKS)
    (scenarios / "limits").mkdir()
    (scenarios / "tiny.yaml").rename(scenarios / "limits" / "tiny.yaml")
    (scenarios / "calibration.yaml").write_text(PLAN.replace("scenario: tiny", "scenario: limits/tiny"))
    with pytest.raises(UsageError, match=r"scenario 'limits/tiny' has behaviour of its own"):
        study(Files.read(scenarios), MadeMarket(linear), TALKS)


def test_names_are_those_of_the_plan(tmp_path: Path) -> None:
    plan = Files.read(project(tmp_path)).plan
    assert [entry.name for entry in plan.chosen([])] == [TALKS, LIFT]
    assert [entry.name for entry in plan.chosen([LIFT, f"behaviour.{TALKS}"])] == [TALKS, LIFT]
    with pytest.raises(UsageError, match=r"has no fit of 'talks_per_owner'; did you mean 'talks_per_owner_year'\?"):
        plan.chosen(["talks_per_owner"])


def test_the_plan_of_the_project_is_valid_and_no_scenario() -> None:
    files = Files.read(places.SCENARIOS)
    assert files.plan.fits
    assert "calibration" not in places.known()
