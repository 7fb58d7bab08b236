"""How much hazard of leaving contact data each search met in a tick: a compiled kernel, because everybody in a search
is visited every tick: as array operations this was a third of the tick's time.
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


class Searchers(NamedTuple):
    """Columns of the people table that matter to a search; `contact_left` is written."""

    lead: NDArray[np.int32]
    need_at: F64
    ready_at: F64
    contact_left: F64
    segment: NDArray[np.int8]
    group: NDArray[np.int16]
    notice: F64
    car: NDArray[np.int8]
    relationship: NDArray[np.int32]
    first_touch: NDArray[np.int8]
    awareness: F64
    trust: F64
    touched_at: F64


class Climate(NamedTuple):
    """What surrounds them, by group or segment."""

    awareness: F64
    trust: F64
    ads: F64
    vertical: F64
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


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def expose(rows: I64, now: float, end: float, s: Searchers, c: Climate) -> tuple[I64, F64, F64, F64, F64]:
    """Pass this tick's hazard; returns who left contact data: rows, moments, total, advertising and vertical hazard.

    Advertising and walk-ins need interest (product strength times 1 + trust), walk-ins also a known brand; vertical
    media sell everyone who compares.
    """
    size = 0
    left = np.empty(len(rows), dtype=np.int64)
    moment, total, by_ads, by_vertical = (
        np.empty(len(rows)),
        np.empty(len(rows)),
        np.empty(len(rows)),
        np.empty(len(rows)),
    )
    for i in rows:
        if s.lead[i] >= 0:
            continue
        begin = max(s.need_at[i], now)
        exposed = max(min(s.ready_at[i], end) - begin, 0.0)
        g = s.group[i]
        known, stock = 0.0, 0.0
        if s.first_touch[i] >= 0 and (s.awareness[i] != 0.0 or s.trust[i] != 0.0):  # else there is nothing to fade
            known = s.awareness[i] * exp_one((s.touched_at[i] - now) / c.awareness_memory)
            stock = s.trust[i] * exp_one((s.touched_at[i] - now) / c.trust_memory)
        stock += c.trust[g]
        interest = c.strength[s.segment[i]] * (1.0 + stock / (1.0 + abs(stock)))
        ads = c.ads[g] * interest
        vertical = c.vertical[g]
        walk_in = 0.0
        if s.car[i] == BRAND or known + c.awareness[g] >= s.notice[i]:
            walk_in = (c.walk_in if s.car[i] == BRAND else c.organic_walk_in) * interest
            if s.car[i] == BRAND and s.relationship[i] >= 0:
                walk_in *= c.owner_return
        hazard = ads + vertical + walk_in
        if s.contact_left[i] <= hazard * exposed:
            left[size], moment[size] = i, begin + s.contact_left[i] / hazard
            total[size], by_ads[size], by_vertical[size] = hazard, ads, vertical
            size += 1
        else:
            s.contact_left[i] -= hazard * exposed
    return left[:size], moment[:size], total[:size], by_ads[:size], by_vertical[:size]
