"""Needs and searches: Weibull spells, each with one drawn threshold."""

from __future__ import annotations

import math

from sim.numeric import power_one
from sim.streams import Decision
from sim.units import DAYS_PER_YEAR
from sim.world.people import BRAND, NO_CAR_OF_OURS, Stage
from tests.reference import following, spans
from tests.reference.entities import Household, Replacement
from tests.reference.market import Market


def arise(m: Market) -> None:
    """Households whose need falls into this tick begin to search."""
    for h in m.households:
        if h.idle and m.due(h.need_at):
            begin_search(m, h)


def begin_search(m: Market, h: Household) -> None:
    """Search from `need_at` on, for a drawn time."""
    b = m.b
    scale = b.search_days / DAYS_PER_YEAR / round(math.gamma(1.0 + 1.0 / b.search_shape), 13)
    threshold = m.chance.exponential(Decision.SEARCH, h.purchases, h.id)
    h.stage = Stage.SEARCHING
    h.ready_at = h.need_at + scale * power_one(threshold, 1.0 / b.search_shape)
    draw_contact(m, h)


def draw_contact(m: Market, h: Household) -> None:
    """How much hazard has to pass before contact data is left next."""
    h.contact_left = m.chance.exponential(Decision.CONTACT, h.leads, h.id, h.purchases)


def settle(m: Market, h: Household, moment: float, car: int) -> None:
    """The household drives another car from `moment` on; the next need is dated."""
    b = m.b
    scale = b.replacement_years / round(math.gamma(1.0 + 1.0 / b.replacement_shape), 13)
    h.stage, h.car, h.ready_at = Stage.IDLE, car, math.inf
    h.purchases += 1
    threshold = m.chance.exponential(Decision.NEED, h.purchases, h.id)
    h.need_at = moment + scale * power_one(threshold, 1.0 / b.replacement_shape)


def buy_from_rival(m: Market, h: Household, moment: float) -> None:
    """Buy one of the rivals' cars, by their shares; an owner of the brand is lost to them, relationship and all."""
    if h.drives_brand:
        m.replacements.append(Replacement(h.id, moment, False))
        m.happened["defection"] += 1
        spans.end(m, h, moment)
    following.stop(m, h, moment)
    shares = m.offers[h.segment].rival_shares
    u = m.chance.uniform(Decision.RIVAL, h.purchases, h.id)
    rival = next((number for number, share in enumerate(shares) if u <= share), None)
    settle(m, h, moment, NO_CAR_OF_OURS if rival is None else BRAND + 1 + rival)
