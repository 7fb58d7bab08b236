"""Sellers' content: how unequally sellers publish, sell and are seen, and how their accounts grow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from sim.metrics.base import SELLER_TENTHS, STORE_MATURITIES
from sim.report.figures import style
from sim.report.figures.readings import Course, Readings
from sim.report.figures.wording import compact, percent

MATURE_MONTHS = 12.0
"""Mean age of its sellers' accounts from which a store counts as mature (N17)."""

_BODY = 356.0
_LEFT, _RIGHT = 58.0, 352.0
_WIDE, _HIGH = 230.0, 112.0
_UPPER, _LOWER = 218.0, 38.0
_TALLEST = 1.6
"""Intervals may reach this multiple of the highest mean; a wild one must not flatten everything else."""
_TENTHS = np.arange(1, SELLER_TENTHS + 1)
_PERCENTS = np.arange(SELLER_TENTHS + 1) * (100 / SELLER_TENTHS)
_COLOUR = style.CHANNEL_COLOURS["kos"]
_SELLING = "#5f6b7a"
_MATURITY_COLOURS = {"young": "#b07d00", "mature": _COLOUR}


def has_publishing(summary: Iterable[Mapping[str, Any]]) -> bool:
    """Whether any seller published anything."""
    return bool(_active(Readings(summary)))


def _active(readings: Readings) -> list[int]:
    """Years in which sellers published."""
    posts = np.nan_to_num(readings.course("posts_per_seller_week").mean)
    return [year for year, mean in zip(readings.years, posts, strict=True) if mean > 0]


def sellers_work(summary: Iterable[Mapping[str, Any]], scenario: str) -> Figure:
    """Distributions over sellers in the last year in which they published: columns of publishing and selling hours and
    of views for each tenth of them, with 95% intervals, and their shares of all views.

    `summary` holds the rows of a run: metric, unit, by (a mapping), mean, low, high, n.
    """
    readings = Readings(summary)
    active = _active(readings)
    with style.applied():
        if not active:
            return _blank(scenario)
        year = active[-1]
        figure = style.sheet(_work_message(readings, scenario, year), _work_caption(readings, year), _BODY)
        for left, metric, title, colour in (
            (_LEFT, "seller_publishing_hours", "hours a week on publishing", _COLOUR),
            (_RIGHT, "seller_selling_hours", "hours a week on leads", _SELLING),
        ):
            axes = style.panel(figure, left, _UPPER, _WIDE, _HIGH)
            _tenths(axes, _by_tenth(readings, metric, year), title, colour)
        axes = style.panel(figure, _LEFT, _LOWER, _WIDE, _HIGH)
        _reach(axes, _by_tenth(readings, "seller_views", year))
        axes = style.panel(figure, _RIGHT, _LOWER, _WIDE, _HIGH)
        _lorenz(axes, _by_tenth(readings, "seller_views", year).mean)
    return figure


def accounts_over_years(summary: Iterable[Mapping[str, Any]], scenario: str) -> Figure:
    """Lines over the years, with 95% bands: age of sellers' accounts and platforms' trust in them, followers, and the
    share of orders through sellers' content in stores with young and with mature accounts."""
    readings = Readings(summary)
    with style.applied():
        if not _active(readings):
            return _blank(scenario)
        figure = style.sheet(_accounts_message(readings, scenario), _accounts_caption(readings), _BODY)
        age = style.panel(figure, _LEFT, _UPPER, _WIDE, _HIGH)
        _course(age, readings, {"age": readings.course("account_age_months")}, "mean age of accounts, months")
        _mature_from(age, readings.years)
        ripe = style.panel(figure, _RIGHT, _UPPER, _WIDE, _HIGH)
        _course(ripe, readings, {"ripeness": readings.course("account_ripeness")}, "platforms' trust in accounts")
        followers = style.panel(figure, _LEFT, _LOWER, _WIDE, _HIGH)
        _course(followers, readings, {"followers": readings.course("followers_per_seller")}, "followers per seller")
        share = style.panel(figure, _RIGHT, _LOWER, _WIDE, _HIGH)
        courses = {name: readings.course("kos_order_share", store_maturity=name) for name in STORE_MATURITIES}
        _course(share, readings, courses, "share of orders through sellers' content")
        for axes in (ripe, share):
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}" if value > 1 else f"{100 * value:.3g}%")
    return figure


