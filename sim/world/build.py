"""Building a world: households, places, stores, initial owners and the state of search at the start.

Everything is drawn by permanent ids and before any policy, so two scenarios with the same market, brand and stores have
the same people, and one household more changes nobody else.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gammaincinv

from sim import numeric
from sim.scenario.schema.root import Scenario
from sim.streams import Decision, Key, uniform
from sim.units import DAYS_PER_YEAR
from sim.world import network
from sim.world.network import Network
from sim.world.owners import Owners
from sim.world.people import BRAND, F64, I16, People, Rows
from sim.world.stores import Relationships, Sellers, Stores

SEATS = 1000
"""Seats reserved per store in sellers' permanent numbers."""
LOOK_BACK_YEARS = 1.0
"""How long before the start the spells of need are begun, so that searches are under way when the horizon opens."""


def households(scenario: Scenario, key: Key, isolated: int = 0) -> People:
    """The people of all districts, ids in district order; `isolated` more, who know nobody, come last (for tests)."""
    sizes = [d.households for d in scenario.market.districts]
    sizes[-1] += isolated
    people = People(sum(sizes))
    people.id[:] = np.arange(len(people))
    people.district[:] = np.repeat(np.arange(len(sizes)), sizes)
    names = list(scenario.market.segments)
    segments = [scenario.market.segments[n] for n in names]
    upper = np.cumsum([s.share for s in segments])
    drawn = uniform(key, Decision.SEGMENT, 0, 0, people.id)
    people.segment[:] = np.minimum(np.searchsorted(upper, drawn, side="right"), len(names) - 1)
    people.group[:] = people.district.astype(np.int64) * len(names) + people.segment
    partner_share = np.array([s.partner_share for s in segments])
    people.partner[:] = uniform(key, Decision.PARTNER, 0, 0, people.id) < partner_share[people.segment]
    people.notice[:] = -numeric.log(uniform(key, Decision.NOTICE, 0, 0, people.id))
    people.browse_at[:] = -numeric.log(uniform(key, Decision.BROWSE, 0, 0, people.id))
    return people


def stores_and_sellers(scenario: Scenario, key: Key) -> tuple[Stores, Sellers]:
    """Stores at drawn places within the inner six tenths of their district, and their sellers."""
    settings = scenario.stores
    counts = np.array([settings.by_district.get(d.name, settings.per_district) for d in scenario.market.districts])
    stores = Stores(int(counts.sum()))
    stores.district[:] = np.repeat(np.arange(len(counts)), counts)
    number = np.concatenate([np.arange(c) for c in counts]) if len(stores) else np.empty(0, dtype=np.int64)
    radius = np.array([d.radius_km for d in scenario.market.districts])[stores.district]
    for axis, place in ((0, stores.x), (1, stores.y)):
        u = uniform(key, Decision.PLACE, 1, axis, stores.district, number)
        place[:] = (2.0 * u - 1.0) * 0.6 * radius
    stores.sellers[:] = settings.sellers_per_store
    stores.first_seller[:] = np.arange(len(stores)) * settings.sellers_per_store
    sellers = Sellers(len(stores) * settings.sellers_per_store)
    sellers.store[:] = np.repeat(np.arange(len(stores)), settings.sellers_per_store)
    sellers.seat[:] = np.tile(np.arange(settings.sellers_per_store), len(stores))
    sellers.district[:] = stores.district[sellers.store]
    sellers.code[:] = number[sellers.store] * SEATS + sellers.seat
    sellers.quit_at[:] = 0.0
    hire(sellers, np.arange(len(sellers)), scenario, key)
    return stores, sellers


