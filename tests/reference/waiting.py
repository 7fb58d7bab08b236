"""Pooled leads that wait until a seller who may call them is free and the store open; the best score goes first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.numeric import power_one
from sim.streams import Decision
from tests.reference.entities import Lead, Seller

if TYPE_CHECKING:
    from tests.reference.desk import Desk

Line = tuple[int, Seller | None]
"""A district, and the seller they wait for; none where anybody of the district may call."""


class WaitingRoom:
    """Who waits for a call in one tick."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.lines: dict[Line, list[tuple[float, float, int, Lead]]] = {}
        """Minus score, moment, household and lead."""
        self.last: dict[Line, float] = {}
        """Moment of the last who came."""

    def join(self, lead: Lead) -> None:
        """Let a lead wait, from its moment."""
        desk = self.desk
        if lead.seller is None and desk.o.assign == "round_robin":
            lead.seller = desk.seat(lead, lead.next_at)
            lead.store = lead.seller.store
        if lead.score is None:
            u = desk.uniform(lead, Decision.SCORE)
            lead.score = power_one(u, (1.0 - desk.o.auc) / desk.o.auc) if lead.in_market else u
        line = (lead.person.district, lead.seller)
        self.lines.setdefault(line, []).append((-lead.score, lead.next_at, lead.person.id, lead))
        self.last[line] = lead.next_at

    def turns(self, district: int) -> list[tuple[float, float, float, int, float, Line]]:
        """When the lines of a district move on: moment, the first in line, opening time, line."""
        desk = self.desk
        found = []
        for line, waiting in self.lines.items():
            if line[0] == district and waiting:
                last = self.last[line]
                free = 0.0 if desk.unlimited else min(s.free_at for s in self.who_may_call(line))
                opening = max(free, desk.opening_time(last))
                first = min(waiting, key=lambda entry: entry[:3])
                found.append((max(last, desk.clock(opening)), *first[:3], opening, line))
        return found

    def who_may_call(self, line: Line) -> list[Seller]:
        district, own = line
        return self.desk.team(district) if own is None else [own]

    def anybody_before(self, end: float) -> bool:
        """Whether somebody could be called before the end of the tick."""
        return any(turn[0] < end for district in range(self.desk.m.districts) for turn in self.turns(district))

    def next_one(self, district: int, before: float) -> bool:
        """Call the next one who waits in a district, if that can be done before a moment."""
        desk = self.desk
        turn = min(self.turns(district), key=lambda turn: turn[:4], default=None)
        if turn is None or turn[0] >= before:
            return False
        moment, _, _, _, opening, line = turn
        first = min(self.lines[line], key=lambda entry: entry[:3])
        self.lines[line].remove(first)
        lead = first[3]
        desk.m.happened["waited over the end of a tick"] += lead.next_at < desk.m.now
        desk.m.happened["overtaken by a better score"] += any(e[1] < lead.next_at for e in self.lines[line])
        if lead.person.ready_at <= moment:  # the search is over: nobody calls any more
            desk.m.happened["search over while waiting"] += 1
            lead.next_at = math.inf
        else:
            lead.seller = lead.seller or desk.fitting(lead, opening)
            lead.store = lead.seller.store
            desk.call(lead, moment)
            desk.follow(lead)
        return True
