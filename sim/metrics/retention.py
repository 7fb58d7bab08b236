"""How long owners stay, and what a year with an owner brings.

The relationship (uses the brand's service and app) is not the vehicle: it may end while the car is kept. Owners at the
start of the horizon count everywhere except by `referred`, which is not known of them. `referrer_left` is known only of
those whom an owner introduced: whether that owner's relationship was over, and none had followed it.
"""

from __future__ import annotations

import numpy as np

from sim.channels import NO_CHANNEL, REFERRAL
from sim.metrics.base import BY_SEGMENT, By, Cube, Events, Floats, Ints, View, metric, once, ratio
from sim.metrics.spans import Index, last_moment, lived
from sim.units import MINOR_PER_MONEY

BY_OWNER: tuple[By, ...] = (*BY_SEGMENT, ("referred",), ("year", "referred"))
BY_REFERRER: tuple[By, ...] = (*BY_OWNER, ("referrer_left",), ("year", "referrer_left"))
BY_ANNIVERSARY: tuple[By, ...] = (*BY_REFERRER, ("tenure_year",))
BY_TENURE: tuple[By, ...] = (*BY_OWNER, ("tenure_year",), ("referred", "tenure_year"))
SERVICE = 1


@once
def _index(view: View) -> Index:
    return Index.of(view.records.relationships)


@once
def _referred(view: View) -> Ints:
    """Whether the order that began each relationship was referred: 0 or 1; -1 for owners at the start."""
    order = view.records.relationships["order"]
    channel = np.full(len(order), NO_CHANNEL, dtype=np.int64)
    channel[order >= 0] = view.records.orders["channel"][order[order >= 0]]
    return np.where(channel == NO_CHANNEL, -1, channel == REFERRAL)


def _of(view: View, row: Ints) -> dict[str, Ints]:
    """Segment and origin of the owners in these relationships."""
    return {"segment": view.records.relationships["segment"][row], "referred": _referred(view)[row]}


def _referrer_left(view: View, row: Ints, moment: Floats) -> Ints:
    """Whether the owner who introduced the buyer had no relationship at the moment: 0 or 1; -1 where nobody did."""
    relationships = view.records.relationships
    referrer = relationships["referrer"][row]
    own = _index(view).latest(referrer, moment)
    kept = (own >= 0) & (last_moment(relationships)[own] > moment)
    return np.where(referrer < 0, -1, ~kept)


@once
def owner_years(view: View) -> Events:
    """Years lived in relationships within the horizon, on segment, referred, year, tenure_year."""
    relationships = view.records.relationships
    pieces = lived(relationships, view.records.years)
    codes = _of(view, pieces.row) | {"year": pieces.year, "tenure_year": pieces.tenure}
    return Events(view, relationships["district"][pieces.row], codes, pieces.years)


@once
def _introduced_years(view: View) -> Events:
    """Years lived in the relationships of introduced buyers, on year, referrer_left."""
    relationships = view.records.relationships
    began, last = relationships["began"], last_moment(relationships)
    introduced = np.flatnonzero(relationships["referrer"] >= 0)
    place, other = _index(view).all(relationships["referrer"][introduced])
    own = introduced[place]  # with each of them, every relationship of the referrer
    year, years, n = np.arange(view.records.years), view.records.years, len(introduced)

    def within(begin: Floats, end: Floats) -> Floats:
        """Length of spans in each year."""
        length: Floats = np.minimum(end[:, None], year + 1) - np.maximum(begin[:, None], year)
        return np.maximum(length, 0.0)

    both = within(np.maximum(began[own], began[other]), np.minimum(last[own], last[other]))
    cell = place[:, None] * years + year
    together = np.bincount(cell.ravel(), weights=both.ravel(), minlength=n * years).reshape(n, years)
    alone = np.maximum(within(began[introduced], last[introduced]) - together, 0.0)
    codes = {"year": np.tile(year, 2 * n), "referrer_left": np.repeat([0, 1], n * years)}
    district = np.tile(np.repeat(relationships["district"][introduced], years), 2)
    return Events(view, district, codes, np.concatenate([together.ravel(), alone.ravel()]))


