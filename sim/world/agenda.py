"""A calendar queue: rows filed under the bucket in which something is due, so that nobody else is touched."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Entries = NDArray[np.int64]
"""Bucket and row in one number each, the row in the lower half."""
NEVER = 2**31 - 1
HALF = 32
"""Bits of the row."""
BITS = 5
WINDOW = 2**BITS
"""Buckets of a window. Entries are sorted into buckets when their window begins, until then they rest by window."""
WINDOWS = 256
"""Windows ahead that are told apart; what is due later still is looked at whenever a window begins."""


class Agenda:
    """Rows filed by `value * per_bucket`, rounded down: moments by tick.

    An entry is a hint, not a promise: the owner of the agenda checks that the date it was filed for still stands.
    Buckets must be taken in ascending order.
    """

    def __init__(self, per_bucket: float) -> None:
        self._per_bucket = per_bucket
        self._window = -1
        """The window that has begun."""
        self._new: list[Entries] = []
        self._near: defaultdict[int, list[Entries]] = defaultdict(list)
        """By bucket, of the window."""
        self._far: defaultdict[int, list[Entries]] = defaultdict(list)
        """By later window."""
        self._later: list[Entries] = []
        """Of later windows, not sorted out yet."""

    def file(self, rows: NDArray[np.integer], values: NDArray[np.float64], earliest: int = 0) -> None:
        """File rows under the buckets of their values, at least bucket `earliest`; infinite values never come due."""
        if len(rows):
            bucket = np.clip(np.floor(values * self._per_bucket), earliest, NEVER)
            self._new.append((bucket.astype(np.int64) << HALF) | rows)

    def take(self, bucket: int) -> Rows:
        """Remove and return the rows filed under this bucket or an earlier one, in no particular order."""
        if bucket >> BITS > self._window:
            self._begin_window(bucket >> BITS)
        if self._new:
            self._later.append(_sort_out(self._new, self._near, HALF, bucket, (self._window + 1) * WINDOW))
            self._new = []
        due = [entries for earlier in list(self._near) if earlier <= bucket for entries in self._near.pop(earlier)]
        return np.concatenate(due) & (2**HALF - 1) if due else np.empty(0, dtype=np.int64)

    def _begin_window(self, window: int) -> None:
        """Let the entries of this window be sorted into buckets, and those of later windows by window."""
        self._window = window
        if self._later:
            later = _sort_out(self._later, self._far, HALF + BITS, window, window + WINDOWS)
            self._later = [later[later < NEVER << HALF]]
        self._new += [entries for earlier in list(self._far) if earlier <= window for entries in self._far.pop(earlier)]


def _sort_out(
    entries: list[Entries], places: defaultdict[int, list[Entries]], shift: int, first: int, end: int
) -> Entries:
    """Put entries into the places named by their bits from `shift` on, nothing before the `first`; returns those whose
    place is the `end` or beyond."""
    ordered, starts = _ordered(np.concatenate(entries), shift, first, end)
    for place, (begin, stop) in enumerate(pairwise(starts[:-1].tolist()), first):
        if stop > begin:
            places[place].append(ordered[begin:stop].copy())  # a view would keep all of them in memory
    return ordered[starts[-2] :].copy()


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _ordered(entries: Entries, shift: int, first: int, end: int) -> tuple[Entries, Rows]:
    """Entries by place, and where each place starts, that of all from the `end` on being the last.

    Sorted by counting: a few arrays of a million entries are sorted out at the begin.
    """
    starts = np.zeros(end - first + 2, dtype=np.int64)
    for entry in entries:
        starts[min(max((entry >> shift) - first, 0), end - first) + 1] += 1
    starts = np.cumsum(starts)
    at, ordered = starts.copy(), np.empty_like(entries)
    for entry in entries:
        place = min(max((entry >> shift) - first, 0), end - first)
        ordered[at[place]] = entry
        at[place] += 1
    return ordered, starts