def _blank(scenario: str) -> Figure:
    figure = style.sheet(f"{scenario}: no seller published", "", _BODY)
    axes = style.panel(figure, 0, 0, style.WIDTH, _BODY)
    axes.set_axis_off()
    style.nothing(axes, "no sellers' content in this run")
    return figure


def _by_tenth(readings: Readings, metric: str, year: int) -> Course:
    """A metric over the tenths of sellers, from the least to the most."""
    found = [readings.get(metric, year=year, seller_tenth=int(tenth)) for tenth in _TENTHS]
    return Course(*np.array(found, dtype=np.float64).T)


def _head(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=style.TEXT, fontweight="bold", pad=7)


def _tenth_axis(axes: Axes) -> None:
    axes.set_xlim(0.4, SELLER_TENTHS + 0.6)
    axes.set_xticks([1, SELLER_TENTHS], ["tenth with fewest", "tenth with most"])
    for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=True):
        label.set_horizontalalignment(side)  # type: ignore[arg-type]
    axes.grid(visible=False, axis="x")


def _tenths(axes: Axes, course: Course, title: str, colour: str) -> None:
    """Columns of the tenths, with the first and the last in figures."""
    _head(axes, title)
    _tenth_axis(axes)
    axes.bar(_TENTHS, np.nan_to_num(course.mean), 0.8, color=colour, label=title)
    known = np.isfinite(course.low) & np.isfinite(course.high)
    spread = np.array([course.mean - course.low, course.high - course.mean])[:, known]
    axes.errorbar(_TENTHS[known], course.mean[known], spread, fmt="none", ecolor=style.INK, elinewidth=1, capsize=2)
    highest = float(np.nanmax(course.mean, initial=0.0))
    reach = float(np.max(course.high[known], initial=highest))
    top = min(reach, _TALLEST * highest) * 1.2 if highest > 0 else 1.0
    axes.set_ylim(0, top)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    ends = np.where(known, np.fmin(course.high, top / 1.2), course.mean)
    for tenth in (0, SELLER_TENTHS - 1):
        _above(axes, tenth + 1, float(np.nan_to_num(ends[tenth])), float(course.mean[tenth]))


def _reach(axes: Axes, course: Course) -> None:
    """Views per seller and year on a logarithmic scale."""
    _head(axes, "views per seller in the year (logarithmic)")
    _tenth_axis(axes)
    seen = course.mean > 0
    if not seen.any():
        style.nothing(axes, "nobody saw anything")
        return
    least, most = float(course.mean[seen].min()), float(course.mean[seen].max())
    axes.set_yscale("log")
    floor = least / 3
    low = np.where(course.low > floor, course.low, floor)
    known = seen & np.isfinite(course.high) & np.isfinite(course.low)
    axes.vlines(_TENTHS[known], low[known], np.fmin(course.high[known], most * 3), colors=style.GREY, linewidth=1)
    axes.plot(_TENTHS[seen], course.mean[seen], linestyle="", marker="o", markersize=6, color=_COLOUR, label="views")
    axes.set_ylim(floor, most * 10)
    axes.yaxis.set_major_locator(LogLocator(10, numticks=5))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: compact(float(value)))
    ends = np.where(known, np.fmin(course.high, most * 3), course.mean)
    for place in np.flatnonzero(seen)[[0, -1]]:
        _above(axes, place + 1, float(ends[place]), float(course.mean[place]))


def _above(axes: Axes, x: float, y: float, value: float) -> None:
    """A number above a mark."""
    axes.annotate(compact(value), (x, y), (0, 3), textcoords="offset points", ha="center")


