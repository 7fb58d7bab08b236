"""A scenario from its files: read, inherit, override, check."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from sim.errors import Problem, ScenarioError
from sim.scenario.check import MISSING, check, placed
from sim.scenario.lineage import BEHAVIOUR_FORBIDDEN, Lineage
from sim.scenario.merge import Cleared, merge
from sim.scenario.overrides import FROM_COMMAND, FROM_PYTHON, Overrides, first_keys, overridden
from sim.scenario.places import SCENARIOS, displayed, find, in_limits, is_defaults
from sim.scenario.shape import keys_of, types_at
from sim.scenario.tree import Key, Node, origins
from sim.scenario.yaml_core import parse

M = TypeVar("M", bound=BaseModel)

_OWN_KEYS = ("name", "description", "extends")
"""Keys that say something about one file and are not inherited."""


@dataclass(frozen=True)
class Resolved(Generic[M]):
    """A validated scenario and where its values were set."""

    scenario: M
    origins: dict[str, tuple[str, int | None]]
    """Path -> (file, line) for every value that was set; what is absent is a default of the model."""
    file: Path
    left_out: tuple[str, ...] = ()
    """Paths of settings that were left out because they lie below a policy that is off."""
    notes: tuple[Problem, ...] = ()
    """What is allowed but hardly meant, such as a policy that begins after the horizon."""


def read(
    name_or_path: str | Path,
    model: type[M],
    overrides: Overrides = (),
    *,
    scenarios: Path = SCENARIOS,
    allow_behaviour: bool = False,
    leave_out_off: bool = False,
) -> Resolved[M]:
    """Return a scenario with all it inherits, validated as the model.

    `overrides` maps paths to values, or lists texts `path=VALUE`; the last one wins. `allow_behaviour` lets files and
    overrides set the constants of behaviour, which otherwise only the defaults and closed-form scenarios may. A setting
    below a policy that is off is a problem, or left out and reported in the result with `leave_out_off`.
    Raises ScenarioError with every problem at once.
    """
    if isinstance(overrides, str):
        overrides = [overrides]
    file = find(name_or_path, scenarios)
    if is_defaults(file, scenarios):
        raise ScenarioError(
            [Problem(displayed(file), None, "", "holds the defaults and cannot run; extend it instead")]
        )
    lineage = Lineage(scenarios, allow_behaviour)
    layers = lineage.layers(file)
    problems = lineage.problems
    if layers is None:
        raise ScenarioError(problems)
    cleared: Cleared = []
    root = merge(None, layers[-1], cleared)  # the defaults
    for layer in reversed(layers[:-1]):
        root = merge(_without(root, _OWN_KEYS), layer, cleared)
    problems += _forbidden_overrides(overrides, allow_behaviour or in_limits(file, scenarios))
    left_out: list[str] = []
    # A parent that was not found may have switched a policy on.
    policies = [] if lineage.broken else keys_of(types_at(model, ("policies",)))
    unread = list(problems)
    root, found = overridden(root, overrides, cleared, policies, left_out if leave_out_off else None)
    problems += found
    cleared = [entry for entry in cleared if entry.steps != ("extends",)]  # `extends: null` is the parent of all
    root = _without(root, ("extends",))
    scenario, found = check(model, root, cleared)
    problems += [p for p in found if not (lineage.broken and p.message.startswith(MISSING)) and not _follows(p, unread)]
    if problems or scenario is None:
        raise ScenarioError(_in_order(problems))
    return Resolved(scenario, origins(root), file, tuple(left_out), _notes(scenario, root))


def restore(text: str, model: type[M], file: str = "scenario.yaml") -> M:
    """Return the scenario of a text made by `dump`, which inherits nothing; raises ScenarioError."""
    root, problems = parse(text, file)
    if root is None or problems:
        raise ScenarioError(problems)
    cleared: Cleared = []
    scenario, problems = check(model, merge(None, root, cleared), cleared)
    if scenario is None:
        raise ScenarioError(problems)
    return scenario


def _forbidden_overrides(overrides: Overrides, allow_behaviour: bool) -> list[Problem]:
    touched = first_keys(overrides)
    file = FROM_PYTHON if isinstance(overrides, Mapping) else FROM_COMMAND
    problems = []
    if "behaviour" in touched and not allow_behaviour:
        problems.append(Problem(file, None, "behaviour", BEHAVIOUR_FORBIDDEN))
    if "extends" in touched:
        problems.append(Problem(file, None, "extends", "cannot be overridden; change it in the file"))
    return problems


def _follows(problem: Problem, unread: list[Problem]) -> bool:
    """Return whether a problem only follows from a value that could not be read."""
    missing = problem.message.startswith(MISSING)
    return any(problem.path == other.path and (missing or problem.line == other.line) for other in unread)


def _notes(scenario: BaseModel, root: Node) -> tuple[Problem, ...]:
    """Return the notes of a model that has some, with the places in the tree that they are about."""
    found: list[tuple[str, str]] = getattr(scenario, "notes", list)()
    return tuple(_in_order([placed(root, path, f"note: {message}") for path, message in found]))


def _without(root: Node, keys: tuple[str, ...]) -> Node:
    entries: dict[Key, Node] = root.value if isinstance(root.value, dict) else {}
    return Node({key: node for key, node in entries.items() if key not in keys}, root.file, root.line)


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Return the problems by file, in the order the files were met, then by line and path."""
    ranks = {problem.file: rank for rank, problem in reversed(list(enumerate(problems)))}
    return sorted(problems, key=lambda p: (ranks[p.file], p.line is None, p.line or 0, p.path))
