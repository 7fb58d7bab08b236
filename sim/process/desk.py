"""The sellers' desk: jobs served in event order within finite hours. A compiled kernel, because every job waits for
the one before it.
"""

from __future__ import annotations

import math

import numpy as np

from sim.kernels import kernel, part
from sim.numeric import power_one
from sim.process import seats, waiting
from sim.process.event_queue import before, pop, push
from sim.process.jobs import I64, Pace, Plan, Records, do, draw, give_seller
from sim.process.seats import Assign
from sim.streams import Decision
from sim.world.stores import Job


@part
def _wait(
    key: tuple[int, int], i: int, due: Records, team: Records, pace: Pace, plan: Plan, queue: waiting.Lines
) -> None:
    """Score a lead (D20: the score of one in need lies above that of one without with probability AUC) and let it wait
    for its seller, or for whoever is free first."""
    lead = due[i]
    u = draw(key, Decision.SCORE, 0, lead)
    lead.score = power_one(u, plan.score_exponent) if lead.in_market else u
    if lead.seller < 0 and plan.assign != Assign.FIT:
        give_seller(key, lead.next_at, lead, team, pace, plan)
    waiting.join(i, queue, due)


@part
def _take(
    line: int, opening: float, moment: float, due: Records, team: Records, pace: Pace, plan: Plan, queue: waiting.Lines
) -> int:
    """Take the first lead of a line and give it a seller; -1 if its search was over by then: nobody calls it."""
    i = waiting.leave(line, queue, due)
    lead = due[i]
    if lead.ready_at <= moment:
        lead.next_at = math.inf
        return -1
    if lead.seller < 0:
        lead.seller = seats.by_fit(opening, lead, team, pace, plan)
        lead.km = seats.distance(lead, team[lead.seller])
    return i


def serve(
    end: float, key: tuple[int, int], due: Records, team: Records, pace: Pace, plan: Plan, tally: Records
) -> None:
    """Do all jobs before `end` in the order of their moments, then of household ids; jobs may bring on further ones.

    The leads come in that order as they stand at the beginning.
    """
    queue = waiting.lines(len(due), len(team), len(tally)) if plan.by_score else waiting.lines(0, 0, 0)
    _serve(end, key, due, team, pace, plan, tally, np.empty(len(due), dtype=np.int64), queue)


@kernel
def _serve(
    end: float,
    key: tuple[int, int],
    due: Records,
    team: Records,
    pace: Pace,
    plan: Plan,
    tally: Records,
    heap: I64,
    queue: waiting.Lines,
) -> None:
    """The loop over all jobs; `heap` is room for those that are brought on.

    Districts share nothing: before each job of a district, and at the end, those who wait there are called as far as
    sellers were free before it.
    """
    next_at, household = due["next_at"], due["household"]
    following, size, ending = 0, 0, 0
    while True:
        i, known, moment, district = -1, False, end, ending
        if following < len(due) or size > 0:
            known = size == 0 or (following < len(due) and before(following, heap[0], next_at, household))
            i = following if known else heap[0]
            moment, district = next_at[i], due[i].district
        elif ending == len(queue.length):
            break
        line, opening, turn = -1, math.inf, math.inf
        if len(queue.length) > 0 and queue.length[district] > 0:
            line, opening, turn = waiting.soonest(district, queue, due, team, pace, plan)
        if turn < moment:
            i, moment = _take(line, opening, turn, due, team, pace, plan, queue), turn
            if i < 0:
                continue
        elif i < 0:
            ending += 1
            continue
        else:
            if known:
                following += 1
            else:
                size = pop(heap, size, next_at, household)
            if plan.by_score and due[i].pooled and due[i].next_job == Job.CALL:
                _wait(key, i, due, team, pace, plan, queue)
                continue
        do(end, key, moment, due[i], team, pace, plan, tally[district])
        if next_at[i] < end:
            size = push(heap, size, i, next_at, household)
