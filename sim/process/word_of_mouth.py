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
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import numeric
from sim.channels import REFERRAL, WORD_OF_MOUTH
from sim.process import acquaintance, driving, need, programme, speech, touches
from sim.process.speech import Speakers, Weight, Words
from sim.streams import Decision, uniform
from sim.units import DAYS_PER_YEAR, WEEKS_PER_YEAR
from sim.world.owners import Act
from sim.world.people import F64, Bool, Rows
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


class Listening(NamedTuple):
    """What words meet: one element each, of `ask` and `near` one for each word that may make a friend leave contact."""

    touched_at: F64
    """When the hearer was touched last."""
    to_partner: Bool
    """It is the partner who listens."""
    ask: Rows
    """Places of these words."""
    near: Bool
    """The word would bring a need forward."""


def spread(world: World) -> None:
    """Let all talks of this tick happen; everyone hears them with the opinions held at its start."""
    rows = numeric.distinct(world.talks.take(world.tick))
    rows = rows[_due(world, world.owners.talk_at[rows])]
    if len(rows) == 0:
        return
    words = _speak(world, _occasions(world, rows))
    listening = _listen(world, words)
    _leave_contact(world, words, listening)
    _hear(world, words, listening)


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
    owners, key, size = world.owners, world.key, len(on.owner)
    who = owners.id[on.owner]
    mood = uniform(key, Decision.TALK_MOOD, 0, 0, who, on.nth)
    lot = uniform(key, Decision.TALK_INVITE, 0, 0, who, on.nth) if on.chance.any() else on.chance
    good, bad, invites = (np.empty(size, dtype=np.bool_) for _ in range(3))
    speaks = np.empty(size, dtype=np.int64)
    speaks = speaks[: speech.decide(on.owner, on.chance, mood, lot, owners.satisfaction, good, bad, invites, speaks)]
    friend, strong, asked = _choose_friend(world, on.owner[speaks], on.nth[speaks], invites[speaks])
    known = np.flatnonzero(friend >= 0)
    said = speaks[known]
    words = Words(
        on.owner[said],
        on.nth[said],
        friend[known],
        on.moment[said],
        good[said],
        bad[said],
        invites[said],
        strong[known],
        asked[known],
        np.empty(len(said)),
    )
    _recommend(world, words)
    order = numeric.ordered(who[said], words.moment, words.friend)
    return Words(*map(itemgetter(order), words))


def _recommend(world: World, words: Words) -> None:
    """What words weigh, and what recommending does to those who do it: it puts off leaving, and counts once a year."""
    o, b = world.owners, world.behaviour
    speakers = Speakers(o.owned_since, o.km, o.km_per_year, o.relationship, o.stay_left)
    binding = b.leave_per_year * b.binding_days / DAYS_PER_YEAR
    weight = Weight(*map(float, (b.talk_trust, b.strong_tie, b.seniority_trust, b.bad_talk, binding)))
    speech.weigh(words, speakers, weight)
    driving.act(world, words.owner[words.good], Act.WILLING)
    driving.act(world, words.owner[words.invitation], Act.INVITING)


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
    lot = uniform(world.key, Decision.BROKER, 0, 0, owners.id[rows])
    some = np.flatnonzero(lot < programme.most_tempted(world))
    tempted = lot[some] < programme.temptation(world, owners.segment[rows[some]], own[some])
    some = some[tempted & (own[some] > 0.0)]
    posted = owners.ownership[rows[some]].astype(np.int64)
    posted = posted[~spans.broker[posted]]
    spans.broker[posted] = True
    world.brokers = np.concatenate([world.brokers, posted])


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


def _listen(world: World, words: Words) -> Listening:
    """Whom the words reach, and which of them may make a friend leave contact data."""
    size = len(words.owner)
    found = Listening(np.empty(size), np.empty(size, np.bool_), np.empty(size, np.int64), np.empty(size, np.bool_))
    lot = uniform(world.key, Decision.TALK_HEARER, 0, 0, world.owners.id[words.owner], words.nth)
    soon = world.behaviour.pull_forward_weeks / WEEKS_PER_YEAR
    asked = speech.listen(words, soon, lot, world.people.minds, *found)
    return found._replace(ask=found.ask[:asked], near=found.near[:asked])


def _leave_contact(world: World, words: Words, listening: Listening) -> None:
    """Contact data left after a good word; an invitation may also bring a need forward (accelerated purchases)."""
    b, ask, near = world.behaviour, listening.ask, listening.near
    if len(ask) == 0:
        return
    friend, invited, speaker = words.friend[ask], words.invitation[ask], world.owners.id[words.owner[ask]]
    _, trust, _ = touches.personal(world, friend)
    link = (b.invite_contact - b.talk_contact) / (1.0 + words.asked_before[ask])  # asked again, only the word is left
    eager = b.talk_contact + np.where(invited, link, 0.0)
    chance = 1.0 - numeric.exp(-eager * touches.interest(world, friend, trust))
    left = uniform(world.key, Decision.TALK_CONTACT, 0, 0, speaker, words.nth[ask]) < chance
    ask, near, friend = ask[left], near[left], friend[left]
    owner, moment = words.owner[ask], words.moment[ask]
    word = Word(
        speaker[left].astype(np.int64),
        words.strong[ask].astype(np.int8),
        driving.tenure(world, owner, moment),
        world.ownerships.generation[world.owners.ownership[owner]].astype(np.int64) + 1,
    )
    world.contacts.add(friend, moment, np.where(invited[left], REFERRAL, WORD_OF_MOUTH).astype(np.int8), word)
    rows, first = np.unique(friend[near], return_index=True)  # words to one friend stand in the order of moments
    need.bring_forward(world, rows, moment[near][first])


def _hear(world: World, words: Words, listening: Listening) -> None:
    """Touch those who heard something."""
    people, b = world.people, world.behaviour
    if world.journal is not None:
        said = {name: getattr(words, name) for name in ("moment", "good", "bad", "invitation", "strong")}
        hearer, speaker = people.id[words.friend], world.owners.id[words.owner]
        world.journal.words.append(len(hearer), tick=world.tick, speaker=speaker, hearer=hearer, **said)
    awareness, trust = touches.kept(world, listening.touched_at)
    exposed = np.empty(len(words.friend), dtype=np.int64)
    size = speech.take_in(
        words, listening.to_partner, world.now, awareness, trust, float(b.talk_awareness), people.minds, exposed
    )
    world.exposed.refresh(exposed[:size])
