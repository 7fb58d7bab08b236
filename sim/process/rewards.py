"""The life of a credit: promised at the order, void or vested at delivery, clawed back, redeemed or expired (T03, T05).

A credit is booked when it vests, at the marginal cost of what is expected to be redeemed of it, and trued up when it
ends - used up, expired or clawed back -, so the books end at the cost of what was redeemed. It can only be spent with
the brand: at contacts with service, up to what an owner spends there, oldest first (T04). What an owner still holds
would be lost with another brand, and counts for this one when the car is replaced (T05).
"""

from __future__ import annotations

import math

import numpy as np

from sim.channels import REFERRAL
from sim.ledger import Purpose
from sim.process import driving, programme
from sim.units import MINOR_PER_MONEY, MONTHS_PER_YEAR
from sim.world.owners import Act, Claim, Claims, CreditState
from sim.world.people import BRAND, F64, Rows
from sim.world.world import World


def promise(world: World, orders: Rows, claims: Claims) -> None:
    """Promise credits for orders just locked, on today's terms; those of rejected claims are void at once."""
    claimed = np.flatnonzero(claims.kind != Claim.NONE)
    owner = world.row_of[claims.code[claimed]]
    offered = programme.offer(world, world.people.owner[owner])
    face = np.floor(offered.credit * MINOR_PER_MONEY + 0.5).astype(np.int64)
    some = np.flatnonzero(face > 0)
    claimed, lever = claimed[some], world.levers.invite
    new = world.credits.append(
        len(some),
        owner=owner[some],
        order=orders[claimed],
        kind=offered.kind[some],
        face=face[some],
        cost_share=offered.cost_share[some],
        expected=lever.expected_redemption_share,
        cap_per_year=lever.cap_per_year,
        cap_lifetime=lever.cap_lifetime,
        expiry=lever.credit_expiry_months / MONTHS_PER_YEAR,
        pending=world.orders.ordered[orders[claimed]],
    )
    promised = np.arange(new.start, new.stop)
    world.orders.credit[orders[claimed]] = promised
    rejected = promised[claims.rejected[claimed]]
    _close(world, rejected, world.credits.pending[rejected], CreditState.VOID)


def void(world: World, orders: Rows, moment: F64) -> None:
    """Void the pending credits of orders that were cancelled."""
    promised = world.orders.credit[orders] >= 0
    credit, moment = world.orders.credit[orders[promised]].astype(np.int64), moment[promised]
    pending = world.credits.state[credit] == CreditState.PENDING
    _close(world, credit[pending], moment[pending], CreditState.VOID)


def vest(world: World, orders: Rows) -> None:
    """Grant the credits of delivered cars, one after the other, to owners who still drive the brand, up to the caps."""
    credits, owners = world.credits, world.owners
    referred = world.orders.claim[orders] == Claim.REFERRAL
    driving.act(world, world.owners_of(world.orders.referrer[orders[referred]]), Act.SUCCESSFUL)
    orders = orders[world.orders.credit[orders] >= 0]
    row, moment = world.orders.credit[orders].astype(np.int64), world.orders.delivered[orders]
    pending = credits.state[row] == CreditState.PENDING
    row, moment = row[pending], moment[pending]
    owner = world.people.owner[credits.owner[row]]
    terms = (owner, credits.cap_per_year[row], credits.cap_lifetime[row])
    granted = np.fromiter((_reward(world, *of) for of in zip(*terms, strict=True)), np.bool_, len(row))
    _close(world, row[~granted], moment[~granted], CreditState.VOID)
    row, owner, moment = row[granted], owner[granted], moment[granted]
    credits.vested[row], credits.state[row] = moment, CreditState.VESTED
    owners.holds_credit[owner] = True
    world.vested = np.concatenate([world.vested, row])
    _book(world, row, _cost(world, row, credits.face[row] * credits.expected[row]))


def _reward(world: World, owner: int, cap_per_year: float, cap_lifetime: float) -> bool:
    """Count a reward for an owner who still drives the brand and has not reached a cap; whether it counts."""
    owners, year = world.owners, world.year
    if owners.rewarded_year[owner] != year:
        owners.rewarded_year[owner], owners.rewarded[owner] = year, 0
    if owners.rewarded[owner] >= cap_per_year or owners.rewarded_ever[owner] >= cap_lifetime:
        return False
    if owners.ownership[owner] < 0:
        return False
    owners.rewarded[owner] += 1
    owners.rewarded_ever[owner] += 1
    return True


