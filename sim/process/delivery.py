"""Cars are handed over in the order in which they were ordered, as fast as they can be built; who waits may cancel.

The hazard of cancelling grows with the wait (L15, L16; families have the least patience, L21). Each order drew at its
locking how long its household would wait, so a late car meets a cancelled order and goes to the next one. Where the
brand grants a right of return, disappointed buyers give the car back.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from sim import numeric
from sim.channels import REFERRAL
from sim.kernels import kernel
from sim.ledger import Purpose
from sim.process import driving, need, ownership, rewards, selling, word_of_mouth
from sim.streams import Decision, uniform
from sim.units import DAYS_PER_YEAR, MINOR_PER_MONEY, WEEKS_PER_YEAR
from sim.world import build
from sim.world.owners import Claim
from sim.world.people import BRAND, F64, NO_CAR_OF_OURS, Bool, Rows, Stage
from sim.world.stores import MarginOf
from sim.world.world import World


def hand_over(world: World) -> None:
    """Deliver what can be delivered in this tick and cancel the orders whose patience ends in it."""
    if len(world.waiting):
        _work_off(world)
    _take_back(world)


def _work_off(world: World) -> None:
    """Deliver and cancel."""
    orders = world.orders
    delivered, cancelled = _queue(world)
    gone = np.concatenate([delivered, cancelled])
    world.waiting = world.waiting[~np.isin(world.waiting, gone)]
    if len(cancelled):
        rewards.void(world, cancelled, orders.cancelled[cancelled])
        selling.buy_from_rival(world, orders.person[cancelled].astype(np.int64), orders.cancelled[cancelled])
    world.delivered_now = delivered
    if len(delivered):
        _receive(world, delivered)


def _queue(world: World) -> tuple[Rows, Rows]:
    """Work off the waiting list in the order of locking; returns the rows delivered and cancelled in this tick.

    Building is a single line: each car needs its represented number of cars of the line's capacity per year. Work done
    on a car that is not finished in this tick is kept; capacity that nobody waits for is lost.
    """
    orders = world.orders
    shortest = world.scenario.brand.delivery_weeks / WEEKS_PER_YEAR
    capacity = world.offers.capacity_per_year
    waiting = world.waiting
    due = (orders.ordered[waiting] + shortest < world.end) | (orders.cancel_at[waiting] < world.end)
    waiting = waiting[due]
    built, cancelled = np.full(len(waiting), np.nan), np.zeros(len(waiting), dtype=np.bool_)
    cars = Cars(orders.ordered[waiting], orders.cancel_at[waiting], world.weights[orders.district[waiting]])
    state = Line(world.line_busy_until, world.line_work_done)
    state = _build(cars, float(shortest), float(capacity), world.now, world.end, state, built, cancelled)
    world.line_busy_until, world.line_work_done = state
    done = ~np.isnan(built)
    orders.delivered[waiting[done]] = built[done]
    orders.cancelled[waiting[cancelled]] = orders.cancel_at[waiting[cancelled]]
    return waiting[done], waiting[cancelled]


class Cars(NamedTuple):
    """Orders that wait, one element each."""

    ordered: F64
    cancel_at: F64
    weight: F64
    """Cars the order stands for."""


class Line(NamedTuple):
    """How far the building has come."""

    busy_until: float
    work_done: float
    """Cars of those the next order stands for that are finished."""


@kernel
def _build(
    cars: Cars, shortest: float, capacity: float, now: float, end: float, line: Line, built: F64, cancelled: Bool
) -> Line:
    """Build car by car; writes when each is done and which orders are cancelled before."""
    line_moves, free, busy_until, work_done = True, max(line.busy_until, now), line.busy_until, line.work_done
    for i in range(len(cars.ordered)):
        begin = max(cars.ordered[i] + shortest, free)
        work = max(cars.weight[i] - work_done, 0.0)
        done = begin + work / capacity if line_moves and capacity > 0.0 else math.inf
        if cars.cancel_at[i] < min(done, end):
            cancelled[i] = True
        elif done < end:
            busy_until = free = built[i] = done
            work_done = 0.0
        elif line_moves:
            line_moves = False  # nobody overtakes the car that is being built
            work_done += max(end - begin, 0.0) * capacity if capacity > 0.0 else 0.0
    return Line(busy_until, work_done)


def _receive(world: World, rows: Rows) -> None:
    """Make buyers owners: books, relationship, first satisfaction, and the dates of what follows."""
    orders, people, owners = world.orders, world.people, world.owners
    person = orders.person[rows].astype(np.int64)
    moment = orders.delivered[rows]
    first = people.owner[person] < 0
    build.enrol(owners, people, person[first], world.key)
    owner = people.owner[person].astype(np.int64)
    orders.first[rows] = first
    owners.first_order[owner[first]] = rows[first]
    orders.margin[rows] = round(world.offers.margin * MINOR_PER_MONEY)
    _book(world, rows, person, moment)
    rewards.vest(world, rows)
    orders.repurchase[rows] &= people.car[person] == BRAND  # unless the car was returned while the next one was built
    again = orders.repurchase[rows]
    world.replacements.append(int(again.sum()), person=person[again], moment=moment[again], same_brand=True)
    fresh = owners.relationship[owner] < 0
    _take_up(world, rows, owner, moment)
    _befriend(world, rows[fresh], owner[fresh], moment[fresh])
    kept = owner[~fresh]
    ownership.reckon(world, kept, moment[~fresh])
    owners.satisfaction[owner] = _first_satisfaction(world, rows, person)
    _may_return(world, rows, owner)
    need.settle_purchase(world, person, moment, BRAND)
    ownership.begin(world, owner[fresh], moment[fresh])
    ownership.file(world, kept)
    silent = owner[~np.isfinite(owners.talk_at[owner])]
    word_of_mouth.begin(world, silent, np.full(len(silent), world.end))  # heard from the next tick on


def _book(world: World, rows: Rows, person: Rows, moment: F64, *, back: bool = False) -> None:
    """Margin, discount and subsidy of the cars handed over, or taken back."""
    sign = -1 if back else 1
    orders = world.orders
    district, channel = orders.district[rows], orders.channel[rows]
    programme = np.where(orders.claim[rows] == Claim.NONE, channel, REFERRAL)
    world.ledger.book(Purpose.CAR_MARGIN, district, channel, sign * orders.margin[rows])
    world.ledger.book(Purpose.DISCOUNT, district, programme, sign * orders.discount[rows])
    world.ledger.book(Purpose.SUBSIDY, district, programme, sign * orders.subsidy[rows])
    world.margins.append(
        len(rows),
        person=person,
        order=world.owners.first_order[world.people.owner[person]],
        moment=moment,
        amount=sign * (orders.margin[rows] - orders.discount[rows]),
        purpose=MarginOf.CAR,
    )


def _take_up(world: World, rows: Rows, owner: Rows, moment: F64) -> None:
    """Begin the ownerships of those who did not drive the brand."""
    orders, owners = world.orders, world.owners
    new = owners.ownership[owner] < 0
    rows, owner, moment = rows[new], owner[new], moment[new]
    owners.km[owner] = 0.0
    driving.begin(world, owner, moment, rows, orders.referrer[rows], orders.generation[rows])


def _befriend(world: World, rows: Rows, owner: Rows, moment: F64) -> None:
    """Begin relationships; whom an owner brought, that owner holds as long as the own relationship is kept."""
    orders, owners = world.orders, world.owners
    referrer = orders.referrer[rows]
    held = referrer >= 0
    held[held] = owners.relationship[world.owners_of(referrer[held])] >= 0
    new = world.relationships.append(
        len(rows),
        person=owners.person[owner],
        order=rows,
        began=moment,
        referrer=referrer,
        generation=orders.generation[rows],
        anchored=held,
    )
    began = np.arange(new.start, new.stop)
    owners.relationship[owner] = began
    world.anchored = np.concatenate([world.anchored, began[held]])


def _first_satisfaction(world: World, rows: Rows, person: Rows) -> F64:
    """First satisfaction; an owner who knows both car and buyer helps to find what suits (the better of two, T17)."""
    orders, people, b, key = world.orders, world.people, world.behaviour, world.key
    number, who = orders.number[rows], people.id[person]
    u = uniform(key, Decision.SATISFACTION, number, 0, who)
    introduced = np.flatnonzero(orders.referrer[rows] >= 0)
    number, who = number[introduced], who[introduced]
    matched = uniform(key, Decision.MATCH, number, 0, who) < b.match_share
    second = uniform(key, Decision.MATCHED, number[matched], 0, who[matched])
    u[introduced[matched]] = np.maximum(u[introduced[matched]], second)
    return build.first_satisfaction(world.offers.strength[people.segment[person]], u, b.satisfaction_spread)


def _may_return(world: World, rows: Rows, owner: Rows) -> None:
    """Date the returns of disappointed buyers, where the brand grants a right of return."""
    orders, owners, b = world.orders, world.owners, world.behaviour
    traded_in = np.isin(orders.person[world.returnable], owners.person[owner])
    world.returnable = world.returnable[~traded_in]
    window = world.scenario.brand.return_days / DAYS_PER_YEAR
    if window <= 0.0:
        return
    gap = 1.0 - owners.satisfaction[owner]
    rate = b.return_per_week * WEEKS_PER_YEAR * gap * gap
    threshold = -numeric.log(uniform(world.key, Decision.RETURN, orders.number[rows], 0, owners.id[owner]))
    wait = np.divide(threshold, rate, out=np.full(len(rows), np.inf), where=rate > 0.0)
    back = np.flatnonzero(wait < window)
    orders.return_at[rows[back]] = orders.delivered[rows[back]] + wait[back]
    world.returnable = np.concatenate([world.returnable, rows[back]])


def _take_back(world: World) -> None:
    """Take back the cars whose buyers return them in this tick: everything booked at delivery is booked back."""
    orders, people = world.orders, world.people
    if len(world.returnable) == 0:
        return
    due = orders.return_at[world.returnable] < world.end
    rows, world.returnable = world.returnable[due], world.returnable[~due]
    rows = rows[people.car[orders.person[rows]] == BRAND]  # whoever drives another brand has nothing to give back
    rows = rows[np.lexsort((orders.household[rows], orders.return_at[rows]))]
    person, moment = orders.person[rows].astype(np.int64), orders.return_at[rows]
    world.returned_now, orders.returned[rows] = rows, moment
    _book(world, rows, person, moment, back=True)
    rewards.claw_back(world, rows, moment)
    driving.end(world, people.owner[person], moment)
    people.car[person] = NO_CAR_OF_OURS
    world.exposed.refresh(person)  # of those who were in a search already
    idle = people.stage[person] == Stage.IDLE
    need.bring_forward(world, person[idle], moment[idle])
