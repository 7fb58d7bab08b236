"""The loop of awareness, acquisition, activation, revenue, retention and referral: one year, flows and conversions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from sim.channels import CHANNELS
from sim.report.figures import style
from sim.report.figures.readings import Readings
from sim.report.figures.wording import CHANNEL_NAMES, compact, listed, percent

OWNERS_CHANNELS = ("referral", "word_of_mouth")
"""Channels through which owners bring others."""

_BODY = 322.0
_WIDE, _HIGH = 104.0, 52.0
_COLUMNS = (64.0, 222.0, 380.0, 536.0)
_UPPER, _LOWER = 212.0, 72.0
_MIDDLE = (_UPPER + _LOWER) / 2 + 2
_TINY = 7.5
_REPURCHASE = "#332288"
_DASHES = (0, (4, 2))

Point = tuple[float, float]


class _Box(NamedTuple):
    """A stage: its place, what it is called, how many there are, and of what."""

    at: Point
    stage: str
    value: str
    lines: tuple[str, ...]

    def side(self, x: float, y: float) -> Point:
        """A point on the edge, in half widths and half heights from the middle."""
        return self.at[0] + x * (_WIDE / 2 + 3), self.at[1] + y * (_HIGH / 2 + 3)


def loop(summary: Iterable[Mapping[str, Any]], scenario: str, year: int | None = None) -> Figure:
    """The stages of one year (the last reported one unless asked) as a closed loop: funnel, repurchase and referral.

    `summary` holds the rows of a run: metric, unit, by (a mapping), mean, low, high, n. Counts of households, leads and
    owners are weighted to the represented population; stocks are those at the end of the year.
    """
    readings = Readings(summary)
    with style.applied():
        if not readings.years:
            figure = style.sheet(f"{scenario}: no year was reported", "", _BODY)
            style.nothing(_page(figure), "nothing to show")
            return figure
        year = readings.years[-1] if year is None else year
        caption = (
            f"Flows of {year} and stocks at its end, means over replicates. Leads are followed up from their arrival, "
            "so rates along the loop need not multiply to the flows of one year."
        )
        figure = style.sheet(_message(readings, scenario, year), caption, _BODY)
        axes = _page(figure)
        boxes = _boxes(readings, year)
        for box in boxes:
            _draw_box(axes, box)
        _ring(axes, boxes, readings, year, style.scenario_colour(scenario))
        _returns(axes, boxes, readings, year)
        _ways_in_and_out(axes, boxes, readings, year)
    return figure


def _page(figure: Figure) -> Axes:
    """Axes without a frame whose data are points of the page."""
    axes = style.panel(figure, 0, 0, style.WIDTH, _BODY)
    axes.set_xlim(0, style.WIDTH)
    axes.set_ylim(0, _BODY)
    axes.set_axis_off()
    return axes


def _boxes(readings: Readings, year: int) -> tuple[_Box, ...]:
    """The stages in the order of the loop."""

    def value(metric: str) -> str:
        return compact(readings.get(metric, year=year).mean)

    first, second, third, fourth = _COLUMNS
    kept = f"{percent(readings.get('annual_retention', year=year).mean)} kept for a year"
    brought = compact(readings.sum("leads", OWNERS_CHANNELS, year=year))
    return (
        _Box((first, _UPPER), "AWARENESS", value("aware"), ("aware households",)),
        _Box((second, _UPPER), "ACQUISITION", value("leads"), ("leads",)),
        _Box((third, _UPPER), "ACTIVATION", value("visits"), ("visits", f"{value('test_drives')} test drives")),
        _Box((fourth, _UPPER), "REVENUE", value("orders"), ("orders",)),
        _Box((fourth, _LOWER), "REVENUE", value("deliveries"), ("deliveries", f"{value('waiting')} waiting")),
        _Box((third, _LOWER), "RETENTION", value("owners"), ("owners", kept)),
        _Box((second, _LOWER), "REFERRAL", brought, ("leads through owners",)),
    )


def _draw_box(axes: Axes, box: _Box) -> None:
    x, y = box.at
    corner, shape = (x - _WIDE / 2, y - _HIGH / 2), "round,pad=0,rounding_size=7"
    axes.add_patch(
        FancyBboxPatch(corner, _WIDE, _HIGH, shape, facecolor="#f5f7fa", edgecolor=style.GREY, linewidth=0.8)
    )
    axes.text(corner[0] + 1, y + _HIGH / 2 + 4, box.stage, color=style.GREY, fontsize=_TINY, fontweight="bold")
    lift = 6.0 * (len(box.lines) - 1)
    axes.text(x, y + 4 + lift, box.value, ha="center", va="center", fontsize=14, fontweight="bold")
    for k, line in enumerate(box.lines):
        axes.text(x, y - 12 + lift - 12 * k, line, ha="center", va="center", fontsize=style.SMALL)


def _ring(axes: Axes, boxes: tuple[_Box, ...], readings: Readings, year: int, colour: str) -> None:
    """The arrows from stage to stage, each with its conversion."""
    aware, leads, visits, orders, deliveries, owners, brought = boxes

    def mean(metric: str) -> float:
        return readings.get(metric, year=year).mean

    through_owners = readings.sum("leads", OWNERS_CHANNELS, year=year)
    steps = (
        (aware, leads, _per_head(mean("leads"), mean("aware")), "leads each"),
        (leads, visits, percent(mean("lead_to_visit")), "visit"),
        (visits, orders, percent(mean("visit_to_order")), "order"),
        (deliveries, owners, compact(mean("deliveries") - mean("repurchases")), "new owners"),
        (owners, brought, _per_head(through_owners, mean("owners")), "leads each"),
    )
    for start, end, rate, words in steps:
        ahead = 1 if end.at[0] > start.at[0] else -1
        name = f"{start.lines[0]} to {end.lines[0]}"
        _arrow(axes, start.side(ahead, 0), end.side(-ahead, 0), colour, 2.2, name)
        _words(axes, ((start.at[0] + end.at[0]) / 2, start.at[1]), rate, words, "center", 6)
    _arrow(axes, orders.side(0, -1), deliveries.side(0, 1), colour, 2.2, "orders to deliveries")
    delivered = _ratio(mean("deliveries"), mean("deliveries") + mean("cancellations"))
    _words(axes, (orders.at[0] + 7, _MIDDLE), percent(delivered), "delivered", "left")


def _returns(axes: Axes, boxes: tuple[_Box, ...], readings: Readings, year: int) -> None:
    """What closes the loop: owners bring leads, buy again, and make others aware."""
    aware, leads, _, orders, _, owners, brought = boxes
    for name, shift, side in (("word_of_mouth", -0.3, "right"), ("referral", 0.3, "left")):
        start = _over_stage(brought.side(shift, 1))
        amount = readings.sum("leads", [name], year=year)
        # Without any lead the way stands open, but nobody takes it.
        colour, width, dashes = (style.CHANNEL_COLOURS[name], 3.2, "solid") if amount else (style.GREY, 1.2, _DASHES)
        _arrow(axes, start, leads.side(shift, -1), colour, width, f"{name} to leads", dashes)
        words = compact(amount) if amount else "no"
        _words(axes, (start[0] + math.copysign(7, shift), _MIDDLE), words, CHANNEL_NAMES[name], side)
    start = _over_stage(owners.side(0.45, 1))
    _arrow(axes, start, orders.side(-0.6, -1), _REPURCHASE, 3.2, "owners to orders")
    again = compact(readings.get("repurchases", year=year).mean)
    share = percent(readings.get("repurchase_rate", year=year).mean)
    _words(axes, (start[0] + 14, _MIDDLE), again, f"bought again,\n{share} of cars replaced", "right")
    corner = (aware.at[0], brought.at[1])
    axes.plot(*zip(brought.side(-1, 0), corner, strict=True), color=style.GREY, linewidth=1.2, linestyle=_DASHES)
    _arrow(axes, corner, aware.side(0, -1), style.GREY, 1.2, "talk to aware households", _DASHES)
    axes.text(
        corner[0], corner[1] - 6, "talk makes others aware", ha="center", va="top", fontsize=_TINY, color=style.GREY
    )


def _ways_in_and_out(axes: Axes, boxes: tuple[_Box, ...], readings: Readings, year: int) -> None:
    """Leads that do not come through owners, and what leaves the loop."""
    _, leads, _, orders, _, owners, _ = boxes

    def note(x: float, y: float, words: str, width: float, side: str = "bottom") -> None:
        lines = style.wrap(words, width, style.SMALL)
        axes.text(x, y, "\n".join(lines), ha="center", va=side, fontsize=style.SMALL)

    amounts = {name: readings.sum("leads", [name], year=year) for name in CHANNELS if name not in OWNERS_CHANNELS}
    sources = [CHANNEL_NAMES[name] for name, amount in amounts.items() if amount > 0]
    top = _UPPER + _HIGH / 2
    _arrow(axes, (leads.at[0] - 10, top + 40), (leads.at[0] + 30, top + 4), style.GREY, 1.2, "other leads come in")
    others = f"{compact(math.fsum(amounts.values()))} leads from {listed(sources)}" if sources else "no other leads"
    note(leads.at[0] - 48, top + 44, others, 180)
    _arrow(axes, leads.side(1, 0.6), (leads.at[0] + 108, top + 40), style.GREY, 1.2, "leads lost")
    late = percent(readings.get("leads_lost_late", year=year).mean)
    note(leads.at[0] + 108, top + 44, f"{late} of leads lost: answered too late", 100)
    _arrow(axes, (orders.at[0], top + 4), (orders.at[0], top + 40), style.GREY, 1.2, "orders cancelled")
    note(orders.at[0], top + 44, f"{compact(readings.get('cancellations', year=year).mean)} cancelled", 120)
    x, y = owners.side(0, -1)
    _arrow(axes, (x, y), (x, y - 20), style.GREY, 1.2, "owners lost")
    note(x, y - 23, f"{compact(readings.get('defections', year=year).mean)} replaced by a rival's car", 200, "top")


def _words(axes: Axes, at: Point, amount: str, words: str, side: str, gap: float = 1) -> None:
    """An amount above and its words below a point."""
    x, y = at
    axes.text(x, y + gap, amount, ha=side, va="bottom", fontweight="bold")
    axes.text(x, y - gap, words, ha=side, va="top", fontsize=_TINY, color=style.GREY)


def _arrow(axes: Axes, start: Point, end: Point, colour: str, width: float, name: str, dashes: Any = "solid") -> None:
    """A straight arrow; its name becomes its label, for whoever looks for it."""
    arrow = FancyArrowPatch(
        start, end, arrowstyle="-|>,head_width=0.25,head_length=0.45", mutation_scale=10 + 2 * width
    )
    arrow.set(color=colour, linewidth=width, linestyle=dashes, label=name, joinstyle="miter", capstyle="butt")
    arrow.shrinkA = arrow.shrinkB = 0
    axes.add_patch(arrow)


def _over_stage(point: Point) -> Point:
    """A point above a box, clear of the name of its stage."""
    return point[0], point[1] + 10


def _per_head(amount: float, heads: float) -> str:
    share = _ratio(amount, heads)
    return f"{share:.2f}" if math.isfinite(share) else "-"


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else math.nan


def _message(readings: Readings, scenario: str, year: int) -> str:
    """The figure in one sentence: what owners bring."""
    leads, orders = (readings.get(metric, year=year).mean for metric in ("leads", "orders"))
    brought = {metric: readings.sum(metric, OWNERS_CHANNELS, year=year) for metric in ("leads", "orders")}
    shares = [percent(_ratio(brought["leads"], leads)), percent(_ratio(brought["orders"], orders))]
    return f"{scenario}: in {year} owners bring {shares[0]} of leads and {shares[1]} of orders"
