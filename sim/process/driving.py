"""Spells of driving the brand: their begin and end, how senior they make an owner, and what owners did in a year."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincinv

from sim.kernels import kernel, part
from sim.streams import Decision, Key, uniform
from sim.world.owners import Act
from sim.world.people import F64, I16, I32, Rows
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


@part
def tier(moment: float, owned_since: float, km: float, km_per_year: float) -> int:
    """Medal tier of an owner at a moment, from novice 0 to legend 3, by tenure or mileage (C24); for kernels."""
    years, reached = moment - owned_since, 0
    for least in TIERS:
        reached += years > least
    legend = km + km_per_year * (moment - max(owned_since, 0.0)) > LEGEND_KM
    return len(TIERS) if legend else reached


def act(world: World, rows: Rows, kind: Act) -> None:
    """Note that owners acted in this calendar year; once per year counts."""
    spans, new = world.owners.ownership[rows], np.empty(len(rows), dtype=np.int32)
    new = new[: _first_of_year(spans, getattr(world.ownerships, _OF_ACT[kind]), world.year, new)]
    world.acts.append(len(new), ownership=new, year=world.year, act=kind)


@kernel
def _first_of_year(spans: I32, last: I16, year: int, new: I32) -> int:
    """Write the spans that did not act in this year yet, each once, and note the year; returns their number."""
    size = 0
    for span in spans:
        if span >= 0 and last[span] != year:  # whoever has changed to another brand has none
            last[span], new[size] = year, span
            size += 1
    return size
