"""Leads bought from vertical media (claims D04, D14, D15, D16, N16; M04, M05)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from sim.levers import Levers
from sim.policies.base import Moment, Policy
from sim.schedule import Scheduled
from sim.units import Capped, Factor, Money, Real


class VerticalMedia(Policy):
    """Car sites sell the contact data of people who compare offers.

    The audience in a search is finite, so a bigger budget finds fewer new people per yuan; the price drifts upward
    (D04). Everyone who asks for a quote is sold, whether or not they mean to buy soon (D15).
    """

    neutral: ClassVar[dict[str, Any]] = {"budget_per_year": 0}
    channel: ClassVar[str | None] = "vertical_media"

    budget_per_year: Scheduled[Money]
    """Budget per calendar year for the whole represented market, money (input)."""
    price_per_lead: Annotated[Money, Field(gt=0)] = 250.0
    """Price of one lead at the start of the horizon while the audience is ample, money (M05: 200 to 300 CNY)."""
    price_drift_per_year: Annotated[Real, Field(gt=-1, le=1)] = 0.05
    """Yearly growth of that price (D04 gives the direction; assumption, 0 to 0.15)."""
    saturation_leads_per_search_year: Capped[Factor] = 4.0
    """Leads per year of a search at which more money finds nobody new; `unlimited` for none (assumption, 2 to 8)."""
    low_intent_ratio: Factor = 0.12
    """Hazard of leaving contact data outside a search, relative to inside: three of four requests for a quote come
    from people who will not buy soon (D15 gives the direction; assumption, 0.05 to 0.2)."""

    def apply(self, levers: Levers, now: Moment) -> None:
        """Offer the money of this tick to the medium."""
        levers.vertical.money_per_year += self.budget_per_year.at(now.calendar)
        levers.vertical.price = max(levers.vertical.price, self.price_per_lead)
        levers.vertical.price_drift_per_year += self.price_drift_per_year
        levers.vertical.saturation = max(levers.vertical.saturation, self.saturation_leads_per_search_year)
        levers.vertical.low_intent_ratio = max(levers.vertical.low_intent_ratio, self.low_intent_ratio)
