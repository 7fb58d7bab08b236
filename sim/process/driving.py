"""Spells of driving the brand: their begin and end, how senior they make an owner, and what owners did in a year."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincinv

from sim import numeric
from sim.streams import Decision, Key, uniform
from sim.world.owners import Act
from sim.world.people import F64, I32, I64, Rows
from sim.world.world import World

TIERS = (0.5, 2.0, 5.0)
"""Years of tenure beyond which an owner is senior, elder and legend (C24)."""
LEGEND_KM = 100_000.0
"""Mileage beyond which an owner is a legend whatever the tenure (C24)."""
LEAST_ZEAL = 1e-12
_OF_ACT = {Act.WILLING: "willing_year", Act.INVITING: "inviting_year", Act.SUCCESSFUL: "successful_year"}


def zeal(key: Key, ids: I32, spread: float) -> F64:
    """Talkativeness of households: gamma distributed with mean 1 and this coefficient of variation, for life."""
    if spread <= 0.0:
        return np.ones(len(ids))
    shape = 1.0 / (spread * spread)
    # Rounded, because the last bits of special functions differ between builds of the library.
    drawn = np.round(gammaincinv(shape, uniform(key, Decision.ZEAL, 0, 0, ids)), 12) / shape
    talkative: F64 = np.maximum(drawn, LEAST_ZEAL)
    return talkative


def begin(
    world: World, rows: Rows, moment: F64, order: Rows | int, referrer: Rows | int, generation: Rows | int
) -> None:
    """Let owners who did not drive the brand begin to; whoever was brought by an owner talks more (M21)."""
    owners, b = world.owners, world.behaviour
    brought = np.broadcast_to(np.asarray(referrer) >= 0, rows.shape)
    talkative = zeal(world.key, owners.id[rows], b.talk_spread) * np.where(brought, b.referred_talk, 1.0)
    new = world.ownerships.append(
        len(rows),
        person=owners.person[rows],
        order=order,
        began=moment,
        referrer=referrer,
        generation=generation,
        zeal=talkative,
    )
    owners.ownership[rows] = np.arange(new.start, new.stop)
    owners.owned_since[rows] = moment


def begin_initial(world: World) -> None:
    """Record the owners at the start of the horizon, in the order of their ids."""
    rows = np.argsort(world.owners.id)
    begin(world, rows, world.owners.owned_since[rows], -1, -1, 0)


def end(world: World, rows: Rows, moment: F64) -> None:
    """End the ownerships of owners, and with them the relationships still kept, talks and contacts with service."""
    owners = world.owners
    world.ownerships.ended[owners.ownership[rows]] = moment
    owners.ownership[rows] = -1
    kept = owners.relationship[rows] >= 0
    world.relationships.ended[owners.relationship[rows[kept]]] = moment[kept]
    owners.relationship[rows] = -1
    owners.talk_at[rows] = np.inf
    owners.care_at[rows] = np.inf


def tenure(world: World, rows: Rows, moment: F64) -> F64:
    """Years owners have driven the brand at a moment."""
    years: F64 = moment - world.owners.owned_since[rows]
    return years


def tier(world: World, rows: Rows, moment: F64) -> I64:
    """Medal tier of owners at a moment, from novice 0 to legend 3, by tenure or mileage (C24)."""
    owners = world.owners
    since = owners.owned_since[rows]
    km = owners.km[rows] + owners.km_per_year[rows] * (moment - np.maximum(since, 0.0))
    years, reached = moment - since, np.zeros(len(rows), dtype=np.int64)
    for least in TIERS:
        reached += years > least
    reached[km > LEGEND_KM] = len(TIERS)
    return reached


def act(world: World, rows: Rows, kind: Act) -> None:
    """Note that owners acted in this calendar year; once per year counts."""
    spans = world.owners.ownership[rows]
    spans = spans[spans >= 0]  # whoever has changed to another brand has none
    last = getattr(world.ownerships, _OF_ACT[kind])
    spans = numeric.distinct(spans[last[spans] != world.year])
    last[spans] = world.year
    world.acts.append(len(spans), ownership=spans, year=world.year, act=kind)
