"""The world: all tables, this tick's levers, the books and the clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import numeric
from sim.ledger import Ledger, Purpose
from sim.levers import Levers
from sim.policies import Moment
from sim.scenario.schema.root import Scenario
from sim.streams import Decision, Key, uniform
from sim.units import DAYS_PER_YEAR, MINOR_PER_MONEY
from sim.world import build
from sim.world.agenda import Agenda
from sim.world.content import Content, Follows, accounts_of
from sim.world.crossings import Crossings, Grouping
from sim.world.exposed import Exposed
from sim.world.journal import Journal
from sim.world.network import Network
from sim.world.owners import Acts, Credits, Ownerships
from sim.world.people import F64, I8, Bool, Rows
from sim.world.stores import Leads, Margins, Orders, Replacements

NO_RIVALS = -1e9
"""Utility of the best alternative when the market has no rivals: low enough that nobody takes it."""
_TABLES = (
    *("people", "stores", "sellers", "leads", "orders", "margins", "relationships", "replacements"),
    *("owners", "ownerships", "acts", "credits", "accounts", "follows"),
)


@dataclass
class Media:
    """State of mass media, per district x segment: intensities everyone in the group shares."""

    awareness: F64
    trust: F64
    partner_trust: F64
    search_ads: F64
    """Hazard of leaving contact data with an advertisement during a search, per year, at interest 1."""
    search_vertical: F64
    """Hazard of leaving contact data on a vertical medium during a search, per year."""
    browse_ads: F64
    """The same outside a search, per year and household."""
    browse_vertical: F64
    browse: F64
    """Cumulative hazard of leaving contact data outside a search."""
    spent: F64
    """Money spent so far by medium (advertising, vertical, views of sellers' posts), per represented household."""
    offered: F64
    """Money offered so far by medium, per represented household."""


class Word(NamedTuple):
    """On whose word contact data was left; one entry per array element."""

    referrer: Rows
    """Id of the owner, -1 nobody."""
    tie: I8
    """1 strong, 0 weak, -1 none."""
    tenure: F64
    """Years that owner had driven the brand, nan without one."""
    generation: Rows
    """That owner's generation plus 1, 0 without one."""

    @classmethod
    def of_nobody(cls, size: int) -> Word:
        """Contacts that nobody brought."""
        none = np.full(size, -1)
        return cls(none, none.astype(np.int8), np.full(size, np.nan), np.zeros(size, dtype=np.int64))


@dataclass
class Contacts:
    """Contact data left in this tick, before it is known who was first; one entry per array element."""

    person: list[Rows] = field(default_factory=list)
    moment: list[F64] = field(default_factory=list)
    channel: list[I8] = field(default_factory=list)
    word: list[Word] = field(default_factory=list)
    seller: list[Rows] = field(default_factory=list)
    live: list[Bool] = field(default_factory=list)

    def add(
        self,
        person: Rows,
        moment: F64,
        channel: I8,
        word: Word | None = None,
        seller: Rows | None = None,
        live: Bool | None = None,
    ) -> None:
        """Add contacts; `word` says who brought them, where an owner did, `seller` whose content, -1 nobody's; `live`
        marks those who book a visit on a live stream."""
        self.person.append(np.asarray(person, dtype=np.int64))
        self.moment.append(moment)
        self.channel.append(np.asarray(channel, dtype=np.int8))
        self.word.append(Word.of_nobody(len(person)) if word is None else word)
        self.seller.append(np.full(len(person), -1) if seller is None else seller)
        self.live.append(np.zeros(len(person), dtype=np.bool_) if live is None else live)


@dataclass(frozen=True)
class Offers:
    """What brand and rivals offer in this tick, per segment where arrays have that length."""

    strength: F64
    """Product strength of the brand."""
    price: float
    """List price of the brand, money."""
    margin: float
    service_margin_per_year: float
    organic_interest: float
    """Multiple of the walk-ins of households that do not drive the brand."""
    organic_awareness: float
    """Stock of awareness every household has without policies and owners."""
    capacity_per_year: float
    """Cars per year in the whole represented market."""
    alternative: F64
    """Log-sum of the rivals' utilities."""
    rival_shares: F64
    """Cumulative choice shares among rivals, segments x rivals."""


class World:
    """One replicate of one scenario at one moment; verbs take it and change it.

    `isolated` appends households who know nobody, `order` permutes the rows of the people table (both for tests),
    `placebo` lets a seller of every store lose a few minutes: a butterfly, used as a noise floor. `events` keeps the
    journal that the event log needs.
    """

    def __init__(
        self,
        scenario: Scenario,
        key: Key,
        *,
        isolated: int = 0,
        order: Rows | None = None,
        placebo: bool = False,
        events: bool = False,
    ) -> None:
        self.scenario = scenario
        self.behaviour = scenario.behaviour
        self.key = key
        self.ticks_per_year = scenario.horizon.ticks_per_year
        self.dt = 1.0 / self.ticks_per_year
        self.tick = -1
        self.now = 0.0
        self.end = 0.0
        self.levers = Levers()
        self.offers: Offers
        self.contacts = Contacts()
        self._populate(isolated, order)
        self.stores, self.sellers = build.stores_and_sellers(scenario, key)
        build.settle(self.people, self.stores, scenario, key)
        build.begin_needs(self.people, scenario, key)
        self.owners, self.relationships = build.initial_owners(self.people, scenario, key)
        self.placebo = placebo
        self.leads, self.orders = Leads(), Orders()
        self.margins, self.replacements = Margins(), Replacements()
        self.ownerships, self.acts, self.credits = Ownerships(), Acts(), Credits()
        districts = scenario.market.districts
        self.ledger = Ledger(len(districts))
        self.segments = list(scenario.market.segments)
        self.weights = np.array([d.represents / d.households for d in districts])
        self.represented = float(sum(d.represents for d in districts))
        self.households_by_district = np.bincount(self.people.district, minlength=len(districts))
        self.media_offered = np.zeros((3, len(districts)), dtype=np.int64)
        self.media_spent = np.zeros((3, len(districts)), dtype=np.int64)
        self.lead_system = 0.0
        """Cost of the lead system so far, per represented household."""
        self.lead_system_paid = np.zeros(len(districts), dtype=np.int64)
        self.turns = np.zeros(len(districts), dtype=np.int64)
        """Pooled leads given to sellers in turn so far, by district."""
        self.media = self._media(len(districts) * len(self.segments))
        self._open_accounts()
        self.journal = Journal(len(self.people), len(self.media.awareness)) if events else None
        self.new_leads = slice(0, 0)
        self.searching = 0
        self.exposed = Exposed(self.people, self.follows)
        self.open_leads: Rows = np.empty(0, dtype=np.int64)
        self.waiting: Rows = np.empty(0, dtype=np.int64)
        self.line_busy_until = self.line_work_done = 0.0
        self.said = dict.fromkeys(Purpose, 0)
        self.margins_audited = 0
        self.paid_now = 0
        self.delivered_now: Rows = np.empty(0, dtype=np.int64)
        self.returned_now: Rows = np.empty(0, dtype=np.int64)
        self.returnable: Rows = np.empty(0, dtype=np.int64)
        self.anchored: Rows = np.empty(0, dtype=np.int64)
        self.brokers: Rows = np.empty(0, dtype=np.int64)
        self.vested: Rows = np.empty(0, dtype=np.int64)
        self.checks_paid = 0
        self.worked: list[tuple[int, Any]] = []
        self.published: list[tuple[int, dict[str, Any]]] = []
        self.hourly_pay = round(scenario.stores.cost_per_hour * MINOR_PER_MONEY)
        self.counts: list[dict[str, Any]] = []
        self._agendas()

    def _populate(self, isolated: int, order: Rows | None) -> None:
        people = build.households(self.scenario, self.key, isolated)
        self.network = build.acquaintances(people, isolated, self.scenario, self.key)
        if order is not None:
            self.network = _permuted(self.network, order)
            for name in people.columns:
                getattr(people, name)[:] = getattr(people, name)[order]
        self.people = people
        self.row_of: Rows = np.empty(len(people), dtype=np.int64)
        self.row_of[people.id] = np.arange(len(people))
        self.asks = np.zeros(len(self.network.friend), dtype=np.uint8)

    def _media(self, groups: int) -> Media:
        zero = np.zeros(groups)
        awareness = np.full(groups, stock_of_awareness(self.scenario.brand.initial_awareness))
        return Media(
            awareness=awareness,
            trust=zero.copy(),
            partner_trust=zero.copy(),
            search_ads=zero.copy(),
            search_vertical=zero.copy(),
            browse_ads=zero.copy(),
            browse_vertical=zero.copy(),
            browse=zero.copy(),
            spent=np.zeros(3),
            offered=np.zeros(3),
        )

    def _open_accounts(self) -> None:
        groups = len(self.media.awareness)
        self.grouping = Grouping.of(self.people.group, groups)
        members = np.bincount(self.people.group, minlength=groups)
        self.content = Content(self.scenario, self.sellers.district, members)
        self.accounts = accounts_of(len(self.sellers), len(self.content.platforms))
        self.follows = Follows()
        self.unfollows = Agenda(self.ticks_per_year)
        self.followable: Crossings | None = None
        self.bonuses_paid = 0
        self.seller_years: list[dict[str, Any]] = []

    def _agendas(self) -> None:
        people = self.people
        self.needs = Agenda(self.ticks_per_year)
        self.talks = Agenda(self.ticks_per_year)
        self.cares = Agenda(self.ticks_per_year)
        self.browsers = Crossings(self.grouping, people.browse_at)
        everyone = np.arange(len(people))
        self.needs.file(everyone, people.need_at)

    def owners_of(self, ids: Rows) -> Rows:
        """Rows in the table of owners of households that drive the brand or once did, by their permanent ids."""
        return self.people.owner[self.row_of[ids]]

    def begin_tick(self) -> World:
        """Advance the clock, take fresh levers, let active policies move them, and read the offers."""
        self.tick += 1
        self.now = self.tick / self.ticks_per_year
        self.end = (self.tick + 1) / self.ticks_per_year
        since_start = (self.tick + 0.5) / self.ticks_per_year
        moment = Moment(self.scenario.horizon.start_year + since_start, since_start)
        self.levers = Levers()
        for _, policy in self.scenario.active_policies():
            if policy.active(moment):
                policy.apply(self.levers, moment)
        self.offers = self._read_offers(moment.calendar)
        self.contacts = Contacts()
        self.paid_now, self.checks_paid = 0, 0
        self.delivered_now = self.returned_now = np.empty(0, dtype=np.int64)
        return self

    def _read_offers(self, calendar: float) -> Offers:
        brand, b = self.scenario.brand, self.behaviour
        price = brand.price.at(calendar)
        segments = self.scenario.market.segments.values()
        sensitivity = np.array([s.price_sensitivity for s in segments])
        utilities = np.empty((len(self.segments), len(self.scenario.market.rivals)))
        for j, rival in enumerate(self.scenario.market.rivals.values()):
            strength = np.array([rival.strength_for(s).at(calendar) for s in self.segments])
            relative = rival.price.at(calendar) / price if price > 0 else 1.0
            dearer = b.choice_price * sensitivity * numeric.log(relative)
            utilities[:, j] = b.choice_product * numeric.log(strength) - dearer
        weight = numeric.exp(utilities)
        total = np.cumsum(weight, axis=1)
        whole = total[:, -1] if total.shape[1] else np.zeros(len(self.segments))
        return Offers(
            strength=np.array([brand.product_strength[s].at(calendar) for s in self.segments]),
            price=price,
            margin=brand.margin_per_car.at(calendar),
            service_margin_per_year=brand.service_margin_per_year.at(calendar),
            organic_interest=brand.organic_interest.at(calendar),
            organic_awareness=stock_of_awareness(brand.organic_awareness.at(calendar)),
            capacity_per_year=brand.capacity_per_year.at(calendar),
            alternative=np.maximum(numeric.log(whole), NO_RIVALS),
            rival_shares=total / np.maximum(whole, 1e-300)[:, None],
        )

    @cached_property
    def degree_rank(self) -> F64:
        """Place of every household among all by the people it knows, most first, from 0 to 1; ties by lot."""
        count = len(self.people)
        degree = np.zeros(count) if self.network.well_mixed else np.diff(self.network.start)
        lot = uniform(self.key, Decision.ELIGIBLE, 0, 0, self.people.id)
        rank = np.empty(count)
        rank[np.lexsort((self.people.id, lot, -degree))] = (np.arange(count) + 0.5) / count
        return rank

    @property
    def year(self) -> int:
        """Calendar year of the tick."""
        return self.scenario.horizon.start_year + self.tick // self.ticks_per_year

    @property
    def search_share(self) -> float:
        """Share of households in a search in a market in equilibrium."""
        b = self.behaviour
        search = b.search_days / DAYS_PER_YEAR
        return search / (b.replacement_years + search)

    def nbytes(self) -> dict[str, int]:
        """Bytes by table, with the network, the entries of agendas, and what finds and copies rows."""
        tables = {name: getattr(self, name).nbytes for name in _TABLES}
        net = self.network
        tables["network"] = net.start.nbytes + net.friend.nbytes + net.strong.nbytes + self.asks.nbytes
        tables["agendas"] = 8 * len(self.people)  # a need each
        crossings = sum(each.nbytes for each in (self.browsers, self.followable) if each is not None)
        tables["indices"] = self.row_of.nbytes + self.grouping.rows.nbytes + crossings + self.exposed.nbytes
        return tables


def stock_of_awareness(known: float) -> float:
    """Stock of awareness at which this share of households know the brand: their thresholds are exponential."""
    return -float(numeric.log(1.0 - min(known, 1.0 - 1e-12)))


def _permuted(network: Network, order: NDArray[np.int64]) -> Network:
    """The same ties when the household of row `order[i]` moves to row i; friends stay in the order of their ids."""
    if network.well_mixed:
        return network
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    degree = np.diff(network.start)[order]
    start = np.concatenate([[0], np.cumsum(degree)])
    old = np.concatenate([np.arange(network.start[i], network.start[i + 1]) for i in order]) if len(order) else order
    return Network(start, place[network.friend[old]].astype(np.int32), network.strong[old], False)
