"""Sellers answer, filter, receive, test-drive and close within their hours; households order or buy elsewhere.

Opinions, prices and offers are read once per tick; the order in which sellers get to their jobs is kept to the moment
(`desk`). A household that ends its search without an order buys from a rival.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim import numeric
from sim.channels import REFERRAL
from sim.kernels import kernel
from sim.ledger import Purpose
from sim.process import claims, desk, driving, following, leads, need, opening, pool, rewards, touches
from sim.process.jobs import DUE, SELLER, TALLY, Pace, Records
from sim.streams import Decision, uniform
from sim.units import DAYS_PER_YEAR, MINOR_PER_MONEY, WEEKS_PER_YEAR
from sim.world import build
from sim.world.people import BRAND, F64, NO_CAR_OF_OURS, Bool, Rows, Stage
from sim.world.stores import Outcome
from sim.world.world import World

PLACEBO_HOURS_PER_WEEK = 0.1
_WRITTEN = (
    *("seller", "answered", "reached", "visited", "tested", "closed", "outcome", "calls", "recalls"),
    *("next_at", "next_job"),
)
"""Fields of a lead the desk writes."""
_CARRIED = ("household", "episode", "district", "in_market", "pooled", "cool_at", *_WRITTEN)
"""Fields the desk takes over from the table of leads."""


def work(world: World) -> None:
    """Serve this tick's jobs, lock orders, and end the searches that are over."""
    if world.placebo:
        _flap(world)
    rows = _with_a_job(world)
    if len(rows):
        due, tally = _serve(world, rows)
        _record(world, rows, due, tally)
        ordered = rows[due["outcome"] == Outcome.ORDERED]
        _order(world, ordered)
        world.searching -= len(ordered)
    _end_searches(world)
    is_open = world.leads.outcome[world.open_leads] == Outcome.OPEN
    freed = world.leads.person[world.open_leads[~is_open]].astype(np.int64)
    need.expose(world, freed[world.people.stage[freed] == Stage.SEARCHING])  # who searches on after a lost lead
    world.open_leads = world.open_leads[is_open]


def _flap(world: World) -> None:
    """The butterfly of the placebo: every store's first seller is away six minutes a week, at the start of ticks."""
    first = world.stores.first_seller[world.stores.sellers > 0]
    opened = opening.opening_time(world.now, pace(world))
    away = PLACEBO_HOURS_PER_WEEK * WEEKS_PER_YEAR * world.dt
    world.sellers.free_at[first] = np.maximum(world.sellers.free_at[first], opened) + away


def _with_a_job(world: World) -> Rows:
    """Leads that have something to do in this tick, in the order of their moments, then of household ids."""
    table = world.leads
    rows = world.open_leads[table.next_at[world.open_leads] < world.end]
    return rows[numeric.ordered(table.household[rows], table.next_at[rows])]


def _serve(world: World, rows: Rows) -> tuple[Records, Records]:
    """Run the desk over the leads that have something to do."""
    due = _due(world, rows)
    team = _team(world)
    tally = np.zeros(len(world.weights), TALLY)
    key = (world.key.seed, world.key.replicate)
    desk.serve(world.end, key, due, team, pace(world), pool.plan(world), tally)
    world.sellers.free_at[:] = team["free_at"]
    world.sellers.year_selling += team["worked"]
    return due, tally


def _team(world: World) -> Records:
    """The sellers as the desk needs them."""
    sellers, stores, s = world.sellers, world.stores, world.scenario.stores
    team = np.zeros(len(sellers), SELLER)
    team["skill"], team["free_at"] = sellers.skill, sellers.free_at
    team["x"], team["y"] = stores.x[sellers.store], stores.y[sellers.store]
    left = s.hours_per_week - sellers.publishing_hours  # hours spent on publishing are not spent on leads (N27)
    team["stretch"] = np.divide(s.open_hours_per_week(), left, out=np.full(len(left), np.inf), where=left > 0.0)
    return team


def pace(world: World) -> Pace:
    """Durations and constants of the desk, from the scenario's stores and the constants of behaviour."""
    s, b = world.scenario.stores, world.behaviour
    return Pace(
        opens=float(s.open_hour),
        open_hours=float(s.close_hour - s.open_hour),
        call_hours=float(s.call_hours),
        attempt_hours=float(s.attempt_hours),
        visit_hours=float(s.visit_hours),
        test_drive_hours=float(s.test_drive_hours),
        order_hours=float(s.order_hours),
        visit_delay=b.visit_delay_days / DAYS_PER_YEAR,
        nurture=b.nurture_weeks / WEEKS_PER_YEAR,
        test_drive_share=float(b.test_drive_share),
        spot_decision_share=float(b.spot_decision_share),
        skill_weight=float(b.choice_skill),
        test_drive_utility=float(b.choice_test_drive),
        visit_km=float(b.visit_km),
    )


