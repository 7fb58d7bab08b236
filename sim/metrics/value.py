"""What a customer is worth, from the first delivery on.

A cohort is the customers whose first delivery lies in the period. Only customers observed for the whole
`ltv_window_years` count, and a year is reported only when all of its customers are. Margins are discounted to the own
first delivery with (1 + rate)^-years.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim import numeric
from sim.metrics.base import BY_ALL, BY_CHANNEL, By, Cube, Floats, Ints, View, metric, once, ratio
from sim.metrics.cost import cost_against_margin
from sim.metrics.spans import last_moment
from sim.units import MINOR_PER_MONEY, MONTHS_PER_YEAR

BY_CUSTOMER: tuple[By, ...] = (*BY_ALL, ("referred",), ("year", "referred"))
CAR = 0
TAIL_YEARS = 2.0


def _discount(view: View, years: Floats | float) -> Floats:
    factor: Floats = numeric.power(1.0 + view.records.discount_rate_per_year, -np.asarray(years, dtype=np.float64))
    return factor


@once
def _full(view: View) -> NDArray[np.bool_]:
    """Orders that made a customer in the horizon and were observed for the whole window."""
    orders, window = view.records.orders, view.records.ltv_window_years
    delivered = orders["delivered"]
    full: NDArray[np.bool_] = (
        orders["first"].astype(bool) & view.in_horizon(delivered) & (delivered + window <= view.records.end)
    )
    return full


def _cohort(view: View, order: Ints) -> dict[str, Ints]:
    """Segment, channel and year of the customers who began with these orders."""
    orders = view.records.orders
    return {
        "segment": orders["segment"][order],
        "channel": orders["channel"][order],
        "year": view.year(orders["delivered"][order], followed=view.records.ltv_window_years),
    }


@once
def _customers(view: View) -> Cube:
    order = np.flatnonzero(_full(view))
    return view.tally(_cohort(view, order), view.records.orders["district"][order])


@dataclass(frozen=True)
class _Income:
    """The margins of the cohorts within the window."""

    order: Ints
    district: Ints
    age: Floats
    """Years since the customer's first delivery."""
    first_car: NDArray[np.bool_]
    """Margin of the first car, and what was booked back when that car was returned."""
    amount: NDArray[np.int64]
    discounted: Floats


@once
def _income(view: View) -> _Income:
    margins, window = view.records.margins, view.records.ltv_window_years
    rows = np.flatnonzero(margins["order"] >= 0)
    rows = rows[_full(view)[margins["order"][rows]]]
    order, moment = margins["order"][rows], margins["moment"][rows]
    car = margins["purpose"][rows] == CAR
    first_sale = np.full(len(view.records.orders["delivered"]), np.inf)
    np.minimum.at(first_sale, order[car], moment[car])
    first_car = car & ((moment <= first_sale[order]) | (moment == view.records.orders["returned"][order]))
    age = np.maximum(moment - view.records.orders["delivered"][order], 0.0)
    within = age < window
    amount = margins["amount"][rows]
    return _Income(
        order[within],
        margins["district"][rows][within],
        age[within],
        first_car[within],
        amount[within],
        (amount * _discount(view, age))[within],
    )


def _money(view: View, where: NDArray[np.bool_] | None, values: NDArray[np.int64] | Floats) -> Cube:
    income = _income(view)
    minor = view.tally(_cohort(view, income.order), income.district, where, values)
    return Cube(minor.axes, minor.cells / MINOR_PER_MONEY)


@once
def _value(view: View) -> Cube:
    return _money(view, None, _income(view).discounted)


@once
def _value_after_sale(view: View) -> Cube:
    return _money(view, ~_income(view).first_car, _income(view).discounted)


@once
def _late_margin(view: View) -> Cube:
    """Margin after the first car in the last years of the window, not discounted."""
    income = _income(view)
    late = income.age >= max(view.records.ltv_window_years - TAIL_YEARS, 0.0)
    return _money(view, late & ~income.first_car, income.amount)


@dataclass(frozen=True)
class _Lives:
    """The cohorts' relationships within the window: years lived, in all and late in it, ends, and those kept."""

    years: Cube
    late_years: Cube
    exits: Cube
    kept: Cube


@once
def _lives(view: View) -> _Lives:
    orders, relationships, window = view.records.orders, view.records.relationships, view.records.ltv_window_years
    customers = np.flatnonzero(_full(view))
    by_household = customers[np.argsort(orders["household"][customers], kind="stable")]
    place = np.searchsorted(orders["household"][by_household], relationships["household"])
    rows = np.flatnonzero(place < len(by_household))
    rows = rows[orders["household"][by_household[place[rows]]] == relationships["household"][rows]]
    order, district = by_household[place[rows]], relationships["district"][rows]
    began = np.maximum(relationships["began"][rows] - orders["delivered"][order], 0.0)
    ended = last_moment(relationships)[rows] - orders["delivered"][order]
    codes = _cohort(view, order)

    def lived(since: float) -> Cube:
        years = np.minimum(ended, window) - np.maximum(began, since)
        return view.tally(codes, district, values=np.maximum(years, 0.0))

    return _Lives(
        years=lived(0.0),
        late_years=lived(max(window - TAIL_YEARS, 0.0)),
        exits=view.tally(codes, district, ended < window),
        kept=view.tally(codes, district, (began < window) & (ended >= window)),
    )


