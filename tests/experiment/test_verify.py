"""`verify` finds whatever happened to a run directory, and no other command stumbles over it."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import fakes
import pytest
from damages import DAMAGES

from sim import cli, compiled
from sim.errors import Exit
from sim.experiment.lock import locked
from sim.experiment.manifest import Manifest

CONTRACT = {Exit.FINE, Exit.USAGE, Exit.FAILED, Exit.BREACHED, Exit.CORRUPT}


class Done(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs of a comparison: placebos, figures, nothing wrong."""
    out = tmp_path_factory.mktemp("good")
    with pytest.MonkeyPatch.context() as patch:
        install(patch)
        for name, module in fakes.modules().items():
            patch.setitem(sys.modules, name, module)
        assert cli.main(["compare", "baseline", "referral", "--reps=2", "--jobs=1", "--quiet", f"--out={out}"]) == 0
    return out


def install(patch: pytest.MonkeyPatch) -> None:
    """Figures that cost nothing, as many as there usually are."""
    from sim.report import figures

    patch.setattr(figures, "write_forests", lambda comparison: [])
    patch.setattr(figures, "draw", lambda result: {f"{name}.svg": b"<svg/>" for name in ("orders", "costs", "loop")})


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """Runs commands in this process; one that waits for something for ever is ended."""
    install(monkeypatch)

    def run(*words: object) -> Done:
        capsys.readouterr()
        code = cli.main([str(word) for word in words])
        return Done(code, *capsys.readouterr())

    def hangs(*_: object) -> None:
        raise AssertionError("waits for ever")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(60)
    yield run
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def runs(good: Path, tmp_path: Path) -> Path:
    """A copy of the good runs."""
    return Path(shutil.copytree(good, tmp_path / "runs", symlinks=True))


def run_dir(runs: Path, name: str = "baseline") -> Path:
    (folder,) = runs.glob(f"{name}-*")
    return folder


def test_there_are_many_kinds_of_damage() -> None:
    assert len(DAMAGES) > 100


def test_a_good_run_is_good(runs: Path, command: Command) -> None:
    done = command("verify", *sorted(runs.iterdir()))
    assert done.code == 0
    assert done.err == ""
    assert [line.partition(": ")[2] for line in done.out.splitlines()] == [
        "complete, 13 files undamaged",
        "complete, 11 files undamaged",
    ]


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(runs: Path, command: Command, name: str) -> None:
    at_fault, damage = DAMAGES[name]
    folder = damage(run_dir(runs)) or run_dir(runs)
    done = command("verify", folder)
    assert done.code == Exit.CORRUPT, done.out
    paths = [line.partition(": ")[0] for line in done.out.splitlines()]
    assert str(folder / at_fault) in paths
    assert all(line.count("; ") for line in done.out.splitlines())
    assert "internal error" not in done.err


def test_damage_does_not_stop_the_list(good: Path, tmp_path: Path, command: Command) -> None:
    for number, name in enumerate(DAMAGES):
        folder = damaged(good, tmp_path / str(number), name)
        ends_well(folder, command, ["list"])
        shutil.rmtree(tmp_path / str(number))


def in_short(names: Sequence[str]) -> list[Any]:
    """Every fifth, and all that concern placebos, which only a comparison reads; the others with the long tests."""
    quick = {name for place, name in enumerate(names) if place % 5 == 0 or "placebo" in name}
    return [pytest.param(name, marks=() if name in quick else pytest.mark.full) for name in names]


@pytest.mark.parametrize("name", in_short(list(DAMAGES)))
def test_damage_crashes_no_command(good: Path, tmp_path: Path, command: Command, name: str) -> None:
    for words in (["run", "baseline", "--reps=2"], ["compare", "baseline", "referral", "--reps=2"], ["resume"]):
        ends_well(damaged(good, tmp_path / words[0], name), command, words)


def damaged(good: Path, runs: Path, name: str) -> Path:
    """A damaged copy of a run."""
    shutil.copytree(good, runs)
    return DAMAGES[name][1](run_dir(runs)) or run_dir(runs)


def ends_well(folder: Path, command: Command, words: Sequence[str]) -> None:
    """A command on a damaged run ends as the contract says, in words."""
    more = {"list": [f"--out={folder.parent}"], "resume": [folder, "--jobs=1"]}
    done = command(*words, *more.get(words[0], ["--jobs=1", f"--out={folder.parent}"]))
    assert done.code in CONTRACT, done.err
    assert "Traceback" not in done.err
    assert done.out if done.code == 0 else done.err


# --- what is no damage ------------------------------------------------------------------------------------------------


