"""What the event log needs beyond the tables: words that were heard, brands that became known, credits spent in part.

A world keeps a journal only when somebody asks for it; nothing in the model reads it, and it draws nothing.
"""

from __future__ import annotations

import numpy as np

from sim.channels import NO_CHANNEL, PAID_ADS, REFERRAL, WORD_OF_MOUTH
from sim.table import Table, column
from sim.world.people import F64, I8, I32, I64, Bool, Rows


class Words(Table):
    """Words that reached somebody, one row each; who spoke stands as the other household in the hearer's events."""

    tick: I32 = column(np.int32, "", "tick in which it was heard")
    moment: F64 = column(np.float64, "years", "when")
    speaker: I32 = column(np.int32, "", "id of the owner")
    hearer: I32 = column(np.int32, "", "id of the household that heard it")
    good: Bool = column(np.bool_, "", "praised the car")
    bad: Bool = column(np.bool_, "", "spoke badly of it")
    invitation: Bool = column(np.bool_, "", "carried an invitation of the referral programme")
    strong: Bool = column(np.bool_, "", "came over a strong tie")


class Awareness(Table):
    """Households that came to know the brand, or know it no longer."""

    household: I32 = column(np.int32, "", "id of the household")
    moment: F64 = column(np.float64, "years", "when")
    known: Bool = column(np.bool_, "", "knows the brand from now on")
    channel: I8 = column(np.int8, "", "what made it known, -1 nothing the brand or its owners did", NO_CHANNEL)


class Redemptions(Table):
    """Credits spent at a contact with service, in part or whole."""

    credit: I32 = column(np.int32, "", "row of the credit")
    moment: F64 = column(np.float64, "years", "when")
    amount: I64 = column(np.int64, "minor units", "face value spent")


class Journal:
    """The notes of one replicate."""

    def __init__(self, households: int, groups: int) -> None:
        self.words, self.awareness, self.redemptions = Words(), Awareness(), Redemptions()
        self._known = np.zeros(households, dtype=np.bool_)
        self._held = np.zeros(households, dtype=np.bool_)
        self._advertised = np.full(groups, np.inf)
        self._heard = 0

    def follow(
        self,
        moment: float,
        end: float,
        ids: I32,
        group: Rows,
        known: Bool,
        drives: Bool,
        follows: Bool,
        advertised: F64,
    ) -> None:
        """Note who knows the brand since this tick, and who no longer; all arrays but the last by row of people.

        `advertised` is the stock of awareness from advertising by district and segment. What a tick brings is noted at
        its start, where the model reads it; whoever gave up a car of the brand or ceased to follow
        a seller in it knew the brand to its end.
        """
        gained, lost = np.flatnonzero(known & ~self._known), np.flatnonzero(self._known & ~known)
        rose = advertised > self._advertised
        channel = np.where(rose[group[gained]], PAID_ADS, NO_CHANNEL)
        heard = slice(self._heard, len(self.words))
        for invited, medium in ((False, WORD_OF_MOUTH), (True, REFERRAL)):
            hearers = self.words.hearer[heard][self.words.invitation[heard] == invited]
            channel[np.isin(ids[gained], hearers)] = medium
        channel[drives[gained]] = NO_CHANNEL  # an order made them drive it; its own channel says what brought them
        self.awareness.append(len(gained), household=ids[gained], moment=moment, known=True, channel=channel)
        held = drives | follows
        gave_up = self._held[lost] & ~held[lost]
        self.awareness.append(len(lost), household=ids[lost], moment=np.where(gave_up, end, moment), known=False)
        self._known, self._held = known, held
        self._advertised, self._heard = advertised.copy(), len(self.words)
