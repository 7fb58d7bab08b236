"""Sellers post and hold live streams; what they publish is seen for a while, by a public that each platform has.

A post is one of a cycle of four (N25): `see` makes the brand known, `select` builds trust, `buy` asks those who know
the brand for contact data, `service` is for owners who follow. Its views are the platform's gift to a trusted account,
grow with followers, and are a lottery (N05, N17). Copies reach less than what is made for a platform.
"""

from __future__ import annotations

import math

import numpy as np

from sim import numeric
from sim.channels import KOS
from sim.ledger import Purpose
from sim.process import effort, touches
from sim.streams import Decision, uniform, uniform_one
from sim.units import MINOR_PER_MONEY, MONTHS_PER_YEAR, WEEKS_PER_YEAR
from sim.world.content import CYCLE, Kind
from sim.world.people import F64, Rows
from sim.world.world import World

SLOTS = 32
"""Attempts reserved for the platforms of one hire in the keys of draws."""
MOODS_PER_YEAR = 13
"""How often the platforms' moods change."""
MATURE_YEARS = 1.0
"""Mean age of its sellers' accounts from which a store counts as mature, years."""
TRAFFIC = 2
"""Place of bought views among the media."""


def publish(world: World) -> None:
    """Publish what sellers and the founder have to say, and let it be seen."""
    content, lever = world.content, world.levers.content
    if not content.begun:
        if lever.founder_followers <= 0.0 and not (world.sellers.publishes.any() and content.platforms):
            return
        content.begun = True
    made = np.zeros_like(content.buzz)
    if content.platforms:
        _write(world, made)
        _stream(world, made)
        _ripen(world)
    _spread(world, _seen(world))
    _found(world)
    _feed(world, made)
    _age(world)
    _book(world)


def _write(world: World, made: F64) -> None:
    """Finish the posts that come due in this tick."""
    s, lever = world.sellers, world.levers.content
    seller, nth = _finished(s.posts_due, s.posts, s.posts_per_week * (world.dt * WEEKS_PER_YEAR))
    who = s.district[seller], s.code[seller]
    bait = uniform(world.key, Decision.BAIT, s.hire[seller], nth, *who) < s.bait[seller]
    _air(world, seller, nth, np.where(bait, Kind.BAIT, (nth - 1) % CYCLE), effort.places(world), Decision.REACH, made)
    s.year_posts += np.bincount(seller, minlength=len(s)).astype(np.int32)
    s.learned += np.bincount(seller, minlength=len(s)) * lever.support
    s.published_since[:] = np.where(np.isnan(s.published_since) & (s.posts > 0), world.now, s.published_since)


def _stream(world: World, made: F64) -> None:
    """Hold the live streams that come due, on the platform that drives most traffic (N11, N13)."""
    s, content = world.sellers, world.content
    places = effort.places(world)
    if not places:
        return
    seller, nth = _finished(s.streams_due, s.streams, s.streams_per_week * (world.dt * WEEKS_PER_YEAR))
    busiest = max(places, key=lambda p: (content.platforms[p].contact, -p))
    _air(world, seller, nth, np.full(len(seller), Kind.LIVE), [busiest], Decision.LIVE_REACH, made)


def _finished(due: F64, so_far: Rows, more: F64) -> tuple[Rows, Rows]:
    """Add work to what is due; returns who finished something and its number, from 1, and counts it."""
    due += more
    count = np.floor(due).astype(np.int64)
    due -= count
    seller = np.repeat(np.arange(len(due)), count)
    nth = so_far[seller] + 1 + np.arange(len(seller)) - np.repeat(np.cumsum(count) - count, count)
    so_far += count.astype(so_far.dtype)
    return seller, nth


def _air(world: World, seller: Rows, nth: Rows, kind: Rows, places: list[int], decision: Decision, made: F64) -> None:
    """Put pieces of content on platforms: draw their luck, and add the views they will have."""
    s, content, accounts, lever, b = world.sellers, world.content, world.accounts, world.levers.content, world.behaviour
    practice = 1.0 + s.learned[seller] / (s.learned[seller] + b.learning_posts)
    attempt, who = s.hire[seller].astype(np.int64) * SLOTS, (s.district[seller], s.code[seller])
    gifted = s.talent[seller]
    for place in places:
        platform = content.platforms[place]
        account = seller * len(content.platforms) + place
        u = uniform(world.key, decision, attempt + place, nth, *who)
        luck = numeric.power(u, -1.0 / platform.reach_tail) * ((platform.reach_tail - 1.0) / platform.reach_tail)
        ripe = accounts.ripe[account]
        public = platform.views_per_post * (ripe * ripe) + platform.views_per_follower * accounts.followers[account]
        copied = 1.0 if place == places[0] else lever.adapt + (1.0 - lever.adapt) * platform.duplicate_reach
        local = platform.local_share + (1.0 - platform.local_share) * (lever.local_advice * lever.support)
        views = public * gifted * practice * luck * (copied * local * _mood(world, place))
        np.add.at(content.buzz, (account, kind), views)
        np.add.at(made, (account, kind), 1.0)


