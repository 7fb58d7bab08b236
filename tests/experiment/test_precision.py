"""How precise a result shall be: what is asked for, how many replicates are added, what the interval then covers."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import fakes
import numpy as np
import pytest

import sim
from sim.errors import UsageError
from sim.experiment import precision, store
from sim.experiment.batch import Demand, complete
from sim.experiment.compare import Difference, cost_sentence, settling
from sim.experiment.precision import Goal, Known, extend, goal, of_difference, of_mean, plan
from sim.report import results

BASELINE = fakes.SCENARIOS["baseline"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cac=2%", Goal("cac", {}, 0.02, True)),
        ("cac=50", Goal("cac", {}, 50.0, False)),
        ("cac[year=2021]=0.5%", Goal("cac", {"year": 2021}, 0.005, True)),
        (" cac[ year=2021, channel=referral ] = 3 % ", Goal("cac", {"year": 2021, "channel": "referral"}, 0.03, True)),
        ("ltv[referred=true]=.5", Goal("ltv", {"referred": True}, 0.5, False)),
    ],
)
def test_goals(text: str, expected: Goal) -> None:
    found = goal(text, BASELINE)
    assert found == expected
    assert type(found.by.get("referred")) is type(expected.by.get("referred"))  # true is no 1


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("cca=2%", "there is no metric 'cca'; did you mean 'cac'?"),
        ("cac", "'cac' is not METRIC=WIDTH; write for example cac=2%, cac=50"),
        ("cac=two", "is not METRIC=WIDTH"),
        ("cac=2e3", "is not METRIC=WIDTH"),
        ("cac=-2%", "is not METRIC=WIDTH"),
        ("", "is not METRIC=WIDTH"),
        ("cac=0%", "must be above 0"),
        ("cac=" + "9" * 5000, "must be above 0 and finite"),
        ("cac[year]=2%", "there is no year '' in 'baseline'; there are: 2020, 2021, 2022"),
        ("cac[year=2031]=2%", "there is no year '2031' in 'baseline'"),
        ("cac[channel=refferal]=2%", "did you mean 'referral'?"),
        ("cac[tie=weak]=2%", "'cac' is not measured by tie, but year; channel; "),
        ("cac[year=2020,year=2021]=2%", "'year' is given twice"),
        ("ltv[referred=1]=2%", "there is no referred '1'"),
    ],
)
def test_goals_that_cannot_be(text: str, part: str) -> None:
    with pytest.raises(UsageError) as caught:
        goal(text, BASELINE)
    assert part in str(caught.value)
    assert len(str(caught.value)) < 400


def test_plans() -> None:
    assert plan([], BASELINE, None, None) == precision.Plan(3, 3)
    asked = plan(["cac=2%"], BASELINE, None, None)
    assert (asked.start, asked.limit) == (5, 300)  # the scenario says 3, which is too few to stop on
    assert plan(["cac=2%"], BASELINE, 30, 40).start == 30
    assert plan(["cac=2%"], BASELINE, 2000, None).limit == 2000
    for most in (29, 10_000):
        with pytest.raises(UsageError, match=r"from 30 .* to 9999, not"):
            plan(["cac=2%"], BASELINE, 30, most)
    with pytest.raises(UsageError, match="give a precision"):
        plan([], BASELINE, 30, 40)


CAC = Goal("cac", {}, 0.02, True)


def asked(values: list[float], goal: Goal = CAC, start: int = 5, limit: int = 1000) -> tuple[list[int], Known]:
    """The numbers of replicates that are asked for, and what is known in the end."""
    rounds: list[int] = []

    def measure(replicates: int) -> list[Known]:
        rounds.append(replicates)
        return [of_mean(goal, "s", values[:replicates])]

    (last,) = extend(start, limit, measure)
    return rounds, last


def test_replicates_are_added_until_it_is_precise() -> None:
    values = np.random.default_rng(1).normal(100.0, 10.0, 1000).tolist()
    rounds, last = asked(values)
    assert last.reached
    assert last.half <= 0.02 * abs(np.mean(values[: rounds[-1]]))
    assert 60 < rounds[-1] < 160  # (2 x 10 / 2)^2
    assert all(after <= 2 * before for before, after in itertools.pairwise(rounds))
    assert not of_mean(CAC, "s", values[: rounds[-2]]).reached


def test_identical_values_settle_at_once() -> None:
    assert asked([7.0] * 5)[0] == [5]
    assert asked([0.0] * 5)[0] == [5]
    same = [3.0, 5.0, 9.0]
    assert of_difference(CAC, "s", same, same).reached


def test_the_limit_is_kept_and_said() -> None:
    values = np.random.default_rng(2).normal(100.0, 30.0, 60).tolist()
    rounds, last = asked(values, limit=60)
    assert rounds[-1] == 60
    assert not last.reached
    share = math.ceil(last.half / last.size * 1e4) / 100
    assert str(last) == f"s: cac is known to {share:g}% after 60 replicates, not 2%"
    _, last = asked(values, Goal("cac", {"year": 2020}, 2.0, False), limit=60)
    assert str(last).startswith("s: cac[year=2020] is known to 7.")
    assert str(last).endswith("after 60 replicates, not 2")


def test_missed_by_little_does_not_look_reached() -> None:
    assert str(Known(CAC, "s", 9, 9, 100.0, 0.0)).endswith("known to 0% after 9 replicates")
    half = precision.half_width(1.0, 9)
    assert "2.01% after 9 replicates, not 2%" in str(Known(CAC, "s", 9, 9, half / 0.0200001, 1.0))


@pytest.mark.parametrize(
    ("width", "relative", "half", "words"),
    [
        (0.000001, True, 0.0136, "1.36% after 9 replicates, not 0.0001%"),
        (0.00002, True, 0.00004, "0.004% after 9 replicates, not 0.002%"),
        (2.0, False, 200.01, "201 after 9 replicates, not 2"),
        (2.0, False, 2.0004, "2.01 after 9 replicates, not 2"),
        (12_000.0, False, 12_345.0, "12,400 after 9 replicates, not 12,000"),
    ],
)
def test_widths_in_words(width: float, relative: bool, half: float, words: str) -> None:
    deviation = half * (100.0 if relative else 1.0) / precision.half_width(1.0, 9)
    known = Known(Goal("cac", {}, width, relative), "s", 9, 9, 100.0, deviation)
    assert str(known) == f"s: cac is known to {words}"


def test_an_undefined_metric_ends_at_once() -> None:
    rounds, last = asked([math.nan] * 1000)
    assert rounds == [5]
    assert str(last) == "s: cac is not known at all after 5 replicates: it is not defined in any of them"


def test_a_share_of_nothing_ends_at_once() -> None:
    known = of_difference(CAC, "s", [0.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    assert known.hopeless
    assert "give a width in its unit" in str(known)
    assert not of_difference(Goal("cac", {}, 0.1, False), "s", [0.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0]).hopeless


def test_replicates_in_which_it_is_undefined_are_reckoned_with() -> None:
    values = np.random.default_rng(3).normal(100.0, 10.0, 1000)
    values[::2] = np.nan
    rounds, last = asked(values.tolist())
    assert last.reached
    assert last.n == rounds[-1] // 2
    rare = [math.nan] * 1000
    rare[3] = 5.0
    rounds, last = asked(rare, limit=50)
    assert rounds == [5, 10, 20, 40, 50]
    assert "not defined in more than one" in str(last)


def test_a_failure_ends_it() -> None:
    values = np.random.default_rng(4).normal(100.0, 30.0, 1000).tolist()
    known = extend(5, 1000, lambda n: [of_mean(CAC, "s", values[:n])] if n <= 10 else None)
    assert [one.replicates for one in known] == [10]


@pytest.mark.parametrize(("start", "least"), [(5, 0.91), (30, 0.935)])
def test_the_interval_still_covers_the_truth(start: int, least: float) -> None:
    # Needing about 20 replicates, where stopping early does most harm; the standard error of a share is 0.006.
    rng = np.random.default_rng(6)
    width = Goal("cac", {}, 1.96 / math.sqrt(20), False)
    covered = 0
    for _ in range(2000):
        values = rng.standard_normal(160).tolist()
        rounds, last = asked(values, width, start, 160)
        covered += abs(float(np.mean(values[: rounds[-1]]))) <= last.half
    assert covered / 2000 > least
    if start == 5:
        assert covered / 2000 < 0.945  # stopping rules have a price, which is documented


def test_of_runs_as_many_are_read_as_were_asked_for(tmp_path: Path) -> None:
    runs = [store.locate(fakes.SCENARIOS[name], tmp_path) for name in ("baseline", "referral")]
    complete([Demand(run, 20) for run in runs])
    few = precision.Plan(6, 6, (goal("deliveries=0.001%", BASELINE), goal("deliveries[year=2020]=1000%", BASELINE)))
    first, second = precision.reach(few, runs, lambda replicates: True)
    assert (first.replicates, first.n, first.reached, second.reached) == (6, 6, False, True)
    alone, _ = precision.reach(few, runs[:1], lambda replicates: True)
    assert (alone.scenario, first.scenario) == ("baseline", "referral")
    assert alone.half > 0
    assert alone.half != first.half
    # A run against itself is one folder and still a pair, known exactly.
    (itself, _) = precision.reach(few, [runs[0], runs[0]], lambda replicates: True)
    assert (itself.half, itself.reached) == (0.0, True)


def difference(**changes: object) -> Difference:
    values = {"scenario": "b", "metric": "cac", "unit": "CNY/customer", "by": {"year": 2020}, "reference_mean": 9000.0}
    values |= {"mean": 8900.0, "difference": -100.0, "low": -300.0, "high": 100.0, "relative": -0.01, "n": 10}
    values |= {"share_better": 0.6, "verdict": "inconclusive", "replicates_to_settle": 1034}
    return Difference(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "about 1,034"),
        ({"replicates_to_settle": None}, "more than 9,999"),
        ({"verdict": "better", "replicates_to_settle": None}, ""),
        ({"n": 1, "low": math.nan, "high": math.nan, "replicates_to_settle": None}, ""),
    ],
)
def test_what_would_settle_it_in_words(changes: dict[str, object], words: str) -> None:
    row = difference(**changes)
    assert settling(row) == words
    sentence = cost_sentence(row, "a", 1)
    assert (f"; {words} replicates would settle it (it has 10)." in sentence) == bool(words)
    assert ("settle" in sentence) == bool(words)


def test_the_table_says_what_would_settle_it(monkeypatch: pytest.MonkeyPatch) -> None:
    result = sim.run(BASELINE, replicates=2)
    comparison = result.compare(result)
    monkeypatch.setitem(comparison.__dict__, "differences", [difference(scenario=comparison.names[1], by={})])
    (table,) = results.comparison_tables(comparison)
    assert table.note == "replicates that would settle what is inconclusive: cac about 1,034 (it has 10)"
    (row,) = json.loads(results.comparison_json(comparison, []))["differences"]
    assert row["replicates_to_settle"] == 1034
