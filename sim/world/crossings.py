"""Households whose drawn threshold on the cumulative hazard of their group is passed.

Hazards of groups grow at different paces, so no calendar fits all of them. Instead a list is kept of those whose
threshold is near, and only when the hazard of a group has grown past what is near is the whole group looked through.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sim.kernels import kernel
from sim.world.people import F64, I16, I32, I64, Rows

AHEAD = 0.125
"""Hazard up to which ahead of its group a threshold counts as near: further, and more have to be looked at in every
tick; nearer, and whole groups more often."""


class Grouping(NamedTuple):
    """Rows of households group by group, and where each group starts; shared by all thresholds."""

    rows: I32
    start: I64

    @classmethod
    def of(cls, group: I16, groups: int) -> Grouping:
        """The grouping of households by the group of each."""
        rows = np.argsort(group, kind="stable").astype(np.int32)
        return cls(rows, np.searchsorted(group[rows], np.arange(groups + 1)))


class _Near(NamedTuple):
    """Thresholds that are near, in no particular order. There is room for all of them."""

    threshold: F64
    row: I32
    group: I16


class Crossings:
    """Thresholds of all households on one cumulative hazard per group; every household has one at a time.

    `thresholds` is their column of the people table: whoever writes to it files the rows.
    """

    def __init__(self, grouping: Grouping, thresholds: F64) -> None:
        self._grouping, self._thresholds = grouping, thresholds
        groups, size = len(grouping.start) - 1, len(thresholds)
        self._seen = np.zeros(groups)
        self._ahead = np.full(groups, -np.inf)
        """Hazard up to which thresholds are near, by group."""
        self._near = _Near(np.empty(size), np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int16))
        self._size = 0

    @property
    def nbytes(self) -> int:
        """Bytes of those that are near; the thresholds belong to the people table."""
        return self._size * sum(column.itemsize for column in self._near)

    def take(self, hazard: F64) -> Rows:
        """Rows whose threshold the hazard of their group has reached, in no particular order; each must be filed again
        before the next call. Where the hazard stands still nobody's turn comes."""
        moved = np.where(hazard == self._seen, -np.inf, hazard)
        self._seen = hazard.copy()
        size = _look_ahead(self._thresholds, self._grouping, moved, self._ahead, self._near, self._size)
        found = np.empty(size, dtype=np.int32)
        self._size = _take(self._near, size, moved, found)
        return found[: size - self._size].astype(np.int64)

    def file(self, rows: Rows, group: I16) -> None:
        """Take note of the new thresholds of rows that were taken, and of these groups."""
        thresholds = self._thresholds[rows]
        soon = np.flatnonzero(thresholds <= self._ahead[group])
        new = slice(self._size, self._size + len(soon))
        near = self._near
        near.threshold[new], near.row[new], near.group[new] = thresholds[soon], rows[soon], group[soon]
        self._size = new.stop


@kernel
def _look_ahead(thresholds: F64, grouping: Grouping, hazard: F64, ahead: F64, near: _Near, size: int) -> Any:
    """Add those who come near in groups whose hazard has passed what was near; returns how many are near now."""
    rows, start = grouping
    for group in range(len(hazard)):
        before, reached = ahead[group], hazard[group]
        if reached <= before:
            continue
        upto = ahead[group] = reached + AHEAD
        for i in range(start[group], start[group + 1]):
            threshold = thresholds[rows[i]]
            if before < threshold <= upto:
                near.threshold[size], near.row[size], near.group[size] = threshold, rows[i], group
                size += 1
    return size


@kernel
def _take(near: _Near, size: int, reached: F64, found: I32) -> Any:
    """Find rows whose threshold is reached, and put the last into the gaps they leave; returns how many are left."""
    count = 0
    for i in range(size):
        if near.threshold[i] <= reached[near.group[i]]:
            found[count] = i
            count += 1
    for n in range(count - 1, -1, -1):
        gap = found[n]
        found[n] = near.row[gap]
        size -= 1
        near.threshold[gap], near.row[gap], near.group[gap] = near.threshold[size], near.row[size], near.group[size]
    return size
