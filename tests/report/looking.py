"""What a figure shows, read from its artists."""

from __future__ import annotations

from typing import Any

from made_summary import Rows
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from sim.report.figures import style


def texts(figure: Figure) -> list[str]:
    """All text on the page, empty labels and invisible ones left out."""
    return [text.get_text() for text in drawn_texts(figure)]


def drawn_texts(figure: Figure) -> list[Text]:
    with style.applied():
        figure.draw_without_rendering()
    found = figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible() and artist.get_text() != "")
    # Ticks beyond the limits of an axis exist, but are not drawn.
    hidden = [
        tick.label1
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not axes.axison or not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    ]
    return [text for text in found if text not in hidden]


def bars(figure: Figure) -> dict[str, list[float]]:
    return {
        container.get_label(): [patch.get_height() for patch in container.patches]
        for container in figure.axes[0].containers
        if hasattr(container, "patches") and container.patches
    }


def lines(axes: Axes) -> dict[str, Any]:
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def arrows(figure: Figure) -> dict[str, FancyArrowPatch]:
    found = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]
    return {arrow.get_label(): arrow for arrow in found}


def means(rows: Rows, metric: str, **by: Any) -> list[float]:
    """The yearly means of a table, looked up without the code under test."""
    return [
        r["mean"] for r in rows if r["metric"] == metric and {k: v for k, v in r["by"].items() if k != "year"} == by
    ]
