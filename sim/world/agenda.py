"""A calendar queue: rows filed under the bucket in which something is due, so that nobody else is touched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Entries = tuple[NDArray[np.int32], NDArray[np.int32]]
NEVER = 2**31 - 1
_NONE: Entries = (np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32))
WINDOW = 16
"""Buckets sorted out at a time; the rest of the entries rest untouched until the window moves on."""


class Agenda:
    """Rows filed by `value * per_bucket`, rounded down: ticks for moments, or buckets of a cumulative hazard.

    An entry is a hint, not a promise: the owner of the agenda checks that the date it was filed for still stands.
    Buckets must be taken in ascending order.
    """

    def __init__(self, per_bucket: float) -> None:
        self._per_bucket = per_bucket
        self._edge = 0
        self._new: list[Entries] = []
        self._near = _NONE
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
            self._new = [*self._far, *self._new, self._near]
            self._near, self._far = _NONE, []
        if self._new:
            buckets, rows = _joined(self._new)
            near, far = buckets < self._edge, (buckets >= self._edge) & (buckets < NEVER)
            self._near = _joined([self._near, (buckets[near], rows[near])])
            self._far.append((buckets[far], rows[far]))
            self._new = []
        buckets, rows = self._near
        due = buckets <= bucket
        if not due.any():
            return np.empty(0, dtype=np.int64)
        self._near = (buckets[~due], rows[~due])
        return rows[due].astype(np.int64)


def _joined(parts: list[Entries]) -> Entries:
    return np.concatenate([b for b, _ in parts]), np.concatenate([r for _, r in parts])
