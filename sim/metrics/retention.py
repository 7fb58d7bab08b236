"""How long owners stay, and what a year with an owner brings.

The relationship (uses the brand's service and app) is not the vehicle: it may end while the car is kept. Owners at the
start of the horizon count everywhere except by `referred`, which is not known of them.
"""

from __future__ import annotations

import numpy as np

from sim.channels import NO_CHANNEL
from sim.metrics.base import BY_SEGMENT, By, Cube, Floats, Ints, View, metric, once, ratio
from sim.units import MINOR_PER_MONEY

BY_OWNER: tuple[By, ...] = (*BY_SEGMENT, ("referred",), ("year", "referred"))
BY_TENURE: tuple[By, ...] = (*BY_OWNER, ("tenure_year",))
SERVICE = 1


def last_moment(view: View) -> Floats:
    """When each relationship ended, infinity where it was kept to the end of observation."""
    ended = view.records.relationships["ended"]
    return np.where(np.isnan(ended), np.inf, ended)


@once
def _channel(view: View) -> Ints:
    """Channel of the order that began each relationship; -1 for owners at the start of the horizon."""
    order = view.records.relationships["order"]
    channel = np.full(len(order), NO_CHANNEL, dtype=np.int64)
    channel[order >= 0] = view.records.orders["channel"][order[order >= 0]]
    return channel


def _owners(view: View, year: Ints | int) -> dict[str, Ints]:
    relationships = view.records.relationships
    return {
        "segment": relationships["segment"],
        "channel": _channel(view),
        "year": np.broadcast_to(np.asarray(year), relationships["segment"].shape),
    }


@once
def owner_years(view: View) -> Cube:
    """Years lived in relationships within the horizon, on segment, channel, year."""
    relationships = view.records.relationships
    parts = []
    for year in range(view.records.years):
        lived = np.minimum(last_moment(view), year + 1) - np.maximum(relationships["began"], year)
        lived = np.maximum(lived, 0.0)
        parts.append(view.tally(_owners(view, year), relationships["district"], values=lived))
    return _joined(parts)


def _joined(parts: list[Cube]) -> Cube:
    return Cube(parts[0].axes, np.sum([part.cells for part in parts], axis=0))


@once
def _exits(view: View) -> Cube:
    relationships = view.records.relationships
    ended = relationships["ended"]
    return view.tally(_owners(view, view.year(ended)), relationships["district"], view.in_horizon(ended))


@once
def _anniversaries(view: View) -> tuple[Cube, Cube]:
    """Relationships at risk on their anniversaries of the horizon, and those kept a year later.

    The beginning itself is the anniversary of tenure year 1. In each calendar year a relationship has one anniversary.
    """
    relationships = view.records.relationships
    began, last = relationships["began"], last_moment(view)
    at_risk, kept = [], []
    for year in range(view.records.years):
        tenure = np.maximum(np.ceil(year - began), 0.0)
        day = began + tenure
        present = (day >= year) & (day < year + 1) & (last > day) & (day + 1 <= view.records.end)
        codes = _owners(view, view.year(day, followed=1.0)) | {"tenure_year": tenure.astype(np.int64)}
        at_risk.append(view.tally(codes, relationships["district"], present))
        kept.append(view.tally(codes, relationships["district"], present & (last > day + 1)))
    return _joined(at_risk), _joined(kept)


@once
def _replacements(view: View) -> tuple[Cube, Cube]:
    """All replacements of cars of the brand in the horizon, and those by the brand again."""
    table = view.records.replacements
    codes = {"year": view.year(table["moment"]), "segment": table["segment"]}
    happened = view.in_horizon(table["moment"])
    again = view.tally(codes, table["district"], happened & table["same_brand"].astype(bool))
    return view.tally(codes, table["district"], happened), again


@once
def _service_margin(view: View) -> Cube:
    table = view.records.margins
    codes = {"year": view.year(table["moment"]), "segment": table["segment"]}
    wanted = view.in_horizon(table["moment"]) & (table["purpose"] == SERVICE)
    minor = view.tally(codes, table["district"], wanted, table["amount"])
    return Cube(minor.axes, minor.cells / MINOR_PER_MONEY)


@metric(unit="share", better="up", by=BY_TENURE)
def annual_retention(view: View, by: By) -> Floats:
    """Of the relationships at risk on an anniversary in the period (their beginning included), the share kept a year
    later; `year` is that of the anniversary, `tenure_year` 1 the first year. Anniversaries not observed for a whole
    year are left out."""
    at_risk, kept = _anniversaries(view)
    return ratio(kept.by(by), at_risk.by(by))


@metric(unit="years", better="up", by=BY_OWNER)
def retention_years(view: View, by: By) -> Floats:
    """Owner-years at risk in the period by relationships ended in it; owners who stayed add their years."""
    return ratio(owner_years(view).by(by), _exits(view).by(by))


@metric(unit="share", better="up", by=BY_SEGMENT)
def repurchase_rate(view: View, by: By) -> Floats:
    """Same-brand replacements in the period by all replacements of cars of the brand."""
    everything, again = _replacements(view)
    return ratio(again.by(by), everything.by(by))


@metric(unit="{currency}/owner-year", better="up", by=BY_SEGMENT)
def margin_per_owner_year(view: View, by: By) -> Floats:
    """Margin from service and software in the period by owner-years in relationships; car margins do not count."""
    return ratio(_service_margin(view).by(by), owner_years(view).by(by))
