"""`new`: a file that is valid at once, and stays valid whichever of its examples is used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sim.cli import main
from sim.policies import POLICIES
from sim.scenario import load, template
from sim.scenario.json_schema import FILE

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = ("numba", "mesa", "pandas", "scipy", "matplotlib", "pyarrow")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def started(name: str = "mine", *words: str) -> Path:
    assert main(["new", name, *words]) == 0
    return Path(f"{name}.yaml")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    before = sorted(Path().iterdir())
    assert main(["new", *words]) == 2
    assert sorted(Path().iterdir()) == before
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


@pytest.mark.parametrize("parent", ["baseline", "referral", "cases/tesla", "questions/slipped_product"])
def test_a_new_scenario_is_its_parent_until_it_is_changed(parent: str) -> None:
    child, of = load(started("mine", "--extends", parent)), load(parent)
    assert child.model_copy(update={"name": of.name, "description": of.description}) == of


def examples(text: str) -> list[int]:
    """The numbers of the lines that are examples: a # and a word."""
    return [number for number, line in enumerate(text.splitlines()) if re.match(r"\s*#\w", line)]


def with_used(text: str, used: list[int]) -> str:
    return "\n".join(
        line.replace("#", "", 1) if number in used else line for number, line in enumerate(text.splitlines())
    )


QUIET = """\
name: quiet
extends: baseline
policies: {vertical_media: null, paid_ads: null}
"""
LATE = """\
name: late
extends: referral
policies:
  referral: {start: 2022.5, stop: 2024, cap_per_year: {2020: 3, 2022: unlimited}}
  paid_ads: {stop: 2019}
"""


@pytest.mark.parametrize("parent", ["baseline", "referral", "cases/tesla", "quiet", "late"])
def test_every_example_can_be_used_alone_and_with_all_others(folder: Path, parent: str) -> None:
    (folder / "quiet.yaml").write_text(QUIET, encoding="utf-8")
    (folder / "late.yaml").write_text(LATE, encoding="utf-8")
    file = started("mine", "--extends", parent)
    text = file.read_text(encoding="utf-8")
    numbers = examples(text)
    lines = text.splitlines()
    alone = [[number] for number in numbers]
    # Without any policy in the parent, each example is a line `policies: ...` of its own.
    once = {lines[number].partition(":")[0]: number for number in numbers if lines[number].startswith("#")}
    together = sorted({*once.values(), *(number for number in numbers if not lines[number].startswith("#"))})
    for used in [*alone, together]:
        file.write_text(with_used(text, used), encoding="utf-8")
        load(file)
    for policy in POLICIES:
        assert re.search(rf"^ *#?(policies: \{{)?{policy}: ?", text, flags=re.MULTILINE), policy


def test_an_example_says_unit_meaning_and_the_parents_value() -> None:
    text = started("mine", "--extends", "referral").read_text(encoding="utf-8")
    comment = "    # Discount on the price for the referred buyer, money per car (T02). Unit: CNY."
    assert f"{comment}\n    #buyer_discount: 2000\n" in text
    assert "    budget_per_year: {2020.5: 285000000, 2025.5: 210000000}  # as in referral\n" in text
    assert "# It is off in baseline; this line switches it on:\n  #referral: {" in started("b").read_text("utf-8")


def test_examples_are_fit_to_read() -> None:
    for parent in ("baseline", "referral", "cases/tesla"):
        text = started(f"from-{parent[-5:]}", "--extends", parent).read_text(encoding="utf-8")
        prose = [line for line in text.splitlines() if re.match(r"\s*# ", line) and "$schema=" not in line]
        assert max(map(len, prose)) <= 120


def test_the_path_is_data_and_what_to_do_next_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    started("mine", "--extends", "referral")
    printed = capsys.readouterr()
    assert printed.out == "mine.yaml\n"
    edit, *commands = printed.err.splitlines()
    assert edit == "edit it, then:"
    run = f"  python {PROJECT / 'run.py'}"
    assert commands == [
        f"{run} validate mine.yaml",
        f"{run} show mine.yaml --diff referral",
        f"{run} compare referral mine.yaml --reps 5",
    ]
    started("of-mine", "--extends", "mine")
    assert f"{run} compare mine.yaml of-mine.yaml --reps 5" in capsys.readouterr().err
    started("silent", "--quiet")
    assert capsys.readouterr().err == ""


