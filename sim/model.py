"""The model: one carmaker's market, and the order of things in its week."""

from __future__ import annotations

from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from sim import observe
from sim.process import (
    audit,
    census,
    delivery,
    driving,
    effort,
    following,
    leads,
    need,
    ownership,
    posting,
    rewards,
    selling,
    staffing,
    touches,
    word_of_mouth,
)
from sim.records import Records
from sim.scenario.schema.root import Scenario
from sim.streams import Key
from sim.world.world import World


class GrowthModel(mesa.Model):  # type: ignore[misc]
    """One carmaker's market: needs arise, touches spread, sellers sell, owners stay, speak or leave.

    `replicate` numbers the repetition; the same number in two scenarios shares its luck. `placebo` is a butterfly (a
    seller of every store loses six minutes a week) whose effect is the noise floor of comparisons by household.
    `events` makes the records complete enough for an event log (`sim.experiment.events.log`); nothing else changes.
    `isolated` and `order` are for tests: households who know nobody, and a permutation of the rows of the people table.
    """

    def __init__(
        self,
        scenario: Scenario,
        replicate: int = 0,
        *,
        placebo: bool = False,
        events: bool = False,
        isolated: int = 0,
        order: NDArray[np.int64] | None = None,
    ) -> None:
        super().__init__()
        self.replicate = replicate
        key = Key(scenario.seed, replicate)
        self.world = World(scenario, key, isolated=isolated, order=order, placebo=placebo, events=events)
        driving.begin_initial(self.world)
        ownership.begin_initial(self.world)
        self.datacollector = mesa.DataCollector(model_reporters=_TOTALS)

    @property
    def ticks(self) -> int:
        """Ticks of the whole simulation, run-off included."""
        scenario = self.world.scenario
        return (scenario.horizon.years + scenario.economics.run_off_years) * scenario.horizon.ticks_per_year

    def step(self) -> None:
        """Simulate one tick."""
        world = self.world.begin_tick()  # fresh levers, policies applied in registry order
        need.arise(world)
        staffing.turn_over(world)  # sellers leave and are replaced
        effort.split(world)  # every seller decides how many hours go into publishing
        posting.publish(world)  # sellers' posts and live streams, the founder's account
        touches.publish(world)  # advertising, vertical media and content, as intensities
        following.gather(world)  # households begin and cease to follow sellers
        word_of_mouth.spread(world)  # owners talk and invite, along the network
        leads.collect(world)
        leads.assign(world)
        selling.work(world)  # answer, filter, visit, test drive, order - within sellers' hours
        delivery.hand_over(world)
        ownership.live(world)  # service, satisfaction, relationship kept or dropped
        rewards.lapse(world)  # credits nobody redeemed in time
        ownership.loosen(world)  # who was held by a referrer who left
        census.follow(world)  # who knows the brand, where an event log is asked for
        census.take(world)
        audit.close(world)  # the books against the tables
        self.datacollector.collect(self)

    def run(self) -> Records:
        """Simulate to the end of the run-off and return the records."""
        while self.world.tick + 1 < self.ticks:
            self.step()
        return self.records()

    def records(self) -> Records:
        """The logs so far."""
        return observe.records(self.world)


Model = GrowthModel

_TOTALS: dict[str, Any] = {
    "searching": lambda m: m.world.searching,
    "leads": lambda m: len(m.world.leads),
    "open_leads": lambda m: len(m.world.open_leads),
    "orders": lambda m: len(m.world.orders),
    "waiting": lambda m: len(m.world.waiting),
    "relationships": lambda m: len(m.world.relationships),
}
"""Totals at the end of each tick, unweighted; dimensional series live in the records."""