def claw_back(world: World, orders: Rows, moment: F64) -> None:
    """Take back what is left of the credits of cars that were returned."""
    row = world.orders.credit[orders].astype(np.int64)
    held = np.flatnonzero(row >= 0)
    held = held[world.credits.state[row[held]] == CreditState.VESTED]
    _end(world, row[held], moment[held], CreditState.CLAWED_BACK)


def redeem(world: World, rows: Rows, moment: F64) -> None:
    """Let owners in contact with service spend their credits, oldest first, up to what a contact costs."""
    holding = np.flatnonzero(world.owners.holds_credit[rows])
    if len(holding) == 0:
        return
    credits, person = world.credits, world.owners.person[rows]
    spends = world.scenario.brand.ecosystem_spend_per_year * MINOR_PER_MONEY / world.behaviour.care_contacts_per_year
    owners, used_up, ended = credits.owner[world.vested], [], []
    for place in holding:
        owner, when = person[place], moment[place]
        left = math.floor(spends + 0.5) if math.isfinite(spends) else math.inf
        mine = world.vested[owners == owner]
        for row in mine[np.argsort(credits.vested[mine], kind="stable")]:
            if not credits.vested[row] <= when < credits.vested[row] + credits.expiry[row]:
                continue
            used = int(min(left, credits.face[row] - credits.redeemed[row]))
            left -= used
            credits.redeemed[row] += used
            if world.journal is not None and used > 0:
                world.journal.redemptions.append(1, credit=row, moment=when, amount=used)
            if credits.redeemed[row] == credits.face[row]:
                used_up.append(row)
                ended.append(when)
    _end(world, np.array(used_up, dtype=np.int64), np.array(ended), CreditState.REDEEMED)


def held(world: World, rows: Rows) -> F64:
    """What households would lose with the brand: their vested credits not yet redeemed, money; 0 for non-owners."""
    credits, worth = world.credits, np.zeros(len(rows))
    holding = np.flatnonzero(world.people.car[rows] == BRAND)
    holding = holding[world.owners.holds_credit[world.people.owner[rows[holding]]]]
    if len(holding) == 0:
        return worth
    left, owners = credits.face[world.vested] - credits.redeemed[world.vested], credits.owner[world.vested]
    for place in holding:
        worth[place] = left[owners == rows[place]].sum() / MINOR_PER_MONEY
    return worth


def lapse(world: World) -> None:
    """Let credits expire whose time is over in this tick, and true up their cost to what was redeemed."""
    credits = world.credits
    expires = credits.vested[world.vested] + credits.expiry[world.vested]
    over = expires < world.end
    _end(world, world.vested[over], expires[over], CreditState.EXPIRED)


def _cost(world: World, rows: Rows, amount: F64) -> Rows:
    """Marginal cost of redeeming amounts of credits, minor units."""
    return np.floor(amount * world.credits.cost_share[rows] + 0.5).astype(np.int64)


def _book(world: World, rows: Rows, cost: Rows) -> None:
    """Bring the books of credits to their cost."""
    credits = world.credits
    change = cost - credits.booked[rows]
    world.ledger.book(Purpose.CREDIT, world.orders.district[credits.order[rows]], REFERRAL, change)
    credits.booked[rows] = cost


def _end(world: World, rows: Rows, moment: F64, state: CreditState) -> None:
    """End vested credits at the cost of what was redeemed of them."""
    if len(rows) == 0:
        return
    credits = world.credits
    _book(world, rows, _cost(world, rows, credits.redeemed[rows].astype(np.float64)))
    _close(world, rows, moment, state)
    world.vested = world.vested[credits.state[world.vested] == CreditState.VESTED]
    holds, owner = world.owners.holds_credit, world.people.owner
    holds[owner[credits.owner[rows]]] = False
    holds[owner[credits.owner[world.vested]]] = True


def _close(world: World, rows: Rows, moment: F64, state: CreditState) -> None:
    world.credits.closed[rows], world.credits.state[rows] = moment, state