def _lorenz(axes: Axes, views: np.ndarray[Any, Any]) -> None:
    """Share of all views that the sellers with the fewest have together."""
    _head(axes, "share of all views")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.set_xticks([0, 50, 90, 100], ["0", "50", "90", "100%"])
    axes.set_yticks([0, 50, 100], ["0", "50%", "100%"])
    axes.set_xlabel("sellers, those with fewest views first", labelpad=2)
    total = float(np.nansum(views))
    if total <= 0:
        return
    below = np.append(0.0, np.cumsum(np.nan_to_num(views)) / total * 100)
    axes.plot([0, 100], [0, 100], color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)), label="all alike")
    axes.fill_between(_PERCENTS, below, color=_COLOUR, alpha=0.2, linewidth=0)
    axes.plot(_PERCENTS, below, color=_COLOUR, linewidth=1.8, label="views")
    axes.annotate("all alike", (50, 50), (-4, 3), textcoords="offset points", ha="right", color=style.GREY)


def _course(axes: Axes, readings: Readings, courses: dict[str, Course], title: str) -> None:
    """Lines over the years with their bands, labelled at their last values."""
    _head(axes, title)
    years = readings.years
    means = [course.mean[np.isfinite(course.mean)] for course in courses.values()]
    highest = float(np.max(np.concatenate(means), initial=0.0))
    reach = max(float(np.nanmax(np.append(course.high, highest))) for course in courses.values())
    style.year_axis(axes, years, 0.25)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.set_ylim(0, min(reach, _TALLEST * highest) * 1.15 if highest > 0 else 1.0)
    ticks = years if len(years) <= 6 else [years[0], years[len(years) // 2], years[-1]]
    axes.set_xticks(ticks, [str(year) for year in ticks])
    for name, course in courses.items():
        colour = _MATURITY_COLOURS.get(name, _COLOUR)
        axes.fill_between(years, course.low, course.high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(years, course.mean, color=colour, linewidth=1.8, marker="o", markersize=4, label=name)
        known = np.flatnonzero(np.isfinite(course.mean))
        if known.size and len(courses) > 1:
            place, side = (known[0], "left") if name == "young" else (known[-1], "right")
            point = (years[place], float(course.mean[place]))
            axes.annotate(name, point, (0, 7), textcoords="offset points", ha=side, color=colour, fontweight="bold")


def _mature_from(axes: Axes, years: list[int]) -> None:
    """A line at the age from which a store counts as mature."""
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, max(top, MATURE_MONTHS * 1.25))
    axes.axhline(MATURE_MONTHS, color=style.GREY, linewidth=0.8, linestyle=(0, (4, 2)))
    axes.annotate(
        "mature", (years[-1], MATURE_MONTHS), (0, 3), textcoords="offset points", ha="right", color=style.GREY
    )


def _work_message(readings: Readings, scenario: str, year: int) -> str:
    """The figure in one sentence."""
    hours = readings.get("seller_publishing_hours", year=year).mean
    words = f"{scenario}: in {year} sellers publish {compact(hours)} hours a week"
    top = readings.get("views_top10_share", year=year)
    return f"{words}; a tenth of them has {percent(top.mean)} of the views" if top.known else words


def _work_caption(readings: Readings, year: int) -> str:
    words = (
        f"Sellers who published in {year}, in tenths from least to most; hours and views each have their own order. "
        "Views are those in the own district, bought ones included. "
    )
    return words + _interval(_by_tenth(readings, "seller_publishing_hours", year), "Whiskers")


def _interval(course: Course, what: str) -> str:
    known = bool(np.isfinite(course.low).any())
    return f"{what}: 95% interval over replicates." if known else "One replicate, so no interval."


def _accounts_message(readings: Readings, scenario: str) -> str:
    """The figure in one sentence."""
    year = _active(readings)[-1]
    followers, age = (readings.get(name, year=year).mean for name in ("followers_per_seller", "account_age_months"))
    words = f"{scenario}: in {year} accounts are {compact(age)} months old"
    if math.isfinite(followers):
        words += f" and have {compact(followers)} followers per seller"
    return words


def _accounts_caption(readings: Readings) -> str:
    words = (
        "Of sellers who publish, at the end of each year; who follows on a seat begins with empty trust, and most of a "
        "leaver's followers go. A post reaches as many as the square of platforms' trust; a store counts as mature "
        "where accounts are 12 months old on average. "
    )
    return words + _interval(readings.course("account_age_months"), "Bands")
