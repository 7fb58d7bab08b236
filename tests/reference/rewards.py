"""The life of a credit: promised at the order, vested at delivery, redeemed at service, lapsed or taken back."""

from __future__ import annotations

import math

from sim.channels import REFERRAL
from sim.ledger import Purpose
from sim.units import MINOR_PER_MONEY
from tests.reference import programme
from tests.reference.entities import (
    CLAWED_BACK,
    EXPIRED,
    PENDING,
    REDEEMED,
    VESTED,
    VOID,
    Credit,
    Household,
    Order,
)
from tests.reference.market import Market


def promise(m: Market, order: Order) -> None:
    """Promise the owner of the code the kind of reward worth most to them, on today's terms."""
    owner, p = m.households[order.code], m.programme
    face, kind = math.floor(programme.credit(m, owner) * MINOR_PER_MONEY + 0.5), programme.favourite(m, owner)
    if face == 0:
        return
    order.credit = Credit(
        len(m.credits),
        owner,
        order,
        kind.number,
        face,
        kind.cost_share,
        p.expected,
        p.cap_per_year,
        p.cap_lifetime,
        p.expiry,
        order.ordered,
    )
    m.credits.append(order.credit)
    m.happened[f"kind {kind.number}"] += 1
    if order.rejected:
        void(m, order, order.ordered, "rejected")


def void(m: Market, order: Order, moment: float, why: str) -> None:
    """A promise that comes to nothing before it vests."""
    credit = order.credit
    if credit is not None and credit.state == PENDING:
        credit.state, credit.closed = VOID, moment
        m.happened[f"void: {why}"] += 1


def vest(m: Market, order: Order) -> None:
    """The car is delivered: grant the credit, unless its owner has left the brand or had enough; book what it costs."""
    credit, moment = order.credit, order.delivered
    if credit is None or credit.state != PENDING:
        return
    owner = credit.owner
    if owner.rewarded_year != m.year:
        owner.rewarded_year, owner.rewarded = m.year, 0
    if not owner.drives_brand:
        void(m, order, moment, "owner lapsed")
    elif owner.rewarded >= credit.cap_per_year:
        void(m, order, moment, "cap of the year")
    elif owner.rewarded_ever >= credit.cap_lifetime:
        void(m, order, moment, "cap of a lifetime")
    else:
        m.happened["vested"] += 1
        owner.rewarded += 1
        owner.rewarded_ever += 1
        credit.state, credit.vested = VESTED, moment
        m.purses[owner.id].append(credit)
        correct(m, credit, cost(credit, credit.face * credit.expected))


def held(m: Market, h: Household) -> float:
    """What an owner would lose with the brand: vested credit not yet spent, money."""
    if not h.drives_brand:
        return 0.0
    return sum(c.face - c.redeemed for c in m.purses[h.id] if c.state == VESTED) / MINOR_PER_MONEY


def cost(credit: Credit, amount: float) -> int:
    """What an amount of credit costs the brand at the margin."""
    return math.floor(amount * credit.cost_share + 0.5)


def correct(m: Market, credit: Credit, booked: int) -> None:
    """Book the difference to what a credit has been booked at so far."""
    m.book(Purpose.CREDIT, credit.order.person.district, REFERRAL, booked - credit.booked)
    credit.booked = booked


def redeem(m: Market, h: Household, moment: float) -> None:
    """Pay with credits, oldest first, for what an owner spends with the brand at one contact with service."""
    spend = m.scenario.brand.ecosystem_spend_per_year * MINOR_PER_MONEY / m.b.care_contacts_per_year
    left = math.inf if math.isinf(spend) else math.floor(spend + 0.5)
    for credit in sorted(m.purses[h.id], key=lambda c: (c.vested, c.row)):
        if credit.state != VESTED or not credit.vested <= moment < credit.vested + credit.expiry:
            continue
        paid = int(min(credit.face - credit.redeemed, left))
        if paid == 0:
            continue
        credit.redeemed += paid
        m.spent.append((credit.row, moment, paid))
        left -= paid
        m.happened["redeemed in part" if credit.redeemed < credit.face else "redeemed"] += 1
        if credit.redeemed == credit.face:
            credit.state, credit.closed = REDEEMED, moment
            correct(m, credit, cost(credit, credit.redeemed))
    m.purses[h.id] = [credit for credit in m.purses[h.id] if credit.state == VESTED]


def lapse(m: Market) -> None:
    """Credits expire; what was never redeemed costs nothing after all."""
    for purse in m.purses.values():
        for credit in purse:
            if credit.state == VESTED and credit.vested + credit.expiry < m.end:
                m.happened["expired in part" if credit.redeemed else "expired"] += 1
                credit.state, credit.closed = EXPIRED, credit.vested + credit.expiry
                correct(m, credit, cost(credit, credit.redeemed))


def claw_back(m: Market, order: Order, moment: float) -> None:
    """The car went back: what has not been redeemed of its credit is taken back."""
    credit = order.credit
    if credit is not None and credit.state == VESTED:
        m.happened["clawed back in part" if credit.redeemed else "clawed back"] += 1
        credit.state, credit.closed = CLAWED_BACK, moment
        correct(m, credit, cost(credit, credit.redeemed))
