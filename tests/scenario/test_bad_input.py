"""Every bad input gives lines `file:line: path: message` and nothing else."""

import os
from pathlib import Path

import pytest

from .toy import BASELINE, Project

HEAD = "schema_version: 1\nname: x\nextends: baseline\n"  # three lines


# what stands from line 4 on; the start of the expected line after the file's name; a part of its message
KEYS = [
    ("policies:\n  referal: {}\n", ":5: policies.referal: ", "unknown key; did you mean 'referral'?"),
    ("policies:\n  referal:\n", ":5: policies.referal: ", "unknown key; did you mean 'referral'?"),
    ("polices: {referral: {}}\n", ":4: polices: ", "did you mean 'policies'?"),
    ("extend: baseline\n", ":4: extend: ", "did you mean 'extends'?"),
    ("policies: {xyz: 1}\n", ":4: policies.xyz: ", "known keys: paid_ads, referral"),
    ("policies: {referral: {'a\\nb': 1}}\n", ":4: policies.referral.'a\\\\nb': ", "unknown key"),
    ("seed: 1\nwait_weeks: 1\nseed: 2\n", ":6: seed: ", "duplicate key; it is set on line 4 already"),
    ("policies:\n  referral: {share: 0.1, share: 0.2}\n", ":5: policies.referral.share: ", "set on line 5"),
    ("capacity: {2020: 1, 2020.0: 2}\n", ":4: capacity.2020.0: ", "duplicate key"),
    ("? [a]\n: 1\n", ":4: ", "keys are single words or calendar years"),
    ("true: 1\n", ":4: ", "keys are single words or calendar years, not 'true'"),
    (".nan: 1\n", ":4: ", "keys are single words or calendar years, not '.nan'"),
    ("2020: 1\n", ":4: 2020: ", "unknown key"),
]

VALUES = [
    ("seed: '7'\n", ":4: seed: ", "must be a whole number of at least 0, for example 10, not the text '7'; write it"),
    ("seed: 7.5\n", ":4: seed: ", "must be a whole number of at least 0, for example 10, not 7.5"),
    ("seed: true\n", ":4: seed: ", "not true"),
    ("seed: -1\n", ":4: seed: ", "must be a whole number of at least 0, not -1"),
    ("seed: 1_000\n", ":4: seed: ", "write 1000"),
    ("seed: [1]\n", ":4: seed: ", "not a list"),
    ("drift: .nan\n", ":4: drift: ", "must be a finite number, not .nan"),
    ("drift: -.inf\n", ":4: drift: ", "must be a finite number, not -.inf"),
    ("drift: 1e999\n", ":4: drift: ", "must be a finite number, not .inf"),
    ("drift: 1:30\n", ":4: drift: ", "not the text '1:30'"),
    ("drift: on\n", ":4: drift: ", "not the text 'on'"),
    (f"drift: 1{'0' * 5000}\n", ":4: drift: ", "has too many digits"),
    (f"drift: 0x{'f' * 5000}\n", ":4: drift: ", "has too many digits"),
    ("wait_weeks: unlimited\n", ":4: wait_weeks: ", "this is not a limit that can be lifted"),
    ("description: 5\n", ":4: description: ", "must be text (in quotes if it looks like a number), not 5"),
    ("policies: {referral: {share: 30}}\n", ":4: policies.referral.share: ", "30% is written 0.3"),
    ("policies: {referral: {share: 30%}}\n", ":4: policies.referral.share: ", "write 0.3"),
    ("policies: {referral: {share: -0.1}}\n", ":4: policies.referral.share: ", "must be a share from 0 to 1, not -0.1"),
    ("policies: {referral: {one_click: yes}}\n", ".one_click: ", "must be true or false, not the text 'yes'"),
    ("policies: {referral: {invite_rule: al}}\n", ".invite_rule: ", "one of all, random, degree, not the text 'al'"),
    ("policies: {referral: true}\n", ":4: policies.referral: ", "must be a map of keys (cap_per_year, "),
    ("policies: []\n", ":4: policies: ", "must be a map of keys (paid_ads, referral), not a list"),
    ("policies: {referral: {start: 2023, stop: 2022}}\n", ":4: policies.referral: ", "stop (2022) must lie"),
    ("policies: {referral: {start: 20}}\n", ".start: ", "must be a calendar year from 1900 to 2200, not 20"),
    ("market: {segments: {shares: {families: 0.53}}}\n", ":4: market.segments.shares: ", "they sum to 0.93"),
    ("market:\n  districts: []\n", ":5: market.districts: ", "must have at least 1 entry, not 0"),
    ("market:\n  districts:\n    - {name: a, households: 1}\n    - name: b\n", ":7: market.districts[1].households: ",
     "missing; give a whole number of at least 1, for example `households: 10`"),
    ("market:\n  districts:\n    - {name: a,\n       households: 0}\n", ":7: market.districts[0].households: ",
     "must be a whole number of at least 1, not 0"),
    ("market:\n  districts: [null]\n", ":5: market.districts[0]: ", "must be a map of keys"),
    ("market: {districts: 3}\n", ":4: market.districts: ", "must be a list"),
    ("market:\n  segments:\n", ":5: market.segments: ", "missing: null, or nothing, takes the value away"),
]  # fmt: skip

