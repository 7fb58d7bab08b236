"""Owners talk, invite, and are heard."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.channels import REFERRAL, WORD_OF_MOUTH
from sim.numeric import exp_one
from sim.streams import Decision
from sim.units import WEEKS_PER_YEAR
from tests.reference import need, opinion
from tests.reference.entities import Household, Tie
from tests.reference.market import Contact, Market


@dataclass(frozen=True)
class Word:
    """What one owner says to one acquaintance."""

    owner: Household
    nth: int
    friend: Household
    moment: float
    good: bool
    invitation: bool
    strong: bool
    to_partner: bool
    asked_before: int

    @property
    def channel(self) -> int:
        return REFERRAL if self.invitation else WORD_OF_MOUTH


def spread(m: Market) -> None:
    """All talks of this tick; everyone hears them with the opinions held at its start."""
    words = []
    for h in m.households:
        while h.drives_brand and m.due(h.talk_at):
            word = speak(m, h)
            if word is not None:
                words.append(word)
            schedule(m, h, h.talk_at)
    leave_contact(m, words)
    hear(m, words)


def begin(m: Market, h: Household, moment: float) -> None:
    """Begin to talk about a new car; the gap drawn for an earlier one is not drawn again."""
    h.talks += 1
    schedule(m, h, moment)


def schedule(m: Market, h: Household, since: float) -> None:
    """Date the next occasion to talk."""
    if m.b.talks_per_owner_year > 0.0:
        h.talk_at = since + m.chance.exponential(Decision.TALK_NEXT, 0, h.id, h.talks) / m.b.talks_per_owner_year


def speak(m: Market, h: Household) -> Word | None:
    """One occasion: speak well, badly or not at all, perhaps invite, and choose whom to tell."""
    nth = h.talks
    h.talks += 1
    mood = m.chance.uniform(Decision.TALK_MOOD, 0, h.id, nth)
    good = mood < h.satisfaction * h.satisfaction
    bad = mood >= 1.0 - (1.0 - h.satisfaction) * (1.0 - h.satisfaction)
    invites = not bad and invite(m, h, nth)
    if not (good or bad or invites):
        return None
    tie = choose(m, h, nth)
    if tie is None:
        return None
    asked = tie.asked
    if not m.well_mixed and invites:
        tie.asked = min(asked + 1, 255)
        m.happened["repeated ask"] += asked > 0
    m.happened["invitation" if invites else "good talk" if good else "bad talk"] += 1
    to_partner = tie.friend.partner and m.chance.uniform(Decision.TALK_HEARER, 0, h.id, nth) < 0.5
    return Word(h, nth, tie.friend, h.talk_at, good or invites, invites, tie.strong, to_partner, asked)


def invite(m: Market, h: Household, nth: int) -> bool:
    """Willing x motivated x able; a used-up cap takes the own credit out of the reward felt."""
    p, b = m.programme, m.b
    if p.reward <= 0.0:
        return False
    used_up = h.rewarded_year == m.year and h.rewarded >= p.cap
    m.happened["cap reached"] += used_up
    felt = (p.reward - p.credit if used_up else p.reward) / m.price
    motivated = 0.0
    if felt > 0.0:
        motivated = b.invite_motive_floor + (1.0 - b.invite_motive_floor) * (felt / (felt + b.invite_half_reward))
    willing = h.satisfaction * m.strength(h)
    able = exp_one(-b.invite_step_friction * p.steps)
    return m.chance.uniform(Decision.TALK_INVITE, 0, h.id, nth) < willing * motivated * able


def choose(m: Market, h: Household, nth: int) -> Tie | None:
    """Of two acquaintances drawn the first, unless only the second is close; when all meet all, anybody else."""
    if m.well_mixed:
        if len(m.households) < 2:
            return None
        other = math.floor(m.chance.uniform(Decision.TALK_FRIEND, 0, h.id, nth) * (len(m.households) - 1))
        return Tie(m.households[other + 1 if other >= h.id else other], strong=False)
    if not h.ties:
        return None
    lots = (m.chance.uniform(Decision.TALK_FRIEND, attempt, h.id, nth) for attempt in (0, 1))
    first, second = (h.ties[math.floor(lot * len(h.ties))] for lot in lots)
    return second if second.strong and not first.strong else first


def leave_contact(m: Market, words: list[Word]) -> None:
    """Some who search leave contact data after a good word; an invitation may bring a near need forward."""
    early: dict[int, Word] = {}
    for word in sorted(words, key=lambda w: (w.moment, w.owner.id)):
        f = word.friend
        near = is_near(m, word)
        listens = near or (f.searching and f.need_at <= word.moment < f.ready_at)
        if not (word.good and listens and f.lead is None):
            continue
        eager = m.b.invite_contact / (1.0 + word.asked_before) if word.invitation else m.b.talk_contact
        chance = 1.0 - exp_one(-eager * opinion.interest(m, f))
        if m.chance.uniform(Decision.TALK_CONTACT, 0, word.owner.id, word.nth) < chance:
            m.contacts.append(Contact(f, word.moment, word.channel, word.owner.id, int(word.strong)))
            if near:
                early.setdefault(f.id, word)
    for word in early.values():
        m.happened["pull-forward"] += 1
        word.friend.need_at = word.moment
        need.begin_search(m, word.friend)


def is_near(m: Market, word: Word) -> bool:
    """Whether an invitation meets a need that would have arisen soon."""
    f, soon = word.friend, word.moment + m.b.pull_forward_weeks / WEEKS_PER_YEAR
    return word.invitation and f.idle and not f.drives_brand and word.moment < f.need_at < soon


def hear(m: Market, words: list[Word]) -> None:
    """Touch each friend once, with the sums over the words heard, added in the order of moments and owners."""
    heard: dict[int, list[Word]] = {}
    for word in sorted(words, key=lambda w: (w.moment, w.owner.id)):
        heard.setdefault(word.friend.id, []).append(word)
    for theirs in heard.values():
        trust = {False: 0.0, True: 0.0}
        for word in theirs:
            closeness = m.b.strong_tie if word.strong else 1.0
            trust[word.to_partner] += m.b.talk_trust * closeness * (1.0 if word.good else -m.b.bad_talk)
        first = theirs[0]
        opinion.touch(m, first.friend, len(theirs) * m.b.talk_awareness, trust[False], trust[True], first.channel)
