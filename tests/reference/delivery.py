"""Cars are built one after the other, in the order of their orders; who waits too long cancels."""

from __future__ import annotations

import math

from sim.ledger import Purpose
from sim.numeric import log_one
from sim.streams import Decision
from sim.units import MINOR_PER_MONEY, WEEKS_PER_YEAR
from sim.world.people import BRAND
from tests.reference import need, owning, talk
from tests.reference.entities import Margin, Order, Relationship, Replacement
from tests.reference.market import Market


def hand_over(m: Market) -> None:
    """Deliver or cancel what this tick brings; then cancelled buyers turn to rivals and new owners begin."""
    shortest = m.scenario.brand.delivery_weeks / WEEKS_PER_YEAR
    delivered, cancelled, line_moves = [], [], True
    line_free = max(m.line_busy_until, m.now)
    for order in m.waiting:
        ready = order.ordered + shortest
        if not (ready < m.end or order.cancel_at < m.end):
            continue
        begin, done = max(ready, line_free), math.inf
        if line_moves and m.capacity_per_year > 0.0:
            done = begin + max(m.weights[order.person.district] - m.line_work_done, 0.0) / m.capacity_per_year
        if order.cancel_at < min(done, m.end):
            order.cancelled = order.cancel_at
            cancelled.append(order)
        elif done < m.end:
            order.delivered = m.line_busy_until = line_free = done
            m.line_work_done = 0.0
            delivered.append(order)
        elif line_moves:
            line_moves = False  # nobody overtakes
            if m.capacity_per_year > 0.0:
                m.line_work_done += max(m.end - begin, 0.0) * m.capacity_per_year
    m.waiting = [order for order in m.waiting if order not in delivered and order not in cancelled]
    for order in cancelled:
        m.happened["cancelled"] += 1
        need.buy_from_rival(m, order.person, order.cancelled)
    for order in delivered:
        receive(m, order)


def receive(m: Market, order: Order) -> None:
    """A household gets its car: books, reward, satisfaction, relationship, talks."""
    h, moment = order.person, order.delivered
    m.happened["delivered"] += 1
    order.first = not h.was_owner
    if order.first:
        h.first_order = order
    margin = round(m.margin * MINOR_PER_MONEY)
    m.book(Purpose.CAR_MARGIN, h.district, order.lead.channel, margin)
    m.book(Purpose.DISCOUNT, h.district, order.lead.channel, order.discount)
    m.margins.append(Margin(h.id, h.first_order.row if h.first_order else -1, moment, margin - order.discount, 0))
    if order.lead.referrer >= 0:
        reward(m, order)
    if order.repurchase:
        m.happened["repurchase"] += 1
        m.replacements.append(Replacement(h.id, moment, True))
    fresh = h.relationship is None
    if not fresh:
        owning.reckon_stay(m, h, moment)
    h.was_owner, h.owned_since, h.km = True, moment, 0.0
    h.satisfaction = first_satisfaction(m, order)
    need.settle(m, h, moment, BRAND)
    if fresh:
        h.relationship = Relationship(len(m.relationships), h, order, moment)
        m.relationships.append(h.relationship)
        owning.begin(m, h, moment)
    if not math.isfinite(h.talk_at):
        talk.begin(m, h, m.end)  # heard from the next tick on


def first_satisfaction(m: Market, order: Order) -> float:
    """Satisfaction with a new car: product strength with a logistic spread."""
    u = m.chance.uniform(Decision.SATISFACTION, order.number, order.person.id)
    return min(max(m.strength(order.person) + m.b.satisfaction_spread * log_one(u / (1.0 - u)), 0.02), 0.98)


def reward(m: Market, order: Order) -> None:
    """Vest the referrer's credit as promised at the order, unless this year's cap is reached."""
    owner = m.households[order.lead.referrer]
    if owner.rewarded_year != m.year:
        owner.rewarded_year, owner.rewarded = m.year, 0
    if order.credit == 0:
        return
    if owner.rewarded >= order.credit_cap:
        m.happened["reward refused"] += 1
        return
    m.happened["reward"] += 1
    owner.rewarded += 1
    order.credit_vested = True
    cost = math.floor(order.credit * order.credit_cost_share + 0.5)
    m.book(Purpose.CREDIT, order.person.district, order.lead.channel, cost)
