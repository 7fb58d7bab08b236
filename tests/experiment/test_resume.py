"""`resume`: a run that was interrupted, completed from what its folder says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import fakes
import pytest
from stored import files, listed, stopping_at

from sim import cli, compiled
from sim.experiment import manifest, store
from sim.experiment.batch import Demand, complete


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> store.Run:
    """A run of four replicates and two placebos that was interrupted after two replicates."""
    found = store.locate(fakes.SCENARIOS["baseline"], tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(fakes.Model, "run", stopping_at(2))
        with pytest.raises(KeyboardInterrupt):
            complete([Demand(found, 4, placebos=2)])
    assert found.stored() == [0, 1]
    return found


def resume(*words: object) -> int:
    return cli.main(["resume", *map(str, words), "--jobs", "1", "--no-progress"])


def finished(run: store.Run) -> None:
    """Finish a run, as it would have been finished at once."""
    assert resume(run.folder, "--quiet") == 0


def test_an_interrupted_run_is_completed(run: store.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert resume(run.folder) == 0
    printed = capsys.readouterr()
    assert f"results: {run.folder}" in printed.err
    straight = store.locate(fakes.SCENARIOS["baseline"], tmp_path / "straight")
    from sim.report.figures import draw

    complete([Demand(straight, 4, placebos=2)], draw=draw)
    assert files(run.folder) == files(straight.folder)
    assert cli.main(["run", "baseline", "--reps", "4", "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert capsys.readouterr().out == printed.out


def test_a_complete_run_says_so_and_prints_the_same(run: store.Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert resume(run.folder, "--json") == 0
    first = capsys.readouterr()
    assert "run is complete" not in first.err
    assert resume(run.folder, "--json") == 0
    again = capsys.readouterr()
    assert again.out == first.out
    assert json.loads(again.out)["replicates"] == 4
    assert "the run is complete\n" in again.err


def test_failed_replicates_are_tried_again(run: store.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("FAKE_FAILING", "3")
        assert resume(run.folder) == 3
    assert listed(run).status == "failed"
    assert resume(run.folder) == 0
    assert run.stored() == [0, 1, 2, 3]


def test_by_name(run: store.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(store, "default_out", lambda: run.folder.parent)
    assert resume(run.folder.name) == 0
    for name in ("baseline", run.folder.name.replace("baseline", "basleine")):
        assert resume(name) == 2
        assert f"'{name}' does not exist; did you mean '{run.folder}'?" in capsys.readouterr().err
    assert resume(run.folder / "scenario.yaml") == 2
    assert "is no folder" in capsys.readouterr().err
    assert resume("") == 2


def test_other_code_is_refused(
    run: store.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiled, "sources_digest", lambda: "f" * 64)
    before = files(run.folder)
    assert resume(run.folder) == 5
    said = capsys.readouterr().err
    assert f"was made by other code (sources {listed(run).sources[:12]}, these are {'f' * 12})" in said
    assert "run.py run baseline" in said
    assert files(run.folder) == before


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda file: file.unlink(), "the file is missing"),
        (lambda file: file.write_bytes(b"\xff\xfe"), "the file is damaged"),
        (lambda file: file.write_bytes(b"{" * 100), "the file is damaged"),
        (lambda file: file.write_bytes(b" " * 1_000_001), "the file is damaged"),
        (lambda file: file.write_text(file.read_text().replace('"seed":1', '"seed":2')), "the file has changed"),
        (lambda file: file.write_text(file.read_text().replace("baseline", "other")), "the file has changed"),
    ],
)
def test_damaged_scenario(run: store.Run, damage: object, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(damage)
    damage(run.folder / "scenario.yaml")
    assert resume(run.folder) == 5
    error = capsys.readouterr().err
    assert f"{run.folder / 'scenario.yaml'}: {said}" in error
    assert "run.py run baseline" in error


def test_scenario_of_a_complete_run_may_not_be_edited_at_all(run: store.Run) -> None:
    finished(run)
    file = run.folder / "scenario.yaml"
    file.write_text(file.read_text().replace('"description":""', '"description":"better"'))
    assert resume(run.folder) == 5


def test_damaged_replicate(run: store.Run, capsys: pytest.CaptureFixture[str]) -> None:
    file = run.folder / "replicates" / "0001-orders.parquet"
    file.write_bytes(file.read_bytes()[:-1])
    assert resume(run.folder) == 5
    assert str(file) in capsys.readouterr().err


def test_folder_without_manifest(run: store.Run, capsys: pytest.CaptureFixture[str]) -> None:
    (run.folder / "manifest.json").unlink()
    assert resume(run.folder) == 2
    assert "there is no manifest.json" in capsys.readouterr().err


def test_folder_of_another_name(run: store.Run, capsys: pytest.CaptureFixture[str]) -> None:
    copy = run.folder.with_name("for-the-board")
    shutil.copytree(run.folder, copy)
    assert resume(copy) == 5
    assert f"is to be called {run.folder.name}; rename it" in capsys.readouterr().err


def test_manifest_of_the_first_format(run: store.Run) -> None:
    finished(run)
    (run.folder / "replicates" / "0001-orders.parquet").unlink()
    content = json.loads((run.folder / "manifest.json").read_text())
    for key in ("wanted", "placebos", "events", "sha256"):
        content.pop(key, None)
    (run.folder / "manifest.json").write_text(json.dumps({**content, "format": 1}))
    assert resume(run.folder) == 0
    assert run.stored() == [0, 1, 2, 3]
    assert (listed(run).format, listed(run).wanted, listed(run).placebos) == (manifest.FORMAT, 4, 2)


def test_a_replicate_that_the_manifest_of_a_complete_run_does_not_list_is_refused(
    run: store.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished(run)
    other = store.locate(fakes.SCENARIOS["referral"], tmp_path / "out")
    complete([Demand(other, 5)])
    for path in (other.folder / store.REPLICATES).glob("0004-*"):
        shutil.copy(path, run.folder / store.REPLICATES)
    capsys.readouterr()
    assert cli.main(["run", "baseline", "--reps", "5", "--out", str(tmp_path / "out"), "--quiet"]) == 5
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "0004-metrics.parquet: the manifest does not list it" in printed.err


@pytest.mark.parametrize("name", [store.REPLICATES, store.FIGURES])
def test_nothing_is_written_or_removed_where_a_linked_folder_leads(
    run: store.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    finished(run)
    outside = tmp_path / "outside"
    (run.folder / name).rename(outside)
    (outside / ".draft.tmp").touch()
    (run.folder / name).symlink_to(outside)
    before = sorted((path.name, path.stat().st_mtime_ns) for path in outside.iterdir())
    assert cli.main(["run", "baseline", "--reps", "5", "--out", str(tmp_path / "out"), "--quiet"]) == 5
    assert f"{name}: a link, not a folder" in capsys.readouterr().err
    assert sorted((path.name, path.stat().st_mtime_ns) for path in outside.iterdir()) == before
