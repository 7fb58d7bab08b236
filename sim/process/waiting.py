"""Pooled leads that wait for a call, best score first (D19, D20): a line per district for those whom any of its sellers
may call, and one per seller for those who wait for that very seller.

A line is a skew heap (Sleator and Tarjan 1986) in two arrays, because nobody knows beforehand how long each line gets.
A lead leaves its line when a seller who may serve it is free and the store is open; sellers' appointments go first.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import part
from sim.process.event_queue import before
from sim.process.opening import clock, opening_time

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Lines(NamedTuple):
    """Lines of waiting leads: one per district, then one per seller."""

    root: I64
    """The lead first in line, -1 where nobody waits."""
    last: F64
    """Moment of the last one that came to wait."""
    left: I64
    """By lead: the heap below it."""
    right: I64
    length: I64
    """Leads that wait in each district, in all its lines."""


def lines(leads: int, sellers: int, districts: int) -> Lines:
    """Empty lines."""
    return Lines(
        np.full(districts + sellers, -1, dtype=np.int64),
        np.full(districts + sellers, -np.inf),
        np.full(leads, -1, dtype=np.int64),
        np.full(leads, -1, dtype=np.int64),
        np.zeros(districts, dtype=np.int64),
    )


@part
def _goes_first(a: int, b: int, due: Any) -> bool:
    """Whether lead `a` is called before lead `b`: higher score, then earlier, then lower household id."""
    one, other = due[a].score, due[b].score
    first: bool = one > other or (one == other and before(a, b, due["next_at"], due["household"]))
    return first


@part
def _meld(a: int, b: int, queue: Lines, due: Any) -> int:
    """Two heaps made one; returns its root."""
    if a < 0 or b < 0:
        return max(a, b)
    if _goes_first(b, a, due):
        a, b = b, a
    root = a
    while True:
        below = queue.right[a]
        queue.right[a] = queue.left[a]
        if below < 0:
            queue.left[a] = b
            return root
        if _goes_first(b, below, due):
            below, b = b, below
        queue.left[a] = below
        a = below


@part
def join(i: int, queue: Lines, due: Any) -> None:
    """Let a lead wait for its own seller, or for any of its district."""
    lead = due[i]
    line = lead.district if lead.seller < 0 else len(queue.length) + lead.seller
    queue.root[line] = _meld(queue.root[line], i, queue, due)
    queue.last[line] = lead.next_at
    queue.length[lead.district] += 1


@part
def leave(line: int, queue: Lines, due: Any) -> int:
    """Take the first lead out of a line."""
    i: int = queue.root[line]
    queue.root[line] = _meld(queue.left[i], queue.right[i], queue, due)
    queue.left[i] = queue.right[i] = -1
    queue.length[due[i].district] -= 1
    return i


@part
def _turn(line: int, free: float, queue: Lines, pace: Any) -> tuple[float, float]:
    """Opening time and moment at which a line moves on, if its seller is free from `free`."""
    last = queue.last[line]
    opening = max(free, opening_time(last, pace))
    return opening, max(last, clock(opening, pace))


@part
def soonest(district: int, queue: Lines, due: Any, team: Any, pace: Any, plan: Any) -> tuple[int, float, float]:
    """The line of a district that moves on next, and when: opening time and moment; -1 and never if nobody waits."""
    line, opening, moment, earliest = -1, math.inf, math.inf, math.inf
    if len(queue.length) == 0 or queue.length[district] == 0:
        return line, opening, moment
    first = plan.first[district]
    for s in range(first, first + plan.sellers[district] + 1):
        if s < first + plan.sellers[district]:
            own, free = len(queue.length) + s, (team[s].free_at if team[s].stretch > 0.0 else 0.0)
            earliest = min(earliest, free)
        else:
            own, free = district, earliest
        if queue.root[own] >= 0:
            o, m = _turn(own, free, queue, pace)
            if line < 0 or m < moment or (m == moment and _goes_first(queue.root[own], queue.root[line], due)):
                line, opening, moment = own, o, m
    return line, opening, moment
