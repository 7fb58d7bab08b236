"""What `calibrate` found, or would run, as tables and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sim import compiled
from sim.experiment import memory
from sim.experiment.calibration import FEWEST_TRIALS, MOST_TRIALS, Calibrated, Study
from sim.experiment.fits import Entry
from sim.metrics import METRICS
from sim.report.text import Table, as_json, interval, number


def fit_tables(done: Sequence[Calibrated]) -> list[Table]:
    """What a calibration found."""
    header = ["constant", "fitted to", "old", "new", "its interval", "target", "achieved", "95% interval", "range"]
    rows = []
    for one in done:
        target, unit = one.entry.target, METRICS[one.entry.target.metric].unit
        between = f"{one.low:.4g} to {one.high:.4g}" if math.isfinite(one.low) else "-"
        new = f"none, nearest {one.best.value:g}" if one.problem else f"{one.best.value:g}"
        achieved = [number(one.best.mean, unit), interval(one.best.low, one.best.high, unit)]
        cells = [one.entry.name, target.label, f"{one.old:g}", new, between, number(target.value, unit), *achieved]
        rows.append([*cells, _range(one.entry), str(len(one.trials)), str(one.replicates)])
    title = "calibration: one constant at a time, every trial with the same luck"
    return [Table(title, [*header, "trials", "replicates"], rows, 2, optional=("replicates", "range", "95% interval"))]


def fit_json(done: Sequence[Calibrated], *, written: bool) -> str:
    """The JSON of `calibrate`; undefined numbers are null."""
    fits = [
        {
            "constant": one.entry.constant,
            "scenario": one.entry.scenario,
            "metric": one.entry.target.metric,
            "by": one.entry.target.by,
            "target": one.entry.target.value,
            "range": one.entry.range,
            "old": one.old,
            "value": None if one.problem else one.best.value,
            "low": one.low,
            "high": one.high,
            "achieved": {"value": one.best.value, "mean": one.best.mean, "low": one.best.low, "high": one.best.high},
            "problem": one.problem or None,
            "seed": one.seed,
            "replicates": one.replicates,
            "trials": [trial._asdict() for trial in one.trials],
        }
        for one in done
    ]
    return as_json({"fits": fits, "written": written})


def plan_tables(study: Study) -> list[Table]:
    """What a calibration would run."""
    rows = [
        [
            *(row["constant"], row["fitted_to"], row["scenario"], f"{row['now']:g}"),
            number(row["target"], METRICS[entry.target.metric].unit),
            *(_range(entry), f"{row['trials'][0]} to {row['trials'][1]}", str(row["replicates"])),
            *(f"{row['bytes'] / 1e9:.2f} GB", row["last"]),
        ]
        for entry, row in zip(study.entries, _planned(study), strict=True)
    ]
    header = ["constant", "fitted to", "scenario", "now", "target", "range", "trials", "replicates each"]
    note = "replicates that are stored already are not simulated again"
    return [Table("calibration: to be run", [*header, "memory each", "last fit"], rows, 3, note=note)]


def plan_json(study: Study) -> str:
    """The JSON of `calibrate --dry-run`."""
    return as_json({"planned": _planned(study)})


def _planned(study: Study) -> list[dict[str, Any]]:
    return [
        {
            "constant": entry.name,
            "fitted_to": entry.target.label,
            "scenario": entry.scenario,
            "now": study.files.value(entry),
            "target": entry.target.value,
            "range": entry.range,
            "trials": [FEWEST_TRIALS, MOST_TRIALS],
            "replicates": study.replicates(entry),
            "bytes": memory.estimate(study.plain[entry.name])[0],
            "last": _last_fit(entry),
        }
        for entry in study.entries
    ]


def _last_fit(entry: Entry) -> str:
    """When a constant was last fitted, and whether that still stands."""
    if entry.fit is None:
        return "never"
    same = entry.fit.sources == compiled.sources_digest()[: len(entry.fit.sources)]
    return f"{entry.fit.date}, {'by this code' if same else 'the code has changed since'}"


def _range(entry: Entry) -> str:
    return f"{entry.range[0]:g} to {entry.range[1]:g}"
