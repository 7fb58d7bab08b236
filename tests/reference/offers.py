"""What policies, brand and rivals put in front of people in one tick, read from the scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.numeric import exp_one, log_one
from sim.scenario.schema.root import Scenario


@dataclass(frozen=True)
class MediumOffer:
    """What a policy puts into one medium."""

    money_per_year: float = 0.0
    price: float = 0.0
    drift: float = 0.0
    saturation: float = 0.0
    low_intent: float = 0.0


@dataclass(frozen=True)
class Operations:
    """What the brand does with the leads it can see."""

    pool_share: float = 0.0
    refresh_minutes: float = 0.0
    auc: float = 0.5
    order: str = "fifo"
    assign: str = "lot"
    nurture: float = 0.0
    recalls: int = 0
    recall_hours: float = 0.0
    test_drive_booking: float = 0.0
    one_flow: float = 0.0
    cost_per_year: float = 0.0


@dataclass(frozen=True)
class SegmentOffer:
    """The brand and its rivals as one segment sees them."""

    strength: float
    alternative: float
    """Log-sum of the rivals' utilities."""
    rival_shares: list[float]
    """Cumulative shares among the rivals, in their order."""


def running(policy: Any, calendar: float) -> bool:
    """Whether a policy exists and covers this calendar moment."""
    if policy is None or (policy.start is not None and calendar < policy.start):
        return False
    return policy.stop is None or calendar < policy.stop


def advertising(scenario: Scenario, calendar: float) -> MediumOffer:
    """The offer to advertising media."""
    p = scenario.policies.paid_ads
    if not running(p, calendar):
        return MediumOffer()
    return MediumOffer(
        p.budget_per_year.at(calendar),
        p.price_per_thousand_impressions,
        p.price_drift_per_year,
        p.saturation_impressions_per_week,
        p.low_intent_ratio,
    )


def operations(scenario: Scenario, calendar: float) -> Operations:
    """How leads are handled; nothing is seen without a pool."""
    p = scenario.policies.lead_operations
    if not running(p, calendar) or p.pool_share.at(calendar) == 0.0:
        return Operations()
    return Operations(
        p.pool_share.at(calendar),
        p.refresh_minutes,
        p.scoring_auc,
        p.order,
        p.assign,
        p.nurture,
        p.recalls,
        p.recall_hours,
        p.test_drive_booking,
        p.one_flow,
        p.cost_per_year.at(calendar),
    )


def vertical_media(scenario: Scenario, calendar: float) -> MediumOffer:
    """The offer to vertical media."""
    p = scenario.policies.vertical_media
    if not running(p, calendar):
        return MediumOffer()
    return MediumOffer(
        p.budget_per_year.at(calendar),
        p.price_per_lead,
        p.price_drift_per_year,
        p.saturation_leads_per_search_year,
        p.low_intent_ratio,
    )


def segments(scenario: Scenario, calendar: float) -> list[SegmentOffer]:
    """Brand and rivals, segment by segment."""
    b, brand = scenario.behaviour, scenario.brand
    price = brand.price.at(calendar)
    offers = []
    for name, segment in scenario.market.segments.items():
        whole, sums = 0.0, []
        for rival in scenario.market.rivals.values():
            relative = rival.price.at(calendar) / price if price > 0 else 1.0
            strength = rival.strength_for(name).at(calendar)
            dearer = b.choice_price * segment.price_sensitivity * log_one(relative)
            utility = b.choice_product * log_one(strength) - dearer
            whole += exp_one(utility)
            sums.append(whole)
        offers.append(
            SegmentOffer(
                strength=brand.product_strength[name].at(calendar),
                alternative=max(log_one(whole), -1e9),  # without rivals nobody goes elsewhere
                rival_shares=[part / max(whole, 1e-300) for part in sums],
            )
        )
    return offers
