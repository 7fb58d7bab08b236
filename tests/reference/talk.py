"""Owners talk, invite, and are heard."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sim.channels import REFERRAL, WORD_OF_MOUTH
from sim.numeric import exp_one
from sim.streams import Decision
from sim.units import DAYS_PER_YEAR, WEEKS_PER_YEAR
from tests.reference import need, opinion, programme, spans
from tests.reference.entities import INVITING, WILLING, Household, Tie
from tests.reference.market import Contact, Market


@dataclass(frozen=True)
class Word:
    """What one owner says to one acquaintance."""

    owner: Household
    nth: int
    friend: Household
    moment: float
    praise: bool
    bad: bool
    invitation: bool
    strong: bool
    to_partner: bool
    asked_before: int
    tier: int
    """Medal of the owner, 0 to 3."""
    tenure: float
    """Years for which the owner has driven the brand."""
    generation: int
    """Of a friend brought by this word."""

    @property
    def channel(self) -> int:
        return REFERRAL if self.invitation else WORD_OF_MOUTH

    @property
    def good(self) -> bool:
        return self.praise or self.invitation


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
    for w in words:
        m.words.append((m.tick, w.moment, w.owner.id, w.friend.id, w.praise, w.bad, w.invitation, w.strong))


def begin(m: Market, h: Household, moment: float) -> None:
    """Begin to talk about a new car; the gap drawn for an earlier one is not drawn again."""
    h.talks += 1
    schedule(m, h, moment)


def schedule(m: Market, h: Household, since: float) -> None:
    """Date the next occasion to talk."""
    assert h.ownership is not None
    rate = m.b.talks_per_owner_year * h.ownership.zeal
    if rate > 0.0:
        h.talk_at = since + m.chance.exponential(Decision.TALK_NEXT, 0, h.id, h.talks) / rate


def speak(m: Market, h: Household) -> Word | None:
    """One occasion: speak well, badly or not at all, perhaps invite, and choose whom to tell."""
    assert h.ownership is not None
    nth, moment = h.talks, h.talk_at
    h.talks += 1
    offer_code(m, h)
    mood = m.chance.uniform(Decision.TALK_MOOD, 0, h.id, nth)
    praise = mood < h.satisfaction * h.satisfaction
    bad = mood >= 1.0 - (1.0 - h.satisfaction) * (1.0 - h.satisfaction)
    invites = not bad and invite(m, h, nth)
    if not (praise or bad or invites):
        return None
    tie = choose(m, h, nth)
    if tie is None:
        return None
    asked = tie.asked
    if not m.well_mixed and invites:
        tie.asked = min(asked + 1, 255)
        m.happened["repeated ask"] += asked > 0
    m.happened["invitation" if invites else "praise" if praise else "bad talk"] += 1
    m.happened["silent invitation"] += invites and not praise
    m.happened[f"tier {spans.tier(h, moment)}"] += 1
    m.happened["referred talker"] += h.ownership.referrer >= 0
    if not bad:
        commit(m, h, praise, invites)
    return Word(
        owner=h,
        nth=nth,
        friend=tie.friend,
        moment=moment,
        praise=praise,
        bad=bad,
        invitation=invites,
        strong=tie.strong,
        to_partner=tie.friend.partner and m.chance.uniform(Decision.TALK_HEARER, 0, h.id, nth) < 0.5,
        asked_before=asked,
        tier=spans.tier(h, moment),
        tenure=moment - h.owned_since,
        generation=h.ownership.generation + 1,
    )


def offer_code(m: Market, h: Household) -> None:
    """Some owners, the same at every occasion, offer their code to strangers, where it pays."""
    assert h.ownership is not None
    if not m.eligible[h.id] or h.ownership.broker:
        return
    felt = programme.own_reward(m, h)
    if felt > 0.0 and m.chance.remembered(Decision.BROKER, 0, h.id) < programme.temptation(m, h, felt):
        m.happened["broker"] += 1
        h.ownership.broker = True


def invite(m: Market, h: Household, nth: int) -> bool:
    """Willing x motivated x able, for those who may take part."""
    if not m.eligible[h.id]:
        m.happened["not eligible"] += 1
        return False
    m.happened["cap felt"] += programme.credit(m, h) > 0.0 and programme.used_up(m, h)
    motivated = programme.motivation(m, programme.own_reward(m, h) + programme.friends_reward(m))
    willing = h.satisfaction * m.strength(h)
    able = exp_one(-m.b.invite_step_friction * m.programme.steps)
    return m.chance.uniform(Decision.TALK_INVITE, 0, h.id, nth) < willing * motivated * able


def commit(m: Market, h: Household, praise: bool, invites: bool) -> None:
    """Whoever speaks for the brand is bound to it a little longer, and has acted this year."""
    if h.relationship is not None:
        h.stay_left += m.b.leave_per_year * m.b.binding_days / DAYS_PER_YEAR
    if praise:
        spans.note(m, h, WILLING)
    if invites:
        spans.note(m, h, INVITING)


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
        eager = m.b.talk_contact
        if word.invitation:  # used up by asking; the word itself is not
            eager = eager + (m.b.invite_contact - m.b.talk_contact) / (1.0 + word.asked_before)
        chance = 1.0 - exp_one(-eager * opinion.interest(m, f))
        if m.chance.uniform(Decision.TALK_CONTACT, 0, word.owner.id, word.nth) < chance:
            m.contacts.append(contact_of(word))
            if near:
                early.setdefault(f.id, word)
    for word in early.values():
        m.happened["pull-forward"] += 1
        word.friend.need_at = word.moment
        need.begin_search(m, word.friend)


def contact_of(word: Word) -> Contact:
    """The contact data a word brings."""
    tie = int(word.strong)
    return Contact(word.friend, word.moment, word.channel, word.owner.id, tie, word.tenure, word.generation)


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
            sense = 1.0 if word.praise else -m.b.bad_talk if word.bad else 0.0
            standing = 1.0 + m.b.seniority_trust * word.tier
            trust[word.to_partner] += m.b.talk_trust * closeness * standing * sense
        first = theirs[0]
        opinion.touch(m, first.friend, len(theirs) * m.b.talk_awareness, trust[False], trust[True], first.channel)