def _mood(world: World, place: int) -> float:
    """What the platform's mood multiplies all reach by in these four weeks."""
    spread = world.content.platforms[place].shock_spread
    period = world.tick * MOODS_PER_YEAR // world.ticks_per_year
    u = uniform_one(*world.key, int(Decision.SHOCK), place, period, 0, 0)
    return float(numeric.power(-numeric.log(u), spread)) / round(math.gamma(1.0 + spread), 13)


def _ripen(world: World) -> None:
    """Platforms come to trust accounts that post regularly, and forget those that do not (N17)."""
    accounts, places = world.accounts, effort.places(world)
    kept = float(numeric.exp(-world.dt / (world.behaviour.account_ripe_months / MONTHS_PER_YEAR)))
    rate = world.sellers.posts_per_week[accounts.seller]
    chosen = np.zeros(len(world.content.platforms), dtype=np.bool_)
    chosen[places] = True
    regular = np.where(chosen[accounts.platform], rate / (rate + 1.0), 0.0)
    accounts.ripe[:] = regular + (accounts.ripe - regular) * kept


def _age(world: World) -> None:
    """Note where accounts are a year old on average (N17: mature)."""
    s, stores = world.sellers, world.stores
    alive = s.publishes & ~np.isnan(s.published_since)
    accounts = np.bincount(s.store[alive], minlength=len(stores))
    age = np.bincount(s.store[alive], weights=world.now - s.published_since[alive], minlength=len(stores))
    stores.mature[:] = np.where(accounts == 0, -1, age >= accounts * MATURE_YEARS)


def _seen(world: World) -> F64:
    """Views of this tick, accounts x kinds: what is left of every post, dying down, with the views that are bought."""
    content, accounts = world.content, world.accounts
    kept = numeric.exp(-world.dt * WEEKS_PER_YEAR / content.of_account["view_weeks"])[:, None]
    seen: F64 = content.buzz * (1.0 - kept)
    content.buzz *= kept
    views = _across(seen)
    boost = 1.0 + _traffic(world, views)
    accounts.views += views * boost
    return seen * boost


def _across(by_kind: F64) -> F64:
    """Sums over kinds, added in their order."""
    total = by_kind[:, 0].copy()
    for kind in range(1, by_kind.shape[1]):
        total += by_kind[:, kind]
    return total


def _traffic(world: World, views: F64) -> float:
    """Buy views, as far as platforms sell them; returns how many per view that posts earn themselves (N22)."""
    lever, media, content = world.levers.content, world.media, world.content
    if lever.traffic_per_year <= 0.0:
        touches.book(world, TRAFFIC, KOS)
        return 0.0
    media.offered[TRAFFIC] += lever.traffic_per_year * world.dt / world.represented
    thousand, weight = content.of_account["price_per_thousand_views"], world.weights[content.district]
    drift = float(numeric.power(1.0 + lever.traffic_drift_per_year, (world.now + world.end) / 2.0))
    price = numeric.total(views * thousand * weight) / 1000.0 * drift / world.represented
    left = float(media.offered[TRAFFIC] - media.spent[TRAFFIC])
    money = min(left, lever.traffic_boost * price)
    media.spent[TRAFFIC] += money
    touches.book(world, TRAFFIC, KOS)
    if price > 0.0:
        return money / price
    return lever.traffic_boost if left > 0.0 else 0.0


def _spread(world: World, seen: F64) -> None:
    """Turn views into what they do to each district and segment, and keep each account's part in it."""
    content, accounts, lever, b = world.content, world.accounts, world.levers.content, world.behaviour
    district, platform = content.district, accounts.platform
    public = content.public[district, platform]
    per_year = np.divide(seen, (public * world.dt)[:, None], out=np.zeros_like(seen), where=public[:, None] > 0.0)
    per_year *= _unsaturated(world, _across(per_year))[:, None]
    users = content.users[platform]
    trusted, contact, partner = (content.of_account[name] for name in ("trust", "contact", "partner"))
    weight = _persuasion(world)
    known = per_year[:, Kind.SEE] + per_year[:, Kind.LIVE] + per_year[:, Kind.BAIT]
    own = weight * trusted * per_year[:, Kind.SELECT]
    asks = b.content_contact * contact
    content.by_buy[:] = users * (asks * per_year[:, Kind.BUY])[:, None]
    content.by_live[:] = users * (asks * lever.stream_pull * per_year[:, Kind.LIVE])[:, None]
    content.by_bait[:] = users * (asks * per_year[:, Kind.BAIT])[:, None]
    strength = world.offers.strength
    content.by_browse[:] = strength * (
        lever.low_intent_ratio * (content.by_buy + content.by_live) + lever.bait_low_intent_ratio * content.by_bait
    )
    content.by_follow[:] = (b.follow_share * strength) * (users * _across(per_year)[:, None])
    content.awareness[:] = _by_group(world, users * (b.impression_awareness * known)[:, None])
    content.trust[:] = _by_group(world, users * own[:, None])
    content.partner_trust[:] = _by_group(world, users * (own * partner)[:, None])
    content.search_buy[:] = _by_group(world, content.by_buy)
    content.search_live[:] = _by_group(world, content.by_live)
    content.search_bait[:] = _by_group(world, content.by_bait)
    content.browse[:] = _by_group(world, content.by_browse)
    content.follow_rate[:] = _by_group(world, content.by_follow)


