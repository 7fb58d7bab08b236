"""From a tree to a frozen model, or to everything that is wrong with it, each with file and line."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.errors import FieldError, Problem
from sim.scenario.merge import Cleared
from sim.scenario.shape import is_model, keys_of, types_at, unit_at
from sim.scenario.suggest import advice
from sim.scenario.tree import Index, Node, Step, dotted, steps_of
from sim.scenario.wording import wording

M = TypeVar("M", bound=BaseModel)

MAX_PROBLEMS = 100
"""Problems beyond this number are counted, not listed."""

MISSING = "missing"
"""How the message for a missing key begins."""


def check(model: type[M], root: Node, cleared: Cleared) -> tuple[M | None, list[Problem]]:
    """Return the validated model and the problems of the tree; no model if there are any."""
    problems = _unknown_nulls(model, cleared)
    try:
        checked = model.model_validate(root.plain())
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        for detail in details[:MAX_PROBLEMS]:
            problems += _problems(model, root, cleared, detail)
        if len(details) > MAX_PROBLEMS:
            problems.append(Problem(root.file, None, "", f"and {len(details) - MAX_PROBLEMS} more problems"))
        return None, _joined(problems)
    return (None if problems else checked), problems


def _problems(model: type[BaseModel], root: Node, cleared: Cleared, detail: ErrorDetails) -> list[Problem]:
    """Return one error of pydantic as problems."""
    kind = detail["type"]
    steps, node = _locate(root, detail["loc"][:-1] if kind == "missing" else detail["loc"])
    if kind == "missing":
        return [_missing(model, (*steps, str(detail["loc"][-1])), node, cleared)]
    if kind in ("extra_forbidden", "invalid_key"):
        return [_unknown(model, steps, node)]
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, FieldError):
        return [_fault(steps, node, path, message) for path, message in cause.faults]
    of_key = detail["loc"][-1:] == ("[key]",)
    message = wording(detail, node.value, types_at(model, steps), of_key)
    return [Problem(node.file, node.line, dotted(steps), message)]


def _locate(root: Node, location: Sequence[int | str]) -> tuple[tuple[Step, ...], Node]:
    """Follow the location of an error through the tree; return the steps and the value, or the map around it.

    Pydantic's locations also name the types it tried and its validators; what is no key of the tree is one of those.
    """
    steps: tuple[Step, ...] = ()
    node = root
    for part in location:
        if isinstance(node.value, list):
            step: Step = Index(part) if isinstance(part, int) else part
        else:  # pydantic writes years with fractions as text
            keys = node.value if isinstance(node.value, dict) else {}
            step = next((key for key in keys if key == part or str(key) == part), part)
        child = node.child(step)
        if child is not None:
            steps, node = (*steps, step), child
    return steps, node


def _missing(model: type[BaseModel], steps: tuple[Step, ...], around: Node, cleared: Cleared) -> Problem:
    unit = unit_at(types_at(model, steps))
    wanted = f"give {unit.meaning}, for example `{steps[-1]}: {unit.example}`" if unit else "it has no default"
    null = next((null for cleared_steps, null in cleared if cleared_steps == steps), None)
    if null is not None:
        return Problem(null.file, null.line, dotted(steps), f"{MISSING}: null takes the value away; {wanted}")
    return Problem(around.file, around.line, dotted(steps), f"{MISSING}; {wanted}")


def _unknown(model: type[BaseModel], steps: tuple[Step, ...], node: Node) -> Problem:
    known = keys_of(types_at(model, steps[:-1]))
    if len(steps) == 1:
        known = [*known, "extends"]
    hint = advice(str(steps[-1]), known, "known keys")
    return Problem(node.file, node.line, dotted(steps), f"unknown key; {hint}" if hint else "unknown key")


def _unknown_nulls(model: type[BaseModel], cleared: Cleared) -> list[Problem]:
    """Return the problems of keys that were set to null, and so taken away, but never existed."""
    problems = []
    for steps, null in cleared:
        types = types_at(model, steps[:-1])
        if is_model(types) and steps[-1] not in keys_of(types):
            problems.append(_unknown(model, steps, null))
    return problems


def _fault(steps: tuple[Step, ...], node: Node, path: str, message: str) -> Problem:
    """Return the problem at a path below a model whose validator found it."""
    for step in steps_of(path) if path else ():
        steps = (*steps, step)
        node = node.child(step) or node
    return Problem(node.file, node.line, dotted(steps), message)


def _joined(problems: list[Problem]) -> list[Problem]:
    """Return the problems with one for each place: pydantic complains once for each type a value might have had."""
    messages: dict[tuple[str, int | None, str], list[str]] = {}
    for problem in problems:
        found = messages.setdefault((problem.file, problem.line, problem.path), [])
        if problem.message not in found:
            found.append(problem.message)
    return [Problem(file, line, path, "; or ".join(found)) for (file, line, path), found in messages.items()]
