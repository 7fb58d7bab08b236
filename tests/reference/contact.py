"""Contact data is left and becomes leads."""

from __future__ import annotations

import math

from sim.channels import FOUNDER, KOS, NO_CHANNEL, PAID_ADS, REFERRAL, VERTICAL_MEDIA, WALK_IN, WORD_OF_MOUTH
from sim.ledger import Purpose
from sim.numeric import power_one
from sim.streams import Decision
from sim.units import DAYS_PER_YEAR, MINOR_PER_MONEY, MINUTES_PER_YEAR
from sim.world.stores import Job, Outcome
from tests.reference import following, need, opinion
from tests.reference.entities import Group, Household, Lead, Seller
from tests.reference.market import Contact, Market

CHANNEL_OF = {
    **{"ads": PAID_ADS, "buy": KOS, "live": KOS, "bait": KOS, "founder": FOUNDER, "feed": KOS},
    **{"vertical": VERTICAL_MEDIA, "walk-in": WALK_IN},
}
"""The channel of each source of contact data in a search."""


def collect(m: Market) -> None:
    """This tick's contacts of all kinds; the earliest of each household becomes a lead."""
    for h in m.households:
        if h.searching and h.lead is None:
            search(m, h)
    if any(browsing(group) for group in m.groups):
        before = [group.browse for group in m.groups]
        for group in m.groups:
            group.browse = group.browse + browsing(group) * m.dt
        for h in m.households:
            if h.browse_at <= m.groups[h.group].browse:
                browse(m, h, before[h.group])
    open_leads(m)


def search(m: Market, h: Household) -> None:
    """Let the hazards of a search pass; contact data is left where they reach the drawn threshold."""
    begin = max(h.need_at, m.now)
    exposed = max(min(h.ready_at, m.end) - begin, 0.0)
    hazards = hazards_of(m, h)
    ads, vertical, walk_in = hazards["ads"], hazards["vertical"], hazards["walk-in"]
    content = hazards["buy"] + hazards["live"] + hazards["bait"] + hazards["founder"] + hazards["feed"]
    hazard = ads + vertical + content + walk_in
    passed = hazard * exposed
    if h.contact_left > passed:
        h.contact_left -= passed
        return
    which = m.chance.uniform(Decision.CONTACT_CHANNEL, h.leads, h.id) * hazard
    source, upper = "walk-in", 0.0
    for name in ("ads", "buy", "live", "bait", "founder", "feed", "vertical"):
        upper += hazards[name]
        if which < upper:
            source = name
            break
    m.happened[f"contact: {source}"] += 1
    channel = CHANNEL_OF[source]
    hour = m.chance.uniform(Decision.CONTACT_HOUR, h.leads, h.id, h.purchases)
    if channel == WALK_IN:
        stores = m.scenario.stores
        hour = (stores.open_hour + hour * (stores.close_hour - stores.open_hour)) / 24.0
    moment = at_hour(begin + h.contact_left / hazard, hour, begin, min(h.ready_at, m.end))
    m.contacts.append(Contact(h, moment, channel, seller=poster(m, h, source), live=source == "live"))


def hazards_of(m: Market, h: Household) -> dict[str, float]:
    """Hazards of leaving contact data in a search, per year, by source.

    Walk-ins, posts that ask and live streams need a known brand, baits and the founder do not.
    """
    group, interest = m.groups[h.group], opinion.interest(m, h)
    hazards = dict.fromkeys(CHANNEL_OF, 0.0)
    hazards["ads"], hazards["vertical"] = group.search_ads * interest, group.search_vertical
    hazards["bait"], hazards["founder"] = group.search_bait * interest, group.search_founder * interest
    if h.follow is not None:
        hazards["feed"] = h.follow.account.contact * interest
    if opinion.aware(m, h):
        hazards["buy"], hazards["live"] = group.search_buy * interest, group.search_live * interest
        returning = m.b.owner_return if h.drives_brand and h.relationship is not None else 1.0
        organic = 1.0 if h.drives_brand else m.organic_interest
        hazards["walk-in"] = m.b.walk_in_per_search_year * organic * interest * returning
    return hazards


