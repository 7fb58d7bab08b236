"""A run folder kept in step with its manifest, by whoever holds its lock: begun, finished, added to, healed."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sim import compiled
from sim.errors import StoreError, UsageError
from sim.experiment import manifest, parquet, provenance, regular, store
from sim.experiment.lock import Notify, locked
from sim.experiment.manifest import Manifest, Status, Timings
from sim.experiment.result import Result

Draw = Callable[[Result], Mapping[str, bytes]]
"""Draws the figures of a run: contents by file name."""


@dataclass(frozen=True)
class Found:
    """A run folder as it was met."""

    manifest: Manifest | None
    files: dict[str, str]
    """SHA-256 of every file by its path in the folder."""

    def as_listed(self, *, drawn: bool) -> bool:
        """Whether the folder is complete and has what its manifest lists and nothing else, figures if `drawn`."""
        if self.manifest is None or self.manifest.status != "complete" or self.files != self.manifest.files:
            return False
        return not drawn or any(map(_is_figure, self.files))


def meet(run: store.Run) -> Found:
    """Look at a run folder, which may not exist yet.

    Raises:
        UsageError: the folder cannot be read.
        StoreError: the manifest is damaged or belongs to other results, a replicate is not what it lists, or a folder
            of the run is a link.
    """
    _ensure_no_links(run)
    listed = Manifest.read(run.folder)
    if listed and listed.identity != store.identity(run.scenario):
        raise StoreError(
            f"{run.folder / manifest.FILE}: the folder holds the results of another scenario, seed or state of the "
            "sources; move it away and run the same again"
        )
    files = checksums(run.folder)
    for name, digest in listed.files.items() if listed else ():
        if name.startswith(f"{store.REPLICATES}/") and files.get(name, digest) != digest:
            path = run.folder / name
            raise StoreError(f"{path}: the file has changed since it was written; delete it and run the same again")
    if listed and listed.status in ("complete", "failed"):
        # Whoever makes a replicate notes that first, so what came later is none of this run.
        for name in sorted(files.keys() - listed.files.keys()):
            if store.REPLICATE_FILE.fullmatch(name):
                raise StoreError(f"{run.folder / name}: the manifest does not list it; move it out of the folder")
    return Found(listed, files)


def _ensure_no_links(run: store.Run) -> None:
    """Refuse folders of a run that lead out of it: files would be written and removed wherever they lead."""
    for path in (run.folder / store.REPLICATES, run.folder / store.FIGURES):
        if path.is_symlink():
            raise StoreError(f"{path}: a link, not a folder; put the folder itself in its place")


def begin(run: store.Run, found: Found, wanted: int, placebos: int, events: bool) -> Manifest:
    """Note before anything is simulated what will be, so that a run that is killed can be completed.

    Returns the manifest that was written.

    Raises:
        UsageError: the folder cannot be written.
    """
    store.prepare(run)
    before = found.manifest
    # Of what is derived, the digests that were listed stay: that a file was changed shall not be forgotten meanwhile.
    files = {name: before.files.get(name, digest) if before else digest for name, digest in found.files.items()}
    contents = {}
    if store.SCENARIO not in files:
        contents[run.folder / store.SCENARIO] = (content := store.scenario_bytes(run))
        files[store.SCENARIO] = hashlib.sha256(content).hexdigest()
    now = _manifest(run, "running", (wanted, placebos, events), before.timings if before else Timings(), files)
    _write(run, {**contents, run.folder / manifest.FILE: now.to_bytes()})
    return now


def finish(
    run: store.Run,
    found: Found,
    begun: Manifest,
    status: Status,
    seconds: Mapping[str, float],
    draw: Draw | None,
    notify: Notify,
) -> None:
    """Write what is derived from the stored replicates, summary and figures, then the manifest of all files.

    `found` is the folder as it was before `begin`, and `begun` what that wrote; `seconds` are the durations of what was
    simulated since. After an interruption only the manifest is written.

    Raises:
        UsageError: the folder cannot be written.
        StoreError: a stored replicate cannot be read.
    """
    drawn: Mapping[str, bytes] = {}
    stored = run.stored()
    if stored and status != "interrupted":
        result = Result.read(run, stored)
        drawn = {f"{store.FIGURES}/{name}": content for name, content in (draw(result) if draw else {}).items()}
        summary = parquet.to_bytes(result.summary_columns())
        contents = {store.SUMMARY: summary, store.SCENARIO: store.scenario_bytes(run), **drawn}
        if seconds:
            _remove_figures(run, kept=drawn)
        # What is right already keeps its time.
        changed = {n: c for n, c in contents.items() if found.files.get(n) != hashlib.sha256(c).hexdigest()}
        _write(run, {run.folder / name: content for name, content in changed.items()})
    files = checksums(run.folder)
    if found.manifest and found.manifest.status in ("complete", "failed"):
        files |= _left_changed(run, found.manifest, {name: files[name] for name in files if name not in drawn}, notify)
    finished = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")
    timings = Timings(finished=finished, seconds=dict(sorted({**begun.timings.seconds, **seconds}.items())))
    after = _manifest(run, status, (begun.wanted, begun.placebos, begun.events), timings, files)
    _write(run, {run.folder / manifest.FILE: after.to_bytes()})


@contextlib.contextmanager
def adding(runs: Sequence[store.Run], notify: Notify) -> Iterator[None]:
    """Hold the locks of stored runs while files are added to them, such as the figures of a comparison, and list these.

    Raises:
        UsageError: a folder cannot be written.
        StoreError: a manifest is damaged.
    """
    with locked([run.folder for run in runs], notify):
        for run in runs:
            _ensure_no_links(run)
        before = [(run, listed) for run in runs if (listed := Manifest.read(run.folder))]
        for run, listed in before:
            _renew(run, listed, status="running")
        try:
            yield
        finally:
            for run, listed in before:
                _renew(run, listed, files=checksums(run.folder))


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a run by its path in the folder; what is foreign there, or a link, is not listed.

    Raises:
        UsageError: a file cannot be read.
    """
    try:
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
        names = {path.relative_to(folder).as_posix(): path for path in files}
        return {name: regular.sha256(path) for name, path in names.items() if store.belongs(name)}
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"cannot read results in {folder}: {reason}; choose another folder with --out DIR") from error