def _due(world: World, rows: Rows) -> Records:
    """Gather what the desk needs to know of each lead: where it stands, and what its household thinks."""
    table, people = world.leads, world.people
    person = table.person[rows].astype(np.int64)  # an index of any other type is converted at each of its many uses
    due = np.zeros(len(rows), DUE)
    for name in _CARRIED:
        _take(getattr(table, name), rows, due[name])
    due["first_seller"], due["sellers"] = (
        c[table.store[rows]] for c in (world.stores.first_seller, world.stores.sellers)
    )
    due["ready_at"] = people.ready_at[person]
    _place(world, rows, person, due)
    searching = np.flatnonzero(due["in_market"])  # nobody proposes anything to the others
    for name, opinions in _opinions(world, rows[searching], person[searching]).items():
        due[name][searching] = opinions
    return due


@kernel
def _take(column: Any, rows: Rows, field: Any) -> None:
    """Copy a column to a field of records: one loop, where NumPy makes two passes and a copy in between."""
    for i in range(len(rows)):
        field[i] = column[rows[i]]


@kernel
def _put(column: Any, rows: Rows, field: Any) -> None:
    """Copy a field of records back to its column."""
    for i in range(len(rows)):
        column[rows[i]] = field[i]


def _place(world: World, rows: Rows, person: Rows, due: Records) -> None:
    """Distance to the store of each lead, and the household's place where another store may still serve it."""
    table, people = world.leads, world.people
    alone = np.flatnonzero(~due["pooled"])
    due["km"][alone] = people.store_km[person[alone]]
    elsewhere = alone[table.store[rows[alone]] != people.store[person[alone]]]
    placed = np.concatenate([np.flatnonzero(due["pooled"]), elsewhere])
    if len(placed) == 0:
        return
    who, store = person[placed], table.store[rows[placed]]
    x, y = build.places(people.id[who], people.district[who], world.scenario, world.key)
    due["x"][placed], due["y"][placed] = x, y
    due["km"][placed] = np.sqrt((x - world.stores.x[store]) ** 2 + (y - world.stores.y[store]) ** 2)


def _opinions(world: World, rows: Rows, person: Rows) -> dict[str, F64 | Bool]:
    """What the households of leads think of the brand, as fields of the desk's records."""
    people, price = world.people, world.levers.price
    _, trust, partner_trust = touches.personal(world, person)
    last_word = np.array([s.partner_last_word for s in world.scenario.market.segments.values()])
    promised = price.discount_referred + price.subsidy_referred
    discount = np.where(world.leads.channel[rows] == REFERRAL, promised, 0.0) + rewards.held(world, person)
    utility, partner_utility = _utility(world, person, np.stack((trust, partner_trust)), discount)
    return {
        "partner": people.partner[person],
        "last_word": last_word[people.segment[person]],
        "eagerness": world.behaviour.visit_propensity * touches.interest(world, person, trust),
        "utility": utility,
        "partner_utility": partner_utility,
    }


def _utility(world: World, person: Rows, stock: F64, discount: F64) -> F64:
    """Utility of the brand above the best alternative: product x price x trust x loyalty, as a logit adds them."""
    people, b, offers = world.people, world.behaviour, world.offers
    segment = people.segment[person]
    sensitivity = np.array([s.price_sensitivity for s in world.scenario.market.segments.values()])
    loyalty, owner = np.zeros(len(person)), np.flatnonzero(people.car[person] == BRAND)
    loyalty[owner] = _loyalty(world, person[owner])
    relative = np.maximum(1.0 - discount / offers.price, 1e-6) if offers.price > 0 else np.ones(len(person))
    around = np.stack((world.media.trust, world.media.partner_trust))[:, people.group[person]]
    trust = touches.trusting(stock + around)
    value = b.choice_product * numeric.log(offers.strength)[segment] - b.choice_price * sensitivity[
        segment
    ] * numeric.log(relative)
    utility: F64 = value + b.choice_trust * trust + loyalty - offers.alternative[segment]
    return utility


def _loyalty(world: World, owners: Rows) -> F64:
    """Utility of staying with the brand, for owners whose relationship is kept: the more, the more satisfied."""
    table, row = world.owners, world.people.owner[owners]
    loyalty = world.behaviour.choice_loyalty * (2.0 * table.satisfaction[row] - 0.5)
    return np.where(table.relationship[row] >= 0, loyalty, 0.0)


