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
from numpy.typing import NDArray

from sim import numeric
from sim.channels import REFERRAL, WORD_OF_MOUTH
from sim.process import acquaintance, driving, need, programme, touches
from sim.streams import Decision, uniform
from sim.units import DAYS_PER_YEAR, WEEKS_PER_YEAR
from sim.world.owners import Act
from sim.world.people import BRAND, F64, Bool, Rows, Stage
from sim.world.world import Word, World


@dataclass(frozen=True)
class Occasions:
    """Occasions to talk: one element each, those of one owner in their order."""

    owner: Rows
    nth: Rows
    """Of the owner's occasions, for life."""
    moment: F64
    chance: F64
    """Probability of an invitation, where nothing bad is said."""


@dataclass(frozen=True)
class Words:
    """Words that reach someone: one element each, ordered by hearer, moment and the owner's id."""

    owner: Rows
    owner_id: Rows
    nth: Rows
    friend: Rows
    moment: F64
    good: Bool
    bad: Bool
    invitation: Bool
    strong: Bool
    asked_before: NDArray[np.uint8]
    trust: F64
    """What it adds to the trust of whoever hears it."""


def spread(world: World) -> None:
    """Let all talks of this tick happen; everyone hears them with the opinions held at its start."""
    rows = numeric.distinct(world.talks.take(world.tick))
    rows = rows[_due(world, world.owners.talk_at[rows])]
    if len(rows) == 0:
        return
    words = _speak(world, _occasions(world, rows))
    if len(words.owner):
        _leave_contact(world, words)
        _hear(world, words)


def begin(world: World, rows: Rows, moment: F64) -> None:
    """Let households begin to talk about their new car."""
    owners = world.owners
    owners.talks[rows] += 1  # the gap drawn before an earlier car was given up must not be drawn again
    if world.behaviour.talks_per_owner_year > 0.0:
        u = uniform(world.key, Decision.TALK_NEXT, 0, 0, owners.id[rows], owners.talks[rows])
        owners.talk_at[rows] = moment - numeric.log(u) / _rate(world, rows)
    world.talks.file(rows, owners.talk_at[rows])


def _due(world: World, moment: F64) -> Bool:
    due: Bool = np.floor(moment * world.ticks_per_year) <= world.tick
    return due


def _rate(world: World, rows: Rows) -> F64:
    """Occasions to talk of owners, per year."""
    rate: F64 = world.behaviour.talks_per_owner_year * world.ownerships.zeal[world.owners.ownership[rows]]
    return rate


def _occasions(world: World, rows: Rows) -> Occasions:
    """Use up the occasions of owners in this tick and date those that follow; exponential gaps."""
    owners = world.owners
    who, nth, at = owners.id[rows], owners.talks[rows], owners.talk_at[rows]
    rate, chance = _rate(world, rows), _invites(world, rows)
    due, used = np.arange(len(rows)), []
    while len(due):
        used.append((due, nth[due], at[due]))
        nth[due] += 1
        u = uniform(world.key, Decision.TALK_NEXT, 0, 0, who[due], nth[due])
        at[due] -= numeric.log(u) / rate[due]
        due = due[_due(world, at[due])]
    owners.talks[rows], owners.talk_at[rows] = nth, at
    world.talks.file(rows, at)
    due, nth, moment = (np.concatenate(parts) for parts in zip(*used, strict=True))
    return Occasions(rows[due], nth, moment, chance[due])


