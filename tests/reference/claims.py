"""Claims on the referral programme: honest, one's own code, a stranger's code; some are checked."""

from __future__ import annotations

from sim.channels import REFERRAL
from sim.ledger import Purpose
from sim.streams import Decision
from sim.units import MINOR_PER_MONEY
from tests.reference import owning, programme
from tests.reference.entities import BROKED, NO_CLAIM, REFERRED, SELF, Household, Lead
from tests.reference.market import Market


def claim(m: Market, lead: Lead) -> tuple[int, int]:
    """The claim of an order and the id of the owner whose code it names; keyed by the household's order number."""
    h = lead.person
    if lead.channel == REFERRAL:
        return REFERRED, lead.referrer
    lot = m.chance.remembered(Decision.ABUSE, 0, h.id)
    if h.drives_brand:
        if not m.eligible[h.id]:
            return NO_CLAIM, -1
        felt = programme.own_reward(m, h) + programme.friends_reward(m)
        return (SELF, h.id) if lot < programme.temptation(m, h, felt) else (NO_CLAIM, -1)
    if m.board and lot < programme.temptation(m, h, programme.friends_reward(m)):
        return BROKED, found(m, h)
    return NO_CLAIM, -1


def found(m: Market, h: Household) -> int:
    """The code a household finds: the smallest of one draw per code, so that one code more leaves other finds alone."""
    return min(m.board, key=lambda broker: m.chance.uniform(Decision.CODE, h.orders, h.id, broker))


def board(m: Market) -> list[int]:
    """Ids of the owners who offer their code to strangers."""
    return [h.id for h in m.households if h.drives_brand and h.ownership is not None and h.ownership.broker]


def rejected(m: Market, h: Household, kind: int, moment: float, referrer: int) -> bool:
    """Whether a claim is checked and turned down; a referrer turned down by mistake resents it."""
    p = m.programme
    if kind == NO_CLAIM or m.chance.uniform(Decision.CHECK, h.orders, h.id) >= p.check_share:
        return False
    m.book(Purpose.CHECKS, h.district, REFERRAL, round(p.check_cost * MINOR_PER_MONEY))
    m.happened["claim checked"] += 1
    if kind != REFERRED:
        m.happened["abuse rejected"] += 1
        return True
    if m.chance.uniform(Decision.FALSE_REJECTION, h.orders, h.id) >= p.false_rejection_share:
        return False
    m.happened["honest claim rejected"] += 1
    owner = m.households[referrer]
    if owner.drives_brand:  # whoever has another car by now does not care
        if owner.relationship is not None:
            owning.reckon_stay(m, owner, moment)
        owner.satisfaction = owner.satisfaction * (1.0 - m.b.incident_drop)
    return True
