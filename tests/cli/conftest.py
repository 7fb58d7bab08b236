from pathlib import Path

import pytest
from fake_shell import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Commands on the fake market in a folder of the test."""
    return Shell(tmp_path, monkeypatch, capsys)
