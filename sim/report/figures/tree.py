"""Owners brought by owners: deliveries of each generation over the years, and how many an owner of it brings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.metrics.base import GENERATIONS
from sim.report.figures import style
from sim.report.figures.readings import Reading, Readings
from sim.report.figures.wording import compact, percent

DRAWN = 4
"""Generations with a panel of their own."""

_BODY = 328.0
_GAP, _WIDEST = 50.0, 290.0
_TALLEST = 1.6
"""Whiskers may reach this multiple of the highest mean; a wild interval must not flatten everything else."""


def has_referrals(summary: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the programme brought any delivery: without it there is no tree to draw."""
    return "referral" in Readings(summary).active_channels("deliveries")


def referral_tree(summary: Iterable[Mapping[str, Any]], scenario: str) -> Figure:
    """Columns of deliveries per year for each generation of buyers brought by owners, and below the deliveries that an
    owner of each generation causes, both with 95% intervals.

    `summary` holds the rows of a run: metric, unit, by (a mapping), mean, low, high, n.
    """
    readings = Readings(summary)
    generations = _brought(readings)
    with style.applied():
        figure = style.sheet(_message(readings, scenario), _caption(readings, generations), _BODY)
        if not generations:
            axes = style.panel(figure, 0, 0, style.WIDTH, _BODY)
            axes.set_axis_off()
            style.nothing(axes, "no owner brought a delivery in this run")
            return figure
        cell = min((style.WIDTH - 2 * style.MARGIN) / len(generations), _WIDEST)
        for place, generation in enumerate(generations):
            left = style.MARGIN + place * cell + _GAP
            _columns(style.panel(figure, left, 194, cell - _GAP - 6, 100), readings, generation)
        _per_owner(
            style.panel(figure, style.MARGIN + _GAP, 42, style.WIDTH - 2 * style.MARGIN - _GAP - 6, 95),
            readings,
            [0, *generations],
        )
    return figure


def _brought(readings: Readings) -> list[int]:
    """The first generations brought by owners that had any delivery, at most as many as have room."""
    every = range(1, GENERATIONS)
    found = [g for g in every if np.any(np.nan_to_num(readings.course("deliveries", generation=g).mean) > 0)]
    return found[:DRAWN]


def _columns(axes: Axes, readings: Readings, generation: int) -> None:
    """The deliveries of one generation, on a scale of its own."""
    years, course = readings.years, readings.course("deliveries", generation=generation)
    axes.bar(years, np.nan_to_num(course.mean), 0.7, color=_colour(generation), label=f"generation {generation}")
    _whiskers(axes, np.array(years, dtype=np.float64), course.mean, course.low, course.high)
    axes.set_title(f"generation {generation}", loc="left", fontsize=style.TEXT, fontweight="bold", pad=17)
    last = f"{compact(float(course.mean[-1]))} in {years[-1]}"
    axes.annotate(last, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points", color=style.GREY)
    axes.set_xlim(years[0] - 0.7, years[-1] + 0.7)
    ticks = [years[0], years[-1]] if len(years) > 1 else years
    axes.set_xticks(ticks, [str(year) for year in ticks])
    axes.tick_params(axis="x", pad=7)  # clear of the zero on the left
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value / 1e6:,.10g}M" if value >= 1e6 else f"{value:,.10g}")


def _per_owner(axes: Axes, readings: Readings, generations: list[int]) -> None:
    """What an owner of each generation causes, as far as there are such owners."""
    axes.set_title("deliveries that one owner causes", loc="left", fontsize=style.TEXT, fontweight="bold", pad=9)
    axes.set_xlabel("generation of the owner")
    axes.tick_params(axis="x", pad=6)
    found = {g: reading for g in generations if (reading := readings.get("reproduction_number", generation=g)).known}
    axes.set_xlim(-0.5, len(generations) - 0.3)
    axes.set_xticks(range(len(generations)), [f"{g}" if g else "0 (brought by nobody)" for g in generations])
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.set_ylim(0, 1)
    if not found:
        style.nothing(axes, "no ownership ended in this run")
        return
    places = np.array([generations.index(g) for g in found], dtype=np.float64)
    mean, low, high = np.array(list(found.values()), dtype=np.float64).T
    for place, g, value in zip(places, found, mean, strict=True):
        axes.plot(
            [place],
            [value],
            marker="o",
            markersize=7,
            clip_on=False,
            color=_colour(g),
            label=f"owners of generation {g}",
        )
        axes.annotate(compact(float(value)), (place, value), (9, 0), textcoords="offset points", va="center")
    _whiskers(axes, places, mean, low, high)


def _whiskers(axes: Axes, places: Any, mean: Any, low: Any, high: Any) -> None:
    """Intervals, and a scale from zero on which the highest mean is high."""
    known = np.isfinite(low) & np.isfinite(high) & (mean > 0)
    spread = np.array([mean - low, high - mean])[:, known]
    axes.errorbar(places[known], mean[known], spread, fmt="none", ecolor=style.INK, elinewidth=1, capsize=3)
    highest = float(np.nanmax(mean))
    reach = float(np.max(high[known], initial=highest))
    axes.set_ylim(0, min(reach, _TALLEST * highest) * 1.08 if highest > 0 else 1)


def _colour(generation: int) -> str:
    """The colour of owners' referral, paler the further down the tree; grey for owners nobody brought."""
    if not generation:
        return style.GREY
    share = 0.2 * (generation - 1)
    red, green, blue = (part + (1 - part) * share for part in to_rgb(style.CHANNEL_COLOURS["referral"]))
    return to_hex((red, green, blue))


def _share_brought(readings: Readings) -> float:
    """Share of the deliveries of the last year that owners brought."""
    if not readings.years:
        return math.nan
    year = readings.years[-1]
    total, alone = readings.get("deliveries", year=year), readings.get("deliveries", year=year, generation=0)
    return 1.0 - alone.mean / total.mean if total.known and total.mean > 0 else math.nan


def _message(readings: Readings, scenario: str) -> str:
    """The figure in one sentence."""
    share = _share_brought(readings)
    if not math.isfinite(share):
        return f"{scenario}: no owner brought a delivery"
    words = f"{scenario}: owners bring {percent(share)} of deliveries in {readings.years[-1]}"
    every: Reading = readings.get("reproduction_number")
    return f"{words}; an owner causes {compact(every.mean)} in all" if every.known else words


def _caption(readings: Readings, generations: list[int]) -> str:
    """What is shown, and what is not."""
    if not generations:
        return ""
    interval = bool(np.isfinite(readings.course("deliveries", generation=generations[0]).low).any())
    words = (
        "Deliveries per year by generation, each on its own scale: owners of generation 0, whom nobody brought, bring "
        "generation 1 by invitation or free word, and so on. Below: deliveries an owner causes in a whole ownership, "
        "by a life table of all years. "
    )
    words += "Whiskers: 95% interval." if interval else "One replicate, so no interval."
    year = readings.years[-1]
    shown = [0, *generations]
    rest = readings.get("deliveries", year=year).mean - math.fsum(
        readings.get("deliveries", year=year, generation=g).mean for g in shown
    )
    return words + (f" Not drawn: {compact(rest)} deliveries of later generations in {year}." if rest > 0.5 else "")
