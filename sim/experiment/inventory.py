"""The files of a run directory against the list of its manifest: missing, changed, of another kind, or strangers."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from sim import compiled
from sim.experiment import regular, store
from sim.experiment.manifest import FILE as MANIFEST
from sim.experiment.manifest import Manifest

FILE, FOLDER, LINK, OTHER = "a file", "a folder", "a link", "a pipe, socket or device"
"""Kinds of things in a folder."""

FOLDERS = (store.REPLICATES, store.FIGURES)
OPEN = ("running", "interrupted")
"""Statuses in which files may be newer than their list."""

RESTORE = "restore it from a copy, or delete the folder and run the same again"

_FOREIGN = "the manifest does not list it; move it out of the folder"


@dataclass(frozen=True)
class Finding:
    """A fault of a run directory."""

    path: Path
    """What is at fault."""
    message: str
    """What is wrong; what to do."""


@dataclass
class Inspection:
    """What was found in a run directory."""

    folder: Path
    status: str = "unknown"
    """Status of the run as its manifest says; `unknown` without a readable one."""
    files: int = 0
    """Files that are what the manifest says."""
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is no damage, but good to know."""
    blamed: set[str] = field(default_factory=set)
    """Paths in the folder of what has a fault."""

    def blame(self, name: str, message: str) -> None:
        """Report a fault of a file of the folder, or with an empty name of the folder."""
        self.findings.append(Finding(self.folder / name, message))
        self.blamed.add(name)


def remedy(manifest: Manifest | None) -> str:
    """What to do about a file that can be made again, as long as the sources are the same."""
    if manifest is None or manifest.sources == compiled.sources_digest():
        return "delete it and run the same again"
    return "restore it from a copy; it was made by other code, and this cannot make it again"


def entries_of(found: Inspection, manifest: Manifest | None) -> dict[str, str]:
    """The kind of everything in the folder by its path there, dot-files apart; folders of strangers are not entered."""
    listed = manifest.files if manifest is not None else ()
    known = {*FOLDERS, *(parent.as_posix() for name in listed for parent in PurePosixPath(name).parents)}
    entries: dict[str, str] = {}
    pending = [""]
    while pending:
        inside = pending.pop()
        try:
            with os.scandir(found.folder / inside) as scan:
                here = {f"{inside}{entry.name}": _kind(entry) for entry in scan if not entry.name.startswith(".")}
        except OSError as error:
            found.blame(inside.rstrip("/"), f"cannot be read: {error.strerror}; make it readable")
            continue
        entries |= here
        pending += [f"{name}/" for name, kind in here.items() if kind == FOLDER and name in known]
    return entries


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return LINK
    if entry.is_dir(follow_symlinks=False):
        return FOLDER
    return FILE if entry.is_file(follow_symlinks=False) else OTHER


def check_files(found: Inspection, manifest: Manifest | None, entries: dict[str, str]) -> None:
    """Every listed file is there, is a file and has its checksum."""
    if manifest is None:
        return
    without: dict[str, int] = defaultdict(int)
    for name, digest in sorted(manifest.files.items()):
        if not _is_inside(name):
            found.blame(MANIFEST, f"lists {name!r}, which is no path in the folder; {RESTORE}")
        elif (place := _broken(name, entries)) is not None:
            without[place] += 1
        elif (kind := entries.get(name)) != FILE:
            found.blame(name, f"{f'{kind}, not a file' if kind else 'the file is missing'}; {remedy(manifest)}")
        elif manifest.status in OPEN and not store.REPLICATE_FILE.fullmatch(name):
            found.files += 1  # it may be newer than its checksum
        else:
            _check_digest(found, manifest, name, digest)
    for place, number in without.items():
        kind = entries.get(place)
        what = f"{kind}, not a folder" if kind else "the folder is missing"
        found.blame(place, f"{what}, and {number} files of the run with it; {remedy(manifest)}")


def _check_digest(found: Inspection, manifest: Manifest, name: str, digest: str) -> None:
    try:
        same = regular.sha256(found.folder / name) == digest
    except OSError as error:
        found.blame(name, f"cannot be read: {error.strerror}; make it readable")
        return
    if same:
        found.files += 1
    else:
        found.blame(name, f"the file has changed since it was written; {remedy(manifest)}")


def _is_inside(name: str) -> bool:
    """Whether a text is a path in the folder, in its only writing."""
    path = PurePosixPath(name)
    return path.as_posix() == name and not path.is_absolute() and ".." not in path.parts and name != "."


def _broken(name: str, entries: dict[str, str]) -> str | None:
    """The outermost folder of a path that is none."""
    parents = [parent.as_posix() for parent in PurePosixPath(name).parents][-2::-1]
    return next((parent for parent in parents if entries.get(parent) != FOLDER), None)


def check_strangers(found: Inspection, manifest: Manifest | None, entries: dict[str, str]) -> None:
    """Nothing is there that is not listed, but for the files of an experiment that has not ended."""
    listed = set(manifest.files) if manifest is not None else set()
    parents = {parent.as_posix() for name in listed for parent in PurePosixPath(name).parents}
    for name, kind in sorted(entries.items()):
        if name in listed or name == MANIFEST or name in parents:
            continue  # if it is of the wrong kind, that is said already
        unlisted = manifest is None or manifest.status in OPEN
        if kind == FOLDER and name in FOLDERS:
            continue
        if not (unlisted and kind == FILE and store.belongs(name)):
            found.blame(name, f"{'a file' if kind == FILE else kind} that does not belong here: {_FOREIGN}")