def customer_value(view: View) -> Floats:
    """What the customer is worth whom each order made, as in `ltv`: of every order, 0 where it made none within the
    horizon, nan where the customer was not observed for the whole window."""
    orders, income = view.records.orders, _income(view)
    minor = np.bincount(income.order, weights=income.discounted, minlength=len(orders["delivered"]))
    customer = orders["first"].astype(bool) & view.in_horizon(orders["delivered"])
    return np.where(customer & ~_full(view), np.nan, minor / MINOR_PER_MONEY)


@metric(unit="{currency}/customer", better="up", by=BY_CUSTOMER)
def ltv(view: View, by: By) -> Floats:
    """Lifetime value: contribution margin per customer within the window after the first delivery, discounted to it,
    the first car, service, software and repurchased cars included, the value of referred friends not."""
    return ratio(_value(view).by(by), _customers(view).by(by))


@metric(unit="{currency}/customer", better="up", by=BY_CUSTOMER)
def ltv_after_sale(view: View, by: By) -> Floats:
    """Lifetime value without the margin of the first car."""
    return ratio(_value_after_sale(view).by(by), _customers(view).by(by))


@metric(unit="{currency}/customer", better="up", by=(*BY_CHANNEL, ("segment",), ("referred",)))
def ltv_lifetime(view: View, by: By) -> Floats:
    """Projected, not observed: the value within the window and a tail after it. The tail takes the margin per
    owner-year after the first car in the window's last 2 years as constant and the cohort's yearly rate of exits within
    the window as the hazard of leaving, and values the discounted years still to come of those kept at its end."""
    lives = _lives(view)
    years, late_years = lives.years.by(by), lives.late_years.by(by)
    hazard = ratio(lives.exits.by(by), years)
    force_of_interest = float(numeric.log(1.0 + view.records.discount_rate_per_year))
    remaining_years = ratio(_discount(view, view.records.ltv_window_years), hazard + force_of_interest)
    tail = lives.kept.by(by) * ratio(_late_margin(view).by(by), late_years) * remaining_years
    tail = np.where(lives.kept.by(by) > 0, tail, 0.0)
    return ratio(_value(view).by(by) + tail, _customers(view).by(by))


@metric(unit="{currency}", better="up", by=((), ("segment",)))
def customer_equity(view: View, by: By) -> Floats:
    """Margins of the owners at the start and of all customers first delivered within the horizon, discounted to the
    start of the horizon and summed; observed to the end of the run-off, nothing projected beyond it."""
    return _equity(view).by(by)


@once
def _equity(view: View) -> Cube:
    margins = view.records.margins
    became = np.zeros(len(margins["order"]))
    later = margins["order"] >= 0
    became[later] = view.records.orders["delivered"][margins["order"][later]]
    wanted = view.in_horizon(became) & (margins["moment"] >= 0)
    discounted = margins["amount"] * _discount(view, np.maximum(margins["moment"], 0.0))
    minor = view.tally({"segment": margins["segment"]}, margins["district"], wanted, discounted)
    return Cube(minor.axes, minor.cells / MINOR_PER_MONEY)


@metric(unit="ratio", better="up", by=BY_CHANNEL)
def ltv_to_cac(view: View, by: By) -> Floats:
    """Lifetime value within the window by the acquisition cost of the same period and channel, sellers' hours included;
    discounts lower the value, so they are not in the cost as well. Not defined where nothing was paid, or less than was
    taken back for expired credits."""
    cost = cost_against_margin(view, by)
    return ratio(ltv(view, by), np.where(cost > 0.0, cost, np.nan))


@once
def _monthly_margin(view: View) -> Cube:
    """Margin of the cohorts on segment, channel, year and month since the first delivery."""
    income = _income(view)
    months = int(np.ceil(view.records.ltv_window_years * MONTHS_PER_YEAR))
    month = np.minimum((income.age * MONTHS_PER_YEAR).astype(np.int64), months - 1)
    codes = _cohort(view, income.order) | {"month": month}
    minor = view.tally(codes, income.district, values=income.amount, sizes={"month": months})
    return Cube(minor.axes, minor.cells / MINOR_PER_MONEY)


@metric(unit="months", better="down", by=BY_CHANNEL)
def payback_months(view: View, by: By) -> Floats:
    """First month after delivery in which the cohort's cumulative margin per customer, not discounted, covers its
    acquisition cost with sellers' hours (discounts are in the margin); not defined where that does not happen within
    the window."""
    customers, cost = _customers(view).by(by), cost_against_margin(view, by)
    earned = np.cumsum(_monthly_margin(view).by((*by, "month")).reshape(len(customers), -1), axis=1)
    covered = earned >= (cost * customers)[:, None]
    month = np.argmax(covered, axis=1) + 1.0
    return np.where(covered.any(axis=1) & (customers > 0), month, np.nan)
