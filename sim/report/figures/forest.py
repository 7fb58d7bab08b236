"""Paired differences of a scenario to the reference, metric by metric."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.experiment.compare import Difference
from sim.metrics import METRICS
from sim.metrics.base import EQUIVALENCE_MARGIN
from sim.report.figures import style
from sim.report.figures.wording import compact, metric_name, percent
from sim.report.results import KEY_METRICS
from sim.report.text import number

VERDICT_COLOURS = {
    "better": "#0072b2",
    "worse": "#d55e00",
    "changed": "#7a4fa3",
    "equivalent": "#444444",
    "inconclusive": "#7d7d7d",
}
_BY_YEAR = ("cac",)
"""Metrics also shown for the first and the last year: the question every comparison is asked."""

_ROW = 19.0
_LEFT, _PLOT = 176.0, 196.0
_LONG = 1e6
"""Numbers from here on are shortened."""
_WIDEST = 1.5
"""Relative differences beyond this share are shown as arrows at the edge, with their numbers beside them."""


class _Line(NamedTuple):
    """A row of the figure: relative difference and interval, nan where the reference is zero or there is none."""

    label: str
    row: Difference
    low: float
    high: float


def forest(differences: Iterable[Difference], scenario: str, reference: str) -> Figure:
    """Relative differences in the key metrics with 95% intervals, coloured by verdict, the equivalence margin shaded.

    `differences` are those of `Comparison.differences`; only rows of `scenario` are read.
    """
    mine = [row for row in differences if row.scenario == scenario]
    lines = _lines(mine)
    with style.applied():
        body = 74 + _ROW * max(len(lines), 3)
        figure = style.sheet(_message(mine, scenario, reference), _caption(mine, scenario, reference), body)
        axes = style.panel(figure, _LEFT, 42, _PLOT, body - 74)
        axes.set_xlabel("difference, % of the reference")
        axes.spines["left"].set_visible(False)
        if not lines:
            axes.set_yticks([])
            style.nothing(axes, "nothing to compare")
            return figure
        _frame(axes, lines)
        for place, line in enumerate(lines):
            _draw(axes, place, line)
        _columns(axes, lines)
    return figure


def _lines(rows: list[Difference]) -> list[_Line]:
    """The rows shown, in the order of the key metrics."""
    found = []
    years = sorted({row.by["year"] for row in rows if "year" in row.by})
    ends = {years[0], years[-1]} if years else set()
    for name in KEY_METRICS:
        of_metric = [row for row in rows if row.metric == name]
        found += [(metric_name(name) + _money(row.unit), row) for row in of_metric if not row.by]
        if name in _BY_YEAR:
            found += [
                (f"{name.upper()} in {row.by['year']}", row)
                for row in of_metric
                if list(row.by) == ["year"] and row.by["year"] in ends
            ]
    return [_Line(label, row, _share(row.low, row), _share(row.high, row)) for label, row in found]


def _money(unit: str) -> str:
    """The currency of amounts of money, to stand behind their name."""
    currency = unit.partition("/")[0]
    return "" if currency in ("", "count", "share", "ratio") else f", {currency}"


def _share(amount: float, row: Difference) -> float:
    """An amount as a share of the reference; two equal zeros differ by nothing."""
    if amount == 0 and row.difference == 0:
        return 0.0
    return amount / abs(row.reference_mean) if row.reference_mean else math.nan


def _frame(axes: Axes, lines: list[_Line]) -> None:
    """Limits, labels, zero line and margins."""
    margins = [_margin(line.row.metric) for line in lines]
    ends = [abs(end) for line in lines for end in (line.low, line.high, _middle(line)) if math.isfinite(end)]
    limit = min(max([2.5 * max(margins), *(1.08 * end for end in ends)]), _WIDEST)
    axes.set_xlim(-limit, limit)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_yticks(range(len(lines)), [line.label for line in lines])
    axes.tick_params(axis="y", labelcolor=style.INK, pad=6)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(5, symmetric=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:+.4g}%" if abs(share) > 1e-9 else "0"))
    for place, margin in enumerate(margins):
        axes.add_patch(Rectangle((-margin, place - 0.5), 2 * margin, 1, color="#e9edf2", linewidth=0, zorder=0))
    axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1.5)


def _draw(axes: Axes, place: int, line: _Line) -> None:
    """The interval and the mean of one row; what lies beyond the edge becomes an arrow there."""
    colour, limit = VERDICT_COLOURS[line.row.verdict], axes.get_xlim()[1]
    middle = _middle(line)
    if math.isfinite(line.low) and math.isfinite(line.high):
        ends = [min(max(end, -limit), limit) for end in (line.low, line.high)]
        axes.plot(ends, [place, place], color=colour, linewidth=2, solid_capstyle="butt", label=f"interval {place}")
    if math.isfinite(middle):
        shown = min(max(middle, -limit), limit)
        marker = "o" if shown == middle else ">" if middle > 0 else "<"
        hollow = "white" if line.row.verdict == "inconclusive" else colour
        axes.plot(
            [shown],
            [place],
            marker,
            color=colour,
            markerfacecolor=hollow,
            markersize=6,
            clip_on=False,
            label=f"mean {place}",
        )
    else:
        axes.text(
            0,
            place,
            "no reference value",
            ha="center",
            va="center",
            color=style.GREY,
            fontsize=style.SMALL,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )


def _columns(axes: Axes, lines: list[_Line]) -> None:
    """Right of the plot, in figures: both means, the difference and the verdict."""
    rights = (58, 116, 156)
    for right, head in zip(rights, ("reference", "scenario", "diff."), strict=True):
        _cell(axes, right, -0.95, head, style.GREY, "right")
    _cell(axes, 164, -0.95, "verdict", style.GREY, "left")
    for place, (_, row, _, _) in enumerate(lines):
        cells = (_amount(row.reference_mean, row.unit), _amount(row.mean, row.unit), percent(row.relative, signed=True))
        for right, text in zip(rights, cells, strict=True):
            _cell(axes, right, place, text, style.INK, "right")
        _cell(axes, 164, place, row.verdict, VERDICT_COLOURS[row.verdict], "left")


def _amount(value: float, unit: str) -> str:
    """A number that fits its column."""
    return compact(value) if abs(value) >= _LONG else number(value, unit)


def _cell(axes: Axes, right: float, row: float, text: str, colour: str, side: str) -> None:
    axes.annotate(
        text, xy=(1, row), xycoords=("axes fraction", "data"), xytext=(right, 0), textcoords="offset points",
        ha=side, va="center", color=colour, fontsize=style.SMALL, annotation_clip=False,
    )  # fmt: skip


def _middle(line: _Line) -> float:
    """The relative difference of a row."""
    return _share(line.row.difference, line.row)


def _margin(metric: str) -> float:
    return METRICS[metric].margin if metric in METRICS else EQUIVALENCE_MARGIN


def _message(rows: list[Difference], scenario: str, reference: str) -> str:
    """The figure in one sentence: what a customer costs."""
    found = [row for row in rows if row.metric == "cac" and not row.by and math.isfinite(row.relative)]
    if not found:
        return f"{scenario} against {reference}"
    row = found[0]
    change = f"{percent(abs(row.relative))} {'less' if row.difference < 0 else 'more'}"
    if row.verdict in ("better", "worse"):
        return f"With {scenario} a customer costs {change} than with {reference}"
    if row.verdict == "equivalent":
        return f"With {scenario} a customer costs practically the same as with {reference}"
    return f"Whether a customer costs more or less with {scenario} than with {reference} is open"


def _caption(rows: list[Difference], scenario: str, reference: str) -> str:
    """What is shown."""
    years = sorted({row.by["year"] for row in rows if "year" in row.by})
    when = f", {years[0]} to {years[-1]}" if years else ""
    return (
        f"Paired differences of {scenario} to {reference}{when}: replicates with the same luck; mean and 95% interval. "
        "Shaded: too small to matter."
    )