def killed(folder: Path) -> None:
    """What a run that was killed leaves: a list from its beginning, and replicates that are not on it."""
    listed = Manifest.read(folder)
    assert listed is not None
    files = {name: digest for name, digest in listed.files.items() if "/0001-" not in name}
    changes = {"status": "running", "replicates": 1, "files": files}
    (folder / "manifest.json").write_bytes(listed.model_copy(update=changes).to_bytes())
    (folder / "metrics.parquet").write_bytes(b"older or newer")
    (folder / "replicates/.0002-metrics.parquet.77.tmp").write_bytes(b"half")


def test_a_killed_run_is_no_damage(runs: Path, command: Command) -> None:
    killed(folder := run_dir(runs))
    done = command("verify", folder)
    assert (done.code, done.out.partition(": ")[2]) == (0, "running, 9 files undamaged\n")
    assert "was interrupted; 'run.py resume" in done.err


def test_a_run_that_is_written_at_this_moment_is_said_to_be(runs: Path, command: Command) -> None:
    killed(folder := run_dir(runs))
    with locked([folder], lambda _: None):
        done = command("verify", folder)
        assert (done.code, "is being written" in done.err, "interrupted" in done.err) == (0, True, False)


@pytest.mark.parametrize("kind", ["metrics", "series", "orders", "placebo-orders"])
def test_unlisted_replicates_are_checked_by_their_pages(runs: Path, command: Command, kind: str) -> None:
    killed(folder := run_dir(runs))
    path = folder / f"replicates/0001-{kind}.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    done = command("verify", folder)
    assert done.code == Exit.CORRUPT
    assert [line.partition(": ")[0] for line in done.out.splitlines()] == [str(path)]


def test_a_stranger_beside_a_killed_run_is_found(runs: Path, command: Command) -> None:
    killed(folder := run_dir(runs))
    (folder / "replicates/0001-notes.parquet").touch()
    assert "0001-notes.parquet: a file that does not belong here" in command("verify", folder).out


@pytest.fixture
def other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "sources_digest", lambda: "0" * 64)


@pytest.mark.usefixtures("other_code")
def test_a_run_of_other_code_is_no_damage(runs: Path, command: Command) -> None:
    done = command("verify", run_dir(runs))
    assert (done.code, "was made by other code" in done.err) == (0, True)


@pytest.mark.usefixtures("other_code")
@pytest.mark.parametrize("name", [name for name in DAMAGES if "seed" in name or "another name" in name])
def test_name_and_seed_count_for_other_code_too(good: Path, tmp_path: Path, command: Command, name: str) -> None:
    folder = damaged(good, tmp_path / "runs", name)
    done = command("verify", folder)
    assert done.code == Exit.CORRUPT
    assert str(folder / DAMAGES[name][0]) in done.out


def test_a_manifest_of_the_first_format_is_read(runs: Path, command: Command) -> None:
    folder = run_dir(runs)
    path = folder / "manifest.json"
    content = {**json.loads(path.read_text()), "format": 1}
    for name in ("wanted", "placebos", "events", "sha256"):
        del content[name]
    path.write_text(json.dumps(content))
    assert command("verify", folder).code == 0
    (folder / "figures/orders.svg").unlink()
    assert command("verify", folder).code == Exit.CORRUPT


# --- the command ------------------------------------------------------------------------------------------------------


def test_all_faults_of_all_runs_are_listed(runs: Path, command: Command) -> None:
    one, other = run_dir(runs), run_dir(runs, "referral")
    for path in (one / "scenario.yaml", one / "figures/orders.svg", other / "metrics.parquet"):
        path.unlink()
    done = command("verify", one, other)
    assert done.code == Exit.CORRUPT
    assert done.out.count("the file is missing") == len(done.out.splitlines()) == 3
    content = json.loads(command("verify", one, other, "--json").out)
    assert [run["run_dir"] for run in content["runs"]] == [str(one), str(other)]
    assert [len(run["findings"]) for run in content["runs"]] == [2, 1]
    assert content["runs"][1]["findings"][0]["path"] == str(other / "metrics.parquet")
    table = command("verify", one, other, "--md").out
    assert f"| {one} | complete | 11 | 2 |" in table
    assert f"| {other}/metrics.parquet | the file is missing; " in table


def test_a_run_is_found_by_its_name(runs: Path, command: Command) -> None:
    assert command("verify", run_dir(runs).name, f"--out={runs}").code == 0


def test_what_is_no_run_directory(runs: Path, command: Command) -> None:
    (runs / "empty").mkdir()
    right = run_dir(runs)
    for wrong, what in ((right.name[:-1], "does not exist"), ("empty", "no run directory"), ("", "is missing")):
        done = command("verify", wrong, f"--out={runs}")
        assert (done.code, done.out) == (Exit.USAGE, "")
        assert what in done.err
    assert f"did you mean '{right}'?" in command("verify", right.name[:-1], f"--out={runs}").err
    assert command("verify").code == Exit.USAGE