@once
def _exits(view: View) -> Events:
    relationships = view.records.relationships
    row = np.flatnonzero(view.in_horizon(relationships["ended"]))
    ended = relationships["ended"][row]
    codes = _of(view, row) | {"year": view.year(ended), "referrer_left": _referrer_left(view, row, ended)}
    return Events(view, relationships["district"][row], codes)


@once
def _anniversaries(view: View) -> tuple[Events, Events]:
    """Relationships at risk on their anniversaries of the horizon, and those kept a year later.

    The beginning itself is the anniversary of tenure year 1. In each calendar year a relationship has one anniversary.
    """
    relationships = view.records.relationships
    began, last = relationships["began"], last_moment(relationships)
    rows, days, tenures = [], [], []
    for year in range(view.records.years):
        tenure = np.maximum(np.ceil(year - began), 0.0)
        day = began + tenure
        present = (day >= year) & (day < year + 1) & (last > day) & (day + 1 <= view.records.end)
        rows.append(np.flatnonzero(present))
        days.append(day[present])
        tenures.append(tenure[present].astype(np.int64))
    row, day, tenure = np.concatenate(rows), np.concatenate(days), np.concatenate(tenures)
    codes = _of(view, row) | {"year": view.year(day, followed=1.0), "tenure_year": tenure}
    codes["referrer_left"] = _referrer_left(view, row, day)
    at_risk = Events(view, relationships["district"][row], codes)
    return at_risk, at_risk.only(last[row] > day + 1)


@once
def _replacements(view: View) -> tuple[Cube, Cube]:
    """All replacements of cars of the brand in the horizon, and those by the brand again."""
    table = view.records.replacements
    codes = {"year": view.year(table["moment"]), "segment": table["segment"]}
    happened = view.in_horizon(table["moment"])
    again = view.tally(codes, table["district"], happened & table["same_brand"].astype(bool))
    return view.tally(codes, table["district"], happened), again


@once
def _service_margin(view: View) -> Events:
    """Margin from service and software, minor units, on segment, year, and the relationship's referred, tenure_year."""
    table, relationships = view.records.margins, view.records.relationships
    wanted = np.flatnonzero(view.in_horizon(table["moment"]) & (table["purpose"] == SERVICE))
    moment = table["moment"][wanted]
    row = _index(view).latest(table["household"][wanted], moment)
    known = np.flatnonzero(row >= 0)
    referred, tenure = np.full(len(row), -1), np.full(len(row), -1)
    referred[known] = _referred(view)[row[known]]
    tenure[known] = np.floor(moment[known] - relationships["began"][row[known]])
    codes = {"year": view.year(moment), "segment": table["segment"][wanted]}
    codes |= {"referred": referred, "tenure_year": tenure}
    return Events(view, table["district"][wanted], codes, table["amount"][wanted])


@metric(unit="share", better="up", by=BY_ANNIVERSARY)
def annual_retention(view: View, by: By) -> Floats:
    """Of the relationships at risk on an anniversary in the period (their beginning included), the share kept a year
    later; `year` is that of the anniversary, `tenure_year` 1 the first year, `referrer_left` as of the anniversary.
    Anniversaries not observed for a whole year are left out."""
    at_risk, kept = _anniversaries(view)
    return ratio(kept.by(by), at_risk.by(by))


@metric(unit="years", better="up", by=BY_REFERRER)
def retention_years(view: View, by: By) -> Floats:
    """Owner-years at risk in the period by relationships ended in it; owners who stayed add their years. By
    `referrer_left` the years before and after the referrer left count apart."""
    years = _introduced_years(view) if "referrer_left" in by else owner_years(view)
    return ratio(years.by(by), _exits(view).by(by))


@metric(unit="share", better="up", by=BY_SEGMENT)
def repurchase_rate(view: View, by: By) -> Floats:
    """Same-brand replacements in the period by all replacements of cars of the brand."""
    everything, again = _replacements(view)
    return ratio(again.by(by), everything.by(by))


@metric(unit="{currency}/owner-year", better="up", by=BY_TENURE)
def margin_per_owner_year(view: View, by: By) -> Floats:
    """Margin from service and software in the period by owner-years in relationships; car margins do not count.
    `tenure_year` 1 is the first year of the relationship."""
    return ratio(_service_margin(view).by(by) / MINOR_PER_MONEY, owner_years(view).by(by))
