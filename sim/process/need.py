"""Needs arise with the replacement cycle (M09) and open a search of weeks to months (M11, D10, N18)."""

from __future__ import annotations

import numpy as np

from sim import numeric
from sim.streams import Decision, uniform
from sim.world.build import need_scale, search_scale, weibull
from sim.world.people import F64, Rows, Stage
from sim.world.world import World


def arise(world: World) -> None:
    """Open the searches of all households whose need falls into this tick."""
    people = world.people
    rows = numeric.distinct(world.needs.take(world.tick))
    due = np.floor(people.need_at[rows] * world.ticks_per_year) <= world.tick
    begin_search(world, rows[due & (people.stage[rows] == Stage.IDLE)])


def begin_search(world: World, rows: Rows) -> None:
    """Let households start to search at their `need_at`; the length of the search is a Weibull spell."""
    people, b = world.people, world.behaviour
    threshold = -numeric.log(uniform(world.key, Decision.SEARCH, people.purchases[rows], 0, people.id[rows]))
    people.stage[rows] = Stage.SEARCHING
    people.ready_at[rows] = people.need_at[rows] + weibull(threshold, search_scale(world.scenario), b.search_shape)
    world.searching += len(rows)
    expose(world, rows[people.lead[rows] < 0])


def expose(world: World, rows: Rows) -> None:
    """Let households in a search without an open lead meet hazards of contact: who passes a drawn one leaves it."""
    people = world.people
    u = uniform(world.key, Decision.CONTACT, people.leads[rows], 0, people.id[rows], people.purchases[rows])
    world.exposed.join(rows, -numeric.log(u))


def settle_purchase(world: World, rows: Rows, moment: F64, car: Rows | int) -> None:
    """End the need of households that now drive `car`, and date the next one."""
    people, b = world.people, world.behaviour
    people.stage[rows] = Stage.IDLE
    people.car[rows] = car
    people.ready_at[rows] = np.inf
    people.purchases[rows] += 1
    threshold = -numeric.log(uniform(world.key, Decision.NEED, people.purchases[rows], 0, people.id[rows]))
    people.need_at[rows] = moment + weibull(threshold, need_scale(world.scenario), b.replacement_shape)
    world.needs.file(rows, people.need_at[rows], world.tick + 1)


def bring_forward(world: World, rows: Rows, moment: F64) -> None:
    """Start the searches of idle households at `moment`, earlier than their need would have had it."""
    world.people.need_at[rows] = moment
    begin_search(world, rows)
