"""The folder of compiled kernels follows the sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sim import compiled


def prepared(**environment: str) -> list[Path]:
    """The name `prepare` should choose, what it answers twice in a process of its own, and what it leaves behind."""
    code = """if True:
        import os, sys
        from sim.compiled import prepare, sources_digest
        print(f"numba-{sources_digest()[:16]}", prepare(), prepare(), os.environ["NUMBA_CACHE_DIR"])
        assert prepare().is_dir() and "numba" not in sys.modules
    """
    inherited = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env=inherited | environment, cwd=compiled.PACKAGE.parent, capture_output=True, text=True, check=True
    )
    return [Path(word) for word in done.stdout.split()]


def test_folder_is_named_by_the_sources(tmp_path: Path) -> None:
    name, *folders = prepared(XDG_CACHE_HOME=str(tmp_path))
    assert folders == [tmp_path / "liebian" / name] * 3
    name, *folders = prepared(NUMBA_CACHE_DIR=str(tmp_path / "mine"))
    assert folders == [tmp_path / "mine" / name] * 3
    name, *folders = prepared(NUMBA_CACHE_DIR=str(tmp_path / "mine" / name))
    assert folders == [tmp_path / "mine" / name] * 3


def test_a_folder_that_cannot_be_written_is_replaced_for_the_time_of_the_process(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    _, *folders = prepared(XDG_CACHE_HOME=str(blocked), TMPDIR=str(tmp_path))
    assert len(set(folders)) == 1
    assert folders[0].is_relative_to(tmp_path)
    assert not folders[0].parent.exists()


def test_digest_sees_names_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def digest() -> str:
        compiled.sources_digest.cache_clear()
        return compiled.sources_digest()

    shutil.copytree(compiled.PACKAGE, tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(compiled, "PACKAGE", tmp_path / "sim")
    try:
        before = digest()
        (tmp_path / "sim" / "notes.txt").write_text("not a source")
        assert digest() == before
        module = tmp_path / "sim" / "units.py"
        module.write_bytes(module.read_bytes() + b"#")
        changed = digest()
        assert changed != before
        module.rename(tmp_path / "sim" / "unit.py")
        assert digest() not in (before, changed)
    finally:
        compiled.sources_digest.cache_clear()


def test_matplotlib_is_silent_where_it_cannot_keep_its_fonts(tmp_path: Path) -> None:
    def said(**environment: str) -> tuple[str, str]:
        dropped = ("MPLCONFIGDIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
        inherited = {name: value for name, value in os.environ.items() if name not in dropped}
        code = "import os; from sim.compiled import prepare; prepare(); import matplotlib as m; m.get_cachedir()"
        done = subprocess.run(
            [sys.executable, "-c", f"{code}; print(os.environ.get('MPLCONFIGDIR'))"],
            env=inherited | environment, cwd=compiled.PACKAGE.parent, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip(), done.stderr

    blocked = tmp_path / "file"
    blocked.touch()
    folder, complaints = said(HOME=str(blocked))
    assert complaints == ""
    assert folder != "None"
    assert not Path(folder).exists()  # a temporary one, gone with its process
    folder, complaints = said(HOME=str(tmp_path))
    assert (folder, complaints) == ("None", "")
    assert said(HOME=str(blocked), MPLCONFIGDIR=str(tmp_path / "mine"))[0] == str(tmp_path / "mine")