def hire(sellers: Sellers, rows: Rows, scenario: Scenario, key: Key) -> None:
    """Draw what the sellers now on these seats bring along, and how long they stay after the last ones left."""
    settings, seat = scenario.stores, sellers.seat[rows]
    hire, district, number = sellers.hire[rows], sellers.district[rows], sellers.code[rows] // SEATS
    u = uniform(key, Decision.SKILL, hire, seat, district, number)
    sellers.skill[rows] = settings.skill_mean + settings.skill_spread * (2.0 * u - 1.0)
    sellers.talent[rows] = -numeric.log(uniform(key, Decision.TALENT, hire, seat, district, number))
    if settings.turnover_per_year > 0.0:
        stay = -numeric.log(uniform(key, Decision.QUIT, hire, seat, district, number))
        sellers.quit_at[rows] += stay / settings.turnover_per_year
    else:
        sellers.quit_at[rows] = np.inf


def places(ids: Rows, district: I16, scenario: Scenario, key: Key) -> tuple[F64, F64]:
    """Places of households, km east and north of the centre of their district, a square of half-side `radius_km`."""
    radius = np.array([d.radius_km for d in scenario.market.districts])[district]
    x = (2.0 * uniform(key, Decision.PLACE, 0, 0, ids) - 1.0) * radius
    y = (2.0 * uniform(key, Decision.PLACE, 0, 1, ids) - 1.0) * radius
    return x, y


def settle(people: People, stores: Stores, scenario: Scenario, key: Key) -> None:
    """Give every household its nearest store."""
    x, y = places(people.id, people.district, scenario, key)
    nearest = np.full(len(people), np.inf)
    for store in range(len(stores)):
        here = np.flatnonzero(people.district == stores.district[store])
        square = (x[here] - stores.x[store]) ** 2 + (y[here] - stores.y[store]) ** 2
        closer = square < nearest[here]
        nearest[here[closer]] = square[closer]
        people.store[here[closer]] = store
    people.store_km[:] = np.where(people.store >= 0, np.sqrt(nearest), 0.0)


def need_scale(scenario: Scenario) -> float:
    """Weibull scale of the time between purchases that gives the mean `replacement_years`."""
    b = scenario.behaviour
    return b.replacement_years / _gamma(1.0 + 1.0 / b.replacement_shape)


def search_scale(scenario: Scenario) -> float:
    """Weibull scale of the length of a search, in years, that gives the mean `search_days`."""
    b = scenario.behaviour
    return b.search_days / DAYS_PER_YEAR / _gamma(1.0 + 1.0 / b.search_shape)


def _gamma(x: float) -> float:
    """The gamma function, rounded: its last bits differ between C libraries."""
    return round(math.gamma(x), 13)


def weibull(exponential: F64, scale: float, shape: float) -> F64:
    """Times at which a Weibull hazard has accumulated to the given exponential thresholds."""
    times: F64 = scale * numeric.power(exponential, 1.0 / shape)
    return times


def begin_needs(people: People, scenario: Scenario, key: Key) -> None:
    """Put everyone somewhere in the cycle of need, search and purchase, as a market in equilibrium would.

    Residual spells of equilibrium begin a year before the start; searches that end before it are bought out, those that
    straddle it are under way when the horizon opens.
    """
    b = scenario.behaviour
    scale = need_scale(scenario)
    u = uniform(key, Decision.NEED, 0, 0, people.id)
    pent_up = scenario.market.searching_at_start
    if pent_up is not None:
        later = weibull(-numeric.log(u), scale, b.replacement_shape)
        people.need_at[:] = np.where(uniform(key, Decision.NEED, 0, 1, people.id) < pent_up, 0.0, later)
        return
    # Rounded, because the last bits of special functions differ between builds of the library.
    accumulated = np.round(gammaincinv(1.0 / b.replacement_shape, u), 12)
    residual = weibull(accumulated, scale, b.replacement_shape)
    people.need_at[:] = residual - LOOK_BACK_YEARS
    early = np.flatnonzero(people.need_at < 0.0)
    length = weibull(
        -numeric.log(uniform(key, Decision.SEARCH, 0, 0, people.id[early])), search_scale(scenario), b.search_shape
    )
    ready = people.need_at[early] + length
    done = early[ready <= 0.0]
    people.purchases[done] = 1
    again = weibull(-numeric.log(uniform(key, Decision.NEED, 1, 0, people.id[done])), scale, b.replacement_shape)
    people.need_at[done] = np.maximum(ready[ready <= 0.0] + again, 0.0)


