"""Results as text: aligned tables for terminals, plain ones for pipes, Markdown, and the JSON of the interface."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.experiment.compare import FIELDS, ORDER_EFFECTS, Comparison, Difference
from sim.experiment.result import Result

if TYPE_CHECKING:
    from rich.table import Table as RichTable

KEY_METRICS = (
    "leads",
    "orders",
    "deliveries",
    "spend",
    "cpl",
    "cac",
    "cac_loaded",
    "lead_to_order",
    "ltv",
    "ltv_to_cac",
    "annual_retention",
    "repurchase_rate",
    "referral_share",
    "satisfaction",
)
"""What `run` and `compare` print; everything else is in the stored metrics and in --json."""

PROGRAMME_METRICS = (
    "owners_willing",
    "owners_inviting",
    "owners_successful",
    "referrals_per_owner_year",
    "referral_conversion",
    "reproduction_number",
    "referral_top1_share",
    "referral_breakage",
    "referral_abuse",
    "referral_false_rejections",
)
"""What `run` prints of a referral programme."""

YEARLY_METRICS = ("leads", "deliveries", "cpl", "cac", "lead_to_order", "referral_share")
"""Of those, the ones whose course over the years is printed."""


BESIDE = {"channel": "referral"}
"""Of the orders credited to the programme, the share that would not have come without it is printed beside."""

COUNTS = ("count", "ratio", "minutes", "months", "years", "share")
"""Units without a denominator that are no money."""


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


def run_tables(result: Result) -> list[Table]:
    """The key metrics of a run over all years, and their course."""
    totals = {row["metric"]: row for row in result.summary if not row["by"]}
    rows = [
        [row["metric"], number(row["mean"], unit), interval(row["low"], row["high"], unit), unit, str(row["n"])]
        for row in (totals[name] for name in KEY_METRICS if name in totals)
        if (unit := row["unit"])
    ]
    horizon = result.scenario.horizon
    years = range(horizon.start_year, horizon.start_year + horizon.years)
    yearly = {(row["metric"], row["by"]["year"]): row for row in result.summary if list(row["by"]) == ["year"]}
    course = [
        [name, *(number(yearly[name, year]["mean"], yearly[name, year]["unit"]) for year in years)]
        for name in YEARLY_METRICS
        if (name, years[0]) in yearly
    ]
    heading = f"{result.scenario.name}: {years[0]} to {years[-1]}, replicates: {len(result.replicates)}"
    programme = [
        [
            name,
            number(row["mean"], row["unit"]),
            interval(row["low"], row["high"], row["unit"]),
            row["unit"],
            str(row["n"]),
        ]
        for name in PROGRAMME_METRICS
        if (row := totals.get(name)) is not None and row["n"]
    ]
    columns = ["metric", "mean", "95% interval", "unit", "n"]
    tables = [
        Table(heading, columns, rows, note=_undefined(rows)),
        Table("by year", ["metric", *map(str, years)], course),
    ]
    if totals.get("referral_conversion", {"n": 0})["n"]:
        tables.append(Table("referral programme", columns, programme))
    return tables


def comparison_tables(comparison: Comparison) -> list[Table]:
    """Paired differences in the key metrics, then what happened to orders, with the noise floor below."""
    header = ["metric", "reference", "mean", "difference", "95% interval", "relative", "better in", "verdict"]
    tables = []
    for name in dict.fromkeys(comparison.names[1:]):
        chosen = [row for row in comparison.differences if row.scenario == name and not row.by]
        cells = [_difference(row) for row in chosen if row.metric in KEY_METRICS]
        title = f"{name}: paired differences to {comparison.names[0]}"
        tables.append(Table(title, header, cells, optional=("better in", "relative", "mean"), note=_undefined(cells)))
    effects = [row for row in comparison.differences if row.metric in ORDER_EFFECTS and row.by in ({}, BESIDE)]
    effects = [row for row in effects if (row.metric == "incremental_share") == (row.by == BESIDE)]
    if effects:
        title = (
            f"orders against {comparison.names[0]}, household by household, of orders early enough to classify "
            "(placebo: the least that chance alone moves)"
        )
        cells = [
            [
                row.scenario,
                _with_labels(row),
                number(row.mean, row.unit),
                interval(row.low, row.high, row.unit),
                row.unit,
                str(row.n),
            ]
            for row in effects
        ]
        tables.append(Table(title, ["scenario", "metric", "mean", "95% interval", "unit", "n"], cells, 2))
    return tables


def _with_labels(row: Difference) -> str:
    return " ".join([row.metric, *(f"of {label}" for label in row.by.values())])


def _difference(row: Difference) -> list[str]:
    unchanged = row.difference == 0 and row.verdict == "equivalent"
    better = f"{row.share_better:.0%}" if math.isfinite(row.share_better) and not unchanged else "-"
    return [
        row.metric,
        number(row.reference_mean, row.unit),
        number(row.mean, row.unit),
        number(row.difference, row.unit, signed=True),
        interval(row.low, row.high, row.unit, signed=True),
        f"{row.relative:+.1%}" if math.isfinite(row.relative) else "-",
        better,
        row.verdict if row.n else "-",
    ]


def _undefined(rows: Sequence[Sequence[str]]) -> str:
    """The reason for the means (second column) that are not there."""
    missing = ", ".join(row[0] for row in rows if row[1] == "-")
    reason = "no complete follow-up within the simulated years, or nothing to divide by"
    return f"- : {reason} ({missing})" if missing else ""


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
    blocks = [_rich(table, width) if terminal else _plain(table) for table in tables if table.rows]
    return "\n".join(blocks)


def markdown(tables: Iterable[Table]) -> str:
    """Tables as Markdown."""
    blocks = []
    for table in tables:
        rule = ["---" if place < table.text_columns else "---:" for place in range(len(table.header))]
        lines = [f"| {' | '.join(row)} |" for row in (table.header, rule, *table.rows)]
        note = [table.note, ""] if table.note else []
        blocks.append("\n".join([f"### {table.title}", "", *lines, "", *note]))
    return "\n".join(blocks)


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
    console = Console(file=io.StringIO(), force_terminal=True, width=width)
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


def run_json(result: Result, health: Sequence[str]) -> str:
    """The JSON of `run`; undefined numbers are null."""
    return as_json(
        {
            "scenario": result.scenario.name,
            "hash": result.hash,
            "seed": result.scenario.seed,
            "replicates": len(result.replicates),
            "metrics": result.summary,
            "health": list(health),
            "run_dir": None if result.run is None else str(result.run.folder),
        }
    )


def comparison_json(comparison: Comparison) -> str:
    """The JSON of `compare`; undefined numbers are null."""
    return as_json(
        {
            "reference": comparison.names[0],
            "scenarios": comparison.names[1:],
            "differences": [{name: getattr(row, name) for name in FIELDS} for row in comparison.differences],
        }
    )


def as_json(content: dict[str, Any]) -> str:
    """Content as JSON; undefined numbers are null."""
    return json.dumps(_defined(content), ensure_ascii=False, allow_nan=False, indent=1)


def _defined(value: Any) -> Any:
    """The value with null for numbers that JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(item) for item in value]
    return value
