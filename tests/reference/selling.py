"""A tick of selling: the desk works, orders are locked, searches end."""

from __future__ import annotations

import math

from sim.channels import KOS
from sim.numeric import power_one
from sim.streams import Decision
from sim.units import MINOR_PER_MONEY, WEEKS_PER_YEAR
from sim.world.people import Stage
from sim.world.stores import Outcome
from tests.reference import claims, contact, following, need, rewards
from tests.reference.desk import Desk
from tests.reference.entities import NO_CLAIM, REFERRED, Lead, Order
from tests.reference.market import Market


def work(m: Market) -> None:
    """Serve the jobs of this tick, lock its orders, end the searches that are over."""
    desk = Desk(m)
    desk.serve()
    m.board = claims.board(m)
    for lead in sorted(desk.ordered, key=lambda lead: (lead.closed, lead.person.id)):
        lock(m, lead)
    for h in m.households:
        if h.searching and h.ready_at < m.end:
            if h.lead is not None:
                called = h.lead.reached and not math.isnan(h.lead.answered)
                contact.close(m, h.lead, h.ready_at, Outcome.BOUGHT_RIVAL if called else Outcome.LOST_LATE)
            need.buy_from_rival(m, h, h.ready_at)


def lock(m: Market, lead: Lead) -> None:
    """Lock an order: price and discounts are fixed, a claim on the programme is made, patience begins."""
    h, p = lead.person, m.programme
    kind, code = claims.claim(m, lead)
    rejected = claims.rejected(m, h, kind, lead.closed, lead.referrer)
    granted = kind == REFERRED or (kind != NO_CLAIM and not rejected)
    m.happened[f"claim {kind}"] += 1
    price = round(m.price * MINOR_PER_MONEY)
    discount = min(round(p.discount * MINOR_PER_MONEY), price) if granted else 0
    subsidy = min(round(p.subsidy * MINOR_PER_MONEY), price - discount) if granted else 0
    threshold = m.chance.exponential(Decision.CANCEL, h.orders, h.id)
    patience = m.segments[h.segment].patience_weeks / WEEKS_PER_YEAR * power_one(threshold, 1.0 / m.b.cancel_shape)
    lead.ordered = lead.closed
    order = Order(
        row=len(m.orders),
        person=h,
        number=h.orders,
        lead=lead,
        ordered=lead.ordered,
        cancel_at=lead.ordered + patience,
        repurchase=h.drives_brand,
        price=price - discount - subsidy,
        discount=discount,
        subsidy=subsidy,
        claim=kind,
        code=code,
        rejected=rejected,
        mature=m.mature[lead.store],
        followed=following.spell(h, lead.ordered),
    )
    m.orders.append(order)
    m.waiting.append(order)
    m.happened["follower orders"] += h.follow is not None
    if lead.channel == KOS:
        assert lead.seller is not None
        lead.seller.lately_orders += 1.0
        lead.seller.year_orders += 1
        contact.pay_bonus(m, lead, m.kos.bonus_per_order, "order")
    if kind != NO_CLAIM:
        rewards.promise(m, order)
    h.orders += 1
    h.stage, h.ready_at = Stage.WAITING, math.inf
