"""From a tree to a frozen model, or to everything that is wrong with it, each with file and line."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.errors import FieldError, Problem
from sim.scenario.hints import lookalikes
from sim.scenario.labels import misnamed, names_of, strange_nulls
from sim.scenario.merge import Cleared
from sim.scenario.shape import bounds_of, example_of, is_map, is_text, keys_of, sections_of, types_at, unit_at
from sim.scenario.suggest import advice, nearest
from sim.scenario.tree import Index, Node, Step, dotted, steps_of
from sim.scenario.wording import key_wording, wording

M = TypeVar("M", bound=BaseModel)
Steps = tuple[Step, ...]

MAX_PROBLEMS = 100
"""Problems beyond this number are counted, not listed."""

MAX_SIBLINGS = 100
"""Names among which a mistyped one is looked for: comparing thousands with each other takes seconds."""

MISSING = "missing"
"""How the message for a missing key begins."""


def check(model: type[M], root: Node, cleared: Cleared) -> tuple[M | None, list[Problem]]:
    """Return the validated model and the problems of the tree; no model if there are any."""
    names = names_of(root)
    nulls, strangers = strange_nulls(model, cleared), [*misnamed(model, root, cleared, names)]
    problems = [unknown(model, clearing.steps, clearing.null) for clearing in nulls[:MAX_PROBLEMS]]
    problems += [stranger.problem(names) for stranger in strangers[:MAX_PROBLEMS]]
    more = len(nulls[MAX_PROBLEMS:]) + len(strangers[MAX_PROBLEMS:])
    try:
        checked = model.model_validate(root.plain())
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        for detail in details[:MAX_PROBLEMS]:
            problems += _problems(model, root, cleared, names, detail)
        if len(details) <= MAX_PROBLEMS:
            problems += _behind(model, root, details)
        return None, _capped(root, _joined(problems), more + len(details[MAX_PROBLEMS:]))
    return (None if problems else checked), _capped(root, problems, more)


def unknown(model: type[BaseModel], steps: Steps, node: Node) -> Problem:
    """Return the problem of a key that no model knows, with the key that may have been meant."""
    known = keys_of(types_at(model, steps[:-1]))
    if len(steps) == 1:
        known = [*known, "extends"]
    key = str(steps[-1])
    elsewhere = sections_of(model).get(key)
    if elsewhere and nearest(key, known, closeness=0.8) is None:
        hint = f"did you mean '{elsewhere}.{key}'?"
    else:
        hint = advice(key, known, "known keys")
    return Problem(node.file, node.line, dotted(steps), f"unknown key; {hint}{lookalikes([key])}")


def _problems(
    model: type[BaseModel], root: Node, cleared: Cleared, names: Mapping[str, list[str]], detail: ErrorDetails
) -> list[Problem]:
    """Return one error of pydantic as problems."""
    kind = detail["type"]
    steps, node = _locate(root, detail["loc"][:-1] if kind == "missing" else detail["loc"])
    if kind == "missing":
        return [_missing(model, root, (*steps, str(detail["loc"][-1])), node, cleared)]
    if kind in ("extra_forbidden", "invalid_key"):
        return [unknown(model, steps, node)]
    if found := _faults(steps, node, detail):
        return found
    if detail["loc"][-1:] == ("[key]",):
        message = key_wording(detail, steps[-1], types_at(model, steps[:-1]), names)
    else:
        message = wording(detail, node.value, types_at(model, steps))
    return [Problem(node.file, node.line, dotted(steps), message)]


def _behind(model: type[BaseModel], root: Node, details: Iterable[ErrorDetails]) -> list[Problem]:
    """Return what several values have wrong together, which pydantic looks at only when each one is right.

    The wrong ones are taken out, so that defaults stand in for them; nothing is said about the maps they stood in.
    """
    touched: set[str] = set()
    for detail in details:
        if detail["type"] == "missing" or isinstance(detail.get("ctx", {}).get("error"), FieldError):
            continue
        steps, _ = _locate(root, detail["loc"])
        while steps and isinstance(steps[-1], Index):
            steps = steps[:-1]
        root = root.without(steps)
        touched.add(dotted(steps[:-1]))
    if not touched:
        return []
    try:
        model.model_validate(root.plain())
    except ValidationError as error:
        later = error.errors(include_url=False, include_input=False)
        found = [problem for detail in later for problem in _faults(*_locate(root, detail["loc"]), detail)]
        return [problem for problem in found if touched.isdisjoint({problem.path, problem.path.rpartition(".")[0]})]
    return []


def _locate(root: Node, location: Sequence[int | str]) -> tuple[Steps, Node]:
    """Follow the location of an error through the tree; return the steps and the value, or the map around it.

    Pydantic's locations also name the types it tried and its validators; what is no key of the tree is one of those.
    """
    steps: Steps = ()
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


def _missing(model: type[BaseModel], root: Node, steps: Steps, around: Node, cleared: Cleared) -> Problem:
    unit = unit_at(types_at(model, steps))
    example = example_of(types_at(model, steps[:-1]), str(steps[-1]))
    if unit:
        wanted = f"give {unit.meaning}, for example `{steps[-1]}: {unit.example}`"
    elif example:
        wanted = f"give one, for example `{steps[-1]}: {example}`"
    elif bounds := bounds_of(types_at(model, steps)):
        wanted = f"give a number{bounds}"
    else:
        wanted = "it has no default" + ("; most scenarios inherit it: `extends: baseline`" if len(steps) == 1 else "")
    clearing = next((clearing for clearing in cleared if clearing.steps == steps), None)
    if clearing is not None:
        null, path = clearing.null, dotted(steps)
        quote = "; quote it if the word is meant" if is_text(types_at(model, steps)) else ""
        message = f"{MISSING}: null, or nothing, takes the value away; {wanted}{quote}"
        return Problem(null.file, null.line, path, message)
    return Problem(around.file, around.line, dotted(steps), f"{MISSING}; {wanted}{_sibling_hint(model, root, steps)}")


def _sibling_hint(model: type[BaseModel], root: Node, steps: Steps) -> str:
    """Return a hint at the entry that may have been meant where a mistyped name has begun a new one."""
    if len(steps) < 2 or not is_map(types_at(model, steps[:-2])):
        return ""
    node: Node | None = root
    for step in steps[:-2]:
        node = node.child(step) if node is not None else None
    keys = node.value if node is not None and isinstance(node.value, dict) else {}
    near = nearest(str(steps[-2]), [str(key) for key in list(keys)[:MAX_SIBLINGS] if key != steps[-2]])
    return f"; or did you mean '{near}', which is there already?" if near else ""


def placed(root: Node, path: str, message: str, steps: Steps = ()) -> Problem:
    """Return what is to be said of a path below a value of a tree, at the line of the last key that is there."""
    node = root
    for step in steps_of(path) if path else ():
        steps = (*steps, step)
        node = node.child(step) or node
    return Problem(node.file, node.line, dotted(steps), message)


def _faults(steps: Steps, node: Node, detail: ErrorDetails) -> list[Problem]:
    """Return the problems that a validator of several fields has found in a model."""
    cause = detail.get("ctx", {}).get("error")
    return [placed(node, *fault, steps) for fault in (cause.faults if isinstance(cause, FieldError) else ())]


def _capped(root: Node, problems: list[Problem], more: int) -> list[Problem]:
    """Return the first problems and how many more there are, `more` of which are not among them."""
    more += len(problems[MAX_PROBLEMS:])
    return [*problems[:MAX_PROBLEMS], *([Problem(root.file, None, "", f"and {more} more problems")] if more else [])]


def _joined(problems: list[Problem]) -> list[Problem]:
    """Return the problems with one for each place: pydantic complains once for each type a value might have had."""
    messages: dict[tuple[str, int | None, str], list[str]] = {}
    for problem in problems:
        found = messages.setdefault((problem.file, problem.line, problem.path), [])
        if problem.message not in found:
            found.append(problem.message)
    return [Problem(file, line, path, _together(found)) for (file, line, path), found in messages.items()]


def _together(messages: list[str]) -> str:
    """Return several messages about one value as one: `must be A, B or C, not X`."""
    halves = [message.removeprefix("must be ").partition(", not ") for message in messages]
    values = {after.partition(";")[0] for _, _, after in halves}
    if len(messages) == 1 or len(values) > 1 or not all(message.startswith("must be ") for message in messages):
        return "; or ".join(messages)
    *most, last = [wanted for wanted, _, _ in halves]
    return f"must be {', '.join(most)} or {last}, not {values.pop()}"
