"""What sellers publish, who follows them, and what comes of it.

A seller is a seat in a store; who held it in the year is one row, whoever leaves is followed by the next. Sellers of a
year are those who publish at its end or did in it. Counts of followers and views are per simulated seller, as sellers
stand for others like the households of their district do. Without publishing sellers the metrics per seller are nan.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.channels import KOS
from sim.metrics.base import (
    BY_MATURITY,
    BY_SEGMENT,
    BY_YEAR,
    SELLER_TENTHS,
    By,
    Cube,
    Floats,
    Ints,
    View,
    metric,
    once,
    ratio,
)
from sim.metrics.flows import order_flow, order_flow_by_maturity
from sim.units import MONTHS_PER_YEAR, WEEKS_PER_YEAR

BY_TENTH: tuple[By, ...] = (*BY_YEAR, ("year", "seller_tenth"))


@once
def _kos_orders(view: View) -> Cube:
    orders = view.records.orders
    codes = {"year": view.year(orders["ordered"]), "store_maturity": orders["mature"]}
    return view.tally(codes, orders["district"], view.in_horizon(orders["ordered"]) & (orders["channel"] == KOS))


@metric(unit="share", better=None, by=(*BY_YEAR, *BY_MATURITY))
def kos_order_share(view: View, by: By) -> Floats:
    """Orders of the period whose lead came from sellers' content by all orders (N17); of the stores whose sellers'
    accounts were a year old on average at the order (`store_maturity` mature), or younger. Stores without accounts
    count in totals only."""
    every = order_flow_by_maturity(view) if "store_maturity" in by else order_flow(view)
    return ratio(_kos_orders(view).by(by), every.by(by))


def _of_hours(view: View, column: str) -> Cube:
    """A column of the log of hours, by year."""
    hours = view.records.hours
    year = hours["tick"] // view.records.ticks_per_year
    return view.tally({"year": year}, hours["district"], year < view.records.years, hours[column])


@once
def _available(view: View) -> Cube:
    return _of_hours(view, "available")


@once
def _published(view: View) -> Cube:
    return _of_hours(view, "publishing")


@once
def _publisher_ticks(view: View) -> Cube:
    return _of_hours(view, "publishers")


def _year(view: View) -> Ints:
    """Code of the year of each row of the sellers, -1 outside the horizon."""
    year = view.records.sellers["year"].astype(np.int64) - view.records.start_year
    return np.where((year >= 0) & (year < view.records.years), year, -1)


def _took_part(view: View) -> NDArray[np.bool_]:
    """Rows of the horizon of sellers who published in their year or do at its end."""
    sellers = view.records.sellers
    took: NDArray[np.bool_] = (_year(view) >= 0) & (sellers["publishes"].astype(bool) | (sellers["posts"] > 0))
    return took


@once
def _posts(view: View) -> Cube:
    sellers = view.records.sellers
    return view.tally({"year": _year(view)}, sellers["district"], _year(view) >= 0, sellers["posts"])


@metric(unit="posts/seller/week", better="up", by=BY_YEAR)
def posts_per_seller_week(view: View, by: By) -> Floats:
    """Posts per week of each seller who takes part, over the weeks in which one did; a post made for several platforms
    counts once (N21: without support it falls to near zero within a year; N25: a cycle of four)."""
    weeks = _publisher_ticks(view).by(by) * (WEEKS_PER_YEAR / view.records.ticks_per_year)
    return ratio(_posts(view).by(by), weeks)


@metric(unit="share", better=None, by=BY_YEAR)
def publishing_share(view: View, by: By) -> Floats:
    """Hours that go into publishing by the available working hours of all sellers, whether they take part or not: what
    is left of them is for leads (N27)."""
    return ratio(_published(view).by(by), _available(view).by(by))


def _stock(view: View, by: By, column: Floats, alive: NDArray[np.bool_]) -> Floats:
    """Mean of a column over those sellers who publish at the end of the year, of the last one without `year`."""
    district, year, last = view.records.sellers["district"], _year(view), view.records.years - 1
    counted = alive & ((year >= 0) if "year" in by else (year == last))
    total, number = (view.tally({"year": year}, district, counted, values) for values in (column, None))
    return ratio(total.by(by), number.by(by))


def _publishing(view: View) -> NDArray[np.bool_]:
    publishing: NDArray[np.bool_] = view.records.sellers["publishes"].astype(bool)
    return publishing


@metric(unit="followers/seller", better="up", by=BY_YEAR)
def followers_per_seller(view: View, by: By) -> Floats:
    """Households of the district that follow a seller, per seller who publishes, at the end of the period."""
    return _stock(view, by, view.records.sellers["followers"], _publishing(view))


@metric(unit="months", better="up", by=BY_YEAR)
def account_age_months(view: View, by: By) -> Floats:
    """Mean time since the first post of the sellers who publish, at the end of the period; who follows on a seat begins
    anew (N17: nothing comes of young accounts)."""
    sellers = view.records.sellers
    began = ~np.isnan(sellers["since"])
    age = (_year(view) + 1 - np.where(began, sellers["since"], 0.0)) * MONTHS_PER_YEAR
    return _stock(view, by, age, _publishing(view) & began)


@metric(unit="share", better="up", by=BY_YEAR)
def account_ripeness(view: View, by: By) -> Floats:
    """How far platforms trust the accounts of sellers who publish, each on the platform that does most, at the end of
    the period; their posts reach as many as the square of it (N17)."""
    return _stock(view, by, view.records.sellers["ripe"], _publishing(view))


def _by_seat(view: View, where: NDArray[np.bool_]) -> tuple[Ints, NDArray[np.bool_]]:
    """Rows of the sellers seat by seat and year by year, and which of them are the first of their seat."""
    sellers = view.records.sellers
    row = np.flatnonzero(where)
    row = row[np.lexsort([sellers[name][row] for name in ("year", "seat", "store")])]
    first = np.ones(len(row), dtype=np.bool_)
    first[1:] = (np.diff(sellers["store"][row]) != 0) | (np.diff(sellers["seat"][row]) != 0)
    return row, first


@once
def _leavers(view: View) -> Cube:
    """Sellers who left, by year: by how many the holders of a seat became more."""
    sellers, year = view.records.sellers, _year(view)
    row, first = _by_seat(view, year >= 0)
    hire = sellers["hire"][row].astype(np.int64)
    left = np.where(first, hire, np.diff(hire, prepend=0))
    return view.tally({"year": year[row]}, sellers["district"][row], values=left)


@once
def _seats(view: View) -> Cube:
    return view.tally({"year": _year(view)}, view.records.sellers["district"], _year(view) >= 0)


@metric(unit="leavers/seller-year", better="down", by=BY_YEAR)
def seller_turnover(view: View, by: By) -> Floats:
    """Sellers who left in the period per seller and year, publishing or not; most of a leaver's followers go along."""
    return ratio(_leavers(view).by(by), _seats(view).by(by))


