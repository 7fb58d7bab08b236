"""Maps whose keys are names: those that must be names of something else, and those set to null without need."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from sim.errors import Problem
from sim.scenario.hints import lookalikes
from sim.scenario.merge import Cleared, Clearing
from sim.scenario.shape import inside, is_map, is_model, keys_of, names_at, types_at
from sim.scenario.suggest import advice
from sim.scenario.tree import Index, Key, Node, Step, clipped, dotted

Names = Mapping[str, list[str]]
"""The names that maps may have to repeat, by what they are names of."""


def names_of(root: Node) -> Names:
    """Return the segments and districts of a scenario."""
    market = root.child("market")
    segments = market.child("segments") if market else None
    districts = market.child("districts") if market else None
    items = districts.value if districts is not None and isinstance(districts.value, list) else []
    names = [item.child("name") for item in items]
    return {
        "segment": [str(key) for key in segments.value] if segments and isinstance(segments.value, dict) else [],
        "district": [str(name.value) for name in names if name is not None],
    }


@dataclass(frozen=True)
class Stranger:
    """A key that should be a name of something else and is not, or a null that takes nothing away."""

    steps: tuple[Step, ...]
    node: Node
    what: str | None
    """What it should be a name of, such as `segment`; None where names are free."""
    around: tuple[Key, ...] = ()
    """The keys there were in the map that a null should have taken something from."""

    def problem(self, names: Names) -> Problem:
        """Return what is to be said of it."""
        key = str(self.steps[-1])
        known = names[self.what] if self.what else [str(other) for other in self.around]
        if isinstance(self.steps[-1], str):
            hint = advice(key, known, f"{self.what}s are" if self.what else "there are") or "remove the line"
        else:  # no year is near another
            hint = f"there are: {', '.join(known)}" if known else "remove the line"
        lacking = f"there is no {self.what} {clipped(key)!r}"
        if self.node.value is None:
            lacking = "there is nothing of this name to take away"
        message = f"{lacking}; {hint}{lookalikes([key])}"
        return Problem(self.node.file, self.node.line, dotted(self.steps), message)


def misnamed(model: type[BaseModel], root: Node, cleared: Cleared, names: Names) -> Iterator[Stranger]:
    """Yield the keys that should be names of something else and are not, and the nulls that take nothing away."""
    yield from _misnamed(root, [model], (), names)
    for clearing in cleared:
        types = types_at(model, clearing.steps[:-1])
        key, what = clearing.steps[-1], names_at(types)
        if key not in clearing.around and is_map(types) and not (what and key in names[what]):
            yield Stranger(clearing.steps, clearing.null, what, clearing.around)


def strange_nulls(model: type[BaseModel], cleared: Cleared) -> list[Clearing]:
    """Return the keys that were set to null, and so taken away, but that no model knows."""
    found = []
    for clearing in cleared:
        types = types_at(model, clearing.steps[:-1])
        if is_model(types) and clearing.steps[-1] not in keys_of(types):
            found.append(clearing)
    return found


def _misnamed(node: Node, types: Sequence[Any], steps: tuple[Step, ...], names: Names) -> Iterator[Stranger]:
    if isinstance(node.value, list):
        for index, item in enumerate(node.value):
            yield from _misnamed(item, inside(types, Index(index)), (*steps, Index(index)), names)
    elif isinstance(node.value, dict):
        what = names_at(types)
        known = names[what] if what else []
        for key, child in node.value.items():
            if known and isinstance(key, str) and key not in known:
                yield Stranger((*steps, key), child, what)
            yield from _misnamed(child, inside(types, key), (*steps, key), names)
