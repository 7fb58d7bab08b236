"""Bounds of the real scenario, settings of policies that are off, and several scenarios together."""

import argparse
import os
from pathlib import Path

import pytest

from sim import cli
from sim.commands import compare
from sim.errors import ScenarioError, UsageError
from sim.scenario import dump, load, read
from sim.scenario.schema.root import Scenario

CREDIT = "policies.referral.referrer_credit=4000"


def compared(*words: str) -> list[Scenario]:
    options: argparse.Namespace = cli.parser().parse_args(["compare", *words])
    return compare._compared(options)


BOUNDS = [
    ("brand.price=1e18", "must be at most 1,000,000,000,000, not 1e+18"),
    ("policies.paid_ads.budget_per_year=1e13", "must be at most 1,000,000,000,000, not 1"),
    ("market.districts[0].represents=10000000001", "must be at most 10,000,000,000, not 10000000001"),
    ("replicates=10000", "must be at most 9999, not 10000"),
    ("stores.per_district=1001", "must be at most 1000, not 1001"),
    ("stores.sellers_per_store=1001", "must be at most 1000, not 1001"),
    ("stores.by_district={tier1-north: 1001}", "must be at most 1000, not 1001"),
    ("brand.price=nan", "must be an amount of money of at least 0, for example 1000, or such values by calendar year, "
     "not the text 'nan'"),
]  # fmt: skip


@pytest.mark.parametrize(("setting", "message"), BOUNDS)
def test_values_that_could_never_be_simulated_are_refused(setting: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load("baseline", [setting])
    (problem,) = caught.value.problems
    assert problem.message.startswith(message)
    assert "quotes" not in problem.message


def test_more_groups_than_tables_can_number_are_refused() -> None:
    segments = len(load("baseline").market.segments)
    most = (2**15 - 1) // segments
    districts = [{"name": f"d{i}", "tier": 1, "households": 1, "represents": 10} for i in range(most + 1)]
    changes = {"market.districts": districts, "stores.by_district": {}}
    with pytest.raises(ScenarioError, match=f"{segments} segments allow at most {most} districts, not {most + 1}"):
        load("baseline", changes)
    assert len(load("baseline", changes | {"market.districts": districts[:-1]}).market.districts) == most


def test_bounds_themselves_are_allowed() -> None:
    settings = ["replicates=9999", "brand.price=1e12", "stores.per_district=1000", "stores.sellers_per_store=1000"]
    assert load("baseline", settings).replicates == 9999


@pytest.mark.parametrize("value", ["4000", "null"])
def test_a_setting_below_a_policy_that_is_off_does_not_switch_it_on(value: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load("baseline", [f"policies.referral.referrer_credit={value}"])
    assert str(caught.value) == (
        "--set: policies.referral.referrer_credit: policies.referral is off in 'baseline'; "
        "write policies.referral={} before it to switch it on"
    )
    with pytest.raises(ScenarioError, match="is off in 'referral'"):
        load("referral", ["policies.referral=null", CREDIT])


def test_an_empty_policy_switches_it_on() -> None:
    referral = load("baseline", ["policies.referral={}", CREDIT]).policies.referral  # type: ignore[attr-defined]
    assert referral.referrer_credit.at(2020) == 4000


def test_compare_sets_policies_only_where_they_are_on(capsys: pytest.CaptureFixture[str]) -> None:
    baseline, referral = compared("baseline", "referral", "--set", CREDIT, "--set", "horizon.years=2")
    assert baseline == load("baseline", ["horizon.years=2"])
    assert referral == load("referral", [CREDIT, "horizon.years=2"])
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "--set: policies.referral.referrer_credit: not applied to baseline, where policies.referral is off\n"
    )


def test_compare_refuses_a_setting_that_applies_nowhere() -> None:
    with pytest.raises(UsageError, match=r"referrer_credit: policies\.referral is off in baseline; write"):
        compared("baseline", "baseline", "--set", CREDIT)
    with pytest.raises(ScenarioError, match="unknown key; did you mean 'referral'"):
        compared("baseline", "referral", "--set", "policies.referal.referrer_credit=1")


def test_compare_without_a_policy_may_set_it() -> None:
    reference, scenario = compared("referral", "--without", "referral", "--set", CREDIT)
    assert reference.policies.referral is None  # type: ignore[attr-defined]
    assert scenario == load("referral", [CREDIT])


def test_compare_reports_the_problems_of_all_files_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"schema_version: 1\nname: {name}\nextends: baseline\nsede: 1\n")
    one, two = str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml")
    with pytest.raises(ScenarioError) as caught:
        compared(one, two, "nowhere", one)
    assert [problem.file for problem in caught.value.problems] == [one, two, "nowhere"]


def test_flags_are_named_as_flags() -> None:
    with pytest.raises(ScenarioError, match=r"^--years: must be at most 50, not 51$"):
        compared("baseline", "referral", "--years", "51")
    with pytest.raises(UsageError, match=r"^--reps: "):
        compared("baseline", "referral", "--reps", "10000")


def test_a_stored_scenario_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(dump(load("referral")))
    assert load(file) == load("referral")
    file.write_text(dump(load("referral", {"behaviour.search_days": 97}, allow_behaviour=True)))
    with pytest.raises(ScenarioError, match=r"behaviour: only scenarios/defaults.yaml"):
        load(file)


def test_only_the_limits_of_the_project_set_behaviour(tmp_path: Path) -> None:
    file = tmp_path / "limits" / "mine.yaml"
    file.parent.mkdir()
    file.write_text("schema_version: 1\nname: mine\nextends: baseline\nbehaviour: {search_days: 3}\n")
    with pytest.raises(ScenarioError, match=r"mine.yaml:4: behaviour: only"):
        load(file)
    with pytest.raises(ScenarioError, match=r"--set: behaviour: only|override: behaviour: only"):
        load(file, {"behaviour.search_days": 3})
    assert read("limits/queue", Scenario).scenario.name


def test_a_link_to_itself_is_a_problem_like_any_other(tmp_path: Path) -> None:
    os.symlink("loop.yaml", tmp_path / "loop.yaml")
    with pytest.raises(ScenarioError, match=r"loop.yaml: cannot be read: "):
        load(tmp_path / "loop.yaml")
    (tmp_path / "x.yaml").write_text("schema_version: 1\nname: x\nextends: loop\n")
    with pytest.raises(ScenarioError, match=r"loop.yaml: cannot be read: "):
        load(tmp_path / "x.yaml")


def test_paths_of_thousands_of_levels_are_refused_in_a_short_line() -> None:
    with pytest.raises(ScenarioError, match="is nested too deeply") as caught:
        load("baseline", [".".join("a" * 5000) + "=1"])
    assert len(str(caught.value)) < 300


def test_a_missing_name_points_at_the_file_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text("schema_version: 1\nname: tiny\nextends: baseline\n")
    with pytest.raises(ScenarioError, match=r"^tiny: no such scenario; did you mean the file 'tiny.yaml'\?$"):
        load("tiny")
    with pytest.raises(ScenarioError, match=r"^'': no such scenario; there are: baseline"):
        load("")


def test_extending_null_means_the_parent_of_all(tmp_path: Path) -> None:
    text = dump(load("referral"))
    (tmp_path / "x.yaml").write_text(f"extends: null\n{text}")
    assert load(tmp_path / "x.yaml") == load("referral")
