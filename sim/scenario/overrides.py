"""`--set a.b[0].c=VALUE`, and the same from Python: settings on top of a scenario's files."""

import re
from collections.abc import Collection, Mapping, Sequence

from sim.errors import Problem
from sim.scenario.hints import lookalikes
from sim.scenario.merge import Cleared, Clearing, merge
from sim.scenario.text import forbidden_character
from sim.scenario.tree import Index, Node, Step, clipped, dotted, planted, steps_of
from sim.scenario.yaml_core import MAX_DEPTH, parse

Overrides = Mapping[str, object] | Sequence[str]

FROM_COMMAND = "--set"
FROM_PYTHON = "override"

_LONGEST_PATH = 200


class OffError(ValueError):
    """A setting below a policy that is off."""


def overridden(
    root: Node,
    overrides: Overrides,
    cleared: Cleared,
    policies: Collection[str] = (),
    left_out: list[str] | None = None,
) -> tuple[Node, list[Problem]]:
    """Return the tree with overrides applied in their order (the last one wins), and the problems of their form.

    A mapping is from path to value; a sequence holds texts `path=VALUE`, VALUE being YAML. A setting below one of
    `policies` that is off is a problem, since it would switch the policy on in passing; with `left_out` it is noted
    there instead, by its path, and not applied.
    """
    problems: list[Problem] = []
    if isinstance(overrides, Mapping):
        settings = [_from_python(path, value, problems) for path, value in overrides.items()]
    else:
        settings = [_from_command(text, problems) for text in overrides]
    for path, node in (setting for setting in settings if setting is not None):
        try:
            steps = _steps(path)
            _ensure_on(root, steps, policies, node.file)
            root = _set(root, steps, node, (), cleared)
        except OffError as error:
            if left_out is None:
                problems.append(Problem(node.file, None, path, str(error)))
            else:
                left_out.append(path)
        except ValueError as error:
            problems.append(Problem(node.file, None, _shortened(path), str(error)))
    return root, problems


def _steps(path: str) -> list[Step]:
    steps = steps_of(path)
    if len(steps) > MAX_DEPTH:
        raise ValueError(f"is nested too deeply (more than {MAX_DEPTH} levels)")
    return steps


def _shortened(path: str) -> str:
    return path if len(path) <= _LONGEST_PATH else path[: _LONGEST_PATH - 3] + "..."


def _ensure_on(root: Node, steps: list[Step], policies: Collection[str], file: str) -> None:
    """Raise OffError if the steps lead below a policy that is off."""
    if len(steps) < 3 or steps[0] != "policies" or steps[1] not in policies:
        return
    section = root.child("policies")
    if section is None or (isinstance(section.value, dict) and section.child(steps[1]) is None):
        name = root.child("name")
        where = f"in {name.value!r}" if name is not None else "here"
        switch = f"policies.{steps[1]}={{}}" if file == FROM_COMMAND else f"'policies.{steps[1]}': {{}}"
        raise OffError(f"policies.{steps[1]} is off {where}; write {switch} before it to switch it on")


def first_keys(overrides: Overrides) -> set[str]:
    """Return the keys at the top of the scenario that overrides touch."""
    return {re.split(r"[.=\[]", text, maxsplit=1)[0] for text in overrides if isinstance(text, str)}


def _from_python(path: str, value: object, problems: list[Problem]) -> tuple[str, Node] | None:
    if not isinstance(path, str):
        message = f"a path is a text such as 'horizon.years', not {path!r}"
        problems.append(Problem(FROM_PYTHON, None, "", message))
        return None
    try:
        return path, planted(value, FROM_PYTHON)
    except (TypeError, ValueError) as error:
        problems.append(Problem(FROM_PYTHON, None, path, str(error)))
        return None


def _from_command(text: str, problems: list[Problem]) -> tuple[str, Node] | None:
    if not isinstance(text, str):
        problems.append(Problem(FROM_COMMAND, None, "", f"must be a text PATH=VALUE, not a {type(text).__name__}"))
        return None
    path, equals, value = text.partition("=")
    fault = None
    if not equals or not path:
        fault = f"must be PATH=VALUE, for example seed=7, not {clipped(text)!r}{lookalikes([text])}"
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
        cleared.append(Clearing((*done, step), value, tuple(entries)))
        entries.pop(step, None)
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
