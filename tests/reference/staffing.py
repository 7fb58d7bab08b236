"""Sellers come and go; what they did is counted by the year."""

from __future__ import annotations

import math

from sim.numeric import log_one
from sim.streams import Decision
from tests.reference import following
from tests.reference.entities import Seller
from tests.reference.market import Market
from tests.reference.publishers import SellerYear


def turn_over(m: Market) -> None:
    """Replace the sellers who leave in this tick; most of their followers go along."""
    for seller in m.sellers:
        while seller.quit_at < m.end:
            m.happened["seller left"] += 1
            following.go_along(m, seller)
            replace(m, seller)


def replace(m: Market, seller: Seller) -> None:
    """Another person takes the seat, with own skill and talent, and with accounts no platform trusts yet."""
    stores = m.scenario.stores
    seller.hire += 1
    seller.skill = stores.skill_mean + stores.skill_spread * (2.0 * drawn(m, seller, Decision.SKILL) - 1.0)
    seller.talent = -log_one(drawn(m, seller, Decision.TALENT))
    seller.quit_at += -log_one(drawn(m, seller, Decision.QUIT)) / stores.turnover_per_year
    seller.published_since, seller.drive, seller.bait, seller.learned = math.nan, 1.0, 0.0, 0.0
    seller.posts = seller.streams = 0
    seller.posts_due = seller.streams_due = 0.0
    seller.lately_hours = seller.lately_leads = seller.lately_orders = 0.0
    for account in seller.accounts:
        account.ripe, account.buzz = 0.0, [0.0] * len(account.buzz)


def drawn(m: Market, seller: Seller, decision: Decision) -> float:
    """What the person now on the seat brings along; keyed by hire, seat and store."""
    return m.chance.uniform(decision, seller.hire, seller.district, seller.number, seller.seat)


def take_stock(m: Market) -> None:
    """At the end of a calendar year, note what every seller did in it and begin to count anew."""
    if (m.tick + 1) % m.ticks_per_year:
        return
    for s in m.sellers:
        views = 0.0
        for account in s.accounts:
            views += account.views
            account.views = 0.0
        m.seller_years.append(
            SellerYear(
                year=m.year,
                district=s.district,
                store=s.store,
                seat=s.seat,
                hire=s.hire,
                publishes=s.publishes,
                since=s.published_since,
                posts=s.year_posts,
                publishing_hours=s.year_publishing,
                selling_hours=s.year_selling,
                leads=s.year_leads,
                orders=s.year_orders,
                views=views,
                followers=sum(account.followers for account in s.accounts),
                ripe=max((account.ripe for account in s.accounts), default=0.0),
            )
        )
        s.year_posts = s.year_leads = s.year_orders = 0
        s.year_publishing = s.year_selling = 0.0
