"""What a scenario inherits and what it overrides."""

from collections.abc import Sequence
from typing import NamedTuple

from sim.scenario.tree import Index, Key, Node, Step


class Clearing(NamedTuple):
    """A key set to null."""

    steps: tuple[Step, ...]
    null: Node
    around: tuple[Key, ...]
    """The keys that stood in its map before."""


Cleared = list[Clearing]


def merge(parent: Node | None, child: Node, cleared: Cleared | None = None, steps: Sequence[Step] = ()) -> Node:
    """Return the parent with the child's settings on top; neither is changed.

    Maps merge key by key; lists, scalars and schedules (maps whose keys are all years) replace; a null takes its key
    away, so that the default holds, and is noted in `cleared`.
    """
    if isinstance(child.value, list):
        items = [merge(None, item, cleared, (*steps, Index(index))) for index, item in enumerate(child.value)]
        return Node(items, child.file, child.line)
    if not isinstance(child.value, dict) or child.schedule:
        return child
    inherited = parent.value if parent is not None and isinstance(parent.value, dict) and not parent.schedule else {}
    merged = dict(inherited)
    for key, node in child.value.items():
        if node.value is None:
            if cleared is not None:
                cleared.append(Clearing((*steps, key), node, tuple(merged)))
            merged.pop(key, None)
        else:
            merged[key] = merge(inherited.get(key), node, cleared, (*steps, key))
    return Node(merged, child.file, child.line)
