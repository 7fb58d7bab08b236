"""Contact data is left and becomes leads: moments within the week, one open lead per household, a store by distance.

During a search a household leaves contact data when the hazards it is exposed to - advertising, vertical media, walking
into a store - have added up to its drawn threshold. Outside a search the few who ask all the same (D15) are found the
same way, group by group, without touching anybody else. Whoever is first in a tick gets the lead.
"""

from __future__ import annotations

import numpy as np

from sim import numeric
from sim.channels import CHANNELS, FOUNDER, KOS, PAID_ADS, REFERRAL, VERTICAL_MEDIA, WALK_IN, WORD_OF_MOUTH
from sim.ledger import Purpose
from sim.process import exposure, following, pool
from sim.streams import Decision, uniform
from sim.units import DAYS_PER_YEAR, MINOR_PER_MONEY, MINUTES_PER_YEAR, WEEKS_PER_YEAR
from sim.world.people import BRAND, F64, I8, Rows, Stage
from sim.world.stores import Job, Outcome
from sim.world.world import Word, World

HOURS_PER_DAY = 24.0
_ADS, _BUY, _LIVE, _BAIT, _FOUNDER, _FEED, _VERTICAL, _WALK_IN = range(exposure.SOURCES + 1)
_CHANNEL_OF = np.array([PAID_ADS, KOS, KOS, KOS, FOUNDER, KOS, VERTICAL_MEDIA, WALK_IN], dtype=np.int8)
INTRODUCED = (REFERRAL, WORD_OF_MOUTH)
"""Channels whose leads expect the call: somebody they know brought them, so they do not cool."""
_COOLS = ~np.isin(np.arange(len(CHANNELS)), (*INTRODUCED, WALK_IN))


def collect(world: World) -> None:
    """Turn this tick's contacts into leads."""
    _search(world)
    _browse(world)
    _open(world)


def _search(world: World) -> None:
    """Contacts of households in a search that have no open lead."""
    people, media, content, b = world.people, world.media, world.content, world.behaviour
    follows, accounts = world.follows, world.accounts
    climate = exposure.Climate(
        media.awareness + world.offers.organic_awareness,
        media.trust,
        media.search_ads,
        media.search_vertical,
        content.search_buy,
        content.search_live,
        content.search_bait,
        content.search_founder,
        world.offers.strength,
        float(b.walk_in_per_search_year),
        float(b.walk_in_per_search_year * world.offers.organic_interest),
        float(b.owner_return),
        b.awareness_memory_weeks / WEEKS_PER_YEAR,
        b.trust_memory_weeks / WEEKS_PER_YEAR,
    )
    audience = exposure.Audience(accounts.trust, accounts.owner_trust, accounts.contact)
    searches, kept = world.exposed, world.owners.relationship
    rows, moment, hazard, sums = exposure.expose(
        searches.records, searches.spells, world.now, world.end, people.owner, kept, climate, audience
    )
    which = uniform(world.key, Decision.CONTACT_CHANNEL, people.leads[rows], 0, people.id[rows]) * hazard
    source = (sums <= which[:, None]).sum(axis=1)
    channel = _CHANNEL_OF[source]
    hour = uniform(world.key, Decision.CONTACT_HOUR, people.leads[rows], 0, people.id[rows], people.purchases[rows])
    stores = world.scenario.stores
    opened = (stores.open_hour + hour * (stores.close_hour - stores.open_hour)) / HOURS_PER_DAY
    hour = np.where(channel == WALK_IN, opened, hour)  # nobody walks into a closed store
    earliest = np.maximum(people.need_at[rows], world.now)
    moment = _at_hour(moment, hour, earliest, np.minimum(people.ready_at[rows], world.end))
    seller = np.full(len(rows), -1)
    parts = (content.by_buy, content.by_live, content.by_bait)
    for place, part in zip((_BUY, _LIVE, _BAIT), parts, strict=True):
        by_content = np.flatnonzero(source == place)
        who = rows[by_content]
        u = uniform(world.key, Decision.POSTER, people.leads[who], 0, people.id[who])
        seller[by_content] = accounts.seller[following.pick(world, part, people.group[who], u)]
    fed = source == _FEED
    seller[fed] = accounts.seller[follows.account[people.follow[rows[fed]]]]
    world.contacts.add(rows, moment, channel, seller=seller, live=source == _LIVE)


