"""A small scenario model with every kind of field, and a project folder to load it from."""

from pathlib import Path
from typing import Annotated, Literal, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sim.errors import FieldError, ScenarioError
from sim.names import Name
from sim.scenario.loader import Resolved, read
from sim.scenario.overrides import Overrides
from sim.schedule import Schedule, Scheduled, ScheduledCap, ScheduledCount
from sim.units import Calendar, Capped, Count, Factor, Money, PositiveCount, Rate, Real, Share, Status, Weeks


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class District(Part):
    name: Name
    households: PositiveCount
    tier: Count = 2


class Segments(Part):
    shares: dict[str, Share]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = sum(self.shares.values())
        if abs(total - 1) > 1e-9:
            raise FieldError(("shares", f"shares must sum to 1, they sum to {total:g}"))
        return self


class Market(Part):
    districts: Annotated[list[District], Field(min_length=1)]
    segments: Segments


class Referral(Part):
    start: Calendar | None = None
    stop: Calendar | None = None
    referrer_credit: Scheduled[Money] = Schedule.of(1000.0)
    cap_per_year: ScheduledCap = Schedule.of(10)
    invite_rule: Literal["all", "random", "degree"] = "all"
    share: Share = 0.5
    one_click: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start is not None and self.stop is not None and self.stop <= self.start:
            raise ValueError(f"stop ({self.stop:g}) must lie after start ({self.start:g})")
        return self


class Ads(Part):
    budget_per_year: Scheduled[Money]
    saturation: Capped[Factor] = 4.0


class Policies(Part):
    paid_ads: Ads | None = None
    referral: Referral | None = None


class Behaviour(Part):
    forgetting_per_year: Annotated[Rate, Status("assumption", "a guess", 0.1, 2.0)]


class Toy(Part):
    schema_version: Literal[1]
    name: Name = Field(examples=["mine"])
    description: str = ""
    seed: Count = 1
    drift: Real = 0.0
    wait_weeks: Weeks = 4
    capacity: ScheduledCount = Schedule.of(5)
    behaviour: Behaviour
    market: Market
    policies: Policies = Policies()


DEFAULTS = """\
schema_version: 1
behaviour:
  forgetting_per_year: 0.7
"""

BASELINE = """\
schema_version: 1
name: baseline
description: The market without a programme.
market:
  districts:
    - {name: chengdu-3, households: 25000}
    - {name: 成都, households: 12000, tier: 1}
  segments:
    shares: {families: 0.6, value: 0.4}
policies:
  paid_ads:
    budget_per_year: {2020: 1000, 2023: 2500}
"""


class Project:
    """A folder with scenarios/ in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.scenarios = root / "scenarios"
        self.write("scenarios/defaults.yaml", DEFAULTS)
        self.write("scenarios/baseline.yaml", BASELINE)

    def write(self, name: str, content: str | bytes) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def load(
        self, name: str | Path = "baseline", overrides: Overrides = (), *, allow_behaviour: bool = False
    ) -> Resolved[Toy]:
        return read(name, Toy, overrides, scenarios=self.scenarios, allow_behaviour=allow_behaviour)

    def problems(self, name: str | Path = "baseline", overrides: Overrides = ()) -> list[str]:
        """Return the lines a user would see; the scenario must be invalid."""
        with pytest.raises(ScenarioError) as caught:
            self.load(name, overrides)
        assert caught.value.exit_code == 2
        return str(caught.value).split("\n")
