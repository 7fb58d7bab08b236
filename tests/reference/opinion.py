"""What a household has heard, thinks and would choose."""

from __future__ import annotations

from sim.numeric import exp_one, log_one
from sim.units import WEEKS_PER_YEAR
from tests.reference import following
from tests.reference.entities import Household
from tests.reference.market import Market


def faded(m: Market, h: Household) -> tuple[float, float, float]:
    """Awareness, trust and the partner's trust from personal touches, as of the start of the tick."""
    since = h.touched_at - m.now
    kept = exp_one(since / (m.b.trust_memory_weeks / WEEKS_PER_YEAR))
    awareness = h.awareness * exp_one(since / (m.b.awareness_memory_weeks / WEEKS_PER_YEAR))
    return awareness, h.trust * kept, h.partner_trust * kept


def touch(m: Market, h: Household, awareness: float, trust: float, partner_trust: float, channel: int) -> None:
    """Add the touches of this tick to what is left of the earlier ones."""
    old = faded(m, h)
    h.awareness, h.trust, h.partner_trust = old[0] + awareness, old[1] + trust, old[2] + partner_trust
    h.touched_at = m.now
    if h.first_touch < 0:
        h.first_touch = channel


def trust_stocks(m: Market, h: Household) -> tuple[float, float]:
    """Trust and the partner's trust, from personal touches and from what followers see of a seller."""
    _, trust, partner_trust = faded(m, h)
    own, partner = following.seen(m, h)
    return trust + own, partner_trust + partner


def trusting(stock: float) -> float:
    """Trust read from its stock, between -1 and 1."""
    return stock / (1.0 + abs(stock))


def interest(m: Market, h: Household) -> float:
    """Readiness to deal with the brand; 0 where the product is not for this segment."""
    stock, _ = trust_stocks(m, h)
    return m.strength(h) * (1.0 + trusting(stock + m.groups[h.group].trust))


def aware(m: Market, h: Household) -> bool:
    """Whether the household knows the brand; who follows a seller does."""
    around = m.groups[h.group].awareness + m.organic_awareness
    return h.drives_brand or h.follow is not None or faded(m, h)[0] + around >= h.notice


def utility(m: Market, h: Household, stock: float, discount: float) -> float:
    """Utility of the brand above the best alternative, for whoever in the household holds this stock of trust, personal
    and from media together."""
    b, offer = m.b, m.offers[h.segment]
    relative = max(1.0 - discount / m.price, 1e-6) if m.price > 0 else 1.0
    loyalty = 0.0
    if h.drives_brand and h.relationship is not None:
        loyalty = b.choice_loyalty * (2.0 * h.satisfaction - 0.5)
    sensitivity = m.segments[h.segment].price_sensitivity
    value = b.choice_product * log_one(offer.strength) - b.choice_price * sensitivity * log_one(relative)
    return value + b.choice_trust * trusting(stock) + loyalty - offer.alternative
