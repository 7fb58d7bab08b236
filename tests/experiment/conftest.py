from __future__ import annotations

import sys

import fakes
import pytest


@pytest.fixture(autouse=True)
def fake_market(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake model and loader in place of the real ones."""
    for name, module in fakes.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
