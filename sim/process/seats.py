"""Which seller gets a lead: by lot within its store, in turn within its district, or by fit (D16-D18)."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

from sim.kernels import part
from sim.streams import Decision, uniform_one


class Assign(IntEnum):
    """How pooled leads find their seller."""

    LOT = 0
    """As without a pool: within the nearest store, by lot if free, otherwise whoever is free first."""
    IN_TURN = 1
    FIT = 2


@part
def is_free(opening: float, seller: Any) -> bool:
    """Whether a seller can begin by that opening time."""
    free: bool = seller.stretch == 0.0 or seller.free_at <= opening
    return free


@part
def first_free(first: int, count: int, team: Any) -> int:
    """Who of `count` sellers from row `first` is free first."""
    best: int = first
    for s in range(first + 1, first + count):
        if team[s].free_at < team[best].free_at:
            best = s
    return best


@part
def by_lot(key: tuple[int, int], opening: float, lead: Any, team: Any) -> int:
    """One of the lead's store drawn by lot if free by then, otherwise whoever is free first.

    The lot keeps paired worlds alike: a seller who is busy a little longer changes only the leads that would be theirs.
    """
    first, count = lead.first_seller, lead.sellers
    u = uniform_one(key[0], key[1], Decision.SEAT, 0, 0, lead.household, lead.episode)
    lot: int = first + math.floor(u * count)
    return lot if is_free(opening, team[lot]) else first_free(first, count, team)


@part
def in_turn(lead: Any, plan: Any) -> int:
    """The next seller of the lead's district, whatever the load."""
    d = lead.district
    seat: int = plan.first[d] + plan.turn[d] % plan.sellers[d]
    plan.turn[d] += 1
    return seat


@part
def distance(lead: Any, seller: Any) -> float:
    """Kilometres from the household to the seller's store."""
    return math.sqrt((lead.x - seller.x) * (lead.x - seller.x) + (lead.y - seller.y) * (lead.y - seller.y))


@part
def by_fit(opening: float, lead: Any, team: Any, pace: Any, plan: Any) -> int:
    """Of the district's free sellers the one for whom skill and nearness together weigh most; else the first free."""
    first, count = plan.first[lead.district], plan.sellers[lead.district]
    best, most = -1, -math.inf
    for s in range(first, first + count):
        if is_free(opening, team[s]):
            fit = pace.skill_weight * team[s].skill - distance(lead, team[s]) / pace.visit_km
            if fit > most:
                best, most = s, fit
    return best if best >= 0 else first_free(first, count, team)
