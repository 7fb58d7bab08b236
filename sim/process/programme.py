"""What the referral programme offers to whom: eligibility, the credit an owner would take, and how it is felt.

Terms are read from this tick's levers; what an order was promised stays with the order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.streams import Decision, uniform
from sim.units import MONTHS_PER_YEAR
from sim.world.people import F64, Bool, Rows
from sim.world.world import World

PLAIN = 0
"""Kind of a credit where no kinds of reward are listed; listed kinds count from 1."""
LEAST_TASTE = 0.5
"""Tastes for a kind of reward are spread evenly from half its worth to one and a half times it (assumption)."""


class Offer(NamedTuple):
    """What a successful referral would bring each owner: one element each."""

    credit: F64
    """Face value, money."""
    kind: Rows
    """Kind of reward the owner would take."""
    worth: F64
    """What that kind is worth to the owner, share of face value."""
    cost_share: F64
    """Its marginal cost, share of face value."""


def gives(world: World) -> bool:
    """Whether the programme gives anything to anybody in this tick."""
    invite, price = world.levers.invite, world.levers.price
    most = max([invite.credit, price.discount_referred + price.subsidy_referred, *invite.menu.values()])
    return most > 0.0


def eligible(world: World, rows: Rows) -> Bool:
    """Owners the programme is open to in this tick."""
    lever = world.levers.invite
    return within_share(world, rows, lever.eligible_share, lever.by_degree > 0.0)


def within_share(world: World, rows: Rows, share: float, by_degree: bool) -> Bool:
    """Households within the share a programme is open to: drawn by lot for good, or those who know most people."""
    if share >= 1.0:
        return np.ones(len(rows), dtype=np.bool_)
    if by_degree:
        return world.degree_rank[rows] < share
    return uniform(world.key, Decision.ELIGIBLE, 0, 0, world.people.id[rows]) < share


def offer(world: World, rows: Rows) -> Offer:
    """The credit of each owner's segment, in the kind of reward that is worth most to that owner (T22, T23)."""
    lever, owners = world.levers.invite, world.owners
    by_segment = np.array([lever.menu.get(name, lever.credit) for name in world.segments])
    credit = by_segment[owners.segment[rows]]
    kind = np.full(len(rows), PLAIN, dtype=np.int64)
    if not lever.kinds:
        return Offer(credit, kind, np.ones(len(rows)), np.full(len(rows), lever.credit_cost_share))
    worth, cost_share = np.full(len(rows), -1.0), np.zeros(len(rows))
    for reward in lever.kinds:
        fit = np.array([reward.worth_by_segment.get(name, reward.worth) for name in world.segments])
        taste = LEAST_TASTE + uniform(world.key, Decision.TASTE, reward.number, 0, owners.id[rows])
        value = fit[owners.segment[rows]] * taste
        better = value > worth
        worth, kind = np.where(better, value, worth), np.where(better, reward.number, kind)
        cost_share = np.where(better, reward.cost_share, cost_share)
    return Offer(credit, kind, worth, cost_share)


def own_reward(world: World, rows: Rows, offered: Offer) -> F64:
    """The owner's part of the reward as it is felt, share of the car's price: what can be spent in time, less what is
    likely to be rejected; nothing once a cap is used up (T03)."""
    owners, lever = world.owners, world.levers.invite
    credit = np.minimum(offered.credit, spendable(world)) * (1.0 - lever.check_share * lever.false_rejection_share)
    felt: F64 = credit * offered.worth / world.offers.price
    none_yet = min(lever.cap_per_year, lever.cap_lifetime) > 0.0  # most owners never had a reward
    some = np.flatnonzero(owners.rewarded_ever[rows]) if none_yet else np.arange(len(rows))
    of_year = owners.rewarded_year[rows[some]] == world.year
    this_year = np.where(of_year, owners.rewarded[rows[some]], 0)
    used_up = (this_year >= lever.cap_per_year) | (owners.rewarded_ever[rows[some]] >= lever.cap_lifetime)
    felt[some[used_up]] = 0.0
    return felt


def spendable(world: World) -> float:
    """What an owner can spend with the brand before a credit expires, money."""
    years = world.levers.invite.credit_expiry_months / MONTHS_PER_YEAR
    return world.scenario.brand.ecosystem_spend_per_year * years if years > 0.0 else 0.0


def friends_reward(world: World) -> float:
    """The friend's part: discount and subsidy, share of the car's price."""
    price = world.levers.price
    return (price.discount_referred + price.subsidy_referred) / world.offers.price


def most_tempted(world: World) -> float:
    """The most that `temptation` can be in this tick, whatever the segment and the reward."""
    sensitivity = max((s.price_sensitivity for s in world.scenario.market.segments.values()), default=0.0)
    return world.behaviour.abuse_appetite * sensitivity * (1.0 - world.levers.invite.check_share)


def temptation(world: World, segment: Rows, felt: F64 | float) -> F64:
    """Probability of claiming what one is not owed, by segment and reward: for value seekers, high rewards and few
    checks the highest."""
    b = world.behaviour
    sensitivity = np.array([s.price_sensitivity for s in world.scenario.market.segments.values()])
    unchecked = 1.0 - world.levers.invite.check_share
    pull: F64 = b.abuse_appetite * sensitivity[segment] * (felt / (felt + b.invite_half_reward))
    return pull * unchecked
