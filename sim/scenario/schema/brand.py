"""The brand: what it sells, at which price, how fast it can deliver, and who owns its cars at the start."""

from __future__ import annotations

import math
from typing import Self

from pydantic import Field, model_validator

from sim.errors import FieldError
from sim.names import SegmentName
from sim.scenario.schema.base import Section, require_above_zero
from sim.schedule import Schedule, Scheduled
from sim.units import Capped, Days, Factor, Km, Money, Rate, Share, Weeks, Years


class InitialOwners(Section):
    """One group of owners at the start of the horizon."""

    per_1000_households: float = Field(ge=0, le=1000)
    """Owners of this group per 1,000 households of an average segment; segments the product suits have more."""
    tenure_years: Years
    """How long they have had the car, years."""
    km: Km
    """Mileage so far, km."""


class Brand(Section):
    """Product, price, margin, capacity and initial owners."""

    product_strength: dict[SegmentName, Scheduled[Share]] = Field(min_length=1)
    """Product strength per segment, 0 (nobody would recommend it) to 1: the '1' before the zeros (T18, L03, L04)."""
    price: Scheduled[Money]
    """List price, money per car."""
    margin_per_car: Scheduled[Money]
    """Contribution margin at list price, money per car."""
    service_margin_per_year: Scheduled[Money]
    """Contribution margin of service, charging and software per year of a kept relationship, money, of owners as
    satisfied as the product is strong; others bring more or less in proportion (D12)."""
    ecosystem_spend_per_year: Capped[Money] = math.inf
    """What an owner spends per year with the brand on charging, service and software, at retail prices, money: credits
    can only be redeemed against it (T04, T05); `unlimited` for no limit."""
    organic_interest: Scheduled[Factor] = Schedule.of(1.0)
    """Multiple of the walk-ins of households that do not drive the brand: press, the presence of stores and cars on the
    road, everything that brings people without a policy (input)."""
    organic_awareness: Scheduled[Share] = Schedule.of(0.0)
    """Share of households that would know the brand without a policy and without an owner's word, from the same sources
    (input); unlike `initial_awareness` it does not fade."""
    return_days: Days = 0.0
    """Days after delivery in which a buyer may give the car back; 0 for no such right."""
    delivery_weeks: Weeks = 4.0
    """Shortest time from order to delivery, weeks."""
    capacity_per_year: Scheduled[Capped[Rate]] = Schedule.of(math.inf)
    """Cars the brand can deliver per year in the whole represented market; `unlimited` for no limit."""
    initial_awareness: Share = 0.0
    """Share of households that know the brand at the start, before anything is published (input)."""
    initial_owners: list[InitialOwners] = Field(default_factory=list)
    """Owners at the start of the horizon by tenure and mileage."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        require_above_zero("price", self.price)
        total = sum(group.per_1000_households for group in self.initial_owners)
        if total > 1000:
            message = f"the groups add up to {total:.9g} per 1,000 households; at most 1,000 can own the car"
            raise FieldError(("initial_owners", message))
        return self
