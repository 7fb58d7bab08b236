"""The state of the twin and the clock."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

from sim.ledger import Purpose
from sim.numeric import log_one
from sim.scenario.schema.root import Scenario
from tests.reference import kos, offers, programme
from tests.reference.chance import Chance
from tests.reference.entities import (
    Act,
    Credit,
    Group,
    Household,
    Lead,
    Margin,
    Medium,
    Order,
    Ownership,
    Relationship,
    Replacement,
    Seller,
)
from tests.reference.publishers import Account, Bill, Follow, SellerYear


@dataclass(frozen=True)
class Contact:
    """Contact data left in this tick, before it is known who was first."""

    person: Household
    moment: float
    channel: int
    referrer: int = -1
    tie: int = -1
    tenure: float = math.nan
    generation: int = 0
    seller: Seller | None = None
    """Whose content it was."""
    live: bool = False


class Market:
    """One replicate of one scenario at one moment."""

    def __init__(self, scenario: Scenario, chance: Chance) -> None:
        self.scenario = scenario
        self.b = scenario.behaviour
        self.chance = chance
        self.ticks_per_year = scenario.horizon.ticks_per_year
        self.dt = 1.0 / self.ticks_per_year
        self.tick = -1
        self.now = self.end = self.middle = 0.0
        self.year = scenario.horizon.start_year
        self.segments = list(scenario.market.segments.values())
        self.districts = len(scenario.market.districts)
        self.weights = [d.represents / d.households for d in scenario.market.districts]
        self.represented = float(sum(d.represents for d in scenario.market.districts))
        # the tables
        self.households: list[Household] = []
        self.staff: list[list[Seller]] = []
        """Sellers by store."""
        self.district_of_store: list[int] = []
        self.turns = [0] * self.districts
        """Pooled leads given to sellers in turn so far, by district."""
        self.lead_system = 0.0
        """Cost of the lead system so far, per represented household, and the same booked by district in minor units."""
        self.lead_system_paid = [0] * self.districts
        self.well_mixed = False
        self.leads: list[Lead] = []
        self.orders: list[Order] = []
        self.margins: list[Margin] = []
        self.relationships: list[Relationship] = []
        self.ownerships: list[Ownership] = []
        self.credits: list[Credit] = []
        self.acts: list[Act] = []
        self.replacements: list[Replacement] = []
        self.groups: list[Group] = []
        self.ads = Medium(0.0, 0.0, [0] * self.districts, [0] * self.districts)
        self.vertical = Medium(0.0, 0.0, [0] * self.districts, [0] * self.districts)
        self.traffic = Medium(0.0, 0.0, [0] * self.districts, [0] * self.districts)
        # sellers' content
        self.platforms = list(scenario.market.platforms.values())
        self.users = [[p.used_by(name) for name in scenario.market.segments] for p in self.platforms]
        """Share of households that use a platform, by platform and segment."""
        self.public: list[list[float]] = []
        """Households that use a platform, by district and platform."""
        self.sellers: list[Seller] = []
        self.accounts: list[Account] = []
        self.follows: list[Follow] = []
        self.seller_years: list[SellerYear] = []
        self.mature: list[int] = []
        """By store."""
        self.bills = [Bill() for _ in range(self.districts)]
        self.begun = self.followable = False
        """Whether anybody has ever published, and whether households have drawn their first thresholds of following."""
        self.waiting: list[Order] = []
        """Orders neither delivered nor cancelled, in the order of locking."""
        self.returning: list[Order] = []
        """Delivered orders whose cars will go back."""
        self.purses: dict[int, list[Credit]] = defaultdict(list)
        """Vested credits by the id of their owner."""
        self.eligible: list[bool] = []
        """By household, whether it may take part in the referral programme."""
        self.board: list[int] = []
        """Ids of the owners whose code strangers use, ascending."""
        self.line_busy_until = 0.0
        self.line_work_done = 0.0
        # the books: (tick, district, channel, purpose) -> minor units
        self.books: dict[tuple[int, int, int, int], int] = defaultdict(int)
        self.totals = [0] * len(Purpose)
        # of this tick
        self.contacts: list[Contact] = []
        self.new_leads: list[Lead] = []
        self.worked = [0.0] * self.districts
        self.calls = [0] * self.districts
        self.visits = [0] * self.districts
        self.test_drives = [0] * self.districts
        # for the event log
        self.words: list[tuple[int, float, int, int, bool, bool, bool, bool]] = []
        """Tick, moment, ids of speaker and hearer, praise, bad, invitation, strong tie."""
        self.spent: list[tuple[int, float, int]] = []
        """Row of the credit, moment, minor units."""
        self.happened: Counter[str] = Counter()
        """How often each kind of event occurred."""

    def begin_tick(self) -> None:
        """Advance the clock; read policies and offers at the middle of the tick."""
        self.tick += 1
        self.now = self.tick / self.ticks_per_year
        self.end = (self.tick + 1) / self.ticks_per_year
        self.year = self.scenario.horizon.start_year + self.tick // self.ticks_per_year
        calendar = self.scenario.horizon.start_year + (self.tick + 0.5) / self.ticks_per_year
        brand = self.scenario.brand
        self.price = brand.price.at(calendar)
        self.margin = brand.margin_per_car.at(calendar)
        self.service_margin_per_year = brand.service_margin_per_year.at(calendar)
        self.organic_interest = brand.organic_interest.at(calendar)
        self.organic_awareness = -log_one(1.0 - min(brand.organic_awareness.at(calendar), 1.0 - 1e-12))
        self.capacity_per_year = brand.capacity_per_year.at(calendar)
        self.offers = offers.segments(self.scenario, calendar)
        self.ads_offer = offers.advertising(self.scenario, calendar)
        self.vertical_offer = offers.vertical_media(self.scenario, calendar)
        self.operations = offers.operations(self.scenario, calendar)
        self.kos = kos.offer(self.scenario, calendar)
        self.happened["no policy after it began"] += self.begun and not offers.running(
            self.scenario.policies.kos, calendar
        )
        self.programme = programme.programme(self.scenario, calendar)
        self.happened["programme suspended"] += programme.suspended(self.scenario, calendar)
        self.contacts, self.new_leads = [], []
        self.worked = [0.0] * self.districts
        for tally in (self.calls, self.visits, self.test_drives):
            tally[:] = [0] * self.districts

    def tick_of(self, moment: float) -> float:
        """The tick a moment falls into; infinity for never."""
        return math.floor(moment * self.ticks_per_year) if math.isfinite(moment) else moment

    def due(self, moment: float) -> bool:
        """Whether a moment lies in this tick or before."""
        return self.tick_of(moment) <= self.tick

    def book(self, purpose: Purpose, district: int, channel: int, amount: int) -> None:
        """Book an amount; channel -1 is none."""
        self.books[self.tick, district, channel, int(purpose)] += amount
        self.totals[purpose] += amount

    def strength(self, person: Household) -> float:
        """Product strength of the brand for a household's segment."""
        return self.offers[person.segment].strength