def _speak(world: World, on: Occasions) -> Words:
    """What is said on each occasion, and to whom."""
    owners, key = world.owners, world.key
    who, satisfied = owners.id[on.owner], owners.satisfaction[on.owner]
    mood = uniform(key, Decision.TALK_MOOD, 0, 0, who, on.nth)
    good = mood < satisfied * satisfied
    bad = mood >= 1.0 - (1.0 - satisfied) * (1.0 - satisfied)
    invites = ~bad & (on.chance > 0.0)
    invites[invites] = uniform(key, Decision.TALK_INVITE, 0, 0, who[invites], on.nth[invites]) < on.chance[invites]
    speaks = np.flatnonzero(good | bad | invites)
    friend, strong, asked = _choose_friend(world, on.owner[speaks], on.nth[speaks], invites[speaks])
    known = np.flatnonzero(friend >= 0)
    heard = speaks[known]
    owner, moment, good, bad, invites = on.owner[heard], on.moment[heard], good[heard], bad[heard], invites[heard]
    friend, strong = friend[known], strong[known]
    _recommended(world, owner, good, invites)
    trust = _trust(world, owner, moment, good, bad, strong)
    order = numeric.ordered(who[heard], moment, friend)
    of = heard[order]
    return Words(
        owner[order],
        who[of],
        on.nth[of],
        friend[order],
        moment[order],
        good[order],
        bad[order],
        invites[order],
        strong[order],
        asked[known[order]],
        trust[order],
    )


def _trust(world: World, owner: Rows, moment: F64, good: Bool, bad: Bool, strong: Bool) -> F64:
    """What a word that judges adds to the trust of whoever hears it, by closeness and the owner's seniority."""
    b = world.behaviour
    closeness = np.where(strong, b.strong_tie, 1.0)
    seniority = 1.0 + b.seniority_trust * driving.tier(world, owner, moment)
    tone = np.where(good, 1.0, np.where(bad, -b.bad_talk, 0.0))
    trust: F64 = b.talk_trust * closeness * seniority * tone
    return trust


def _recommended(world: World, owner: Rows, good: Bool, invites: Bool) -> None:
    """What recommending does to those who do it: it puts off leaving (T12), and is counted once a year."""
    owners, b = world.owners, world.behaviour
    driving.act(world, owner[good], Act.WILLING)
    driving.act(world, owner[invites], Act.INVITING)
    bound = owner[good | invites]
    bound = bound[owners.relationship[bound] >= 0]
    np.add.at(owners.stay_left, bound, b.leave_per_year * b.binding_days / DAYS_PER_YEAR)


def _invites(world: World, rows: Rows) -> F64:
    """Probability of an invitation on an occasion on which an owner says nothing bad: willing (satisfaction x product
    strength) x motivated (reward felt) x able (few steps)."""
    chance = np.zeros(len(rows))
    if not programme.gives(world):
        return chance
    owners, b, lever = world.owners, world.behaviour, world.levers.invite
    invited = np.flatnonzero(programme.eligible(world, owners.person[rows]))
    rows = rows[invited]
    own = programme.own_reward(world, rows, programme.offer(world, rows))
    _post_code(world, rows, own)
    willing = owners.satisfaction[rows] * world.offers.strength[owners.segment[rows]]
    felt = own + programme.friends_reward(world)
    rest = felt / (felt + b.invite_half_reward)
    fresh = float(numeric.exp(-b.programme_wear_per_year * lever.stale_years))
    motivated = np.where(felt > 0.0, b.invite_motive_floor + (1.0 - b.invite_motive_floor) * rest, 0.0) * fresh
    able = float(numeric.exp(-b.invite_step_friction * lever.steps))
    chance[invited] = willing * motivated * able
    return chance


def _post_code(world: World, rows: Rows, own: F64) -> None:
    """Some, always the same, put their code where strangers find it: brokers, until they drive another brand."""
    owners, spans = world.owners, world.ownerships
    able = np.flatnonzero((own > 0.0) & ~spans.broker[owners.ownership[rows]])
    tempted = programme.temptation(world, owners.segment[rows[able]], own[able])
    posted = able[uniform(world.key, Decision.BROKER, 0, 0, owners.id[rows[able]]) < tempted]
    if len(posted):
        spans.broker[owners.ownership[rows[posted]]] = True
        world.brokers = np.concatenate([world.brokers, owners.ownership[rows[posted]].astype(np.int64)])


