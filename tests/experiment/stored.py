"""What tests ask of stored runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import fakes

from sim.experiment import store
from sim.experiment.manifest import Manifest


def run_in(folder: Path, **changes: object) -> store.Run:
    """The run of a scenario of the fake market below a folder."""
    return store.locate(fakes.Scenario(**changes), folder)


def files(folder: Path) -> dict[str, bytes]:
    """Contents by path, without lock files; of manifests all but the timings and the digest over them."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    for name in (name for name in found if name.endswith("manifest.json")):
        manifest = json.loads(found[name])
        del manifest["timings"], manifest["sha256"]
        found[name] = json.dumps(manifest).encode()
    return found


def times(folder: Path) -> dict[str, int]:
    """Moments of the last change by path."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if not path.name.startswith(".")}


def listed(run: store.Run) -> Manifest:
    """The manifest of a run that has one."""
    found = Manifest.read(run.folder)
    assert found is not None
    return found


def stopping_at(replicate: int) -> Callable[[fakes.Model], object]:
    """A `fakes.Model.run` that is interrupted when it comes to a replicate."""
    model = fakes.Model.run

    def interrupted(self: fakes.Model) -> object:
        if self.replicate == replicate:
            raise KeyboardInterrupt
        return model(self)

    return interrupted
