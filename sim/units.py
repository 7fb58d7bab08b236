"""Units of time and money, and the field types by which every parameter states its unit.

A field type refuses bools, text, nan and infinity; whole numbers are accepted where a fraction is allowed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

WEEKS_PER_YEAR: Final = 52
DAYS_PER_YEAR: Final = 365
HOURS_PER_YEAR: Final = 8760
MINUTES_PER_YEAR: Final = 525600
MINOR_PER_MONEY: Final = 100
MONTHS_PER_YEAR: Final = 12
MAX_MONEY: Final = 10**12
"""Largest amount of money a parameter may hold: sums of minor units stay far within 64 bits."""
MAX_NUMBER: Final = 10**12
"""Largest factor, rate, time or distance a parameter may hold: ticks and working times stay far within 64 bits."""
UNLIMITED: Final = "unlimited"

T = TypeVar("T")


def minor(amount: float) -> int:
    """Return an amount of money in minor units (fen), rounded to the nearest."""
    return round(amount * MINOR_PER_MONEY)


@dataclass(frozen=True)
class Unit:
    """The unit of a parameter, kept in the metadata of its field."""

    name: str
    """Name shown beside the value, such as `share` or `weeks`."""
    meaning: str
    """What may be written, in words that follow 'must be'."""
    example: str
    """A value as it may stand in a scenario."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "unit": self.name}


@dataclass(frozen=True)
class Status:
    """Where a behaviour constant comes from and how uncertain it is, kept in the metadata of its field.

    Raises ValueError for an empty range, a missing source or a calibrated constant without a target.
    """

    kind: Literal["input", "calibrated", "assumption"]
    source: str
    """Id of the claim, or the reason for an assumption."""
    low: float
    high: float
    """The range of plausible values, in the unit of the constant."""
    target: str | None = None
    """The metric against which a calibrated constant is fitted."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"the range {self.low} to {self.high} is empty or not finite")
        if not self.source:
            raise ValueError("a behaviour constant needs a source or a reason")
        if (self.kind == "calibrated") != (self.target is not None):
            raise ValueError("calibrated constants, and only they, name the target they are fitted to")

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        words = f"{self.kind}: {self.source}; plausible from {self.low:g} to {self.high:g}"
        return {**handler(schema), "status": words}


class Unlimited:
    """Marks a number as a limit that the word `unlimited` lifts: the value is then infinity."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        if source not in (int, float):
            raise TypeError(f"only numbers can be unlimited, not {source}; caps over time are Scheduled[Capped[...]]")

        def lift(value: object, limited: core_schema.ValidatorFunctionWrapHandler) -> object:
            unlimited = value == UNLIMITED or (isinstance(value, float) and value == math.inf)
            return math.inf if unlimited else limited(value)

        return core_schema.no_info_wrap_validator_function(
            lift,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(plain_number),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"const": UNLIMITED}, handler(schema)]}


def plain_number(value: float) -> float | str:
    """Return a number as a scenario writes it: infinity is `unlimited`."""
    return UNLIMITED if value == math.inf else value


_at_least_zero: Final = Field(strict=True, ge=0, le=MAX_NUMBER, allow_inf_nan=False)
_duration: Final = "a number of {} of at least 0"

Share = Annotated[
    float, Field(strict=True, ge=0, le=1, allow_inf_nan=False), Unit("share", "a share from 0 to 1", "0.3")
]
Money = Annotated[
    float,
    Field(strict=True, ge=0, le=MAX_MONEY, allow_inf_nan=False),
    Unit("money", "an amount of money of at least 0", "1000"),
]
Rate = Annotated[float, _at_least_zero, Unit("rate", "a rate of at least 0", "0.5")]
Factor = Annotated[float, _at_least_zero, Unit("factor", "a factor of at least 0", "1.2")]
Real = Annotated[float, Field(strict=True, allow_inf_nan=False), Unit("number", "a finite number", "-0.5")]
Minutes = Annotated[float, _at_least_zero, Unit("minutes", _duration.format("minutes"), "30")]
Hours = Annotated[float, _at_least_zero, Unit("hours", _duration.format("hours"), "8")]
Days = Annotated[float, _at_least_zero, Unit("days", _duration.format("days"), "7")]
Weeks = Annotated[float, _at_least_zero, Unit("weeks", _duration.format("weeks"), "26")]
Months = Annotated[float, _at_least_zero, Unit("months", _duration.format("months"), "12")]
Years = Annotated[float, _at_least_zero, Unit("years", _duration.format("years"), "5")]
Km = Annotated[float, _at_least_zero, Unit("km", _duration.format("kilometres"), "20")]
Count = Annotated[int, Field(strict=True, ge=0), Unit("count", "a whole number of at least 0", "10")]
PositiveCount = Annotated[int, Field(strict=True, ge=1), Unit("count", "a whole number of at least 1", "10")]
Calendar = Annotated[
    float,
    Field(strict=True, ge=1900, le=2200, allow_inf_nan=False),
    Unit("calendar year", "a calendar year from 1900 to 2200", "2023.5"),
]
Capped = Annotated[T, Unlimited()]
"""A limit that may be lifted, such as `Capped[Money]`; a lifted limit is `math.inf`, also where T is a whole number."""


def unit_of(field: FieldInfo) -> Unit | None:
    """Return the unit of a field of a model, also within options, lists and schedules; None if it has none."""
    return next((found for found in marks(field.rebuild_annotation()) if isinstance(found, Unit)), None)


def unit_words(name: str, field: FieldInfo, currency: str) -> str:
    """Return the unit of a parameter in words: money in the currency, and per what, as its name says; may be empty."""
    unit = unit_of(field)
    word = unit.name if unit else ""
    base = f"_{name}".partition("_per_")[2].replace("_", " ")
    if word == "money":
        return f"{currency}/{base}" if base else currency
    if base:  # that something is counted goes without saying
        return f"per {base}" if word in ("rate", "factor", "number", "count", "") else f"{word}/{base}"
    return "years" if not word and name.rpartition("_")[2] == "years" else word


def status_of(field: FieldInfo) -> Status | None:
    """Return the status of a behaviour constant's field; None for any other field."""
    return next((found for found in field.metadata if isinstance(found, Status)), None)


def marks(annotation: Any) -> Iterator[object]:
    """Yield the metadata of a type, outermost first, also of the types it is made of."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        yield from metadata
        yield from marks(inner)
    elif origin in (Union, UnionType) or isinstance(origin, type):
        for inner in get_args(annotation):
            yield from marks(inner)
