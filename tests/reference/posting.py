"""What sellers and the founder publish, how it is seen, and what seeing it does."""

from __future__ import annotations

import math

from sim.channels import KOS
from sim.ledger import Purpose
from sim.numeric import exp_one, log_one, power_one
from sim.streams import Decision
from sim.units import MINOR_PER_MONEY, MONTHS_PER_YEAR, WEEKS_PER_YEAR
from tests.reference import media
from tests.reference.entities import Seller
from tests.reference.market import Market
from tests.reference.publishers import BAIT, BUY, KINDS, LIVE, SEE, SELECT, SERVICE, Account

CYCLE = (SEE, SELECT, BUY, SERVICE)
"""A seller's posts, in turns."""
MOODS_PER_YEAR = 13
SLOTS = 32
"""Keys reserved for the platforms of one person on a seat."""


def publish(m: Market) -> None:
    """Posts and live streams of this tick; what all that is in the air does to every group and follower."""
    if not m.begun:
        m.begun = m.kos.followers_of_founder > 0.0 or (any(s.publishes for s in m.sellers) and bool(m.platforms))
        if not m.begun:
            return
    for account in m.accounts:
        account.made = [0] * len(account.made)
    for seller in m.sellers:
        write(m, seller)
        stream(m, seller)
    for account in m.accounts:
        ripen(m, account)
    look(m)
    boost(m)
    effects(m)
    for group in m.groups:
        sum_up(m, group.number)
    found(m)
    for account in m.accounts:
        feed(m, account)
    grow_up(m)
    pay(m)


# what is published


def write(m: Market, seller: Seller) -> None:
    """Finish the posts that come due."""
    seller.posts_due += seller.posts_per_week * (m.dt * WEEKS_PER_YEAR)
    count = math.floor(seller.posts_due)
    seller.posts_due -= count
    skilled = practice(m, seller)
    for nth in range(seller.posts + 1, seller.posts + count + 1):
        lot = m.chance.uniform(Decision.BAIT, seller.hire, seller.district, seller.code, nth)
        kind = BAIT if lot < seller.bait else CYCLE[(nth - 1) % len(CYCLE)]
        m.happened[f"post: {KINDS[kind]}"] += 1
        for place in m.kos.platforms:
            air(m, seller.accounts[place], nth, kind, Decision.REACH, skilled, place == m.kos.platforms[0])
    seller.posts += count
    seller.year_posts += count
    seller.learned += count * m.kos.support
    if math.isnan(seller.published_since) and seller.posts > 0:
        seller.published_since = m.now


def stream(m: Market, seller: Seller) -> None:
    """Hold the live streams that come due, on the platform that leads to most contact data."""
    if not m.kos.platforms:
        return
    seller.streams_due += seller.streams_per_week * (m.dt * WEEKS_PER_YEAR)
    count = math.floor(seller.streams_due)
    seller.streams_due -= count
    busiest = max(m.kos.platforms, key=lambda place: (m.platforms[place].contact, -place))
    skilled = practice(m, seller)
    for nth in range(seller.streams + 1, seller.streams + count + 1):
        m.happened["live stream"] += 1
        air(m, seller.accounts[busiest], nth, LIVE, Decision.LIVE_REACH, skilled, True)
    seller.streams += count


def practice(m: Market, seller: Seller) -> float:
    """What practice multiplies reach by, from 1 to 2."""
    return 1.0 + seller.learned / (seller.learned + m.b.learning_posts)


def air(
    m: Market, account: Account, nth: int, kind: int, decision: Decision, skilled: float, made_for_it: bool
) -> None:
    """Put a piece of content on a platform: its views come by the platform's gift, followers, talent and luck."""
    seller, platform = account.seller, m.platforms[account.platform]
    u = m.chance.uniform(decision, seller.hire * SLOTS + account.platform, seller.district, seller.code, nth)
    tail = platform.reach_tail
    luck = power_one(u, -1.0 / tail) * ((tail - 1.0) / tail)
    public = platform.views_per_post * (account.ripe * account.ripe)
    public = public + platform.views_per_follower * account.followers
    copied = 1.0 if made_for_it else m.kos.adapt + (1.0 - m.kos.adapt) * platform.duplicate_reach
    m.happened["copied post"] += copied < 1.0
    m.happened["followers spread a post"] += account.followers > 0
    local = platform.local_share + (1.0 - platform.local_share) * m.kos.brought_home
    account.buzz[kind] += public * seller.talent * skilled * luck * (copied * local * mood(m, account.platform))
    account.made[kind] += 1


