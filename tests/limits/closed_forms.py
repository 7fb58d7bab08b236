"""The limits as data, the scenarios that configure them, and the line each test prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sim.model import GrowthModel
from sim.records import Records
from sim.scenario import Scenario, load

EVIDENCE = Path(__file__).parents[2] / "docs" / "evidence"
LIMITS: dict[str, dict[str, str]] = {
    limit["id"]: limit for limit in yaml.safe_load((EVIDENCE / "limits.yaml").read_text(encoding="utf-8"))
}


def limit(name: str, overrides: dict[str, object] | None = None, households: int | None = None) -> Scenario:
    """A closed-form scenario; with `households`, one city of that size and the same advertising per household."""
    scenario = load(f"limits/{name}", overrides or {})
    if households is None:
        return scenario
    before = scenario.market.districts[0].households
    budget = scenario.policies.paid_ads.budget_per_year.at(scenario.horizon.start_year)  # type: ignore[attr-defined]
    resized = {
        "market.districts": [{"name": "city", "tier": 1, "households": households, "represents": households}],
        "policies.paid_ads.budget_per_year": budget * households / before,
    }
    return load(f"limits/{name}", {**(overrides or {}), **resized})


def ads(scenario: Scenario) -> Any:
    """The advertising of a closed-form scenario."""
    return scenario.policies.paid_ads  # type: ignore[attr-defined]


def contact_hazard(scenario: Scenario) -> float:
    """Hazard of answering an advertisement during a search, per household and year, at interest 1: no saturation."""
    households = sum(d.represents for d in scenario.market.districts)
    money = ads(scenario).budget_per_year.at(scenario.horizon.start_year) / households
    return float(money / ads(scenario).price_per_thousand_impressions * 1000 * scenario.behaviour.impression_contact)


def simulate(scenario: Scenario, replicate: int = 0) -> Records:
    """One replicate, from start to end."""
    return GrowthModel(scenario, replicate).run()


def tell(identity: str, scenario: Scenario, runs: int, **measured: object) -> None:
    """Print what a limit was tested with and what came out (`pytest -s` shows it)."""
    households = sum(d.households for d in scenario.market.districts)
    values = ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in measured.items()
    )
    name = LIMITS[identity]["name"]
    ticks = scenario.horizon.ticks_per_year
    print(f"\n{identity} {name}: N={households}, {ticks} ticks per year, {runs} run(s): {values}")
