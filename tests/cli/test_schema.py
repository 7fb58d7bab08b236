"""`schema` prints what editors use."""

from __future__ import annotations

import json

import pytest

from sim.cli import main
from sim.scenario.json_schema import FILE


def test_schema_prints_the_file_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    printed = capsys.readouterr().out
    assert printed == FILE.read_text(encoding="utf-8")
    assert json.loads(printed)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
