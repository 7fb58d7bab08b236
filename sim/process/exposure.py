"""How much hazard of leaving contact data each search met in a tick: a compiled kernel, because everybody in a search
is visited every tick: as array operations on the people table this was a third of the tick's time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.numeric import exp_one
from sim.world.people import BRAND

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Climate(NamedTuple):
    """What surrounds them, by group or segment."""

    awareness: F64
    trust: F64
    ads: F64
    vertical: F64
    buy: F64
    live: F64
    bait: F64
    founder: F64
    strength: F64
    walk_in: float
    """Walk-ins per year of search, at interest 1, of households that drive the brand."""
    organic_walk_in: float
    """The same of all others."""
    owner_return: float
    awareness_memory: float
    """Years."""
    trust_memory: float
    """Years."""


class Audience(NamedTuple):
    """Columns of the table of accounts."""

    trust: F64
    owner_trust: F64
    contact: F64


SOURCES = 7
"""Where contact data is left: advertising, posts that ask for it, live streams, baits, the founder, the account that is
followed, vertical media; the rest of the hazard is that of walking in."""


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def expose(
    searches: NDArray[np.void],
    spells: NDArray[np.void],
    now: float,
    end: float,
    owner: NDArray[np.int32],
    relationship: NDArray[np.int32],
    c: Climate,
    audience: Audience,
) -> tuple[I64, F64, F64, F64]:
    """Pass this tick's hazard; returns who left contact data: rows, moments, total hazard, and the sums of its
    parts up to each source.

    Advertising and walk-ins need interest (product strength times 1 + trust), walk-ins also a known brand; vertical
    media sell everyone who compares. Posts that ask for contact data need interest and a known brand, baits interest
    alone; who follows a seller knows the brand. `owner` and `relationship`, columns of the people and owners
    tables, are read for the brand's drivers.
    """
    size = 0
    left = np.empty(len(searches), dtype=np.int64)
    moment, total, sums = np.empty(len(searches)), np.empty(len(searches)), np.empty((len(searches), SOURCES))
    for i in range(len(searches)):
        s, spell = searches[i], spells[i]
        begin = max(s.need_at, now)
        exposed = max(min(s.ready_at, end) - begin, 0.0)
        known, stock = 0.0, 0.0
        if s.awareness != 0.0 or s.trust != 0.0:  # else there is nothing to fade
            known = s.awareness * exp_one((s.touched_at - now) / c.awareness_memory)
            stock = s.trust * exp_one((s.touched_at - now) / c.trust_memory)
        account = spell.account
        if account >= 0:  # the same as in `following.trust`
            seen = audience.owner_trust[account] if s.car == BRAND else audience.trust[account]
            stock += seen - spell.trust * exp_one((spell.began - now) / c.trust_memory)
        stock += c.trust[s.group]
        interest = c.strength[s.segment] * (1.0 + stock / (1.0 + abs(stock)))
        ads = c.ads[s.group] * interest
        vertical = c.vertical[s.group]
        buy, live, bait, founder, feed = 0.0, 0.0, c.bait[s.group] * interest, c.founder[s.group] * interest, 0.0
        walk_in = 0.0
        if account >= 0:
            feed = audience.contact[account] * interest
        if s.car == BRAND or account >= 0 or known + c.awareness[s.group] >= s.notice:
            buy, live = c.buy[s.group] * interest, c.live[s.group] * interest
            walk_in = (c.walk_in if s.car == BRAND else c.organic_walk_in) * interest
            if s.car == BRAND and relationship[owner[s.row]] >= 0:
                walk_in *= c.owner_return
        hazard = ads + vertical + (((buy + live) + bait) + founder + feed) + walk_in
        if s.contact_left <= hazard * exposed:
            left[size], moment[size] = s.row, begin + s.contact_left / hazard
            total[size] = hazard
            upto = 0.0
            for source, part in enumerate((ads, buy, live, bait, founder, feed, vertical)):
                upto += part
                sums[size, source] = upto
            size += 1
        else:
            s.contact_left -= hazard * exposed
    return left[:size], moment[:size], total[:size], sums[:size]
