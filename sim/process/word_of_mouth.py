"""Owners talk: well or badly, unpaid (T10), and - where a referral programme runs - by invitation (T26).

Occasions to talk come at each owner's own rate: few owners talk much, most little, and those whom an owner brought
talk more (M21). On each, an owner with satisfaction s speaks well with probability s^2, badly with (1 - s)^2 and keeps
silent otherwise: at s = 0.63 good words outnumber bad ones three to one (M18). The programme acts on the same
occasions: whoever does not speak badly invites with probability willing x motivated x able, be it that the word would
have been spoken anyway or not. What it adds is therefore, as a rule, less than what it is credited with. Only a good
word moves trust, and the word of senior owners moves it more (C24); to recommend binds the one who does (T12).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim import numeric
from sim.channels import REFERRAL, WORD_OF_MOUTH
from sim.process import driving, need, programme, touches
from sim.streams import Decision, uniform
from sim.units import DAYS_PER_YEAR, WEEKS_PER_YEAR
from sim.world.owners import Act
from sim.world.people import BRAND, F64, Bool, Rows, Stage
from sim.world.world import Word, World

MOST_ASKS = 255


@dataclass(frozen=True)
class Talks:
    """Words that reach someone: one element each."""

    owner: Rows
    nth: Rows
    friend: Rows
    moment: F64
    good: Bool
    bad: Bool
    invitation: Bool
    strong: Bool
    to_partner: Bool
    asked_before: Rows


def spread(world: World) -> None:
    """Let all talks of this tick happen; everyone hears them with the opinions held at its start."""
    people = world.people
    rows = numeric.distinct(world.talks.take(world.tick))
    rows = rows[(people.car[rows] == BRAND) & _due(world, rows)]
    talkers, heard = rows, []
    while len(rows):
        heard.append(_one_talk_each(world, rows))
        _date(world, rows, people.talk_at[rows])
        rows = rows[_due(world, rows)]
    world.talks.file(talkers, people.talk_at[talkers])
    talks = [t for t in heard if len(t.owner)]
    if talks:
        _hear(world, Talks(*(np.concatenate(parts) for parts in zip(*(vars(t).values() for t in talks), strict=True))))


def begin(world: World, rows: Rows, moment: F64) -> None:
    """Let households begin to talk about their new car."""
    world.people.talks[rows] += 1  # the gap drawn before an earlier car was given up must not be drawn again
    _date(world, rows, moment)
    world.talks.file(rows, world.people.talk_at[rows])


def _due(world: World, rows: Rows) -> Bool:
    due: Bool = np.floor(world.people.talk_at[rows] * world.ticks_per_year) <= world.tick
    return due


def _date(world: World, rows: Rows, since: F64) -> None:
    """Date the next occasion to talk of owners; exponential gaps."""
    people = world.people
    rate = world.behaviour.talks_per_owner_year * world.ownerships.zeal[people.ownership[rows]]
    if world.behaviour.talks_per_owner_year > 0.0:
        gap = -numeric.log(uniform(world.key, Decision.TALK_NEXT, 0, 0, people.id[rows], people.talks[rows])) / rate
        people.talk_at[rows] = since + gap


def _one_talk_each(world: World, rows: Rows) -> Talks:
    """One occasion of each owner: what is said, and to whom."""
    people, key = world.people, world.key
    who, nth = people.id[rows], people.talks[rows]
    people.talks[rows] += 1
    satisfied = people.satisfaction[rows]
    mood = uniform(key, Decision.TALK_MOOD, 0, 0, who, nth)
    good = mood < satisfied * satisfied
    bad = mood >= 1.0 - (1.0 - satisfied) * (1.0 - satisfied)
    invites = _invites(world, rows, nth) & ~bad
    speaks = np.flatnonzero(good | bad | invites)
    friend, strong, tie, known = _choose_friend(world, rows[speaks], nth[speaks])
    heard = speaks[known]
    rows, who, nth = rows[heard], who[heard], nth[heard]
    good, bad, invites = good[heard], bad[heard], invites[heard]
    asked = np.zeros(len(rows), dtype=np.int64)
    if not world.network.well_mixed:
        asked = world.asks[tie].astype(np.int64)
        world.asks[tie] = np.minimum(asked + invites, MOST_ASKS)
    to_partner = people.partner[friend] & (uniform(key, Decision.TALK_HEARER, 0, 0, who, nth) < 0.5)
    _recommended(world, rows, good, invites)
    return Talks(rows, nth, friend, people.talk_at[rows], good, bad, invites, strong, to_partner, asked)


def _recommended(world: World, rows: Rows, good: Bool, invites: Bool) -> None:
    """What recommending does to those who do it: it puts off leaving (T12), and is counted once a year."""
    people, b = world.people, world.behaviour
    driving.act(world, rows[good], Act.WILLING)
    driving.act(world, rows[invites], Act.INVITING)
    bound = rows[(good | invites) & (people.relationship[rows] >= 0)]
    people.stay_left[bound] += b.leave_per_year * b.binding_days / DAYS_PER_YEAR


def _invites(world: World, rows: Rows, nth: Rows) -> Bool:
    """Who sends an invitation: willing (satisfaction x product strength), motivated (reward felt), able (few steps)."""
    invites = np.zeros(len(rows), dtype=np.bool_)
    if not programme.gives(world):
        return invites
    people, b, lever = world.people, world.behaviour, world.levers.invite
    invited = np.flatnonzero(programme.eligible(world, rows))
    rows, nth = rows[invited], nth[invited]
    own = programme.own_reward(world, rows, programme.offer(world, rows))
    _post_code(world, rows, own)
    willing = people.satisfaction[rows] * world.offers.strength[people.segment[rows]]
    felt = own + programme.friends_reward(world)
    rest = felt / (felt + b.invite_half_reward)
    fresh = float(numeric.exp(-b.programme_wear_per_year * lever.stale_years))
    motivated = np.where(felt > 0.0, b.invite_motive_floor + (1.0 - b.invite_motive_floor) * rest, 0.0) * fresh
    able = float(numeric.exp(-b.invite_step_friction * lever.steps))
    invites[invited] = uniform(world.key, Decision.TALK_INVITE, 0, 0, people.id[rows], nth) < willing * motivated * able
    return invites


def _post_code(world: World, rows: Rows, own: F64) -> None:
    """Some, always the same, put their code where strangers find it: brokers, until they drive another brand."""
    people, spans = world.people, world.ownerships
    able = np.flatnonzero((own > 0.0) & ~spans.broker[people.ownership[rows]])
    tempted = programme.temptation(world, rows[able], own[able])
    posted = able[uniform(world.key, Decision.BROKER, 0, 0, people.id[rows[able]]) < tempted]
    if len(posted):
        spans.broker[people.ownership[rows[posted]]] = True
        world.brokers = np.concatenate([world.brokers, people.ownership[rows[posted]].astype(np.int64)])


def _choose_friend(world: World, rows: Rows, nth: Rows) -> tuple[Rows, Bool, Rows, Bool]:
    """Whom each owner talks to: of two acquaintances drawn, a close one goes before a distant one.

    Returns friends, strength of the tie, its position in the network, and a mask of the owners who know anybody (the
    first three are already reduced to them).
    """
    people, net, key = world.people, world.network, world.key
    who = people.id[rows]
    first = uniform(key, Decision.TALK_FRIEND, 0, 0, who, nth)
    if net.well_mixed:
        known = np.full(len(rows), len(people) > 1)
        other = np.floor(first[known] * (len(people) - 1)).astype(np.int64)
        other += other >= who[known]
        return world.row_of[other], np.zeros(len(other), dtype=np.bool_), other, known
    degree = net.start[rows + 1] - net.start[rows]
    known = degree > 0
    start, degree = net.start[rows[known]], degree[known]
    tie = start + np.floor(first[known] * degree).astype(np.int64)
    second = uniform(key, Decision.TALK_FRIEND, 1, 0, who[known], nth[known])
    other = start + np.floor(second * degree).astype(np.int64)
    tie = np.where(net.strong[other] & ~net.strong[tie], other, tie)
    return net.friend[tie].astype(np.int64), net.strong[tie], tie, known


def _hear(world: World, talks: Talks) -> None:
    """Touch those who heard something, and let some of those in a search leave contact data."""
    _leave_contact(world, talks)
    people, b = world.people, world.behaviour
    if world.journal is not None:
        world.journal.words.append(
            len(talks.owner),
            tick=world.tick,
            moment=talks.moment,
            speaker=people.id[talks.owner],
            hearer=people.id[talks.friend],
            good=talks.good,
            bad=talks.bad,
            invitation=talks.invitation,
            strong=talks.strong,
        )
    order = numeric.ordered(people.id[talks.owner], talks.moment, talks.friend)
    first = numeric.starts(talks.friend[order])
    friend, index = talks.friend[order][first], np.cumsum(first) - 1
    closeness = np.where(talks.strong[order], b.strong_tie, 1.0)
    seniority = 1.0 + b.seniority_trust * driving.tier(world, talks.owner[order], talks.moment[order])
    tone = np.where(talks.good[order], 1.0, np.where(talks.bad[order], -b.bad_talk, 0.0))
    trust = b.talk_trust * closeness * seniority * tone
    to_partner = talks.to_partner[order]
    channel = np.where(talks.invitation[order], REFERRAL, WORD_OF_MOUTH).astype(np.int8)
    touches.touch(
        world,
        friend,
        np.bincount(index).astype(np.float64) * b.talk_awareness,
        np.bincount(index, weights=np.where(to_partner, 0.0, trust)).astype(np.float64),
        np.bincount(index, weights=np.where(to_partner, trust, 0.0)).astype(np.float64),
        channel[first],
    )


def _leave_contact(world: World, talks: Talks) -> None:
    """Contact data left after a good word; an invitation may also bring a need forward (accelerated purchases)."""
    people, b = world.people, world.behaviour
    friend, moment = talks.friend, talks.moment
    searching = (
        (people.stage[friend] == Stage.SEARCHING)
        & (people.need_at[friend] <= moment)
        & (people.ready_at[friend] > moment)
    )
    soon = moment + b.pull_forward_weeks / WEEKS_PER_YEAR
    near = talks.invitation & (people.stage[friend] == Stage.IDLE) & (people.car[friend] != BRAND)
    near &= (people.need_at[friend] > moment) & (people.need_at[friend] < soon)
    ask = np.flatnonzero(~talks.bad & (searching | near) & (people.lead[friend] < 0))
    if len(ask) == 0:
        return
    _, trust, _ = touches.personal(world, friend[ask])
    link = (b.invite_contact - b.talk_contact) / (1.0 + talks.asked_before[ask])  # asked again, only the word is left
    eager = b.talk_contact + np.where(talks.invitation[ask], link, 0.0)
    chance = 1.0 - numeric.exp(-eager * touches.interest(world, friend[ask], trust))
    owner = people.id[talks.owner[ask]]
    left = uniform(world.key, Decision.TALK_CONTACT, 0, 0, owner, talks.nth[ask]) < chance
    ask = ask[left]
    channel = np.where(talks.invitation[ask], REFERRAL, WORD_OF_MOUTH).astype(np.int8)
    owner = talks.owner[ask]
    word = Word(
        people.id[owner].astype(np.int64),
        talks.strong[ask].astype(np.int8),
        driving.tenure(world, owner, moment[ask]),
        world.ownerships.generation[people.ownership[owner]].astype(np.int64) + 1,
    )
    world.contacts.add(friend[ask], moment[ask], channel, word)
    early = ask[near[ask]]
    order = np.lexsort((people.id[talks.owner[early]], moment[early]))
    rows, first = np.unique(friend[early][order], return_index=True)
    need.bring_forward(world, rows, moment[early][order][first])
