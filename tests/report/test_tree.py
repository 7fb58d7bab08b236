from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from looking import lines, means, texts
from made_summary import MIXED, NAN, row, summary
from matplotlib.figure import Figure

from sim.report import figures


def heights(figure: Figure) -> dict[str, list[float]]:
    """Columns of every panel by their label."""
    return {
        container.get_label(): [patch.get_height() for patch in container.patches]
        for axes in figure.axes
        for container in axes.containers
        if getattr(container, "patches", ())
    }


def whiskers(axes: Any) -> list[tuple[float, float]]:
    (found,) = axes.collections
    return [(segment[0][1], segment[1][1]) for segment in found.get_segments()]


def test_the_tree_has_a_panel_for_each_generation_that_owners_brought() -> None:
    rows = summary(MIXED)
    shown = heights(figures.referral_tree(rows, "mine"))
    assert list(shown) == ["generation 1", "generation 2", "generation 3"]
    for generation in (1, 2, 3):
        assert shown[f"generation {generation}"] == pytest.approx(means(rows, "deliveries", generation=generation))


def test_the_tree_shows_intervals_by_year_and_by_generation() -> None:
    rows = summary(MIXED)
    *panels, below = figures.referral_tree(rows, "mine").axes
    wanted = [r for r in rows if r["metric"] == "deliveries" and r["by"].get("generation") == 2]
    assert whiskers(panels[1]) == [pytest.approx((r["low"], r["high"])) for r in wanted]
    assert whiskers(below) == [pytest.approx((mean * 0.9, mean * 1.1)) for mean in (0.2, 0.3, 0.4, 0.5)]
    shown = lines(below)
    places = [
        (*shown[f"owners of generation {g}"].get_xdata(), *shown[f"owners of generation {g}"].get_ydata())
        for g in range(4)
    ]
    assert places == [pytest.approx((g, 0.2 + 0.1 * g)) for g in range(4)]


def test_the_tree_says_what_it_shows() -> None:
    words = [" ".join(word.split()) for word in texts(figures.referral_tree(summary(MIXED), "mine"))]
    # 1710 orders in the first year, 110 of them through owners
    assert "mine: owners bring 6.4% of deliveries in 2022; an owner causes 0.21 in all" in words
    assert {"generation 1", "deliveries that one owner causes", "generation of the owner", "0.3"} <= set(words)
    assert "89.8 in 2022" in words, "110 x 0.9 x 0.75 x 1.21"
    assert any("Whiskers: 95% interval." in word for word in words)


def test_later_generations_have_no_panel_but_are_mentioned() -> None:
    rows = summary(MIXED)
    rows += [row("deliveries", 7.0 + g, 0.5, year=2022, generation=g) for g in (4, 5, 6)]
    for r in rows:
        if r["metric"] == "deliveries" and r["by"] == {"year": 2022}:
            r["mean"] += 11 + 12 + 13
    figure = figures.referral_tree(rows, "mine")
    assert list(heights(figure)) == [f"generation {g}" for g in (1, 2, 3, 4)]
    assert any("Not drawn: 25 deliveries of later generations in 2022." in " ".join(w.split()) for w in texts(figure))


def test_a_generation_without_owners_has_no_point() -> None:
    rows = summary(MIXED)
    for r in rows:
        if r["metric"] == "reproduction_number" and r["by"] == {"generation": 3}:
            r.update(mean=NAN, low=NAN, high=NAN)
    below = figures.referral_tree(rows, "mine").axes[-1]
    assert set(lines(below)) == {f"owners of generation {g}" for g in range(3)}


@pytest.mark.parametrize(
    ("channels", "drawn"),
    [(MIXED, True), ({"word_of_mouth": 50.0, "paid_ads": 5.0}, False), ({"paid_ads": 5.0}, False)],
)
def test_the_tree_is_drawn_only_where_the_programme_brought_somebody(channels: dict[str, float], drawn: bool) -> None:
    result: Any = SimpleNamespace(scenario=SimpleNamespace(name="mine"), summary=summary(channels), run=None)
    assert ("referral_tree.svg" in figures.draw(result)) == drawn