def test_editors_find_the_schema(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = started().read_text(encoding="utf-8").partition("\n")[0]
    assert first == f"# yaml-language-server: $schema={FILE}"
    assert template.schema_from(PROJECT / "scenarios") == "schema.json"
    assert template.schema_from(PROJECT / "scenarios" / "cases") == "../schema.json"
    monkeypatch.setattr(template, "FILE", Path("/a folder/\u202e/scenarios/schema.json"))
    assert template.schema_from(folder) == "file:///a%20folder/%E2%80%AE/scenarios/schema.json"


def test_in_the_projects_folder_it_goes_to_the_scenarios(folder: Path) -> None:
    copy = folder / "copy"
    for name in ("sim", "scenarios"):
        shutil.copytree(PROJECT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "run.py", copy)
    check = f"import sys; assert not set({HEAVY!r}) & set(sys.modules)"
    code = f"from sim.cli import main; code = main(['new', 'mine']); {check}; raise SystemExit(code)"
    done = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (0, "scenarios/mine.yaml\n"), done.stderr
    assert "python run.py validate mine\n" in done.stderr
    text = (copy / "scenarios" / "mine.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema.json\nname: mine\n")
    done = subprocess.run(
        [sys.executable, str(copy / "run.py"), "validate", "mine"], cwd=folder, capture_output=True, text=True
    )
    assert done.stdout == "mine: valid\n"


NAMES = [
    ("a b", "write a-b"),
    ("../x", "write x"),
    ("mine.yaml", "write mine-yaml"),
    ("", "for example"),
    ("nul", "the name of a device"),
    ("n" * 65, "65 characters"),
    ("𠮷" * 64, "too long for the name of a folder"),
    ("baseline", "there is a scenario 'baseline' already"),
    ("Referral", "new my-Referral --extends referral"),
    ("tesla", "there is a scenario 'cases/tesla' already"),
    ("Defaults", "belongs to the project"),
]


@pytest.mark.parametrize(("name", "message"), NAMES)
def test_a_name_that_cannot_be(capsys: pytest.CaptureFixture[str], name: str, message: str) -> None:
    assert message in refused(capsys, name)


PARENTS = [
    ("refferal", "did you mean 'referral'?"),
    ("limits/queue", "a closed form"),
    ("defaults", "is no scenario that runs"),
    ("calibration", "is no scenario that runs"),
    ("../up", "must be the name of a scenario beside this file or in scenarios/"),
    ("", "must be the name of a scenario"),
]


@pytest.mark.parametrize(("parent", "message"), PARENTS)
def test_a_parent_that_cannot_be(capsys: pytest.CaptureFixture[str], parent: str, message: str) -> None:
    assert message in refused(capsys, "mine", "--extends", parent)


def test_an_invalid_parent_says_what_is_wrong_with_it(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "bad.yaml").write_text("name: bad\nextends: baseline\nsede: 1\n", encoding="utf-8")
    assert "bad.yaml:3: sede: unknown key; did you mean 'seed'?" in refused(capsys, "mine", "--extends", "bad")


@pytest.mark.parametrize("name", ["123", "true", "1e5", "null", "-1x", "x-", "增长"])
def test_names_that_yaml_would_take_for_something_else(name: str) -> None:
    if name.startswith("-"):
        assert main(["new", "--", name]) == 2
    else:
        assert load(started(name)).name == name


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_nothing_is_overwritten(capsys: pytest.CaptureFixture[str], folder: Path, suffix: str) -> None:
    there = folder / f"mine{suffix}"
    there.write_text("precious", encoding="utf-8")
    assert f"mine{suffix} exists already and stays as it is" in refused(capsys, "mine")
    assert there.read_text(encoding="utf-8") == "precious"


def test_a_link_to_nowhere_is_not_followed(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    os.symlink(folder / "elsewhere", folder / "mine.yaml")
    assert "exists already" in refused(capsys, "mine")
    assert not (folder / "elsewhere").exists()


def test_of_many_at_once_one_wins(capsys: pytest.CaptureFixture[str]) -> None:
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(main(["new", "mine"]))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0, 2, 2, 2, 2, 2]
    load("mine.yaml")


def test_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def full(path: str, flags: int, *mode: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(28, "No space left on device")
        return real(path, flags, *mode)

    monkeypatch.setattr(os, "open", full)
    assert "cannot write mine.yaml: No space left on device" in refused(capsys, "mine")
