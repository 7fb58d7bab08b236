"""Scenarios: read, merged, checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.scenario.dumping import dump
from sim.scenario.loader import Resolved, read, restore
from sim.scenario.places import find, known
from sim.scenario.schema.root import Scenario


def load(
    name_or_path: str | Path, overrides: Mapping[str, object] | Sequence[str] = (), *, allow_behaviour: bool = False
) -> Scenario:
    """Read a scenario by name or path, with everything it inherits and the given settings on top.

    `overrides` is a map such as `{"policies.referral.referrer_credit": 500}` or a list of `a.b.c=VALUE`.
    A setting below a policy that is off is refused; `"policies.referral": {}` before it switches the policy on.
    `allow_behaviour` lets them set constants of behaviour (for calibration and sensitivity). Raises ScenarioError with
    every problem found.
    """
    return read(name_or_path, Scenario, overrides, allow_behaviour=allow_behaviour).scenario


__all__ = ["Resolved", "Scenario", "dump", "find", "known", "load", "read", "restore"]
