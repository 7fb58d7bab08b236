"""What a scenario inherits, where its values come from, and what it may not reach."""

from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario.dumping import dump
from sim.scenario.loader import restore
from sim.scenario.places import find, known
from sim.schedule import Schedule

from .toy import BASELINE, DEFAULTS, Project, Referral, Toy


def test_a_scenario_starts_from_its_parent_and_the_defaults(project: Project) -> None:
    project.write(
        "scenarios/cases/x.yaml",
        "name: x\nextends: baseline\npolicies:\n  paid_ads: null\n  referral: {share: 0.25, cap_per_year: unlimited}\n",
    )
    baseline, x = project.load("baseline").scenario, project.load("cases/x").scenario
    assert x.market == baseline.market
    assert x.behaviour.forgetting_per_year == 0.7
    assert x.policies.paid_ads is None
    assert x.policies.referral == Referral(share=0.25, cap_per_year=Schedule((float("inf"),)))
    assert x.description == ""  # says something about the parent's file only


def test_a_schedule_replaces_a_schedule_as_a_whole(project: Project) -> None:
    project.write(
        "scenarios/x.yaml", "name: x\nextends: baseline\npolicies: {paid_ads: {budget_per_year: {2021: 7}}}\n"
    )
    ads = project.load("x").scenario.policies.paid_ads
    assert ads is not None
    assert ads.budget_per_year == Schedule((7.0,), (2021.0,))


def test_null_restores_the_default_of_the_model(project: Project) -> None:
    project.write("scenarios/parent.yaml", BASELINE + "wait_weeks: 9\nseed: 3\n")
    project.write("scenarios/x.yaml", "name: x\nextends: parent\nwait_weeks: null\nseed: ~\n")
    x = project.load("x").scenario
    assert (x.wait_weeks, x.seed) == (4, 1)


def test_origins_name_the_file_and_line_of_every_value(project: Project) -> None:
    project.write("scenarios/x.yaml", "name: x\nextends: baseline\npolicies:\n  paid_ads:\n    saturation: 2\n")
    origins = project.load("x", ["market.districts[1].tier=3"]).origins
    assert origins["behaviour.forgetting_per_year"] == ("scenarios/defaults.yaml", 3)
    assert origins["market.districts[0].name"] == ("scenarios/baseline.yaml", 6)
    assert origins["market.districts[1].households"] == ("scenarios/baseline.yaml", 7)
    assert origins["market.districts[1].tier"] == ("--set", None)
    assert origins["policies.paid_ads.budget_per_year"] == ("scenarios/baseline.yaml", 12)
    assert origins["policies.paid_ads.saturation"] == ("scenarios/x.yaml", 5)
    assert origins["name"] == ("scenarios/x.yaml", 1)
    assert "extends" not in origins


def test_a_parent_is_looked_for_beside_the_file_then_among_the_scenarios(project: Project) -> None:
    project.write("mine/parent.yaml", "name: parent\nextends: baseline\nseed: 5\n")
    project.write("mine/baseline.yaml", "name: own\nextends: parent\nwait_weeks: 2\n")
    project.write("other/baseline.yaml", "name: other\nextends: baseline\nwait_weeks: 3\n")
    other = project.load("other/baseline.yaml").scenario
    assert (other.wait_weeks, other.market.districts[0].name) == (3, "chengdu-3")
    # `baseline` is beside mine/parent.yaml, which comes round to itself.
    assert "circle: baseline -> parent -> baseline" in project.problems("mine/baseline.yaml")[0]


OUTSIDE = ["/etc/passwd", "../secret", "cases/../../secret", "C:\\secret", "..", "a//b", "''", "3", "[baseline]", "~/x"]


@pytest.mark.parametrize("reference", OUTSIDE)
def test_extends_never_leaves_its_two_folders(project: Project, reference: str) -> None:
    project.write("secret.yaml", BASELINE)
    project.write("scenarios/x.yaml", BASELINE + f"extends: {reference}\n")
    (line,) = project.problems("x")
    one = "one scenario" if reference.startswith("[") else "a scenario"
    assert line.startswith(f"scenarios/x.yaml:13: extends: must be the name of {one} beside this file")


def test_links_that_lead_outside_are_refused(project: Project) -> None:
    secret = project.write("secret.yaml", BASELINE)
    (project.scenarios / "link.yaml").symlink_to(secret)
    project.write("scenarios/x.yaml", "name: x\nextends: link\n")
    (line,) = project.problems("x")
    assert line.startswith("scenarios/x.yaml:2: extends: 'link' is a link to a place outside")


def test_a_missing_parent_is_named_with_the_nearest_one(project: Project) -> None:
    project.write("scenarios/x.yaml", "name: x\nextends: basline\n")
    assert project.problems("x") == [
        "scenarios/x.yaml:2: extends: there is no scenario 'basline'; did you mean 'baseline'?"
    ]


