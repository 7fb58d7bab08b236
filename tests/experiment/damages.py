"""Everything that can happen to the files of a run directory: a small function per kind of damage.

Each takes the folder of a good run and damages it. `DAMAGES` tells by name what is done and which file is at fault.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sim.experiment import parquet, regular, store
from sim.experiment.manifest import Manifest

Damage = Callable[[Path], Path | None]
"""Damages a folder; returns the new one where it renames it."""

METRICS, SERIES, ORDERS = (f"replicates/0001-{kind}.parquet" for kind in ("metrics", "series", "orders"))
PLACEBO = "replicates/0001-placebo-orders.parquet"
SUMMARY, FIGURE, SCENARIO, MANIFEST = "metrics.parquet", "figures/orders.svg", "scenario.yaml", "manifest.json"
TABLES = (METRICS, SERIES, ORDERS, PLACEBO, SUMMARY)
FILES = (*TABLES, FIGURE, SCENARIO)

DAMAGES: dict[str, tuple[str, Damage]] = {}


def damage(at_fault: str) -> Callable[[Damage], Damage]:
    """Enter a damage under the name of its function."""

    def enter(function: Damage) -> Damage:
        DAMAGES[function.__name__.strip("_").replace("_", " ")] = (at_fault, function)
        return function

    return enter


def for_each(names: tuple[str, ...], what: str, change: Callable[[Path], object]) -> None:
    """Enter the same damage for several files."""
    for name in names:
        # The default argument binds the name of this turn of the loop.
        def one(folder: Path, name: str = name) -> None:
            change(folder / name)

        DAMAGES[f"{name} {what}"] = (name, one)


def rewritten(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(change(path.read_bytes()))


def flipped(where: float) -> Callable[[Path], object]:
    def flip(content: bytes) -> bytes:
        place = int(where * (len(content) - 1))
        return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]

    return rewritten(flip)


def instead(make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Something else in the place of a file."""

    def replace(path: Path) -> None:
        path.unlink()
        make(path)

    return replace


def linked(path: Path) -> None:
    """A link to a copy with the same content, outside."""
    copy = path.parents[1] / f"copy-of-{path.name}"
    copy.symlink_to("/dev/null") if not copy.parent.is_dir() else copy.write_bytes(b"copy")
    path.symlink_to(copy)


def bound(path: Path) -> None:
    """A socket; its name may not be long."""
    before = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(before)