def _at_hour(moment: F64, hour: F64, earliest: F64, latest: F64) -> F64:
    """Move a contact to the drawn hour of its day, where that lies within the search and the tick.

    A hazard that is passed a little sooner in one of two paired worlds then moves the contact to another day, but not
    from opening hours into the night: without this, any change of a budget would reshuffle who is answered in time.
    """
    moved = (np.floor(moment * DAYS_PER_YEAR) + hour) / DAYS_PER_YEAR
    kept: F64 = np.where((moved >= earliest) & (moved < latest), moved, moment)
    return kept


def _browse(world: World) -> None:
    """Contacts of households outside a search; leaves everyone alone whose threshold is not near."""
    people, media, content = world.people, world.media, world.content
    rate = media.browse_ads + media.browse_vertical + (content.browse + content.browse_founder)
    if not rate.any():
        return
    before = media.browse
    media.browse = before + rate * world.dt
    rows = world.browsers.take(media.browse)
    group = people.group[rows]
    since = np.divide(
        people.browse_at[rows] - before[group], rate[group], out=np.zeros(len(rows)), where=rate[group] > 0.0
    )
    moment = world.now + np.maximum(since, 0.0)  # a second crossing in one tick waits for the next
    count = people.browses[rows]
    which = uniform(world.key, Decision.BROWSE_CHANNEL, count, 0, people.id[rows]) * rate[group]
    ads = media.browse_ads[group]
    kos = ads + content.browse[group]
    founder = kos + content.browse_founder[group]
    channel = np.where(
        which < ads, PAID_ADS, np.where(which < kos, KOS, np.where(which < founder, FOUNDER, VERTICAL_MEDIA))
    ).astype(np.int8)
    hour = uniform(world.key, Decision.BROWSE_HOUR, count, 0, people.id[rows])
    moment = _at_hour(moment, hour, np.full(len(rows), world.now), np.full(len(rows), world.end))
    people.browses[rows] += 1
    again = uniform(world.key, Decision.BROWSE, people.browses[rows], 0, people.id[rows])
    people.browse_at[rows] -= numeric.log(again)
    world.browsers.file(rows, group)
    idle = (people.stage[rows] == Stage.IDLE) & (people.car[rows] != BRAND)
    rows, moment, channel = rows[idle], moment[idle], channel[idle]
    seller, by_content = np.full(len(rows), -1), np.flatnonzero(channel == KOS)
    who = rows[by_content]
    u = uniform(world.key, Decision.POSTER, people.browses[who], 0, people.id[who], 1)
    seller[by_content] = world.accounts.seller[following.pick(world, content.by_browse, people.group[who], u)]
    world.contacts.add(rows, moment, channel, seller=seller)


def _open(world: World) -> None:
    """Open one lead per household: the earliest contact counts, ties go to the lower channel and referrer."""
    c, people = world.contacts, world.people
    if not c.person:
        return
    person, moment, channel = np.concatenate(c.person), np.concatenate(c.moment), np.concatenate(c.channel)
    seller, live = np.concatenate(c.seller), np.concatenate(c.live)
    word = Word(*(np.concatenate(parts) for parts in zip(*c.word, strict=True)))
    order = numeric.ordered(word.referrer, channel, moment, person)
    keep = order[numeric.starts(person[order])]
    keep = keep[people.lead[person[keep]] < 0]
    keep = keep[numeric.ordered(people.id[person[keep]], moment[keep])]
    rows = person[keep]
    people.first_touch[rows] = np.where(people.first_touch[rows] < 0, channel[keep], people.first_touch[rows])
    new = world.leads.append(
        len(rows),
        person=rows,
        household=people.id[rows],
        episode=people.leads[rows],
        segment=people.segment[rows],
        district=people.district[rows],
        channel=channel[keep],
        first_touch=people.first_touch[rows],
        in_market=people.stage[rows] == Stage.SEARCHING,
        arrived=moment[keep],
        seller=seller[keep],
        live=live[keep],
        referrer=word.referrer[keep],
        tie=word.tie[keep],
        tenure=word.tenure[keep],
        generation=word.generation[keep],
    )
    people.lead[rows] = np.arange(new.start, new.stop)
    people.leads[rows] += 1
    sellers, bonus = world.sellers, world.levers.content.bonus_per_lead
    reward_content(world, np.arange(new.start, new.stop), sellers.lately_leads, sellers.year_leads, bonus)
    world.exposed.leave(rows)
    world.open_leads = np.concatenate([world.open_leads, np.arange(new.start, new.stop)])
    world.new_leads = new


