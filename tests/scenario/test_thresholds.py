"""Thresholds are checked with the scenario, before anything is simulated."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sim.errors import ScenarioError
from sim.experiment.thresholds import breaches
from sim.metrics import METRICS, View
from sim.scenario import load
from sim.scenario.schema.measured import FIXED_LABELS, MEASURED_BY, SHARES

HEAD = "schema_version: 1\nname: x\nextends: baseline\nthresholds:\n  - {metric: cac, max: 9000}\n"

BAD = [
    ("{metric: cca, max: 1}", ".metric: there is no metric 'cca'; did you mean 'cac'?"),
    ("{metric: cac, max: 1, by: {tie: weak}}", ".by: 'cac' is not measured by tie, but year; channel; "),
    ("{metric: cac}", ": needs min or max"),
    ("{metric: referral_share, max: 90}", ".max: must be a share from 0 to 1, as 'referral_share' is, not 90; 90% is"),
    ("{metric: cac, min: 5, max: 3}", ".max: must be at least min (5), not 3"),
    (
        "{metric: cac, max: 1, by: {year: 2099}}",
        ".by.year: must be a value of year in this scenario, not 2099; years are 2020 to 2025",
    ),
    (
        "{metric: cac, max: 1, by: {year: '2020'}}",
        ".by.year: must be a value of year in this scenario, not the text '2020'; wri",
    ),
    ("{metric: cac, max: 1, by: {channel: refferal}}", ".by.channel: must be a value of channel in this scenario"),
    ("{metric: orders, max: 1, by: {segment: family}}", ".by.segment: must be a value of segment in this scenario"),
    ("{metric: ltv, max: 1, by: {referred: 1}}", ".by.referred: must be a value of referred in this scenario"),
]


@pytest.mark.parametrize(("threshold", "message"), BAD)
def test_a_threshold_that_cannot_be_looked_up_is_named_with_its_line(
    tmp_path: Path, threshold: str, message: str
) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(f"{HEAD}  - {threshold}\n")
    with pytest.raises(ScenarioError) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}:6: thresholds[1]{message}")


def test_thresholds_that_can_be_looked_up_are_accepted(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(f"{HEAD}  - {{metric: ltv, min: 1, max: 1, by: {{referred: true, year: 2021}}}}\n")
    assert [threshold.metric for threshold in load(file).thresholds] == ["cac", "ltv"]


def test_the_list_of_metrics_is_that_of_the_registry() -> None:
    assert {name: set(by) for name, by in MEASURED_BY.items()} == {m.name: set(m.dimensions) for m in METRICS.values()}
    assert {metric.name for metric in METRICS.values() if metric.unit == "share"} == SHARES
    records = SimpleNamespace(start_year=2020, years=2, segments=["a"])
    view = View(cast(Any, records))
    assert {name: tuple(view.labels(name)) for name in FIXED_LABELS} == dict(FIXED_LABELS)


def test_a_threshold_on_what_was_not_measured_says_so() -> None:
    threshold = SimpleNamespace(metric="ltv", by={}, min=None, max=1.0)
    row = {"metric": "ltv", "by": {}, "mean": float("nan")}
    result = SimpleNamespace(scenario=SimpleNamespace(thresholds=[threshold]), summary=[row])
    (sentence,) = breaches(cast(Any, result))
    assert sentence.startswith("threshold breached: ltv cannot be measured: ")
