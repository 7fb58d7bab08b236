"""What a lead, an order and a customer cost.

Only what the brand pays counts. Cost metrics divide the spend of a period by the events of the same period; before its
policy starts a channel has neither, so `since_start_to` (from the start of the horizon to the end of that year) and the
values without a year are cumulative since policy start.
"""

from __future__ import annotations

import numpy as np

from sim.channels import CHANNELS, VERTICAL_MEDIA
from sim.metrics.base import BY_CHANNEL, BY_COST, SPEND_LEDGERS, By, Cube, Floats, View, metric, once, ratio
from sim.metrics.flows import first_delivery_flow, lead_flow, order_flow
from sim.records import LEDGER_KINDS, PAYERS
from sim.units import MINOR_PER_MONEY

BY_LEDGER: tuple[By, ...] = (*BY_CHANNEL, ("ledger",), ("year", "ledger"), ("channel", "ledger"))


def _paid(view: View, kinds: tuple[str, ...]) -> Cube:
    """Money the brand paid in these ledgers, on year, channel, ledger."""
    ledger = view.records.ledger
    year = ledger["tick"] // view.records.ticks_per_year
    place = np.array([kinds.index(kind) if kind in kinds else -1 for kind in LEDGER_KINDS])[ledger["kind"]]
    by_brand = (ledger["payer"] == PAYERS.index("brand")) & (place >= 0) & (year < view.records.years)
    codes = {"year": year, "channel": ledger["channel"], "ledger": place}
    minor = view.tally(codes, ledger["district"], by_brand, ledger["amount"], sizes={"ledger": len(kinds)})
    return Cube(minor.axes, minor.cells / MINOR_PER_MONEY)


@once
def _spend(view: View) -> Cube:
    return _paid(view, SPEND_LEDGERS)


@once
def _acquisition(view: View) -> Cube:
    return _paid(view, ("cash", "accounting"))


@once
def _loaded(view: View) -> Cube:
    return _paid(view, ("cash", "accounting", "discount", "payroll"))


@once
def _net_loaded(view: View) -> Cube:
    return _paid(view, ("cash", "accounting", "payroll"))


def cost_against_margin(view: View, by: By) -> Floats:
    """Loaded acquisition cost to hold against margins, which are net of discounts: discounts are not charged twice."""
    return ratio(_net_loaded(view).by(by), first_delivery_flow(view).by(by))


@metric(unit="{currency}", better=None, by=BY_LEDGER)
def spend(view: View, by: By) -> Floats:
    """Spend of the brand in the period: cash, accounting cost of credits, and price discounts given."""
    return _spend(view).by(by)


@metric(unit="{currency}/lead", better="down", by=BY_COST)
def cpl(view: View, by: By) -> Floats:
    """Cost per lead: cash and accounting spend of the period by its leads."""
    return ratio(_acquisition(view).by(by), lead_flow(view).by(by))


@metric(unit="ratio", better="down", by=(("channel",), ("year", "channel")))
def cpl_to_vertical(view: View, by: By) -> Floats:
    """Cost per lead of a channel by that of vertical media in the same period (N16)."""
    cost = ratio(_acquisition(view).by(by), lead_flow(view).by(by)).reshape(-1, len(CHANNELS))
    return ratio(cost, np.repeat(cost[:, [VERTICAL_MEDIA]], len(CHANNELS), axis=1)).ravel()


@metric(unit="{currency}/order", better="down", by=BY_COST)
def cost_per_order(view: View, by: By) -> Floats:
    """Cash and accounting spend of the period by its orders."""
    return ratio(_acquisition(view).by(by), order_flow(view).by(by))


@metric(unit="{currency}/customer", better="down", by=BY_COST)
def cac(view: View, by: By) -> Floats:
    """Customer acquisition cost: cash and accounting spend of the period by its first deliveries. Credits that expire
    are taken back in the year in which they do: after a pause or a stop a year's cost can be below zero; read
    `since_start_to` then."""
    return ratio(_acquisition(view).by(by), first_delivery_flow(view).by(by))


@metric(unit="{currency}/lead", better="down", by=BY_COST)
def cpl_loaded(view: View, by: By) -> Floats:
    """Cost per lead with sellers' hours and discounts."""
    return ratio(_loaded(view).by(by), lead_flow(view).by(by))


@metric(unit="{currency}/order", better="down", by=BY_COST)
def cost_per_order_loaded(view: View, by: By) -> Floats:
    """Cost per order with sellers' hours and discounts."""
    return ratio(_loaded(view).by(by), order_flow(view).by(by))


@metric(unit="{currency}/customer", better="down", by=BY_COST)
def cac_loaded(view: View, by: By) -> Floats:
    """Customer acquisition cost with sellers' hours and discounts."""
    return ratio(_loaded(view).by(by), first_delivery_flow(view).by(by))
