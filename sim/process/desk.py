"""The sellers' desk: jobs served in event order within finite hours. A compiled kernel, because every job waits for
the one before it. Jobs work on records, one per lead: passing dozens of arrays to each function costs more
than the job.

Clock moments are years since the start; sellers work in *opening time*, hours counted only while stores are open. A
seller who works fewer hours than the store is open takes that much longer over each job (`stretch`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.numeric import log_one
from sim.process.event_queue import before, pop, push
from sim.streams import Decision, uniform_one
from sim.world.stores import Job, Outcome

I64 = NDArray[np.int64]


DUE = np.dtype(
    [
        ("household", np.int64),
        ("episode", np.int64),
        ("district", np.int64),
        ("first_seller", np.int64),
        ("sellers", np.int64),
        ("in_market", np.bool_),
        ("partner", np.bool_),
        ("last_word", np.float64),  # how often the partner's word counts when the two disagree
        ("agree", np.float64),  # probability of agreeing to a visit in one call
        ("utility", np.float64),  # own utility above the best alternative, before seller and test drive
        ("partner_utility", np.float64),
        ("cool_at", np.float64),
        # written by the desk
        ("ready_at", np.float64),
        ("seller", np.int64),
        ("answered", np.float64),
        ("reached", np.bool_),
        ("visited", np.float64),
        ("tested", np.float64),
        ("closed", np.float64),
        ("outcome", np.int64),
        ("hours", np.float64),
        ("calls", np.int64),
        ("next_at", np.float64),
        ("next_job", np.int64),
    ],
    align=True,
)
"""A lead with something to do in this tick. One record each, so that a job touches one place in memory."""

SELLER = np.dtype([("skill", np.float64), ("free_at", np.float64)], align=True)
"""A seller: closing skill, and the opening time at which the next job can begin (written)."""

TALLY = np.dtype(
    [("worked", np.float64), ("calls", np.int64), ("visits", np.int64), ("test_drives", np.int64)], align=True
)
"""What was done in this tick in one district (written)."""

Records = NDArray[np.void]


class Pace(NamedTuple):
    """Durations and constants of the desk."""

    opens: float
    open_hours: float
    """Hours a store is open per day."""
    stretch: float
    """Opening hours that pass per working hour; 0 for sellers without limit."""
    call_hours: float
    attempt_hours: float
    visit_hours: float
    test_drive_hours: float
    order_hours: float
    visit_delay: float
    """Mean, years."""
    nurture: float
    """Years between follow-ups."""
    test_drive_share: float
    spot_decision_share: float
    skill_weight: float
    test_drive_utility: float


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def opening_time(moment: float, pace: Pace) -> float:
    """Hours stores have been open from the start to a clock moment."""
    days = moment * 365.0
    day = math.floor(days)
    hour = (days - day) * 24.0 - pace.opens
    return day * pace.open_hours + min(max(hour, 0.0), pace.open_hours)


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def clock(opening: float, pace: Pace) -> float:
    """The clock moment at which stores have been open that long; the opening hour where it falls on a closing hour."""
    day = math.floor(opening / pace.open_hours)
    return (day + (pace.opens + (opening - day * pace.open_hours)) / 24.0) / 365.0


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _draw(key: tuple[int, int], decision: int, attempt: int, lead: Any) -> float:
    return uniform_one(key[0], key[1], decision, attempt, 0, lead.household, lead.episode)


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _seat(key: tuple[int, int], moment: float, lead: Any, team: Records, pace: Pace) -> int:
    """The seller for a lead that has none: one drawn by lot if free by then, otherwise whoever is free first.

    The lot keeps paired worlds alike: a seller who is busy a little longer changes only the leads that would be theirs.
    """
    first, count = lead.first_seller, lead.sellers
    lot: int = first + math.floor(_draw(key, Decision.SEAT, 0, lead) * count)
    if pace.stretch == 0.0 or team[lot].free_at <= opening_time(moment, pace):
        return lot
    best: int = first
    for s in range(first + 1, first + count):
        if team[s].free_at < team[best].free_at:
            best = s
    return best


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _begin(moment: float, seller: int, team: Records, pace: Pace) -> float:
    """Opening time at which the seller can begin a job that waits since `moment`."""
    wanted = opening_time(moment, pace)
    return wanted if pace.stretch == 0.0 else max(wanted, team[seller].free_at)


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _work(begin: float, hours: float, lead: Any, team: Records, pace: Pace, tally: Any) -> None:
    """Let the lead's seller work on it from `begin`."""
    if pace.stretch > 0.0:
        team[lead.seller].free_at = begin + hours * pace.stretch
    lead.hours += hours
    tally.worked += hours


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _call(key: tuple[int, int], moment: float, lead: Any, team: Records, pace: Pace, tally: Any) -> None:
    """Put the first call in the seller's queue; whether it reaches anybody depends on when its turn comes."""
    if lead.seller < 0:
        lead.seller = _seat(key, moment, lead, team, pace)
    begin = _begin(moment, lead.seller, team, pace)
    turn = max(moment, clock(begin, pace))
    lead.reached = turn <= lead.cool_at and turn < lead.ready_at
    mean = pace.call_hours if lead.reached else pace.attempt_hours
    _work(begin, -log_one(_draw(key, Decision.CALL_TIME, 0, lead)) * mean, lead, team, pace, tally)
    lead.next_at, lead.next_job = turn, Job.ANSWER


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _close(moment: float, outcome: int, lead: Any) -> None:
    lead.closed, lead.outcome, lead.next_at = moment, outcome, math.inf


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _propose(key: tuple[int, int], moment: float, lead: Any, pace: Pace) -> None:
    """Propose a visit. Who agrees decides after it; who does not is called again before the search ends."""
    if _draw(key, Decision.VISIT_AGREED, lead.calls, lead) < lead.agree:
        delay = -log_one(_draw(key, Decision.VISIT_DELAY, 0, lead)) * pace.visit_delay
        lead.next_at, lead.next_job = moment + delay, Job.VISIT
        lead.ready_at = max(lead.ready_at, moment + delay)
    elif moment + pace.nurture < lead.ready_at:
        lead.next_at, lead.next_job = moment + pace.nurture, Job.NURTURE
    else:
        lead.next_at = math.inf


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _answer(key: tuple[int, int], moment: float, lead: Any, pace: Pace, tally: Any) -> None:
    """The first call takes place: it misses, finds no need (D15), or leads on."""
    lead.answered = moment
    lead.calls += 1
    tally.calls += 1
    if not lead.reached:
        _close(moment, Outcome.LOST_LATE, lead)
    elif not lead.in_market:
        _close(moment, Outcome.NO_NEED, lead)
    else:
        _propose(key, moment, lead, pace)


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _nurture(key: tuple[int, int], moment: float, lead: Any, team: Records, pace: Pace, tally: Any) -> None:
    """A follow-up call to someone who was not ready; one whose turn comes after the decision is in vain."""
    begin = _begin(moment, lead.seller, team, pace)
    turn = max(moment, clock(begin, pace))
    _work(begin, -log_one(_draw(key, Decision.CALL_TIME, lead.calls, lead)) * pace.call_hours, lead, team, pace, tally)
    lead.calls += 1
    tally.calls += 1
    if turn < lead.ready_at:
        _propose(key, turn, lead, pace)
    else:
        lead.next_at = math.inf


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _visit(key: tuple[int, int], moment: float, lead: Any, team: Records, pace: Pace, tally: Any) -> None:
    """A visit, often with a test drive; the household decides when both its search and the visit are over."""
    if lead.seller < 0:
        lead.seller = _seat(key, moment, lead, team, pace)
    begin = _begin(moment, lead.seller, team, pace)
    turn = max(moment, clock(begin, pace))
    hours = -log_one(_draw(key, Decision.VISIT_TIME, 0, lead)) * pace.visit_hours
    if math.isnan(lead.answered):  # walked in
        lead.answered = turn
        lead.reached = True
    lead.visited = turn
    tally.visits += 1
    if _draw(key, Decision.TEST_DRIVE, 0, lead) < pace.test_drive_share:
        lead.tested = max(turn, clock(begin + hours * pace.stretch, pace))
        hours += -log_one(_draw(key, Decision.VISIT_TIME, 1, lead)) * pace.test_drive_hours
        tally.test_drives += 1
    _work(begin, hours, lead, team, pace, tally)
    over = max(turn, clock(begin + hours * pace.stretch, pace))
    if _draw(key, Decision.SPOT, 0, lead) < pace.spot_decision_share:
        lead.ready_at = over
    else:
        lead.ready_at = max(lead.ready_at, over)
    lead.next_at, lead.next_job = lead.ready_at, Job.DECIDE


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _prefers(u: float, utility: float) -> bool:
    """Logit choice: the brand, if a logistic draw lies below its advantage."""
    return log_one(u / (1.0 - u)) < utility


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _decide(key: tuple[int, int], moment: float, lead: Any, team: Records, pace: Pace, tally: Any) -> None:
    """Order or go to a rival; where partners disagree the one with the last word vetoes or convinces (N10)."""
    bonus = pace.skill_weight * (team[lead.seller].skill - 0.5)
    if not math.isnan(lead.tested):
        bonus += pace.test_drive_utility
    yes = _prefers(_draw(key, Decision.CHOICE_OWN, 0, lead), lead.utility + bonus)
    if lead.partner:
        theirs = _prefers(_draw(key, Decision.CHOICE_PARTNER, 0, lead), lead.partner_utility + bonus)
        if theirs != yes and _draw(key, Decision.LAST_WORD, 0, lead) < lead.last_word:
            yes = theirs
    if yes:
        begin = _begin(moment, lead.seller, team, pace)
        _work(begin, -log_one(_draw(key, Decision.VISIT_TIME, 2, lead)) * pace.order_hours, lead, team, pace, tally)
        _close(moment, Outcome.ORDERED, lead)
    else:
        _close(moment, Outcome.BOUGHT_RIVAL, lead)


