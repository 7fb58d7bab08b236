"""Evidence as data: every id that is named exists, and every constant says where it comes from and how sure it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.policies import POLICIES
from sim.report import parameters
from sim.scenario import load
from sim.scenario.schema.behaviour import Behaviour
from sim.scenario.shape import choices_of, inside, is_text
from sim.scenario.tree import Index
from sim.units import status_of, unit_of

PROJECT = Path(__file__).resolve().parents[2]
EVIDENCE = PROJECT / "docs" / "evidence"
ID = re.compile(r"\b[TNLCDXAM]\d\d\b")
MOST_CONSTANTS, MOST_CALIBRATED = 68, 14
"""Sixty were enough until sellers' content (nine) and lead operations came in, each a trade of its own."""
FIELDS = {
    "claims": ({"id", "topic", "claim", "from", "use"}, {"value", "unit", "note"}),
    "market": ({"id", "what", "unit", "value", "source", "sure"}, {"note", "range"}),
    "limits": ({"id", "name", "formula", "configure", "measure", "tolerance"}, {"note"}),
}
USES = {"input", "calibration target", "rule", "direction only"}


def entries(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((EVIDENCE / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def ids() -> list[str]:
    return [entry["id"] for name in FIELDS for entry in entries(name)]


def texts() -> Iterator[Path]:
    """Whatever may name evidence."""
    for folder, suffix in (("sim", ".py"), ("tests", ".py"), ("scenarios", ".yaml"), ("docs", ".md")):
        yield from sorted((PROJECT / folder).rglob(f"*{suffix}"))
    yield from sorted(PROJECT.glob("*.md"))


def test_ids_are_well_formed_and_unique() -> None:
    assert [name for name in ids() if not ID.fullmatch(name)] == []
    assert len(ids()) == len(set(ids()))


@pytest.mark.parametrize("name", FIELDS)
def test_entries_have_the_fields_of_their_kind(name: str) -> None:
    needed, allowed = FIELDS[name]
    for entry in entries(name):
        assert needed <= entry.keys() <= needed | allowed, entry["id"]
        assert all(value not in (None, "") for value in entry.values()), entry["id"]
    if name == "claims":
        assert {entry["use"] for entry in entries(name)} == USES


def test_every_id_that_is_named_exists() -> None:
    known = set(ids())
    named = {
        (path.relative_to(PROJECT).as_posix(), name)
        for path in texts()
        for name in ID.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 100, "the ids are not found where they are known to be"
    assert sorted(place for place in named if place[1] not in known) == []


def constants() -> list[Any]:
    return [pytest.param(name, field, id=name) for name, field in Behaviour.model_fields.items()]


@pytest.mark.parametrize(("name", "field"), constants())
def test_a_constant_has_meaning_unit_status_source_and_a_value_in_its_range(name: str, field: FieldInfo) -> None:
    status = status_of(field)
    assert status is not None
    assert status.source
    assert field.description
    assert unit_of(field) is not None
    if status.kind == "input":
        assert ID.search(status.source), "an input rests on evidence"
    value = yaml.safe_load((PROJECT / "scenarios" / "defaults.yaml").read_text(encoding="utf-8"))["behaviour"][name]
    assert status.low <= value <= status.high


def test_the_constants_are_few_and_fewer_are_calibrated() -> None:
    found = [status_of(field) for field in Behaviour.model_fields.values()]
    assert 0 < len(found) <= MOST_CONSTANTS
    targets = [status.target for status in found if status is not None and status.kind == "calibrated"]
    assert len(targets) <= MOST_CALIBRATED
    assert len(targets) == len(set(targets)), "one constant per target"


def test_the_values_of_the_constants_are_those_of_the_defaults() -> None:
    written = yaml.safe_load((PROJECT / "scenarios" / "defaults.yaml").read_text(encoding="utf-8"))["behaviour"]
    assert written.keys() == Behaviour.model_fields.keys()
    assert load("baseline").behaviour.model_dump() == written


def parts_of(field: FieldInfo) -> list[type[BaseModel]]:
    """Models that a parameter is made of."""
    inner = get_args(field.annotation)
    return [kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel)]


def is_list_of_names(field: FieldInfo) -> bool:
    """Whether a parameter is a list of names, which have no unit."""
    return is_text(inside([field.annotation], Index(0)))


def fields_of(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The parameters of a policy, those of its parts included."""
    for name, field in model.model_fields.items():
        yield name, field
        for part in parts_of(field):
            yield from fields_of(part)


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_says_what_its_parameters_mean_and_in_which_unit(name: str) -> None:
    for parameter, field in fields_of(POLICIES[name]):
        unit = unit_of(field)
        assert field.description, parameter
        if choices_of([field.annotation]) or parts_of(field) or is_list_of_names(field):
            continue
        assert unit is not None, parameter
        if unit.name in ("money", "share", "weeks", "minutes", "hours", "days", "years"):
            assert unit.name in field.description.lower(), (
                f"{parameter}: the docstring does not say that it is in {unit.name}"
            )


def test_the_tables_of_parameters_are_up_to_date() -> None:
    written = (PROJECT / "docs" / "parameters.md").read_text(encoding="utf-8")
    assert written == parameters.document(), "run: python -m sim.report.parameters > docs/parameters.md"