def _choose_friend(world: World, rows: Rows, nth: Rows, invites: Bool) -> tuple[Rows, Bool, NDArray[np.uint8]]:
    """Whom each owner talks to: of two acquaintances drawn, a close one goes before a distant one.

    Returns friends (-1 for those who know nobody), strength of the tie, and invitations sent along it before.
    """
    people, net, key = world.people, world.network, world.key
    who, person = world.owners.id[rows], world.owners.person[rows].astype(np.int64)
    first = uniform(key, Decision.TALK_FRIEND, 0, 0, who, nth)
    if not net.well_mixed:
        second = uniform(key, Decision.TALK_FRIEND, 1, 0, who, nth)
        ties = acquaintance.Ties(net.start, net.friend, net.strong, world.asks)
        return acquaintance.choose(person, invites, first, second, ties)
    other = np.floor(first * (len(people) - 1)).astype(np.int64)
    other += other >= who
    friend = world.row_of[other] if len(people) > 1 else np.full(len(rows), -1)
    return friend, np.zeros(len(rows), dtype=np.bool_), np.zeros(len(rows), dtype=np.uint8)


def _hear(world: World, words: Words) -> None:
    """Touch those who heard something."""
    people, b = world.people, world.behaviour
    if world.journal is not None:
        said = {name: getattr(words, name) for name in ("moment", "good", "bad", "invitation", "strong")}
        hearer = people.id[words.friend]
        world.journal.words.append(len(hearer), tick=world.tick, speaker=words.owner_id, hearer=hearer, **said)
    first = numeric.starts(words.friend)
    index = np.cumsum(first) - 1
    lot = uniform(world.key, Decision.TALK_HEARER, 0, 0, words.owner_id, words.nth)
    to_partner = people.partner[words.friend] & (lot < 0.5)
    touches.touch(
        world,
        words.friend[first],
        np.bincount(index).astype(np.float64) * b.talk_awareness,
        np.bincount(index, weights=np.where(to_partner, 0.0, words.trust)).astype(np.float64),
        np.bincount(index, weights=np.where(to_partner, words.trust, 0.0)).astype(np.float64),
        np.where(words.invitation[first], REFERRAL, WORD_OF_MOUTH).astype(np.int8),
    )


def _leave_contact(world: World, words: Words) -> None:
    """Contact data left after a good word; an invitation may also bring a need forward (accelerated purchases)."""
    b = world.behaviour
    ask, near = _listening(world, words)
    if len(ask) == 0:
        return
    friend, invited = words.friend[ask], words.invitation[ask]
    _, trust, _ = touches.personal(world, friend)
    link = (b.invite_contact - b.talk_contact) / (1.0 + words.asked_before[ask])  # asked again, only the word is left
    eager = b.talk_contact + np.where(invited, link, 0.0)
    chance = 1.0 - numeric.exp(-eager * touches.interest(world, friend, trust))
    left = uniform(world.key, Decision.TALK_CONTACT, 0, 0, words.owner_id[ask], words.nth[ask]) < chance
    ask, near, friend = ask[left], near[left], friend[left]
    owner, moment = words.owner[ask], words.moment[ask]
    word = Word(
        words.owner_id[ask].astype(np.int64),
        words.strong[ask].astype(np.int8),
        driving.tenure(world, owner, moment),
        world.ownerships.generation[world.owners.ownership[owner]].astype(np.int64) + 1,
    )
    world.contacts.add(friend, moment, np.where(invited[left], REFERRAL, WORD_OF_MOUTH).astype(np.int8), word)
    rows, first = np.unique(friend[near], return_index=True)  # words to one friend stand in the order of moments
    need.bring_forward(world, rows, moment[near][first])


def _listening(world: World, words: Words) -> tuple[Rows, Bool]:
    """Words that may make a friend leave contact data, and which of them would bring a need forward."""
    people, moment = world.people, words.moment
    stage, need_at = people.stage[words.friend], people.need_at[words.friend]
    soon = moment + world.behaviour.pull_forward_weeks / WEEKS_PER_YEAR
    searching = (stage == Stage.SEARCHING) & (need_at <= moment)
    near = words.invitation & (stage == Stage.IDLE) & (need_at > moment) & (need_at < soon)
    ask = np.flatnonzero(~words.bad & (searching | near))
    friend, near = words.friend[ask], near[ask]
    listens = np.where(near, people.car[friend] != BRAND, people.ready_at[friend] > moment[ask])
    listens &= people.lead[friend] < 0
    return ask[listens], near[listens]
