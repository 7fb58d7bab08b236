"""Households follow a seller's account for a while; what they see of it meanwhile builds trust."""

from __future__ import annotations

import math

from sim.channels import KOS
from sim.numeric import exp_one
from sim.streams import Decision
from sim.units import WEEKS_PER_YEAR
from tests.reference.entities import Household, Seller
from tests.reference.market import Market
from tests.reference.publishers import Account, Follow


def gather(m: Market) -> None:
    """Some lose interest; others, who came to see enough of sellers' posts, begin to follow one."""
    if not m.begun:
        return
    for h in m.households:
        if h.follow is not None and h.follow.until < m.end:
            m.happened["unfollow"] += 1
            end(h, h.follow.until)
    if not m.followable:  # the first threshold of everybody is drawn when anybody publishes
        m.followable = True
        for h in m.households:
            h.follow_at = m.chance.exponential(Decision.FOLLOW, 0, h.id)
    if any(group.follow_rate for group in m.groups):
        for group in m.groups:
            group.follow = group.follow + group.follow_rate * m.dt
        for h in m.households:
            if h.follow_at <= m.groups[h.group].follow:
                notice(m, h)


def notice(m: Market, h: Household) -> None:
    """A household has seen so much that it follows a seller, unless it follows one already or there is nothing new."""
    h.follows += 1
    h.follow_at += m.chance.exponential(Decision.FOLLOW, h.follows, h.id)
    if h.follow is not None:
        m.happened["follows already"] += 1
        return
    if m.groups[h.group].follow_rate <= 0.0:
        m.happened["nobody to follow"] += 1
        return
    account = pick(m, h, "by_follow", m.chance.uniform(Decision.FOLLOWED, h.follows, h.id))
    stay = m.chance.exponential(Decision.UNFOLLOW, h.follows, h.id)
    rate = m.b.unfollow_per_year
    until = m.now + stay / rate if rate > 0.0 else math.inf
    stocks = account.trust, account.partner_trust, account.owner_trust
    h.follow = Follow(len(m.follows), h, account, m.now, until, *stocks)
    m.follows.append(h.follow)
    account.followers += 1
    if h.first_touch < 0:
        h.first_touch = KOS
    m.happened["owner follows" if h.drives_brand else "follow"] += 1


def pick(m: Market, h: Household, part: str, u: float) -> Account:
    """An account of the household's district, drawn by the parts they have in what the household's segment sees."""
    accounts = [account for account in m.accounts if account.seller.district == h.district]
    sums, total = [], 0.0
    for account in accounts:
        total += getattr(account, part)[h.segment]
        sums.append(total)
    return next((a for a, upper in zip(accounts, sums, strict=True) if upper > u * total), accounts[-1])


def end(h: Household, moment: float) -> None:
    """A household ceases to follow."""
    assert h.follow is not None
    h.follow.ended = moment
    h.follow.account.followers -= 1
    h.follow = None


def stop(m: Market, h: Household, moment: float) -> None:
    """Who bought elsewhere follows nobody any more."""
    if h.follow is not None:
        m.happened["follower bought elsewhere"] += 1
        end(h, moment)


def go_along(m: Market, seller: Seller) -> None:
    """Most of a leaving seller's followers are lost to the brand; the others stay with the seat."""
    for h in m.households:
        if h.follow is None or h.follow.account.seller is not seller:
            continue
        lot = m.chance.uniform(Decision.GO_ALONG, h.follows, h.id, seller.hire)
        goes = lot < m.kos.followers_leave
        m.happened["follower goes along" if goes else "follower stays"] += 1
        if goes:
            end(h, m.now)


def spell(h: Household, moment: float) -> float:
    """How long a household has followed the seller it follows, years."""
    return max(moment - h.follow.began, 0.0) if h.follow is not None else math.nan


def seen(m: Market, h: Household) -> tuple[float, float]:
    """Trust of a follower and the partner from posts made since the spell began; owners meet those about service."""
    follow = h.follow
    if follow is None:
        return 0.0, 0.0
    faded = exp_one((follow.began - m.now) / (m.b.trust_memory_weeks / WEEKS_PER_YEAR))
    if h.drives_brand:
        gained = follow.account.owner_trust - follow.owner_trust * faded
        m.happened["owner trusts a seller"] += gained > 0.0
        return gained, gained
    gained = follow.account.trust - follow.trust * faded
    partner = follow.account.partner_trust - follow.partner_trust * faded
    m.happened["follower trusts a seller"] += gained > 0.0
    m.happened["partner trusts a seller otherwise"] += partner != gained
    return gained, partner