def _record(world: World, rows: Rows, due: Records, tally: Records) -> None:
    """Write the desk's work to leads, households, books and the log of hours."""
    table, people = world.leads, world.people
    for name in _WRITTEN:
        _put(getattr(table, name), rows, due[name])
    table.hours[rows] += due["hours"]
    moved = (due["seller"] >= 0) & due["pooled"]
    table.store[rows[moved]] = world.sellers.store[due["seller"][moved]]
    person = table.person[rows].astype(np.int64)
    people.ready_at[person] = due["ready_at"]
    people.lead[person[due["outcome"] != Outcome.OPEN]] = -1
    pay = np.floor(due["hours"] * world.hourly_pay + 0.5).astype(np.int64)
    world.paid_now += int(pay.sum())
    world.ledger.book(Purpose.SELLER_HOURS, table.district[rows], table.channel[rows], pay)
    world.worked.append((world.tick, tally))


def _order(world: World, rows: Rows) -> None:
    """Lock the orders of this tick: price and discount are fixed, credits are promised, patience begins."""
    table, people, b = world.leads, world.people, world.behaviour
    rows = rows[np.lexsort((table.household[rows], table.closed[rows]))]
    person = table.person[rows].astype(np.int64)
    table.ordered[rows] = table.closed[rows]
    people.stage[person] = Stage.WAITING
    people.ready_at[person] = np.inf
    price = round(world.offers.price * MINOR_PER_MONEY)
    made = claims.make(world, rows, person, table.closed[rows])
    discount, subsidy = claims.pays(world, made, price)
    patience = np.array([s.patience_weeks for s in world.scenario.market.segments.values()])[people.segment[person]]
    u = uniform(world.key, Decision.CANCEL, people.orders[person], 0, people.id[person])
    wait = patience / WEEKS_PER_YEAR * numeric.power(-numeric.log(u), 1.0 / b.cancel_shape)
    new = world.orders.append(
        len(rows),
        person=person,
        household=people.id[person],
        number=people.orders[person],
        segment=people.segment[person],
        district=people.district[person],
        channel=table.channel[rows],
        first_touch=table.first_touch[rows],
        referrer=table.referrer[rows],
        tie=table.tie[rows],
        lead=rows,
        mature=world.stores.mature[table.store[rows]],
        followed=following.spell(world, person, table.ordered[rows]),
        ordered=table.ordered[rows],
        cancel_at=table.ordered[rows] + wait,
        repurchase=people.car[person] == BRAND,
        tenure=table.tenure[rows],
        generation=table.generation[rows],
        price=price - discount - subsidy,
        discount=discount,
        subsidy=subsidy,
        code=made.code,
        claim=made.kind,
        rejected=made.rejected,
    )
    people.orders[person] += 1
    sellers, bonus = world.sellers, world.levers.content.bonus_per_order
    leads.reward_content(world, rows, sellers.lately_orders, sellers.year_orders, bonus)
    rewards.promise(world, np.arange(new.start, new.stop), made)
    world.waiting = np.concatenate([world.waiting, np.arange(new.start, new.stop)])


def _end_searches(world: World) -> None:
    """Households whose search is over without an order buy from a rival; their open lead is lost."""
    people, table = world.people, world.leads
    alone = world.exposed.records
    over = np.flatnonzero(alone["ready_at"] < world.end)
    rows, moment = alone["row"][over].astype(np.int64), alone["ready_at"][over]
    world.exposed.leave(rows)
    served = table.person[world.open_leads].astype(np.int64)
    served = served[people.ready_at[served] < world.end]
    served = served[people.stage[served] == Stage.SEARCHING]
    lead = people.lead[served].astype(np.int64)
    lead = lead[lead >= 0]
    answered = table.reached[lead] & ~np.isnan(table.answered[lead])
    outcome = np.where(answered, Outcome.BOUGHT_RIVAL, Outcome.LOST_LATE).astype(np.int8)
    leads.close(world, lead, people.ready_at[table.person[lead]], outcome)
    world.searching -= len(rows) + len(served)
    buy_from_rival(world, np.concatenate([rows, served]), np.concatenate([moment, people.ready_at[served]]))


def buy_from_rival(world: World, rows: Rows, moment: F64) -> None:
    """Let households buy from a rival, drawn by the rivals' shares; owners of the brand are lost to it."""
    people = world.people
    defecting = people.car[rows] == BRAND
    if defecting.any():
        _defect(world, rows[defecting], moment[defecting])
    following.stop(world, rows, moment)
    u = uniform(world.key, Decision.RIVAL, people.purchases[rows], 0, people.id[rows])
    segment, shares = people.segment[rows], world.offers.rival_shares.T
    car = np.ones(len(rows), dtype=np.int64)
    for share in shares:
        car += share[segment] < u
    need.settle_purchase(world, rows, moment, np.where(car <= len(shares), car, NO_CAR_OF_OURS))


def _defect(world: World, rows: Rows, moment: F64) -> None:
    """Owners who replace the brand's car with a rival's: the relationship, where kept, ends with it."""
    people = world.people
    order = np.lexsort((people.id[rows], moment))
    rows, moment = rows[order], moment[order]
    world.replacements.append(len(rows), person=rows, moment=moment, same_brand=False)
    driving.end(world, people.owner[rows], moment)
