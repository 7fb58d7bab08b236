"""The whole scenario."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, create_model, model_validator

from sim.policies import POLICIES
from sim.scenario.names import Name
from sim.scenario.schema.base import Section, require_segments
from sim.scenario.schema.behaviour import Behaviour
from sim.scenario.schema.brand import Brand
from sim.scenario.schema.market import Market
from sim.scenario.schema.stores import Stores
from sim.units import PositiveCount, Rate, Weeks, Years


class Horizon(Section):
    """Which years are simulated, in which steps."""

    start_year: int = Field(ge=1950, le=2150)
    """First calendar year."""
    years: int = Field(ge=1, le=50)
    """Number of calendar years reported."""
    ticks_per_year: int = Field(ge=12, le=366)
    """Steps per year; results must not depend on it (52, 104 and 365 agree)."""


class Economics(Section):
    """How value is counted."""

    discount_rate_per_year: Rate
    """Discount rate of lifetime value, per year (M20)."""
    ltv_window_years: Annotated[Years, Field(gt=0)]
    """Years after delivery in which margins count towards `ltv`."""
    follow_up_weeks: Weeks
    """Weeks a lead is followed before its conversion is counted."""
    run_off_years: int = Field(ge=0, le=50)
    """Years simulated after the horizon, so that follow-ups and windows are complete."""


class Threshold(Section):
    """A metric that must stay within bounds."""

    metric: str
    """Name of the metric."""
    min: float | None = None
    """Lowest mean allowed."""
    max: float | None = None
    """Highest mean allowed."""
    by: dict[str, str | int | bool] = Field(default_factory=dict)
    """Dimensions, such as {year: 2025}."""


_POLICY_FIELDS: dict[str, Any] = {
    name: (policy | None, Field(default=None, description=(policy.__doc__ or "").splitlines()[0]))
    for name, policy in POLICIES.items()
}
Policies = create_model("Policies", __base__=Section, **_POLICY_FIELDS)
"""One optional section per registered policy; absent or null means off."""


class Scenario(Section):
    """A resolved scenario: everything one world needs to be built and simulated."""

    schema_version: Literal[1]
    """Version of the scenario language."""
    name: Name
    """Name, also of the run directory."""
    description: str = ""
    """What the scenario is about, one or two sentences."""
    seed: int = Field(ge=0, le=2**32 - 1)
    """Seed of all randomness."""
    replicates: PositiveCount
    """Independent repetitions; the same replicate of two scenarios shares its luck."""
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    """Label of all money."""
    horizon: Horizon
    economics: Economics
    behaviour: Behaviour
    market: Market
    brand: Brand
    stores: Stores = Stores()
    policies: Policies = Policies()
    thresholds: list[Threshold] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        segments = list(self.market.segments)
        require_segments("brand.product_strength", dict(self.brand.product_strength), segments)
        names = [d.name for d in self.market.districts]
        for name in self.stores.by_district:
            if name not in names:
                raise ValueError(f"stores.by_district names unknown district {name!r}; known are {', '.join(names)}")
        referral = getattr(self.policies, "referral", None)
        if referral is not None and max(referral.buyer_discount.values) >= min(self.brand.price.values):
            raise ValueError("policies.referral.buyer_discount must be smaller than brand.price at all times")
        return self

    def active_policies(self) -> list[tuple[str, Any]]:
        """Policies that are present, in registry order."""
        pairs = [(name, getattr(self.policies, name)) for name in POLICIES]
        return [(name, policy) for name, policy in pairs if policy is not None]
