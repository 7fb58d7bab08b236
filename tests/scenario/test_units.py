"""Field types that state their unit."""

import math
import subprocess
import sys
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from sim.errors import FieldError, Problem
from sim.names import Name
from sim.schedule import ScheduledCap
from sim.units import (
    Calendar,
    Capped,
    Count,
    Factor,
    Money,
    PositiveCount,
    Rate,
    Real,
    Share,
    Status,
    Weeks,
    minor,
    status_of,
    unit_of,
)

from .toy import Ads, Behaviour, Referral, Toy


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Share, [0, 1, 0.5], [-0.1, 1.1]),
        (Money, [0, 1000, 0.01], [-1]),
        (Rate, [0, 2.5], [-0.1]),
        (Factor, [0, 7], [-1]),
        (Weeks, [0, 0.5], [-1]),
        (Real, [-5, 0, 1e300], []),
        (Calendar, [1900, 2023.5, 2200], [1899, 2201]),
        (Count, [0, 10], [-1, 1.5, 2.0]),
        (PositiveCount, [1], [0]),
        (Capped[Money], [0, 5, "unlimited", math.inf], [-1, "none", -math.inf]),
        (Capped[Count], [0, "unlimited"], [1.5]),
    ],
)
def test_numbers_are_strict(kind: Any, good: list[object], bad: list[object]) -> None:
    adapter = TypeAdapter(kind)
    for value in good:
        expected = math.inf if value == "unlimited" else value
        assert adapter.validate_python(value) == expected
    refused = [*bad, True, False, None, "1", "0.3", math.nan, [], {}]
    for value in refused if kind in (Capped[Money], Capped[Count]) else [*refused, math.inf, "unlimited"]:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_lifted_caps_are_written_as_a_word() -> None:
    adapter = TypeAdapter(Capped[Money])
    assert adapter.dump_python(math.inf) == "unlimited"
    assert adapter.dump_json(math.inf) == b'"unlimited"'
    assert adapter.dump_python(3.5) == 3.5


def test_only_numbers_can_be_unlimited() -> None:
    with pytest.raises(TypeError, match=r"Scheduled\[Capped\[\.\.\.\]\]"):
        TypeAdapter(Capped[ScheduledCap])


def test_units_and_status_are_read_from_fields() -> None:
    units = {name: unit_of(field) for name, field in {**Referral.model_fields, **Ads.model_fields}.items()}
    names = {name: unit.name for name, unit in units.items() if unit}
    assert names == {
        "start": "calendar year", "stop": "calendar year", "referrer_credit": "money", "cap_per_year": "count",
        "share": "share", "budget_per_year": "money", "saturation": "factor",
    }  # fmt: skip
    assert unit_of(Toy.model_fields["market"]) is None
    assert status_of(Behaviour.model_fields["forgetting_per_year"]) == Status("assumption", "a guess", 0.1, 2.0)
    assert status_of(Referral.model_fields["share"]) is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("assumption", "", 0, 1),
        ("assumption", "x", 1, 1),
        ("assumption", "x", 0, math.inf),
        ("calibrated", "x", 0, 1),
        ("input", "x", 0, 1, "cac"),
    ],
)
def test_a_status_must_make_sense(arguments: Any) -> None:
    with pytest.raises(ValueError, match=r"range|source|target"):
        Status(*arguments)


def test_money_in_minor_units_is_rounded() -> None:
    assert [minor(x) for x in (0, 1, 0.29, 1.005, 19.99, -0.01)] == [0, 100, 29, 100, 1999, -1]
    assert type(minor(3.0)) is int


def test_names_are_safe_as_folders() -> None:
    adapter = TypeAdapter(Name)
    for good in ("a", "x" * 64, "成都-3", "a_b-C"):
        assert adapter.validate_python(good) == good
    for bad in ("", "x" * 65, "a/b", "..", "a.b", "a b", "a\n", "NUL", "com1", "𠀀" * 64, 3, None):
        with pytest.raises(ValidationError):
            adapter.validate_python(bad)


def test_problems_are_one_printable_line() -> None:
    assert str(Problem("f.yaml", 3, "a.b", "is wrong")) == "f.yaml:3: a.b: is wrong"
    assert str(Problem("--set", None, "", "is wrong")) == "--set: is wrong"
    assert str(Problem("a\nb\x1b[31m", None, "é\u202e", "成")) == "a\\nb\\x1b[31m: é\\u202e: 成"
    assert str(FieldError(("a", "x"), ("b", "y"))) == "a: x; b: y"


def test_loading_scenarios_loads_nothing_heavy() -> None:
    code = (
        "import sys, sim.scenario.loader, sim.scenario.dumping, sim.schedule\n"
        "heavy = {'numba', 'mesa', 'pandas', 'scipy', 'matplotlib', 'pyarrow', 'networkx'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
