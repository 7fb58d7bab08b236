"""Stores and sellers: how many, their hours, their pace and their pay."""

from __future__ import annotations

import math
from typing import Annotated, Self

from pydantic import Field, model_validator

from sim.errors import FieldError
from sim.names import DistrictName
from sim.scenario.schema.base import Section
from sim.units import Capped, Count, Hours, Minutes, Money, Rate, Share

StoreCount = Annotated[Count, Field(le=1000)]
"""Stores of one district: every seller is simulated, so millions would never finish."""


class Stores(Section):
    """The same store everywhere unless a district says otherwise; sellers belong to one store."""

    per_district: StoreCount = 2
    """Stores in each district."""
    by_district: dict[DistrictName, StoreCount] = Field(default_factory=dict)
    """Number of stores where it differs, by district name."""
    sellers_per_store: Annotated[Count, Field(le=1000)] = 6
    """Sellers in each store."""
    hours_per_week: Capped[Hours] = 40.0
    """Working hours of a seller per week; `unlimited` serves every lead at once."""
    open_hour: float = Field(default=9.0, ge=0, lt=24)
    """Hour of the day at which stores open."""
    close_hour: float = Field(default=21.0, gt=0, le=24)
    """Hour of the day at which stores close."""
    pickup_minutes: Minutes = 10.0
    """Time until a new lead stands on a seller's list, minutes (assumption, 1 to 60)."""
    cost_per_hour: Money = 70.0
    """Pay of a seller with everything on top, money per working hour (assumption, 40 to 120 CNY)."""
    skill_mean: Share = 0.5
    """Mean closing skill of sellers, 0 to 1 (assumption)."""
    skill_spread: Share = 0.2
    """Half the width of the uniform spread of skill around the mean (assumption, 0 to 0.4)."""
    turnover_per_year: Annotated[Rate, Field(le=52)] = 0.0
    """Rate at which a seller leaves and is replaced, per year (assumption where it is set: 0.1 to 0.6)."""
    call_hours: Hours = 0.25
    """Mean working time of a call that reaches the person, filtering included, hours (M13; assumption, 0.1 to 0.5)."""
    attempt_hours: Hours = 0.05
    """Mean working time of a call that reaches nobody, hours (M13; assumption, 0.02 to 0.1)."""
    visit_hours: Hours = 1.0
    """Mean working time of a visit, hours (assumption, 0.5 to 2)."""
    test_drive_hours: Hours = 1.5
    """Mean working time of a test drive, hours (assumption, 1 to 2)."""
    order_hours: Hours = 3.0
    """Mean working time from order to handing over the key, hours (M12 bounds it; assumption, 2 to 8)."""

    @model_validator(mode="after")
    def _open(self) -> Self:
        if self.close_hour <= self.open_hour:
            message = f"must be later than open_hour ({self.open_hour:.15g}), not {self.close_hour:.15g}"
            raise FieldError(("close_hour", message))
        faults = []
        if not math.isinf(self.hours_per_week) and self.hours_per_week > self.open_hours_per_week() + 1e-6:
            message = (
                f"must be at most the {self.open_hours_per_week():.4g} hours per week a store is open, not "
                f"{self.hours_per_week:.15g}; widen open_hour and close_hour or write unlimited"
            )
            faults.append(("hours_per_week", message))
        if abs(self.skill_mean - 0.5) + self.skill_spread > 0.5:
            most = 0.5 - abs(self.skill_mean - 0.5)
            message = f"must be at most {most:.15g}, so that skill_mean {self.skill_mean:.15g} plus or minus it stays "
            faults.append(("skill_spread", f"{message}within 0 and 1, not {self.skill_spread:.15g}"))
        if faults:
            raise FieldError(*faults)
        return self

    def open_hours_per_week(self) -> float:
        """Hours a store is open per week of 365/52 days."""
        return (self.close_hour - self.open_hour) * 365 / 52
