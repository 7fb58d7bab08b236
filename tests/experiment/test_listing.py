"""The list of stored runs: quick, complete, and not to be stopped by any of them."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from sim import cli, compiled
from sim.errors import UsageError
from sim.experiment.listing import stored
from sim.experiment.lock import locked
from sim.experiment.manifest import FORMAT, Manifest, Timings

PROJECT = Path(__file__).resolve().parents[2]


def made(out: Path, scenario: str = "mine", number: int = 0, files: int = 3, **changes: object) -> Path:
    """The folder of a run of which there is only the manifest."""
    identity = hashlib.sha256(f"{scenario}{number}".encode()).hexdigest()
    folder = out / f"{scenario}-{identity[:8]}"
    folder.mkdir(parents=True)
    manifest = Manifest(
        format=FORMAT,
        scenario=scenario,
        hash=identity[:8],
        identity=identity,
        sources="0" * 64,
        seed=7,
        wanted=30,
        placebos=0,
        events=False,
        replicates=28,
        status="complete",
        versions={},
        git=None,
        timings=Timings(finished=f"2026-01-{1 + number % 28:02d}T10:00:00+00:00"),
        files={f"replicates/{n:04d}-metrics.parquet": identity for n in range(files)},
    )
    (folder / "manifest.json").write_bytes(manifest.model_copy(update=changes).to_bytes())
    return folder


def listed(out: Path, *names: str) -> dict[str, str]:
    """Status by folder."""
    return {run.folder: run.status for run in stored(out, names)}


def test_a_list_says_what_a_run_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made(tmp_path, status="interrupted", sources=compiled.sources_digest())
    assert cli.main(["list", "--out", str(tmp_path), "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run == {
        "folder": folder.name,
        "scenario": "mine",
        "seed": 7,
        "replicates": 28,
        "wanted": 30,
        "status": "interrupted",
        "finished": "2026-01-01T10:00:00+00:00",
        "code": "current",
    }
    assert cli.main(["list", "--out", str(tmp_path)]) == 0
    line = capsys.readouterr().out.splitlines()[2]
    assert line.split() == [folder.name, "mine", "interrupted", "current", run["finished"], "7", "28", "of", "30"]
    assert cli.main(["list", "--out", str(tmp_path), "--md"]) == 0
    assert f"| {folder.name} | mine | interrupted | current | {run['finished']} | 7 | 28 of 30 |" in (
        capsys.readouterr().out
    )


def test_the_newest_come_first_and_names_choose(tmp_path: Path) -> None:
    folders = [made(tmp_path, "mine", n).name for n in (3, 9, 1)]
    others = [made(tmp_path, name, 2).name for name in ("minor", "other")]
    assert list(listed(tmp_path)) == [folders[1], folders[0], *sorted(others), folders[2]]
    assert set(listed(tmp_path, "min")) == {*folders, others[0]}
    assert set(listed(tmp_path, "minor", "oth")) == set(others)
    assert listed(tmp_path, "m*") == {}


def test_a_run_is_running_as_long_as_somebody_holds_its_lock(tmp_path: Path) -> None:
    folder = made(tmp_path, status="running")
    assert listed(tmp_path) == {folder.name: "interrupted"}
    with locked([folder], lambda _: None):
        assert listed(tmp_path) == {folder.name: "running"}
    assert listed(tmp_path) == {folder.name: "interrupted"}


def test_no_run_hides_the_others(tmp_path: Path) -> None:
    fine, *bad, later = (made(tmp_path, f"run-{n}") for n in range(6))
    (bad[0] / "manifest.json").write_bytes(b"\xff")
    (bad[1] / "manifest.json").write_text("[" * 100_000)
    (bad[2] / "manifest.json").unlink()
    (bad[2] / "replicates").mkdir()
    (bad[3] / "manifest.json").unlink()
    (bad[3] / "manifest.json").mkdir()
    (later / "manifest.json").write_text(json.dumps({"format": FORMAT + 1}))
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "nowhere").symlink_to("gone")
    expected = {folder.name: "damaged" for folder in bad} | {fine.name: "complete", later.name: "other version"}
    assert listed(tmp_path) == expected
    assert set(listed(tmp_path, "run")) == set(expected)


def test_nothing_stored_is_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "--out", str(tmp_path / "none")]) == 0
    assert cli.main(["list", "--out", str(tmp_path / "none"), "--json"]) == 0
    done = capsys.readouterr()
    assert done.out.strip().startswith("{")
    assert json.loads(done.out)["runs"] == []
    assert done.err.count("no runs are stored in") == 2
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="choose another folder"):
        stored(tmp_path / "file")


def test_a_long_list_loads_nothing_heavy_and_nothing_to_draw_tables(tmp_path: Path) -> None:
    for number in range(300):
        made(tmp_path, number=number, files=1)
    code = (
        "import sys; from sim.cli import main; sys.stdout.isatty = lambda: True; "
        "assert main(['list', '--out', sys.argv[1]]) == 0; "
        "heavy = {'numba', 'mesa', 'pandas', 'scipy', 'matplotlib', 'pyarrow', 'rich'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("complete") == 300
