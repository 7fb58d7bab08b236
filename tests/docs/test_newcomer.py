"""The newcomer's path: the five commands of the README, typed as they stand in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
TITLE = "### Your own scenario in five commands"


def section() -> str:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    return re.split(r"^##", text.partition(TITLE)[2], maxsplit=1, flags=re.MULTILINE)[0]


def typed() -> list[str]:
    """The five commands."""
    block = re.search(r"^```sh\n(.*?)^```", section(), flags=re.MULTILINE | re.DOTALL)
    assert block is not None
    return block[1].splitlines()


def received() -> list[str]:
    """What the receiver of the folder types."""
    prose = re.sub(r"^```.*?^```", "", section(), flags=re.MULTILINE | re.DOTALL)
    inline = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    return [code for code in inline if code.startswith("tar -x") or " verify " in code]


class Newcomer:
    """Types lines into a shell in a folder; `python` is the one that runs the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, line: str) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=self.folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=600,
            preexec_fn=one_processor,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout


def one_processor() -> None:
    """One process compiles the kernels; a second one would compile the same."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    """A newcomer in a copy of the project, whose market is small and soon left."""
    folder = tmp_path / "a copy"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("sim", "scenarios"):
        shutil.copytree(PROJECT / name, folder / name, ignore=ignored)
    shutil.copy(PROJECT / "run.py", folder)
    baseline = folder / "scenarios" / "baseline.yaml"
    text, changed = re.subn(r" households: \d+", " households: 300", baseline.read_text(encoding="utf-8"))
    assert changed == 10
    assert "economics:" not in text
    baseline.write_text(f"{text}\neconomics: {{run_off_years: 0}}\n", encoding="utf-8")
    return Newcomer(folder)


def test_there_are_five_commands() -> None:
    assert [line.split()[:3] for line in typed()] == [
        ["python", "run.py", "new"],
        ["sed", "-i", "'s/referrer_credit:"],
        ["python", "run.py", "validate"],
        ["python", "run.py", "compare"],
        ["tar", "-czf", "shared-results.tar.gz"],
    ]
    assert [line.split()[0] for line in received()] == ["tar", "python"]


def test_the_five_commands_and_what_the_receiver_types(newcomer: Newcomer, tmp_path: Path) -> None:
    new, edit, validate, compare, share = typed()
    assert newcomer(new) == "scenarios/mine.yaml\n"
    mine = newcomer.folder / "scenarios" / "mine.yaml"
    before = mine.read_text(encoding="utf-8")
    newcomer(edit)
    after = mine.read_text(encoding="utf-8")
    changed = [pair for pair in zip(before.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]
    assert changed == [("    referrer_credit: 2000  # as in referral", "    referrer_credit: 4000  # as in referral")]
    assert newcomer(validate) == "mine: valid\n"
    assert "incremental_orders" in newcomer(compare)
    newcomer(share)

    receiver = Newcomer(tmp_path / "receiver")
    receiver.folder.mkdir()
    for name in ("sim", "run.py"):
        (receiver.folder / name).symlink_to(newcomer.folder / name)
    shutil.copy(newcomer.folder / "shared-results.tar.gz", receiver.folder)
    unpack, verify = received()
    receiver(unpack)
    assert (receiver.folder / "scenarios" / "mine.yaml").read_text(encoding="utf-8") == after
    (run,) = (receiver.folder / "shared-results").glob("mine-*")
    assert {path.name for path in run.iterdir()} >= {"manifest.json", "scenario.yaml", "metrics.parquet", "figures"}
    assert len(receiver(verify).splitlines()) == 2

    metrics = run / "metrics.parquet"
    metrics.write_bytes(metrics.read_bytes()[:-1])
    with pytest.raises(AssertionError, match=r"mine-\w+/metrics\.parquet"):
        receiver(verify)