def _persuasion(world: World) -> float:
    """Trust that one view adds: authentic posts persuade, the rest works like advertising (N04)."""
    authentic, b = world.levers.content.authentic, world.behaviour
    return authentic * b.content_trust + (1.0 - authentic) * b.impression_trust


def _unsaturated(world: World, per_year: F64) -> F64:
    """Share of each account's views that still add something: its public sees all sellers of the district."""
    content, accounts = world.content, world.accounts
    district, platform = content.district, accounts.platform
    pressure = np.zeros(content.public.shape)
    np.add.at(pressure, (district, platform), per_year / WEEKS_PER_YEAR)
    most = np.array([p.saturation_views_per_week for p in content.platforms])
    effective = most * (1.0 - numeric.exp(-pressure / most))
    share = np.divide(effective, pressure, out=np.ones_like(pressure), where=pressure > 0.0)
    unsaturated: F64 = share[district, platform]
    return unsaturated


def _by_group(world: World, parts: F64) -> F64:
    """Sums over the accounts of each district, in their order, by district x segment."""
    return np.bincount(world.content.cell, parts.ravel(), minlength=len(world.media.awareness)).astype(np.float64)


def _found(world: World) -> None:
    """The founder's posts, a quarter of which serves each stage, reach followers all over the country (N12)."""
    content, lever, b = world.content, world.levers.content, world.behaviour
    following = min(lever.founder_followers / world.represented, 1.0)
    views = following * lever.founder_views_per_week * WEEKS_PER_YEAR / CYCLE
    weight = _persuasion(world)
    content.awareness += b.impression_awareness * views
    content.trust += weight * views
    content.partner_trust += weight * views
    content.search_founder[:] = b.content_contact * views
    asking = content.search_founder.reshape(len(world.weights), -1)
    content.browse_founder[:] = (lever.low_intent_ratio * asking * world.offers.strength).ravel()


def _feed(world: World, made: F64) -> None:
    """What followers see of an account: trust that builds up, and posts that ask for contact data."""
    content, accounts, lever, b = world.content, world.accounts, world.levers.content, world.behaviour
    if not content.platforms:
        return
    feed, trusted, contact, partner = (
        content.of_account[name] for name in ("feed_share", "trust", "contact", "partner")
    )
    weight = _persuasion(world)
    per_year = made * (feed / world.dt)[:, None]
    own = weight * trusted * per_year[:, Kind.SELECT]
    touches.absorb(accounts.trust, own, b.trust_memory_weeks, world.dt)
    touches.absorb(accounts.partner_trust, own * partner, b.trust_memory_weeks, world.dt)
    touches.absorb(accounts.owner_trust, weight * trusted * per_year[:, Kind.SERVICE], b.trust_memory_weeks, world.dt)
    asking = per_year[:, Kind.BUY] + per_year[:, Kind.BAIT] + lever.stream_pull * per_year[:, Kind.LIVE]
    accounts.contact[:] = b.content_contact * contact * asking


def _book(world: World) -> None:
    """Book publishing hours as pay and support as cash, from running totals so that no fraction is lost (N24, N27)."""
    content, sellers, lever = world.content, world.sellers, world.levers.content
    districts = len(world.weights)
    hours = np.bincount(sellers.district, weights=sellers.publishing_hours, minlength=districts)
    supported = np.bincount(sellers.district, weights=sellers.publishes.astype(np.float64), minlength=districts)
    spent = hours * (world.dt * WEEKS_PER_YEAR)
    world.published.append((world.tick, {"publishing": spent, "publishers": supported}))
    content.hours_run += hours * (world.dt * WEEKS_PER_YEAR * world.hourly_pay)
    content.support_run += supported * (lever.support_cost_per_year * world.dt * MINOR_PER_MONEY)
    for purpose, run, paid in (
        (Purpose.SELLER_HOURS, content.hours_run, content.hours_paid),
        (Purpose.SUPPORT, content.support_run, content.support_paid),
    ):
        before = paid.copy()
        paid[:] = np.floor(run + 0.5).astype(np.int64)
        world.ledger.book(purpose, np.arange(districts), KOS, paid - before)
        if purpose == Purpose.SELLER_HOURS:
            world.paid_now += int((paid - before).sum())
