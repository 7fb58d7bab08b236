"""Every kind of bad input, as people send it: `validate` answers each with all that is wrong with it, no more."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim import cli
from sim.errors import Problem, ScenarioError
from sim.scenario import Scenario, load
from sim.scenario.loader import read
from sim.scenario.text import MAX_BYTES
from sim.scenario.yaml_core import MAX_DEPTH, MAX_VALUES

PROJECT = Path(__file__).resolve().parents[2]
CORPUS = Path("tests/scenario/corpus")
INDEXES = ("expected.yaml", "settings.yaml")


def index(name: str) -> Any:
    return yaml.safe_load((PROJECT / CORPUS / name).read_text(encoding="utf-8"))


EXPECTED: dict[str, list[dict[str, Any]]] = index("expected.yaml")
SETTINGS: list[dict[str, Any]] = index("settings.yaml")
HEAD = "name: mine\nextends: referral\n"

LEAKS = re.compile(
    r"Input should|[Vv]alidation error|For further information|type=|Traceback|Error\b|__|NoneType|<class|object at"
)
"""What a library or the inside of the program would say."""


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The lines with which `validate` refuses something."""
    assert cli.main(["validate", *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert lines
    assert not LEAKS.search(shown.err)
    assert all(line.isprintable() and len(line) < 700 for line in lines)
    return lines


def pattern(file: str, expected: dict[str, Any]) -> str:
    """A regular expression of the line expected for a problem of a file."""
    line = rf":{expected['line']}" if "line" in expected else r":\d+" if "file" in expected else ""
    path = f"{expected['path']}: " if "path" in expected else ""
    return re.escape(expected.get("file", file)) + line + re.escape(f": {path}{expected['says']}")


def test_the_index_names_every_file() -> None:
    files = {path.stem for path in (PROJECT / CORPUS).iterdir() if path.name not in INDEXES}
    assert files == set(EXPECTED)
    assert len(files) >= 90


@pytest.mark.parametrize("name", EXPECTED)
def test_every_bad_file_is_answered_with_all_its_problems(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = f"{CORPUS}/{name}.yaml"
    lines = answer(capsys, file)
    patterns = [pattern(file, expected) for expected in EXPECTED[name]]
    assert [line for line, wanted in zip(lines, patterns, strict=False) if not re.match(wanted, line)] == []
    assert len(lines) == len(patterns)


@pytest.mark.parametrize("case", SETTINGS, ids=lambda case: " ".join(case["set"]))
def test_every_bad_setting_is_answered(case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    lines = answer(capsys, case["scenario"], *(word for text in case["set"] for word in ("--set", text)))
    assert [line[: len(wanted)] for line, wanted in zip(lines, case["lines"], strict=True)] == case["lines"]


# --- what is large, and what is no file -------------------------------------------------------------------------------

LARGE = {
    "50,000 brackets": ("[" * 50_000, f":1: is nested too deeply (more than {MAX_DEPTH} levels)"),
    "50,000 braces": ("{" * 50_000, ":1: is nested too deeply"),
    "50,000 dashes": ("- " * 50_000, ":1: is nested too deeply"),
    "50,000 complex keys": ("? " * 50_000, ":1: is nested too deeply"),
    "5,000 digits": (f"{HEAD}seed: {'9' * 5_000}\n", ":3: seed: the number 999999999999... has too many digits"),
    "200,000 digits": (f"{HEAD}seed: -{'9' * 200_000}\n", ":3: seed: the number -99999999999... has too many digits"),
    "200,000 digits after the point": (f"{HEAD}seed: 1.{'9' * 200_000}\n", ":3: seed: must be a whole number"),
    "200,000 digits of an exponent": (f"{HEAD}seed: 1e{'9' * 200_000}\n", ":3: seed: must be a whole number from"),
    "digits that are no number": (f"{HEAD}seed: {'9' * 200_000}x!\n", ":3: seed: must be a whole number"),
    "60,000 thousands": (f"{HEAD}brand: {{price: 1{',000' * 60_000}}}\n", ":3: has too many values"),
    "80,000 values": (f"{HEAD}seed: [{'1, ' * 80_000}]\n", f":3: has too many values (more than {MAX_VALUES:,})"),
    "18,000 unknown keys": (HEAD + "".join(f"a{n}: 1\n" for n in range(18_000)), ":5000: has too many values"),
    "4,000 unknown keys": (HEAD + "".join(f"a{n}: 1\n" for n in range(4_000)), ":3: a0: unknown key"),
    "4,000 nulls": (HEAD + "".join(f"a{n}:\n" for n in range(4_000)), ":3: a0: unknown key"),
    "4,000 unknown segments": (
        f"{HEAD}policies: {{referral: {{menu: {{{', '.join(f'a{n}: 1' for n in range(4_000))}}}}}}}\n",
        ":3: policies.referral.menu.a0: there is no segment 'a0'",
    ),
    "60,000 aliases": (f"{HEAD}a: [{'*a, ' * 60_000}]\n", ":3: a[0]: aliases (*a) are not allowed"),
    "25,000 times the same key": (HEAD + "seed: 1\n" * 25_000, ":4: seed: duplicate key"),
    "a name of 100,000 characters": (f"name: {'a/' * 50_000}\n", ":1: name: must be 1 to 64 letters"),
    "80,000 full-width colons": ("\uff1a" * 80_000, ":1: must be a map of keys"),
    "300,000 bytes": (f"{HEAD}#{'x' * 300_000}", ": is too large (293 kB); a scenario has at most 256 kB"),
    "one byte too many": (f"{HEAD}#".ljust(MAX_BYTES + 1, "x"), ": is too large (256 kB)"),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_files_are_answered_without_reading_them_all(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content, wanted = LARGE[name]
    file = tmp_path / "large.yaml"
    file.write_text(content, encoding="utf-8")
    events = [0]

    def counted(text: str, **options: Any) -> Iterator[Any]:
        for event in parse(text, **options):
            events[0] += 1
            yield event

    parse = yaml.parse
    monkeypatch.setattr(yaml, "parse", counted)
    lines = answer(capsys, str(file))
    assert any(line.startswith(f"{file}{wanted}") for line in lines)
    assert len(lines) <= 102
    parents = 3_000  # events of what the file extends
    assert events[0] <= (0 if "too large" in wanted else 2 * MAX_VALUES + parents)


def test_what_is_no_file_is_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    device = next(device for device in ("/dev/zero", "/dev/null") if Path(device).is_char_device())
    (tmp_path / "device.yaml").symlink_to(device)
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "gone.yaml").symlink_to("nowhere.yaml")
    (tmp_path / "notes.txt").write_text("name: mine\n")
    wanted = {
        "folder.yaml": "cannot be read: Is a directory",
        "pipe.yaml": "is not a regular file",
        "device.yaml": "is not a regular file",
        "loop.yaml": "cannot be read: Too many levels of symbolic links",
        "gone.yaml": "cannot be read: No such file or directory",
        "notes.txt": "is not a scenario; scenarios are files that end in .yaml",
        "missing.yaml": "no such scenario; there are: baseline, ",
        "../" * 3 + "a.yaml": "no such scenario",
    }
    for name, message in wanted.items():
        (line,) = answer(capsys, str(tmp_path / name))
        assert line.startswith(f"{tmp_path / name}: {message}")
    assert answer(capsys, device) == [f"{device}: is not a scenario; scenarios are files that end in .yaml"]
    assert answer(capsys, "refferal")[0] == "refferal: no such scenario; did you mean 'referral'?"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret.yaml").write_text(HEAD)
    (tmp_path / "secret.yaml").chmod(0)
    assert answer(capsys, str(tmp_path / "secret.yaml")) == [
        f"{tmp_path}/secret.yaml: cannot be read: Permission denied"
    ]


# --- what is odd and understood ---------------------------------------------------------------------------------------

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
"""One sign to a reader, held together by joiners that are not seen."""
UNDERSTOOD = [
    ("seed: 010", "seed", 10),
    ("seed: 0o10", "seed", 8),
    ("seed: 0x1F", "seed", 31),
    ("seed: +5", "seed", 5),
    ("seed: -0", "seed", 0),
    ("brand: {initial_awareness: .5}", "brand.initial_awareness", 0.5),
    ("brand: {initial_awareness: -0.0}", "brand.initial_awareness", 0.0),
    ("brand: {initial_awareness: 1e-400}", "brand.initial_awareness", 0.0),
    ("brand: {delivery_weeks: 1e1}", "brand.delivery_weeks", 10.0),
    ("brand: {delivery_weeks: ~}", "brand.delivery_weeks", 4.0),
    ("description: NO", "description", "NO"),
    ("description: “new” owners — 30%", "description", "“new” owners — 30%"),
    ("description: 2020-01-01", "description", "2020-01-01"),
    (f"description: {FAMILY}", "description", FAMILY),
    ("market: {network: {well_mixed: True}}", "market.network.well_mixed", True),
    ("brand: {ecosystem_spend_per_year: .inf}", "brand.ecosystem_spend_per_year", float("inf")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "value"), UNDERSTOOD)
def test_odd_values_mean_what_a_person_means(tmp_path: Path, text: str, path: str, value: object) -> None:
    (tmp_path / "x.yaml").write_text(f"\ufeff{HEAD}{text}\n".replace("\n", "\r\n"), encoding="utf-8")
    found: Any = load(tmp_path / "x.yaml")
    for name in path.split("."):
        found = getattr(found, name)
    assert (type(found), found) == (type(value), value)


def test_odd_names_and_orders_are_understood(tmp_path: Path) -> None:
    text = "name: 'NO'\nextends: baseline\nbrand: {price: {2022: 150000, 2020: 200000}}\n"
    (tmp_path / "x.yaml").write_text(text)
    scenario = load(tmp_path / "x.yaml", ["seed=1", "seed=2"])
    assert (scenario.name, scenario.seed) == ("NO", 2)
    assert scenario.brand.price.at(2021) == 175000
    menu = "name: x\nextends: referral\npolicies: {referral: {menu: {families: null}}}\n"
    (tmp_path / "x.yaml").write_text(menu)  # takes nothing away, but who wrote it knew the segment
    assert load(tmp_path / "x.yaml").policies.referral.menu == {}  # type: ignore[attr-defined]


# --- notes ------------------------------------------------------------------------------------------------------------


def test_a_policy_that_never_runs_is_noted_and_no_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(f"{HEAD}policies:\n  referral: {{start: 2026}}\n  paid_ads: {{stop: 2020}}\n")
    assert cli.main(["validate", str(file)]) == 0
    shown = capsys.readouterr()
    after, before = "lies after the horizon (2020 to 2025)", "lies before the horizon (2020 to 2025)"
    assert shown.out == f"{file}: valid\n"
    assert shown.err.splitlines() == [
        f"{file}:4: policies.referral.start: note: 2026 {after}, so that the policy never runs",
        f"{file}:5: policies.paid_ads.stop: note: 2020 {before}, so that the policy never runs",
    ]
    assert cli.main(["validate", str(file), "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert cli.main(["validate", "referral", "--set", "policies.referral.start=2025.9"]) == 0
    assert capsys.readouterr().err == ""
    assert read(file, Scenario, {"horizon.years": 7}).notes[0].path == "policies.paid_ads.stop"


def test_a_value_window_that_nobody_lives_through_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", "baseline", "--set", "economics.ltv_window_years=12"]) == 0
    noted = "--set: economics.ltv_window_years: note: no customer is followed so long: 11 years are simulated"
    assert capsys.readouterr().err.startswith(noted)
    assert cli.main(["validate", "baseline", "--set", "economics.ltv_window_years=11"]) == 0
    assert capsys.readouterr().err == ""


def test_only_the_simulated_years_of_a_discount_count() -> None:
    discount = {1990: 300_000, 2000: 2_000}  # the horizon begins in 2020
    assert load("referral", {"policies.referral.buyer_discount": discount}).policies.referral is not None
    with pytest.raises(ScenarioError, match="in 2020 they do not"):
        load("referral", {"policies.referral.buyer_discount": {2019: 500_000, 2021: 2_000}})


# --- from Python ------------------------------------------------------------------------------------------------------


def test_settings_from_python_are_answered_alike() -> None:
    credit = "policies.referral.referrer_credit"
    with pytest.raises(ScenarioError, match=r"policies.referral is off in 'baseline'; write 'policies.referral': \{\}"):
        load("baseline", {credit: 500})
    assert load("baseline", {"policies.referral": {}, credit: 500}) == load(
        "baseline", ["policies.referral={}", f"{credit}=500"]
    )
    assert load("baseline", "seed=7").seed == 7
    wrong: Any = {3: 4}
    with pytest.raises(ScenarioError, match=r"^override: a path is a text such as 'horizon.years', not 3$"):
        load("baseline", wrong)
    with pytest.raises(
        ScenarioError, match=r"^override: seed: must be at most 4,294,967,295, not a whole number of mor"
    ):
        load("baseline", {"seed": 10**5000})


# --- whatever happens to a file ---------------------------------------------------------------------------------------

SHIPPED = [(PROJECT / "scenarios" / f"{name}.yaml").read_bytes() for name in ("referral", "limits/cap", "baseline")]
WORDS = [b"null", b"true", b"-1", b"1e999", b"[]", b"{}", b"'", b'"', b": ", b"- ", b"\t", b"\n", b"&a ", b"*a", b"!x "]
WORDS += [
    b"2020",
    b"unlimited",
    b"\xff",
    b"\x00",
    "\uff1a".encode(),
    "\u202e".encode(),
    b"{2020: 1}",
    b"policies:",
    b"<<: ",
]
CHANGE = st.tuples(
    st.sampled_from(["flip", "delete", "insert", "replace", "swap"]),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.sampled_from(WORDS) | st.binary(max_size=4),
)


def changed(content: bytes, kind: str, one: int, other: int, word: bytes) -> bytes:
    """A file with one accident: a bit, a line, a value or a key."""
    rows = content.split(b"\n")
    row = one % len(rows)
    if kind == "flip":
        place = one % max(len(content), 1)
        return content[:place] + bytes([content[place] ^ (1 << other % 8)]) + content[place + 1 :] if content else b""
    if kind == "delete":
        del rows[row]
    elif kind == "swap":
        rows[row], rows[other % len(rows)] = rows[other % len(rows)], rows[row]
    else:
        tokens = re.split(rb"([\w.-]+)", rows[row])
        place = other % len(tokens)
        tokens[place] = word if kind == "replace" else word + tokens[place]
        rows[row] = b"".join(tokens)
    return b"\n".join(rows)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SHIPPED), st.lists(CHANGE, min_size=1, max_size=4))
def test_no_accident_is_answered_with_anything_but_lines(
    tmp_path: Path, content: bytes, accidents: list[tuple[str, int, int, bytes]]
) -> None:
    for accident in accidents:
        content = changed(content, *accident)
    (tmp_path / "x.yaml").write_bytes(content)
    problems: tuple[Problem, ...] = ()
    try:
        load(tmp_path / "x.yaml")
    except ScenarioError as error:
        problems = error.problems
    lines = [str(problem) for problem in problems]
    assert [line for line in lines if not line.isprintable() or LEAKS.search(line)] == []
