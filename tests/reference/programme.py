"""The referral programme as it stands in one tick, and what it is worth to an owner."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.numeric import exp_one
from sim.scenario.schema.root import Scenario
from sim.streams import Decision
from tests.reference.entities import Household
from tests.reference.offers import running

if TYPE_CHECKING:
    from tests.reference.market import Market


@dataclass(frozen=True)
class Kind:
    """A kind of reward; `number` is its place in the scenario's list, from 1, and 0 for plain credit."""

    number: int
    cost_share: float
    worth: list[float]
    """Worth of a unit of face value by segment."""
    to_taste: bool
    """Whether owners of one segment value it differently."""


@dataclass(frozen=True)
class Programme:
    """What the programme offers; without one, nothing."""

    credits: list[float]
    """Credit to the referrer, by the referrer's segment, money."""
    kinds: list[Kind]
    discount: float = 0.0
    subsidy: float = 0.0
    steps: float = 0.0
    cap_per_year: float = 0.0
    cap_lifetime: float = 0.0
    expected: float = 0.0
    """Share of a credit that is expected to be redeemed."""
    expiry: float = math.inf
    """Years from vesting to the lapse of a credit."""
    age: float = 0.0
    """Years since the programme was last refreshed."""
    check_share: float = 0.0
    check_cost: float = 0.0
    false_rejection_share: float = 0.0


def programme(scenario: Scenario, calendar: float) -> Programme:
    """The referral programme at a calendar moment; an absent, ended or suspended one offers nothing."""
    p = scenario.policies.referral
    segments = list(scenario.market.segments)
    if not running(p, calendar) or suspended(scenario, calendar):
        return Programme([0.0] * len(segments), [plain(scenario, 0.0)])
    general, offered = p.referrer_credit.at(calendar), kinds(scenario, calendar)
    credits = [p.menu[name].at(calendar) if name in p.menu else general for name in segments]
    return Programme(
        credits=credits if offered else [0.0] * len(segments),
        kinds=offered or [plain(scenario, p.credit_cost_share)],
        discount=p.buyer_discount.at(calendar),
        subsidy=p.subsidy.at(calendar),
        steps=float(p.manual_steps.at(calendar)),
        cap_per_year=float(p.cap_per_year.at(calendar)),
        cap_lifetime=float(p.cap_lifetime.at(calendar)),
        expected=p.expected_redemption_share,
        expiry=p.credit_expiry_months / 12.0,
        age=age(scenario, calendar),
        check_share=p.check_share.at(calendar),
        check_cost=p.check_cost_per_claim,
        false_rejection_share=p.false_rejection_share,
    )


def suspended(scenario: Scenario, calendar: float) -> bool:
    """Whether the programme is in a pause."""
    p = scenario.policies.referral
    return p is not None and any(pause.start <= calendar < pause.stop for pause in p.suspended)


def kinds(scenario: Scenario, calendar: float) -> list[Kind]:
    """The kinds of reward on offer; where the policy lists none at all, plain credit."""
    p = scenario.policies.referral
    if not p.rewards:
        return [plain(scenario, p.credit_cost_share)]
    segments = list(scenario.market.segments)
    return [
        Kind(number, kind.cost_share, [kind.worth_by_segment.get(s, kind.worth) for s in segments], to_taste=True)
        for number, kind in enumerate(p.rewards.values(), start=1)
        if running(kind, calendar)
    ]


def plain(scenario: Scenario, cost_share: float) -> Kind:
    """Credit that everybody takes at its face value."""
    return Kind(0, cost_share, [1.0] * len(scenario.market.segments), to_taste=False)


def age(scenario: Scenario, calendar: float) -> float:
    """Years since the programme began, resumed or was last revised; revisions come at equal intervals."""
    p = scenario.policies.referral
    begun = scenario.horizon.start_year if p.start is None else p.start
    since = calendar - max([begun, *(pause.stop for pause in p.suspended if pause.stop <= calendar)])
    if p.revisions_per_year == 0:
        return since
    return since - math.floor(since * p.revisions_per_year) / p.revisions_per_year


def invited(scenario: Scenario, households: list[Household], m: Market) -> list[bool]:
    """Who may take part: all, a share drawn by lot, or the share with the most acquaintances."""
    p = scenario.policies.referral
    if p is None or p.eligible_share >= 1.0 or p.invite_rule == "all":
        return [True] * len(households)
    lots = [m.chance.uniform(Decision.ELIGIBLE, 0, h.id) for h in households]
    if p.invite_rule == "random":
        return [lot < p.eligible_share for lot in lots]
    ranking = sorted(households, key=lambda h: (-len(h.ties), lots[h.id]))
    chosen = {h.id for rank, h in enumerate(ranking) if (rank + 0.5) / len(households) < p.eligible_share}
    return [h.id in chosen for h in households]


def favourite(m: Market, h: Household) -> Kind:
    """The kind of reward worth most to an owner; the first of equals."""
    return max(m.programme.kinds, key=lambda kind: worth(m, h, kind))


def worth(m: Market, h: Household, kind: Kind) -> float:
    """What a unit of credit of this kind is worth to an owner; tastes spread from half to one and a half."""
    taste = 0.5 + m.chance.remembered(Decision.TASTE, kind.number, h.id) if kind.to_taste else 1.0
    return kind.worth[h.segment] * taste


def credit(m: Market, h: Household) -> float:
    """What the programme promises this owner for a referral, money."""
    return m.programme.credits[h.segment]


def own_reward(m: Market, h: Household) -> float:
    """What a successful referral would be worth to the owner, as a share of the car's price; nothing at a cap."""
    if used_up(m, h):
        return 0.0
    likely = 1.0 - m.programme.check_share * m.programme.false_rejection_share
    return min(credit(m, h), spendable(m)) * likely * worth(m, h, favourite(m, h)) / m.price


def spendable(m: Market) -> float:
    """What an owner can spend with the brand before a credit lapses, money."""
    years = m.programme.expiry
    return m.scenario.brand.ecosystem_spend_per_year * years if years > 0.0 else 0.0


def friends_reward(m: Market) -> float:
    """What a referral is worth to the buyer, as a share of the car's price."""
    return (m.programme.discount + m.programme.subsidy) / m.price


def used_up(m: Market, h: Household) -> bool:
    """Whether an owner has had all the rewards of the year, or all there will ever be."""
    this_year = h.rewarded if h.rewarded_year == m.year else 0
    return this_year >= m.programme.cap_per_year or h.rewarded_ever >= m.programme.cap_lifetime


def motivation(m: Market, felt: float) -> float:
    """Share of the willing whom the reward moves; it wears until the programme is refreshed."""
    if felt <= 0.0:
        return 0.0
    b = m.b
    m.happened["worn programme"] += m.programme.age > 1.0
    full = b.invite_motive_floor + (1.0 - b.invite_motive_floor) * (felt / (felt + b.invite_half_reward))
    return full * exp_one(-b.programme_wear_per_year * m.programme.age)


def temptation(m: Market, h: Household, felt: float) -> float:
    """Probability of abusing a reward felt (share of the car's price): for the price-sensitive, and where few look."""
    sensitivity = m.segments[h.segment].price_sensitivity
    share = felt / (felt + m.b.invite_half_reward)
    return m.b.abuse_appetite * sensitivity * share * (1.0 - m.programme.check_share)
