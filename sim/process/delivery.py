"""Cars are handed over in the order in which they were ordered, as fast as they can be built; who waits may cancel.

The hazard of cancelling grows with the wait (L15, L16; families have the least patience, L21). Each order drew at its
locking how long its household would wait, so a late car meets a cancelled order and goes to the next one.
"""

from __future__ import annotations

import math

import numpy as np

from sim.ledger import Purpose
from sim.process import need, ownership, selling, word_of_mouth
from sim.streams import Decision, uniform
from sim.units import MINOR_PER_MONEY, WEEKS_PER_YEAR
from sim.world.build import first_satisfaction
from sim.world.people import BRAND, F64, Rows
from sim.world.world import World


def hand_over(world: World) -> None:
    """Deliver what can be delivered in this tick and cancel the orders whose patience ends in it."""
    if len(world.waiting) == 0:
        return
    orders = world.orders
    delivered, cancelled = _queue(world)
    gone = np.concatenate([delivered, cancelled])
    world.waiting = world.waiting[~np.isin(world.waiting, gone)]
    if len(cancelled):
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
    delivered, cancelled, line_moves = [], [], True
    line_free = max(world.line_busy_until, world.now)
    for row in waiting[due]:
        begin = max(float(orders.ordered[row]) + shortest, line_free)
        work = max(float(world.weights[orders.district[row]]) - world.line_work_done, 0.0)
        done = begin + work / capacity if line_moves and capacity > 0.0 else math.inf
        if orders.cancel_at[row] < min(done, world.end):
            orders.cancelled[row] = orders.cancel_at[row]
            cancelled.append(row)
        elif done < world.end:
            orders.delivered[row] = done
            world.line_busy_until = line_free = done
            world.line_work_done = 0.0
            delivered.append(row)
        elif line_moves:
            line_moves = False  # nobody overtakes the car that is being built
            world.line_work_done += max(world.end - begin, 0.0) * capacity if capacity > 0.0 else 0.0
    return np.array(delivered, dtype=np.int64), np.array(cancelled, dtype=np.int64)


def _receive(world: World, rows: Rows) -> None:
    """Make buyers owners: books, relationship, first satisfaction, and the dates of what follows."""
    orders, people = world.orders, world.people
    person = orders.person[rows].astype(np.int64)
    moment = orders.delivered[rows]
    orders.first[rows] = ~people.was_owner[person]
    people.first_order[person] = np.where(orders.first[rows], rows, people.first_order[person])
    _book(world, rows, person, moment)
    _reward(world, rows)
    again = orders.repurchase[rows]
    world.replacements.append(int(again.sum()), person=person[again], moment=moment[again], same_brand=True)
    fresh = people.relationship[person] < 0
    began = world.relationships.append(int(fresh.sum()), person=person[fresh], order=rows[fresh], began=moment[fresh])
    people.relationship[person[fresh]] = np.arange(began.start, began.stop)
    kept = person[~fresh]
    ownership.reckon(world, kept, moment[~fresh])
    people.was_owner[person] = True
    people.owned_since[person] = moment
    people.km[person] = 0.0
    u = uniform(world.key, Decision.SATISFACTION, orders.number[rows], 0, people.id[person])
    strength = world.offers.strength[people.segment[person]]
    people.satisfaction[person] = first_satisfaction(strength, u, world.behaviour.satisfaction_spread)
    need.settle_purchase(world, person, moment, BRAND)
    ownership.begin(world, person[fresh], moment[fresh])
    ownership.file(world, kept)
    silent = ~np.isfinite(people.talk_at[person])
    word_of_mouth.begin(world, person[silent], np.full(int(silent.sum()), world.end))  # heard from the next tick on


def _book(world: World, rows: Rows, person: Rows, moment: F64) -> None:
    """Margin and discount of the cars handed over."""
    orders = world.orders
    district, channel = orders.district[rows], orders.channel[rows]
    margin = np.full(len(rows), round(world.offers.margin * MINOR_PER_MONEY), dtype=np.int64)
    world.ledger.book(Purpose.CAR_MARGIN, district, channel, margin)
    world.ledger.book(Purpose.DISCOUNT, district, channel, orders.discount[rows])
    world.margins.append(
        len(rows),
        person=person,
        order=world.people.first_order[person],
        moment=moment,
        amount=margin - orders.discount[rows],
        purpose=0,
    )


def _reward(world: World, rows: Rows) -> None:
    """Vest the referrers' credits, up to the yearly cap, at their expected marginal cost (T03, T05)."""
    orders, people = world.orders, world.people
    for row in rows[orders.referrer[rows] >= 0]:
        owner = world.row_of[orders.referrer[row]]
        if people.rewarded_year[owner] != world.year:
            people.rewarded_year[owner], people.rewarded[owner] = world.year, 0
        if orders.credit[row] == 0:
            continue
        if people.rewarded[owner] >= orders.credit_cap[row]:
            continue
        people.rewarded[owner] += 1
        orders.credit_vested[row] = True
        cost = math.floor(orders.credit[row] * orders.credit_cost_share[row] + 0.5)
        world.ledger.book(Purpose.CREDIT, orders.district[row], orders.channel[row], cost)
