"""Mass media: money becomes pressure, pressure becomes awareness, trust and the hazards of leaving contact data."""

from __future__ import annotations

import math

from sim.channels import PAID_ADS, VERTICAL_MEDIA
from sim.ledger import Purpose
from sim.numeric import exp_one, power_one
from sim.units import DAYS_PER_YEAR, MINOR_PER_MONEY, WEEKS_PER_YEAR
from tests.reference.entities import Medium
from tests.reference.market import Market
from tests.reference.offers import MediumOffer

INVENTORY = 4.0
"""A medium sells at most this multiple of its saturation."""


def publish(m: Market) -> None:
    """Spend this tick's money and let every group feel it."""
    b = m.b
    pressure = spend(m, m.ads_offer, m.ads, PAID_ADS, WEEKS_PER_YEAR / 1000.0)
    impressions = WEEKS_PER_YEAR * saturating(pressure, m.ads_offer.saturation)
    search = b.search_days / DAYS_PER_YEAR
    share = search / (b.replacement_years + search)
    audience = share + m.vertical_offer.low_intent * (1.0 - share)
    pressure = spend(m, m.vertical_offer, m.vertical, VERTICAL_MEDIA, audience)
    per_search = saturating(pressure, m.vertical_offer.saturation)
    for number, group in enumerate(m.groups):
        strength = m.offers[number % len(m.segments)].strength
        group.search_ads = impressions * b.impression_contact
        group.search_vertical = per_search
        group.browse_ads = m.ads_offer.low_intent * group.search_ads * strength
        group.browse_vertical = m.vertical_offer.low_intent * group.search_vertical
        seen = impressions * b.impression_awareness + group.content_awareness
        persuaded = impressions * b.impression_trust
        group.awareness = absorbed(m, group.awareness, seen, b.awareness_memory_weeks)
        group.trust = absorbed(m, group.trust, persuaded + group.content_trust, b.trust_memory_weeks)
        partner = persuaded + group.content_partner_trust
        group.partner_trust = absorbed(m, group.partner_trust, partner, b.trust_memory_weeks)


def absorbed(m: Market, stock: float, inflow_per_year: float, memory_weeks: float) -> float:
    """A fading stock after one tick of constant inflow."""
    memory = memory_weeks / WEEKS_PER_YEAR
    kept = exp_one(-m.dt / memory)
    return stock * kept + inflow_per_year * memory * (1.0 - kept)


def saturating(pressure: float, saturation: float) -> float:
    """Effective pressure, never above saturation."""
    if saturation <= 0.0:
        return 0.0
    if saturation == math.inf:
        return pressure
    return saturation * (1.0 - exp_one(-pressure / saturation))


def spend(m: Market, offer: MediumOffer, medium: Medium, channel: int, unit: float) -> float:
    """Spend what is offered, as far as the medium has something to sell; returns the pressure bought per household."""
    pressure = 0.0
    if offer.money_per_year > 0.0 or medium.offered > medium.spent:
        price = offer.price * power_one(1.0 + offer.drift, (m.now + m.end) / 2.0)
        medium.offered += offer.money_per_year * m.dt / m.represented
        money = min(medium.offered - medium.spent, INVENTORY * offer.saturation * price * unit * m.dt)
        medium.spent += money
        if price > 0.0:
            pressure = money / m.dt / (price * unit)
    book(m, medium, channel)
    return pressure


def book(m: Market, medium: Medium, channel: int) -> None:
    """Round running totals per district, so that no fraction is lost; book what was added."""
    for district, d in enumerate(m.scenario.market.districts):
        medium.booked_offered[district] = math.floor(medium.offered * d.households * MINOR_PER_MONEY + 0.5)
        spent = math.floor(medium.spent * d.households * MINOR_PER_MONEY + 0.5)
        m.book(Purpose.MEDIA, district, channel, spent - medium.booked_spent[district])
        medium.booked_spent[district] = spent
