"""How much sellers publish: their own decision, by what paid off lately, what support carries and what tires."""

from __future__ import annotations

from sim.numeric import exp_one
from sim.streams import Decision
from sim.units import WEEKS_PER_YEAR
from tests.reference.entities import Seller
from tests.reference.market import Market

LEAST_SELLING_HOURS = 0.5
"""Hours a week that nobody gives to publishing."""


def split(m: Market) -> None:
    """Every seller decides how many posts and live streams to make in this tick."""
    for seller in m.sellers:
        lot = m.chance.remembered(Decision.TAKES_PART, seller.hire, seller.district, seller.code)
        seller.publishes = lot < m.kos.participation
        m.happened["seller takes part" if seller.publishes else "seller does not take part"] += m.kos.participation > 0
    if not m.begun and not any(seller.publishes for seller in m.sellers):
        return
    kept = exp_one(-m.dt / (m.b.effort_memory_weeks / WEEKS_PER_YEAR))
    for seller in m.sellers:
        seller.lately_hours *= kept
        seller.lately_leads *= kept
        seller.lately_orders *= kept
        if seller.publishes:
            seller.drive = towards(seller.drive, drive(m, seller), kept)
            seller.bait = towards(seller.bait, bait(m, seller), kept)
        else:
            seller.drive, seller.bait = 1.0, 0.0
        decide(m, seller)


def towards(now: float, wanted: float, kept: float) -> float:
    """A habit after one tick on its way to what is wanted."""
    return wanted + (now - wanted) * kept


def decide(m: Market, seller: Seller) -> None:
    """Give hours to publishing, as many as posts and streams take, but never all of them."""
    willing = seller.drive if seller.publishes and m.kos.platforms else 0.0
    posts, streams = willing * m.kos.posts_per_week, willing * m.kos.streams_per_week
    hours = posts * m.kos.hours_of_post + streams * m.kos.hours_of_stream
    most = max(m.scenario.stores.hours_per_week - LEAST_SELLING_HOURS, 0.0)
    possible = 1.0
    if hours > most:
        possible = most / hours
        m.happened["hours cap"] += 1
    seller.posts_per_week, seller.streams_per_week = posts * possible, streams * possible
    seller.publishing_hours = hours * possible
    spent = seller.publishing_hours * (m.dt * WEEKS_PER_YEAR)
    seller.lately_hours += spent
    seller.year_publishing += spent


def drive(m: Market, seller: Seller) -> float:
    """Share of the posts asked for that a seller finds worth making."""
    stores = m.scenario.stores
    asked = m.kos.posts_per_week * m.kos.hours_of_post + m.kos.streams_per_week * m.kos.hours_of_stream
    earned = m.kos.bonus_per_lead * seller.lately_leads + m.kos.bonus_per_order * seller.lately_orders
    hours = max(seller.lately_hours, asked)  # judged over at least a week as asked
    per_hour = earned / hours if hours > 0.0 else 0.0
    pull = per_hour / (per_hour + stores.cost_per_hour) if per_hour > 0.0 else 0.0
    share = seller.lately_hours / (m.b.effort_memory_weeks * max(stores.hours_per_week, LEAST_SELLING_HOURS))
    m.happened["publishing pays"] += pull > 0.0
    m.happened["paid within a week of work"] += pull > 0.0 and seller.lately_hours < asked
    carried = (1.0 - pull) * (1.0 - m.b.support_drive * m.kos.support)
    return (1.0 - carried) * exp_one(-m.b.post_fatigue * share)


def bait(m: Market, seller: Seller) -> float:
    """Share of posts that a seller would make only for contact data: by what paid lately, or what is promised."""
    by_leads, by_orders = m.kos.bonus_per_lead * seller.lately_leads, m.kos.bonus_per_order * (seller.lately_orders + 1)
    paid = by_leads + by_orders
    if paid > 0.0:
        return max((by_leads - by_orders) / paid, 0.0)
    return 1.0 if m.kos.bonus_per_lead > 0.0 else 0.0
