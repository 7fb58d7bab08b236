"""A market in which sellers' content is the only advertising, and how to read what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.channels import KOS
from sim.model import GrowthModel
from sim.records import Records
from sim.world.world import World
from tests.small_world import small

Floats = NDArray[np.float64]

TICKS = 26
"""Ticks of two weeks save time."""
PUBLISHERS: dict[str, object] = {
    "policies.paid_ads": None,
    "policies.vertical_media": None,
    "policies.kos": {},
    "stores.sellers_per_store": 6,
    "stores.turnover_per_year": 0,
    "horizon.years": 2,
    "horizon.ticks_per_year": TICKS,
    "economics.run_off_years": 0,
}
"""Sellers publish with the policy as it ships; nobody else advertises, and nobody leaves."""
ORDERS_ALONE: dict[str, object] = {"policies.kos": {"pay_volume_weight": 0}}
"""Sellers are paid for orders from their content alone, so that nobody gains by baits."""
PLATFORMS = ("notes", "short_video", "microblog")
CALM: dict[str, object] = {
    f"market.platforms.{name}.{key}": value
    for name in PLATFORMS
    for key, value in (("shock_spread", 0), ("reach_tail", 1e6))
}
"""Platforms without moods, and posts without luck."""
HOUSEHOLDS = (15_000, 15_000)


LEFT = 1.0
"""Moment at which sellers leave who are to leave, years."""


def kos(**settings: object) -> dict[str, object]:
    """The policy with some of its parameters set."""
    return {"policies.kos": settings}


@dataclass(frozen=True)
class Watched:
    """The records of a replicate, and by tick what they do not keep: arrays with a row per tick."""

    records: Records
    views: Floats
    """Views in the own district, by seller."""
    buzz: Floats
    """Views still to come of what is published, by account."""
    followers: Floats
    """Followers, by seller."""
    posts: Floats
    """Posts, by seller."""
    drive: Floats
    """Share of the posts asked for that sellers make, by seller."""
    bait: Floats
    """Share of them made only to collect contact data, by seller."""
    talent: Floats
    """Gift for content, by seller: a multiple of an ordinary seller's reach."""
    trust: Floats
    """Stock of trust that media and content have built, by district and segment."""

    partner: NDArray[np.bool_]
    """Whether a household has a partner, by id."""
    follows: dict[str, Floats]
    """Spells in which households followed a seller: household, began, ended (nan while it lasts)."""

    def from_content(self, channel: int = KOS) -> NDArray[np.bool_]:
        """Which leads came in a channel, sellers' content unless another is named."""
        came: NDArray[np.bool_] = self.records.leads["channel"] == channel
        return came

    def content_leads(self, channel: int = KOS) -> Floats:
        """Moments at which these leads arrived."""
        moments: Floats = self.records.leads["arrived"][self.from_content(channel)]
        return moments

    def leads(self, begin: float = 0.0, end: float = np.inf, channel: int = KOS) -> int:
        """How many of them arrived in a span of time."""
        moments = self.content_leads(channel)
        return int(((moments >= begin) & (moments < end)).sum())


def watch(
    overrides: Mapping[str, object],
    replicate: int = 0,
    households: Sequence[int] = HOUSEHOLDS,
    leavers: Sequence[int] = (),
) -> Watched:
    """One replicate with settings on top; a world that several tests look at is simulated once.

    `leavers` are rows of sellers who leave at `LEFT`, whatever the turnover.
    """
    return _watch(json.dumps({**PUBLISHERS, **overrides}, sort_keys=True), replicate, tuple(households), tuple(leavers))


@cache
def _watch(settings: str, replicate: int, households: tuple[int, ...], leavers: tuple[int, ...]) -> Watched:
    model = GrowthModel(small("baseline", json.loads(settings), households, allow_behaviour=True), replicate)
    model.world.sellers.quit_at[list(leavers)] = LEFT
    series: dict[str, list[Any]] = {field.name: [] for field in fields(Watched) if field.type == "Floats"}
    before: Floats | float = 0.0
    for _ in range(model.ticks):
        model.step()
        world = model.world
        year_ends = (world.tick + 1) % TICKS == 0  # when the views of the year are noted and begin anew
        so_far = _by_seller(world.accounts.views, world)
        now = world.seller_years[-1]["views"] if year_ends else so_far
        series["views"].append(now - before)
        before = so_far
        series["buzz"].append(world.content.buzz.sum(axis=1))
        series["followers"].append(_by_seller(world.accounts.followers, world))
        series["posts"].append(world.sellers.posts.copy())
        series["drive"].append(world.sellers.drive.copy())
        series["bait"].append(world.sellers.bait.copy())
        series["talent"].append(world.sellers.talent.copy())
        series["trust"].append(world.media.trust.copy())
    people, spells = model.world.people, model.world.follows
    follows = {"household": people.id[spells.person], "began": spells.began.copy(), "ended": spells.ended.copy()}
    partner = people.partner[np.argsort(people.id)]
    arrays = {key: np.array(values, dtype=np.float64) for key, values in series.items()}
    return Watched(model.records(), partner=partner, follows=follows, **arrays)


def _by_seller(column: NDArray[Any], world: World) -> Floats:
    """Sums over the accounts of each seller."""
    return column.reshape(len(world.sellers), -1).sum(axis=1, dtype=np.float64)
