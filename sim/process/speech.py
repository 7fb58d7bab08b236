"""Words one by one, for compiled kernels: what owners say on an occasion, what it weighs, and what hearers keep of it.

What lies far apart in memory is visited in short loops that do little else: such a loop waits for several places at
once, while one with branches that hang on what it finds waits for one after the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.channels import REFERRAL, WORD_OF_MOUTH
from sim.kernels import kernel
from sim.process.driving import tier
from sim.world.people import BRAND, F64, I32, I64, Bool, Stage

U8 = NDArray[np.uint8]
Minds = NDArray[np.void]


class Speakers(NamedTuple):
    """Columns of the table of owners."""

    owned_since: F64
    km: F64
    km_per_year: F64
    relationship: I32
    stay_left: F64
    """Written."""


class Weight(NamedTuple):
    """What makes a word weigh more."""

    trust: float
    strong: float
    seniority: float
    bad: float
    binding: float
    """Hazard of leaving put off by a recommendation."""


class Words(NamedTuple):
    """Words that reach someone: one element each; heard in the order of hearers, moments and the owners' ids."""

    owner: I64
    nth: I64
    friend: I64
    moment: F64
    good: Bool
    bad: Bool
    invitation: Bool
    strong: Bool
    asked_before: U8
    trust: F64
    """What it adds to the trust of whoever hears it; written by `weigh`."""


@kernel
def decide(
    owner: I64, chance: F64, mood: F64, lot: F64, satisfaction: F64, good: Bool, bad: Bool, invites: Bool, speaks: I64
) -> int:
    """Decide what is said on each occasion; writes the occasions on which anything is, and returns their number."""
    size = 0
    for i in range(len(owner)):
        satisfied = satisfaction[owner[i]]
        good[i] = mood[i] < satisfied * satisfied
        bad[i] = mood[i] >= 1.0 - (1.0 - satisfied) * (1.0 - satisfied)
        invites[i] = (not bad[i]) & (lot[i] < chance[i])
        speaks[size] = i
        size += good[i] | bad[i] | invites[i]
    return size


@kernel
def weigh(words: Words, speakers: Speakers, weight: Weight) -> None:
    """What each word adds to trust, by closeness and the owner's seniority (C24); to recommend binds whoever does it
    (T12)."""
    for i in range(len(words.owner)):
        owner = words.owner[i]
        closeness = weight.strong if words.strong[i] else 1.0
        medal = tier(words.moment[i], speakers.owned_since[owner], speakers.km[owner], speakers.km_per_year[owner])
        seniority = 1.0 + weight.seniority * medal
        tone = 1.0 if words.good[i] else -weight.bad if words.bad[i] else 0.0
        words.trust[i] = weight.trust * closeness * seniority * tone
    for i in range(len(words.owner)):
        if words.good[i] | words.invitation[i] and speakers.relationship[words.owner[i]] >= 0:
            speakers.stay_left[words.owner[i]] += weight.binding


@kernel
def listen(
    words: Words, soon: float, lot: F64, minds: Minds, touched_at: F64, to_partner: Bool, ask: I64, near: Bool
) -> int:
    """Read when each hearer was touched last and, by lot, whether the partner listens; find the words that may make
    one leave contact data.

    Writes the places of these words, and which of them would bring a need forward that arises within `soon` years;
    returns their number.
    """
    for i in range(len(words.friend)):
        touched_at[i] = minds[words.friend[i]].touched_at
    size = 0
    for i in range(len(words.friend)):
        mind, moment = minds[words.friend[i]], words.moment[i]
        to_partner[i] = mind.partner & (lot[i] < 0.5)
        searching = mind.stage == Stage.SEARCHING and mind.need_at <= moment and mind.ready_at > moment
        due = mind.stage == Stage.IDLE and mind.need_at > moment and mind.need_at < moment + soon
        early = words.invitation[i] and due and mind.car != BRAND
        if not words.bad[i] and mind.lead < 0 and (searching or early):
            ask[size], near[size] = i, early
            size += 1
    return size


@kernel
def take_in(
    words: Words,
    to_partner: Bool,
    now: float,
    kept_awareness: F64,
    kept_trust: F64,
    awareness: float,
    minds: Minds,
    exposed: I64,
) -> int:
    """Add what was heard to the hearers' stocks, faded by `kept_awareness` and `kept_trust` of each word's hearer.

    Writes the rows of those who are in a search without an open lead, and returns their number.
    """
    size, i = 0, 0
    while i < len(words.friend):
        row, first, own, partners, heard = words.friend[i], i, 0.0, 0.0, 0.0
        while i < len(words.friend) and words.friend[i] == row:
            own += 0.0 if to_partner[i] else words.trust[i]
            partners += words.trust[i] if to_partner[i] else 0.0
            heard += 1.0
            i += 1
        mind = minds[row]
        if mind.first_touch < 0:
            mind.first_touch = REFERRAL if words.invitation[first] else WORD_OF_MOUTH
        mind.awareness = mind.awareness * kept_awareness[first] + heard * awareness
        mind.trust = mind.trust * kept_trust[first] + own
        mind.partner_trust = mind.partner_trust * kept_trust[first] + partners
        mind.touched_at = now
        if mind.stage == Stage.SEARCHING and mind.lead < 0:
            exposed[size] = row
            size += 1
    return size
