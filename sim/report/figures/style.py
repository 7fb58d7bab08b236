"""How all figures look: sizes in points on a page 600 points (800 pixels) wide, colours, titles, and their SVG."""

from __future__ import annotations

import functools
import io
import unicodedata
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.ticker import MaxNLocator

from sim.errors import printable

WIDTH = 600.0
"""Width of every figure, points."""

POINTS_PER_INCH = 72.0
MARGIN = 12.0
_COLUMN = 0.96 * (WIDTH - 2 * MARGIN)  # other fonts than the measured one may be a little wider
TEXT, SMALL, TITLE = 9.0, 8.0, 12.0
"""Font sizes, points."""

INK, GREY, FAINT = "#222222", "#666666", "#e4e4e4"

# Paul Tol's muted scheme: told apart with every common colour blindness.
CHANNEL_COLOURS = {
    "paid_ads": "#332288",
    "vertical_media": "#88ccee",
    "kos": "#117733",
    "founder": "#44aa99",
    "scenario_marketing": "#aa4499",
    "referral": "#cc6677",
    "community": "#999933",
    "word_of_mouth": "#ddcc77",
    "walk_in": "#a0a0a0",
}
SCENARIO_COLOURS = {
    "baseline": "#5f6b7a",
    "referral": "#cc6677",
    "kos": "#117733",
    "scenario_marketing": "#aa4499",
    "community": "#999933",
    "combined": "#332288",
}
_OTHER_SCENARIOS = ("#0072b2", "#d55e00", "#009e73", "#882255", "#b07d00")

_STYLE = {
    "svg.hashsalt": "liebian",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "font.size": TEXT,
    "axes.labelsize": TEXT,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "text.color": INK,
    "axes.labelcolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


@contextmanager
def applied() -> Iterator[None]:
    """Matplotlib with this style and no other, whatever the user's own settings are."""
    with matplotlib.style.context(["default", _STYLE]), warnings.catch_warnings():
        # The text is written as text: whoever shows the figure chooses a font that has the glyph.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def svg(figure: Figure) -> bytes:
    """A figure as SVG, the same bytes for the same content."""
    buffer = io.BytesIO()
    title = figure.get_label()
    with applied():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "liebian", "Title": title})
    return buffer.getvalue()


def scenario_colour(name: str) -> str:
    """The colour of a scenario: its own if shipped, else one that depends on nothing but its name."""
    number = zlib.crc32(name.encode("utf-8", "surrogatepass"))
    return SCENARIO_COLOURS.get(name, _OTHER_SCENARIOS[number % len(_OTHER_SCENARIOS)])


def sheet(title: str, subtitle: str, body: float) -> Figure:
    """An empty figure with its message on top and room of `body` points in height below it."""
    title = printable(title)
    heads = wrap(title, _COLUMN, TITLE, "bold")
    notes = wrap(printable(subtitle), _COLUMN, TEXT)
    header = 13 + len(heads) * TITLE * 1.3 + len(notes) * TEXT * 1.4
    height = body + header
    figure = Figure(figsize=(WIDTH / POINTS_PER_INCH, height / POINTS_PER_INCH), dpi=POINTS_PER_INCH)
    FigureCanvasSVG(figure)
    figure.patch.set_facecolor("white")
    figure.set_label(title)
    left, top = MARGIN / WIDTH, 1 - 10 / height
    figure.text(left, top, "\n".join(heads), fontsize=TITLE, fontweight="bold", va="top", linespacing=1.3)
    below = top - (3 + len(heads) * TITLE * 1.3) / height
    figure.text(left, below, "\n".join(notes), color=GREY, va="top", linespacing=1.4)
    return figure


def panel(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes in a place given in points from the figure's lower left corner."""
    page = figure.get_figheight() * POINTS_PER_INCH
    return figure.add_axes((left / WIDTH, bottom / page, width / WIDTH, height / page))


def wrap(text: str, width: float, size: float, weight: str = "normal") -> list[str]:
    """Lines at most `width` points long in letters of `size` points; words longer than a line are broken."""
    lines, length = [""], 0.0
    for word in text.split():
        advances = [size * _advance(letter, weight) for letter in word]
        gap = size * _advance(" ", weight) if lines[-1] else 0.0
        if lines[-1] and length + gap + sum(advances) > width:
            lines.append("")
            length = gap = 0.0
        lines[-1] += " " if gap else ""
        length += gap
        for letter, advance in zip(word, advances, strict=True):
            if lines[-1] and length + advance > width:
                lines.append("")
                length = 0.0
            lines[-1] += letter
            length += advance
    return lines


@functools.cache
def _advance(letter: str, weight: str) -> float:
    """Width of a letter by the size of its font; Chinese ones, which the font does not have, are as wide as high."""
    font = FontProperties(size=100, weight=weight)
    between, alone = (
        text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] for text in (f"n{letter}n", "nn")
    )
    return max((between - alone) / 100, 1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.0)


def year_axis(axes: Axes, years: Sequence[int], border: float) -> None:
    """One tick per calendar year, fewer where they would crowd; `border` years are left free on both sides."""
    border = max(border, 0.045 * len(years))
    axes.set_xlim(years[0] - border, years[-1] + border)
    step = -(-len(years) // 12)
    axes.set_xticks(years[::step], [str(year) for year in years[::step]])
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value / 1e6:,.10g}M" if value >= 1e6 else f"{value:,.10g}")


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places at least `gap` apart, within low and high if they fit, as near as may be to the ascending ones wanted."""
    places = list(wanted)
    for k in range(1, len(places)):
        places[k] = max(places[k], places[k - 1] + gap)
    ceiling = high
    for k in reversed(range(len(places))):
        places[k] = min(places[k], ceiling)
        ceiling = places[k] - gap
    lift = max(0.0, low - places[0]) if places else 0.0
    return [place + lift for place in places] if lift else places


def side_labels(axes: Axes, x: float, labels: Sequence[tuple[float, str, str]]) -> None:
    """Labels `(y, text, colour)` in the margin right of the axes, apart from each other, tied to y at x in the data."""
    labels = sorted(labels, key=lambda label: label[0])
    page = axes.get_figure(root=True)
    assert page is not None
    height = axes.get_position().height * page.get_figheight() * POINTS_PER_INCH
    bottom, top = axes.get_ylim()
    span = top - bottom
    heights = [min(max((y - bottom) / span, 0.0), 1.0) for y, _, _ in labels]
    places = spread(heights, 1.35 * TEXT / height, 0.02, 0.98)
    for (_, text, colour), point, place in zip(labels, heights, places, strict=True):
        axes.annotate(
            text,
            xy=(x, bottom + point * span),
            xycoords="data",
            xytext=(1.04, place),
            textcoords="axes fraction",
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 1.6, "shrinkA": 1, "shrinkB": 2},
        )


def nothing(axes: Axes, text: str) -> None:
    """Say in an empty panel why it is empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY)
