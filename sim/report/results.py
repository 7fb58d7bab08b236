"""What `run` and `compare` print: the key metrics, paired differences, and the JSON of the interface."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.experiment.compare import FIELDS, ORDER_EFFECTS, Comparison, Difference
from sim.experiment.result import Result
from sim.report.text import Table, as_json, interval, number

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
