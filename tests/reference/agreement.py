"""Holding the fast model against the twin: every difference is named by tick, table, row and column."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from sim.channels import NO_CHANNEL, PAID_ADS, REFERRAL, WORD_OF_MOUTH
from sim.model import GrowthModel
from sim.world.people import BRAND, Stage
from sim.world.stores import Outcome
from tests.reference import content_agreement
from tests.reference.entities import Household, Lead, Order
from tests.reference.opinion import aware
from tests.reference.twin import Twin

SAME_NAMES = {
    "household": """
        id district segment group store store_km partner notice awareness trust partner_trust touched_at
        first_touch stage car need_at ready_at purchases browse_at browses leads orders follow_at follows""",
    "owner": """
        id segment owned_since km km_per_year satisfaction stay_left care_from care_at cares spells talk_at talks
        rewarded rewarded_year rewarded_ever""",
    "lead": """
        episode channel first_touch in_market live mature arrived referrer tie tenure generation store cool_at answered
        reached visited tested ordered closed outcome pooled calls recalls hours next_at next_job""",
    "order": """
        number ordered cancel_at repurchase price discount subsidy claim code rejected cancelled delivered margin first
        return_at returned mature followed""",
    "ownership": """
        began ended zeal referrer generation broker willing_year inviting_year successful_year""",
    "credit": """
        kind face cost_share expected cap_per_year cap_lifetime expiry pending vested closed state redeemed booked""",
    "relationship": "began ended referrer generation anchored",
    "group": "awareness trust partner_trust search_ads search_vertical browse_ads browse_vertical browse",
}
"""Columns that are called the same in the fast model and here."""

Getter = Callable[[Any], Any]


def plain(what: str) -> dict[str, Getter]:
    return {name: operator.attrgetter(name) for name in SAME_NAMES[what].split()}


HOUSEHOLD_COLUMNS: dict[str, Getter] = plain("household") | {
    "lead": lambda h: h.lead.row if h.lead else -1,
    "follow": lambda h: h.follow.row if h.follow else -1,
}
OWNER_COLUMNS: dict[str, Getter] = plain("owner") | {
    "relationship": lambda h: h.relationship.row if h.relationship else -1,
    "ownership": lambda h: h.ownership.row if h.ownership else -1,
    "first_order": lambda h: h.first_order.row if h.first_order else -1,
}
OF_PERSON: dict[str, Getter] = {
    "person": lambda x: x.person.id,
    "household": lambda x: x.person.id,
    "segment": lambda x: x.person.segment,
    "district": lambda x: x.person.district,
}
LEAD_COLUMNS = plain("lead") | OF_PERSON | {"seller": lambda x: x.seller.row if x.seller else -1}
ORDER_COLUMNS = (
    plain("order")
    | OF_PERSON
    | {
        "channel": lambda o: o.lead.channel,
        "first_touch": lambda o: o.lead.first_touch,
        "referrer": lambda o: o.lead.referrer,
        "tie": lambda o: o.lead.tie,
        "tenure": lambda o: o.lead.tenure,
        "generation": lambda o: o.lead.generation,
        "lead": lambda o: o.lead.row,
        "credit": lambda o: o.credit.row if o.credit else -1,
    }
)
OF_SPELL: dict[str, Getter] = {
    "person": lambda r: r.person.id,
    "order": lambda r: r.order.row if r.order else -1,
}
RELATIONSHIP_COLUMNS = plain("relationship") | OF_SPELL
OWNERSHIP_COLUMNS = plain("ownership") | OF_SPELL
CREDIT_COLUMNS: dict[str, Getter] = plain("credit") | {
    "owner": lambda c: c.owner.id,
    "order": lambda c: c.order.row,
}
SHOWN = 12


def can_change(order: Order, now: float) -> bool:
    """Whether an order is still waiting, or its car may still go back."""
    waiting = math.isnan(order.delivered) and math.isnan(order.cancelled)
    return waiting or (math.isnan(order.returned) and now <= order.return_at < math.inf)


def same(a: Any, b: Any) -> bool:
    """Equal values; nan equals nan."""
    return bool(a == b or (a != a and b != b))


class Agreement:
    """Compares after every tick; leads and orders are compared as long as they can change."""

    def __init__(self, model: GrowthModel, twin: Twin) -> None:
        self.model, self.twin = model, twin
        self.open_leads: list[Lead] = []
        self.open_orders: list[Order] = []
        self.seen_leads = self.seen_orders = 0
        self.differences: list[str] = []
        self.known: dict[int, bool] = {}
        """Households that know the brand, and whether they drive it."""
        self.learned: list[tuple[int, int, bool, int]] = []
        """Household, tick, whether it has come to know the brand or has forgotten it, what made it known."""
        self.advertised: list[float] = []

    def check(self) -> None:
        """Compare everything that may have changed in this tick; raises AssertionError with the first differences."""
        world, m = self.model.world, self.twin.market
        self.rows("household", world.people, m.households, HOUSEHOLD_COLUMNS)
        was_owner = [h.was_owner for h in m.households]
        self.values("household", "was owner", (world.people.owner >= 0).tolist(), was_owner)
        row_of = world.people.owner.tolist()
        owners = [h for h in m.households if h.was_owner]
        self.rows("owner", world.owners, owners, OWNER_COLUMNS, lambda h: row_of[h.id])
        self.exposed()
        self.asks()
        self.lengths()
        self.media()
        self.open_leads += m.leads[self.seen_leads :]
        self.open_orders += m.orders[self.seen_orders :]
        self.seen_leads, self.seen_orders = len(m.leads), len(m.orders)
        self.rows("lead", world.leads, self.open_leads, LEAD_COLUMNS)
        self.rows("order", world.orders, self.open_orders, ORDER_COLUMNS)
        self.rows("relationship", world.relationships, m.relationships, RELATIONSHIP_COLUMNS)
        self.rows("ownership", world.ownerships, m.ownerships, OWNERSHIP_COLUMNS)
        self.rows("credit", world.credits, m.credits, CREDIT_COLUMNS)
        self.open_leads = [lead for lead in self.open_leads if lead.outcome == Outcome.OPEN]
        self.open_orders = [o for o in self.open_orders if can_change(o, m.end)]
        content_agreement.compare(self)
        self.values("ledger", "total by purpose", world.ledger.totals.tolist(), m.totals)
        self.values("district", "turns", world.turns.tolist(), m.turns)
        self.value("line", 0, "busy_until", world.line_busy_until, m.line_busy_until)
        self.day_book()
        self.counts()
        self.awareness()
        self.report()

    def check_logs(self) -> None:
        """Compare what was only appended to, once, at the end."""
        world, m = self.model.world, self.twin.market
        self.rows("lead", world.leads, m.leads, LEAD_COLUMNS)
        self.rows("order", world.orders, m.orders, ORDER_COLUMNS)
        t = world.margins
        columns = (t.person, t.moment, t.purpose, t.amount, t.order)
        fast = sorted(zip(*(column.tolist() for column in columns), strict=True))
        mine = sorted((x.person, x.moment, x.purpose, x.amount, x.order) for x in m.margins)
        self.values("margin", "(person, moment, purpose, amount, order)", fast, mine)
        r = world.replacements
        fast = sorted(zip(r.person.tolist(), r.moment.tolist(), r.same_brand.tolist(), strict=True))
        mine = sorted((x.person, x.moment, x.same_brand) for x in m.replacements)
        self.values("replacement", "(person, moment, same_brand)", fast, mine)
        a = world.acts
        whose = world.ownerships.person[a.ownership].tolist()
        fast = sorted(zip(whose, a.year.tolist(), a.act.tolist(), strict=True))
        self.values("act", "(person, year, act)", fast, sorted((x.person, x.year, x.act) for x in m.acts))
        c = world.ledger.columns()
        entries = zip(*(c[name].tolist() for name in ("tick", "district", "channel", "purpose", "amount")), strict=True)
        booked = sorted((*key, amount) for key, amount in m.books.items() if amount)
        self.values("ledger", "(tick, district, channel, purpose, amount)", sorted(entries), booked)
        self.journal()
        self.report()

    def awareness(self) -> None:
        """Follow who knows the brand."""
        m = self.twin.market
        heard: dict[int, int] = {}
        for tick, _, _, hearer, *_, invitation, _ in reversed(m.words):
            if tick < m.tick:
                break
            heard[hearer] = REFERRAL if invitation or heard.get(hearer) == REFERRAL else WORD_OF_MOUTH
        stocks = [g.awareness for g in m.groups]
        rose = [now > before for now, before in zip(stocks, self.advertised, strict=True)] if self.advertised else []
        known = {h.id: (h.drives_brand, h.drives_brand or h.follow is not None) for h in m.households if aware(m, h)}
        for who in known.keys() - self.known.keys():
            by_ads = PAID_ADS if rose and rose[m.households[who].group] else NO_CHANNEL
            self.learned.append((who, m.tick, True, NO_CHANNEL if known[who][0] else heard.get(who, by_ads)))
        for who in self.known.keys() - known.keys():
            self.learned.append((who, m.tick + self.known[who][1], False, NO_CHANNEL))
        self.known, self.advertised = known, stocks

    def journal(self) -> None:
        """Compare what was noted for the event log."""
        journal, m = self.model.world.journal, self.twin.market
        assert journal is not None
        for table, mine in ((journal.words, m.words), (journal.redemptions, m.spent)):
            columns = (getattr(table, name).tolist() for name in table.columns)
            name = type(table).__name__
            self.values(name, f"({', '.join(table.columns)})", sorted(zip(*columns, strict=True)), sorted(mine))
        a = journal.awareness
        tick = (a.moment * m.ticks_per_year + 0.5).astype(int)  # a forgotten brand may be noted at the tick's end
        fast = sorted(zip(*(c.tolist() for c in (a.household, tick, a.known, a.channel)), strict=True))
        self.values("Awareness", "(household, tick, known, channel)", fast, sorted(self.learned))

    # parts

    def rows(
        self, table: str, fast: Any, mine: list[Any], columns: dict[str, Getter], row_of: Getter | None = None
    ) -> None:
        """Compare the columns of objects with their rows in a table."""
        rows = list(map(row_of, mine)) if row_of else [x.id if isinstance(x, Household) else x.row for x in mine]
        for name, get in columns.items():
            theirs, ours = getattr(fast, name)[rows].tolist(), list(map(get, mine))
            if theirs != ours:
                for row, a, b in zip(rows, theirs, ours, strict=True):
                    if a != b and not same(a, b):
                        self.value(table, row, name, a, b)

    def exposed(self) -> None:
        """Who meets hazards of contact, and how much of them is left: those in a search without an open lead."""
        fast = self.model.world.exposed.records
        mine = {h.id: h.contact_left for h in self.twin.market.households if h.searching and h.lead is None}
        self.value("exposed", -1, "households", sorted(fast["row"].tolist()), sorted(mine))
        for name in fast.dtype.names[1:]:
            if name != "row":
                people = getattr(self.model.world.people, name)[fast["row"]]
                self.values("exposed", name, fast[name].tolist(), people.tolist())
        self.spells(fast["row"])
        for row, left in zip(fast["row"].tolist(), fast["contact_left"].tolist(), strict=True):
            self.value("household", row, "contact_left", left, mine.get(row))

    def spells(self, rows: Any) -> None:
        """What is said of the follows of those who meet hazards of contact."""
        world, fast = self.model.world, self.model.world.exposed.spells
        follow = world.people.follow[rows]
        some = np.flatnonzero(follow >= 0)
        self.values("exposed", "follows", (fast["account"] >= 0).tolist(), (follow >= 0).tolist())
        log, fast, follow = world.follows, fast[some], follow[some]
        trust = np.where(world.people.car[rows[some]] == BRAND, log.owner_trust[follow], log.trust[follow])
        for name, mine in (("account", log.account[follow]), ("began", log.began[follow]), ("trust", trust)):
            self.values("exposed", name, fast[name].tolist(), mine.tolist())

    def asks(self) -> None:
        if not self.twin.market.well_mixed:
            asked = [tie.asked for h in self.twin.market.households for tie in h.ties]
            self.values("tie", "asked", self.model.world.asks.tolist(), asked)

    def lengths(self) -> None:
        world, m = self.model.world, self.twin.market
        for name in (
            "leads",
            "orders",
            "margins",
            "relationships",
            "replacements",
            "ownerships",
            "credits",
            "acts",
            "follows",
        ):
            self.value(name, -1, "rows", len(getattr(world, name)), len(getattr(m, name)))
        self.report()

    def media(self) -> None:
        world, m = self.model.world, self.twin.market
        for name in SAME_NAMES["group"].split():
            self.values("group", name, getattr(world.media, name).tolist(), [getattr(g, name) for g in m.groups])
        for number, medium in enumerate((m.ads, m.vertical, m.traffic)):
            self.value("medium", number, "offered", float(world.media.offered[number]), medium.offered)
            self.value("medium", number, "spent", float(world.media.spent[number]), medium.spent)
            self.values("medium", "booked offered", world.media_offered[number].tolist(), medium.booked_offered)
            self.values("medium", "booked spent", world.media_spent[number].tolist(), medium.booked_spent)

    def day_book(self) -> None:
        """Sellers' hours, calls, visits and test drives of this tick by district."""
        world, m = self.model.world, self.twin.market
        zero = [0] * m.districts
        tally = world.worked[-1][1] if world.worked and world.worked[-1][0] == world.tick else None
        for name in ("worked", "calls", "visits", "test_drives"):
            self.values("desk", name, tally[name].tolist() if tally is not None else zero, getattr(m, name))

    def counts(self) -> None:
        """The yearly census."""
        world, m = self.model.world, self.twin.market
        if (m.tick + 1) % m.ticks_per_year:
            return
        taken = world.counts[-1]
        members: list[list[Household]] = [[h for h in m.households if h.group == g] for g in range(len(m.groups))]
        mine: dict[str, Getter] = {
            "aware": lambda g: sum(aware(m, h) for h in g),
            "prospects": lambda g: sum(h.searching for h in g),
            "open_leads": lambda g: sum(h.lead is not None for h in g),
            "waiting": lambda g: sum(h.stage == Stage.WAITING for h in g),
            "owners": lambda g: sum(h.car == BRAND for h in g),
            "satisfaction_sum": lambda g: sum_in_order(h.satisfaction for h in g if h.car == BRAND),
            "satisfaction_n": lambda g: sum(h.car == BRAND for h in g),
        }
        self.value("census", 0, "year_end", taken["year_end"], m.year)
        for name, count in mine.items():
            self.values("census", name, taken[name].tolist(), [count(g) for g in members])

    # reporting

    def values(self, table: str, column: str, fast: list[Any], mine: list[Any]) -> None:
        if fast == mine:
            return
        if len(fast) != len(mine):
            self.value(table, -1, f"number of {column}", len(fast), len(mine))
        for row, (a, b) in enumerate(zip(fast, mine, strict=False)):
            self.value(table, row, column, a, b)

    def value(self, table: str, row: int, column: str, fast: Any, mine: Any) -> None:
        if not same(fast, mine):
            self.differences.append(f"{table} {row}, {column}: fast {fast!r}, twin {mine!r}")

    def report(self) -> None:
        """Raise if anything differs."""
        if not self.differences:
            return
        shown = self.differences[:SHOWN]
        more = len(self.differences) - len(shown)
        where = f"tick {self.twin.market.tick} of {self.model.world.scenario.name}"
        raise AssertionError("\n  ".join([where, *shown, *([f"and {more} more"] if more else [])]))


def sum_in_order(values: Iterable[float]) -> float:
    """Plain additions from left to right."""
    total = 0.0
    for value in values:
        total += value
    return total
