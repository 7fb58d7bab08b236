"""Cars are built one after the other, in the order of their orders; who waits too long cancels."""

from __future__ import annotations

import math

from sim.channels import REFERRAL
from sim.ledger import Purpose
from sim.numeric import log_one
from sim.streams import Decision
from sim.units import DAYS_PER_YEAR, MINOR_PER_MONEY, WEEKS_PER_YEAR
from sim.world.people import BRAND
from tests.reference import need, owning, rewards, spans, talk
from tests.reference.entities import NO_CLAIM, REFERRED, SUCCESSFUL, Margin, Order, Replacement
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
        rewards.void(m, order, order.cancelled, "cancelled")
        need.buy_from_rival(m, order.person, order.cancelled)
    for order in delivered:
        settle_accounts(m, order)
    # Who is an owner, and who keeps a relationship, is read before any of this tick's deliveries.
    held = [is_held(m, order) for order in delivered]
    for order, anchored in zip(delivered, held, strict=True):
        receive(m, order, anchored)
    for order in sorted(m.returning, key=lambda order: (order.return_at, order.person.id)):
        if order.return_at < m.end:
            m.returning.remove(order)
            if order is order.person.car_order:
                give_back(m, order)
            else:
                m.happened["too late to return"] += 1


def settle_accounts(m: Market, order: Order) -> None:
    """A car is delivered: the margin is earned, and the owner who brought the buyer is rewarded."""
    h = order.person
    m.happened["delivered"] += 1
    order.first = not h.was_owner
    if order.first:
        h.first_order = order
        h.km_per_year = 6000.0 + 16000.0 * m.chance.uniform(Decision.MILES, 0, h.id)
    order.margin = round(m.margin * MINOR_PER_MONEY)
    account(m, order, order.delivered, 1)
    if order.claim == REFERRED:
        spans.note(m, m.households[order.lead.referrer], SUCCESSFUL)
    rewards.vest(m, order)


def is_held(m: Market, order: Order) -> bool:
    """Whether the buyer was introduced by an owner who keeps a relationship."""
    return order.lead.referrer >= 0 and m.households[order.lead.referrer].relationship is not None


def receive(m: Market, order: Order, anchored: bool) -> None:
    """A household gets its car: ownership, satisfaction, relationship, talks."""
    h, moment = order.person, order.delivered
    order.repurchase = order.repurchase and h.drives_brand  # the old car may have gone back meanwhile
    if order.repurchase:
        m.happened["repurchase"] += 1
        m.replacements.append(Replacement(h.id, moment, True))
    fresh = h.relationship is None
    if not fresh:
        owning.reckon_stay(m, h, moment)
    h.was_owner, h.car_order = True, order
    if h.ownership is None:
        h.owned_since, h.km = moment, 0.0
        spans.begin(m, h, order, moment)
    h.satisfaction = first_satisfaction(m, order)
    date_return(m, order)
    need.settle(m, h, moment, BRAND)
    if fresh:
        owning.begin(m, h, order, moment, anchored)
    if not math.isfinite(h.talk_at):
        talk.begin(m, h, m.end)  # heard from the next tick on


def account(m: Market, order: Order, moment: float, sign: int) -> None:
    """Book margin, discount and subsidy of a car delivered (sign 1) or returned (-1)."""
    h, channel = order.person, order.lead.channel
    programme = channel if order.claim == NO_CLAIM else REFERRAL
    m.book(Purpose.CAR_MARGIN, h.district, channel, sign * order.margin)
    m.book(Purpose.DISCOUNT, h.district, programme, sign * order.discount)
    m.book(Purpose.SUBSIDY, h.district, programme, sign * order.subsidy)
    first = h.first_order.row if h.first_order else -1
    m.margins.append(Margin(h.id, first, moment, sign * (order.margin - order.discount), 0))


def first_satisfaction(m: Market, order: Order) -> float:
    """Satisfaction with a new car: product strength with a logistic spread; friends know whom the car will suit."""
    h, number = order.person, order.number
    u = m.chance.uniform(Decision.SATISFACTION, number, h.id)
    if order.lead.referrer >= 0 and m.chance.uniform(Decision.MATCH, number, h.id) < m.b.match_share:
        other = m.chance.uniform(Decision.MATCHED, number, h.id)
        m.happened["matched"] += other > u
        u = max(u, other)
    return min(max(m.strength(h) + m.b.satisfaction_spread * log_one(u / (1.0 - u)), 0.02), 0.98)


def date_return(m: Market, order: Order) -> None:
    """When the car would go back at first satisfaction, if the right of return lasts that long."""
    days, h = m.scenario.brand.return_days, order.person
    if days <= 0.0:
        return
    gap = 1.0 - h.satisfaction
    rate = m.b.return_per_week * WEEKS_PER_YEAR * gap * gap
    threshold = m.chance.exponential(Decision.RETURN, order.number, h.id)
    after = threshold / rate if rate > 0.0 else math.inf
    if after < days / DAYS_PER_YEAR:
        order.return_at = order.delivered + after
        m.returning.append(order)


def give_back(m: Market, order: Order) -> None:
    """The car goes back: books and credit are reversed, ownership and relationship end, a new search begins."""
    h, moment = order.person, order.return_at
    m.happened["returned"] += 1
    order.returned = moment
    account(m, order, moment, -1)
    rewards.claw_back(m, order, moment)
    spans.end(m, h, moment)
    m.happened["returned with another car in view"] += not h.idle
    if h.idle:
        h.need_at = moment
        need.begin_search(m, h)