SCHEDULES = [
    ("capacity: {2020: 1, 2021: null}\n", ":4: capacity.2021: ", "not null"),
    ("capacity: {2020: 1, 2021.5: two}\n", ":4: capacity.2021.5: ", "must be a whole number"),
    ("capacity: {2020: 1, later: 2}\n", ":4: capacity.later: ", "keys of a schedule are calendar years"),
    ("capacity: {20: 1}\n", ":4: capacity.20: ", "keys of a schedule are calendar years from 1900 to 2200"),
    ("capacity: {}\n", ":4: capacity: ", "keys of a schedule are calendar years"),
    ("capacity: [1]\n", ":4: capacity: ", "or such values by calendar year, not a list"),
    (
        "policies: {referral: {referrer_credit: {2020: -5}}}\n",
        ".referrer_credit.2020: ",
        "must be an amount of money of at least 0, not -5",
    ),
    ("policies: {referral: {cap_per_year: {2020: 1.5}}}\n", ".cap_per_year.2020: ", "or unlimited, not 1.5"),
    ("policies: {paid_ads: {saturation: .nan}}\n", ".saturation: ", "write unlimited for no limit"),
]

FORMS = [
    ("a: [1\n", ":5: ", "is not YAML: "),
    ("a: b: c\n", ":4: ", "quote text that contains `: `"),
    ("policies:\n\tseed: 1\n", ":5: ", "a tab cannot stand here; use spaces"),
    ("seed: *other\n", ":4: seed: ", "aliases (*other) are not allowed; write the value out"),
    ("seed: &here 1\n", ":4: seed: ", "anchors (&here) are not allowed"),
    ("seed: !!int 1\n", ":4: seed: ", "tags (!) are not allowed"),
    ("market: !!python/object:os.system {}\n", ":4: market: ", "tags (!) are not allowed"),
    ("policies:\n  <<: {referral: {}}\n", ":5: policies: ", "merge keys (<<) are not allowed; use `extends`"),
    ("---\nseed: 1\n", ":4: ", "only one document is allowed"),
    ("seed: " + "[" * 200 + "]" * 200 + "\n", ":4: ", "is nested too deeply (more than 50 levels)"),
    ("seed:\n" + "".join(" " * n + "- \n" for n in range(1, 99)), ":55: ", "is nested too deeply"),
    ('description: "a\\u202eb"\n', ":4: description: ", "U+202E"),
    ('description: "a\\0b"\n', ":4: description: ", "control character U+0000"),
    ('description: "\\ud800"\n', ":4: description: ", "control character U+D800"),
    ('description: "\\UFFFFFFFF"\n', ":", "is not YAML: "),
    ("description: a\u202eb\n", ":4: ", "U+202E, which hides the order"),
    ("description: a\x07b\n", ":4: ", "control character U+0007"),
    ("description: a\x00b\n", ":4: ", "control character U+0000"),
    ("description: a\u2028b\n", ":4: ", "control character U+2028"),
]


@pytest.mark.parametrize(("text", "place", "message"), [*KEYS, *VALUES, *SCHEDULES, *FORMS])
def test_one_line_says_where_and_what(project: Project, text: str, place: str, message: str) -> None:
    project.write("scenarios/x.yaml", HEAD + text)
    (line,) = project.problems("x")
    assert line.startswith("scenarios/x.yaml:")
    assert place in line
    assert message in line
    assert line.isprintable()


