"""Tables as text: aligned for pipes, fitted to terminals, as Markdown; JSON without numbers that JSON lacks.

Names and descriptions are other people's: whatever they hold stays text, in a terminal, in Markdown and in JSON.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sim.errors import printable

if TYPE_CHECKING:
    from rich.table import Table as RichTable

COUNTS = ("count", "ratio", "minutes", "months", "years", "share")
"""Units without a denominator that are no money."""

MANY = 200
"""Tables with more rows are printed plainly on terminals too: fitting the columns of thousands takes seconds."""

# Underscores within a word, as in names of metrics, mean nothing to Markdown.
_MARKS = re.compile(r"[\\`|<>&*~$#\[\]]|(?<![^\W_])_|_(?![^\W_])")
_BEGINNING = re.compile(r"[-+=]")
_UNPRINTABLE = re.compile(r"[^\n -~]")


@dataclass(frozen=True)
class Table:
    """A titled table of text cells; the first column is text, the others are numbers."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    text_columns: int = 1
    """How many columns from the left hold words."""
    optional: Sequence[str] = ()
    """Columns that a narrow terminal does without."""
    note: str = ""
    """What a reader should know about the cells, in a line below them."""


def number(value: float, unit: str, *, signed: bool = False) -> str:
    """A number as people read it: shares in percent, large amounts without decimals, `-` where undefined.

    Sums of money of a million and more have six significant digits, in millions: weights make the rest of them noise.
    """
    if not math.isfinite(value):
        return "-" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    sign = "+" if signed else ""
    if unit == "share":
        return f"{value:{sign}.1%}"
    if unit not in COUNTS and "/" not in unit and abs(value) >= 1e6:
        millions = float(f"{value / 1e6:.6g}")
        before = len(f"{abs(millions):.0f}") if abs(millions) >= 1 else 0
        return f"{millions:{sign},.{max(6 - before, 0)}f} M"
    decimals = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 3
    return f"{value:{sign},.{decimals}f}"


def interval(low: float, high: float, unit: str, *, signed: bool = False) -> str:
    """An interval, `-` where there is none (a single replicate)."""
    if math.isnan(low) or math.isnan(high):
        return "-"
    return f"{number(low, unit, signed=signed)} to {number(high, unit, signed=signed)}"


def render(tables: Iterable[Table], *, terminal: bool, width: int | None = None) -> str:
    """Tables for a terminal (colours and rules) or for a pipe (aligned columns, nothing cut)."""
    shown = [_printable(table) for table in tables if table.rows]
    return "\n".join(_rich(table, width) if terminal and len(table.rows) <= MANY else _plain(table) for table in shown)


def markdown(tables: Iterable[Table]) -> str:
    """Tables as Markdown."""
    blocks = []
    for table in tables:
        rule = ["---" if place < table.text_columns else "---:" for place in range(len(table.header))]
        rows = [[markdown_text(cell) for cell in row] for row in (table.header, *table.rows)]
        lines = [f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:])]
        note = [_line(table.note), ""] if table.note else []
        blocks.append("\n".join([f"### {markdown_text(table.title)}", "", *lines, "", *note]))
    return "\n".join(blocks)


def markdown_text(text: str) -> str:
    """Text as it is written within a line or a cell of Markdown, so that a reader sees its very characters."""
    return _MARKS.sub(r"\\\g<0>", printable(text))


def markdown_item(text: str) -> str:
    """Text as an item of a Markdown list."""
    return f"- {_line(text)}"


def _line(text: str) -> str:
    """Text as a line of Markdown of its own, which begins no list, rule or heading."""
    words = markdown_text(text)
    return f"\\{words}" if _BEGINNING.match(words) else words


def _printable(table: Table) -> Table:
    """The table without characters that could break or disguise a line of a terminal."""
    rows = [[printable(cell) for cell in row] for row in table.rows]
    header = [printable(name) for name in table.header]
    return replace(table, title=printable(table.title), header=header, rows=rows, note=printable(table.note))


def _plain(table: Table) -> str:
    widths = [max(map(len, column)) for column in zip(table.header, *table.rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place < table.text_columns else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (table.header, *table.rows)
    ]
    return "\n".join([table.title, *lines, *filter(None, [table.note]), ""])


def _rich(table: Table, width: int | None) -> str:
    from rich.console import Console
    from rich.table import Table as RichTable

    # Through memory, because a reader that goes away must not make rich end the program.
    console = Console(file=io.StringIO(), force_terminal=True, width=width, markup=False, emoji=False, highlight=False)
    columns = dict(zip(table.header, zip(*table.rows, strict=True), strict=True))
    left_out = []
    for name in table.optional:
        if sum(max(map(len, (title, *cells))) + 2 for title, cells in columns.items()) > console.width:
            del columns[name]
            left_out.append(name)
    narrow = f"{console.width} columns are too narrow for: {', '.join(left_out)}" if left_out else ""
    notes = "\n".join(filter(None, (table.note, narrow)))
    shown: RichTable = RichTable(title=table.title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    shown.caption, shown.caption_justify = notes or None, "left"
    for place, name in enumerate(columns):
        shown.add_column(name, justify="left" if place < table.text_columns else "right")
    for row in zip(*columns.values(), strict=True):
        shown.add_row(*row)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


def as_json(content: dict[str, Any]) -> str:
    """Content as JSON; undefined numbers are null, characters that disguise a line of a terminal are escapes."""
    text = json.dumps(_defined(content), ensure_ascii=False, allow_nan=False, indent=1)
    return _UNPRINTABLE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return character if character.isprintable() else json.dumps(character)[1:-1]


def _defined(value: Any) -> Any:
    """The value with null for numbers that JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(item) for item in value]
    return value
