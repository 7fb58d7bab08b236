"""Money, in integer minor units at the scale of the simulated districts.

Every amount has a purpose - which fixes its payer and its ledger kind -, a district and a channel. Amounts are booked
once and never changed; the books of a tick are closed against the running totals of the tables they describe.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.channels import CHANNELS
from sim.records import LEDGER_KINDS, PAYERS, PURPOSES, Columns


class Purpose(IntEnum):
    """What an amount is for; the names are `sim.records.PURPOSES`."""

    MEDIA = 0
    CREDIT = 1
    DISCOUNT = 2
    SELLER_HOURS = 3
    CAR_MARGIN = 4
    SERVICE_MARGIN = 5
    SUBSIDY = 6
    CHECKS = 7
    BONUS = 8
    SUPPORT = 9
    LEAD_SYSTEM = 10


_KIND_AND_PAYER = {
    Purpose.MEDIA: ("cash", "brand"),
    Purpose.CREDIT: ("accounting", "brand"),
    Purpose.DISCOUNT: ("discount", "brand"),
    Purpose.SELLER_HOURS: ("payroll", "brand"),
    Purpose.CAR_MARGIN: ("revenue", "buyer"),
    Purpose.SERVICE_MARGIN: ("revenue", "owner"),
    Purpose.SUBSIDY: ("external", "state"),
    Purpose.CHECKS: ("cash", "brand"),
    Purpose.BONUS: ("cash", "brand"),
    Purpose.SUPPORT: ("cash", "brand"),
    Purpose.LEAD_SYSTEM: ("cash", "brand"),
}


class LedgerError(AssertionError):
    """The books do not agree with the tables they describe: a defect of the model."""


class Ledger:
    """The books: per tick, purpose, district and channel (the last column holds amounts of no channel)."""

    def __init__(self, districts: int) -> None:
        self._shape = (len(Purpose), districts, len(CHANNELS) + 1)
        self._open = np.zeros(self._shape, dtype=np.int64)
        self._closed: list[NDArray[np.int64]] = []
        self.totals = np.zeros(len(Purpose), dtype=np.int64)

    def book(self, purpose: Purpose, district: Any, channel: Any, amount: Any) -> None:
        """Book amounts (minor units); arguments are scalars or arrays of one length."""
        np.add.at(self._open[purpose], (district, channel), amount)

    def close(self, expected: dict[Purpose, int]) -> None:
        """Close the tick; raises LedgerError where a purpose's total differs from what its table says."""
        self.totals += self._open.sum(axis=(1, 2))
        for purpose, amount in expected.items():
            if self.totals[purpose] != amount:
                raise LedgerError(f"{purpose.name.lower()}: booked {self.totals[purpose]}, tables say {amount}")
        self._closed.append(self._open)
        self._open = np.zeros(self._shape, dtype=np.int64)

    def columns(self) -> Columns:
        """The closed books as columns: tick, district, channel (-1 none), purpose, kind, payer, amount."""
        books = np.array(self._closed).reshape(-1, *self._shape)
        tick, purpose, district, channel = np.nonzero(books)
        kinds = np.array([LEDGER_KINDS.index(_KIND_AND_PAYER[p][0]) for p in Purpose], dtype=np.int8)
        payers = np.array([PAYERS.index(_KIND_AND_PAYER[p][1]) for p in Purpose], dtype=np.int8)
        return {
            "tick": tick.astype(np.int32),
            "district": district.astype(np.int16),
            "channel": np.where(channel == len(CHANNELS), -1, channel).astype(np.int8),
            "purpose": purpose.astype(np.int8),
            "kind": kinds[purpose],
            "payer": payers[purpose],
            "amount": books[tick, purpose, district, channel],
        }


assert tuple(p.name.lower() for p in Purpose) == PURPOSES
