"""Sellers leave and are replaced; most of those who follow a seller go along."""

from __future__ import annotations

import numpy as np

from sim.process import following
from sim.world import build
from sim.world.people import Rows
from sim.world.world import World


def turn_over(world: World) -> None:
    """Replace the sellers who leave in this tick: whoever follows on the seat begins with own skill and empty accounts.

    Leads in hand pass to the successor. Of the followers, those who do not go along stay with the seat's account.
    """
    sellers = world.sellers
    rows = np.flatnonzero(sellers.quit_at < world.end)
    while len(rows):
        following.go_along(world, rows)
        _replace(world, rows)
        rows = rows[sellers.quit_at[rows] < world.end]


def _replace(world: World, rows: Rows) -> None:
    sellers, content = world.sellers, world.content
    sellers.hire[rows] += 1
    build.hire(sellers, rows, world.scenario, world.key)
    for name in ("posts_due", "streams_due", "learned", "bait", "lately_hours", "lately_leads", "lately_orders"):
        getattr(sellers, name)[rows] = 0
    sellers.posts[rows] = sellers.streams[rows] = 0
    sellers.drive[rows] = 1.0
    sellers.published_since[rows] = np.nan
    accounts = np.flatnonzero(np.isin(world.accounts.seller, rows))
    content.buzz[accounts] = 0.0
    world.accounts.ripe[accounts] = 0.0
