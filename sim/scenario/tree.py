"""Scenario files as trees of values that remember where they were written."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TypeAlias

from sim.scenario.text import forbidden_character
from sim.schedule import FIRST_YEAR, LAST_YEAR, Schedule

Key: TypeAlias = str | int | float
Scalar: TypeAlias = bool | int | float | str | None


class Index(int):
    """An index of a list among the steps of a path; plain numbers are calendar years."""


Step: TypeAlias = Key | Index

_PART = re.compile(r"(?P<key>\d{4}\.\d+(?=[.[]|$)|[\w-]+)(?P<indices>(?:\[\d{1,9}\])*)")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a scenario and the place where its key was set."""

    value: "dict[Key, Node] | list[Node] | Scalar"
    file: str
    """The file as shown to the user, or `--set`."""
    line: int | None
    """Line of the key in a map, or of the item in a list, from 1."""

    @property
    def schedule(self) -> bool:
        """Whether this is a map whose keys are all calendar years."""
        return isinstance(self.value, dict) and bool(self.value) and all(map(is_year, self.value))

    def plain(self) -> object:
        """Return the value as plain dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def child(self, step: Step) -> "Node | None":
        """Return the value under a key or index; None where there is none."""
        if isinstance(self.value, dict):
            return self.value.get(step)
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None

    def without(self, steps: "tuple[Step, ...]") -> "Node":
        """Return the tree without the value at the end of the steps, if there is one."""
        child = self.child(steps[0]) if steps else None
        if child is None:
            return self
        if isinstance(self.value, list):
            items = [item.without(steps[1:]) if place == steps[0] else item for place, item in enumerate(self.value)]
            return Node(items, self.file, self.line)
        assert isinstance(self.value, dict)
        entries = {key: item for key, item in self.value.items() if key != steps[0]}
        if len(steps) > 1:
            entries = {**self.value, steps[0]: child.without(steps[1:])}
        return Node(entries, self.file, self.line)


def is_year(key: Key) -> bool:
    """Return whether a key is a calendar year."""
    return isinstance(key, int | float) and FIRST_YEAR <= key <= LAST_YEAR


def dotted(steps: Iterable[Step]) -> str:
    """Return steps as a path such as `market.districts[0].name`."""
    path = ""
    for step in steps:
        if isinstance(step, Index):
            path += f"[{int(step)}]"
        else:
            path += f".{spelled(step)}" if path else spelled(step)
    return path


def steps_of(path: str) -> list[Step]:
    """Return the steps of a path such as `market.districts[0].name`; raises ValueError if it is none."""
    steps: list[Step] = []
    position = 0
    while part := _PART.match(path, position):
        key = part["key"]
        is_number = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", key)
        steps.append((float(key) if "." in key else int(key)) if is_number else key)
        steps += [Index(index) for index in re.findall(r"\d+", part["indices"])]
        position = part.end() + 1
        if part.end() == len(path):
            return steps
        if path[part.end()] != ".":
            break
    raise ValueError("is not a path; write keys and indices like market.districts[0].name")


def spelled(key: Key) -> str:
    """Return a key as it is shown in paths: plain where it is a word or a year, quoted otherwise."""
    text = str(key)
    if not isinstance(key, str) or re.fullmatch(r"[\w-]{1,64}", text):
        return text
    return repr(text if len(text) <= 64 else text[:61] + "...")


def origins(root: Node) -> dict[str, tuple[str, int | None]]:
    """Return where each value that is not a map or list was set: path -> (file, line).

    Schedules count as values, and so do empty maps and lists, below which nothing could say it.
    """
    found: dict[str, tuple[str, int | None]] = {}

    def visit(node: Node, steps: tuple[Step, ...]) -> None:
        if isinstance(node.value, list) and node.value:
            for index, item in enumerate(node.value):
                visit(item, (*steps, Index(index)))
        elif isinstance(node.value, dict) and node.value and not node.schedule:
            for key, child in node.value.items():
                visit(child, (*steps, key))
        else:
            found[dotted(steps)] = (node.file, node.line)

    visit(root, ())
    return found


def planted(value: object, file: str, line: int | None = None) -> Node:
    """Return a tree for a value given in Python: numbers, text, maps, sequences and schedules.

    Raises TypeError for anything else, ValueError for text with characters that no scenario may contain.
    """
    if isinstance(value, str) and (forbidden := forbidden_character(value)):
        raise ValueError(f"contains {forbidden}")  # it could be written to a file, and not be read back
    if isinstance(value, Schedule):
        value = value.plain()
    if isinstance(value, Mapping):
        return Node({_key(key): planted(item, file, line) for key, item in value.items()}, file, line)
    if isinstance(value, list | tuple):
        return Node([planted(item, file, line) for item in value], file, line)
    if value is None or isinstance(value, bool | str):
        return Node(value, file, line)
    if isinstance(value, Integral):  # NumPy's whole numbers too
        return Node(int(value), file, line)
    if isinstance(value, Real):
        return Node(float(value), file, line)
    raise TypeError(f"a value of type {type(value).__name__} cannot stand in a scenario")


def _key(key: object) -> Key:
    if isinstance(key, str | int | float) and not isinstance(key, bool):
        return key
    raise TypeError(f"a key of type {type(key).__name__} cannot stand in a scenario")


def clipped(text: str) -> str:
    """Return a text, cut where it would fill a message."""
    return text[:57] + "..." if len(text) > 60 else text


def shown(value: object) -> str:
    """Return a value as an error message shows it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {clipped(value)!r}"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, int) and abs(value) >= 10**30:  # str() refuses thousands of digits
        return "a whole number of more than 30 digits"
    if isinstance(value, int | float):
        return str(value)
    return "a map" if isinstance(value, Mapping) else "a list"