def poster(m: Market, h: Household, source: str) -> Seller | None:
    """The seller whose content led to contact data in a search."""
    if source == "feed":
        assert h.follow is not None
        return h.follow.account.seller
    if source in ("buy", "live", "bait"):
        u = m.chance.uniform(Decision.POSTER, h.leads, h.id)
        return following.pick(m, h, f"by_{source}", u).seller
    return None


def at_hour(moment: float, hour: float, earliest: float, latest: float) -> float:
    """A contact at the drawn hour (share of the day) of its day, where that stays within the search and the tick."""
    moved = (math.floor(moment * DAYS_PER_YEAR) + hour) / DAYS_PER_YEAR
    return moved if earliest <= moved < latest else moment


def browse(m: Market, h: Household, before: float) -> None:
    """A household reached its threshold of asking outside a search; it does so unless it searches, waits or owns."""
    group = m.groups[h.group]
    rate = browsing(group)
    since = (h.browse_at - before) / rate if rate > 0.0 else 0.0
    moment = m.now + max(since, 0.0)  # a second crossing in one tick waits for the next
    which = m.chance.uniform(Decision.BROWSE_CHANNEL, h.browses, h.id) * rate
    ads, content, founder = group.browse_ads, group.browse_content, group.browse_founder
    channel = VERTICAL_MEDIA
    if which < ads:
        channel = PAID_ADS
    elif which < ads + content:
        channel = KOS
    elif which < ads + content + founder:
        channel = FOUNDER
    moment = at_hour(moment, m.chance.uniform(Decision.BROWSE_HOUR, h.browses, h.id), m.now, m.end)
    h.browses += 1
    h.browse_at += m.chance.exponential(Decision.BROWSE, h.browses, h.id)
    if not h.idle or h.drives_brand:
        return
    seller = None
    if channel == KOS:
        seller = following.pick(m, h, "by_browse", m.chance.uniform(Decision.POSTER, h.browses, h.id, 1)).seller
    m.happened[f"browse {channel}"] += 1
    m.contacts.append(Contact(h, moment, channel, seller=seller))


def browsing(group: Group) -> float:
    """Hazard of asking outside a search, per year."""
    return group.browse_ads + group.browse_vertical + (group.browse_content + group.browse_founder)


def open_leads(m: Market) -> None:
    """One lead per household: the earliest contact counts, then the lower channel, then the lower referrer."""
    earliest: dict[int, Contact] = {}
    for contact in sorted(m.contacts, key=lambda c: (c.moment, c.channel, c.referrer)):
        earliest.setdefault(contact.person.id, contact)
    for contact in sorted(earliest.values(), key=lambda c: (c.moment, c.person.id)):
        h = contact.person
        if h.lead is not None:
            continue
        if h.first_touch < 0:
            h.first_touch = contact.channel
        h.lead = Lead(
            row=len(m.leads),
            person=h,
            episode=h.leads,
            channel=contact.channel,
            first_touch=h.first_touch,
            in_market=h.searching,
            arrived=contact.moment,
            referrer=contact.referrer,
            tie=contact.tie,
            tenure=contact.tenure,
            generation=contact.generation,
            live=contact.live,
            seller=contact.seller,
        )
        m.leads.append(h.lead)
        m.new_leads.append(h.lead)
        m.happened[f"channel {contact.channel}"] += 1
        h.leads += 1
        if contact.channel == KOS:
            assert contact.seller is not None
            contact.seller.lately_leads += 1.0
            contact.seller.year_leads += 1
            pay_bonus(m, h.lead, m.kos.bonus_per_lead, "lead")
        if h.searching:
            need.draw_contact(m, h)


def pay_bonus(m: Market, lead: Lead, bonus: float, what: str) -> None:
    """Pay the seller whose content brought a lead, or the order made of it."""
    amount = round(bonus * MINOR_PER_MONEY)
    m.happened[f"bonus for {what}"] += amount > 0
    m.book(Purpose.BONUS, lead.person.district, KOS, amount)


