import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from sim.metrics import MOST_REPLICATES, Comparison, Row, half_width, paired, replicates_for, summarise


def _rows(metric: str, *values: float) -> list[list[Row]]:
    return [[Row(metric, {"year": 2020}, value)] for value in values]


def test_summary_is_the_t_interval() -> None:
    sample = [3.0, 5.0, 4.0, 8.0]
    (row,) = summarise(_rows("cpl", *sample))
    low, high = stats.t.interval(0.95, 3, loc=np.mean(sample), scale=stats.sem(sample))
    assert (row.metric, row.by, row.mean, row.n) == ("cpl", {"year": 2020}, 5.0, 4)
    assert (row.low, row.high) == pytest.approx((low, high), rel=1e-12)


def test_undefined_and_infinite_replicates_do_not_enter() -> None:
    (row,) = summarise(_rows("response_minutes", 1.0, math.nan, math.inf, 3.0))
    assert (row.mean, row.n) == (2.0, 2)
    (none,) = summarise(_rows("cpl", math.nan, math.nan))
    assert none.n == 0
    assert math.isnan(none.mean)


def test_one_replicate_has_no_interval() -> None:
    (row,) = summarise(_rows("cpl", 7.0))
    assert (row.mean, row.n) == (7.0, 1)
    assert math.isnan(row.low)
    assert math.isnan(row.high)


def test_rows_keep_their_order_and_dimensions_apart() -> None:
    rows = [Row("leads", {}, 1.0), Row("leads", {"referred": True}, 2.0), Row("leads", {"year": 1}, 3.0)]
    assert [(row.by, row.mean) for row in summarise([rows, rows])] == [
        ({}, 1),
        ({"referred": True}, 2),
        ({"year": 1}, 3),
    ]


def _compare(metric: str, reference: list[float], scenario: list[float]) -> Comparison:
    (row,) = paired(_rows(metric, *reference), _rows(metric, *scenario))
    return row


def test_differences_are_paired_by_replicate() -> None:
    reference, scenario = [100.0, 200.0, 300.0, 400.0], [89.0, 190.0, 291.0, 390.0]
    row = _compare("cac", reference, scenario)
    low, high = stats.t.interval(0.95, 3, loc=-10.0, scale=stats.sem([-11.0, -10.0, -9.0, -10.0]))
    assert (row.reference_mean, row.mean, row.difference, row.n) == (250, 240, -10, 4)
    assert (row.low, row.high) == pytest.approx((low, high), rel=1e-9)
    assert row.relative == pytest.approx(-0.04)
    assert row.share_better == 1.0
    assert row.verdict == "better", "cost is better when it falls"
    unpaired = math.hypot(np.std(reference, ddof=1), np.std(scenario, ddof=1))
    assert row.pairing_gain == pytest.approx(unpaired / math.sqrt(2 / 3))


@pytest.mark.parametrize(
    ("metric", "scenario", "verdict"),
    [
        ("cac", [120.0, 121.0, 122.0], "worse"),
        ("ltv", [120.0, 121.0, 122.0], "better"),
        ("ltv", [80.0, 81.0, 82.0], "worse"),
        ("ltv", [100.1, 101.2, 102.1], "equivalent"),
        ("ltv", [90.0, 101.0, 115.0], "inconclusive"),
        ("ltv", [103.0, 104.0, 105.0], "better"),
        ("referral_share", [120.0, 121.0, 122.0], "changed"),
        ("referral_share", [90.0, 101.0, 115.0], "inconclusive"),
        ("ltv", [100.0, 101.0, 102.0], "equivalent"),
        ("ltv", [math.nan, math.nan, math.nan], "inconclusive"),
    ],
)
def test_verdicts(metric: str, scenario: list[float], verdict: str) -> None:
    assert _compare(metric, [100.0, 101.0, 102.0], scenario).verdict == verdict


def test_a_significant_difference_within_the_margin_is_equivalent() -> None:
    row = _compare("ltv", [100.0, 101.0, 102.0], [101.0, 102.01, 103.0])
    assert row.low > 0
    assert row.verdict == "equivalent"


def test_a_scenario_against_itself_is_exact_zeros() -> None:
    sample = [0.1, 0.7, 1e9 + 0.3]
    row = _compare("leads", sample, sample)
    assert (row.difference, row.low, row.high, row.relative, row.share_better) == (0, 0, 0, 0, 0)
    assert row.verdict == "equivalent"
    nothing = _compare("leads", [0.0, 0.0], [0.0, 0.0])
    assert (nothing.difference, nothing.relative, nothing.verdict) == (0, 0, "equivalent")


def test_a_single_replicate_decides_nothing_unless_unchanged() -> None:
    assert _compare("cac", [100.0], [50.0]).verdict == "inconclusive"
    assert _compare("cac", [100.0], [100.0]).verdict == "equivalent"


def test_only_replicates_defined_in_both_count() -> None:
    row = _compare("cac", [100.0, math.nan, 300.0, 10.0], [110.0, 5.0, 330.0, math.nan])
    assert (row.n, row.reference_mean, row.mean, row.difference) == (2, 200, 220, 20)
    assert row.share_better == 0


