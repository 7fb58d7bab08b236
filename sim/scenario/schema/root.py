"""The whole scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, create_model, model_validator

from sim.errors import FieldError
from sim.names import Name
from sim.policies import POLICIES
from sim.scenario.schema import publishing
from sim.scenario.schema.base import Section
from sim.scenario.schema.behaviour import Behaviour
from sim.scenario.schema.brand import Brand
from sim.scenario.schema.market import Market
from sim.scenario.schema.measured import DIMENSIONS, FIXED_LABELS, MEASURED_BY, SHARES, YEARS
from sim.scenario.schema.stores import Stores
from sim.scenario.suggest import advice, nearest
from sim.scenario.tree import clipped, shown
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

    discount_rate_per_year: Annotated[Rate, Field(le=1)]
    """Discount rate of lifetime value, per year (M20)."""
    ltv_window_years: Annotated[Years, Field(gt=0, le=100)]
    """Years after delivery in which margins count towards `ltv`."""
    follow_up_weeks: Weeks
    """Weeks a lead is followed before its conversion is counted."""
    run_off_years: int = Field(ge=0, le=50)
    """Years simulated after the horizon, so that follow-ups and windows are complete."""


class Threshold(Section):
    """A metric that must stay within bounds."""

    metric: str = Field(json_schema_extra={"enum": [*sorted(MEASURED_BY)]})
    """Name of the metric."""
    min: float | None = None
    """Lowest mean allowed."""
    max: float | None = None
    """Highest mean allowed."""
    by: dict[str, str | int | bool] = Field(
        default_factory=dict, json_schema_extra={"propertyNames": {"enum": [*DIMENSIONS]}}
    )
    """Dimensions, such as {year: 2025}."""

    @model_validator(mode="after")
    def _measured(self) -> Self:
        faults = []
        if self.metric not in MEASURED_BY:
            hint = advice(self.metric, MEASURED_BY, "metrics are")
            faults.append(("metric", f"there is no metric {clipped(self.metric)!r}; {hint}"))
        elif not any(set(dimensions) == set(self.by) for dimensions in MEASURED_BY[self.metric]):
            known = "; ".join(", ".join(dimensions) for dimensions in MEASURED_BY[self.metric] if dimensions)
            given = clipped(", ".join(self.by)) or "nothing"
            words = {word for dimensions in MEASURED_BY[self.metric] for word in dimensions}
            near = [nearest(word, words) for word in self.by if word not in words]
            hint = f"; did you mean '{near[0]}'?" if near and near[0] else ""
            faults.append(("by", f"'{self.metric}' is not measured by {given}, but {known}{hint}"))
        for name in ("min", "max"):
            bound = getattr(self, name)
            if self.metric in SHARES and bound is not None and not 0 <= bound <= 1:
                percent = f"; {bound:.15g}% is written {bound / 100:.15g}" if 1 < bound <= 100 else ""
                faults.append((name, f"must be a share from 0 to 1, as '{self.metric}' is, not {bound:.15g}{percent}"))
        if self.min is None and self.max is None:
            faults.append(("", "needs min or max, for example `max: 9000`"))
        elif self.min is not None and self.max is not None and self.max < self.min:
            faults.append(("max", f"must be at least min ({self.min:.15g}), not {self.max:.15g}"))
        if faults:
            raise FieldError(*faults)
        return self

    def strange_labels(self, own: Mapping[str, Sequence[str | int | bool]]) -> list[tuple[str, str]]:
        """Return what is wrong with labels that a dimension does not have; `own` adds those of the scenario."""
        labels = {**FIXED_LABELS, **own}
        faults = []
        for dimension, label in self.by.items():
            # True equals 1 and is still no year.
            if not any(type(label) is type(known) and label == known for known in labels[dimension]):
                names = [str(known).lower() if isinstance(known, bool) else str(known) for known in labels[dimension]]
                message = f"must be a value of {dimension} in this scenario, not {shown(label)}"
                if isinstance(label, str) and label in names:
                    hint = "write it without quotes"
                elif dimension in YEARS:
                    hint = f"years are {names[0]} to {names[-1]}"
                else:
                    hint = advice(str(label), names, "there are")
                faults.append((f"by.{dimension}", f"{message}; {hint}"))
        return faults


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
    name: Name = Field(examples=["mine"])
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
        faults = [
            ("brand.product_strength", f"lacks the segment '{name}'; give a share from 0 to 1, for example {name}: 0.6")
            for name in segments
            if name not in self.brand.product_strength
        ]
        faults += self._too_generous()
        kos = getattr(self.policies, "kos", None)
        if kos is not None:
            found = publishing.faults(kos, self.market, self.stores, *self._span())
            faults += [(f"policies.kos.{path}", message) for path, message in found]
        years = range(self.horizon.start_year, self.horizon.start_year + self.horizon.years)
        own: dict[str, Sequence[str | int | bool]] = {"segment": segments, **dict.fromkeys(YEARS, years)}
        for place, threshold in enumerate(self.thresholds):
            faults += [(f"thresholds[{place}].{path}", message) for path, message in threshold.strange_labels(own)]
        if faults:
            raise FieldError(*faults)
        return self

    def _too_generous(self) -> list[tuple[str, str]]:
        """Return what is wrong with a referral programme that gives as much as the car costs, or more."""
        referral = getattr(self.policies, "referral", None)
        if referral is None:
            return []
        given = (referral.buyer_discount, referral.subsidy)
        first, end = self._span()
        knots = {year for term in (*given, self.brand.price) for year in term.years if first < year < end}
        for year in sorted({*knots, first, end}):  # between knots all three are linear
            discount, subsidy, price = (term.at(year) for term in (*given, self.brand.price))
            if discount + subsidy >= price:
                name = (
                    "subsidy"
                    if max(referral.subsidy.values) > max(referral.buyer_discount.values)
                    else "buyer_discount"
                )
                message = (
                    f"buyer_discount ({discount:.15g}) and subsidy ({subsidy:.15g}) must together stay below "
                    f"brand.price ({price:.15g}); in {year:g} they do not"
                )
                return [(f"policies.referral.{name}", message)]
        return []

    def _span(self) -> tuple[float, float]:
        """Return the calendar years between which it is simulated."""
        first = self.horizon.start_year
        return float(first), float(first + self.horizon.years + self.economics.run_off_years)

    def notes(self) -> list[tuple[str, str]]:
        """Return what is allowed but hardly meant, as paths and messages."""
        first, after = self.horizon.start_year, self.horizon.start_year + self.horizon.years
        span = f"{first} to {after - 1}" if self.horizon.years > 1 else f"only {first}"
        found = []
        for name, policy in self.active_policies():
            if policy.start is not None and policy.start >= after:
                message = f"{policy.start:.15g} lies after the horizon ({span}), so that the policy never runs"
                found.append((f"policies.{name}.start", message))
            elif policy.stop is not None and policy.stop <= first:
                message = f"{policy.stop:.15g} lies before the horizon ({span}), so that the policy never runs"
                found.append((f"policies.{name}.stop", message))
        kos = getattr(self.policies, "kos", None)
        if kos is not None:
            remarks = publishing.notes(kos, self.market, *self._span())
            found += [(f"policies.kos.{path}".rstrip("."), message) for path, message in remarks]
        simulated = self.horizon.years + self.economics.run_off_years
        if self.economics.ltv_window_years > simulated:
            message = f"no customer is followed so long: {simulated} years are simulated with run-off; ltv stays empty"
            found.append(("economics.ltv_window_years", message))
        return found

    def active_policies(self) -> list[tuple[str, Any]]:
        """Policies that are present, in registry order."""
        pairs = [(name, getattr(self.policies, name)) for name in POLICIES]
        return [(name, policy) for name, policy in pairs if policy is not None]
