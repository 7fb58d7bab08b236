"""Households follow a seller's account for months, and what they see of it builds trust before they buy (N18).

Nobody is touched post by post: an account's stock of trust is that of someone who has followed for ever, and a follower
has of it what came since the begin of the own spell.
"""

from __future__ import annotations

import math

import numpy as np

from sim import numeric
from sim.channels import KOS
from sim.kernels import kernel
from sim.streams import Decision, uniform
from sim.units import WEEKS_PER_YEAR
from sim.world.crossings import Crossings
from sim.world.people import BRAND, F64, I16, I32, Bool, Rows
from sim.world.world import World


def gather(world: World) -> None:
    """Let followers lose interest, and others begin to follow a seller whose posts they came to see."""
    content = world.content
    if not content.begun:
        return
    _lose(world)
    if world.followable is None:
        world.people.follow_at[:] = -numeric.log(uniform(world.key, Decision.FOLLOW, 0, 0, world.people.id))
        world.followable = Crossings(world.grouping, world.people.follow_at)
    if content.follow_rate.any():
        content.follow = content.follow + content.follow_rate * world.dt
        _begin(world)


def _lose(world: World) -> None:
    """End the spells whose time is over."""
    follows = world.follows
    rows = world.unfollows.take(world.tick)
    rows = rows[np.isnan(follows.ended[rows])]
    _end(world, rows, follows.until[rows])


def _begin(world: World) -> None:
    people, content, follows, accounts = world.people, world.content, world.follows, world.accounts
    assert world.followable is not None
    rows = world.followable.take(content.follow)
    if len(rows) == 0:
        return
    ids = np.sort(people.id[rows])  # spells are logged in the order of ids
    rows = world.row_of[ids]
    count = people.follows[rows] + 1
    people.follows[rows] = count
    people.follow_at[rows] -= numeric.log(uniform(world.key, Decision.FOLLOW, count, 0, ids))
    group = people.group[rows]
    world.followable.file(rows, group)
    free = np.flatnonzero((people.follow[rows] < 0) & (content.follow_rate[group] > 0.0))
    rows, ids, count, group = rows[free], ids[free], count[free], group[free]
    account = pick(world, content.by_follow, group, uniform(world.key, Decision.FOLLOWED, count, 0, ids))
    stay = -numeric.log(uniform(world.key, Decision.UNFOLLOW, count, 0, ids))
    rate = world.behaviour.unfollow_per_year
    until = world.now + stay / rate if rate > 0.0 else np.full(len(rows), np.inf)
    new = follows.append(
        len(rows),
        person=rows,
        account=account,
        began=world.now,
        until=until,
        trust=accounts.trust[account],
        partner_trust=accounts.partner_trust[account],
        owner_trust=accounts.owner_trust[account],
    )
    people.follow[rows] = np.arange(new.start, new.stop)
    people.first_touch[rows] = np.where(people.first_touch[rows] < 0, KOS, people.first_touch[rows])
    _count(world, account, 1)
    world.exposed.refresh(rows)
    world.unfollows.file(np.arange(new.start, new.stop), until, world.tick + 1)


def pick(world: World, parts: F64, group: I16, u: F64) -> Rows:
    """The account for each household, drawn among those of its district by their parts (accounts x segments)."""
    account = np.empty(len(group), dtype=np.int64)
    _pick(parts.copy(), world.content.first_account, group, u, account)
    return account


@kernel
def _pick(sums: F64, first: Rows, group: I16, u: F64, account: Rows) -> None:
    """For each element the first account at which the parts of its district's accounts add up to more than u of all.

    `sums` comes as the parts, and is added up here.
    """
    segments = sums.shape[1]
    for district in range(len(first) - 1):
        for a in range(first[district] + 1, first[district + 1]):
            for segment in range(segments):
                sums[a, segment] += sums[a - 1, segment]
    for i in range(len(u)):
        district, segment = divmod(group[i], segments)
        account[i], last = first[district], first[district + 1] - 1
        wanted = u[i] * sums[last, segment]
        for a in range(first[district], last):
            account[i] += sums[a, segment] <= wanted


def stop(world: World, rows: Rows, moment: F64) -> None:
    """End the spells of those of the households that follow somebody: they bought elsewhere."""
    who = world.people.follow[rows] >= 0
    if who.any():
        _end(world, world.people.follow[rows[who]].astype(np.int64), moment[who])


def go_along(world: World, sellers: Rows) -> None:
    """End the spells of most who follow leaving sellers: drawn per follower."""
    follows, people = world.follows, world.people
    leaving = np.isin(world.accounts.seller, sellers)
    rows = np.empty(len(follows), dtype=np.int64)
    rows = rows[: _following(follows.account, follows.ended, leaving, rows)]
    person = follows.person[rows]
    hire = world.sellers.hire[world.accounts.seller[follows.account[rows]]]  # who stays may see the next one leave too
    u = uniform(world.key, Decision.GO_ALONG, people.follows[person], 0, people.id[person], hire)
    gone = rows[u < world.levers.content.followers_leave]
    _end(world, gone, np.full(len(gone), world.now))


@kernel
def _following(account: I32, ended: F64, leaving: Bool, found: Rows) -> int:
    """Find the spells that last and follow accounts that leave; returns their number."""
    size = 0
    for spell in range(len(account)):
        if leaving[account[spell]] and math.isnan(ended[spell]):
            found[size] = spell
            size += 1
    return size


def _end(world: World, rows: Rows, moment: F64) -> None:
    follows = world.follows
    follows.ended[rows] = moment
    person = follows.person[rows]
    world.people.follow[person] = -1
    world.exposed.refresh(person)
    _count(world, follows.account[rows], -1)


def _count(world: World, account: Rows, more: int) -> None:
    """Add that many followers for each element (`np.add.at` takes ten times as long where types differ)."""
    followers = world.accounts.followers
    followers += more * np.bincount(account, minlength=len(followers)).astype(followers.dtype)


def spell(world: World, rows: Rows, moment: F64) -> F64:
    """How long each household has followed the seller it follows, years; nan for who follows nobody."""
    follow = world.people.follow[rows]
    since = np.full(len(rows), np.nan)
    since[follow >= 0] = np.maximum(moment[follow >= 0] - world.follows.began[follow[follow >= 0]], 0.0)
    return since


def trust(world: World, rows: Rows) -> tuple[Rows, F64, F64]:
    """What followers among the households have seen: their places, their trust and their partners'.

    Owners are met by posts about service, others by posts that help to select (N19, N25).
    """
    people, accounts, follows = world.people, world.accounts, world.follows
    place = np.flatnonzero(people.follow[rows] >= 0)
    spell = people.follow[rows[place]]
    account = follows.account[spell]
    owner = people.car[rows[place]] == BRAND
    memory = world.behaviour.trust_memory_weeks / WEEKS_PER_YEAR
    before = numeric.exp((follows.began[spell] - world.now) / memory)
    now_own = np.where(owner, accounts.owner_trust[account], accounts.trust[account])
    then_own = np.where(owner, follows.owner_trust[spell], follows.trust[spell])
    now_partner = np.where(owner, accounts.owner_trust[account], accounts.partner_trust[account])
    then_partner = np.where(owner, follows.owner_trust[spell], follows.partner_trust[spell])
    return place, now_own - then_own * before, now_partner - then_partner * before
