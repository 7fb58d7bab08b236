"""A resolved scenario as a list: every value with its unit and where it was set, and what differs between two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.errors import UsageError
from sim.report.text import Table
from sim.scenario.dumping import one_line, written
from sim.scenario.loader import Resolved
from sim.scenario.schema.root import Scenario
from sim.scenario.suggest import nearest
from sim.scenario.tree import Index, Step, dotted
from sim.units import unit_words

DEFAULT = "default"
"""Where a value comes from that no file sets: the model."""
_OWN = ("name", "description")
"""What says something about a file, not about the world it describes."""


@dataclass(frozen=True)
class Row:
    """One value of a resolved scenario."""

    path: str
    value: object
    """As a scenario writes it; None for what is absent or off."""
    unit: str
    origin: str
    """`file:line`, `--set` or `default`."""
    meaning: str
    section: str
    absent: str = "-"
    """The word for no value."""

    @property
    def text(self) -> str:
        """The value on one line, as it could be written into a scenario; a word for what is absent."""
        return self.absent if self.value is None else one_line(self.value)

    def as_dict(self) -> dict[str, object]:
        """What `show --json` says of the value."""
        return {name: getattr(self, name) for name in ("path", "value", "unit", "origin", "meaning")}


class Difference(NamedTuple):
    """One value as two scenarios have it."""

    here: Row
    there: Row

    def as_dict(self) -> dict[str, object]:
        """What `show --diff --json` says of the value."""
        here, there = self
        other = {"other_value": there.value, "other_origin": there.origin}
        return {"path": here.path, "value": here.value, "unit": here.unit, "origin": here.origin, **other}


def rows(resolved: Resolved[Scenario]) -> list[Row]:
    """Every value of a scenario, in the order of its models."""
    scenario = resolved.scenario
    return list(_Walk(resolved.origins, scenario.currency).parts(scenario, scenario.model_dump(), ()))


def selected(found: Sequence[Row], sections: Sequence[str]) -> list[Row]:
    """The rows at or below these paths; all for none."""
    return [row for row in found if not sections or any(_below(row.path, section) for section in sections)]


def ensure_known(sections: Sequence[str], found: Sequence[Row]) -> None:
    """Refuse paths at which nothing stands.

    Raises:
        UsageError: there is no such path; the message names the nearest.
    """
    for section in sections:
        if not any(_below(row.path, section) for row in found):
            known = {path for row in found for path in _prefixes(row.path)}
            top = {path for path in known if "." not in path and "[" not in path}
            hint = (
                f"did you mean '{near}'?"
                if (near := nearest(section, known))
                else f"there are {', '.join(sorted(top))}"
            )
            raise UsageError(f"nothing stands at '{section}'; {hint}")


def differences(here: Sequence[Row], there: Sequence[Row]) -> list[Difference]:
    """The values of two scenarios that differ, names and descriptions apart; policies that are off have none."""
    sides = [{row.path: row for row in side if row.path not in _OWN} for side in (here, there)]
    off = {row.path for side in sides for row in side.values() if row.absent == "off"}
    found = []
    for path, row in {**sides[0], **{path: row for path, row in sides[1].items() if path not in sides[0]}}.items():
        missing = replace(row, value=None, origin="-", absent="off" if row.section in off else "-")
        pair = Difference(*(side.get(path, missing) for side in sides))
        if pair.here.value != pair.there.value:
            found.append(pair)
    return found


def tables(found: Sequence[Row]) -> list[Table]:
    """Rows as a table per section."""
    header = ("path", "value", "unit", "set in")
    return [
        Table(section, header, [(row.path, row.text, row.unit, row.origin) for row in part], text_columns=4)
        for section, part in groupby(found, key=lambda row: row.section)
    ]


def table_of(found: Sequence[Difference], here: str, there: str) -> Table:
    """Differences as a table."""
    header = ("path", "here", "there", "unit", "set here in", "set there in")
    cells = [(one.path, one.text, other.text, one.unit, one.origin, other.origin) for one, other in found]
    return Table(f"{here} (here) against {there} (there)", header, cells, text_columns=len(header))


class _Walk:
    """Goes through a scenario and its plain values side by side."""

    def __init__(self, origins: Mapping[str, tuple[str, int | None]], currency: str) -> None:
        self._origins, self._currency = origins, currency

    def parts(self, model: BaseModel, plain: Mapping[str, Any], steps: tuple[Step, ...]) -> Iterator[Row]:
        """The rows of a part of the scenario."""
        for name, field in type(model).model_fields.items():
            yield from self._values(getattr(model, name), plain[name], (*steps, name), name, field)

    def _values(self, value: Any, plain: Any, steps: tuple[Step, ...], name: str, field: FieldInfo) -> Iterator[Row]:
        if isinstance(value, BaseModel):
            yield from self.parts(value, plain, steps)
        elif isinstance(value, dict) and value:
            for key, item in value.items():
                yield from self._values(item, plain[key], (*steps, key), name, field)
        elif isinstance(value, list | tuple) and any(isinstance(item, BaseModel) for item in value):
            for index, item in enumerate(value):
                yield from self._values(item, plain[index], (*steps, Index(index)), name, field)
        else:
            path = dotted(steps)
            meaning = " ".join((field.description or "").split())
            unit = unit_words(name, field, self._currency)
            absent = "off" if len(steps) == 2 and steps[0] == "policies" else "-"
            yield Row(path, written(plain), unit, self._origin(path), meaning, _section(steps, plain), absent)

    def _origin(self, path: str) -> str:
        file, line = self._origins.get(path) or self._origins.get(f"{path}[0]") or (DEFAULT, None)
        return file if line is None else f"{file}:{line}"


def _section(steps: Sequence[Step], value: object) -> str:
    """The title under which a value is listed: the key at the top, or the policy."""
    if len(steps) == 1 and not isinstance(value, list | dict):
        return "scenario"
    return dotted(steps[: 2 if steps[0] == "policies" else 1])


def _below(path: str, section: str) -> bool:
    return path == section or path.startswith((f"{section}.", f"{section}["))


def _prefixes(path: str) -> Iterator[str]:
    """The path and all paths above it."""
    while path:
        yield path
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
