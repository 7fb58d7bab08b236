"""Touches raise awareness and trust with diminishing returns, and both fade.

Mass media act as intensities shared by a district and segment; personal touches are kept per household. Both are stocks
that decay exponentially and are read at the start of a tick; what a reader makes of a stock of trust s is
s / (1 + |s|), so the tenth touch adds less than the first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim import numeric
from sim.channels import PAID_ADS, VERTICAL_MEDIA
from sim.kernels import kernel
from sim.ledger import Purpose
from sim.levers import MediaLevers
from sim.numeric import exp_one
from sim.process import following
from sim.units import MINOR_PER_MONEY, WEEKS_PER_YEAR
from sim.world.people import BRAND, F64, Bool, Rows
from sim.world.world import World

INVENTORY = 4.0
"""Multiple of the saturation level beyond which a medium has nothing left to sell; money beyond stays unspent."""


def publish(world: World) -> None:
    """Spend the media money of this tick: impressions build awareness, a little trust, and the hazards of contact."""
    media, b = world.media, world.behaviour
    impressions, per_search = _advertise(world, world.levers.ads), _list_offers(world, world.levers.vertical)
    strength = np.tile(world.offers.strength, len(world.weights))
    media.search_ads[:] = impressions * b.impression_contact
    media.search_vertical[:] = per_search
    media.browse_ads[:] = world.levers.ads.low_intent_ratio * media.search_ads * strength
    media.browse_vertical[:] = world.levers.vertical.low_intent_ratio * media.search_vertical
    content, seen, persuaded = world.content, impressions * b.impression_awareness, impressions * b.impression_trust
    absorb(media.awareness, seen + content.awareness, b.awareness_memory_weeks, world.dt)
    absorb(media.trust, persuaded + content.trust, b.trust_memory_weeks, world.dt)
    absorb(media.partner_trust, persuaded + content.partner_trust, b.trust_memory_weeks, world.dt)


def absorb(stock: F64, inflow_per_year: F64 | float, memory_weeks: float, dt: float) -> None:
    """Advance a decaying stock by one tick of constant inflow, exactly for any length of tick."""
    memory = memory_weeks / WEEKS_PER_YEAR
    kept = float(numeric.exp(-dt / memory))
    stock[:] = stock * kept + inflow_per_year * memory * (1.0 - kept)


def _advertise(world: World, lever: MediaLevers) -> float:
    """Buy impressions; returns effective impressions per household and year."""
    pressure = _spend(world, lever, 0, PAID_ADS, unit=WEEKS_PER_YEAR / 1000.0)
    return WEEKS_PER_YEAR * _saturating(pressure, lever.saturation)


def _list_offers(world: World, lever: MediaLevers) -> float:
    """Buy leads; returns the hazard of being sold as one, per year of search."""
    searching = world.search_share
    audience = searching + lever.low_intent_ratio * (1.0 - searching)
    return _saturating(_spend(world, lever, 1, VERTICAL_MEDIA, unit=audience), lever.saturation)


def _saturating(pressure: float, saturation: float) -> float:
    """Effective pressure: the bought one while small, never above saturation."""
    if not 0.0 < saturation < np.inf:
        return pressure if saturation > 0.0 else 0.0
    return saturation * (1.0 - float(numeric.exp(-pressure / saturation)))


def _spend(world: World, lever: MediaLevers, medium: int, channel: int, unit: float) -> float:
    """Spend what is offered, as far as the medium has something to sell, and book it.

    Returns the pressure bought: units per household (for `unit` = units per year behind one price). Money and its books
    are kept per represented household and rounded only when booked, from running totals, so that no fraction is lost.
    """
    media = world.media
    if lever.money_per_year <= 0.0 and media.offered[medium] <= media.spent[medium]:
        book(world, medium, channel)
        return 0.0
    price = lever.price * float(numeric.power(1.0 + lever.price_drift_per_year, (world.now + world.end) / 2.0))
    media.offered[medium] += lever.money_per_year * world.dt / world.represented
    left = media.offered[medium] - media.spent[medium]
    inventory = INVENTORY * lever.saturation * price * unit * world.dt
    money = min(left, inventory)
    media.spent[medium] += money
    book(world, medium, channel)
    return money / world.dt / (price * unit) if price > 0.0 else 0.0


def book(world: World, medium: int, channel: int) -> None:
    """Book what a medium has cost and been offered so far, by district, rounded from running totals."""
    households = world.households_by_district
    for totals, per_household in ((world.media_offered, world.media.offered), (world.media_spent, world.media.spent)):
        before = totals[medium].copy()
        totals[medium] = np.floor(per_household[medium] * households * MINOR_PER_MONEY + 0.5).astype(np.int64)
        if totals is world.media_spent:
            world.ledger.book(Purpose.MEDIA, np.arange(len(households)), channel, totals[medium] - before)


def personal(world: World, rows: Rows) -> tuple[F64, F64, F64]:
    """Personal stocks of awareness, trust and the partner's trust at the start of the tick, with what those who follow
    a seller have seen."""
    awareness, trust, partner_trust = _faded(world, rows)
    if len(world.follows):
        place, own, partner = following.trust(world, rows)
        trust[place] += own
        partner_trust[place] += partner
    return awareness, trust, partner_trust


def _faded(world: World, rows: Rows) -> tuple[F64, F64, F64]:
    """What words and invitations have left, faded to the start of the tick."""
    people = world.people
    awareness, trust, partner_trust = np.zeros(len(rows)), np.zeros(len(rows)), np.zeros(len(rows))
    touched = np.flatnonzero(people.first_touch[rows] >= 0)  # most never were: nothing of theirs has to fade
    who = rows[touched]
    of_awareness, of_trust = kept(world, people.touched_at[who])
    awareness[touched] = people.awareness[who] * of_awareness
    trust[touched], partner_trust[touched] = people.trust[who] * of_trust, people.partner_trust[who] * of_trust
    return awareness, trust, partner_trust


def kept(world: World, touched_at: F64) -> tuple[F64, F64]:
    """Shares of stocks of awareness and of trust, as of those moments, that are left at the start of the tick."""
    b, since = world.behaviour, touched_at - world.now
    awareness: F64 = numeric.exp(since / (b.awareness_memory_weeks / WEEKS_PER_YEAR))
    trust: F64 = numeric.exp(since / (b.trust_memory_weeks / WEEKS_PER_YEAR))
    return awareness, trust


def trusting(stock: F64) -> F64:
    """Trust read from its stock: between -1 and 1, with diminishing returns."""
    return stock / (1.0 + np.abs(stock))


def interest(world: World, rows: Rows, trust: F64) -> F64:
    """Readiness to deal with the brand: product strength for the segment (the gate of T18) times 1 + trust."""
    people = world.people
    total = trusting(trust + world.media.trust[people.group[rows]])
    return world.offers.strength[people.segment[rows]] * (1.0 + total)


def aware(world: World) -> Bool:
    """Which households know the brand at the start of the tick: the stock of awareness reaches the own threshold, or
    the household drives the brand or follows a seller (a pass over all households: not for the hot path)."""
    people, known = world.people, np.empty(len(world.people), dtype=np.bool_)
    around = world.media.awareness + world.offers.organic_awareness
    memory = world.behaviour.awareness_memory_weeks / WEEKS_PER_YEAR
    _aware(people.minds, people.notice, around, world.now, memory, known)
    return known


@kernel
def _aware(minds: NDArray[np.void], notice: F64, around: F64, now: float, memory: float, known: Bool) -> None:
    for i in range(len(minds)):
        mind, stock = minds[i], 0.0
        if mind.awareness != 0.0:  # most were never touched
            stock = mind.awareness * exp_one((mind.touched_at - now) / memory)
        reached = stock + around[mind.group] >= notice[i]
        known[i] = reached | (mind.car == BRAND) | (mind.follow >= 0)
