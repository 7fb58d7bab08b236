from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from looking import lines, means, texts
from made_summary import CONTENT, MIXED, NAN, Rows, summary
from matplotlib.axes import Axes

from sim.report import figures

YEARS = (2020, 2021, 2022)


def heights(axes: Axes) -> list[float]:
    return [patch.get_height() for patch in axes.patches]


def test_hours_of_the_last_year_have_a_column_for_each_tenth_of_sellers() -> None:
    publishing, selling, *_ = figures.sellers_work(summary(CONTENT), "mine").axes
    assert heights(publishing) == [n + 2 for n in range(1, 11)]
    assert heights(selling) == [20 + n for n in range(1, 11)]
    (whiskers,) = publishing.collections
    ends = [(segment[0][1], segment[1][1]) for segment in whiskers.get_segments()]
    assert ends == [pytest.approx((0.9 * (n + 2), 1.1 * (n + 2))) for n in range(1, 11)]


def test_reach_is_on_a_logarithmic_scale_and_as_shares() -> None:
    *_, reach, shares = figures.sellers_work(summary(CONTENT), "mine").axes
    assert reach.get_yscale() == "log"
    assert list(lines(reach)["views"].get_ydata()) == [2.0**n for n in range(1, 11)]
    total = 2.0**11 - 2
    below = [100 * (2.0 ** (n + 1) - 2) / total for n in range(11)]
    assert list(lines(shares)["views"].get_ydata()) == pytest.approx(below)
    assert list(lines(shares)["views"].get_xdata()) == pytest.approx([10 * n for n in range(11)])


def test_accounts_have_a_line_for_each_stock_and_each_maturity() -> None:
    rows = summary(CONTENT)
    age, ripe, followers, share = figures.accounts_over_years(rows, "mine").axes
    for axes, name, metric in (
        (age, "age", "account_age_months"),
        (ripe, "ripeness", "account_ripeness"),
        (followers, "followers", "followers_per_seller"),
    ):
        assert list(lines(axes)[name].get_ydata()) == means(rows, metric)
        assert list(lines(axes)[name].get_xdata()) == list(YEARS)
        band = axes.collections[0].get_paths()[0].vertices[:, 1]
        assert band.max() == pytest.approx(max(means(rows, metric)) * 1.1)
    assert set(lines(share)) == {"young", "mature"}
    assert list(lines(share)["young"].get_ydata()) == [0.05] * 3
    first, *later = lines(share)["mature"].get_ydata()
    assert math.isnan(first), "no store was mature"
    assert later == [0.2, 0.2]


def test_figures_of_content_say_what_they_show() -> None:
    work, accounts = (
        {" ".join(word.split()) for word in texts(draw(summary(CONTENT), "mine"))}
        for draw in (figures.sellers_work, figures.accounts_over_years)
    )
    assert "mine: in 2022 sellers publish 7.5 hours a week; a tenth of them has 50% of the views" in work
    assert {"hours a week on publishing", "hours a week on leads", "tenth with most", "1,020", "12"} <= work
    assert any("Whiskers: 95% interval over replicates." in word for word in work)
    assert "mine: in 2022 accounts are 30 months old and have 300 followers per seller" in accounts
    assert {"mean age of accounts, months", "followers per seller", "young", "mature"} <= accounts


def test_one_replicate_has_no_intervals() -> None:
    rows = [r | {"low": NAN, "high": NAN} for r in summary(CONTENT)]
    for draw in (figures.sellers_work, figures.accounts_over_years):
        words = " ".join(" ".join(word.split()) for word in texts(draw(rows, "mine")))
        assert "One replicate, so no interval." in words


def test_sellers_who_stopped_are_shown_in_the_last_year_in_which_they_published() -> None:
    rows = summary(CONTENT)
    for r in rows:
        if r["by"].get("year") == 2022 and r["metric"] == "posts_per_seller_week":
            r.update(mean=NAN, low=NAN, high=NAN)
    publishing = figures.sellers_work(rows, "mine").axes[0]
    assert heights(publishing) == [n + 1 for n in range(1, 11)]
    assert any("in 2021 sellers publish" in " ".join(word.split()) for word in texts(figures.sellers_work(rows, "x")))


@pytest.mark.parametrize(("rows", "drawn"), [(summary(CONTENT), True), (summary(MIXED), False)])
def test_figures_of_content_are_drawn_only_where_sellers_published(rows: Rows, drawn: bool) -> None:
    result: Any = SimpleNamespace(scenario=SimpleNamespace(name="mine"), summary=rows, run=None)
    files = figures.draw(result)
    assert ("sellers.svg" in files) == ("accounts.svg" in files) == drawn


def test_without_content_the_figures_are_empty_and_say_so() -> None:
    for draw in (figures.sellers_work, figures.accounts_over_years):
        assert "no sellers' content in this run" in texts(draw(summary(MIXED), "mine"))
