"""The files of a run: whole or absent, checked, identified by what decides their contents."""

from __future__ import annotations

import json
import os
from pathlib import Path

import fakes
import numpy as np
import pytest
from stored import files, listed, run_in, stopping_at, times

from sim import compiled
from sim.errors import StoreError, UsageError
from sim.experiment import regular, store, upkeep
from sim.experiment.batch import Demand, complete
from sim.experiment.result import Result
from sim.experiment.tables import simulate


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "replicates").iterdir())


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
    (run.folder / "figures").mkdir()
    alive = run.folder / "replicates" / f".0000-metrics.parquet.{os.getppid()}.tmp"
    alive.touch()
    for folder in ("", "replicates", "figures"):
        (run.folder / folder / f".file.{2**22 + 1}.tmp").touch()
        (run.folder / folder / f".file.{10**30}.tmp").touch()
    store.prepare(run)
    assert list(run.folder.rglob("*.tmp")) == [alive]


@pytest.mark.parametrize("change", [{"name": "other"}, {"description": "words"}, {"replicates": 99}])
def test_identity_ignores_what_does_not_decide_results(change: dict[str, object]) -> None:
    assert store.identity(fakes.Scenario(**change)) == store.identity(fakes.Scenario())
    assert store.identity(fakes.Scenario(thresholds=({"metric": "cac", "max": 9},))) == store.identity(fakes.Scenario())


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
    assert files(run.folder) == files(straight.folder)


def test_manifest_lists_every_file(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 2, placebos=1)])
    manifest = json.loads((run.folder / "manifest.json").read_text())
    there = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == there - {"manifest.json", ".lock"}
    assert len(there) == 2 * 3 + 1 + 4
    assert all(regular.sha256(run.folder / name) == digest for name, digest in manifest["files"].items())
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
    before = files(run.folder)
    (run.folder / "replicates" / f"0001-{kind}.parquet").unlink()
    complete([Demand(run, 2)])
    assert files(run.folder) == before


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


def drawn(result: Result) -> dict[str, bytes]:
    """What stands for figures."""
    return {"orders.svg": f"orders of {len(result.replicates)}".encode(), "costs.svg": b"costs"}


def test_what_is_wanted_is_noted_before_anything_is_simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_in(tmp_path)
    monkeypatch.setattr(fakes.Model, "run", stopping_at(0))
    with monkeypatch.context() as patch:
        patch.setattr(upkeep, "finish", lambda *_: None)  # as if the process had been killed
        with pytest.raises(KeyboardInterrupt):
            complete([Demand(run, 4, placebos=2)])
    before = listed(run)
    assert (before.status, before.wanted, before.placebos, before.replicates) == ("running", 4, 2, 0)
    assert before.files == {"scenario.yaml": regular.sha256(run.folder / "scenario.yaml")}
    with pytest.raises(KeyboardInterrupt):
        complete([Demand(run, 4, placebos=2)])
    assert listed(run).status == "interrupted"
    assert (listed(run).wanted, listed(run).placebos) == (4, 2)


@pytest.mark.parametrize("name", ["metrics.parquet", "scenario.yaml", "figures/orders.svg", "figures"])
@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_derived_files_are_healed(tmp_path: Path, name: str, damage: str) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 2)], draw=drawn)
    before, when = files(run.folder), times(run.folder)
    path = run.folder / name
    if damage == "changed" and path.is_file():
        path.write_bytes(b"what was here was changed")
    else:
        for file in [path] if path.is_file() else list(path.iterdir()):
            file.unlink()
    complete([Demand(run, 2)], draw=drawn)
    assert files(run.folder) == before
    unhurt = [key for key in when if "replicates/" in key or (key.endswith("costs.svg") and name != "figures")]
    assert {key: times(run.folder)[key] for key in unhurt} == {key: when[key] for key in unhurt}


def test_nothing_is_written_when_all_is_as_listed(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 3, placebos=1)], draw=drawn)
    before = times(run.folder)
    complete([Demand(run, 3, placebos=1)], draw=drawn)
    complete([Demand(run, 2)], draw=drawn)
    assert times(run.folder) == before


def test_figures_never_show_fewer_replicates_than_there_are(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 2)], draw=drawn)
    complete([Demand(run, 3)])  # as from Python, where nothing is drawn
    assert not list((run.folder / "figures").iterdir())
    complete([Demand(run, 3)], draw=drawn)
    assert (run.folder / "figures" / "orders.svg").read_bytes() == b"orders of 3"
    with upkeep.adding([run], notify=pytest.fail):
        (run.folder / "figures" / "forest-other.svg").write_bytes(b"three trees")
    complete([Demand(run, 4)], draw=drawn)  # a comparison draws its own when it is made again
    assert sorted(path.name for path in (run.folder / "figures").iterdir()) == ["costs.svg", "orders.svg"]


def test_metrics_are_read_alone_and_tables_are_not_kept(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 1)])
    result = Result.read(run, [0])
    assert result.tables(0) is not result.tables(0)
    (run.folder / "replicates" / "0000-orders.parquet").unlink()
    assert {row.metric for row in result.rows(0)} >= {"orders", "cac"}


def test_files_that_are_added_are_listed(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 2)], draw=drawn)
    forest = run.folder / "figures" / "forest-other.svg"
    with upkeep.adding([run], notify=pytest.fail):
        assert listed(run).status == "running"
        forest.write_bytes(b"trees")
    assert listed(run).status == "complete"
    assert listed(run).files["figures/forest-other.svg"] == regular.sha256(forest)
    before = times(run.folder)
    complete([Demand(run, 2)], draw=drawn)
    assert times(run.folder) == before


def test_a_changed_figure_that_cannot_be_drawn_here_stays_listed_as_it_was(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    complete([Demand(run, 2)], draw=drawn)
    forest = run.folder / "figures" / "forest-other.svg"
    with upkeep.adding([run], notify=pytest.fail):
        forest.write_bytes(b"trees")
    right = regular.sha256(forest)
    forest.write_bytes(b"weeds")
    notes: list[str] = []
    complete([Demand(run, 2)], draw=drawn, notify=notes.append)
    assert listed(run).files["figures/forest-other.svg"] == right
    assert "forest-other.svg has changed since it was drawn" in notes[0]


def test_results_of_another_scenario_are_refused(tmp_path: Path) -> None:
    one, other = run_in(tmp_path), run_in(tmp_path, seed=2)
    complete([Demand(one, 1)])
    one.folder.rename(other.folder)
    with pytest.raises(StoreError, match=r"manifest\.json.*another scenario"):
        complete([Demand(other, 1)])


def test_writing_replaces_links_and_keeps_permissions(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link, plain = tmp_path / "elsewhere" / "file", tmp_path / "link", tmp_path / "plain"
    target.write_bytes(b"before")
    link.symlink_to(target)
    plain.write_bytes(b"")
    plain.chmod(0o640)
    store.write_whole({link: b"after", tmp_path / "new": b"", plain: b"more"})
    assert (link.is_symlink(), link.read_bytes(), target.read_bytes()) == (False, b"after", b"before")
    assert plain.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o666 & ~_umask()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["elsewhere", "file", "link", "new", "plain"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
