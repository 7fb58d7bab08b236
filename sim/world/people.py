"""Households: one row for life, as prospect, owner and prospect again."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.table import Table, column

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Rows = NDArray[np.signedinteger[Any]]
I32 = NDArray[np.int32]
I16 = NDArray[np.int16]
I8 = NDArray[np.int8]
Bool = NDArray[np.bool_]

NO_CAR_OF_OURS = -1
"""`car` of a household that drives no car of the brand or of a named rival."""
BRAND = 0
"""`car` of an owner of the brand; rivals follow from 1."""


class Stage(IntEnum):
    """Where a household stands on its way to the next car."""

    IDLE = 0
    SEARCHING = 1
    WAITING = 2


MIND = np.dtype(
    [
        *((name, np.float64) for name in ("awareness", "trust", "partner_trust", "touched_at", "need_at", "ready_at")),
        *(("lead", np.int32), ("follow", np.int32), ("group", np.int16)),
        *((name, np.int8) for name in ("segment", "stage", "car", "first_touch")),
        ("partner", np.bool_),
    ],
    align=True,
)
"""What a word meets when it reaches a household: 64 bytes, side by side."""


class People(Table):
    """Households. Moments are years since the start of the horizon; a moment of infinity means never."""

    id: I32 = column(np.int32, "", "permanent id")
    district: I16 = column(np.int16, "", "district, index")
    segment: I8 = column(np.int8, "", "segment, index")
    group: I16 = column(np.int16, "", "district x segment, index of mass-media state")
    store: I32 = column(np.int32, "", "nearest store, -1 where there is none", -1)
    store_km: F64 = column(np.float64, "km", "distance to that store")
    partner: Bool = column(np.bool_, "", "a partner has a say")
    notice: F64 = column(np.float64, "awareness", "stock of awareness at which the brand is known")
    awareness: F64 = column(np.float64, "awareness", "stock from personal touches, as of `touched_at`")
    trust: F64 = column(np.float64, "trust", "stock of trust from personal touches, as of `touched_at`")
    partner_trust: F64 = column(np.float64, "trust", "the partner's stock of trust, as of `touched_at`")
    touched_at: F64 = column(np.float64, "years", "moment of the last personal touch")
    first_touch: I8 = column(np.int8, "", "channel of the first personal touch or contact, -1 none", -1)
    stage: I8 = column(np.int8, "", "Stage")
    car: I8 = column(np.int8, "", "0 the brand, 1.. rivals, -1 something else", NO_CAR_OF_OURS)
    need_at: F64 = column(np.float64, "years", "moment the current or next need arises")
    ready_at: F64 = column(np.float64, "years", "moment the search ends in a decision", np.inf)
    purchases: I16 = column(np.int16, "", "purchases so far, counts the spells of need")
    browse_at: F64 = column(np.float64, "hazard", "group hazard at which contact data is left outside a search")
    browses: I16 = column(np.int16, "", "times that happened")
    leads: I16 = column(np.int16, "", "leads so far; the next lead's episode")
    lead: I32 = column(np.int32, "", "row of the open lead, -1 none", -1)
    orders: I16 = column(np.int16, "", "orders so far")
    follow: I32 = column(np.int32, "", "row of the seller's account now followed, in the log of follows, -1 none", -1)
    follow_at: F64 = column(np.float64, "hazard", "group hazard at which a seller is followed next")
    follows: I16 = column(np.int16, "", "times that happened")
    owner: I32 = column(np.int32, "", "row in the table of owners, -1 for who never drove the brand", -1)

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self.minds = self.side_by_side(MIND)
        """The columns of `MIND` as records, for kernels."""
