"""The jobs of the sellers' desk, for compiled kernels: what a lead, its seller and the records of the tick become.

Jobs work on records, one per lead: passing dozens of arrays to each function costs more than the job. Clock moments are
years since the start; sellers work in *opening time*, hours counted only while stores are open. A seller who works
fewer hours than the store is open takes that much longer over each job (`stretch`).

What the brand pools it can see and steer (`Plan`); all other leads are served as if there were no pool.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import part
from sim.numeric import exp_one, log_one
from sim.process import seats
from sim.process.opening import clock, opening_time
from sim.process.seats import Assign
from sim.streams import Decision, uniform_one
from sim.world.stores import Job, Outcome

I64 = NDArray[np.int64]


DUE = np.dtype(
    [
        ("next_at", np.float64),
        ("ready_at", np.float64),
        ("cool_at", np.float64),
        ("score", np.float64),
        ("hours", np.float64),
        ("answered", np.float64),
        ("km", np.float64),  # to the store
        ("x", np.float64),  # place of the household, km; set where it is needed
        ("y", np.float64),
        ("eagerness", np.float64),  # exponent of agreeing to a visit in one call, next door to the store
        ("utility", np.float64),  # own utility above the best alternative, before seller and test drive
        ("partner_utility", np.float64),
        ("last_word", np.float64),  # how often the partner's word counts when the two disagree
        ("visited", np.float64),
        ("tested", np.float64),
        ("closed", np.float64),
        ("household", np.int32),
        ("episode", np.int32),
        ("first_seller", np.int32),
        ("sellers", np.int32),
        ("seller", np.int32),
        ("district", np.int16),
        ("calls", np.int16),
        ("recalls", np.int8),
        ("outcome", np.int8),
        ("next_job", np.int8),
        ("in_market", np.bool_),
        ("partner", np.bool_),
        ("pooled", np.bool_),
        ("reached", np.bool_),
    ],
    align=True,
)
"""A lead with something to do in this tick. One record each, so that a job touches one place in memory."""

SELLER = np.dtype(
    [
        ("skill", np.float64),
        ("x", np.float64),  # place of the store, km
        ("y", np.float64),
        ("stretch", np.float64),  # opening hours that pass per working hour; 0 for a seller without limit
        # written by the desk
        ("free_at", np.float64),
        ("worked", np.float64),
    ],
    align=True,
)
"""A seller: closing skill, place, pace, the opening time at which the next job can begin, and hours worked."""

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
    visit_km: float


class Plan(NamedTuple):
    """How pooled leads are handled in this tick; neutral where nobody runs the pool."""

    by_score: bool
    """They wait for the next free seller, best score first; otherwise each stands in a seller's queue at once."""
    score_exponent: float
    """(1 - AUC) / AUC of the scoring (D20)."""
    assign: int
    """`Assign`."""
    nurture: float
    """Share by which every further proposal is readier for a yes than the first."""
    recalls: int
    recall_delay: float
    """Years."""
    recall_reach: float
    test_drive_share: float
    order_hours: float
    utility: float
    """Utility of one flow of payment, trade-in and loan."""
    first: I64
    """First seller by district."""
    sellers: I64
    """Number of sellers by district."""
    turn: I64
    """By district: leads given out in turn so far (written)."""


@part
def draw(key: tuple[int, int], decision: int, attempt: int, lead: Any) -> float:
    """A keyed draw of a lead."""
    return uniform_one(key[0], key[1], decision, attempt, 0, lead.household, lead.episode)


@part
def give_seller(key: tuple[int, int], moment: float, lead: Any, team: Records, pace: Pace, plan: Plan) -> None:
    """Give a lead that has none a seller."""
    opening = opening_time(moment, pace)
    if not lead.pooled or plan.assign == Assign.LOT:
        lead.seller = seats.by_lot(key, opening, lead, team)
        return
    fit = plan.assign == Assign.FIT
    lead.seller = seats.by_fit(opening, lead, team, pace, plan) if fit else seats.in_turn(lead, plan)
    lead.km = seats.distance(lead, team[lead.seller])


