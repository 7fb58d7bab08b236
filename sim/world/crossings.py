"""Households whose drawn threshold on the cumulative hazard of their group is passed: found without visiting others."""

from __future__ import annotations

import numpy as np

from sim.world.agenda import Agenda
from sim.world.people import F64, I16, Rows

BUCKETS = 200.0
"""Buckets per unit of hazard."""


class Crossings:
    """Rows filed by their thresholds; those near the largest hazard of all groups are looked at in every tick."""

    def __init__(self, thresholds: F64) -> None:
        self._agenda = Agenda(BUCKETS)
        self._near: Rows = np.empty(0, dtype=np.int64)
        self._bucket = -1
        self._agenda.file(np.arange(len(thresholds)), thresholds)

    def take(self, thresholds: F64, group: I16, hazard: F64) -> Rows:
        """Remove and return the rows whose threshold the cumulative hazard of their group has reached."""
        last = int(hazard.max() * BUCKETS)
        near = self._near
        if last > self._bucket:
            self._bucket = last
            near = np.concatenate([near, self._agenda.take(last)])
        passed = thresholds[near] <= hazard[group[near]]
        self._near = near[~passed]
        rows: Rows = near[passed]
        return rows

    def file(self, rows: Rows, thresholds: F64) -> None:
        """File rows that were taken under new thresholds, one for each."""
        soon = thresholds * BUCKETS < self._bucket + 1
        self._near = np.concatenate([self._near, rows[soon]])
        self._agenda.file(rows[~soon], thresholds[~soon])
