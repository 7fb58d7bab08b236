"""What owners bring through the referral programme; unrewarded recommendation is the channel word_of_mouth."""

from __future__ import annotations

from sim.channels import REFERRAL
from sim.metrics.base import BY_SEGMENT, BY_YEAR, By, Cube, Floats, View, metric, once, ratio
from sim.metrics.flows import delivery_flow
from sim.metrics.retention import owner_years


@once
def _referred_deliveries(view: View) -> Cube:
    orders = view.records.orders
    codes = {"year": view.year(orders["delivered"]), "segment": orders["segment"]}
    wanted = view.in_horizon(orders["delivered"]) & (orders["channel"] == REFERRAL)
    return view.tally(codes, orders["district"], wanted)


@metric(unit="share", better=None, by=BY_SEGMENT)
def referral_share(view: View, by: By) -> Floats:
    """Referred deliveries by all deliveries of the period."""
    return ratio(_referred_deliveries(view).by(by), delivery_flow(view).by(by))


@metric(unit="referrals/owner-year", better="up", by=BY_YEAR)
def referrals_per_owner_year(view: View, by: By) -> Floats:
    """Successful referrals (referred deliveries) of the period by owner-years in relationships."""
    return ratio(_referred_deliveries(view).by(by), owner_years(view).by(by))
