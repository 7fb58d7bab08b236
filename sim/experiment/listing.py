"""The runs that are stored, told from their manifests alone, and the one that a word of the command line means."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim import compiled
from sim.errors import StoreError, UsageError
from sim.experiment import regular
from sim.experiment.lock import FILE as LOCK
from sim.experiment.manifest import LaterVersionError, Manifest

_PARTS = ("manifest.json", "scenario.yaml", "replicates")
"""A folder that has one of these is a run directory."""


@dataclass(frozen=True)
class Stored:
    """A stored run, as a list shows it; None for what its manifest, unreadable or of another version, does not say."""

    folder: str
    """Name of its folder."""
    scenario: str
    seed: int | None = None
    replicates: int | None = None
    """How many are there."""
    wanted: int | None = None
    status: str = "damaged"
    """complete, running (somebody works on it), interrupted, failed, damaged or other version."""
    finished: str | None = None
    """Moment of the last change, ISO 8601, UTC."""
    code: str | None = None
    """`current`: of the present sources, to which replicates may be added; `other`."""


def stored(out: Path, names: Sequence[str] = ()) -> list[Stored]:
    """The runs in a folder, the newest first, those without a moment last; `names` are beginnings of scenario names.

    Raises:
        UsageError: the folder cannot be read.
    """
    try:
        with os.scandir(out) as scan:
            folders = sorted(entry.name for entry in scan if entry.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"cannot read {out}: {error.strerror}; choose another folder with --out DIR") from error
    runs = [_run(out / name) for name in folders]
    chosen = [run for run in runs if run is not None and (not names or run.scenario.startswith(tuple(names)))]
    return sorted(chosen, key=lambda run: run.finished or "", reverse=True)


def is_run(folder: Path) -> bool:
    """Whether a folder is a run directory, be it damaged."""
    return any(os.path.lexists(folder / part) for part in _PARTS)


def located(text: str, out: Path) -> Path:
    """The run directory that a word of the command line means: a path, or the name of a run in `out`.

    Raises:
        UsageError: there is no such run.
    """
    if not text:
        raise UsageError("the name of a run directory is missing")
    for folder in (Path(text), out / text):
        if os.path.isdir(folder):
            if is_run(folder):
                return folder
            raise UsageError(f"'{text}' is no run directory: it holds no manifest.json{_nearest(text, out)}")
    what = "is no folder" if os.path.lexists(text) else "does not exist"
    raise UsageError(f"run directory '{text}' {what}{_nearest(text, out)}")


def is_being_written(folder: Path) -> bool:
    """Whether a process holds the lock of a run directory."""
    try:
        import fcntl
    except ImportError:  # a system that keeps locks in another way
        return False
    try:
        with regular.opened(folder / LOCK) as file:
            # Shared and given back at once: a writer that comes in this moment tries again.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _run(folder: Path) -> Stored | None:
    """A run as its manifest tells it, None for another folder."""
    called = folder.name.rpartition("-")[0] or folder.name
    try:
        manifest = Manifest.read(folder, trusting=True)
    except LaterVersionError:
        return Stored(folder.name, called, status="other version")
    except (StoreError, UsageError):
        return Stored(folder.name, called)
    if manifest is None:
        return Stored(folder.name, called) if is_run(folder) else None
    return Stored(
        folder.name,
        manifest.scenario,
        manifest.seed,
        manifest.replicates,
        manifest.wanted,
        _status(folder, manifest),
        manifest.timings.finished,
        "current" if manifest.sources == compiled.sources_digest() else "other",
    )


def _status(folder: Path, manifest: Manifest) -> str:
    if manifest.status != "running":
        return manifest.status
    return "running" if is_being_written(folder) else "interrupted"


def _nearest(text: str, out: Path) -> str:
    """A hint at the run whose name is nearest."""
    from sim.scenario.suggest import nearest

    try:
        names = sorted(os.listdir(out))
    except OSError:
        names = []
    near = nearest(Path(text).name, names)
    return f"; did you mean '{out / near}'?" if near else f"; 'run.py list' shows the runs in {out}"
