"""Owners meet service, are pleased or let down, and keep or drop the relationship."""

from __future__ import annotations

import math

from sim.ledger import Purpose
from sim.numeric import exp_one
from sim.streams import Decision
from sim.units import MINOR_PER_MONEY
from tests.reference import rewards
from tests.reference.entities import Household, Margin, Order, Relationship
from tests.reference.market import Market


def live(m: Market) -> None:
    """Whatever falls due in this tick: contacts with service, and relationships that end."""
    for h in m.households:
        while h.drives_brand and h.relationship is not None and m.due(min(leave_at(m, h), h.care_at)):
            if leave_at(m, h) <= h.care_at:
                m.happened["relationship ended"] += 1
                h.relationship.ended = leave_at(m, h)
                h.relationship = None
                h.care_at = math.inf
            else:
                care(m, h)


def loosen(m: Market) -> None:
    """A referrer who has no relationship any more holds nobody: what passed until now passed at the lower hazard."""
    for relationship in m.relationships:
        h = relationship.person
        if not relationship.anchored or relationship is not h.relationship:
            continue
        if m.households[relationship.referrer].relationship is None:
            m.happened["anchor fell"] += 1
            reckon_stay(m, h, m.end)
            relationship.anchored = False


def begin(m: Market, h: Household, order: Order, moment: float, anchored: bool) -> None:
    """Begin a relationship: how long it may last, whether a friend holds it, and when service is met first."""
    m.happened["anchored"] += anchored
    referrer, generation = order.lead.referrer, order.lead.generation
    h.relationship = Relationship(len(m.relationships), h, order, moment, referrer, generation, anchored)
    m.relationships.append(h.relationship)
    h.spells += 1
    h.cares += 1  # the gap drawn in an earlier relationship is not drawn again
    h.stay_left = m.chance.exponential(Decision.LEAVE, h.spells, h.id)
    h.care_from = moment
    date_care(m, h, moment)


def date_care(m: Market, h: Household, since: float) -> None:
    """Date the next contact with service."""
    if m.b.care_contacts_per_year > 0.0:
        h.care_at = since + m.chance.exponential(Decision.CARE_NEXT, 0, h.id, h.cares) / m.b.care_contacts_per_year


def leaving_rate(m: Market, h: Household) -> float:
    """Hazard of dropping the relationship, per year; a referrer who stays holds part of it back."""
    rate = m.b.leave_per_year * exp_one(-m.b.leave_slope * (h.satisfaction - 0.5))
    anchored = h.relationship is not None and h.relationship.anchored
    return rate * (1.0 - m.b.anchor_share) if anchored else rate


def leave_at(m: Market, h: Household) -> float:
    """When the relationship ends if satisfaction stays as it is."""
    rate = leaving_rate(m, h)
    return h.care_from + (h.stay_left / rate if rate > 0.0 else math.inf)


def reckon_stay(m: Market, h: Household, moment: float) -> None:
    """Let the hazard of leaving pass up to `moment`, before satisfaction changes."""
    h.stay_left -= leaving_rate(m, h) * (moment - h.care_from)
    h.care_from = moment


def care(m: Market, h: Household) -> None:
    """One contact with service: it earns (more from the better pleased), takes credits and moves satisfaction."""
    b, moment, nth = m.b, h.care_at, h.cares
    reckon_stay(m, h, moment)
    base = m.service_margin_per_year * MINOR_PER_MONEY / b.care_contacts_per_year
    strength = m.strength(h)
    percent = math.floor(100.0 * (h.satisfaction / strength if strength > 0.0 else 1.0) + 0.5)
    amount = round(base) * percent // 100
    m.book(Purpose.SERVICE_MARGIN, h.district, -1, amount)
    m.margins.append(Margin(h.id, h.first_order.row if h.first_order else -1, moment, amount, 1))
    rewards.redeem(m, h, moment)
    if m.chance.uniform(Decision.CARE_KIND, 0, h.id, nth) >= b.incident_share:
        h.satisfaction = h.satisfaction + b.settle_share * (m.strength(h) - h.satisfaction)
    elif m.chance.uniform(Decision.CARE_RECOVERY, 0, h.id, nth) < b.recovery_share:
        m.happened["incident recovered"] += 1
        h.satisfaction = h.satisfaction + b.recovery_lift * (1.0 - h.satisfaction)
    else:
        m.happened["incident failed"] += 1
        h.satisfaction = h.satisfaction * (1.0 - b.incident_drop)
    h.cares += 1
    date_care(m, h, moment)