for_each(TABLES, "with a flipped bit in its header", flipped(0.0))
for_each(TABLES, "with a flipped bit in a page", flipped(0.3))
for_each(TABLES, "with a flipped bit in its footer", flipped(0.97))
for_each((FIGURE, SCENARIO, MANIFEST), "with a flipped bit", flipped(0.5))
for_each((*FILES, MANIFEST), "emptied", rewritten(lambda content: b""))
for_each((*FILES, MANIFEST), "cut in half", rewritten(lambda content: content[: len(content) // 2]))
for_each((*FILES, MANIFEST), "without its last byte", rewritten(lambda content: content[:-1]))
for_each((*FILES, MANIFEST), "with bytes appended", rewritten(lambda content: content + b"\n"))
for_each((*FILES, MANIFEST), "deleted", Path.unlink)
for_each((METRICS, SUMMARY, SCENARIO, MANIFEST), "as a folder", instead(Path.mkdir))
for_each((ORDERS, FIGURE, SCENARIO, MANIFEST), "as a dangling link", instead(lambda path: path.symlink_to("nowhere")))
for_each((ORDERS, FIGURE, SCENARIO, MANIFEST), "as a link to itself", instead(lambda path: path.symlink_to(path.name)))
for_each((METRICS, SCENARIO, MANIFEST), "as a link to a device", instead(lambda path: path.symlink_to("/dev/zero")))
for_each((PLACEBO, SUMMARY, SCENARIO, MANIFEST), "as a pipe", instead(os.mkfifo))
for_each((SERIES, SUMMARY, FIGURE, SCENARIO, MANIFEST), "as a socket", instead(bound))
if os.geteuid() != 0:  # root reads everything
    for_each((METRICS, FIGURE, SCENARIO, MANIFEST), "unreadable", lambda path: path.chmod(0))


# --- files and folders ------------------------------------------------------------------------------------------------


@damage(METRICS)
def _a_table_as_a_link_to_the_same_content(folder: Path) -> None:
    kept = folder.parent / "kept.parquet"
    (folder / METRICS).rename(kept)
    (folder / METRICS).symlink_to(kept)


@damage("replicates/0000-metrics.parquet")
def _two_replicates_swapped(folder: Path) -> None:
    first, second, between = folder / "replicates/0000-metrics.parquet", folder / METRICS, folder / "between"
    first.rename(between)
    second.rename(first)
    between.rename(second)


@damage("replicates/0007-orders.parquet")
def _a_file_renamed(folder: Path) -> None:
    (folder / ORDERS).rename(folder / "replicates/0007-orders.parquet")


@damage("notes.txt")
def _a_foreign_file(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")


@damage("replicates/copy of 0001.parquet")
def _a_foreign_file_among_the_replicates(folder: Path) -> None:
    shutil.copy(folder / METRICS, folder / "replicates/copy of 0001.parquet")


@damage("figures/\\x1b[31mred.svg")
def _a_foreign_file_with_an_escape_in_its_name(folder: Path) -> None:
    (folder / "figures/\x1b[31mred.svg").touch()


@damage("figures/\\udcff.svg")
def _a_foreign_file_whose_name_is_not_utf_8(folder: Path) -> None:
    (folder / "figures/\udcff.svg").touch()


@damage("backup")
def _a_foreign_folder(folder: Path) -> None:
    (folder / "backup/of/mine").mkdir(parents=True)


@damage("figures/loop")
def _a_loop_of_links(folder: Path) -> None:
    (folder / "figures/loop").symlink_to(folder)


@damage("figures/pipe")
def _a_foreign_pipe(folder: Path) -> None:
    os.mkfifo(folder / "figures/pipe")


@damage(METRICS)
def _a_file_of_another_run(folder: Path) -> None:
    (other,) = folder.parent.glob("referral-*")
    shutil.copy(other / METRICS, folder / METRICS)


@damage("replicates/0000-metrics.parquet")
def _all_files_of_another_run_but_the_manifest(folder: Path) -> None:
    (other,) = folder.parent.glob("referral-*")
    for path in (other / "replicates").iterdir():
        shutil.copy(path, folder / "replicates")


@damage("")
def _another_run_in_its_place(folder: Path) -> None:
    (other,) = folder.parent.glob("referral-*")
    shutil.rmtree(folder)
    shutil.copytree(other, folder)


@damage("")
def _the_folder_renamed(folder: Path) -> Path:
    return folder.rename(folder.with_name("baseline-00000000"))


@damage("")
def _the_folder_called_like_another_scenario(folder: Path) -> Path:
    return folder.rename(folder.with_name(folder.name.replace("baseline", "mine")))


@damage("replicates")
def _no_replicates(folder: Path) -> None:
    shutil.rmtree(folder / "replicates")


@damage("replicates")
def _a_file_for_the_replicates(folder: Path) -> None:
    shutil.rmtree(folder / "replicates")
    (folder / "replicates").write_text("gone")


@damage("replicates")
def _a_link_for_the_replicates(folder: Path) -> None:
    kept = folder.parent / "kept"
    (folder / "replicates").rename(kept)
    (folder / "replicates").symlink_to(kept)


@damage("figures")
def _no_figures(folder: Path) -> None:
    shutil.rmtree(folder / "figures")


# --- the manifest -----------------------------------------------------------------------------------------------------


def manifest_text(name: str, change: Callable[[str], str | bytes]) -> None:
    def one(folder: Path) -> None:
        new = change((folder / MANIFEST).read_text())
        (folder / MANIFEST).write_bytes(new if isinstance(new, bytes) else new.encode())

    DAMAGES[f"a manifest {name}"] = (MANIFEST, one)


def manifest_entry(name: str, value: Any) -> None:
    def change(text: str) -> str:
        return json.dumps({**json.loads(text), name: value}, indent=2) + "\n"

    manifest_text(f"with {name} {str(value)[:20]}", change)


manifest_text("that is no JSON", lambda text: text.replace('"', "'"))
manifest_text("of NUL bytes", lambda text: b"\0" * 1000)
manifest_text("in UTF-16", lambda text: text.encode("utf-16"))
manifest_text("nested deeply", lambda text: "[" * 100_000 + "]" * 100_000)
manifest_text("that is an array", lambda text: f"[{text}]")
manifest_text("that is a number", lambda text: "7")
manifest_text("that is null", lambda text: "null")
manifest_text("without an entry", lambda text: re.sub(r'  "seed": \d+,\n', "", text))
manifest_text("with an entry twice", lambda text: text.replace("{", '{\n  "seed": 1,', 1))
manifest_text("with a changed checksum", lambda text: re.sub(r"(parquet\": \")[0-9a-f]{4}", r"\g<1>0000", text))
manifest_text("with a file more", lambda text: text.replace('"files": {', f'"files": {{"more": "{"0" * 64}",'))
manifest_text("with another order", lambda text: json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n")
manifest_text("with half a character", lambda text: text.replace('"baseline"', '"\\ud800"'))
manifest_text("with a number of 5000 digits", lambda text: text.replace('"seed": 1', f'"seed": {"9" * 5000}'))
manifest_text("with an infinite number", lambda text: text.replace('"seed": 1', '"seed": 1e999'))
for entry, values in {
    "format": (0, 99, True, None, [], 10**30, "2"),
    "seed": (2, -1, "1", 1.0, None),
    "status": ("running", "fine"),
    "scenario": ("referral", ""),
    "sources": ("0" * 64,),
    "identity": ("0" * 64,),
    "hash": ("00000000",),
    "replicates": (9, 10**30),
    "wanted": (300,),
    "files": ([], {}, {"replicates": 5}),
    "timings": ({"seconds": [5]}, None),
    "sha256": ("0" * 64, None),
}.items():
    for value in values:
        manifest_entry(entry, value)


@damage(MANIFEST)
def _a_huge_manifest(folder: Path) -> None:
    os.truncate(folder / MANIFEST, 10**12)  # with a hole: it takes no room


# --- what an adversary does who knows how the manifest vouches for itself ---------------------------------------------


def signed(folder: Path, **changes: Any) -> None:
    """A manifest with changes that vouches for them, and for all files as they are now."""
    listed = Manifest.read(folder, trusting=True)
    assert listed is not None
    files = {name: regular.sha256(folder / name) for name in listed.files if (folder / name).is_file()}
    now = listed.model_copy(update={"files": files, **changes})
    (folder / MANIFEST).write_bytes(now.to_bytes())


def forged(name: str, at_fault: str, **changes: Any) -> None:
    DAMAGES[f"a forged manifest {name}"] = (at_fault, lambda folder: signed(folder, **changes))


forged("with another seed", SCENARIO, seed=2)
forged("with another scenario", SCENARIO, scenario="mine")
forged("with another identity", MANIFEST, identity="0" * 64)
forged("with more replicates than there are", MANIFEST, replicates=4)
forged("that wants more replicates than there are", MANIFEST, wanted=4)
forged("that wants countless replicates", MANIFEST, wanted=10**15)
forged("that wants more placebos than there are", MANIFEST, placebos=9)
forged("that lists files outside", MANIFEST, files={"../../etc/passwd": "0" * 64})
forged("that lists a device", MANIFEST, files={"/dev/zero": "0" * 64})


def table_changed(name: str, change: Callable[[dict[str, Any]], object], at_fault: str | None = None) -> None:
    """Another table, for which the manifest vouches."""

    def one(folder: Path, file: str, scoped: bool) -> None:
        columns, text = store.read_columns(folder / file)
        columns = {column: values.copy() for column, values in columns.items()}
        change(columns)
        (folder / file).write_bytes(parquet.to_bytes(columns, text if scoped else ""))
        signed(folder)

    file = name.partition(" ")[0]
    DAMAGES[f"a forged {name}"] = (at_fault or file, lambda folder: one(folder, file, file != SUMMARY))


def set_item(columns: dict[str, Any], name: str, place: int, value: Any) -> None:
    columns[name][place] = value


def raised(columns: dict[str, Any]) -> None:
    known = np.flatnonzero(np.isfinite(columns["value"]) & (columns["value"] != 0))
    columns["value"][known[0]] *= 1.01


table_changed(f"{METRICS} with a changed value", raised, SUMMARY)
table_changed(f"{METRICS} with another column", lambda columns: columns.update(more=columns["value"]))
table_changed(f"{METRICS} without a column", lambda columns: columns.pop("by"))
table_changed(f"{METRICS} with text for numbers", lambda columns: columns.update(value=columns["metric"]))
table_changed(f"{METRICS} with labels that are no JSON", lambda columns: set_item(columns, "by", 0, "{"))
table_changed(f"{METRICS} with labels that are lists", lambda columns: set_item(columns, "by", 0, '{"year": []}'))
table_changed(f"{METRICS} with an unknown metric", lambda columns: set_item(columns, "metric", 0, "luck"))
table_changed(f"{SERIES} without a column", lambda columns: columns.pop("tick"))
table_changed(f"{ORDERS} without a column", lambda columns: columns.pop("household"))
table_changed(f"{PLACEBO} with another column", lambda columns: columns.update(more=columns["value"]))
table_changed(f"{SUMMARY} with a changed mean", lambda columns: set_item(columns, "mean", 0, 7.0))
table_changed(f"{SUMMARY} without a column", lambda columns: columns.pop("low"))
table_changed(f"{SUMMARY} with text for numbers", lambda columns: columns.update(mean=columns["metric"]))


def scope_changed(name: str, change: Callable[[dict[str, Any]], object]) -> None:
    def one(folder: Path) -> None:
        columns, text = store.read_columns(folder / ORDERS)
        scope = json.loads(text)
        change(scope)
        (folder / ORDERS).write_bytes(parquet.to_bytes(columns, json.dumps(scope)))
        signed(folder)

    DAMAGES[f"a forged scope {name}"] = (ORDERS, one)


scope_changed("of other years", lambda scope: scope.update(years=9))
scope_changed("of other owners", lambda scope: scope.update(owners=[1, 1]))
scope_changed("without weights", lambda scope: scope.pop("weights"))
scope_changed("of text", lambda scope: scope.update(years="three"))


def scenario_text(name: str, change: Callable[[str], str | bytes]) -> None:
    def one(folder: Path) -> None:
        new = change((folder / SCENARIO).read_text())
        (folder / SCENARIO).write_bytes(new if isinstance(new, bytes) else new.encode())
        signed(folder)

    DAMAGES[f"a forged scenario {name}"] = (SCENARIO, one)


scenario_text("with another value", lambda text: text.replace('"years":3', '"years":4'))
scenario_text("with another seed", lambda text: text.replace('"seed":1', '"seed":2'))
scenario_text("with another name", lambda text: text.replace('"baseline"', '"mine"'))
scenario_text("in UTF-16", lambda text: text.encode("utf-16"))
scenario_text("that is empty", lambda text: "")
scenario_text("that is no map", lambda text: "[1, 2]")
scenario_text("with an unknown key", lambda text: text.replace("{", '{"luck":1,', 1))
scenario_text("nested deeply", lambda text: "[" * 50_000)
scenario_text("that is an alias bomb", lambda text: "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n")
scenario_text("with NUL bytes", lambda text: b"name: \0")