def test_circles_and_endless_chains_are_refused(project: Project) -> None:
    project.write("scenarios/a.yaml", "name: a\nextends: b\n")
    project.write("scenarios/b.yaml", "name: b\nextends: a\n")
    project.write("scenarios/self.yaml", "name: self\nextends: self\n")
    assert project.problems("a") == ["scenarios/b.yaml:2: extends: goes round in a circle: a -> b -> a"]
    assert project.problems("self") == ["scenarios/self.yaml:2: extends: goes round in a circle: self -> self"]
    for n in range(12):
        project.write(f"scenarios/c{n}.yaml", f"name: c{n}\nextends: c{n + 1}\n")
    assert project.problems("c0") == ["scenarios/c9.yaml:2: extends: goes through more than 10 files"]


def test_only_defaults_and_limits_set_behaviour(project: Project) -> None:
    text = BASELINE + "behaviour: {forgetting_per_year: 0.1}\n"
    limits = project.write("scenarios/limits/a01.yaml", text)
    file = project.write("scenarios/x.yaml", text)
    assert project.load("limits/a01").scenario.behaviour.forgetting_per_year == 0.1
    setting = ["behaviour.forgetting_per_year=0.2"]
    assert project.load(limits, setting).scenario.behaviour.forgetting_per_year == 0.2
    assert project.load("x", setting, allow_behaviour=True).scenario.behaviour.forgetting_per_year == 0.2
    assert project.problems(file)[0].startswith("scenarios/x.yaml:13: behaviour: only scenarios/defaults.yaml")
    assert project.problems("baseline", setting)[0].startswith("--set: behaviour: only scenarios/defaults.yaml")
    project.write("scenarios/y.yaml", "name: y\nextends: limits/a01\n")
    assert "cannot be extended here" in project.problems("y")[0]


def test_the_defaults_cannot_run_or_extend(project: Project) -> None:
    assert project.problems("defaults") == [
        "scenarios/defaults.yaml: holds the defaults and cannot run; extend it instead"
    ]
    project.write("scenarios/defaults.yaml", DEFAULTS + "extends: baseline\n")
    assert project.problems("baseline") == ["scenarios/defaults.yaml:4: extends: the defaults extend nothing"]
    (project.scenarios / "defaults.yaml").unlink()
    assert project.problems("baseline") == ["scenarios/defaults.yaml: cannot be read: No such file or directory"]


def test_scenarios_are_found_by_name_and_by_path(project: Project) -> None:
    case = project.write("scenarios/cases/tesla.yaml", BASELINE)
    mine = project.write("mine.yaml", BASELINE)
    assert find("cases/tesla", project.scenarios).samefile(case)
    assert find("scenarios/cases/tesla.yaml", project.scenarios).samefile(case)
    assert find(case, project.scenarios).samefile(case)
    assert find("mine.yaml", project.scenarios).samefile(mine)
    assert known(project.scenarios) == ["baseline", "cases/tesla"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("basleine", "basleine: no such scenario; did you mean 'baseline'?"),
        ("scenarios/basline.yaml", "scenarios/basline.yaml: no such scenario; did you mean 'baseline'?"),
        ("zzz", "zzz: no such scenario; there are: baseline"),
        ("../../etc/passwd", "../../etc/passwd: no such scenario; there are: baseline"),
        ("a\x00b", "a\\x00b: no such scenario; there are: baseline"),
        ("scenarios", "scenarios: is not a scenario; scenarios are files that end in .yaml"),
        pytest.param("x" * 5000 + ".yaml", "no such scenario", id="long"),
    ],
)
def test_unknown_scenarios_are_named_with_the_nearest_one(project: Project, name: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        find(name, project.scenarios)
    assert message in str(caught.value)


def test_a_dumped_scenario_loads_back_equal(project: Project) -> None:
    overrides = {
        "policies.referral": {"cap_per_year": {2020: 3, 2022.5: "unlimited"}, "start": 2021.25},
        "policies.paid_ads.saturation": "unlimited",
        "description": "1e3",
        "name": "NO",
        "drift": -1e-7,
    }
    scenario = project.load("baseline", overrides).scenario
    text = dump(scenario)
    assert restore(text, Toy) == scenario
    assert dump(restore(text, Toy)) == text
    assert "unlimited" in text
    assert "成都" in text


def test_written_and_default_values_give_the_same_text(project: Project) -> None:
    default = project.load("baseline", ["policies.referral={}"]).scenario
    written = project.load(
        "baseline", ["policies.referral={referrer_credit: 1000, share: 0.5, cap_per_year: 10}"]
    ).scenario
    assert default == written
    assert dump(default) == dump(written)


def test_restoring_a_damaged_text_says_where(project: Project) -> None:
    text = dump(project.load("baseline").scenario).replace("seed: 1", "seed: -1")
    line = text.split("\n").index("seed: -1") + 1
    with pytest.raises(ScenarioError, match=rf"^run/scenario.yaml:{line}: seed: must be a whole number of at least 0"):
        restore(text, Toy, "run/scenario.yaml")
    with pytest.raises(ScenarioError, match=r"^scenario.yaml:1: is not YAML"):
        restore("a: [", Toy)


def test_the_working_directory_does_not_matter(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = project.load("baseline").scenario
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert project.load("baseline").scenario == here
