"""Whom owners speak to: a compiled kernel, because a word visits four scattered places of the network, and because an
invitation counts for those that follow it along the same tie.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

MOST_ASKS = 255
"""Invitations along one tie beyond which they are not counted."""


class Ties(NamedTuple):
    """Who knows whom, as in `Network`, and how often each tie has been used for an invitation."""

    start: I64
    friend: I32
    strong: Bool
    asks: U8
    """Written."""


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def choose(speaker: I64, invites: Bool, first: F64, second: F64, ties: Ties) -> tuple[I64, Bool, U8]:
    """Choose for each word one of two acquaintances drawn: a close one goes before a distant one.

    Words of one speaker come in the order in which they are spoken; `first` and `second` are their draws. Returns
    friends (-1 of those who know nobody), whether the tie is strong, and the invitations sent along it before.
    """
    tie, other = np.empty(len(speaker), dtype=np.int64), np.empty(len(speaker), dtype=np.int64)
    friend = np.full(len(speaker), -1, dtype=np.int64)
    strong = np.zeros(len(speaker), dtype=np.bool_)
    asked = np.zeros(len(speaker), dtype=np.uint8)
    for i in range(len(speaker)):
        start = ties.start[speaker[i]]
        degree = ties.start[speaker[i] + 1] - start
        tie[i] = start + math.floor(first[i] * degree) if degree > 0 else -1
        other[i] = start + math.floor(second[i] * degree)
    # One loop for each array of the network: short loops wait for several places in memory at once.
    for i in range(len(speaker)):
        if tie[i] >= 0:
            strong[i] = ties.strong[tie[i]]
            closer = ties.strong[other[i]] & ~strong[i]
            tie[i], strong[i] = other[i] if closer else tie[i], strong[i] | closer
    for i in range(len(speaker)):
        if tie[i] >= 0:
            friend[i] = ties.friend[tie[i]]
    for i in range(len(speaker)):
        if tie[i] >= 0:
            asked[i] = ties.asks[tie[i]]
            ties.asks[tie[i]] += invites[i] and asked[i] < MOST_ASKS
    return friend, strong, asked