def _by_tenths(amount: Floats, weight: Floats, district: Ints) -> Floats:
    """What the least 0, 1, .. 10 tenths of the sellers have together; whoever stands on a border is divided."""
    order = np.lexsort((district, amount))
    sellers = np.append(0.0, np.cumsum(weight[order]))
    total = np.append(0.0, np.cumsum((amount * weight)[order]))
    below: Floats = np.interp(sellers[-1] * np.arange(SELLER_TENTHS + 1) / SELLER_TENTHS, sellers, total)
    return below


def _of_sellers(view: View, column: str, by: By, per: float) -> Floats:
    """A column of the sellers who took part, by `per`: the mean, or the mean of each tenth of a year's sellers."""
    sellers, took, year = view.records.sellers, _took_part(view), _year(view)
    weights = view.records.weights[sellers["district"]]
    if "seller_tenth" not in by:
        total = view.tally({"year": year}, sellers["district"], took, sellers[column])
        return ratio(total.by(by), view.tally({"year": year}, sellers["district"], took).by(by) * per)
    tenths = np.full((view.records.years, SELLER_TENTHS), np.nan)
    for code in range(view.records.years):
        row = np.flatnonzero(took & (year == code))
        if len(row):
            below = _by_tenths(sellers[column][row], weights[row], sellers["district"][row])
            tenths[code] = np.diff(below) / (weights[row].sum() / SELLER_TENTHS * per)
    return tenths.reshape(-1)


