"""The whole scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, create_model, model_validator

from sim.errors import FieldError
from sim.policies import POLICIES
from sim.scenario.names import Name
from sim.scenario.schema.base import Section, require_segments
from sim.scenario.schema.behaviour import Behaviour
from sim.scenario.schema.brand import Brand
from sim.scenario.schema.market import Market
from sim.scenario.schema.measured import FIXED_LABELS, MEASURED_BY, YEARS
from sim.scenario.schema.stores import Stores
from sim.scenario.suggest import advice
from sim.scenario.tree import shown
from sim.units import PositiveCount, Rate, Weeks, Years

MAX_REPLICATES = 9_999
"""The files of a replicate carry its number with four digits."""


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

    @model_validator(mode="after")
    def _measured(self) -> Self:
        if self.metric not in MEASURED_BY:
            hint = advice(self.metric, MEASURED_BY, "metrics are")
            raise FieldError(("metric", f"there is no metric '{self.metric}'; {hint}"))
        if not any(set(dimensions) == set(self.by) for dimensions in MEASURED_BY[self.metric]):
            known = "; ".join(", ".join(dimensions) for dimensions in MEASURED_BY[self.metric] if dimensions)
            raise FieldError(
                ("by", f"'{self.metric}' is not measured by {', '.join(self.by) or 'nothing'}, but {known}")
            )
        if self.min is None and self.max is None:
            raise FieldError(("", "needs min or max, for example `max: 9000`"))
        if self.min is not None and self.max is not None and self.max < self.min:
            raise FieldError(("max", f"must be at least min ({self.min:g}), not {self.max:g}"))
        return self

    def ensure_labels(self, place: str, own: Mapping[str, Sequence[str | int | bool]]) -> None:
        """Raise FieldError below `place` for a label that a dimension does not have; `own` adds the scenario's."""
        labels = {**FIXED_LABELS, **own}
        for dimension, label in self.by.items():
            # True equals 1 and is still no year.
            if not any(type(label) is type(known) and label == known for known in labels[dimension]):
                names = [str(known).lower() if isinstance(known, bool) else str(known) for known in labels[dimension]]
                message = f"must be a {dimension} of this scenario, not {shown(label)}"
                quoted = isinstance(label, str) and label in names
                hint = "write it without quotes" if quoted else advice(str(label), names, "there are")
                raise FieldError((f"{place}.by.{dimension}", f"{message}; {hint}"))


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
    replicates: Annotated[PositiveCount, Field(le=MAX_REPLICATES)]
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
        self._programme_fits(segments)
        own: dict[str, Sequence[str | int | bool]] = {
            "segment": segments,
            **dict.fromkeys(YEARS, range(self.horizon.start_year, self.horizon.start_year + self.horizon.years)),
        }
        for place, threshold in enumerate(self.thresholds):
            threshold.ensure_labels(f"thresholds[{place}]", own)
        return self

    def _programme_fits(self, segments: list[str]) -> None:
        """Refuse a referral programme that gives more than the car costs, or that rewards segments nobody knows."""
        referral = getattr(self.policies, "referral", None)
        if referral is None:
            return
        given = (referral.buyer_discount, referral.subsidy)
        knots = sorted({year for term in (*given, self.brand.price) for year in term.years}) or [
            self.horizon.start_year
        ]
        for year in knots:  # between knots all three are linear
            if sum(term.at(year) for term in given) >= self.brand.price.at(year):
                name = (
                    "subsidy"
                    if max(referral.subsidy.values) > max(referral.buyer_discount.values)
                    else "buyer_discount"
                )
                message = f"buyer_discount and subsidy must together stay below brand.price; in {year:g} they do not"
                raise FieldError((f"policies.referral.{name}", message))
        maps = {"menu": referral.menu}
        maps |= {f"rewards.{name}.worth_by_segment": kind.worth_by_segment for name, kind in referral.rewards.items()}
        faults = [
            (
                f"policies.referral.{path}.{name}",
                f"there is no segment '{name}'; {advice(name, segments, 'segments are')}",
            )
            for path, by_segment in maps.items()
            for name in by_segment
            if name not in segments
        ]
        if faults:
            raise FieldError(*faults)

    def active_policies(self) -> list[tuple[str, Any]]:
        """Policies that are present, in registry order."""
        pairs = [(name, getattr(self.policies, name)) for name in POLICIES]
        return [(name, policy) for name, policy in pairs if policy is not None]
