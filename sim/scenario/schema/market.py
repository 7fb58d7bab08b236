"""The market: where households live, who they are, whom they know and what rivals offer."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from sim.errors import FieldError
from sim.names import Name, SegmentName
from sim.scenario.schema.base import Section, require_above_zero
from sim.scenario.schema.platforms import Platform
from sim.schedule import Scheduled
from sim.units import Factor, Km, Money, PositiveCount, Share, Weeks

MOST_GROUPS = 2**15 - 1
"""Districts x segments: tables of households number them in 16 bits."""


class District(Section):
    """One district, simulated at natural size and standing for more of its kind."""

    name: Name = Field(examples=["chengdu-3"])
    """Name of the district."""
    tier: int = Field(ge=1, le=5)
    """City tier, 1 (largest cities) to 5."""
    households: PositiveCount
    """Households simulated, all of them (natural size)."""
    represents: Annotated[PositiveCount, Field(le=10**10)]
    """Households of the whole market this district stands for."""
    radius_km: Km = 6.0
    """Radius of the district, km (assumption: urban districts of 3 to 12 km)."""


class Segment(Section):
    """A kind of household."""

    share: Share
    """Share of households (input)."""
    partner_share: Share = 0.7
    """Share of households with a partner who has a say (assumption, 0.4 to 0.9)."""
    partner_last_word: Share = 0.5
    """When the two disagree, how often the partner's word counts (N10; assumption, 0.3 to 0.8)."""
    patience_weeks: Weeks = 14.0
    """Scale of the wait for delivery after which people cancel, weeks (L21: families least; assumption, 6 to 40)."""
    price_sensitivity: Annotated[Factor, Field(le=100)] = 1.0
    """Weight of price in the choice, relative to the average household (assumption, 0.5 to 2)."""


class NetworkSettings(Section):
    """Who knows whom well enough to talk about cars."""

    well_mixed: bool = False
    """Anyone may meet anyone: the limit of full mixing."""
    mean_degree: Annotated[Factor, Field(le=1000)] = 15.0
    """Mean number of other households a household talks to (assumption, 8 to 30)."""
    degree_spread: Annotated[Factor, Field(le=3)] = 0.8
    """Sigma of the lognormal spread of weak ties: few households know very many (assumption, 0.5 to 1.2)."""
    max_degree: PositiveCount = 500
    """Largest number of ties of one household (C51 read as the size of a group)."""
    strong_ties: Factor = 4.0
    """Mean number of strong ties: family and close friends (assumption, 2 to 6)."""
    homophily_segment: Share = 0.3
    """Share of weak ties sought within the own segment, the rest at random (C23; assumption, 0 to 0.6)."""
    homophily_segment_strong: Share = 0.5
    """The same for strong ties (assumption, 0 to 0.8)."""
    local_share: Share = 0.7
    """Share of weak ties sought within the own district (assumption, 0.4 to 0.95)."""
    local_share_strong: Share = 0.8
    """The same for strong ties (assumption, 0.5 to 1)."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.well_mixed and not self.strong_ties <= self.mean_degree <= self.max_degree:
            bounds = f"strong_ties ({self.strong_ties:.15g}) and max_degree ({self.max_degree})"
            raise FieldError(("mean_degree", f"must lie between {bounds}, not at {self.mean_degree:.15g}"))
        return self


class Rival(Section):
    """An offer by others."""

    product_strength: Scheduled[Share]
    """Product strength, one value for all segments unless `by_segment` says otherwise (0 to 1)."""
    by_segment: dict[SegmentName, Scheduled[Share]] = Field(default_factory=dict)
    """Product strength per segment where it differs."""
    price: Scheduled[Money]
    """Price, money per car."""

    @model_validator(mode="after")
    def _priced(self) -> Self:
        require_above_zero("price", self.price)
        return self

    def strength_for(self, segment: str) -> Scheduled[Share]:
        """Product strength for one segment."""
        return self.by_segment.get(segment, self.product_strength)


class Market(Section):
    """Districts, segments, network and rivals."""

    districts: list[District] = Field(min_length=1)
    """The simulated districts."""
    segments: dict[Name, Segment] = Field(min_length=1, max_length=100)
    """Kinds of households by name; shares sum to 1."""
    network: NetworkSettings = NetworkSettings()
    """The social network."""
    rivals: dict[Name, Rival] = Field(default_factory=dict, max_length=100)
    """Rival offers by name; without any, who decides buys the brand."""
    platforms: dict[Name, Platform] = Field(default_factory=dict, max_length=30)
    """Social platforms by name, on which sellers may have accounts; the first is the one they write for (N05, N11)."""

    searching_at_start: Share | None = None
    """Share of households in a search when the horizon opens; the equilibrium of need and search when absent."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = []
        total = sum(segment.share for segment in self.segments.values())
        if abs(total - 1.0) > 1e-6:
            faults.append(("segments", f"shares must sum to 1, they sum to {total:.9g}"))
        groups = len(self.districts) * len(self.segments)
        if groups > MOST_GROUPS:
            most = f"{len(self.segments)} segments allow at most {MOST_GROUPS // len(self.segments)}"
            faults.append(("districts", f"{most} districts, not {len(self.districts)}"))
        places: dict[str, int] = {}
        for place, district in enumerate(self.districts):
            first = places.setdefault(district.name, place)
            if first < place:
                message = f"'{district.name}' is the name of districts[{first}] already; choose another"
                faults.append((f"districts[{place}].name", message))
            if district.represents < district.households:
                message = f"must be at least the {district.households} households simulated, not {district.represents}"
                faults.append((f"districts[{place}].represents", message))
        if faults:
            raise FieldError(*faults)
        return self
