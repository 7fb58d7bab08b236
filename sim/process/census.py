"""What is counted at the end of each calendar year: the stocks of every district and segment."""

from __future__ import annotations

import numpy as np

from sim import numeric
from sim.process import touches
from sim.world.people import BRAND, Bool, Rows, Stage
from sim.world.world import World


def take(world: World) -> None:
    """Count the stocks once a year, at its last tick: the only pass over all households."""
    if (world.tick + 1) % world.ticks_per_year:
        return
    people = world.people
    everyone = np.arange(len(people))
    awareness, _, _ = touches.personal(world, everyone)
    owner = people.car == BRAND
    lead_group = people.group[world.leads.person[world.open_leads]]
    world.counts.append(
        {
            "year_end": world.year,
            "aware": _count(world, touches.aware(world, everyone, awareness)),
            "prospects": _count(world, people.stage == Stage.SEARCHING),
            "open_leads": np.bincount(lead_group, minlength=len(world.media.awareness)),
            "waiting": _count(world, people.stage == Stage.WAITING),
            "owners": _count(world, owner),
            "satisfaction_sum": numeric.group_sums(
                people.group[owner], people.satisfaction[owner], people.id[owner], len(world.media.awareness)
            ),
            "satisfaction_n": _count(world, owner),
        }
    )


def _count(world: World, mask: Bool) -> Rows:
    return np.bincount(world.people.group[mask], minlength=len(world.media.awareness))
