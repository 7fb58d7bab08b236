"""`--set` and settings from Python."""

import numpy as np
import pytest

from sim.schedule import Schedule

from .toy import Project, Toy


def test_values_are_typed_like_yaml(project: Project) -> None:
    settings = [
        "seed=0o17",
        "drift=-1e-3",
        "description=NO",
        "capacity={2020: 3, 2022: 5}",
        "policies.referral={}",
        "policies.referral.cap_per_year=unlimited",
        "policies.referral.one_click=true",
        "policies.paid_ads=null",
        "market.districts[1].households=7",
        'name="x-1"',
    ]
    toy = project.load("baseline", settings).scenario
    assert (toy.seed, toy.drift, toy.description, toy.name) == (15, -0.001, "NO", "x-1")
    assert toy.capacity == Schedule((3, 5), (2020.0, 2022.0), holds=True)
    assert toy.policies.referral is not None
    assert toy.policies.referral.cap_per_year.at(2020) == float("inf")
    assert toy.policies.referral.one_click
    assert toy.policies.paid_ads is None
    assert [d.households for d in toy.market.districts] == [25000, 7]


def test_python_values_mean_the_same_as_text(project: Project) -> None:
    texts = [
        "seed=3",
        "drift=0.5",
        "policies.paid_ads.budget_per_year={2020: 1, 2022.5: 2}",
        "policies.referral={}",
        "policies.referral.share=1",
    ]
    values = {
        "seed": np.int64(3),
        "drift": np.float64(0.5),
        "policies": {"paid_ads": {"budget_per_year": Schedule((1.0, 2.0), (2020.0, 2022.5))}},
        "policies.referral": {},
        "policies.referral.share": 1,
    }
    assert project.load("baseline", texts).scenario == project.load("baseline", values).scenario


def test_years_of_a_schedule_can_be_set_one_by_one(project: Project) -> None:
    toy = project.load(
        "baseline", ["policies.paid_ads.budget_per_year.2021.5=9", "policies.paid_ads.budget_per_year.2023=null"]
    ).scenario
    assert toy.policies.paid_ads is not None
    assert toy.policies.paid_ads.budget_per_year == Schedule((1000.0, 9.0), (2020.0, 2021.5))


def test_the_last_setting_wins(project: Project) -> None:
    assert project.load("baseline", ["seed=1", "seed=2"]).scenario.seed == 2
    project.write("scenarios/x.yaml", "name: x\nextends: baseline\nseed: 8\n")
    assert project.load("x", ["seed=2", "seed=null"]).scenario.seed == Toy.model_fields["seed"].default


BAD = [
    ("seed", "--set: must be PATH=VALUE, for example seed=7, not 'seed'"),
    ("=3", "--set: must be PATH=VALUE"),
    ("seed=", "--set: seed: has no value; write null to restore the default"),
    ("seed=x", "--set: seed: must be a whole number of at least 0, for example 10, not the text 'x'"),
    ("seed=[1", "--set: seed: is not YAML"),
    ("seed=*a", "--set: seed: aliases (*a) are not allowed"),
    ("seed=1\n---\n2", "--set: seed: only one document"),
    ("seed={a: 1, a: 2}", "--set: seed.a: duplicate key"),
    ("name.deep=1", "--set: name.deep: 'name' is not a map of keys"),
    ("name[0]=1", "--set: name[0]: 'name' is not a list"),
    ("market.districts[2].tier=1", "--set: market.districts[2].tier: 'market.districts' has 2 items, counted from [0]"),
    ("market.districts[0]=null", "--set: market.districts[0]: null cannot stand in a list"),
    ("market.districts[0].teir=1", "--set: market.districts[0].teir: unknown key; did you mean 'tier'?"),
    ("market..districts=1", "--set: market..districts: is not a path"),
    ("market.=1", "--set: market.: is not a path"),
    ("market districts=1", "--set: market districts: is not a path"),
    ("policies.referal=null", "--set: policies.referal: unknown key; did you mean 'referral'?"),
    ("extends=baseline", "--set: extends: cannot be overridden"),
    ("name=../x", "--set: name: must be 1 to 64 letters"),
    ("description=a\u202eb", "--set: description: contains the character U+202E"),
    ("seed=" + "1" * 5000, "--set: seed: the number 111111111111... has too many digits"),
]


@pytest.mark.parametrize(("setting", "message"), BAD)
def test_bad_settings_are_named(project: Project, setting: str, message: str) -> None:
    assert any(line.startswith(message) for line in project.problems("baseline", [setting]))


def test_bad_values_from_python_are_named(project: Project) -> None:
    values = {"seed": object(), "drift": float("nan"), "market": {None: 1}}
    lines = project.problems("baseline", values)
    assert "override: seed: a value of type object cannot stand in a scenario" in lines
    assert "override: market: a key of type NoneType cannot stand in a scenario" in lines
    assert "override: drift: must be a finite number, not .nan" in lines
