"""What is counted at the end of each calendar year: the stocks of every district and segment.

Where an event log is asked for, who knows the brand is noted in every tick.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import numeric
from sim.kernels import kernel
from sim.process import touches
from sim.world.people import BRAND, F64, I64, Bool, Stage
from sim.world.world import World


def follow(world: World) -> None:
    """Note who came to know the brand in this tick and who forgot it, for the event log alone: nothing without one."""
    if world.journal is None:
        return
    people = world.people
    drives = people.car == BRAND
    follows = people.follow >= 0
    advertised = world.media.awareness
    known = touches.aware(world)
    world.journal.follow(world.now, world.end, people.id, people.group, known, drives, follows, advertised)


class Counts(NamedTuple):
    """Households by group."""

    aware: I64
    prospects: I64
    """In a search."""
    waiting: I64
    """For their car."""
    owners: I64


def take(world: World) -> None:
    """Count the stocks once a year, at its last tick: the only pass over all households."""
    if (world.tick + 1) % world.ticks_per_year:
        return
    people, groups = world.people, len(world.media.awareness)
    lead_group = people.group[world.leads.person[world.open_leads]]
    counts = Counts(*np.zeros((len(Counts._fields), groups), dtype=np.int64))
    _count(people.minds, touches.aware(world), counts)
    world.counts.append(
        {
            "year_end": world.year,
            **counts._asdict(),
            "open_leads": np.bincount(lead_group, minlength=groups),
            "satisfaction_sum": _satisfaction(world),
            "satisfaction_n": counts.owners,
        }
    )
    _take_sellers(world)


@kernel
def _count(minds: NDArray[np.void], aware: Bool, counts: Counts) -> None:
    for i in range(len(minds)):
        mind = minds[i]
        counts.aware[mind.group] += aware[i]
        counts.prospects[mind.group] += mind.stage == Stage.SEARCHING
        counts.waiting[mind.group] += mind.stage == Stage.WAITING
        counts.owners[mind.group] += mind.car == BRAND


def _satisfaction(world: World) -> F64:
    owners = world.owners
    driving = np.flatnonzero(owners.ownership >= 0)
    group = world.people.group[owners.person[driving]]
    return numeric.group_sums(group, owners.satisfaction[driving], owners.id[driving], len(world.media.awareness))


def _take_sellers(world: World) -> None:
    """Note what every seller did in the year; a seat that changed hands is one row."""
    s, accounts = world.sellers, world.accounts
    platforms = len(world.content.platforms)
    by_seat = {name: getattr(accounts, name).reshape(len(s), platforms) for name in ("views", "followers", "ripe")}
    world.seller_years.append(
        {
            "year": np.full(len(s), world.year, dtype=np.int32),
            **{name: getattr(s, name).copy() for name in ("district", "store", "seat", "hire", "publishes")},
            "since": s.published_since.copy(),
            "posts": s.year_posts.copy(),
            "publishing_hours": s.year_publishing.copy(),
            "selling_hours": s.year_selling.copy(),
            "leads": s.year_leads.copy(),
            "orders": s.year_orders.copy(),
            "views": by_seat["views"].sum(axis=1),
            "followers": by_seat["followers"].sum(axis=1, dtype=np.int64),
            "ripe": by_seat["ripe"].max(axis=1, initial=0.0),
        }
    )
    for column in (s.year_posts, s.year_publishing, s.year_selling, s.year_leads, s.year_orders, accounts.views):
        column[:] = 0
