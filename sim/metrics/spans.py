"""Spans of time that households have in a log: which one holds a moment, and the years lived in them.

A log of spans has the columns household, began and ended (nan while it lasts); spans of one household do not overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.metrics.base import Floats, Ints
from sim.records import Columns


def last_moment(spans: Columns) -> Floats:
    """When each span ended, infinity where it lasted to the end of observation."""
    return np.where(np.isnan(spans["ended"]), np.inf, spans["ended"])


@dataclass(frozen=True)
class Index:
    """The spans of a log by household and beginning."""

    row: Ints
    household: Ints
    began: Floats

    @classmethod
    def of(cls, spans: Columns) -> Index:
        """The index of a log, whatever the order of its rows."""
        row = np.lexsort((spans["began"], spans["household"]))
        return cls(row, spans["household"][row], spans["began"][row])

    def latest(self, household: Ints, moment: Floats) -> Ints:
        """Row of the household's last span that began by the moment, -1 where there is none."""
        place = np.searchsorted(self.household, household, side="right") - 1
        late = self._late(place, household, moment, np.arange(len(place)))
        while len(late):  # at most once for every span of one household
            place[late] -= 1
            late = self._late(place, household, moment, late)
        return np.where(self._own(place, household), self._at(self.row, place), -1)

    def all(self, household: Ints) -> tuple[Ints, Ints]:
        """Every span of each household: places in `household`, and the rows of the spans."""
        first = np.searchsorted(self.household, household, side="left")
        count = np.searchsorted(self.household, household, side="right") - first
        place = np.repeat(np.arange(len(household)), count)
        within = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
        return place, self.row[first[place] + within]

    def _late(self, place: Ints, household: Ints, moment: Floats, among: Ints) -> Ints:
        """Those among which the span at this place began after the moment."""
        place, household, moment = place[among], household[among], moment[among]
        late: Ints = among[self._own(place, household) & (self._at(self.began, place) > moment)]
        return late

    def _own(self, place: Ints, household: Ints) -> NDArray[np.bool_]:
        own: NDArray[np.bool_] = (place >= 0) & (self._at(self.household, place) == household)
        return own

    def _at(self, column: Ints, place: Ints) -> Ints:
        """Values at places; anything at all where the place is -1."""
        found: Ints = column[np.maximum(place, 0)] if len(column) else np.full(len(place), -1)
        return found


class Lived(NamedTuple):
    """Pieces of spans, each within one calendar year and one year of tenure."""

    row: Ints
    year: Ints
    """From 0."""
    tenure: Ints
    """Whole years since the span began."""
    years: Floats
    """Its length."""


def lived(spans: Columns, years: int) -> Lived:
    """The pieces of all spans within the first `years` years; a calendar year has at most two of a span."""
    began, last = spans["began"], last_moment(spans)
    pieces = []
    for year in range(years):
        row = np.flatnonzero((began < year + 1) & (last > year))
        tenure = np.maximum(np.ceil(year - began[row]), 0.0)
        turn, end = began[row] + tenure, np.minimum(last[row], year + 1)
        before = np.where(tenure > 0, np.minimum(turn, end) - year, 0.0)
        after = end - np.maximum(turn, year)
        for piece, age in ((before, tenure - 1), (after, tenure)):
            real = piece > 0
            dated = np.full(np.count_nonzero(real), year)
            pieces.append(Lived(row[real], dated, age[real].astype(np.int64), piece[real]))
    return Lived(*(np.concatenate(part) for part in zip(*pieces, strict=True)))
