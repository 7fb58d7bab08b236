"""Households in a search who have no open lead: in every tick they meet hazards of leaving contact data.

What these hazards depend on is copied from the people table when a household joins, side by side in one block of
memory: a tick then streams through the block instead of visiting scattered rows of a dozen columns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import kernel
from sim.world.people import F64, I8, I16, I32, People, Rows

RECORD = np.dtype(
    [
        ("contact_left", np.float64),  # hazard still to pass before contact data is left; written by `exposure`
        # copied from the people table
        ("need_at", np.float64),
        ("ready_at", np.float64),
        ("notice", np.float64),
        ("awareness", np.float64),
        ("trust", np.float64),
        ("touched_at", np.float64),
        ("row", np.int32),
        ("follow", np.int32),
        ("group", np.int16),
        ("segment", np.int8),
        ("car", np.int8),
    ],
    align=True,
)
"""One household; all of it is 72 bytes, hardly more than memory hands over at a time."""


class Copied(NamedTuple):
    """Columns of the people table of which a record holds a copy."""

    need_at: F64
    ready_at: F64
    notice: F64
    awareness: F64
    trust: F64
    touched_at: F64
    follow: I32
    group: I16
    segment: I8
    car: I8


class Exposed:
    """The households exposed to hazards of contact, in no particular order.

    Whoever changes a copied column of a household that may be among them calls `refresh`.
    """

    def __init__(self, people: People) -> None:
        self._people = people
        self._room = np.empty(0, dtype=RECORD)
        self._size = 0
        self._place = np.full(len(people), -1, dtype=np.int32)

    @property
    def records(self) -> NDArray[np.void]:
        """All of them; valid until somebody joins or leaves."""
        return self._room[: self._size]

    def join(self, rows: Rows, contact_left: F64) -> None:
        """Add households that are not among them."""
        new = slice(self._size, self._size + len(rows))
        if new.stop > len(self._room):
            room = np.empty(max(new.stop, 2 * len(self._room)), dtype=RECORD)
            room[: self._size] = self.records
            self._room = room
        self._size = new.stop
        self._room["contact_left"][new], self._room["row"][new] = contact_left, rows
        self._place[rows] = np.arange(new.start, new.stop)
        self.refresh(rows)

    def leave(self, rows: Rows) -> None:
        """Remove those of the households that are among them."""
        self._size = _remove(rows, self._room, self._size, self._place)

    def refresh(self, rows: Rows) -> None:
        """Copy again what the people table says of those of the households that are among them."""
        p = self._people
        columns = Copied(
            p.need_at, p.ready_at, p.notice, p.awareness, p.trust, p.touched_at, p.follow, p.group, p.segment, p.car
        )
        _copy(rows, self._room, self._place, columns)


@kernel
def _copy(rows: Rows, room: NDArray[np.void], place: NDArray[np.int32], people: Copied) -> None:
    """Write the records of those of the households that have one, each at once."""
    for row in rows:
        if place[row] >= 0:
            one = room[place[row]]
            one.need_at, one.ready_at, one.notice = people.need_at[row], people.ready_at[row], people.notice[row]
            one.awareness, one.trust = people.awareness[row], people.trust[row]
            one.touched_at, one.follow = people.touched_at[row], people.follow[row]
            one.group, one.segment, one.car = people.group[row], people.segment[row], people.car[row]


@kernel
def _remove(rows: Rows, room: NDArray[np.void], size: int, place: NDArray[np.int32]) -> Any:
    """Put the last record into each place that falls empty; returns how many are left."""
    for row in rows:
        hole = place[row]
        if hole >= 0:
            size -= 1
            room[hole] = room[size]
            place[room[hole].row] = hole
            place[row] = -1
    return size