@part
def _begin(moment: float, seller: Any, pace: Pace) -> float:
    """Opening time at which the seller can begin a job that waits since `moment`."""
    wanted = opening_time(moment, pace)
    return wanted if seller.stretch == 0.0 else max(wanted, seller.free_at)


@part
def _work(begin: float, hours: float, lead: Any, team: Records, tally: Any) -> None:
    """Let the lead's seller work on it from `begin`."""
    seller = team[lead.seller]
    if seller.stretch > 0.0:
        seller.free_at = begin + hours * seller.stretch
    seller.worked += hours
    lead.hours += hours
    tally.worked += hours


@part
def _call(key: tuple[int, int], moment: float, lead: Any, team: Records, pace: Pace, plan: Plan, tally: Any) -> None:
    """Put a call in the seller's queue; whether it reaches anybody depends on when its turn comes, a later one's on
    luck too."""
    if lead.seller < 0:
        give_seller(key, moment, lead, team, pace, plan)
    begin = _begin(moment, team[lead.seller], pace)
    turn = max(moment, clock(begin, pace))
    if lead.next_job == Job.RECALL:
        lead.recalls += 1
        lead.reached = draw(key, Decision.RECALL, lead.recalls, lead) < plan.recall_reach and turn < lead.ready_at
    else:
        lead.reached = turn <= lead.cool_at and turn < lead.ready_at
    mean = pace.call_hours if lead.reached else pace.attempt_hours
    _work(begin, -log_one(draw(key, Decision.CALL_TIME, lead.calls, lead)) * mean, lead, team, tally)
    lead.next_at, lead.next_job = turn, Job.ANSWER


@part
def _close(moment: float, outcome: int, lead: Any) -> None:
    lead.closed, lead.outcome, lead.next_at = moment, outcome, math.inf


@part
def _propose(key: tuple[int, int], moment: float, lead: Any, pace: Pace, plan: Plan) -> None:
    """Propose a visit. Who agrees decides after it; who does not is called again before the search ends."""
    exponent = lead.eagerness * exp_one(-lead.km / pace.visit_km)
    if lead.pooled:  # content that fits has made the person readier since the first proposal
        exponent *= 1.0 + plan.nurture * (lead.calls - lead.recalls - 1)
    if draw(key, Decision.VISIT_AGREED, lead.calls, lead) < 1.0 - exp_one(-exponent):
        delay = -log_one(draw(key, Decision.VISIT_DELAY, 0, lead)) * pace.visit_delay
        lead.next_at, lead.next_job = moment + delay, Job.VISIT
        lead.ready_at = max(lead.ready_at, moment + delay)
    elif moment + pace.nurture < lead.ready_at:
        lead.next_at, lead.next_job = moment + pace.nurture, Job.NURTURE
    else:
        lead.next_at = math.inf


@part
def _answer(key: tuple[int, int], moment: float, lead: Any, pace: Pace, plan: Plan, tally: Any) -> None:
    """A call takes place: it misses, finds no need (D15), or leads on."""
    if lead.calls == 0:
        lead.answered = moment
    lead.calls += 1
    tally.calls += 1
    if lead.reached:
        if lead.in_market:
            _propose(key, moment, lead, pace, plan)
        else:
            _close(moment, Outcome.NO_NEED, lead)
    elif lead.pooled and lead.recalls < plan.recalls and moment + plan.recall_delay < lead.ready_at:
        lead.next_at, lead.next_job = moment + plan.recall_delay, Job.RECALL
    else:
        _close(moment, Outcome.LOST_LATE, lead)


@part
def _nurture(key: tuple[int, int], moment: float, lead: Any, team: Records, pace: Pace, plan: Plan, tally: Any) -> None:
    """A follow-up call to someone who was not ready; one whose turn comes after the decision is in vain."""
    begin = _begin(moment, team[lead.seller], pace)
    turn = max(moment, clock(begin, pace))
    _work(begin, -log_one(draw(key, Decision.CALL_TIME, lead.calls, lead)) * pace.call_hours, lead, team, tally)
    lead.calls += 1
    tally.calls += 1
    if turn < lead.ready_at:
        _propose(key, turn, lead, pace, plan)
    else:
        lead.next_at = math.inf


