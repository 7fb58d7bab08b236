"""Grades of measured values against approved ones, and the text in which approved values are kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.experiment.baselines import DIGEST, expected_csv
from sim.experiment.check import Grade, digest, grade, measure, relative
from sim.experiment.tables import Scope, Tables
from sim.metrics.equivalence import equivalent, tost

NAN, INF = math.nan, math.inf


def graded(was: tuple[float, ...], now: tuple[float, ...], metric: str = "orders") -> Grade:
    (row,) = grade({(metric, "{}"): was}, {(metric, "{}"): now})
    return row.grade


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ((1.5, NAN), (1.5, NAN), Grade.SAME),
        ((INF, -INF), (INF, -INF), Grade.SAME),
        ((0.0, 1.0), (-0.0, 1.0), Grade.WITHIN_TOLERANCE),
        ((1e6, 1.0), (1e6 * (1 + 9e-10), 1.0), Grade.WITHIN_TOLERANCE),
        ((100.0, 200.0, 300.0), (100.1, 200.1, 300.2), Grade.EQUIVALENT),
        ((100.0, 200.0, NAN), (100.1, 200.1, NAN), Grade.EQUIVALENT),
        ((100.0, 200.0, 300.0), (110.0, 220.0, 330.0), Grade.CHANGED),
        ((100.0, 200.0, 300.0), (100.0, 100.0, 400.0), Grade.CHANGED),  # the mean stays, too noisy to call it equal
        ((100.0, 200.0, NAN), (100.0, 200.0, 300.0), Grade.CHANGED),
        ((100.0, 200.0, INF), (100.0, 200.0, 300.0), Grade.CHANGED),
        ((NAN, NAN), (NAN, 1.0), Grade.CHANGED),
        ((0.0, 0.0, 0.0), (0.0, 0.0, 1e-6), Grade.CHANGED),  # no share of nothing is a margin
        ((100.0,), (100.1,), Grade.CHANGED),  # one replicate has no noise to compare with
        ((100.0, 200.0), (100.0, 200.0, 300.0), Grade.CHANGED),
    ],
)
def test_grades(was: tuple[float, ...], now: tuple[float, ...], expected: Grade) -> None:
    assert graded(was, now) == expected


def test_what_is_measured_no_more_or_never_was_approved_is_unknown() -> None:
    rows = grade({("cac", "{}"): (1.0,), ("orders", "{}"): (2.0,)}, {("orders", "{}"): (2.0,), ("new", "{}"): (3.0,)})
    found = {row.metric: row.grade for row in rows}
    assert found == {"cac": Grade.UNKNOWN, "new": Grade.UNKNOWN, "orders": Grade.SAME}


def test_records_are_as_good_as_their_metrics_at_best_equivalent() -> None:
    key = (DIGEST, '{"table": "orders", "column": "price"}')
    before, after = {key: ("a" * 16,)}, {key: ("b" * 16,)}
    metric = ("orders", "{}")
    moved: list[tuple[tuple[float, ...], Grade]] = [
        ((100.0, 200.0), Grade.EQUIVALENT),
        ((100.1, 200.1), Grade.EQUIVALENT),
        ((150.0, 200.0), Grade.CHANGED),
    ]
    for now, expected in moved:
        rows = {row.metric: row for row in grade({**before, metric: (100.0, 200.0)}, {**after, metric: now})}
        assert rows[DIGEST].grade == expected


def test_digests_know_last_digits_from_changes() -> None:
    values = np.array([1.0, NAN, -2.5e7, 3.0])
    exact, rounded = digest(values).split(":")
    last_digit = digest(np.nextafter(values, np.inf)).split(":")
    assert (last_digit[0] != exact, last_digit[1]) == (True, rounded)
    assert digest(values * [1, 1, 1 + 1e-6, 1]).split(":")[1] != rounded
    assert digest(np.copysign(values, [1, -1, -1, 1])) == digest(values)  # a nan has no sign
    assert digest(np.array([1, 2])) != digest(np.array([2, 1]))
    rows = grade({(DIGEST, "{}"): (f"{exact}:{rounded}",)}, {(DIGEST, "{}"): (":".join(last_digit),)})
    assert rows[0].grade == Grade.WITHIN_TOLERANCE


def test_everything_of_a_replicate_is_measured() -> None:
    def tables(value: float, household: int) -> Tables:
        table = {"metric": ["orders"], "unit": ["count"], "by": ['{"year": 2020}'], "value": [value]}
        columns = {name: np.array(cells) for name, cells in table.items()}
        return Tables(
            columns, {"tick": np.arange(3)}, {"household": np.array([household])}, Scope((1.0,), 1, 1.0, (1,))
        )

    found = measure({1: tables(7.0, 5), 0: tables(6.0, 5)})
    assert found["orders", '{"year": 2020}'] == (6.0, 7.0)
    assert {key[1] for key in found if key[0] == DIGEST} == {
        '{"table": "series", "column": "tick"}',
        '{"table": "orders", "column": "household"}',
    }
    (row,) = (row for row in grade(found, measure({0: tables(6.0, 5), 1: tables(7.0, 4)})) if row.grade > Grade.SAME)
    assert (row.metric, row.by) == (DIGEST, '{"table": "orders", "column": "household"}')


def test_relative_changes() -> None:
    (row,) = grade({("cac", "{}"): (80.0, NAN, 120.0)}, {("cac", "{}"): (90.0, NAN, 120.0)})
    assert relative(row) == pytest.approx(0.05)


def test_approved_values_are_sorted_text_that_keeps_every_bit() -> None:
    measured = {
        ("orders", '{"year": 2021}'): (0.1 + 0.2, NAN),
        ("cac", "{}"): (1e300, -INF),
        (DIGEST, "{}"): ("a", "b"),
    }
    text = expected_csv(measured)
    assert text.splitlines() == [
        "metric,by,0,1",
        "cac,{},1e+300,-inf",
        'orders,"{""year"": 2021}",0.30000000000000004,nan',
        "sha256,{},a,b",
    ]
    assert expected_csv(dict(reversed(measured.items()))) == text


# --- two one-sided tests ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [0.1, -0.3])
@pytest.mark.parametrize("margin", [0.05, 0.4, 2.0])
def test_tost_is_the_harder_of_two_t_tests(margin: float, mean: float) -> None:
    differences = np.random.default_rng(4).normal(mean, 0.5, 6)
    above = stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, margin, alternative="less").pvalue
    assert tost(differences.tolist(), margin) == pytest.approx(max(above, below), rel=1e-12)


def test_tost_in_closed_form() -> None:
    # Two pairs, one degree of freedom: the t distribution is Cauchy's, F(t) = 1/2 + atan(t) / pi.
    differences, margin = [0.0, 2.0], 4.0
    assert tost(differences, margin) == pytest.approx(0.5 + math.atan((1.0 - margin) / 1.0) / math.pi, rel=1e-12)


def test_tost_without_noise_or_pairs() -> None:
    assert tost([0.5, 0.5], 1.0) == 0.0
    assert tost([1.0, 1.0], 1.0) == 1.0
    assert tost([0.0], 1.0) == 1.0
    for differences, margin in (([NAN, 0.0], 1.0), ([0.0, 0.0], INF), ([0.0, 0.0], -1.0)):
        with pytest.raises(ValueError, match="finite"):
            tost(differences, margin)


def test_equivalence_errs_as_seldom_as_its_level_says() -> None:
    # Means that differ by exactly the margin: 5% of samples may be called equivalent, no more (standard error 0.5%).
    rng = np.random.default_rng(11)
    before = rng.normal(100.0, 20.0, (2000, 5))
    after = before + before.mean(axis=1, keepdims=True) * 0.02 + rng.normal(0.0, 0.3, (2000, 5))
    called = sum(equivalent(*pair, 0.02) for pair in zip(before.tolist(), after.tolist(), strict=True))
    assert 0.035 < called / 2000 < 0.065
