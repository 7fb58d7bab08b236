"""Parameters over calendar time."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from sim.schedule import YEAR_PATTERN, Schedule, Scheduled, ScheduledCap, ScheduledCount
from sim.units import Money, Share

YEAR = st.integers(1900, 2200) | st.floats(1900, 2200)
POINTS = st.dictionaries(YEAR, st.floats(-1e308, 1e308), min_size=1, max_size=6)
ANY_TIME = st.floats(-1e4, 1e4)


def test_linear_between_constant_outside() -> None:
    price = Schedule.of({2020: 1.0, 2023: 1.9, 2024: 1.0})
    assert [price.at(t) for t in (0.0, 2019.9, 2020.0, 2023.0, 2024.0, 9999.0)] == [1.0, 1.0, 1.0, 1.9, 1.0, 1.0]
    assert price.at(2021.5) == pytest.approx(1.45)
    assert price.at(2023.25) == pytest.approx(1.675)


def test_whole_numbers_and_unlimited_hold_until_the_next_year() -> None:
    count = TypeAdapter(ScheduledCount).validate_python({2020: 3, 2022: 5})
    assert [count.at(t) for t in (2019, 2020, 2021.999, 2022, 2030)] == [3, 3, 3, 5, 5]
    assert isinstance(count.at(2021), int)
    cap = TypeAdapter(ScheduledCap).validate_python({2020: 3, 2022: "unlimited", 2024: 1})
    assert [cap.at(t) for t in (2021, 2022, 2023, 2024)] == [3, math.inf, math.inf, 1]
    money: Schedule[float] = Schedule.of({2020: 3.0, 2022: math.inf})
    assert [money.at(t) for t in (2020, 2021.9, 2022)] == [3.0, 3.0, math.inf]


@given(POINTS, ANY_TIME)
def test_values_never_leave_the_range_of_their_neighbours(points: dict[float, float], time: float) -> None:
    schedule = Schedule.of(points)
    value = schedule.at(time)
    years = sorted(points)
    before = max((y for y in years if y <= time), default=years[0])
    after = min((y for y in years if y >= time), default=years[-1])
    ends = sorted((points[before], points[after]))
    assert ends[0] <= value <= ends[1]


@pytest.mark.parametrize("level", [0.1, 0.7, 1.0, 1e-300, 19.99])
def test_rounding_never_steps_over_an_end(level: float) -> None:
    flat = Schedule.of({2020: level, 2023: level})
    assert {flat.at(2019 + step / 997) for step in range(5000)} == {level}


@given(POINTS)
def test_values_are_exact_at_their_years(points: dict[float, float]) -> None:
    schedule = Schedule.of(points)
    assert all(schedule.at(year) == value for year, value in points.items())


@given(POINTS.map(lambda points: {y: abs(v) / 1e300 for y, v in points.items()}) | st.floats(0, 1e6))
def test_a_schedule_survives_writing_and_reading(written: Any) -> None:
    adapter = TypeAdapter(Scheduled[Money])
    schedule = adapter.validate_python(written)
    assert schedule == Schedule.of(written)
    assert adapter.dump_python(schedule) == written
    assert adapter.validate_python(adapter.dump_python(schedule)) == schedule
    assert adapter.validate_python(schedule) == schedule
    assert hash(schedule) == hash(Schedule.of(written))


@given(POINTS.map(lambda points: {y: v / 1e10 for y, v in points.items()}), st.floats(0, 1e3), ANY_TIME)
def test_scaling_scales_every_moment(points: dict[float, float], factor: float, time: float) -> None:
    schedule = Schedule.of(points)
    largest = max(map(abs, points.values()))
    assert schedule.scaled(factor).at(time) == pytest.approx(schedule.at(time) * factor, abs=1e-9 * largest * factor)


def test_constant_means_the_same_at_all_times() -> None:
    assert Schedule.of(3).constant
    assert Schedule.of({2020: 3, 2021: 3}).constant
    assert not Schedule.of({2020: 3, 2021: 4}).constant


@pytest.mark.parametrize(
    "bad",
    [{}, {2020: None}, {2020: 2}, {1899: 0.5}, {2201: 0.5}, {"2020": 0.5}, {2020: True}, {True: 0.5}, None, "1", [1]],
)
def test_bad_schedules_are_refused(bad: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Scheduled[Share]).validate_python(bad)


@pytest.mark.parametrize(
    ("values", "years"), [((), ()), ((1.0, 2.0), (2020.0,)), ((1.0,), (1.0,)), ((1.0, 2.0), (3.0, 2.0))]
)
def test_impossible_schedules_cannot_be_made(values: Any, years: Any) -> None:
    with pytest.raises(ValueError, match="schedule"):
        Schedule(values, years)


def test_a_schedule_of_a_wrong_value_is_checked_like_a_written_one() -> None:
    class Model(BaseModel):
        share: Scheduled[Share]

    with pytest.raises(ValidationError):
        Model(share=Schedule.of(2.0))


def test_the_json_schema_offers_numbers_and_maps() -> None:
    number = {"minimum": 0, "maximum": 1, "type": "number", "unit": "share"}
    years = {"type": "object", "minProperties": 1, "patternProperties": {YEAR_PATTERN: number}}
    years["additionalProperties"] = False
    assert TypeAdapter(Scheduled[Share]).json_schema() == {"anyOf": [number, years]}