def _manifest(
    run: store.Run, status: Status, demanded: tuple[int, int, bool], timings: Timings, files: dict[str, str]
) -> Manifest:
    """What is to be written of a run as it is now; `demanded` are replicates, placebos and event logs."""
    identity = store.identity(run.scenario)
    return Manifest(
        format=manifest.FORMAT,
        scenario=run.scenario.name,
        hash=run.hash,
        identity=identity,
        sources=compiled.sources_digest(),
        seed=run.scenario.seed,
        wanted=demanded[0],
        placebos=demanded[1],
        events=demanded[2],
        replicates=len(run.stored()),
        status=status,
        versions=provenance.versions(),
        git=provenance.git_state(),
        timings=timings,
        files=files,
    )


def _renew(run: store.Run, listed: Manifest, **changes: object) -> None:
    """Write a manifest again with changes."""
    now = listed.model_copy(update={"format": manifest.FORMAT, **changes})
    _write(run, {run.folder / manifest.FILE: now.to_bytes()})


def _left_changed(run: store.Run, listed: Manifest, files: Mapping[str, str], notify: Notify) -> dict[str, str]:
    """Figures among `files` that nobody has drawn anew and that have changed; they stay listed as they were drawn."""
    changed = {
        name: digest for name, digest in listed.files.items() if _is_figure(name) and files.get(name, digest) != digest
    }
    for name in changed:
        notify(f"{run.folder / name} has changed since it was drawn; the comparison it belongs to draws it anew")
    return changed


def _remove_figures(run: store.Run, kept: Collection[str]) -> None:
    """Remove figures of fewer replicates than there are now; the command that draws them makes them anew."""
    with contextlib.suppress(OSError):
        for path in (run.folder / store.FIGURES).glob("*.svg"):
            if f"{store.FIGURES}/{path.name}" not in kept:
                path.unlink()


def _is_figure(name: str) -> bool:
    return name.startswith(f"{store.FIGURES}/")


def _write(run: store.Run, contents: Mapping[Path, bytes]) -> None:
    """Write files of a run, each whole or not at all.

    Raises:
        UsageError: they cannot be written.
    """
    try:
        if any(path.parent.name == store.FIGURES for path in contents):
            (run.folder / store.FIGURES).mkdir(exist_ok=True)
        store.write_whole(contents)
    except OSError as error:
        raise UsageError(store.cannot_write(error, run.folder)) from error
