from __future__ import annotations

from typing import Any

import pytest
from looking import lines, texts
from made_summary import DIFFERENCES, difference
from matplotlib.figure import Figure

from sim.report import figures


def forest_lines(figure: Figure) -> dict[str, Any]:
    return lines(figure.axes[0])


def test_the_forest_shows_key_metrics_and_the_first_and_the_last_year_of_what_a_customer_costs() -> None:
    labels = [tick.get_text() for tick in figures.forest(DIFFERENCES, "other", "mine").axes[0].get_yticklabels()]
    assert labels == [
        "leads",
        "orders",
        "spend, CNY",
        "cost per customer (CAC), CNY",
        "CAC in 2020",
        "CAC in 2022",
        "referred share of deliveries",
    ]


def test_the_forest_draws_relative_differences_in_the_colour_of_their_verdict() -> None:
    shown = forest_lines(figures.forest(DIFFERENCES, "other", "mine"))
    # orders: 100 in the reference, 8 more, give or take 3
    assert list(shown["mean 1"].get_xdata()) == pytest.approx([0.08])
    assert list(shown["interval 1"].get_xdata()) == pytest.approx([0.05, 0.11])
    assert list(shown["interval 1"].get_ydata()) == [1, 1]
    colours = [shown[f"mean {place}"].get_color() for place in (0, 1, 4)]
    assert len(set(colours)) == 3
    assert shown["mean 3"].get_color() == shown["mean 1"].get_color()


def test_the_forest_has_a_zero_line_and_shades_the_margin_of_each_row() -> None:
    axes = figures.forest(DIFFERENCES, "other", "mine").axes[0]
    assert any(list(line.get_xdata()) == [0, 0] for line in axes.lines)
    assert len(axes.patches) == 7
    assert axes.patches[0].get_x() == -0.02
    assert axes.patches[0].get_width() == 0.04
    assert axes.get_xlabel() == "difference, % of the reference"


def test_without_a_reference_value_the_forest_gives_numbers_instead_of_a_mark() -> None:
    figure = figures.forest(DIFFERENCES, "other", "mine")
    assert "mean 6" not in forest_lines(figure)
    assert {"no reference value", "8.0%", "changed"} <= set(texts(figure))


def test_a_difference_beyond_the_edge_becomes_an_arrow() -> None:
    huge = [*DIFFERENCES, difference("deliveries", 1.0, 40.0, 2.0, "better", "count")]
    figure = figures.forest(huge, "other", "mine")
    shown, limit = forest_lines(figure)["mean 2"], figure.axes[0].get_xlim()[1]
    assert shown.get_marker() == ">"
    assert list(shown.get_xdata()) == [limit]
    assert "+4000%" in texts(figure)


def test_the_forest_of_a_scenario_with_itself_is_a_column_of_zeros() -> None:
    same = [
        difference(name, value, 0.0, 0.0, "equivalent", "count") for name, value in (("leads", 9.0), ("orders", 0.0))
    ]
    shown = forest_lines(figures.forest(same, "other", "mine"))
    assert [list(shown[f"mean {place}"].get_xdata()) for place in (0, 1)] == [[0.0], [0.0]]


def test_the_forest_reads_only_its_scenario() -> None:
    assert "nothing to compare" in texts(figures.forest(DIFFERENCES, "a third", "mine"))


@pytest.mark.parametrize(
    ("verdict", "change", "words"),
    [
        ("better", -250.0, "With other a customer costs 5.0% less than with mine"),
        ("worse", 250.0, "With other a customer costs 5.0% more than with mine"),
        ("equivalent", 1.0, "With other a customer costs practically the same as with mine"),
        ("inconclusive", 250.0, "Whether a customer costs more or less with other than with mine is open"),
    ],
)
def test_the_forest_says_what_a_customer_costs(verdict: str, change: float, words: str) -> None:
    figure = figures.forest([difference("cac", 5000.0, change, 1.0, verdict)], "other", "mine")
    assert words in texts(figure)
