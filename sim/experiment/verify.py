"""Is a run directory what its manifest says, and does the manifest say what name, scenario and results say?

Everything is looked at and every fault is reported, whatever the folder holds: nothing found in it raises an exception,
and nothing in it is waited for.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sim import compiled
from sim.errors import LiebianError, StoreError, UsageError
from sim.experiment import listing, regular, store
from sim.experiment.inventory import (
    FILE,
    LINK,
    OPEN,
    RESTORE,
    Inspection,
    check_files,
    check_strangers,
    entries_of,
    remedy,
)
from sim.experiment.manifest import FILE as MANIFEST
from sim.experiment.manifest import Manifest

if TYPE_CHECKING:
    from sim.experiment.contents import Contents
    from sim.experiment.result import Result
    from sim.experiment.tables import Tables
    from sim.scenario import Scenario


def inspect(folder: Path) -> Inspection:
    """Check everything in a run directory.

    Of a run made by other sources than the present ones identity and summary cannot be computed anew; the rest is
    checked, and that is said in a note. A run that was interrupted is no damage either.
    """
    found = Inspection(folder)
    manifest = _manifest(found)
    if manifest is not None:
        found.status = manifest.status
        _check_name(found, manifest)
    entries = entries_of(found, manifest)
    check_files(found, manifest, entries)
    check_strangers(found, manifest, entries)

    from sim.experiment.contents import Contents  # only now: it reads Parquet
    from sim.metrics import METRICS

    known = METRICS if manifest is None or manifest.sources == compiled.sources_digest() else None
    contents = Contents(folder, _tables(found, manifest, entries), known)
    for name, message in contents.faults:
        found.blame(name, f"{message}; {remedy(manifest)}")
    if manifest is not None:
        _check_numbers(found, manifest)
        scenario = _checked_scenario(found, manifest, entries)
        if scenario is not None and manifest.status not in OPEN:
            _check_summary(found, manifest, scenario, contents)
        _add_notes(found, manifest)
    return found


def _manifest(found: Inspection) -> Manifest | None:
    """The manifest; a fault where there is none that can be read."""
    path = found.folder / MANIFEST
    if path.is_symlink():
        found.blame(MANIFEST, f"{LINK}, not a file; put the file itself in its place")
        return None
    try:
        manifest = Manifest.read(found.folder)
    except (StoreError, UsageError) as error:
        found.blame(MANIFEST, str(error).removeprefix(f"{path}: "))
        return None
    if manifest is None:
        found.blame(MANIFEST, f"the file is missing, so nothing vouches for the others; {RESTORE}")
    return manifest


def _check_name(found: Inspection, manifest: Manifest) -> None:
    """The folder is called after scenario and identity."""
    if manifest.hash != manifest.identity[:8]:
        found.blame(MANIFEST, f"hash {manifest.hash} is not the beginning of identity {manifest.identity}; {RESTORE}")
    called, wanted = Path(os.path.realpath(found.folder)).name, f"{manifest.scenario}-{manifest.hash}"
    if called != wanted:
        found.blame("", f"holds the run {wanted}; rename the folder to that")


# --- what they hold ---------------------------------------------------------------------------------------------------


def _tables(found: Inspection, manifest: Manifest | None, entries: dict[str, str]) -> list[tuple[str, int, str]]:
    """The tables of replicates that can be looked into: path, replicate, kind; of large event logs, the unlisted."""
    whole = sorted(name for name, kind in entries.items() if kind == FILE and name not in found.blamed)
    matches = [match for name in whole if (match := store.REPLICATE_FILE.fullmatch(name))]
    listed = manifest.files if manifest is not None else {}
    wanted = [match for match in matches if match["kind"] != store.EVENTS or match[0] not in listed]
    return [(match[0], int(match["number"]), match["kind"]) for match in wanted]


def _check_numbers(found: Inspection, manifest: Manifest) -> None:
    """The manifest lists as many replicates as it says, and all that were asked for if it calls them complete."""
    if manifest.status in OPEN:
        return
    listed: dict[str, set[int]] = {kind: set() for kind in store.KINDS}
    for match in filter(None, map(store.REPLICATE_FILE.fullmatch, manifest.files)):
        listed[match["kind"]].add(int(match["number"]))
    placebos, logged = listed.pop(store.PLACEBO), listed.pop(store.EVENTS)
    whole = set.intersection(*listed.values())
    partly = sorted(set.union(*listed.values()) - whole)
    if partly:
        found.blame(MANIFEST, f"lists only some of the files of replicate {_numbers(partly)}; {RESTORE}")
    if len(whole) != manifest.replicates:
        found.blame(MANIFEST, f"speaks of {manifest.replicates} replicates and lists {len(whole)}; {RESTORE}")
    logs = (manifest.wanted if manifest.events else 0, logged, "event log")
    for wanted, there, name in ((manifest.wanted, whole, "replicate"), (manifest.placebos, placebos, "placebo"), logs):
        lacking = sorted(set(range(wanted)) - there)
        if manifest.status == "complete" and lacking:
            found.blame(MANIFEST, f"calls the run complete, but {name} {_numbers(lacking)} is not there; {RESTORE}")


def _numbers(numbers: list[int]) -> str:
    """Some numbers, not too many."""
    return ", ".join(map(str, numbers[:5])) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")


def _checked_scenario(found: Inspection, manifest: Manifest, entries: dict[str, str]) -> Scenario | None:
    """The stored scenario, if it is the one of the manifest and this code can tell; faults where it is another."""
    name = store.SCENARIO
    if name in found.blamed:
        return None
    if name not in manifest.files and name not in entries:
        found.blame(name, f"the file is missing; {RESTORE}")
        return None
    from sim.scenario.text import decoded
    from sim.scenario.yaml_core import parse

    try:
        content = regular.content(found.folder / name, store.LARGEST_SCENARIO)
    except OSError as error:
        found.blame(name, f"cannot be read: {error.strerror}; {RESTORE}")
        return None
    text, problems = decoded(content, name)
    root = None
    if not problems:
        root, problems = parse(text, name)
    plain = root.plain() if root is not None else None
    if problems or not isinstance(plain, dict):
        reason = problems[0].message if problems else "is not a map of keys"
        found.blame(name, f"not a scenario ({reason}); {RESTORE}")
        return None
    for key, wanted in (("name", manifest.scenario), ("seed", manifest.seed)):
        if plain.get(key) != wanted:
            found.blame(name, f"{key} is {plain.get(key)!r}, not {wanted!r} as in the manifest; {RESTORE}")
            return None
    if manifest.sources != compiled.sources_digest():
        return None  # identity and schema are those of other code
    return _restored(found, manifest, text)


def _restored(found: Inspection, manifest: Manifest, text: str) -> Scenario | None:
    """The scenario of a text made by this code, if its identity is that of the manifest."""
    from sim.scenario import Scenario, restore

    try:
        scenario: Scenario = restore(text, Scenario)
    except LiebianError as error:
        found.blame(store.SCENARIO, f"not a scenario ({str(error).splitlines()[0]}); {RESTORE}")
        return None
    if store.identity(scenario) != manifest.identity:
        found.blame(store.SCENARIO, f"not the scenario that was simulated: its identity is another; {RESTORE}")
        return None
    return scenario


def _check_summary(found: Inspection, manifest: Manifest, scenario: Scenario, contents: Contents) -> None:
    """The stored summary is that of the stored replicates."""
    files = [store.SUMMARY, *(name for name in manifest.files if name.endswith(f"-{store.METRICS}.parquet"))]
    if found.blamed.intersection(files) or store.SUMMARY not in manifest.files:
        return
    from sim.experiment.result import Result

    def result(numbers: list[int], load: Callable[[int], Tables]) -> Result:
        return Result(scenario, manifest.hash, numbers, load)

    if (fault := contents.summary_fault(result)) is not None:
        found.blame(store.SUMMARY, f"{fault}; {remedy(manifest)}")


def _add_notes(found: Inspection, manifest: Manifest) -> None:
    """What is no damage, but good to know."""
    place = found.folder
    if manifest.status == "failed":
        found.notes.append(f"{place}: some replicates failed; 'run.py resume' tries them again")
    elif listing.is_being_written(place):
        found.notes.append(f"{place}: is being written; verify it again when that is done")
    elif manifest.status in OPEN:
        found.notes.append(f"{place}: was interrupted; 'run.py resume {place}' finishes it")
    if manifest.sources != compiled.sources_digest():
        found.notes.append(
            f"{place}: was made by other code than this; its files were checked, its results cannot be computed anew"
        )
