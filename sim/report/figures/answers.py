"""How the age of a lead at its first answer decides what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.metrics.base import ANSWERED
from sim.report.figures import style
from sim.report.figures.readings import Readings
from sim.report.figures.wording import ANSWERED_NAMES, compact, percent

_BODY = 265.0


def answer_delay(summary: Iterable[Mapping[str, Any]], scenario: str) -> Figure:
    """Columns of the share of leads that order, by the time from contact data to the first answer, with 95% intervals
    and the number of leads of each class.

    `summary` holds the rows of a run: metric, unit, by (a mapping), mean, low, high, n.
    """
    readings = Readings(summary)
    with style.applied():
        figure = style.sheet(_message(readings, scenario), _caption(readings), _BODY)
        axes = style.panel(figure, 58, 56, style.WIDTH - 58 - style.MARGIN, 190)
        axes.set_ylabel("leads that order")
        if not _count(readings) > 0:
            style.nothing(axes, "no leads that could be followed up in this run")
            return figure
        _columns(axes, readings)
    return figure


def _count(readings: Readings, *classes: str) -> float:
    """Leads of these classes together, of all without any."""
    if not classes:
        return readings.get("cooling_leads").mean
    counts = np.array([readings.get("cooling_leads", answered=name).mean for name in classes])
    return float(np.nan_to_num(counts).sum())


def _columns(axes: Axes, readings: Readings) -> None:
    """A column per class; a class without leads stays empty."""
    found = [readings.get("cooling_lead_to_order", answered=name) for name in ANSWERED]
    mean, low, high = np.nan_to_num(np.array(found, dtype=np.float64).T)
    places = np.arange(len(ANSWERED))
    axes.bar(places, mean, 0.62, color=style.SCENARIO_COLOURS["baseline"], label="leads that order")
    tops = np.maximum(mean, high)
    known = np.array([np.isfinite(reading.high) for reading in found])
    axes.vlines(places[known], np.maximum(low[known], 0.0), high[known], color=style.INK, linewidth=1.2)
    highest = float(tops.max())
    axes.set_ylim(0.0, highest * 1.15 if highest > 0 else 1.0)
    for place, reading, top in zip(places, found, tops, strict=True):
        word = percent(reading.mean)
        axes.annotate(
            word, (float(place), float(top)), (0, 2), textcoords="offset points", ha="center", fontweight="bold"
        )
    counts = [f"{ANSWERED_NAMES[name]}\n{compact(_count(readings, name))}" for name in ANSWERED]
    axes.set_xticks(places, counts)
    axes.tick_params(axis="x", pad=6)
    axes.set_xlabel("time to the first answer, and number of leads")
    axes.set_xlim(-0.6, len(ANSWERED) - 0.4)
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}%")


def _message(readings: Readings, scenario: str) -> str:
    """The figure in one sentence."""
    total = _count(readings)
    if not total > 0:
        return f"{scenario}: no leads to answer"
    prompt = _count(readings, *ANSWERED[:2]) / total
    late = _count(readings, *ANSWERED[4:]) / total
    return f"{scenario}: {percent(prompt)} of leads are answered in 30 minutes, {percent(late)} after 6 hours"


def _caption(readings: Readings) -> str:
    """What is shown."""
    interval = np.isfinite(readings.get("cooling_lead_to_order").high)
    whiskers = "lines: 95% intervals" if interval else "one replicate, so no intervals"
    return (
        "Share of leads that order within the follow-up, by the time from contact data to the first answer; leads that "
        "an owner brought, that walked in or that booked on a live stream are left out. "
        f"Means over replicates; {whiskers}."
    )
