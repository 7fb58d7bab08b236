"""Levers: what policies may move. Fresh every tick, in groups owned by the verb that reads them.

Each lever starts at its neutral value, at which the model behaves as if no policy existed, and says how several
policies combine in it. Nothing here survives a tick, so nothing compounds and nothing has to be restored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def lever(neutral: float, combine: str, meaning: str) -> Any:
    """Declare a lever: neutral value, how policies combine (`sum`, `product` or `max`), and its meaning with unit."""
    return field(default=neutral, metadata={"combine": combine, "meaning": meaning})


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
    """The referral programme as owners feel it; read by `word_of_mouth.spread`."""

    reward: float = lever(0.0, "sum", "reward felt per successful referral, money")
    steps: float = lever(0.0, "max", "manual steps between wish and sent invitation")
    credit: float = lever(0.0, "sum", "credit per delivered referral, money")
    credit_cost_share: float = lever(0.0, "max", "expected marginal cost of a credit, share of its face value")
    cap_per_year: float = lever(0.0, "max", "rewarded referrals per owner and calendar year")


@dataclass
class PriceLevers:
    """What buyers pay; read by `selling.work`."""

    discount_referred: float = lever(0.0, "sum", "discount for buyers whose lead was referred, money per car")


@dataclass
class Levers:
    """All levers of one tick."""

    ads: MediaLevers = field(default_factory=MediaLevers)
    vertical: MediaLevers = field(default_factory=MediaLevers)
    invite: InviteLevers = field(default_factory=InviteLevers)
    price: PriceLevers = field(default_factory=PriceLevers)
