"""Ownerships: the unbroken driving of the brand, from the first car of a row to the last."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gammaincinv

from sim.streams import Decision
from sim.world.people import NO_CAR_OF_OURS
from tests.reference.entities import INVITING, SUCCESSFUL, WILLING, Act, Household, Order, Ownership
from tests.reference.market import Market


def begin(m: Market, h: Household, order: Order | None, moment: float) -> None:
    """A household begins to drive the brand, brought by an owner or not."""
    referrer, generation = (order.lead.referrer, order.lead.generation) if order else (-1, 0)
    talkative = zeal(m, h) * (m.b.referred_talk if referrer >= 0 else 1.0)
    h.ownership = Ownership(len(m.ownerships), h, order, moment, talkative, referrer, generation)
    m.ownerships.append(h.ownership)


def end(m: Market, h: Household, moment: float) -> None:
    """A household drives the brand no more: neither service nor friends hear from it as an owner."""
    assert h.ownership is not None
    h.ownership.ended = moment
    h.ownership = h.car_order = None
    if h.relationship is not None:
        h.relationship.ended = moment
    h.relationship = None
    h.car = NO_CAR_OF_OURS
    h.talk_at = h.care_at = math.inf


def zeal(m: Market, h: Household) -> float:
    """Talkativeness of a household for life: gamma with mean 1 and the given coefficient of variation."""
    if m.b.talk_spread == 0.0:
        return 1.0
    shape = 1.0 / (m.b.talk_spread * m.b.talk_spread)
    drawn = gammaincinv(shape, m.chance.remembered(Decision.ZEAL, 0, h.id))
    return max(float(np.round(drawn, 12)) / shape, 1e-12)


def tier(h: Household, moment: float) -> int:
    """Medal of an owner by years or mileage: 0 novice to 3 legend."""
    years = moment - h.owned_since
    km = h.km + h.km_per_year * (moment - max(h.owned_since, 0.0))
    if years > 5.0 or km > 100_000.0:
        return 3
    return 2 if years > 2.0 else 1 if years > 0.5 else 0


def note(m: Market, h: Household, act: int) -> None:
    """Note an act of an owner, once per calendar year."""
    last = {WILLING: "willing_year", INVITING: "inviting_year", SUCCESSFUL: "successful_year"}[act]
    if h.ownership is not None and getattr(h.ownership, last) != m.year:
        setattr(h.ownership, last, m.year)
        m.acts.append(Act(h.id, m.year, act))
