"""Paired differences, what happened to orders, and the sentences about it."""

from __future__ import annotations

import math
from pathlib import Path

import fakes
import pytest

import sim
from sim.errors import UsageError
from sim.experiment import store
from sim.experiment.batch import Demand, complete
from sim.experiment.compare import Comparison, Difference, cost_sentence
from sim.experiment.result import Result


def compared(tmp_path: Path, placebos: int = 0) -> Comparison:
    runs = [store.locate(fakes.SCENARIOS[name], tmp_path) for name in ("baseline", "referral")]
    complete([Demand(runs[0], 3, placebos), Demand(runs[1], 3)])
    return Comparison(Result.read(runs[0], range(3)), [Result.read(runs[1], range(3))])


def test_a_scenario_against_itself_is_exactly_zero() -> None:
    result = sim.run(fakes.SCENARIOS["referral"], replicates=3)
    for row in result.compare(result).differences:
        if row.n:
            assert (row.difference, row.low, row.high, row.verdict) == (0.0, 0.0, 0.0, "equivalent"), row


def test_incremental_less_displaced_is_the_paired_difference(tmp_path: Path) -> None:
    comparison = compared(tmp_path)
    effect = {
        name: comparison.get("referral", f"{name}_orders").mean
        for name in ("incremental", "displaced", "accelerated", "channel_shifted")
    }
    expected = 0.0
    for replicate in range(3):
        records = fakes.records(fakes.SCENARIOS["referral"], replicate)
        added = (records.orders["household"] >= 400) & (records.orders["ordered"] < records.years)
        expected += records.weights[records.orders["district"][added]].sum() / 3
    assert effect["incremental"] == pytest.approx(expected)
    assert (effect["displaced"], effect["accelerated"], effect["channel_shifted"]) == (0, 0, 0)
    assert comparison.get("referral", "orders").difference == pytest.approx(expected)


def test_placebo_shows_what_chance_moves(tmp_path: Path) -> None:
    comparison = compared(tmp_path, placebos=2)
    noise = comparison.get("baseline+placebo", "channel_shifted_orders")
    # The placebo moves the channel of household 0, which stands for two.
    assert (noise.mean, noise.n) == (2.0, 2)
    assert comparison.get("baseline+placebo", "incremental_orders").mean == 0
    assert not [row for row in compared(tmp_path / "without").differences if "placebo" in row.scenario]


def test_only_common_replicates_are_paired() -> None:
    few = sim.run(fakes.SCENARIOS["baseline"], replicates=2)
    many = sim.run(fakes.SCENARIOS["referral"], replicates=4)
    same = sim.run(fakes.SCENARIOS["referral"], replicates=2)
    assert many.compare(few).frame.equals(same.compare(few).frame)


@pytest.mark.parametrize(
    ("change", "hint"),
    [({"seed": 2}, "--seed"), ({"horizon": {"years": 2}}, "--years"), ({"currency": "EUR"}, "currency")],
)
def test_incomparable_scenarios_are_refused(change: dict[str, object], hint: str) -> None:
    one = sim.run(fakes.Scenario(), replicates=1)
    other = sim.run(fakes.Scenario(**change), replicates=1)
    with pytest.raises(UsageError, match=hint):
        other.compare(one)


def test_another_market_has_no_order_effects() -> None:
    one = sim.run(fakes.Scenario(), replicates=1)
    other = sim.run(fakes.Scenario(name="b", market={"districts": [{"name": "x"}, {"name": "y"}]}), replicates=1)
    found = {row.metric for row in other.compare(one).differences}
    assert "orders" in found
    assert "incremental_orders" not in found


def test_two_scenarios_of_one_name_are_told_apart() -> None:
    one, other = (sim.run(fakes.Scenario(policies={"referral": r}), replicates=1) for r in (None, {}))
    assert other.compare(one).names == [f"fake-{one.hash}", f"fake-{other.hash}"]
    assert one.compare(one).names == ["fake", "fake"]


def test_printing_says_who_is_cheaper() -> None:
    result = sim.run(fakes.SCENARIOS["referral"], replicates=3)
    text = str(result.compare(sim.run(fakes.SCENARIOS["baseline"], replicates=3)))
    assert "In 2020 (year 1), referral is cheaper per customer than baseline in 3 of 3 replicates" in text
    assert "In 2022 (year 3)" in text


def row(**changes: object) -> Difference:
    values = {"scenario": "b", "metric": "cac", "unit": "CNY/customer", "by": {"year": 2020}, "reference_mean": 9000.0}
    values |= {"mean": 8188.0, "difference": -812.0, "low": -930.0, "high": -690.0, "relative": -0.09}
    return Difference(**{**values, "share_better": 1.0, "verdict": "better", "n": 10, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({}, "b is cheaper per customer than a in 10 of 10 replicates: 8,188 CNY against 9,000"),
        ({}, "difference -812 CNY, 95% interval -930 to -690."),
        ({"verdict": "worse", "share_better": 0.1}, "b is dearer per customer than a in 9 of 10"),
        (
            {"verdict": "inconclusive", "share_better": 0.6},
            "may be cheaper or dearer per customer than a; cheaper in 6 of",
        ),
        ({"verdict": "equivalent", "share_better": 0.6}, "practically the same"),
        ({"verdict": "equivalent", "difference": 0.0}, "exactly the same"),
        ({"n": 0, "mean": math.nan, "share_better": math.nan}, "cannot be compared"),
        ({"n": 1, "low": math.nan, "high": math.nan, "verdict": "inconclusive"}, "in 1 of 1 replicates"),
    ],
)
def test_sentences(changes: dict[str, object], part: str) -> None:
    sentence = cost_sentence(row(**changes), "a", 1)
    assert part in sentence
    assert "nan" not in sentence


def test_what_referral_is_credited_with_has_an_interval() -> None:
    def said(replicates: int) -> list[str]:
        runs = [sim.run(fakes.SCENARIOS[name], replicates=replicates) for name in ("referral", "baseline")]
        return [sentence for sentence in runs[0].compare(runs[1]).sentences() if "credited to referral" in sentence]

    (sentence,) = said(3)
    # All 40 referred households order only with the programme; orders too late to classify shall not count as anyway.
    assert "credited to referral, 0% would have come anyway in baseline" in sentence
    assert "(95% interval 0% to 0%, from 3 of 3 replicates and the orders early enough to classify)" in sentence
    assert said(1) == []
