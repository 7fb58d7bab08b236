"""How fast and under which load sellers answer."""

from __future__ import annotations

import numpy as np

from sim.metrics.base import BY_CHANNEL, BY_YEAR, By, Cube, Floats, Ints, View, metric, once, ratio
from sim.metrics.flows import lead_flow
from sim.units import DAYS_PER_YEAR, MINUTES_PER_YEAR, WEEKS_PER_YEAR

UNASSIGNED_DAYS = 7


@once
def _waits(view: View) -> Floats:
    """Minutes from arrival to the first response; infinite for leads never answered."""
    leads = view.records.leads
    waits = (leads["answered"] - leads["arrived"]) * MINUTES_PER_YEAR
    return np.where(np.isnan(waits), np.inf, waits)


@once
def _by_wait(view: View) -> Ints:
    """Rows of the horizon's leads, from the shortest to the longest wait."""
    rows = np.argsort(_waits(view), kind="stable")
    return rows[view.in_horizon(view.records.leads["arrived"][rows])]


def _medians(cell: Ints, waits: Floats, weights: Floats, cells: int) -> Floats:
    """Weighted median of `waits`, ascending, in each cell; midway between two values where the weights split evenly."""
    grouped = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[grouped], np.arange(cells + 1))
    medians = np.full(cells, np.nan)
    for place in range(cells):
        rows = grouped[starts[place] : starts[place + 1]]
        if len(rows):
            reached = np.cumsum(weights[rows])
            half = reached[-1] / 2
            low = np.searchsorted(reached, half, side="left")
            high = min(int(np.searchsorted(reached, half, side="right")), len(rows) - 1)
            medians[place] = (waits[rows[low]] + waits[rows[high]]) / 2
    return medians


@metric(unit="minutes", better="down", by=BY_CHANNEL)
def response_minutes(view: View, by: By) -> Floats:
    """Median time from arrival to the first response of the leads of the period, those never answered being infinite:
    where they are the majority, the median is infinite and the replicate does not enter the mean."""
    rows = _by_wait(view)
    leads = view.records.leads
    codes = {"year": view.year(leads["arrived"][rows]), "channel": leads["channel"][rows]}
    cell, cells = np.zeros(len(rows), dtype=np.int16), 1
    for dimension in by:
        size = len(view.labels(dimension))
        cell, cells = cell * np.int16(size) + codes[dimension].astype(np.int16), cells * size
    return _medians(cell, _waits(view)[rows], view.records.weights[leads["district"][rows]], cells)


@once
def _followed_and_unassigned(view: View) -> tuple[Cube, Cube]:
    """Leads of the horizon observed for seven days, and those of them not answered in that time."""
    leads, patience = view.records.leads, UNASSIGNED_DAYS / DAYS_PER_YEAR
    codes = {"year": view.year(leads["arrived"], followed=patience), "channel": leads["channel"]}
    late = _waits(view) > UNASSIGNED_DAYS * (MINUTES_PER_YEAR / DAYS_PER_YEAR)
    followed = view.in_horizon(leads["arrived"]) & (leads["arrived"] + patience <= view.records.end)
    return view.tally(codes, leads["district"], followed), view.tally(codes, leads["district"], followed & late)


@once
def _seller_weeks(view: View) -> Cube:
    hours = view.records.hours
    year = hours["tick"] // view.records.ticks_per_year
    ticks = view.tally({"year": year}, hours["district"], year < view.records.years, hours["sellers"])
    return Cube(ticks.axes, ticks.cells * (WEEKS_PER_YEAR / view.records.ticks_per_year))


@metric(unit="share", better="down", by=BY_CHANNEL)
def unassigned_leads(view: View, by: By) -> Floats:
    """Share of the leads of the period without any response within 7 days."""
    followed, unassigned = _followed_and_unassigned(view)
    return ratio(unassigned.by(by), followed.by(by))


@metric(unit="leads/seller/week", better=None, by=BY_YEAR)
def leads_per_seller_week(view: View, by: By) -> Floats:
    """New leads of the period per seller and week."""
    return ratio(lead_flow(view).by(by), _seller_weeks(view).by(by))
