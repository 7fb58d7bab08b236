"""Orders by channel over the years."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.report.figures import style
from sim.report.figures.readings import Course, Readings
from sim.report.figures.wording import CHANNEL_NAMES, changed, compact, percent


def orders_by_channel(summary: Iterable[Mapping[str, Any]], scenario: str) -> Figure:
    """Stacked columns of orders per year by the channel of their lead, with the 95% interval of the total.

    `summary` holds the rows of a run: metric, unit, by (a mapping), mean, low, high, n.
    """
    readings = Readings(summary)
    channels = readings.active_channels("orders")
    with style.applied():
        figure = style.sheet(_message(readings, channels, scenario), _caption(readings), 300)
        axes = style.panel(figure, 58, 30, 385, 255)
        axes.set_ylabel("orders per year")
        if not channels:
            style.nothing(axes, "no orders in this run")
            return figure
        tops = _columns(axes, readings, channels)
        _total(axes, readings)
        style.year_axis(axes, readings.years, 0.6)
        last = readings.years[-1]
        labels = [
            (middle, f"{CHANNEL_NAMES[name]}  {compact(amount)}", style.CHANNEL_COLOURS[name])
            for name, (middle, amount) in tops.items()
        ]
        style.side_labels(axes, last + 0.31, labels)
        axes.text(1.04, 1.0, f"in {last}:", transform=axes.transAxes, color=style.GREY)
    return figure


def _columns(axes: Axes, readings: Readings, channels: list[str]) -> dict[str, tuple[float, float]]:
    """Draw the stacked columns; return the middle and the height of each channel's part of the last one."""
    base = np.zeros(len(readings.years))
    last = {}
    for name in channels:
        height = np.nan_to_num(readings.course("orders", channel=name).mean)
        colour = style.CHANNEL_COLOURS[name]
        axes.bar(readings.years, height, 0.62, bottom=base, color=colour, edgecolor="white", linewidth=0.5, label=name)
        last[name] = (float(base[-1] + height[-1] / 2), float(height[-1]))
        base += height
    return last


def _total(axes: Axes, readings: Readings) -> None:
    """The interval of the total, and the total in figures above it."""
    total = readings.course("orders")
    known = np.isfinite(total.low) & np.isfinite(total.high)
    years = np.array(readings.years)
    spread = np.array([total.mean - total.low, total.high - total.mean])
    axes.errorbar(
        years[known], total.mean[known], spread[:, known], fmt="none", ecolor=style.INK, elinewidth=1, capsize=3
    )
    tops = np.where(known, total.high, total.mean)
    highest = float(np.nanmax(tops))
    axes.set_ylim(0, highest * 1.12)
    step = -(-len(years) // 12)
    for year, mean, top in list(zip(readings.years, total.mean, tops, strict=True))[::step]:
        axes.text(year, top + highest * 0.015, compact(float(mean)), ha="center", va="bottom", fontweight="bold")


def _message(readings: Readings, channels: list[str], scenario: str) -> str:
    """The figure in one sentence."""
    if not channels:
        return f"{scenario}: no orders"
    first, last = readings.years[0], readings.years[-1]
    start, end = readings.get("orders", year=first).mean, readings.get("orders", year=last).mean
    amount = f"{scenario}: {compact(end)} orders in {last}"
    if last > first and start > 0:
        amount += f", {changed(start, end, first)}"
    shares = {name: readings.sum("orders", [name], year=last) / end for name in channels} if end else {}
    if not shares:
        return amount
    leading = max(shares, key=lambda name: shares[name])
    message = f"{amount}; {CHANNEL_NAMES[leading]} brings {percent(shares[leading])}"
    if shares.get("referral") and leading != "referral":
        message += f", {CHANNEL_NAMES['referral']} {percent(shares['referral'])}"
    return message


def _caption(readings: Readings) -> str:
    """What is shown."""
    interval = _has_interval(readings.course("orders"))
    whiskers = "; whiskers: 95% interval of the total" if interval else "; one replicate, so no interval"
    return f"Orders per year by the channel of their lead, mean over replicates{whiskers}."


def _has_interval(course: Course) -> bool:
    return bool(np.isfinite(course.low).any())
