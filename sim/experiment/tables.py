"""What is kept of a replicate: its metrics, its series per tick and its orders household by household."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.channels import CHANNELS

if TYPE_CHECKING:
    from sim.experiment.events import EventLog
    from sim.records import Records
    from sim.scenario import Scenario

Columns = dict[str, NDArray[Any]]
"""Equally long columns by name."""


@dataclass(frozen=True)
class Scope:
    """What the orders of a replicate stand for, so that two replicates can be matched order by order."""

    weights: tuple[float, ...]
    """Represented households per simulated one, by district."""
    years: int
    """Reported years; only orders within them are counted."""
    end_years: float
    """Simulated years, run-off included: how long both runs of a pair are observed."""
    owners: tuple[int, ...]
    """Simulated ownerships that lasted at some time of the reported years, by district."""


@dataclass(frozen=True)
class Tables:
    """The stored part of one replicate.

    metrics: metric, unit, by (JSON), value (nan where the denominator is zero).
    series: tick, metric, dimensions (JSON), value: weighted flows and stocks of the reported years.
    orders: the order records, one row per order of a household (`sim.records`), and `value`, what the customer is worth
        whom the order made (`sim.metrics.of_pairs`).
    events: the event log, where one was asked for.
    """

    metrics: Columns
    series: Columns
    orders: Columns
    scope: Scope
    events: EventLog | None = None


def simulate(scenario: Scenario, replicate: int, *, placebo: bool = False, events: bool = False) -> Tables:
    """Simulate one replicate from its start to the end of its run-off and reduce it to what is kept."""
    tables = _simulated(scenario, replicate, placebo, events)
    # A Mesa model refers to itself, so it would stay, with all its arrays, until Python happens to look for such rings:
    # a process that simulates one replicate after the other grew by about 80 MB with each.
    gc.collect()
    return tables


def _simulated(scenario: Scenario, replicate: int, placebo: bool, events: bool) -> Tables:
    from sim import metrics
    from sim.experiment.events import log
    from sim.model import Model

    records = Model(scenario, replicate=replicate, placebo=placebo, events=events).run()
    orders, owners = metrics.of_pairs(records)
    scope = Scope(tuple(float(weight) for weight in records.weights), records.years, records.end, owners)
    # Of a placebo only the orders are of interest; its metrics would be those of the reference again.
    rows = [] if placebo else list(metrics.compute(records))
    units = {name: metric.unit_in(scenario.currency) for name, metric in metrics.METRICS.items()}
    table = {
        "metric": np.array([row.metric for row in rows], dtype=object),
        "unit": np.array([units[row.metric] for row in rows], dtype=object),
        "by": np.array([encode(row.by) for row in rows], dtype=object),
        "value": np.array([row.value for row in rows], dtype=np.float64),
    }
    return Tables(table, {} if placebo else series(records), orders, scope, log(records) if events else None)


def encode(by: Mapping[str, Any]) -> str:
    """A set of dimensions as text: JSON, so that years stay numbers and yes or no stays a truth value."""
    return json.dumps(dict(by), ensure_ascii=False, separators=(", ", ": "))


def decode(by: str) -> dict[str, Any]:
    """The dimensions that `encode` wrote."""
    return dict(json.loads(by))


def series(records: Records) -> Columns:
    """Leads, orders and deliveries per tick and channel, and owners at the end of each tick; all weighted.

    Returns the columns tick (from the start of the horizon), metric, dimensions (JSON) and value. Every tick of the
    reported years has a row, also where nothing happened.
    """
    blocks = list(_blocks(records))
    ticks = records.years * records.ticks_per_year
    return {
        "tick": np.tile(np.arange(ticks, dtype=np.int32), len(blocks)),
        "metric": np.repeat(np.array([metric for metric, _, _ in blocks], dtype=object), ticks),
        "dimensions": np.repeat(np.array([encode(by) for _, by, _ in blocks], dtype=object), ticks),
        "value": np.concatenate([values for _, _, values in blocks]),
    }


def _blocks(records: Records) -> Iterator[tuple[str, dict[str, str], NDArray[np.float64]]]:
    """Metric, dimensions and values per tick."""
    orders = records.orders
    flows = {
        "leads": (records.leads, records.leads["arrived"]),
        "orders": (orders, orders["ordered"]),
        "deliveries": (orders, orders["delivered"]),
    }
    for metric, (rows, moments) in flows.items():
        for code, channel in enumerate(CHANNELS):
            chosen = rows["channel"] == code
            values = _per_tick(records, moments[chosen], rows["district"][chosen])
            yield metric, {"channel": channel}, values
    yield "owners", {}, _owners(records)


def _per_tick(records: Records, moments: NDArray[Any], district: NDArray[Any]) -> NDArray[np.float64]:
    """Weighted number of events per tick of the reported years; an event at nan did not happen."""
    ticks = records.years * records.ticks_per_year
    edges = np.arange(ticks + 1) / records.ticks_per_year
    # Compared with the very edges of the ticks: moment * ticks_per_year would round some events into the tick before.
    tick = np.searchsorted(edges, moments, side="right") - 1
    inside = (tick >= 0) & (tick < ticks)
    counts = np.bincount(tick[inside], weights=records.weights[district[inside]], minlength=ticks)
    return np.asarray(counts, dtype=np.float64)


def _owners(records: Records) -> NDArray[np.float64]:
    """Weighted owners of the brand at the end of each tick."""
    spans = records.ownerships
    initial = spans["began"] < 0
    gains = _per_tick(records, spans["began"], spans["district"])
    losses = _per_tick(records, spans["ended"], spans["district"])
    return float(records.weights[spans["district"][initial]].sum()) + np.cumsum(gains - losses)
