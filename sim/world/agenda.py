"""A calendar queue: rows filed under the bucket in which something is due, so that nobody else is touched."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Entries = tuple[NDArray[np.int32], NDArray[np.int32]]
NEVER = 2**31 - 1
WINDOW = 32
"""Buckets sorted out at a time; the rest of the entries rest untouched until the window moves on."""


class Agenda:
    """Rows filed by `value * per_bucket`, rounded down: ticks for moments, or buckets of a cumulative hazard.

    An entry is a hint, not a promise: the owner of the agenda checks that the date it was filed for still stands.
    Buckets must be taken in ascending order.
    """

    def __init__(self, per_bucket: float) -> None:
        self._per_bucket = per_bucket
        self._edge = 0
        """The first bucket beyond the window."""
        self._new: list[Entries] = []
        self._near: defaultdict[int, list[NDArray[np.int32]]] = defaultdict(list)
        """Rows by bucket, of the window."""
        self._far: list[Entries] = []

    def file(self, rows: NDArray[np.integer], values: NDArray[np.float64], earliest: int = 0) -> None:
        """File rows under the buckets of their values, at least bucket `earliest`; infinite values never come due."""
        if len(rows):
            bucket = np.clip(np.floor(values * self._per_bucket), earliest, NEVER)
            self._new.append((bucket.astype(np.int32), rows.astype(np.int32)))

    def take(self, bucket: int) -> Rows:
        """Remove and return the rows filed under this bucket or an earlier one, in no particular order."""
        if bucket >= self._edge:
            self._edge = bucket + WINDOW
            self._new, self._far = [*self._far, *self._new], []
        if self._new:
            self._sort_out(bucket)
        due = [rows for earlier in list(self._near) if earlier <= bucket for rows in self._near.pop(earlier)]
        return np.concatenate(due).astype(np.int64) if due else np.empty(0, dtype=np.int64)

    def _sort_out(self, first: int) -> None:
        """Put what was filed under its bucket, where that lies in the window; nothing under one before the `first`."""
        buckets, rows = (np.concatenate(parts) for parts in zip(*self._new, strict=True))
        near, ends, *far = _sorted_out(buckets, rows, first, self._edge)
        self._far.append((far[0], far[1]))
        self._new = []
        for bucket, (begin, end) in enumerate(pairwise([0, *ends.tolist()]), first):
            if end > begin:
                self._near[bucket].append(near[begin:end])


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _sorted_out(
    buckets: NDArray[np.int32], rows: NDArray[np.int32], first: int, edge: int
) -> tuple[NDArray[np.int32], Rows, NDArray[np.int32], NDArray[np.int32]]:
    """Rows below the edge, bucket by bucket, and the ends of the buckets; buckets and rows from it on, bar NEVER.

    Sorted by counting: a few arrays of a million entries are sorted out when the window moves.
    """
    count, later = np.zeros(edge - first, dtype=np.int64), 0
    for bucket in buckets:
        if bucket < edge:
            count[max(bucket - first, 0)] += 1
        elif bucket < NEVER:
            later += 1
    ends = np.cumsum(count)
    at, near = ends - count, np.empty(count.sum(), dtype=np.int32)
    far_buckets, far_rows, size = np.empty(later, dtype=np.int32), np.empty(later, dtype=np.int32), 0
    for i in range(len(rows)):
        bucket = buckets[i]
        if bucket < edge:
            place = max(bucket - first, 0)
            near[at[place]] = rows[i]
            at[place] += 1
        elif bucket < NEVER:
            far_buckets[size], far_rows[size] = bucket, rows[i]
            size += 1
    return near, ends, far_buckets, far_rows
