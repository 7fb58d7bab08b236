"""What `run` and `compare` print: the key metrics, paired differences, and the JSON of the interface."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.experiment import memory
from sim.experiment.compare import FIELDS, ORDER_EFFECTS, Comparison, Difference, settling
from sim.experiment.forecast import Forecast
from sim.experiment.precision import Plan
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
        shown = [row for row in chosen if row.metric in KEY_METRICS]
        cells = [_difference(row) for row in shown]
        title = f"{name}: paired differences to {comparison.names[0]}"
        note = "\n".join(filter(None, (_undefined(cells), _to_settle(shown))))
        tables.append(Table(title, header, cells, optional=("better in", "relative", "mean"), note=note))
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


def _to_settle(rows: Sequence[Difference]) -> str:
    """How many replicates would settle what is inconclusive."""
    needed = [f"{row.metric} {more} (it has {row.n})" for row in rows if (more := settling(row))]
    return f"replicates that would settle what is inconclusive: {', '.join(needed)}" if needed else ""


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


def comparison_json(comparison: Comparison, health: Sequence[str]) -> str:
    """The JSON of `compare`; undefined numbers are null."""
    return as_json(
        {
            "reference": comparison.names[0],
            "scenarios": comparison.names[1:],
            "differences": [{name: getattr(row, name) for name in FIELDS} for row in comparison.differences],
            "health": list(health),
        }
    )


def forecast_tables(expected: Forecast) -> list[Table]:
    """What `--dry-run` says of each scenario."""
    header = ["scenario", "wanted", "stored", "to simulate", "placebos", "memory each", "at once", "time each"]
    rows = [
        [
            part.scenario,
            *map(str, (part.wanted, part.stored, part.missing, part.placebos)),
            f"{part.bytes_each / 1e9:.1f} GB",
            f"{part.at_once} x {part.bytes_each / 1e9:.1f} GB" if part.at_once else "-",
            duration(part.seconds_each),
        ]
        for part in expected.parts
    ]
    return [Table("replicates, memory and time to expect; nothing is simulated", header, rows)]


def forecast_sentences(expected: Forecast, plan: Plan) -> list[str]:
    """What `--dry-run` says of all scenarios together."""
    if not expected.seconds:
        return ["Everything is stored already.", *_open_end(plan)]
    jobs = f"{expected.jobs} job{'s' if expected.jobs > 1 else ''}"
    usable = f"of {expected.free / 1e9:.1f} GB that are free {memory.USABLE_SHARE:.0%} may be used"
    needed = f"{expected.bytes / 1e9:.1f} GB of memory are needed with {jobs}; {usable}"
    fits = "it fits" if expected.fits else f"it does not fit: {memory.advice(expected.fitting)}"
    rough = [part.scenario for part in expected.parts if part.at_once and not part.timed]
    basis = (
        f"an order of magnitude, no run of this size is stored: {', '.join(rough)}" if rough else "as stored runs took"
    )
    return [
        f"{needed}: {fits}.",
        f"It will take about {duration(expected.seconds)} with {jobs} ({basis}).",
        *_open_end(plan),
    ]


def _open_end(plan: Plan) -> list[str]:
    """That more replicates may be added."""
    names = ", ".join(map(str, plan.goals))
    return [f"More may be added for the precision of {names}, up to {plan.limit} replicates."] if plan.goals else []


def duration(seconds: float) -> str:
    """A duration in the unit in which people think of it."""
    for limit, unit, name in ((100, 1, "seconds"), (100 * 60, 60, "minutes"), (48 * 3600, 3600, "hours")):
        if seconds < limit:
            return f"{seconds / unit:.2g} {name}"
    return f"{seconds / 86400:,.0f} days"


def forecast_json(expected: Forecast, plan: Plan) -> str:
    """The JSON of `--dry-run`: numbers of replicates, bytes and seconds."""
    scenarios = [
        {
            "scenario": part.scenario,
            "wanted": part.wanted,
            "stored": part.stored,
            "to_simulate": part.missing,
            "placebos": part.placebos,
            "bytes_per_replicate": part.bytes_each,
            "at_once": part.at_once,
            "seconds_per_replicate": part.seconds_each,
            "timed_replicates": part.timed,
        }
        for part in expected.parts
    ]
    return as_json(
        {
            "dry_run": True,
            "scenarios": scenarios,
            "jobs": expected.jobs,
            "bytes": expected.bytes,
            "bytes_free": expected.free,
            "fits": expected.fits,
            "seconds": expected.seconds,
            "most_replicates": plan.limit,
        }
    )
