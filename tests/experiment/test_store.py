"""The files of a run: whole or absent, checked, identified by what decides their contents."""

from __future__ import annotations

import json
import os
from pathlib import Path

import fakes
import numpy as np
import pytest

from sim import compiled
from sim.errors import StoreError, UsageError
from sim.experiment import store
from sim.experiment.batch import Demand, complete
from sim.experiment.tables import simulate


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "replicates").iterdir())


def run_in(folder: Path, **changes: object) -> store.Run:
    return store.locate(fakes.Scenario(**changes), folder)


def test_replicate_survives_the_disk(tmp_path: Path) -> None:
    tables = simulate(fakes.Scenario(), 0)
    run = run_in(tmp_path)
    store.prepare(run)
    store.write_replicate(run.folder, 0, tables)
    back = store.read_replicate(run.folder, 0)
    assert back.scope == tables.scope
    for kind in ("metrics", "series", "orders"):
        before, after = getattr(tables, kind), getattr(back, kind)
        assert list(before) == list(after)
        for name in before:
            np.testing.assert_array_equal(before[name], after[name])
    assert back.orders["district"].dtype == np.int16


def test_a_replicate_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_in(tmp_path)
    store.prepare(run)
    written = 0

    def disk_full(descriptor: int) -> None:
        nonlocal written
        written += 1
        if written == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        store.write_replicate(run.folder, 0, simulate(fakes.Scenario(), 0))
    assert names(run.folder) == []
    assert run.stored() == []


def test_metrics_appear_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_in(tmp_path)
    store.prepare(run)
    replaced: list[str] = []
    replace = os.replace

    def interrupted(draft: Path, path: Path) -> None:
        if len(replaced) == 2:
            raise KeyboardInterrupt
        replaced.append(Path(path).name)
        replace(draft, path)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write_replicate(run.folder, 0, simulate(fakes.Scenario(), 0))
    assert replaced == ["0000-orders.parquet", "0000-series.parquet"]
    assert run.stored() == []
    assert not [name for name in names(run.folder) if name.endswith(".tmp")]


def test_drafts_of_dead_processes_are_removed(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    store.prepare(run)
    dead, alive = (run.folder / "replicates" / f".0000-metrics.parquet.{n}.tmp" for n in (2**22 + 1, os.getppid()))
    dead.touch()
    alive.touch()
    store.prepare(run)
    assert not dead.exists()
    assert alive.exists()


@pytest.mark.parametrize("change", [{"name": "other"}, {"description": "words"}, {"replicates": 99}])
def test_identity_ignores_what_does_not_decide_results(change: dict[str, object]) -> None:
    assert store.identity(fakes.Scenario(**change)) == store.identity(fakes.Scenario())
    assert store.identity(fakes.Scenario(thresholds=({"metric": "cac"},))) == store.identity(fakes.Scenario())


def test_identity_follows_scenario_seed_and_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    before = store.identity(fakes.Scenario())
    assert store.identity(fakes.Scenario(seed=2)) != before
    assert store.identity(fakes.Scenario(horizon={"years": 4})) != before
    monkeypatch.setattr(compiled, "sources_digest", lambda: "other")
    assert store.identity(fakes.Scenario()) != before


def test_more_replicates_extend_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 2)])
    before = {path.name: path.stat().st_mtime_ns for path in (run.folder / "replicates").iterdir()}
    simulated: list[int] = []
    simulate = fakes.Model.run

    def counted(self: fakes.Model) -> object:
        simulated.append(self.replicate)
        return simulate(self)

    monkeypatch.setattr(fakes.Model, "run", counted)
    complete([Demand(run, 4)])
    assert simulated == [2, 3]
    complete([Demand(run, 3)])
    assert simulated == [2, 3]
    assert run.stored() == [0, 1, 2, 3]
    assert {name: (run.folder / "replicates" / name).stat().st_mtime_ns for name in before} == before
    straight = run_in(tmp_path / "straight")
    complete([Demand(straight, 4)])
    assert _files(run.folder) == _files(straight.folder)


def test_manifest_lists_every_file(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 2, placebos=1)])
    manifest = json.loads((run.folder / "manifest.json").read_text())
    files = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == files - {"manifest.json"}
    assert len(files) == 2 * 3 + 1 + 3
    assert all(store.sha256(run.folder / name) == digest for name, digest in manifest["files"].items())
    assert (manifest["status"], manifest["replicates"], manifest["seed"]) == ("complete", 2, 1)
    assert set(manifest["timings"]["seconds"]) == {"0000", "0001", "0000-placebo"}
    assert manifest["versions"]["numpy"] == np.__version__


def test_changed_files_are_refused(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 1)])
    path = run.folder / "replicates" / "0000-metrics.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"0000-metrics\.parquet.*changed"):
        complete([Demand(run, 1)])
    # Without the manifest it is the page checksums that betray the flipped bit.
    (run.folder / "manifest.json").unlink()
    with pytest.raises(StoreError, match="damaged"):
        store.read_replicate(run.folder, 0)


@pytest.mark.parametrize("kind", ["metrics", "series", "orders"])
def test_a_deleted_file_is_made_again(tmp_path: Path, kind: str) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 2)])
    before = _files(run.folder)
    (run.folder / "replicates" / f"0001-{kind}.parquet").unlink()
    complete([Demand(run, 2)])
    assert _files(run.folder) == before


@pytest.mark.parametrize(
    "content", ["{", "[1]", '{"files": 5}', '{"timings": 3}', '{"timings": {"seconds": []}}', "\xff"]
)
def test_unreadable_manifest(tmp_path: Path, content: str) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 1)])
    (run.folder / "manifest.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(StoreError, match="not a readable manifest"):
        complete([Demand(run, 1)])


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(UsageError, match=r"cannot write results to .*--out") as caught:
        complete([Demand(run_in(blocked), 1)])
    assert "\n" not in str(caught.value)
    assert blocked.read_text() == "not a folder"


def _files(folder: Path) -> dict[str, bytes]:
    """Contents by name, the manifest's timings apart."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    manifest = json.loads(found.pop("manifest.json"))
    del manifest["timings"]
    return found | {"manifest.json": json.dumps(manifest).encode()}