@njit(cache=True, forceinline=True)  # type: ignore[untyped-decorator, unused-ignore]
def _do(key: tuple[int, int], moment: float, lead: Any, team: Records, pace: Pace, tally: Any) -> None:
    if lead.next_job == Job.CALL:
        _call(key, moment, lead, team, pace, tally)
    elif lead.next_job == Job.ANSWER:
        _answer(key, moment, lead, pace, tally)
    elif lead.next_job == Job.NURTURE:
        _nurture(key, moment, lead, team, pace, tally)
    elif lead.next_job == Job.VISIT:
        _visit(key, moment, lead, team, pace, tally)
    else:
        _decide(key, moment, lead, team, pace, tally)


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def serve(
    end: float, key: tuple[int, int], due: Records, team: Records, pace: Pace, tally: Records, order: I64
) -> None:
    """Do all jobs before `end` in the order of their moments, then of household ids; jobs may bring on further ones.

    `order` names the elements of `due` in that order as they stand at the beginning. An answer touches nothing but its
    own lead, so it follows its call at once.
    """
    next_at, household = due["next_at"], due["household"]
    heap, size, following = np.empty(len(order), dtype=np.int64), 0, 0
    while following < len(order) or size > 0:
        if size == 0 or (following < len(order) and before(order[following], heap[0], next_at, household)):
            i = order[following]
            following += 1
        else:
            i = heap[0]
            size = pop(heap, size, next_at, household)
        lead = due[i]
        _do(key, lead.next_at, lead, team, pace, tally[lead.district])
        if lead.next_job == Job.ANSWER and lead.next_at < end:
            _answer(key, lead.next_at, lead, pace, tally[lead.district])
        if lead.next_at < end:
            size = push(heap, size, i, next_at, household)
