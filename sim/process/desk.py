"""The sellers' desk: jobs served in event order within finite hours. A compiled kernel, because every job waits for
the one before it (measured: the loop is a third of a tick in plain Python).

Clock moments are years since the start; sellers work in *opening time*, hours counted only while stores are open. A
seller who works fewer hours than the store is open takes that much longer over each job (`stretch`).
"""

from __future__ import annotations

import heapq
import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.numeric import log_one
from sim.streams import Decision, uniform_one
from sim.world.stores import Job, Outcome

F64 = NDArray[np.float64]


class Due(NamedTuple):
    """The leads with something to do in this tick, one element each; the kernel writes to all but the inputs."""

    household: NDArray[np.int64]
    episode: NDArray[np.int64]
    store: NDArray[np.int64]
    district: NDArray[np.int64]
    in_market: NDArray[np.bool_]
    partner: NDArray[np.bool_]
    last_word: F64
    """How often the partner's word counts when the two disagree."""
    agree: F64
    """Exponent of agreeing to a visit in one call."""
    utility: F64
    """Own utility of the brand above the best alternative, before seller and test drive."""
    partner_utility: F64
    cool_at: F64
    # written
    ready_at: F64
    seller: NDArray[np.int64]
    answered: F64
    reached: NDArray[np.bool_]
    visited: F64
    tested: F64
    closed: F64
    outcome: NDArray[np.int64]
    hours: F64
    calls: NDArray[np.int64]
    next_at: F64
    next_job: NDArray[np.int64]


class Team(NamedTuple):
    """Sellers by store."""

    first: NDArray[np.int64]
    count: NDArray[np.int64]
    skill: F64
    free_at: F64
    """Opening time at which each seller is next free; written."""


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


