"""Stocks at the end of a period; the total is the stock at the end of the horizon."""

from __future__ import annotations

from sim.metrics.base import BY_SEGMENT, By, Floats, View, metric, ratio


def _stock(view: View, column: str, by: By) -> Floats:
    """A stock column on `by`; without a year, at the end of the last reported year."""
    stocks = view.records.stocks
    year = stocks["year_end"] - view.records.start_year
    last = view.records.years - 1
    reported = (year >= 0) & (year <= last) if "year" in by else year == last
    codes = {"year": year, "segment": stocks["segment"]}
    return view.tally(codes, stocks["district"], reported, stocks[column]).by(by)


@metric(unit="count", better="up", by=BY_SEGMENT)
def aware(view: View, by: By) -> Floats:
    """Households aware of the brand at the end of the period."""
    return _stock(view, "aware", by)


@metric(unit="count", better=None, by=BY_SEGMENT)
def prospects(view: View, by: By) -> Floats:
    """Households in search of a car at the end of the period."""
    return _stock(view, "prospects", by)


@metric(unit="count", better=None, by=BY_SEGMENT)
def open_leads(view: View, by: By) -> Floats:
    """Leads not yet closed at the end of the period."""
    return _stock(view, "open_leads", by)


@metric(unit="count", better=None, by=BY_SEGMENT)
def waiting(view: View, by: By) -> Floats:
    """Orders waiting for delivery at the end of the period."""
    return _stock(view, "waiting", by)


@metric(unit="count", better="up", by=BY_SEGMENT)
def owners(view: View, by: By) -> Floats:
    """Households that own a car of the brand at the end of the period."""
    return _stock(view, "owners", by)


@metric(unit="share", better="up", by=BY_SEGMENT)
def satisfaction(view: View, by: By) -> Floats:
    """Mean satisfaction of the owners, 0 to 1, at the end of the period."""
    return ratio(_stock(view, "satisfaction_sum", by), _stock(view, "satisfaction_n", by))
