"""Orders that claim the referral programme's terms: honestly, for oneself, or with a stranger's code - and the checks.

Invited friends claim what the programme gives on the day of their order. Beside them, owners pass their own next car
off as a referral and buyers who came by themselves use a code found in public; both the more, the higher the reward and
the fewer the checks. A check rejects every abusive claim it meets, and some honest ones by mistake.
"""

from __future__ import annotations

import numpy as np

from sim.channels import REFERRAL
from sim.ledger import Purpose
from sim.process import ownership, programme
from sim.streams import Decision, uniform
from sim.units import MINOR_PER_MONEY
from sim.world.owners import Claim, Claims
from sim.world.people import BRAND, F64, I8, Bool, Rows
from sim.world.world import World


def make(world: World, lead: Rows, person: Rows, moment: F64) -> Claims:
    """Claims of the orders that close these leads, of these households, at these moments."""
    leads, people = world.leads, world.people
    referred = leads.channel[lead] == REFERRAL
    kind = np.where(referred, Claim.REFERRAL, Claim.NONE).astype(np.int8)
    code = np.where(referred, leads.referrer[lead], -1).astype(np.int64)
    if programme.gives(world):
        others = np.flatnonzero(~referred)
        lot = uniform(world.key, Decision.ABUSE, 0, 0, people.id[person[others]])  # a disposition, the same for life
        _claim_for_oneself(world, person, others, lot, kind, code)
        _use_a_strangers_code(world, person, others, lot, kind, code)
    return Claims(kind, code, _check(world, person, moment, kind, code))


def _claim_for_oneself(world: World, person: Rows, others: Rows, lot: F64, kind: I8, code: Rows) -> None:
    """Owners who refer themselves to their next car."""
    people = world.people
    owns = (people.car[person[others]] == BRAND) & programme.eligible(world, person[others])
    rows = people.owner[person[others[owns]]]
    felt = programme.own_reward(world, rows, programme.offer(world, rows)) + programme.friends_reward(world)
    abuse = others[owns][lot[owns] < programme.temptation(world, world.owners.segment[rows], felt)]
    kind[abuse], code[abuse] = Claim.SELF, people.id[person[abuse]]


def _use_a_strangers_code(world: World, person: Rows, others: Rows, lot: F64, kind: I8, code: Rows) -> None:
    """Buyers who look for a code in public and find a broker's, for the discount's sake."""
    people, spans = world.people, world.ownerships
    world.brokers = world.brokers[np.isnan(spans.ended[world.brokers])]
    board = np.sort(people.id[spans.person[world.brokers]])
    if len(board) == 0:
        return
    buys = people.car[person[others]] != BRAND
    buyers = person[others[buys]]
    tempted = lot[buys] < programme.temptation(world, people.segment[buyers], programme.friends_reward(world))
    for abuse in others[buys][tempted]:
        # The smallest of one draw per code: a code more on the board changes only the finds that are its own.
        found = uniform(world.key, Decision.CODE, people.orders[person[abuse]], 0, people.id[person[abuse]], board)
        kind[abuse], code[abuse] = Claim.BROKED, board[np.argmin(found)]


def _check(world: World, person: Rows, moment: F64, kind: I8, code: Rows) -> Bool:
    """Check a share of the claims; a false rejection annoys the referrer like a failed service incident."""
    people, lever = world.people, world.levers.invite
    rejected = np.zeros(len(person), dtype=np.bool_)
    claimed = np.flatnonzero(kind != Claim.NONE)
    if lever.check_share <= 0.0 or len(claimed) == 0:
        return rejected
    who, number = people.id[person[claimed]], people.orders[person[claimed]]
    checked = claimed[uniform(world.key, Decision.CHECK, number, 0, who) < lever.check_share]
    cost = np.full(len(checked), round(lever.check_cost * MINOR_PER_MONEY), dtype=np.int64)
    world.ledger.book(Purpose.CHECKS, people.district[person[checked]], REFERRAL, cost)
    world.checks_paid += int(cost.sum())
    honest = kind[checked] == Claim.REFERRAL
    who, number = people.id[person[checked]], people.orders[person[checked]]
    mistaken = uniform(world.key, Decision.FALSE_REJECTION, number, 0, who) < lever.false_rejection_share
    rejected[checked] = np.where(honest, mistaken, True)
    for claim in checked[honest & mistaken]:  # one after the other: an owner may be annoyed twice
        ownership.annoy(world, world.owners_of(code[claim : claim + 1]), moment[claim : claim + 1])
    return rejected


def granted(claims: Claims) -> Bool:
    """Claims whose discount is paid: honest ones always, since the check comes after the friend was promised it."""
    honest: Bool = claims.kind == Claim.REFERRAL
    passed: Bool = honest | ((claims.kind != Claim.NONE) & ~claims.rejected)
    return passed


def pays(world: World, claims: Claims, price: int) -> tuple[Rows, Rows]:
    """Discount and subsidy of each order, minor units; together never more than the price."""
    lever, due = world.levers.price, granted(claims)
    discount = min(round(lever.discount_referred * MINOR_PER_MONEY), price)
    subsidy = min(round(lever.subsidy_referred * MINOR_PER_MONEY), price - discount)
    return np.where(due, discount, 0), np.where(due, subsidy, 0)
