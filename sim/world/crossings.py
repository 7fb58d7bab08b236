"""Households whose drawn threshold on the cumulative hazard of their group is passed.

Hazards of groups grow at different paces, so no calendar fits all of them. Thresholds are kept side by side, group by
group, and a compiled pass compares them with one number each: about as fast as memory hands them over.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.world.people import F64, I16, Rows


class Grouping:
    """Rows of households group by group, shared by all thresholds."""

    def __init__(self, group: I16, groups: int) -> None:
        self.rows = np.argsort(group, kind="stable").astype(np.int32)
        self.place = np.empty(len(group), dtype=np.int32)
        self.place[self.rows] = np.arange(len(group), dtype=np.int32)
        self.start = np.searchsorted(group[self.rows], np.arange(groups + 1))
        self.found = np.empty(len(group), dtype=np.int32)
        """Room for what a search finds: getting so much memory afresh costs as much as the search."""


class Crossings:
    """Thresholds of all households on one cumulative hazard per group; every household has one at a time."""

    def __init__(self, grouping: Grouping, thresholds: F64) -> None:
        self._grouping = grouping
        self._thresholds = thresholds[grouping.rows]
        self._seen = np.zeros(len(grouping.start) - 1)

    def take(self, hazard: F64) -> Rows:
        """Rows whose threshold the hazard of their group has reached; each must be filed again before the next call."""
        places = _passed(self._thresholds, self._grouping.start, hazard, self._seen, self._grouping.found)
        self._seen = hazard.copy()
        return self._grouping.rows[places].astype(np.int64)

    def file(self, rows: Rows, thresholds: F64) -> None:
        """Give rows new thresholds, one for each."""
        self._thresholds[self._grouping.place[rows]] = thresholds


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _passed(
    thresholds: F64, start: NDArray[np.int64], hazard: F64, seen: F64, found: NDArray[np.int32]
) -> NDArray[np.int32]:
    size = 0
    for group in range(len(hazard)):
        reached = hazard[group]
        if reached == seen[group]:
            continue
        for place in range(start[group], start[group + 1]):
            if thresholds[place] <= reached:
                found[size] = place
                size += 1
    return found[:size]