class Tally(NamedTuple):
    """What was done in this tick, per district; written."""

    worked: F64
    calls: NDArray[np.int64]
    visits: NDArray[np.int64]
    test_drives: NDArray[np.int64]


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def opening_time(moment: float, pace: Pace) -> float:
    """Hours stores have been open from the start to a clock moment."""
    days = moment * 365.0
    day = math.floor(days)
    hour = (days - day) * 24.0 - pace.opens
    return day * pace.open_hours + min(max(hour, 0.0), pace.open_hours)


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def clock(opening: float, pace: Pace) -> float:
    """The clock moment at which stores have been open that long; the opening hour where it falls on a closing hour."""
    day = math.floor(opening / pace.open_hours)
    return (day + (pace.opens + (opening - day * pace.open_hours)) / 24.0) / 365.0


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _draw(key: tuple[int, int], decision: int, attempt: int, i: int, due: Due) -> float:
    return uniform_one(key[0], key[1], decision, attempt, 0, due.household[i], due.episode[i])


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _seat(key: tuple[int, int], i: int, due: Due, team: Team, pace: Pace) -> int:
    """The seller for a lead that has none: whoever is free first; without limit of hours, by lot."""
    first, count = team.first[due.store[i]], team.count[due.store[i]]
    if pace.stretch == 0.0:
        return first + int(math.floor(_draw(key, Decision.SEAT, 0, i, due) * count))
    best = first
    for s in range(first + 1, first + count):
        if team.free_at[s] < team.free_at[best]:
            best = s
    return best


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _begin(moment: float, seller: int, team: Team, pace: Pace) -> float:
    """Opening time at which the seller can begin a job that waits since `moment`."""
    wanted = opening_time(moment, pace)
    return wanted if pace.stretch == 0.0 else max(wanted, team.free_at[seller])


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _work(i: int, begin: float, hours: float, due: Due, team: Team, pace: Pace, tally: Tally) -> None:
    """Let the lead's seller work on it from `begin`."""
    if pace.stretch > 0.0:
        team.free_at[due.seller[i]] = begin + hours * pace.stretch
    due.hours[i] += hours
    tally.worked[due.district[i]] += hours


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _call(key: tuple[int, int], i: int, moment: float, due: Due, team: Team, pace: Pace, tally: Tally) -> None:
    """Put the first call in the seller's queue; whether it reaches anybody depends on when its turn comes."""
    due.seller[i] = _seat(key, i, due, team, pace)
    begin = _begin(moment, due.seller[i], team, pace)
    turn = max(moment, clock(begin, pace))
    due.reached[i] = turn <= due.cool_at[i] and turn < due.ready_at[i]
    mean = pace.call_hours if due.reached[i] else pace.attempt_hours
    _work(i, begin, -log_one(_draw(key, Decision.CALL_TIME, 0, i, due)) * mean, due, team, pace, tally)
    due.next_at[i], due.next_job[i] = turn, Job.ANSWER


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _close(i: int, moment: float, outcome: int, due: Due) -> None:
    due.closed[i], due.outcome[i], due.next_at[i] = moment, outcome, math.inf


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _propose(key: tuple[int, int], i: int, moment: float, due: Due, pace: Pace) -> None:
    """Propose a visit. Who agrees decides after it; who does not is called again before the search ends."""
    if _draw(key, Decision.VISIT_AGREED, due.calls[i], i, due) < due.agree[i]:
        delay = -log_one(_draw(key, Decision.VISIT_DELAY, 0, i, due)) * pace.visit_delay
        due.next_at[i], due.next_job[i] = moment + delay, Job.VISIT
        due.ready_at[i] = max(due.ready_at[i], moment + delay)
    elif moment + pace.nurture < due.ready_at[i]:
        due.next_at[i], due.next_job[i] = moment + pace.nurture, Job.NURTURE
    else:
        due.next_at[i] = math.inf


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _answer(key: tuple[int, int], i: int, moment: float, due: Due, pace: Pace, tally: Tally) -> None:
    """The first call takes place: it misses, finds no need (D15), or leads on."""
    due.answered[i] = moment
    due.calls[i] += 1
    tally.calls[due.district[i]] += 1
    if not due.reached[i]:
        _close(i, moment, Outcome.LOST_LATE, due)
    elif not due.in_market[i]:
        _close(i, moment, Outcome.NO_NEED, due)
    else:
        _propose(key, i, moment, due, pace)


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _nurture(key: tuple[int, int], i: int, moment: float, due: Due, team: Team, pace: Pace, tally: Tally) -> None:
    """A follow-up call to someone who was not ready."""
    begin = _begin(moment, due.seller[i], team, pace)
    _work(i, begin, -log_one(_draw(key, Decision.CALL_TIME, due.calls[i], i, due)) * pace.call_hours, due, team, pace, tally)
    due.calls[i] += 1
    tally.calls[due.district[i]] += 1
    _propose(key, i, moment, due, pace)


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _visit(key: tuple[int, int], i: int, moment: float, due: Due, team: Team, pace: Pace, tally: Tally) -> None:
    """A visit, often with a test drive; the household decides when both its search and the visit are over."""
    if due.seller[i] < 0:
        due.seller[i] = _seat(key, i, due, team, pace)
    begin = _begin(moment, due.seller[i], team, pace)
    turn = max(moment, clock(begin, pace))
    hours = -log_one(_draw(key, Decision.VISIT_TIME, 0, i, due)) * pace.visit_hours
    if math.isnan(due.answered[i]):  # walked in
        due.answered[i] = turn
        due.reached[i] = True
    due.visited[i] = turn
    tally.visits[due.district[i]] += 1
    if _draw(key, Decision.TEST_DRIVE, 0, i, due) < pace.test_drive_share:
        due.tested[i] = max(turn, clock(begin + hours * pace.stretch, pace))
        hours += -log_one(_draw(key, Decision.VISIT_TIME, 1, i, due)) * pace.test_drive_hours
        tally.test_drives[due.district[i]] += 1
    _work(i, begin, hours, due, team, pace, tally)
    over = max(turn, clock(begin + hours * pace.stretch, pace))
    if _draw(key, Decision.SPOT, 0, i, due) < pace.spot_decision_share:
        due.ready_at[i] = over
    else:
        due.ready_at[i] = max(due.ready_at[i], over)
    due.next_at[i], due.next_job[i] = due.ready_at[i], Job.DECIDE


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _prefers(u: float, utility: float) -> bool:
    """Logit choice: the brand, if a logistic draw lies below its advantage."""
    return log_one(u / (1.0 - u)) < utility


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def _decide(key: tuple[int, int], i: int, moment: float, due: Due, team: Team, pace: Pace, tally: Tally) -> None:
    """Order or go to a rival; where partners disagree the one with the last word vetoes or convinces (N10)."""
    bonus = pace.skill_weight * (team.skill[due.seller[i]] - 0.5)
    if not math.isnan(due.tested[i]):
        bonus += pace.test_drive_utility
    yes = _prefers(_draw(key, Decision.CHOICE_OWN, 0, i, due), due.utility[i] + bonus)
    if due.partner[i]:
        theirs = _prefers(_draw(key, Decision.CHOICE_PARTNER, 0, i, due), due.partner_utility[i] + bonus)
        if theirs != yes and _draw(key, Decision.LAST_WORD, 0, i, due) < due.last_word[i]:
            yes = theirs
    if yes:
        begin = _begin(moment, due.seller[i], team, pace)
        _work(i, begin, -log_one(_draw(key, Decision.VISIT_TIME, 2, i, due)) * pace.order_hours, due, team, pace, tally)
        _close(i, moment, Outcome.ORDERED, due)
    else:
        _close(i, moment, Outcome.BOUGHT_RIVAL, due)


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def serve(end: float, key: tuple[int, int], due: Due, team: Team, pace: Pace, tally: Tally) -> None:
    """Do all jobs before `end` in the order of their moments, then of household ids; jobs may bring on further ones."""
    queue = [(due.next_at[i], due.household[i], i) for i in range(len(due.next_at))]
    heapq.heapify(queue)
    while len(queue) > 0:
        moment, household, i = heapq.heappop(queue)
        job = due.next_job[i]
        if job == Job.CALL:
            _call(key, i, moment, due, team, pace, tally)
        elif job == Job.ANSWER:
            _answer(key, i, moment, due, pace, tally)
        elif job == Job.NURTURE:
            _nurture(key, i, moment, due, team, pace, tally)
        elif job == Job.VISIT:
            _visit(key, i, moment, due, team, pace, tally)
        else:
            _decide(key, i, moment, due, team, pace, tally)
        if due.next_at[i] < end:
            heapq.heappush(queue, (due.next_at[i], household, i))
