"""A parameter that may change over calendar time."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, cast, get_args, get_origin

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from sim.units import Calendar, Capped, Count, plain_number

FIRST_YEAR = 1900
LAST_YEAR = 2200
YEAR_PATTERN = r"^(19[0-9]{2}|2[01][0-9]{2})(\.[0-9]+)?$|^2200(\.0+)?$"
"""The same years as keys of a map in a JSON schema, where keys are text."""

T = TypeVar("T", bound=float)


@dataclass(frozen=True)
class Schedule(Generic[T]):
    """A number, or numbers at calendar years: linear in between, constant outside.

    Fields have the type `Scheduled[Money]`, which reads a number or a map `{2020: 1.0, 2023: 1.8}` and checks every
    number as a `Money`; whole numbers (`ScheduledCount`) hold until the next year. In Python, use `Schedule.of`.
    Raises ValueError for years that are not ascending within 1900..2200 or do not match the values.
    """

    values: tuple[T, ...]
    years: tuple[float, ...] = ()
    """Calendar years of the values, ascending; empty for a single value that always applies."""
    holds: bool = False
    """Whether a value holds until the next year instead of moving towards it."""

    def __post_init__(self) -> None:
        if len(self.values) != max(len(self.years), 1):
            raise ValueError("a schedule needs one value per year, and at least one")
        if not all(FIRST_YEAR <= year <= LAST_YEAR for year in self.years):
            raise ValueError(f"years of a schedule lie between {FIRST_YEAR} and {LAST_YEAR}")
        if any(later <= earlier for earlier, later in zip(self.years, self.years[1:], strict=False)):
            raise ValueError("years of a schedule ascend")

    @classmethod
    def of(cls, value: T | Mapping[float, T], *, holds: bool = False) -> "Schedule[T]":
        """Return the schedule of a number or of a map from calendar year to number."""
        if isinstance(value, Mapping):
            years = sorted(value)
            return cls(tuple(value[year] for year in years), tuple(float(year) for year in years), holds)
        return cls((value,))

    def at(self, calendar: float) -> T:
        """Return the value at a calendar year (fractions allowed), the same bits on every machine."""
        right = bisect_right(self.years, calendar)
        if right == 0:
            return self.values[0]
        before = self.values[right - 1]
        if right == len(self.years):
            return before
        after = self.values[right]
        if self.holds or math.isinf(before) or math.isinf(after):  # there is no way half to unlimited
            return before
        passed = (calendar - self.years[right - 1]) / (self.years[right] - self.years[right - 1])
        between = before * (1.0 - passed) + after * passed
        # Rounding may step over an end, and a share of 1.0000000000000002 would be no share.
        return cast(T, min(max(between, min(before, after)), max(before, after)))

    @property
    def constant(self) -> bool:
        """Whether the value is the same at all times."""
        return all(value == self.values[0] for value in self.values)

    def scaled(self, factor: float) -> "Schedule[float]":
        """Return the schedule with every value multiplied by a factor."""
        return Schedule(tuple(value * factor for value in self.values), self.years, self.holds)

    def plain(self) -> float | str | dict[float, float | str]:
        """Return the number or map as a scenario writes it."""
        if not self.years:
            return plain_number(self.values[0])
        years = (int(year) if year == int(year) else year for year in self.years)
        return dict(zip(years, map(plain_number, self.values), strict=True))


class _Reader:
    """Reads a field of the type `Schedule[X]`, checking every number as an `X`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        (item,) = get_args(source)
        holds = _is_whole(item)
        number = handler.generate_schema(item)
        years = core_schema.dict_schema(handler.generate_schema(Calendar), number, min_length=1, strict=True)
        written = core_schema.tagged_union_schema(
            {"number": number, "years": years},
            discriminator=lambda value: "years" if isinstance(value, dict) else "number",
        )
        return core_schema.no_info_before_validator_function(
            lambda value: value.plain() if isinstance(value, Schedule) else value,
            core_schema.no_info_after_validator_function(lambda value: Schedule.of(value, holds=holds), written),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda schedule: schedule.plain()),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        number, years = handler(schema)["oneOf"]
        named = {"patternProperties": {YEAR_PATTERN: years["additionalProperties"]}, "additionalProperties": False}
        return {"anyOf": [number, years | named]}


def _is_whole(annotation: Any) -> bool:
    """Return whether a type has whole numbers only."""
    if get_origin(annotation) is Annotated:
        return _is_whole(get_args(annotation)[0])
    return annotation is int


Scheduled = Annotated[Schedule[T], _Reader()]
ScheduledCount = Scheduled[Count]
ScheduledCap = Scheduled[Capped[Count]]
