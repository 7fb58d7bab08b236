"""Households in a search who have no open lead: in every tick they meet hazards of leaving contact data.

What these hazards depend on is copied from the people table and the log of follows when a household joins, side by side
in one block of memory: a tick then streams through the block instead of visiting scattered rows of a dozen columns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import kernel
from sim.world.content import Follows
from sim.world.people import BRAND, F64, I32, People, Rows

Records = NDArray[np.void]

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
        ("group", np.int16),
        ("segment", np.int8),
        ("car", np.int8),
    ],
    align=True,
)
"""One household: 64 bytes, as many as memory hands over at a time."""
SPELL = np.dtype([("account", np.int32), ("began", np.float64), ("trust", np.float64)], align=True)
"""Which account it follows, -1 none; of the log of follows the begin, and the account's stock of trust at the begin."""


class Follow(NamedTuple):
    """Columns of the log of follows of which a record holds a copy."""

    account: I32
    began: F64
    trust: F64
    owner_trust: F64


class Exposed:
    """The households exposed to hazards of contact, in no particular order.

    Whoever changes a copied column of a household that may be among them calls `refresh`.
    """

    def __init__(self, people: People, follows: Follows) -> None:
        self._people, self._follows = people, follows
        self._room, self._spells = np.empty(0, dtype=RECORD), np.empty(0, dtype=SPELL)
        self._size = 0
        self._place = np.full(len(people), -1, dtype=np.int32)

    @property
    def records(self) -> NDArray[np.void]:
        """All of them; valid until somebody joins or leaves."""
        return self._room[: self._size]

    @property
    def spells(self) -> NDArray[np.void]:
        """What the log of follows says of each of them; valid as long."""
        return self._spells[: self._size]

    @property
    def nbytes(self) -> int:
        """Bytes of all of them, and of everybody's place among them."""
        return self.records.nbytes + self.spells.nbytes + self._place.nbytes

    def join(self, rows: Rows, contact_left: F64) -> None:
        """Add households that are not among them."""
        new = slice(self._size, self._size + len(rows))
        if new.stop > len(self._room):
            more = max(new.stop, 2 * len(self._room)) - len(self._room)
            self._room = np.concatenate([self._room, np.empty(more, dtype=RECORD)])
            self._spells = np.concatenate([self._spells, np.empty(more, dtype=SPELL)])
        self._size = new.stop
        self._room["contact_left"][new], self._room["row"][new] = contact_left, rows
        places = np.arange(new.start, new.stop, dtype=np.int32)
        self._place[rows] = places
        self._copy(rows, places)

    def leave(self, rows: Rows) -> None:
        """Remove those of the households that are among them."""
        self._size = _remove(rows, self._room, self._spells, self._size, self._place)

    def refresh(self, rows: Rows) -> None:
        """Copy again what the tables say of those of the households that are among them."""
        places = self._place[rows]  # all loaded before anything hangs on them: few of the households are among them
        among = np.flatnonzero(places >= 0)
        self._copy(rows[among], places[among])

    def _copy(self, rows: Rows, places: I32) -> None:
        p, f = self._people, self._follows
        follows = Follow(f.account, f.began, f.trust, f.owner_trust)
        _copy(rows, places, p.minds, p.notice, follows, self._room, self._spells)


@kernel
def _copy(rows: Rows, places: I32, minds: Records, notice: F64, follow: Follow, room: Records, spells: Records) -> None:
    """Write the records of households, each at once."""
    for i in range(len(rows)):
        mind, one = minds[rows[i]], room[places[i]]
        one.need_at, one.ready_at, one.notice = mind.need_at, mind.ready_at, notice[rows[i]]
        one.awareness, one.trust = mind.awareness, mind.trust
        one.touched_at = mind.touched_at
        one.group, one.segment, one.car = mind.group, mind.segment, mind.car
        spell, begun = spells[places[i]], mind.follow
        spell.account = -1
        if begun >= 0:
            spell.account, spell.began = follow.account[begun], follow.began[begun]
            spell.trust = follow.owner_trust[begun] if one.car == BRAND else follow.trust[begun]


@kernel
def _remove(rows: Rows, room: Records, spells: Records, size: int, place: I32) -> Any:
    """Put the last record into each place that falls empty; returns how many are left."""
    for row in rows:
        hole = place[row]
        if hole >= 0:
            size -= 1
            room[hole], spells[hole] = room[size], spells[size]
            place[room[hole].row] = hole
            place[row] = -1
    return size
