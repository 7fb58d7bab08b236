"""Flows: what happened in a period, weighted to the represented population."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.metrics.base import BY_ALL, BY_MATURITY, BY_SEGMENT, By, Cube, Floats, View, metric, once
from sim.records import Columns

BY_GENERATION: tuple[By, ...] = (*BY_ALL, ("generation",), ("year", "generation"))


def _flow(view: View, table: Columns, moment: str, where: NDArray[np.bool_] | None = None) -> Cube:
    happened = view.in_horizon(table[moment])
    codes = {"year": view.year(table[moment]), "segment": table["segment"]}
    codes |= {name: table[name] for name in ("channel", "generation") if name in table}
    return view.tally(codes, table["district"], happened if where is None else happened & where)


@once
def lead_flow(view: View) -> Cube:
    """Leads on year, segment, channel, generation."""
    return _flow(view, view.records.leads, "arrived")


@once
def order_flow(view: View) -> Cube:
    """Orders on year, segment, channel, generation."""
    return _flow(view, view.records.orders, "ordered")


@once
def delivery_flow(view: View) -> Cube:
    """Deliveries on year, segment, channel, generation."""
    return _flow(view, view.records.orders, "delivered")


@once
def first_delivery_flow(view: View) -> Cube:
    """First deliveries (new customers) on year, segment, channel, generation."""
    return _flow(view, view.records.orders, "delivered", view.records.orders["first"].astype(bool))


def _at_publishing_stores(view: View, table: Columns, moment: str) -> Cube:
    """Events on year, store_maturity, of stores whose sellers had accounts: few rows in most scenarios."""
    codes = {"year": view.year(table[moment]), "store_maturity": table["mature"]}
    return view.tally(codes, table["district"], view.in_horizon(table[moment]) & (table["mature"] >= 0))


@once
def _maturity_leads(view: View) -> Cube:
    return _at_publishing_stores(view, view.records.leads, "arrived")


@once
def order_flow_by_maturity(view: View) -> Cube:
    """Orders of stores whose sellers had accounts, on year, store_maturity."""
    return _at_publishing_stores(view, view.records.orders, "ordered")


@once
def _visit_flow(view: View) -> Cube:
    return _flow(view, view.records.leads, "visited")


@once
def _test_drive_flow(view: View) -> Cube:
    return _flow(view, view.records.leads, "tested")


@once
def _cancellation_flow(view: View) -> Cube:
    return _flow(view, view.records.orders, "cancelled")


@once
def _return_flow(view: View) -> Cube:
    return _flow(view, view.records.orders, "returned")


@once
def _repurchase_flow(view: View) -> Cube:
    return _flow(view, view.records.orders, "delivered", view.records.orders["repurchase"].astype(bool))


@once
def _defection_flow(view: View) -> Cube:
    return _flow(view, view.records.replacements, "moment", ~view.records.replacements["same_brand"].astype(bool))


@metric(unit="count", better="up", by=(*BY_ALL, *BY_MATURITY))
def leads(view: View, by: By) -> Floats:
    """Households that left contact data in the period, by the channel where they left it; `store_maturity` is that of
    the accounts of the store's sellers at that time, leads of stores without any are in neither label."""
    return (_maturity_leads(view) if "store_maturity" in by else lead_flow(view)).by(by)


@metric(unit="count", better="up", by=BY_ALL)
def visits(view: View, by: By) -> Floats:
    """First store visits of leads in the period."""
    return _visit_flow(view).by(by)


@metric(unit="count", better="up", by=BY_ALL)
def test_drives(view: View, by: By) -> Floats:
    """First test drives of leads in the period."""
    return _test_drive_flow(view).by(by)


@metric(unit="count", better="up", by=(*BY_GENERATION, *BY_MATURITY))
def orders(view: View, by: By) -> Floats:
    """Orders placed in the period, later cancelled ones included, by the channel of their lead; `generation` 0 was
    brought by nobody, 1 by an owner of generation 0 through an invitation or a free word, and so on; `store_maturity`
    as of leads, at the order."""
    return (order_flow_by_maturity(view) if "store_maturity" in by else order_flow(view)).by(by)


@metric(unit="count", better="down", by=BY_ALL)
def cancellations(view: View, by: By) -> Floats:
    """Orders cancelled in the period, whenever they were placed."""
    return _cancellation_flow(view).by(by)


@metric(unit="count", better="up", by=BY_GENERATION)
def deliveries(view: View, by: By) -> Floats:
    """Cars handed over in the period, first cars and repurchases, later returned ones included; `generation` as of the
    orders."""
    return delivery_flow(view).by(by)


@metric(unit="count", better="down", by=BY_ALL)
def returns(view: View, by: By) -> Floats:
    """Cars given back in the period within the right of return, whenever they were delivered."""
    return _return_flow(view).by(by)


@metric(unit="count", better="up", by=BY_ALL)
def repurchases(view: View, by: By) -> Floats:
    """Deliveries in the period that replace a car of the brand."""
    return _repurchase_flow(view).by(by)


@metric(unit="count", better="down", by=BY_SEGMENT)
def defections(view: View, by: By) -> Floats:
    """Owners of the brand who replaced the car by a rival's in the period."""
    return _defection_flow(view).by(by)
