"""Contact data is left and becomes leads: moments within the week, one open lead per household, a store by distance.

During a search a household leaves contact data when the hazards it is exposed to - advertising, vertical media, walking
into a store - have added up to its drawn threshold. Outside a search the few who ask all the same (D15) are found the
same way, group by group, without touching anybody else. Whoever is first in a tick gets the lead.
"""

from __future__ import annotations

import numpy as np

from sim import numeric
from sim.channels import PAID_ADS, REFERRAL, VERTICAL_MEDIA, WALK_IN, WORD_OF_MOUTH
from sim.process import exposure
from sim.streams import Decision, uniform
from sim.units import DAYS_PER_YEAR, MINUTES_PER_YEAR, WEEKS_PER_YEAR
from sim.world.people import BRAND, F64, I8, Rows, Stage
from sim.world.stores import Job, Outcome
from sim.world.world import HAZARD_BUCKETS, Word, World

HOURS_PER_DAY = 24.0
INTRODUCED = (REFERRAL, WORD_OF_MOUTH)
"""Channels whose leads expect the call: somebody they know brought them, so they do not cool."""


def collect(world: World) -> None:
    """Turn this tick's contacts into leads."""
    _search(world)
    _browse(world)
    _open(world)


def _search(world: World) -> None:
    """Contacts of households in a search that have no open lead."""
    people, media, b = world.people, world.media, world.behaviour
    climate = exposure.Climate(
        media.awareness + world.offers.organic_awareness,
        media.trust,
        media.search_ads,
        media.search_vertical,
        world.offers.strength,
        float(b.walk_in_per_search_year),
        float(b.walk_in_per_search_year * world.offers.organic_interest),
        float(b.owner_return),
        b.awareness_memory_weeks / WEEKS_PER_YEAR,
        b.trust_memory_weeks / WEEKS_PER_YEAR,
    )
    rows, moment, hazard, ads, vertical = exposure.expose(
        world.exposed.records, world.now, world.end, people.relationship, climate
    )
    which = uniform(world.key, Decision.CONTACT_CHANNEL, people.leads[rows], 0, people.id[rows]) * hazard
    channel = np.where(which < ads, PAID_ADS, np.where(which < ads + vertical, VERTICAL_MEDIA, WALK_IN))
    hour = uniform(world.key, Decision.CONTACT_HOUR, people.leads[rows], 0, people.id[rows], people.purchases[rows])
    stores = world.scenario.stores
    opened = (stores.open_hour + hour * (stores.close_hour - stores.open_hour)) / HOURS_PER_DAY
    hour = np.where(channel == WALK_IN, opened, hour)  # nobody walks into a closed store
    earliest = np.maximum(people.need_at[rows], world.now)
    moment = _at_hour(moment, hour, earliest, np.minimum(people.ready_at[rows], world.end))
    world.contacts.add(rows, moment, channel.astype(np.int8))


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
    people, media = world.people, world.media
    rate = media.browse_ads + media.browse_vertical
    if not rate.any():
        return
    before = media.browse
    media.browse = before + rate * world.dt
    last = int(media.browse.max() * HAZARD_BUCKETS)
    near = world.near_browsers
    if last > world.browse_bucket:
        world.browse_bucket = last
        near = np.concatenate([near, world.browsers.take(last)])
    left = people.browse_at[near] <= media.browse[people.group[near]]
    world.near_browsers = near[~left]
    rows = near[left]
    group = people.group[rows]
    since = np.divide(
        people.browse_at[rows] - before[group], rate[group], out=np.zeros(len(rows)), where=rate[group] > 0.0
    )
    moment = world.now + np.maximum(since, 0.0)  # a second crossing in one tick waits for the next
    count = people.browses[rows]
    by_ads = (
        uniform(world.key, Decision.BROWSE_CHANNEL, count, 0, people.id[rows]) * rate[group] < media.browse_ads[group]
    )
    hour = uniform(world.key, Decision.BROWSE_HOUR, count, 0, people.id[rows])
    moment = _at_hour(moment, hour, np.full(len(rows), world.now), np.full(len(rows), world.end))
    people.browses[rows] += 1
    again = uniform(world.key, Decision.BROWSE, people.browses[rows], 0, people.id[rows])
    people.browse_at[rows] -= numeric.log(again)
    soon = people.browse_at[rows] * HAZARD_BUCKETS < last + 1
    world.near_browsers = np.concatenate([world.near_browsers, rows[soon]])
    world.browsers.file(rows[~soon], people.browse_at[rows[~soon]])
    idle = (people.stage[rows] == Stage.IDLE) & (people.car[rows] != BRAND)
    channel = np.where(by_ads, PAID_ADS, VERTICAL_MEDIA).astype(np.int8)
    world.contacts.add(rows[idle], moment[idle], channel[idle])


def _open(world: World) -> None:
    """Open one lead per household: the earliest contact counts, ties go to the lower channel and referrer."""
    c, people = world.contacts, world.people
    if not c.person:
        return
    person, moment, channel = np.concatenate(c.person), np.concatenate(c.moment), np.concatenate(c.channel)
    word = Word(*(np.concatenate(parts) for parts in zip(*c.word, strict=True)))
    order = numeric.ordered(word.referrer, channel, moment, person)
    _, first = np.unique(person[order], return_index=True)
    keep = order[first]
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
        referrer=word.referrer[keep],
        tie=word.tie[keep],
        tenure=word.tenure[keep],
        generation=word.generation[keep],
    )
    people.lead[rows] = np.arange(new.start, new.stop)
    people.leads[rows] += 1
    world.exposed.leave(rows)
    world.open_leads = np.concatenate([world.open_leads, np.arange(new.start, new.stop)])
    world.new_leads = new


def assign(world: World) -> None:
    """Give new leads to the nearest store; a lead with no seller there is lost at once."""
    leads, people, stores = world.leads, world.people, world.stores
    rows = np.arange(world.new_leads.start, world.new_leads.stop)
    world.new_leads = slice(len(leads), len(leads))
    if len(rows) == 0:
        return
    store = people.store[leads.person[rows]]
    leads.store[rows] = store
    sellers = stores.sellers[store] if len(stores) else np.zeros(len(rows), dtype=np.int64)
    served = (store >= 0) & (sellers > 0) & (world.scenario.stores.hours_per_week > 0)
    close(world, rows[~served], leads.arrived[rows[~served]], Outcome.NO_SELLER)
    rows = rows[served]
    bought = ~np.isin(leads.channel[rows], (*INTRODUCED, WALK_IN))
    leads.cool_at[rows[bought]] = leads.arrived[rows[bought]] + _cooling(world, rows[bought])
    greeted = leads.channel[rows] == WALK_IN
    pickup = world.scenario.stores.pickup_minutes / MINUTES_PER_YEAR
    leads.next_at[rows] = np.where(greeted, leads.arrived[rows], leads.arrived[rows] + pickup)
    leads.next_job[rows] = np.where(greeted, Job.VISIT, Job.CALL)


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
