"""The baselines under a changed constant of behaviour, one replicate at a time until something moves."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from sim.errors import ScenarioError
from sim.experiment import baselines
from sim.experiment.baselines import DIGEST, Baseline
from sim.experiment.check import Grade, Row, grade, measure
from sim.experiment.tables import simulate
from sim.scenario import Scenario, load
from sim.scenario.schema.behaviour import Behaviour

CONSTANTS = list(Behaviour.model_fields)

FIRST = {
    "abuse_appetite": "bargain_hunters",
    "return_per_week": "short_supply",
    "choice_product": "long_lives",
    "choice_trust": "long_lives",
    "choice_price": "long_lives",
    "choice_skill": "long_lives",
    "choice_test_drive": "long_lives",
    "match_share": "bargain_hunters",
    **dict.fromkeys(
        ("content_trust", "content_contact", "follow_share", "unfollow_per_year", "account_ripe_months"),
        "sellers_publish",
    ),
    **dict.fromkeys(("learning_posts", "effort_memory_weeks", "support_drive", "post_fatigue"), "sellers_publish"),
    "recall_reach": "lead_desk",
    "choice_one_flow": "long_lives",
}
"""The baseline that notices a constant soonest, where it is not `SOONEST`."""
SOONEST = "owner_programme"


@functools.cache
def shipped() -> dict[str, Baseline]:
    """The project's baselines by name."""
    return {one.name: one for one in baselines.read(baselines.root())}


def moved_rows(baseline: Baseline, replicate: int, scenario: Scenario | None = None) -> list[Row]:
    """The rows of metrics in which one replicate of a baseline, or of its scenario changed, is not as approved."""
    measured = measure({replicate: simulate(scenario or baseline.scenario, replicate)})
    expected = {key: (cells[replicate],) for key, cells in (baseline.expected or {}).items()}
    return [row for row in grade(expected, measured) if row.grade > Grade.WITHIN_TOLERANCE]


def noticed(constant: str, factor: float) -> tuple[str, int, str] | None:
    """The first baseline, replicate and metric to move with a constant; None if nothing does."""
    names = dict.fromkeys((FIRST.get(constant, SOONEST), SOONEST, *shipped()))
    settings = {f"behaviour.{constant}": getattr(shipped()[SOONEST].scenario.behaviour, constant) * factor}
    for replicate in range(max(one.scenario.replicates for one in shipped().values())):
        for baseline in map(shipped().__getitem__, names):
            rows = moved_rows(baseline, replicate, changed(baseline, settings))
            for row in rows:
                if row.metric != DIGEST:
                    return baseline.name, replicate, row.metric
    return None


def changed(baseline: Baseline, settings: Mapping[str, Any]) -> Scenario:
    return load(baseline.folder / baselines.SCENARIO, settings, allow_behaviour=True)


def allowed(constant: str, factor: float) -> bool:
    """Whether the schema lets a constant be changed by the factor: some stand at the end of what is possible."""
    baseline = shipped()[SOONEST]
    try:
        changed(baseline, {f"behaviour.{constant}": getattr(baseline.scenario.behaviour, constant) * factor})
    except ScenarioError:
        return False
    return True
