"""Files of baselines that are missing, unreadable or were edited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Shelf

Damage = Callable[[Path], object]


def edit(file: str, old: str, new: str) -> Damage:
    def damage(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return damage


def put(file: str, content: bytes) -> Damage:
    return lambda folder: (folder / file).write_bytes(content)


def without_last_column(folder: Path) -> None:
    path = folder / "expected.csv"
    path.write_text("".join(f"{line.rpartition(',')[0]}\n" for line in path.read_text().splitlines()))


CSV, YAML = "expected.csv", "approved.yaml"
DAMAGES: dict[str, tuple[Damage, str]] = {
    "expected.csv is gone": (lambda folder: (folder / CSV).unlink(), f"{CSV}: is missing; restore it"),
    "approved.yaml is gone": (lambda folder: (folder / YAML).unlink(), f"{YAML}: is missing; restore it"),
    "scenario.yaml is gone": (lambda folder: (folder / "scenario.yaml").unlink(), "scenario.yaml: is missing"),
    "an edited number": (edit(CSV, "8000.0", "8001.0"), f"{YAML}:6: is not the checksum of expected.csv"),
    "a removed row": (edit(CSV, "cac,{},8000.0,9000.0,8500.0,8700.0\n", ""), f"{YAML}:6: is not the checksum"),
    "a removed column": (without_last_column, f"{YAML}:6: is not the checksum of expected.csv"),
    "a header without a column": (edit(CSV, ",2,3", ",3"), f"{CSV}:1: the header must be metric,by,0,1,..."),
    "a missing value": (edit(CSV, ",8700.0", ""), f"{CSV}:2: has 5 cells, the header 6"),
    "a word for a number": (edit(CSV, "8500.0", "about 8500"), f"{CSV}:2: 'about 8500' is no value"),
    "a number in another writing": (edit(CSV, "8500.0", "8_500.0"), f"{CSV}:2: '8_500.0' is no value"),
    "dimensions that are no JSON": (edit(CSV, '"{""year', '"{year'), f"{CSV}:4: dimensions are no JSON"),
    "dimensions that are a list": (edit(CSV, "cac,{}", "cac,[]"), f"{CSV}:2: '[]' are no dimensions"),
    "a row twice": (edit(CSV, "orders,{}", "cac,{}"), f"{CSV}:3: cac by {{}} is there twice"),
    "a conflict of a merge": (edit(CSV, "orders,{}", "<<<<<<< HEAD\norders,{}"), f"{CSV}:3: has 1 cells, the header 6"),
    "an open quotation mark": (edit(CSV, '2020}"', "2020}"), f"{CSV}:"),
    "an empty table": (put(CSV, b""), f"{CSV}:1: the header must be"),
    "a table that is no text": (put(CSV, b"metric,by,0\ncac,{},\xff\n"), f"{CSV}:2: is not UTF-8 text"),
    "no approvals": (put(YAML, b"[]\n"), f"{YAML}:1: must be a list of approvals"),
    "no list": (put(YAML, b"date: 2026-01-01\n"), f"{YAML}:1: must be a list of approvals"),
    "no YAML": (put(YAML, b'- date: "2026\n'), f"{YAML}:"),
    "an empty file": (put(YAML, b""), f"{YAML}:"),
    "an unknown key": (edit(YAML, "  reason", "  raison"), f"{YAML}:"),
    "a date of another kind": (edit(YAML, '- date: "20', '- date: "on 20'), f"{YAML}:1: date: "),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named_with_its_place(shelf: Shelf, name: str) -> None:
    damage, expected = DAMAGES[name]
    fine, folder = shelf.approved("fine", "tiny")
    damage(folder)
    for words in ((), ("--approve", "it is broken anyway")):
        before = shelf.files()
        code, out, said = shelf(*words)
        assert (code, out) == (5, "")
        assert f"tiny/{expected}" in said
        assert "fine" not in said.replace(str(fine.parent), "")
        assert (shelf.files(), shelf.simulated) == (before, [])


def test_everything_wrong_is_said_at_once(shelf: Shelf) -> None:
    one, two, three = shelf.approved("one", "three", "two")
    (one / CSV).unlink()
    (two / YAML).write_bytes(b"[]\n")
    code, _, said = shelf()
    assert code == 5
    assert said.count("\n") == 2
    edit("scenario.yaml", "extends: baseline", "extend: baseline")(three)
    code, _, said = shelf()
    assert code == 2
    assert "two/scenario.yaml:2: extend: " in said
    assert "did you mean 'extends'" in said
    assert f"one/{CSV}" in said


def test_line_ends_of_other_systems_are_no_damage(shelf: Shelf) -> None:
    (folder,) = shelf.approved("tiny")
    for name in (CSV, YAML):
        (folder / name).write_bytes((folder / name).read_bytes().replace(b"\n", b"\r\n"))
    assert shelf()[0] == 0


def test_a_scenario_has_the_name_of_its_folder(shelf: Shelf) -> None:
    folder = shelf.add("tiny")
    edit("scenario.yaml", "name: tiny", "name: small")(folder)
    code, _, said = shelf()
    assert code == 2
    assert "tiny/scenario.yaml:1: name: must be the name of its folder, tiny, not small" in said


def test_empty_folders_and_stray_files_are_no_baselines(shelf: Shelf) -> None:
    shelf.approved("tiny")
    (shelf.root / "left-over").mkdir()
    (shelf.root / "notes.txt").write_text("-")
    assert shelf()[0] == 0
