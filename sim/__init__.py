"""liebian: an agent-based laboratory for carmakers' growth strategies.

Importing this package loads nothing heavy; `sim.load`, `sim.run`, `sim.Model` and `sim.Result` bring what they need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.experiment.api import run
    from sim.experiment.result import Result
    from sim.model import Model
    from sim.scenario import Scenario, load

__version__ = "0.1.0"

_HOMES = {
    "Model": "sim.model",
    "Result": "sim.experiment.result",
    "Scenario": "sim.scenario",
    "load": "sim.scenario",
    "run": "sim.experiment.api",
}

__all__ = ["Model", "Result", "Scenario", "__version__", "load", "run"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