@part
def _visit(key: tuple[int, int], moment: float, lead: Any, team: Records, pace: Pace, plan: Plan, tally: Any) -> None:
    """A visit, often with a test drive; the household decides when both its search and the visit are over."""
    if lead.seller < 0:
        give_seller(key, moment, lead, team, pace, plan)
    seller = team[lead.seller]
    begin = _begin(moment, seller, pace)
    turn = max(moment, clock(begin, pace))
    hours = -log_one(draw(key, Decision.VISIT_TIME, 0, lead)) * pace.visit_hours
    if math.isnan(lead.answered):  # walked in
        lead.answered = turn
        lead.reached = True
    lead.visited = turn
    tally.visits += 1
    booked = plan.test_drive_share if lead.pooled else pace.test_drive_share
    if draw(key, Decision.TEST_DRIVE, 0, lead) < booked:
        lead.tested = max(turn, clock(begin + hours * seller.stretch, pace))
        hours += -log_one(draw(key, Decision.VISIT_TIME, 1, lead)) * pace.test_drive_hours
        tally.test_drives += 1
    _work(begin, hours, lead, team, tally)
    over = max(turn, clock(begin + hours * seller.stretch, pace))
    if draw(key, Decision.SPOT, 0, lead) < pace.spot_decision_share:
        lead.ready_at = over
    else:
        lead.ready_at = max(lead.ready_at, over)
    lead.next_at, lead.next_job = lead.ready_at, Job.DECIDE


@part
def _prefers(u: float, utility: float) -> bool:
    """Logit choice: the brand, if a logistic draw lies below its advantage."""
    return log_one(u / (1.0 - u)) < utility


@part
def _decide(key: tuple[int, int], moment: float, lead: Any, team: Records, pace: Pace, plan: Plan, tally: Any) -> None:
    """Order or go to a rival; where partners disagree the one with the last word vetoes or convinces (N10)."""
    bonus = pace.skill_weight * (team[lead.seller].skill - 0.5)
    if not math.isnan(lead.tested):
        bonus += pace.test_drive_utility
    if lead.pooled:
        bonus += plan.utility
    yes = _prefers(draw(key, Decision.CHOICE_OWN, 0, lead), lead.utility + bonus)
    if lead.partner:
        theirs = _prefers(draw(key, Decision.CHOICE_PARTNER, 0, lead), lead.partner_utility + bonus)
        if theirs != yes and draw(key, Decision.LAST_WORD, 0, lead) < lead.last_word:
            yes = theirs
    if yes:
        begin = _begin(moment, team[lead.seller], pace)
        mean = plan.order_hours if lead.pooled else pace.order_hours
        _work(begin, -log_one(draw(key, Decision.VISIT_TIME, 2, lead)) * mean, lead, team, tally)
        _close(moment, Outcome.ORDERED, lead)
    else:
        _close(moment, Outcome.BOUGHT_RIVAL, lead)


@part
def do(
    end: float,
    key: tuple[int, int],
    moment: float,
    lead: Any,
    team: Records,
    pace: Pace,
    plan: Plan,
    tally: Any,
) -> None:
    """Do what a lead waits for. An answer touches nothing but its own lead, so it follows its call at once."""
    if lead.next_job == Job.CALL or lead.next_job == Job.RECALL:
        _call(key, moment, lead, team, pace, plan, tally)
    elif lead.next_job == Job.NURTURE:
        _nurture(key, moment, lead, team, pace, plan, tally)
    elif lead.next_job == Job.VISIT:
        _visit(key, moment, lead, team, pace, plan, tally)
    elif lead.next_job == Job.DECIDE:
        _decide(key, moment, lead, team, pace, plan, tally)
    if lead.next_job == Job.ANSWER and lead.next_at < end:
        _answer(key, lead.next_at, lead, pace, plan, tally)