def assign(world: World) -> None:
    """Give new leads to a store and put some into the pool; a lead with no seller there is lost at once."""
    leads, stores = world.leads, world.stores
    pool.pay(world)
    rows = np.arange(world.new_leads.start, world.new_leads.stop)
    world.new_leads = slice(len(leads), len(leads))
    if len(rows) == 0:
        return
    store = _stores(world, rows)
    leads.store[rows] = store
    if len(stores):
        leads.mature[rows] = np.where(store >= 0, stores.mature[store], -1)
    sellers = stores.sellers[store] if len(stores) else np.zeros(len(rows), dtype=np.int64)
    served = (store >= 0) & (sellers > 0) & (world.scenario.stores.hours_per_week > 0)
    close(world, rows[~served], leads.arrived[rows[~served]], Outcome.NO_SELLER)
    rows = rows[served]
    bought = _COOLS[leads.channel[rows]]
    leads.cool_at[rows[bought]] = leads.arrived[rows[bought]] + _cooling(world, rows[bought])
    greeted = leads.channel[rows] == WALK_IN
    pickup = world.scenario.stores.pickup_minutes / MINUTES_PER_YEAR
    leads.next_at[rows] = np.where(greeted, leads.arrived[rows], leads.arrived[rows] + pickup)
    leads.next_job[rows] = np.where(greeted, Job.VISIT, Job.CALL)
    pool.enter(world, rows[~greeted])
    _book_visits(world, rows[leads.live[rows] & leads.in_market[rows]])


def _book_visits(world: World, rows: Rows) -> None:
    """Who leaves contact data on a live stream is answered there and books a visit (N13)."""
    leads, people = world.leads, world.people
    u = uniform(world.key, Decision.VISIT_DELAY, 0, 0, leads.household[rows], leads.episode[rows])
    visit = leads.arrived[rows] - numeric.log(u) * (world.behaviour.visit_delay_days / DAYS_PER_YEAR)
    leads.answered[rows], leads.reached[rows] = leads.arrived[rows], True
    leads.next_at[rows], leads.next_job[rows] = visit, Job.VISIT
    person = leads.person[rows]
    people.ready_at[person] = np.maximum(people.ready_at[person], visit)


def reward_content(world: World, rows: Rows, remembered: F64, counted: Rows, bonus: float) -> None:
    """Credit leads, or the orders made of them, to the sellers whose content brought them, and pay the bonus (N23)."""
    leads = world.leads
    rows = rows[leads.channel[rows] == KOS]
    if len(rows) == 0:
        return
    np.add.at(remembered, leads.seller[rows], 1.0)
    np.add.at(counted, leads.seller[rows], 1)
    amount = round(bonus * MINOR_PER_MONEY)
    world.ledger.book(Purpose.BONUS, leads.district[rows], KOS, amount)
    world.bonuses_paid += amount * len(rows)


def _stores(world: World, rows: Rows) -> Rows:
    """The store of new leads: their own seller's where they have one, otherwise the nearest."""
    seller = world.leads.seller[rows]
    store = world.people.store[world.leads.person[rows]]
    brought = seller >= 0
    store[brought] = world.sellers.store[seller[brought]]
    return store


def _cooling(world: World, rows: Rows) -> F64:
    """Delay, in years, beyond which a first call reaches nobody.

    The odds of reaching someone fall as a power of the delay, steepest in the first minutes (M14): the delay is the one
    at which these odds equal those of a uniform draw.
    """
    b, leads = world.behaviour, world.leads
    u = uniform(world.key, Decision.COOLING, 0, 0, leads.household[rows], leads.episode[rows])
    odds = u / (1.0 - u)
    at_10 = b.contact_odds_5_minutes * float(numeric.power(0.5, b.contact_exponent_10_minutes))
    at_30 = at_10 * float(numeric.power(1.0 / 3.0, b.contact_exponent_30_minutes))
    early = 5.0 * numeric.power(b.contact_odds_5_minutes / odds, 1.0 / b.contact_exponent_10_minutes)
    middle = 10.0 * numeric.power(at_10 / odds, 1.0 / b.contact_exponent_30_minutes)
    late = 30.0 * numeric.power(at_30 / odds, 1.0 / b.contact_exponent_day)
    minutes: F64 = np.where(odds >= at_10, early, np.where(odds >= at_30, middle, late))
    return minutes / MINUTES_PER_YEAR


def close(world: World, rows: Rows, moment: F64, outcome: I8 | Outcome) -> None:
    """End leads."""
    leads = world.leads
    leads.closed[rows] = moment
    leads.outcome[rows] = outcome
    leads.next_at[rows] = np.inf
    world.people.lead[leads.person[rows]] = -1
