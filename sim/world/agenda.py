"""A calendar queue: rows filed under the bucket in which something is due, so that nobody else is touched."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
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
        far = (buckets >= self._edge) & (buckets < NEVER)
        self._far.append((buckets[far], rows[far]))
        self._new = []
        near = buckets < self._edge
        place = np.maximum(buckets[near] - first, 0).astype(np.int16)  # short integers sort fast
        rows = rows[near][np.argsort(place, kind="stable")]
        ends = np.cumsum(np.bincount(place)).tolist()
        for bucket, (begin, end) in enumerate(pairwise([0, *ends]), first):
            if end > begin:
                self._near[bucket].append(rows[begin:end])