def mood(m: Market, place: int) -> float:
    """What multiplies all reach on a platform for four weeks; 1 on average."""
    spread = m.platforms[place].shock_spread
    u = m.chance.remembered(Decision.SHOCK, place, 0, 0, m.tick * MOODS_PER_YEAR // m.ticks_per_year)
    return power_one(-log_one(u), spread) / round(math.gamma(1.0 + spread), 13)


def ripen(m: Market, account: Account) -> None:
    """A platform comes to trust an account that posts regularly."""
    kept = exp_one(-m.dt / (m.b.account_ripe_months / MONTHS_PER_YEAR))
    rate = account.seller.posts_per_week
    regular = rate / (rate + 1.0) if account.platform in m.kos.platforms else 0.0
    account.ripe = regular + (account.ripe - regular) * kept


# how it is seen


def look(m: Market) -> None:
    """The views of this tick: a share of those still to come."""
    for account in m.accounts:
        kept = exp_one(-m.dt * WEEKS_PER_YEAR / m.platforms[account.platform].view_weeks)
        account.seen = [views * (1.0 - kept) for views in account.buzz]
        account.buzz = [views * kept for views in account.buzz]


def boost(m: Market) -> None:
    """Buy further views, as many per view earned on every account."""
    bought = traffic(m)
    for account in m.accounts:
        account.views += in_order(account.seen) * (1.0 + bought)
        account.seen = [views * (1.0 + bought) for views in account.seen]


def traffic(m: Market) -> float:
    """Spend the money for views as far as platforms sell them; returns the views bought per view earned."""
    medium, offer = m.traffic, m.kos
    if offer.traffic_per_year <= 0.0:
        media.book(m, medium, KOS)
        return 0.0
    medium.offered += offer.traffic_per_year * m.dt / m.represented
    price = 0.0
    for account in m.accounts:
        thousand = m.platforms[account.platform].price_per_thousand_views
        price += in_order(account.seen) * thousand * m.weights[account.seller.district]
    drift = power_one(1.0 + offer.traffic_drift, (m.now + m.end) / 2.0)
    price = price / 1000.0 * drift / m.represented
    left = medium.offered - medium.spent
    money = min(left, offer.traffic_boost * price)
    medium.spent += money
    media.book(m, medium, KOS)
    m.happened["traffic: all money spent" if money == left else "traffic: all views bought"] += money > 0.0
    if price > 0.0:
        return money / price
    return offer.traffic_boost if left > 0.0 else 0.0


def in_order(values: list[float]) -> float:
    """Plain additions from left to right."""
    total = 0.0
    for value in values:
        total += value
    return total


# what it does


def effects(m: Market) -> None:
    """What the views of each account do to a household of each segment of its district, per year."""
    shares = unsaturated(m)
    weight = persuasion(m)
    for account in m.accounts:
        platform = m.platforms[account.platform]
        share = shares[account.seller.district, account.platform]
        see, select, buy, _, bait, live = (views * share for views in per_year(m, account))
        every = in_order([views * share for views in per_year(m, account)])
        own = weight * platform.trust * select
        asks = m.b.content_contact * platform.contact
        account.by_awareness, account.by_trust, account.by_partner_trust = [], [], []
        account.by_buy, account.by_live, account.by_bait = [], [], []
        account.by_browse, account.by_follow = [], []
        for segment, users in enumerate(m.users[account.platform]):
            strength = m.offers[segment].strength
            by_buy, by_live = users * (asks * buy), users * (asks * m.kos.stream_pull * live)
            by_bait = users * (asks * bait)
            account.by_awareness.append(users * (m.b.impression_awareness * (see + live + bait)))
            account.by_trust.append(users * own)
            account.by_partner_trust.append(users * (own * platform.partner))
            account.by_buy.append(by_buy)
            account.by_live.append(by_live)
            account.by_bait.append(by_bait)
            low = m.kos.low_intent * (by_buy + by_live) + m.kos.bait_low_intent * by_bait
            account.by_browse.append(strength * low)
            account.by_follow.append(m.b.follow_share * strength * (users * every))


def per_year(m: Market, account: Account) -> list[float]:
    """Views per year and household that uses the platform, by kind."""
    public = m.public[account.seller.district][account.platform]
    return [views / (public * m.dt) if public > 0.0 else 0.0 for views in account.seen]


def unsaturated(m: Market) -> dict[tuple[int, int], float]:
    """By district and platform, the share of views that still add something to what households saw already."""
    pressure: dict[tuple[int, int], float] = {}
    for account in m.accounts:
        where = account.seller.district, account.platform
        pressure[where] = pressure.get(where, 0.0) + in_order(per_year(m, account)) / WEEKS_PER_YEAR
    shares = {}
    for (district, place), views in pressure.items():
        most = m.platforms[place].saturation_views_per_week
        shares[district, place] = most * (1.0 - exp_one(-views / most)) / views if views > 0.0 else 1.0
    return shares


def persuasion(m: Market) -> float:
    """Trust per view: posts of daily life persuade, the rest does what advertising does."""
    return m.kos.authentic * m.b.content_trust + (1.0 - m.kos.authentic) * m.b.impression_trust


def sum_up(m: Market, number: int) -> None:
    """What all accounts of the district do to one segment."""
    group, segment = m.groups[number], number % len(m.segments)
    here = [account for account in m.accounts if account.seller.district == number // len(m.segments)]
    group.content_awareness = in_order([account.by_awareness[segment] for account in here])
    group.content_trust = in_order([account.by_trust[segment] for account in here])
    group.content_partner_trust = in_order([account.by_partner_trust[segment] for account in here])
    group.search_buy = in_order([account.by_buy[segment] for account in here])
    group.search_live = in_order([account.by_live[segment] for account in here])
    group.search_bait = in_order([account.by_bait[segment] for account in here])
    group.browse_content = in_order([account.by_browse[segment] for account in here])
    group.follow_rate = in_order([account.by_follow[segment] for account in here])


def found(m: Market) -> None:
    """The founder's followers live everywhere; a quarter of the posts serves each end."""
    following = min(m.kos.followers_of_founder / m.represented, 1.0)
    views = following * m.kos.founder_views_per_week * WEEKS_PER_YEAR / len(CYCLE)
    for group in m.groups:
        strength = m.offers[group.number % len(m.segments)].strength
        group.content_awareness += m.b.impression_awareness * views
        group.content_trust += persuasion(m) * views
        group.content_partner_trust += persuasion(m) * views
        group.search_founder = m.b.content_contact * views
        group.browse_founder = m.kos.low_intent * group.search_founder * strength


def feed(m: Market, account: Account) -> None:
    """What a follower sees of an account: posts that build trust, and posts that ask for contact data."""
    platform, weeks = m.platforms[account.platform], m.b.trust_memory_weeks
    _, select, buy, service, bait, live = (made * (platform.feed_share / m.dt) for made in account.made)
    weight = persuasion(m) * platform.trust
    account.trust = media.absorbed(m, account.trust, weight * select, weeks)
    account.partner_trust = media.absorbed(m, account.partner_trust, weight * select * platform.partner, weeks)
    account.owner_trust = media.absorbed(m, account.owner_trust, weight * service, weeks)
    account.contact = m.b.content_contact * platform.contact * (buy + bait + m.kos.stream_pull * live)


# stores and books


def grow_up(m: Market) -> None:
    """A store is mature when its sellers have published for a year on average."""
    for store, staff in enumerate(m.staff):
        ages = [m.now - s.published_since for s in staff if s.publishes and not math.isnan(s.published_since)]
        m.mature[store] = int(in_order(ages) >= len(ages) * 1.0) if ages else -1
        m.happened[("no accounts", "young store", "mature store")[m.mature[store] + 1]] += 1


def pay(m: Market) -> None:
    """Pay the hours of publishing and the support, rounded from running totals."""
    hourly = round(m.scenario.stores.cost_per_hour * MINOR_PER_MONEY)
    for district, bill in enumerate(m.bills):
        here = [seller for seller in m.sellers if seller.district == district]
        hours, supported = in_order([s.publishing_hours for s in here]), float(sum(s.publishes for s in here))
        bill.hours += hours * (m.dt * WEEKS_PER_YEAR * hourly)
        bill.support += supported * (m.kos.support_cost_per_year * m.dt * MINOR_PER_MONEY)
        due = math.floor(bill.hours + 0.5), math.floor(bill.support + 0.5)
        m.book(Purpose.SELLER_HOURS, district, KOS, due[0] - bill.hours_paid)
        m.book(Purpose.SUPPORT, district, KOS, due[1] - bill.support_paid)
        bill.hours_paid, bill.support_paid = due
