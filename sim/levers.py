"""Levers: what policies may move. Fresh every tick, in groups owned by the verb that reads them.

Each lever starts at its neutral value, at which the model behaves as if no policy existed, and says how several
policies combine in it. Nothing here survives a tick, so nothing compounds and nothing has to be restored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


def lever(neutral: float, combine: str, meaning: str) -> Any:
    """Declare a lever: neutral value, how policies combine (`sum`, `product` or `max`), and its meaning with unit."""
    return field(default=neutral, metadata={"combine": combine, "meaning": meaning})


class RewardKind(NamedTuple):
    """Something a credit can be spent on."""

    number: int
    """Its place among all kinds the policy names, from 1."""
    cost_share: float
    """Marginal cost when redeemed, share of face value."""
    worth: float
    """What it is worth to an owner, share of face value, where `worth_by_segment` does not say otherwise."""
    worth_by_segment: dict[str, float]


@dataclass
class MediaLevers:
    """One bought channel; read by `touches.publish`, which spends the money."""

    money_per_year: float = lever(0.0, "sum", "money offered to the medium per calendar year, whole represented market")
    price: float = lever(
        0.0, "max", "price of 1,000 impressions (advertising) or of one lead (vertical media), at the start"
    )
    price_drift_per_year: float = lever(0.0, "sum", "yearly growth of that price")
    saturation: float = lever(
        0.0, "max", "level at which more pressure stops adding: impressions per household-week or leads per search-year"
    )
    low_intent_ratio: float = lever(0.0, "max", "hazard of leaving contact data outside a search, relative to inside")


@dataclass
class InviteLevers:
    """The referral programme as owners meet it; read by `programme`, `claims` and `rewards`."""

    credit: float = lever(0.0, "sum", "credit per delivered referral, money")
    menu: dict[str, float] = field(
        default_factory=dict, metadata={"combine": "sum", "meaning": "the same for referrers of the segments named"}
    )
    kinds: list[RewardKind] = field(
        default_factory=list,
        metadata={"combine": "sum", "meaning": "kinds of reward on offer; without any a credit is worth its face"},
    )
    credit_cost_share: float = lever(0.0, "max", "marginal cost of a credit when redeemed, where no kinds are listed")
    expected_redemption_share: float = lever(0.0, "max", "share of a credit expected to be redeemed")
    credit_expiry_months: float = lever(0.0, "max", "months after vesting in which a credit can be redeemed")
    cap_per_year: float = lever(0.0, "max", "rewarded referrals per owner and calendar year")
    cap_lifetime: float = lever(0.0, "max", "rewarded referrals per owner for life")
    steps: float = lever(0.0, "max", "manual steps between wish and sent invitation")
    stale_years: float = lever(0.0, "max", "years since the programme was last refreshed")
    eligible_share: float = lever(1.0, "product", "share of owners the programme is open to")
    by_degree: float = lever(0.0, "max", "1 where it is open to those who know most people, 0 where drawn by lot")
    check_share: float = lever(0.0, "max", "share of claims checked")
    check_cost: float = lever(0.0, "sum", "cost of a check, money per claim")
    false_rejection_share: float = lever(0.0, "max", "share of honest claims that a check rejects")


@dataclass
class PriceLevers:
    """What buyers pay; read by `selling.work`, `programme` and `claims`."""

    discount_referred: float = lever(0.0, "sum", "discount for referred buyers, money per car")
    subsidy_referred: float = lever(0.0, "sum", "money others add to it for referred buyers, per car")


@dataclass
class Levers:
    """All levers of one tick."""

    ads: MediaLevers = field(default_factory=MediaLevers)
    vertical: MediaLevers = field(default_factory=MediaLevers)
    invite: InviteLevers = field(default_factory=InviteLevers)
    price: PriceLevers = field(default_factory=PriceLevers)
