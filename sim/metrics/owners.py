"""Owners in their spans of driving the brand: the time lived in them, their ends, and the deliveries they caused.

An ownership is unbroken driving of the brand, whether the relationship is kept or not: whoever drives the car is asked
about it. Owners are told apart by `segment`, by `generation` (0 = nobody brought them), by `referred` (whether another
owner did, through an invitation or a free word) and by `eligible` (for the programme).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.channels import REFERRAL
from sim.metrics.base import TENURE_YEARS, Events, Floats, Ints, View, once, whole_years
from sim.metrics.spans import Index, last_moment, lived

AGES = TENURE_YEARS + 1
"""Classes of tenure in the code `age`: the years of tenure, and everything beyond."""


@once
def _index(view: View) -> Index:
    return Index.of(view.records.ownerships)


def talked(view: View, order: Ints) -> Floats:
    """When the referrer of each order talked to the buyer: the lead came of it."""
    moment: Floats = view.records.leads["arrived"][view.records.orders["lead"][order]]
    return moment


def ownership_of_referrer(view: View, order: Ints) -> Ints:
    """The ownership in which the referrer of each order talked to the buyer, or the last before; -1 for none."""
    return _index(view).latest(view.records.orders["referrer"][order], talked(view, order))


def of_owner(view: View, row: Ints) -> dict[str, Ints]:
    """Codes of the owners in these ownerships, none where the row is -1; referred is who was brought by an owner, with
    or without the programme (of customers and relationships it is who came through the channel)."""
    table = view.records.ownerships
    codes = {name: np.full(len(row), -1) for name in ("segment", "generation", "eligible", "referred")}
    known = np.flatnonzero(row >= 0)
    for name in ("segment", "generation", "eligible"):
        codes[name][known] = table[name][row[known]]
    codes["referred"][known] = table["generation"][row[known]] > 0
    return codes


def _aged(tenure: Ints) -> dict[str, Ints]:
    """Codes of tenure: `tenure_year` for the labelled years, `age` with one class more for all later ones."""
    return {"tenure_year": tenure, "age": np.minimum(tenure, TENURE_YEARS)}


def present(view: View, year: int) -> NDArray[np.bool_]:
    """Ownerships that lasted at some time in a year of the horizon, counted from 0."""
    table = view.records.ownerships
    there: NDArray[np.bool_] = (table["began"] < year + 1) & (last_moment(table) > year)
    return there


def owners_by_district(view: View) -> tuple[int, ...]:
    """Simulated ownerships that lasted at some time of the horizon, by district."""
    there = np.logical_or.reduce([present(view, year) for year in range(view.records.years)])
    district = view.records.ownerships["district"][there]
    return tuple(np.bincount(district, minlength=len(view.records.weights)).tolist())


@once
def ownership_years(view: View) -> Events:
    """Years of driving the brand within the horizon."""
    table = view.records.ownerships
    pieces = lived(table, view.records.years)
    codes = of_owner(view, pieces.row) | _aged(pieces.tenure) | {"year": pieces.year}
    return Events(view, table["district"][pieces.row], codes, pieces.years, {"age": AGES})


@once
def ownership_ends(view: View) -> Events:
    """Ends of ownerships within the horizon."""
    table = view.records.ownerships
    row = np.flatnonzero(view.in_horizon(table["ended"]))
    ended = table["ended"][row]
    codes = of_owner(view, row) | _aged(whole_years(ended - table["began"][row])) | {"year": view.year(ended)}
    return Events(view, table["district"][row], codes, sizes={"age": AGES})


@once
def owners_of_years(view: View) -> Events:
    """Ownerships of each year: those that lasted at some time in it."""
    table = view.records.ownerships
    rows = [np.flatnonzero(present(view, year)) for year in range(view.records.years)]
    row = np.concatenate(rows)
    year = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    return Events(view, table["district"][row], of_owner(view, row) | {"year": year})


@once
def successful_referrals(view: View) -> Events:
    """Referred deliveries in the horizon, with the codes of the referrer and the tenure at the talk."""
    orders = view.records.orders
    row = np.flatnonzero(view.in_horizon(orders["delivered"]) & (orders["channel"] == REFERRAL))
    return Events(view, orders["district"][row], _of_referrer(view, row, orders["delivered"][row]), sizes={"age": AGES})


@once
def caused(view: View) -> Events:
    """Deliveries, whenever they came, that owners caused by invitations and free words spoken within the horizon."""
    orders = view.records.orders
    row = np.flatnonzero((orders["referrer"] >= 0) & ~np.isnan(orders["delivered"]))
    moment = talked(view, row)
    row, moment = row[view.in_horizon(moment)], moment[view.in_horizon(moment)]
    return Events(view, orders["district"][row], _of_referrer(view, row, moment), sizes={"age": AGES})


def _of_referrer(view: View, order: Ints, moment: Floats) -> dict[str, Ints]:
    orders = view.records.orders
    codes = of_owner(view, ownership_of_referrer(view, order)) | _aged(whole_years(orders["tenure"][order]))
    return codes | {"year": view.year(moment), "channel": orders["channel"][order]}
