"""What a lead and a customer cost, channel by channel, over the years."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.channels import CHANNELS
from sim.report.figures import style
from sim.report.figures.readings import Course, Readings
from sim.report.figures.wording import CHANNEL_NAMES, changed, compact, listed

_PANELS = {"cpl": "cost per lead (CPL)", "cac": "cost per customer (CAC)"}
_TALLEST = 1.6
"""Bands may reach this multiple of the highest mean; a wild interval must not flatten everything else."""


def cost_by_channel(summary: Iterable[Mapping[str, Any]], scenario: str) -> Figure:
    """Lines of CPL and of CAC per year, for each channel that spends and for all together, with 95% bands.

    `summary` holds the rows of a run: metric, unit, by (a mapping), mean, low, high, n.
    """
    readings = Readings(summary)
    with style.applied():
        figure = style.sheet(_message(readings, scenario), _caption(readings), 450)
        for place, (metric, name) in enumerate(_PANELS.items()):
            axes = style.panel(figure, 58, 255 - 225 * place, 385, 175)
            axes.set_title(name, loc="left", fontsize=style.TEXT, fontweight="bold")
            axes.set_ylabel(readings.unit(metric).replace("/", " per "))
            _panel(axes, readings, metric)
    return figure


def _panel(axes: Axes, readings: Readings, metric: str) -> None:
    """The lines of one metric."""
    courses = {name: readings.course(metric, channel=name) for name in readings.active_channels(metric)}
    total = readings.course(metric)
    if not np.isfinite(total.mean).any() or not courses:
        style.nothing(axes, "nothing was spent on leads in this run")
        return
    years = readings.years
    highest = max(float(np.nanmax(course.mean)) for course in (total, *courses.values()))
    reach = max(float(np.nanmax([*course.high, highest])) for course in (total, *courses.values()))
    lowest = min(float(np.nanmin(course.mean)) for course in (total, *courses.values()))  # expired credits taken back
    axes.set_ylim(min(lowest * 1.05, 0.0), min(reach, _TALLEST * highest) * 1.05)
    labels = []
    for name, course in courses.items():
        colour = style.CHANNEL_COLOURS[name]
        _line(axes, years, course, name, colour, 1.8)
        labels += _label(years, course, CHANNEL_NAMES[name], colour)
    _line(axes, years, total, "all channels", style.INK, 2.6)
    labels += _label(years, total, "all channels", style.INK)
    style.year_axis(axes, years, 0.25)
    style.side_labels(axes, years[-1], labels)


def _line(axes: Axes, years: list[int], course: Course, name: str, colour: str, width: float) -> None:
    """A line with its band; years without a value leave a gap."""
    axes.fill_between(years, course.low, course.high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(years, course.mean, color=colour, linewidth=width, marker="o", markersize=4, label=name)


def _label(years: list[int], course: Course, name: str, colour: str) -> list[tuple[float, str, str]]:
    """The label of a line at its last value, which says so when that is not of the last year."""
    known = np.flatnonzero(np.isfinite(course.mean))
    if not known.size:
        return []
    value = float(course.mean[known[-1]])
    when = "" if known[-1] == len(years) - 1 else f" ({years[known[-1]]})"
    return [(value, f"{name}  {compact(value)}{when}", colour)]


def _message(readings: Readings, scenario: str) -> str:
    """The figure in one sentence."""
    total = readings.course("cac")
    known = np.flatnonzero(np.isfinite(total.mean) & (total.mean > 0))
    if not known.size:
        return f"{scenario}: nothing was spent on customers"
    currency = readings.unit("cac").partition("/")[0]
    first, last = readings.years[known[0]], readings.years[known[-1]]
    start, end = float(total.mean[known[0]]), float(total.mean[known[-1]])
    message = f"{scenario}: a customer costs {end:,.0f} {currency} in {last}"
    if last > first:
        message += f", {changed(start, end, first)}"
    referred = readings.get("cac", channel="referral", year=last)
    if referred.known and referred.mean > 0:
        message += f"; one through {CHANNEL_NAMES['referral']} {referred.mean:,.0f}"
    return message


def _caption(readings: Readings) -> str:
    """What is shown, and what is not."""
    words = "Cash and accounting spend of the channel by its leads and its first deliveries, per year; "
    banded = bool(np.isfinite(readings.course("cac").low).any())
    words += "bands: 95% interval over replicates." if banded else "one replicate, so no interval."
    leads = set(readings.active_channels("leads"))
    spending = set(readings.active_channels("cpl")) | set(readings.active_channels("cac"))
    free = [CHANNEL_NAMES[name] for name in CHANNELS if name in leads - spending]
    below = any((readings.course("cac", channel=name).mean < 0).any() for name in readings.active_channels("cac"))
    words += " Below zero: more was taken back for expired credits than was paid." if below else ""
    return words + (f" Without own spend, so not drawn: {listed(free)}." if free else "")
