"""The programme's credits: what became of their face value, and how far claims were honest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.metrics.base import BY_SEGMENT, BY_YEAR, CREDIT_PARTS, By, Events, Floats, View, metric, once, ratio
from sim.records import CLAIMS, CREDIT_STATES
from sim.units import MINOR_PER_MONEY

BY_CREDIT: tuple[By, ...] = (*BY_YEAR, ("credit",), ("year", "credit"))
PART_OF = {
    "pending": "outstanding",
    "void": "voided",
    "vested": "outstanding",
    "clawed_back": "clawed_back",
    "redeemed": "outstanding",  # nothing is left
    "expired": "expired",
}
"""What became of the part of a credit that was not redeemed, by its state."""


@once
def _face_value(view: View) -> Events:
    """Face value of the credits promised in the horizon, minor units: issued, and its parts."""
    table = view.records.credits
    row = np.flatnonzero(view.in_horizon(table["pending"]))
    face, redeemed = table["face"][row].astype(np.int64), table["redeemed"][row].astype(np.int64)
    rest = np.array([CREDIT_PARTS.index(PART_OF[state]) for state in CREDIT_STATES])[table["state"][row]]
    issued, used = (np.full(len(row), CREDIT_PARTS.index(part)) for part in ("issued", "redeemed"))
    codes = {"year": np.tile(view.year(table["pending"][row]), 3), "credit": np.concatenate([issued, used, rest])}
    district = np.tile(table["district"][row], 3)
    return Events(view, district, codes, np.concatenate([face, redeemed, face - redeemed]))


def _vested(view: View, where: NDArray[np.bool_] | None = None, amount: str | None = None) -> Events:
    """Credits granted in the horizon, by the owner's segment and the year of the grant."""
    table = view.records.credits
    granted = view.in_horizon(table["vested"])
    row = np.flatnonzero(granted if where is None else granted & where)
    codes = {"year": view.year(table["vested"][row]), "segment": table["segment"][row]}
    if amount is None:
        return Events(view, table["district"][row], codes)
    value = table["face"][row] - table["redeemed"][row] if amount == "rest" else table[amount][row]
    return Events(view, table["district"][row], codes, value)


@once
def _ended(view: View) -> tuple[Events, Events]:
    """What expired and what was redeemed of the credits granted in the horizon that have run their course."""
    redeemed, expired = (
        view.records.credits["state"] == CREDIT_STATES.index(state) for state in ("redeemed", "expired")
    )
    run = view.records.credits["vested"] + view.records.credits["expiry"] <= view.records.end
    return _vested(view, run & expired, "rest"), _vested(view, run & (redeemed | expired), "redeemed")


@once
def _granted(view: View) -> tuple[Events, Events]:
    """Claims of the cars delivered in the horizon that were not rejected, and the abusive ones among them."""
    orders = view.records.orders
    claimed = view.in_horizon(orders["delivered"]) & (orders["claim"] > 0) & ~orders["rejected"].astype(bool)
    abusive = np.isin(orders["claim"], [CLAIMS.index(kind) for kind in ("self", "broked")])

    def those(where: NDArray[np.bool_]) -> Events:
        codes = {"year": view.year(orders["delivered"][where]), "segment": orders["segment"][where]}
        return Events(view, orders["district"][where], codes)

    return those(claimed), those(claimed & abusive)


@once
def _honest_claims(view: View) -> tuple[Events, Events]:
    """Honest claims of orders placed in the horizon, and those of them that were rejected."""
    orders = view.records.orders
    honest = view.in_horizon(orders["ordered"]) & (orders["claim"] == CLAIMS.index("referral"))

    def those(where: NDArray[np.bool_]) -> Events:
        return Events(view, orders["district"][where], {"year": view.year(orders["ordered"][where])})

    return those(honest), those(honest & orders["rejected"].astype(bool))


@metric(unit="{currency}", better=None, by=BY_CREDIT)
def referral_credits(view: View, by: By) -> Floats:
    """Face value of the credits promised in the period and what became of it by the end of observation: `credit`
    issued, the default, is exactly the sum of voided (cancelled, rejected, capped or owner gone), clawed back (car
    returned), redeemed, expired and outstanding. A credit redeemed in part counts in parts."""
    table = _face_value(view)
    if "credit" in by:
        return table.by(by) / MINOR_PER_MONEY
    parts = table.by((*by, "credit")).reshape(-1, len(CREDIT_PARTS))
    issued: Floats = parts[:, CREDIT_PARTS.index("issued")] / MINOR_PER_MONEY
    return issued


@metric(unit="share", better=None, by=BY_SEGMENT)
def referral_breakage(view: View, by: By) -> Floats:
    """Of the credits granted in the period whose time was over before the end of observation, the part of the face
    value that expired; segments are the owner's."""
    expired, redeemed = (part.by(by) for part in _ended(view))
    return ratio(expired, expired + redeemed)


@metric(unit="share", better="down", by=BY_SEGMENT)
def referral_abuse(view: View, by: By) -> Floats:
    """Of the cars delivered in the period on the programme's terms, the share claimed for oneself or through a
    stranger's code; segments are the buyer's."""
    everything, abusive = (part.by(by) for part in _granted(view))
    return ratio(abusive, everything)


@metric(unit="share", better="down", by=BY_YEAR)
def referral_false_rejections(view: View, by: By) -> Floats:
    """Share of the honest claims of orders placed in the period that were checked and rejected."""
    honest, rejected = (part.by(by) for part in _honest_claims(view))
    return ratio(rejected, honest)