@metric(unit="hours/seller/week", better=None, by=BY_TENTH)
def seller_publishing_hours(view: View, by: By) -> Floats:
    """Hours per week that a seller who took part in a year gave to publishing, over the whole year; `seller_tenth` 1 is
    the tenth of these sellers who gave fewest, 10 most (N27)."""
    return _of_sellers(view, "publishing_hours", by, WEEKS_PER_YEAR)


@metric(unit="hours/seller/week", better=None, by=BY_TENTH)
def seller_selling_hours(view: View, by: By) -> Floats:
    """The same of the hours spent on leads; tenths are by these hours, so others than those of publishing."""
    return _of_sellers(view, "selling_hours", by, WEEKS_PER_YEAR)


@metric(unit="views/seller-year", better="up", by=BY_TENTH)
def seller_views(view: View, by: By) -> Floats:
    """Views in the own district, bought ones included, of what a seller who took part in a year published; tenths are
    by views: reach is a lottery (N05, N17)."""
    return _of_sellers(view, "views", by, 1.0)


def _periods(view: View, by: By) -> Iterator[NDArray[np.bool_]]:
    """Rows of sellers who took part, of the horizon or of each year."""
    took, year = _took_part(view), _year(view)
    yield from ((took & (year == code) for code in range(view.records.years)) if by else (took,))


@metric(unit="share", better=None, by=BY_YEAR)
def views_top10_share(view: View, by: By) -> Floats:
    """Share of the period's views that the tenth of the sellers with most of them has; over several years that of
    seats."""
    sellers, shares = view.records.sellers, []
    for where in _periods(view, by):
        row, first = _by_seat(view, where)
        views = np.add.reduceat(sellers["views"][row], np.flatnonzero(first)) if len(row) else np.empty(0)
        district = sellers["district"][row[first]]
        below = _by_tenths(views, view.records.weights[district], district)
        shares.append((below[-1] - below[-2]) / below[-1] if below[-1] > 0 else np.nan)
    return np.array(shares)


def _followers(view: View, of_prospects: bool) -> NDArray[np.bool_]:
    """Orders of the horizon by households that followed a seller, or by those of them that drove another car."""
    orders = view.records.orders
    who = view.in_horizon(orders["ordered"]) & ~np.isnan(orders["followed"])
    found: NDArray[np.bool_] = who & ~orders["repurchase"].astype(bool) if of_prospects else who
    return found


def _follower_orders(view: View, of_prospects: bool, values: Floats | None = None) -> Cube:
    orders = view.records.orders
    codes = {"year": view.year(orders["ordered"]), "segment": orders["segment"]}
    return view.tally(codes, orders["district"], _followers(view, of_prospects), values)


@metric(unit="share", better=None, by=BY_SEGMENT)
def follower_order_share(view: View, by: By) -> Floats:
    """Orders of the period by households that followed a seller then by all orders, whatever their channel (N18)."""
    return ratio(_follower_orders(view, of_prospects=False).by(by), order_flow(view).by(by))


@metric(unit="months", better=None, by=BY_SEGMENT)
def follow_months(view: View, by: By) -> Floats:
    """Mean time that buyers who did not drive the brand and followed a seller had followed when they ordered (N18: 2 to
    6 months); owners who order again may have followed since their last car."""
    months = np.nan_to_num(view.records.orders["followed"]) * MONTHS_PER_YEAR
    buyers = _follower_orders(view, of_prospects=True)
    return ratio(_follower_orders(view, of_prospects=True, values=months).by(by), buyers.by(by))