def initial_owners(people: People, scenario: Scenario, key: Key) -> tuple[Owners, Relationships]:
    """Make some households owners, by tenure and mileage; segments the product suits have more of them.

    Returns them and the relationships that are still kept, after a tenure under the hazard of dropping them.
    """
    strength = np.array(
        [scenario.brand.product_strength[s].at(scenario.horizon.start_year) for s in scenario.market.segments]
    )
    share = np.array([s.share for s in scenario.market.segments.values()])
    average = float((strength * share).sum())
    relative = strength / average if average > 0 else np.ones_like(strength)
    groups = scenario.brand.initial_owners
    upper = np.cumsum([g.per_1000_households / 1000 for g in groups])
    drawn = uniform(key, Decision.INITIAL_OWNER, 0, 0, people.id) / np.maximum(relative[people.segment], 1e-300)
    which = np.searchsorted(upper, drawn, side="right")
    rows = np.flatnonzero(which < len(groups))
    tenure = np.array([g.tenure_years for g in groups])[which[rows]] if len(groups) else np.empty(0)
    people.car[rows] = BRAND
    owners = Owners()
    enrol(owners, people, rows, key)
    owners.owned_since[:] = -tenure
    owners.km[:] = np.array([g.km for g in groups])[which[rows]] if len(groups) else 0.0
    b = scenario.behaviour
    scale = need_scale(scenario)
    hazard = numeric.power(tenure / scale, b.replacement_shape)
    threshold = hazard - numeric.log(uniform(key, Decision.CAR_AGE, 0, 0, people.id[rows]))
    people.need_at[rows] = np.maximum(weibull(threshold, scale, b.replacement_shape) - tenure, 0.0)
    people.purchases[rows] = 0
    spread = uniform(key, Decision.INITIAL_SATISFACTION, 0, 0, people.id[rows])
    owners.satisfaction[:] = first_satisfaction(strength[people.segment[rows]], spread, b.satisfaction_spread)
    rate = b.leave_per_year * numeric.exp(-b.leave_slope * (owners.satisfaction - 0.5))
    kept = uniform(key, Decision.INITIAL_RELATIONSHIP, 0, 0, people.id[rows]) < numeric.exp(-rate * tenure)
    by_id = np.flatnonzero(kept)[np.argsort(owners.id[kept])]
    relationships = Relationships(len(by_id))
    relationships.person[:] = owners.person[by_id]
    relationships.order[:] = -1
    relationships.began[:] = owners.owned_since[by_id]
    owners.relationship[by_id] = np.arange(len(by_id))
    return owners, relationships


def enrol(owners: Owners, people: People, rows: Rows, key: Key) -> None:
    """Give households that never drove the brand a row among owners, and draw how much they drive."""
    who = people.id[rows]
    miles = 6000.0 + 16000.0 * uniform(key, Decision.MILES, 0, 0, who)
    new = owners.append(len(rows), person=rows, id=who, segment=people.segment[rows], km_per_year=miles)
    people.owner[rows] = np.arange(new.start, new.stop)


def first_satisfaction(strength: F64, u: F64, spread: float) -> F64:
    """Satisfaction with a new car: product strength with a logistic spread, kept within 0.02 and 0.98."""
    satisfaction: F64 = np.clip(strength + spread * numeric.log(u / (1.0 - u)), 0.02, 0.98)
    return satisfaction


def acquaintances(people: People, isolated: int, scenario: Scenario, key: Key) -> Network:
    """The social network among all but the last `isolated` households."""
    settings = scenario.market.network
    if isolated == 0 or settings.well_mixed:
        return network.build(people.id, people.district, people.segment, settings, key)
    known = len(people) - isolated
    among = network.build(people.id[:known], people.district[:known], people.segment[:known], settings, key)
    start = np.concatenate([among.start, np.full(isolated, among.start[-1])])
    return Network(start, among.friend, among.strong, among.well_mixed)