FILES = [
    (b"", "scenarios/x.yaml: is empty"),
    (b"\n  \n", "scenarios/x.yaml: is empty"),
    (b"# only a comment\n", "scenarios/x.yaml: is empty"),
    (b"- 1\n", "scenarios/x.yaml:1: must be a map of keys, such as `name: mine`, not a list"),
    (b"hello\n", "scenarios/x.yaml:1: must be a map of keys, such as `name: mine`, not the text 'hello'"),
    (b"a: 1\nb: \xff\n", "scenarios/x.yaml:2: is not UTF-8 text (byte 0xff)"),
    ("a: 1\n".encode("utf-16"), "scenarios/x.yaml: is UTF-16; save it as UTF-8"),
    ("a: 1\n".encode("utf-16-le"), "scenarios/x.yaml: is UTF-16; save it as UTF-8"),
    (bytes(range(256)), "scenarios/x.yaml:2: is not UTF-8"),
    (b"%YAML 1.1\n---\na: 1\n", "scenarios/x.yaml:1: directives (%) are not allowed"),
    (b"a: 1\n" * 60_000, "scenarios/x.yaml: is too large (293 kB); a scenario has at most 256 kB"),
]


@pytest.mark.parametrize(("content", "expected"), FILES)
def test_files_that_are_no_scenarios(project: Project, content: bytes, expected: str) -> None:
    project.write("scenarios/x.yaml", content)
    assert project.problems("x")[0].startswith(expected)


def test_special_files_do_not_block(project: Project) -> None:
    os.mkfifo(project.scenarios / "pipe.yaml")
    (project.scenarios / "folder.yaml").mkdir()
    assert "not a regular file" in project.problems(project.scenarios / "pipe.yaml")[0]
    assert "scenarios/folder.yaml" in project.problems(project.scenarios / "folder.yaml")[0]


@pytest.mark.parametrize("name", ["../up", "a/b", "a b", "''", "con", "x" * 65, "'..'", "LPT1", "a.yaml", "'a\\b'"])
def test_names_cannot_trick_paths(project: Project, name: str) -> None:
    project.write("scenarios/x.yaml", BASELINE.replace("name: baseline", f"name: {name}"))
    (line,) = project.problems("x")
    assert line.startswith("scenarios/x.yaml:2: name: ")


def test_name_and_other_required_keys_point_at_their_map(project: Project) -> None:
    project.write("scenarios/x.yaml", "# a comment\nextends: baseline\n")
    assert project.problems("x") == ["scenarios/x.yaml:2: name: missing; give one, for example `name: mine`"]


@pytest.mark.parametrize("version", ["2", "'1'", "true", "1.5"])
def test_other_schema_versions_are_refused_in_every_file(project: Project, version: str) -> None:
    project.write("scenarios/parent.yaml", BASELINE.replace("schema_version: 1", f"schema_version: {version}"))
    project.write("scenarios/x.yaml", "schema_version: 1\nname: x\nextends: parent\n")
    (line,) = project.problems("x")
    assert line.startswith("scenarios/parent.yaml:1: schema_version: must be 1, not ")


def test_all_problems_of_all_files_at_once(project: Project) -> None:
    project.write("scenarios/parent.yaml", BASELINE + "seed: -1\nextends: baselin\n")
    project.write("scenarios/x.yaml", "name: x\nextends: parent\ndrift: a\nsede: 1\nwait_weeks: 1\nwait_weeks: 2\n")
    lines = project.problems("x", ["policies.referral.shar=1", "policies.referral.share=2"])
    assert [line.rsplit(": ", 1)[0].split(": ")[:2] for line in lines] == [
        ["scenarios/x.yaml:3", "drift"],
        ["scenarios/x.yaml:4", "sede"],
        ["scenarios/x.yaml:6", "wait_weeks"],
        ["scenarios/parent.yaml:13", "seed"],
        ["scenarios/parent.yaml:14", "extends"],
        ["--set", "policies.referral.shar"],
        ["--set", "policies.referral.share"],
    ]


def test_thousands_of_problems_stay_readable_and_quick(project: Project) -> None:
    project.write("scenarios/x.yaml", HEAD + "".join(f"polici{n}: 1\n" for n in range(4000)))
    lines = project.problems("x")
    assert len(lines) == 101
    assert lines[-1] == "scenarios/x.yaml: and 3900 more problems"


def test_odd_file_names_stay_on_one_line(project: Project, tmp_path: Path) -> None:
    file = project.write("scenarios/a\nb.yaml", "seed: -1\n")
    lines = project.problems(file)
    assert all(line.startswith("scenarios/a\\nb.yaml:") for line in lines)