def test_metrics_without_a_direction_have_no_share_better() -> None:
    assert math.isnan(_compare("spend", [1.0, 2.0], [2.0, 4.0]).share_better)


def test_rows_of_one_side_only_are_left_out_and_replicates_must_match() -> None:
    both = [Row("leads", {}, 1.0)]
    assert [row.by for row in paired([[*both, Row("leads", {"year": 2020}, 1.0)]], [both])] == [{}]
    with pytest.raises(ValueError, match="1 replicates cannot be paired with 2"):
        paired([both], [both, both])


def test_computing_metrics_loads_neither_statistics_nor_frames() -> None:
    heavy = ("scipy.stats", "pandas", "mesa", "pyarrow", "matplotlib")
    code = f"import sys, sim.metrics; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("deviation", "width"), [(1.0, 1.0), (1.0, 0.3), (7.0, 0.5), (1.0, 8.9846), (0.0, 0.0)])
def test_the_fewest_replicates_for_a_width(deviation: float, width: float) -> None:
    halves = {n: stats.t.ppf(0.975, n - 1) * deviation / math.sqrt(n) for n in range(2, 2000)}
    assert replicates_for(deviation, width) == next(n for n, half in halves.items() if half <= width)


def test_a_width_no_run_can_reach() -> None:
    needed = replicates_for(1.0, 0.1)
    assert needed is not None
    assert replicates_for(1.0, 0.1, needed) == needed
    assert replicates_for(1.0, 0.1, needed - 1) is None
    assert replicates_for(1.0, 0.0) is None
    assert replicates_for(math.nan, 1.0) is None


def test_half_width_is_half_the_printed_interval() -> None:
    sample = [3.0, 5.0, 4.0, 8.0]
    (row,) = summarise(_rows("cpl", *sample))
    assert half_width(float(np.std(sample, ddof=1)), 4) == pytest.approx((row.high - row.low) / 2, rel=1e-12)
    assert math.isnan(half_width(math.nan, 1))
    assert math.isnan(half_width(math.nan, 0))


def test_most_replicates_are_those_a_scenario_can_have() -> None:
    from sim.scenario.schema.root import MAX_REPLICATES

    assert MOST_REPLICATES == MAX_REPLICATES


def _decided(mean: float, deviation: float, margin: float) -> int | None:
    """The first number of replicates at which the interval says something, tried one by one."""
    for n in range(2, MOST_REPLICATES + 1):
        half = stats.t.ppf(0.975, n - 1) * deviation / math.sqrt(n)
        if mean - half > 0 or mean + half < 0 or (mean - half >= -margin and mean + half <= margin):
            return n
    return None


@pytest.mark.parametrize(
    "differences",
    [
        [-11.0, 4.0, -9.0, 3.0],  # small against its deviation, and above the margin of 2
        [3.0, -2.0, 1.5, -2.3, 0.4],  # within the margin one day
        [8.0, -3.0, 14.0, -4.0],
    ],
)
def test_replicates_to_settle_are_those_that_would_decide(differences: list[float]) -> None:
    row = _compare("cac", [100.0] * len(differences), [100.0 + change for change in differences])
    assert row.verdict == "inconclusive"
    mean, deviation = float(np.mean(differences)), float(np.std(differences, ddof=1))
    assert row.replicates_to_settle == _decided(mean, deviation, 2.0)
    assert row.replicates_to_settle is not None
    assert row.replicates_to_settle > row.n


def test_nothing_to_settle() -> None:
    assert _compare("cac", [100.0, 101.0], [100.0, 101.0]).replicates_to_settle is None
    assert _compare("cac", [100.0, 101.0, 102.0], [50.0, 51.0, 52.1]).replicates_to_settle is None
    assert _compare("cac", [100.0], [50.0]).replicates_to_settle is None
    assert _compare("cac", [math.nan], [math.nan]).replicates_to_settle is None


def test_what_no_run_can_settle() -> None:
    # A mean difference at the edge of the margin, and a hundred times as wide.
    row = _compare("cac", [100.0, 100.0], [301.0, -99.0])
    assert row.verdict == "inconclusive"
    assert row.replicates_to_settle is None


def test_so_many_replicates_really_settle_it() -> None:
    # Of made-up effects of 0.5 standard deviations: from 12 replicates on the estimate is of the right order.
    rng = np.random.default_rng(5)
    estimated, needed = [], []
    for _ in range(40):
        effects = rng.normal(-5.0, 10.0, 400)
        rows = {n: _compare("cac", [100.0] * n, (100.0 + effects[:n]).tolist()) for n in (12, 30, 60, 120, 240, 400)}
        if rows[12].verdict == "inconclusive" and rows[12].replicates_to_settle is not None:
            estimated.append(rows[12].replicates_to_settle)
            needed.append(next((n for n, row in rows.items() if row.verdict != "inconclusive"), 400))
    assert len(estimated) > 15
    assert 0.5 < np.median(estimated) / np.median(needed) < 2