def assign(m: Market) -> None:
    """New leads go to the nearest store, or to the seller whose content brought them, some into the pool; where there
    is no seller they are lost at once."""
    pay_for_the_pool(m)
    for lead in m.new_leads:
        lead.store = lead.person.store if lead.seller is None else lead.seller.store
        m.happened["lead of another store's seller"] += lead.store != lead.person.store
        lead.mature = m.mature[lead.store] if lead.store >= 0 else -1
        if lead.store < 0 or not m.staff[lead.store] or m.scenario.stores.hours_per_week == 0:
            close(m, lead, lead.arrived, Outcome.NO_SELLER)
        elif lead.channel == WALK_IN:
            lead.next_at, lead.next_job = lead.arrived, Job.VISIT
        else:
            if lead.channel not in (REFERRAL, WORD_OF_MOUTH):  # who was introduced expects the call
                lead.cool_at = lead.arrived + cooling(m, lead)
            lead.next_at, lead.next_job = lead.arrived + m.scenario.stores.pickup_minutes / MINUTES_PER_YEAR, Job.CALL
            pool(m, lead)
            if lead.live and lead.in_market:
                book_visit(m, lead)


def pool(m: Market, lead: Lead) -> None:
    """A share of new leads enters the pool and is seen at its next refresh."""
    if m.operations.pool_share == 0.0:
        return
    if m.chance.uniform(Decision.POOL, 0, lead.person.id, lead.episode) < m.operations.pool_share:
        interval = max(m.operations.refresh_minutes, 1e-6) / MINUTES_PER_YEAR
        lead.pooled = True
        lead.next_at = max((math.floor(lead.arrived / interval) + 1) * interval, lead.arrived)
        m.happened["pooled"] += 1
    else:
        m.happened["not pooled"] += 1


def pay_for_the_pool(m: Market) -> None:
    """Pay what the system costs, by district, rounded from running totals."""
    m.lead_system += m.operations.cost_per_year * m.dt / m.represented
    for district in range(m.districts):
        households = sum(h.district == district for h in m.households)
        before = m.lead_system_paid[district]
        m.lead_system_paid[district] = math.floor(m.lead_system * households * MINOR_PER_MONEY + 0.5)
        m.book(Purpose.LEAD_SYSTEM, district, NO_CHANNEL, m.lead_system_paid[district] - before)


def book_visit(m: Market, lead: Lead) -> None:
    """Contact data left on a live stream: answered there, and a visit is booked."""
    delay = m.chance.exponential(Decision.VISIT_DELAY, 0, lead.person.id, lead.episode)
    lead.answered, lead.reached = lead.arrived, True
    lead.next_at, lead.next_job = lead.arrived + delay * (m.b.visit_delay_days / DAYS_PER_YEAR), Job.VISIT
    lead.person.ready_at = max(lead.person.ready_at, lead.next_at)
    m.happened["visit booked on a live stream"] += 1


def cooling(m: Market, lead: Lead) -> float:
    """Delay, in years, beyond which a first call reaches nobody: odds that fall in three powers of the delay."""
    b = m.b
    u = m.chance.uniform(Decision.COOLING, 0, lead.person.id, lead.episode)
    odds = u / (1.0 - u)
    at_10 = b.contact_odds_5_minutes * power_one(0.5, b.contact_exponent_10_minutes)
    at_30 = at_10 * power_one(1.0 / 3.0, b.contact_exponent_30_minutes)
    if odds >= at_10:
        minutes = 5.0 * power_one(b.contact_odds_5_minutes / odds, 1.0 / b.contact_exponent_10_minutes)
    elif odds >= at_30:
        minutes = 10.0 * power_one(at_10 / odds, 1.0 / b.contact_exponent_30_minutes)
    else:
        minutes = 30.0 * power_one(at_30 / odds, 1.0 / b.contact_exponent_day)
    return minutes / MINUTES_PER_YEAR


def close(m: Market, lead: Lead, moment: float, outcome: Outcome) -> None:
    """End a lead."""
    lead.closed, lead.outcome, lead.next_at = moment, outcome, math.inf
    lead.person.lead = None
    m.happened[outcome.name.lower()] += 1
