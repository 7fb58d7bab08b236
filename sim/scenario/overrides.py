"""`--set a.b[0].c=VALUE`, and the same from Python: settings on top of a scenario's files."""

import re
from collections.abc import Mapping, Sequence

from sim.errors import Problem
from sim.scenario.merge import Cleared, merge
from sim.scenario.text import forbidden_character
from sim.scenario.tree import Index, Node, Step, dotted, planted, steps_of
from sim.scenario.yaml_core import parse

Overrides = Mapping[str, object] | Sequence[str]

FROM_COMMAND = "--set"
FROM_PYTHON = "override"


def overridden(root: Node, overrides: Overrides, cleared: Cleared) -> tuple[Node, list[Problem]]:
    """Return the tree with overrides applied in their order (the last one wins), and the problems of their form.

    A mapping is from path to value; a sequence holds texts `path=VALUE`, VALUE being YAML.
    """
    problems: list[Problem] = []
    if isinstance(overrides, Mapping):
        settings = [_from_python(path, value, problems) for path, value in overrides.items()]
    else:
        settings = [_from_command(text, problems) for text in overrides]
    for path, node in (setting for setting in settings if setting is not None):
        try:
            root = _set(root, steps_of(path), node, (), cleared)
        except ValueError as error:
            problems.append(Problem(node.file, None, path, str(error)))
    return root, problems


def first_keys(overrides: Overrides) -> set[str]:
    """Return the keys at the top of the scenario that overrides touch."""
    return {re.split(r"[.=\[]", text, maxsplit=1)[0] for text in overrides}


def _from_python(path: str, value: object, problems: list[Problem]) -> tuple[str, Node] | None:
    try:
        return path, planted(value, FROM_PYTHON)
    except TypeError as error:
        problems.append(Problem(FROM_PYTHON, None, path, str(error)))
        return None


def _from_command(text: str, problems: list[Problem]) -> tuple[str, Node] | None:
    path, equals, value = text.partition("=")
    fault = None
    if not equals or not path:
        fault = f"must be PATH=VALUE, for example seed=7, not {text!r}"
    elif not value.strip():
        fault = "has no value; write null to restore the default"
    elif forbidden := forbidden_character(value):
        fault = f"contains {forbidden}"
    if fault:
        problems.append(Problem(FROM_COMMAND, None, path if equals else "", fault))
        return None
    node, found = parse(value, FROM_COMMAND)
    problems += [Problem(FROM_COMMAND, None, ".".join(filter(None, (path, p.path))), p.message) for p in found]
    return None if node is None or found else (path, _without_lines(node))


def _without_lines(node: Node) -> Node:
    """Return the tree without its line numbers, which mean nothing on a command line."""
    return planted(node.plain(), node.file)


def _set(node: Node | None, steps: list[Step], value: Node, done: tuple[Step, ...], cleared: Cleared) -> Node:
    """Return the node with the value merged in at the end of the steps; raises ValueError if they lead nowhere."""
    if not steps:
        return merge(node, value, cleared, done)
    step, *rest = steps
    if isinstance(step, Index):
        return _set_item(node, step, rest, value, done, cleared)
    if node is None:
        node = Node({}, value.file, None)
    if not isinstance(node.value, dict):
        raise ValueError(f"'{dotted(done)}' is not a map of keys")
    entries = dict(node.value)
    if not rest and value.value is None:
        entries.pop(step, None)
        cleared.append(((*done, step), value))
    else:
        entries[step] = _set(entries.get(step), rest, value, (*done, step), cleared)
    return Node(entries, node.file, node.line)


def _set_item(
    node: Node | None, index: Index, rest: list[Step], value: Node, done: tuple[Step, ...], cleared: Cleared
) -> Node:
    """Return the list with one of its items changed."""
    if node is None or not isinstance(node.value, list):
        raise ValueError(f"'{dotted(done)}' is not a list")
    if index >= len(node.value):
        raise ValueError(f"'{dotted(done)}' has {len(node.value)} items, counted from [0]")
    if not rest and value.value is None:
        raise ValueError("null cannot stand in a list; set the whole list")
    items = list(node.value)
    items[index] = _set(items[index], rest, value, (*done, index), cleared)
    return Node(items, node.file, node.line)
