"""Owners use the car, meet service, are pleased or let down, and keep or drop the relationship (L12, L13, D12).

Three things stay apart: the *relationship* with service and app, which ends by a hazard that falls with satisfaction;
the *vehicle*, which is replaced when a need arises; and the *repurchase*, which is a choice like any other. Contacts
with service come at a constant rate while the relationship is kept; owners who are more pleased than the product alone
would have them spend more (D12), credits are redeemed, and some contacts are incidents, put right or not.
"""

from __future__ import annotations

import numpy as np

from sim import numeric
from sim.ledger import Purpose
from sim.process import rewards, word_of_mouth
from sim.streams import Decision, uniform
from sim.units import MINOR_PER_MONEY
from sim.world.people import F64, Rows
from sim.world.stores import MarginOf
from sim.world.world import World


def begin(world: World, rows: Rows, moment: F64) -> None:
    """Begin relationships: draw how long they may last, and date the first contact with service."""
    owners = world.owners
    owners.spells[rows] += 1
    owners.cares[rows] += 1  # the gap drawn before an earlier relationship ended must not be drawn again
    owners.stay_left[rows] = -numeric.log(uniform(world.key, Decision.LEAVE, owners.spells[rows], 0, owners.id[rows]))
    owners.care_from[rows] = moment
    _next_care(world, rows, moment)
    file(world, rows)


def begin_initial(world: World) -> None:
    """Begin the relationships, contacts and talks of the owners at the start of the horizon."""
    owners = world.owners
    kept = np.flatnonzero(owners.relationship >= 0)
    begin(world, kept, np.zeros(len(kept)))
    word_of_mouth.begin(world, np.arange(len(owners)), np.zeros(len(owners)))


def leaving_rate(world: World, rows: Rows) -> F64:
    """Hazard of dropping the relationship per year, at present satisfaction; lower while the referrer stays as well."""
    b = world.behaviour
    rate = b.leave_per_year * numeric.exp(-b.leave_slope * (world.owners.satisfaction[rows] - 0.5))
    kept: F64 = rate * np.where(
        world.relationships.anchored[world.owners.relationship[rows]], 1.0 - b.anchor_share, 1.0
    )
    return kept


def _next_care(world: World, rows: Rows, moment: F64) -> None:
    owners, rate = world.owners, world.behaviour.care_contacts_per_year
    if rate > 0.0:
        gap = -numeric.log(uniform(world.key, Decision.CARE_NEXT, 0, 0, owners.id[rows], owners.cares[rows])) / rate
        owners.care_at[rows] = moment + gap


def _leave_at(world: World, rows: Rows) -> F64:
    owners = world.owners
    rate = leaving_rate(world, rows)
    never = np.full(len(rows), np.inf)
    left: F64 = owners.care_from[rows] + np.divide(owners.stay_left[rows], rate, out=never, where=rate > 0.0)
    return left


def file(world: World, rows: Rows) -> None:
    """Note when the relationship is to be looked at again: at the next contact with service, or at its end."""
    world.cares.file(rows, np.minimum(_leave_at(world, rows), world.owners.care_at[rows]))


def reckon(world: World, rows: Rows, moment: F64) -> None:
    """Let the hazard of leaving pass up to `moment`; needed before satisfaction, and with it the hazard, changes."""
    owners = world.owners
    owners.stay_left[rows] -= leaving_rate(world, rows) * (moment - owners.care_from[rows])
    owners.care_from[rows] = moment


def annoy(world: World, rows: Rows, moment: F64) -> None:
    """Let owners down as a failed service incident does; whoever has changed to another brand does not care."""
    owners = world.owners
    driving = owners.ownership[rows] >= 0
    rows, moment = rows[driving], moment[driving]
    kept = owners.relationship[rows] >= 0
    reckon(world, rows[kept], moment[kept])
    owners.satisfaction[rows] *= 1.0 - world.behaviour.incident_drop
    file(world, rows[kept])


def loosen(world: World) -> None:
    """Let go of those whose referrer has no relationship any more: from the end of this tick they leave like others."""
    owners, spans = world.owners, world.relationships
    held = world.anchored[np.isnan(spans.ended[world.anchored])]
    alone = owners.relationship[world.owners_of(spans.referrer[held])] < 0
    world.anchored = held[~alone]
    rows = world.people.owner[spans.person[held[alone]]]
    reckon(world, rows, np.full(len(rows), world.end))
    spans.anchored[held[alone]] = False
    file(world, rows)


def live(world: World) -> None:
    """Let everything happen that is due in this tick: contacts with service, and relationships that end."""
    owners = world.owners
    rows = numeric.distinct(world.cares.take(world.tick))
    while len(rows):
        rows = rows[owners.relationship[rows] >= 0]
        leave = _leave_at(world, rows)
        following = np.minimum(leave, owners.care_at[rows])
        due = np.floor(following * world.ticks_per_year) <= world.tick
        world.cares.file(rows[~due], following[~due])
        rows, leave = rows[due], leave[due]
        leaves = leave <= owners.care_at[rows]
        _leave(world, rows[leaves], leave[leaves])
        _care(world, rows[~leaves])
        rows = rows[~leaves]


def _leave(world: World, rows: Rows, moment: F64) -> None:
    owners = world.owners
    world.relationships.ended[owners.relationship[rows]] = moment
    owners.relationship[rows] = -1
    owners.care_at[rows] = np.inf


def _care(world: World, rows: Rows) -> None:
    """One contact with service each: margin, and what it does to satisfaction."""
    if len(rows) == 0:
        return
    owners, b, key = world.owners, world.behaviour, world.key
    moment, nth, who = owners.care_at[rows], owners.cares[rows], owners.id[rows]
    reckon(world, rows, moment)
    satisfied, strength = owners.satisfaction[rows], world.offers.strength[owners.segment[rows]]
    usual = round(world.offers.service_margin_per_year * MINOR_PER_MONEY / b.care_contacts_per_year)
    pleased = np.divide(satisfied, strength, out=np.ones(len(rows)), where=strength > 0.0)
    percent = np.floor(100.0 * pleased + 0.5).astype(np.int64)  # whole, so that margins scale with the currency
    amount = usual * percent // 100
    rewards.redeem(world, rows, moment)
    person = owners.person[rows]
    world.ledger.book(Purpose.SERVICE_MARGIN, world.people.district[person], -1, amount)
    world.margins.append(
        len(rows), person=person, order=owners.first_order[rows], moment=moment, amount=amount, purpose=MarginOf.SERVICE
    )
    settled = satisfied + b.settle_share * (strength - satisfied)
    incident = uniform(key, Decision.CARE_KIND, 0, 0, who, nth) < b.incident_share
    recovered = uniform(key, Decision.CARE_RECOVERY, 0, 0, who, nth) < b.recovery_share
    after = np.where(recovered, satisfied + b.recovery_lift * (1.0 - satisfied), satisfied * (1.0 - b.incident_drop))
    owners.satisfaction[rows] = np.where(incident, after, settled)
    owners.cares[rows] += 1
    _next_care(world, rows, moment)
