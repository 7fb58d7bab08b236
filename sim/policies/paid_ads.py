"""Bought advertising (claims D04, D15, D16, T13)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from sim.levers import Levers
from sim.policies.base import Moment, Policy
from sim.schedule import Scheduled
from sim.units import Capped, Factor, Money, Real


class PaidAds(Policy):
    """Advertising: money buys impressions, which make people notice the brand and some of them leave contact data.

    Impressions on one household saturate; their price drifts upward (D04). Trust gained is weak, and part of the leads
    comes from people who are not looking for a car (D15), which costs sellers filtering time (D16).
    """

    neutral: ClassVar[dict[str, Any]] = {"budget_per_year": 0}
    channel: ClassVar[str | None] = "paid_ads"

    budget_per_year: Scheduled[Money]
    """Advertising budget per calendar year for the whole represented market, money (input)."""
    price_per_thousand_impressions: Annotated[Money, Field(gt=0)] = 60.0
    """Price of 1,000 impressions at the start of the horizon, money (assumption, 30 to 120 CNY)."""
    price_drift_per_year: Annotated[Real, Field(gt=-1, le=1)] = 0.05
    """Yearly growth of that price (D04 gives the direction; assumption, 0 to 0.15)."""
    saturation_impressions_per_week: Capped[Factor] = 6.0
    """Impressions per household-week at which further ones stop adding; `unlimited` for none (assumption, 3 to 12)."""
    low_intent_ratio: Factor = 0.04
    """Hazard of leaving contact data outside a search, relative to inside: half the answers to advertising come from
    people who will not buy soon (D15 gives the direction; assumption, 0.01 to 0.1)."""

    def apply(self, levers: Levers, now: Moment) -> None:
        """Offer the money of this tick to the medium."""
        levers.ads.money_per_year += self.budget_per_year.at(now.calendar)
        levers.ads.price = max(levers.ads.price, self.price_per_thousand_impressions)
        levers.ads.price_drift_per_year += self.price_drift_per_year
        levers.ads.saturation = max(levers.ads.saturation, self.saturation_impressions_per_week)
        levers.ads.low_intent_ratio = max(levers.ads.low_intent_ratio, self.low_intent_ratio)
