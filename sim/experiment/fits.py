"""What is fitted to what, and what came of it: `scenarios/calibration.yaml`, read strictly and written in place.

Writing replaces a line of `scenarios/defaults.yaml` and a block `fit` per entry; every other byte of both files stays.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from sim.errors import FieldError, Problem, ScenarioError, UsageError
from sim.experiment import store
from sim.scenario.check import check
from sim.scenario.merge import Cleared, merge
from sim.scenario.places import DEFAULTS, displayed
from sim.scenario.schema.base import Section
from sim.scenario.schema.behaviour import Behaviour
from sim.scenario.schema.root import MAX_REPLICATES, Threshold
from sim.scenario.suggest import advice
from sim.scenario.text import decoded, read_text
from sim.scenario.tree import Index, Node, Step, shown
from sim.scenario.wording import wording
from sim.scenario.yaml_core import parse
from sim.units import PositiveCount

PLAN = "calibration.yaml"
"""The file of the fits, beside the defaults."""
MOST_FITS = 14
"""More constants than this could be bent to any set of targets."""
PREFIX = "behaviour."


class Target(Section):
    """An observed value that a metric of a scenario is to reproduce."""

    claim: str = Field(pattern=r"^[TNLCDXAM]\d\d$")
    """Id of the evidence the value comes from."""
    metric: str
    """Name of the metric."""
    by: dict[str, str | int | bool] = Field(default_factory=dict)
    """Dimensions, such as {year: 2020}."""
    value: float
    """What was observed, in the unit of the metric; not 0, because the tolerance is relative."""
    tolerance: Annotated[float, Field(gt=0, lt=1)]
    """Largest distance of the mean over replicates from the value that counts as met, share of the value."""

    @model_validator(mode="after")
    def _measured(self) -> Self:
        if self.value == 0:
            raise FieldError(("value", "must not be 0, of which a relative tolerance allows nothing"))
        try:
            _ = self.threshold  # looks metric and dimensions up
        except ValidationError as error:
            raise error.errors()[0]["ctx"]["error"] from error
        return self

    @property
    def threshold(self) -> Threshold:
        """The metric and its dimensions, checked as those of a scenario's thresholds are."""
        return Threshold(metric=self.metric, by=self.by, min=self.value)

    @property
    def label(self) -> str:
        """Metric and dimensions in short, such as `referral_share year=2020`."""
        return " ".join([self.metric, *(f"{key}={value}" for key, value in self.by.items())])


class Fit(Section):
    """What a calibration found; written by the command, never by hand."""

    value: float
    """The constant, as it stands in the defaults."""
    date: str = Field(pattern=r"^\d{4}-\d\d-\d\d$")
    """Day of the calibration (UTC)."""
    seed: int
    """Seed of the simulations."""
    replicates: PositiveCount
    """Replicates of each trial."""
    achieved: float
    """Mean of the metric over replicates at the value."""
    low: float | None = None
    """Lowest value of the constant that the replicates cannot tell from this one; null after a single replicate."""
    high: float | None = None
    """Highest such value."""
    iterations: PositiveCount
    """Values of the constant that were tried."""
    sources: str = Field(pattern=r"^[0-9a-f]{16}$")
    """First digits of the digest of the package's sources that simulated it."""


class Entry(Section):
    """One constant and the one target it is fitted to."""

    constant: str
    """Path of the constant, such as behaviour.talks_per_owner_year."""
    scenario: str
    """Scenario in which the target was observed, by name."""
    target: Target
    range: list[float] = Field(min_length=2, max_length=2)
    """Lowest and highest plausible value of the constant; nothing outside is tried."""
    replicates: Annotated[PositiveCount, Field(le=MAX_REPLICATES)]
    """Replicates of each trial."""
    fit: Fit | None = None
    """The outcome of the last calibration; null before the first."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        name = self.constant.removeprefix(PREFIX)
        if not self.constant.startswith(PREFIX) or name not in Behaviour.model_fields:
            hint = advice(name, Behaviour.model_fields, "constants are")
            raise FieldError(("constant", f"must be behaviour.NAME, not {shown(self.constant)}; {hint}"))
        low, high = self.range
        if not low < high:
            raise FieldError(("range", f"must be [low, high] with low below high, not [{low:g}, {high:g}]"))
        self._ensure_allowed(Behaviour.model_fields[name].rebuild_annotation())
        if self.fit is not None and not low <= self.fit.value <= high:
            raise FieldError(("fit.value", f"must lie in the range {low:g} to {high:g}, not {self.fit.value:g}"))
        return self

    def _ensure_allowed(self, constant: Any) -> None:
        """Refuse a range that reaches beyond what the type of the constant allows."""
        allowed = TypeAdapter(constant)
        for place, end in enumerate(self.range):
            try:
                allowed.validate_python(end)
            except ValidationError as error:
                message = wording(error.errors(include_url=False)[0], end, [constant])
                raise FieldError((f"range[{place}]", message)) from error

    @property
    def name(self) -> str:
        """The constant without its section."""
        return self.constant.removeprefix(PREFIX)


class Plan(Section):
    """All fits, in the order in which they are made."""

    fits: list[Entry] = Field(max_length=MOST_FITS)

    @model_validator(mode="after")
    def _once(self) -> Self:
        constants = [entry.constant for entry in self.fits]
        targets = [(entry.scenario, entry.target.label) for entry in self.fits]
        for place, entry in enumerate(self.fits):
            if (first := constants.index(entry.constant)) < place:
                raise FieldError((f"fits[{place}].constant", f"{entry.constant} is fitted by fits[{first}] already"))
            if (first := targets.index(targets[place])) < place:
                raise FieldError((f"fits[{place}].target", f"is the target of fits[{first}] already"))
        return self

    def chosen(self, names: Sequence[str]) -> list[Entry]:
        """The entries of these constants, with or without `behaviour.` before them, in the order of the file; all for
        no names. Raises UsageError for a constant that has no entry, and where there is nothing to fit."""
        known = [entry.name for entry in self.fits]
        for name in names:
            if name.removeprefix(PREFIX) not in known:
                hint = advice(name.removeprefix(PREFIX), known, "there are")
                raise UsageError(f"scenarios/{PLAN} has no fit of '{name}'" + (f"; {hint}" if hint else ""))
        wanted = {name.removeprefix(PREFIX) for name in names} or set(known)
        if not wanted:
            raise UsageError(f"scenarios/{PLAN} names nothing to fit")
        return [entry for entry in self.fits if entry.name in wanted]


@dataclass(frozen=True)
class Files:
    """Plan and defaults as they were read: bytes, values, and the line of each key."""

    scenarios: Path
    plan: Plan
    contents: Mapping[Path, bytes]

    @classmethod
    def read(cls, scenarios: Path) -> Files:
        """Read both files; raises ScenarioError with every problem found."""
        plan, defaults = scenarios / PLAN, scenarios / DEFAULTS
        contents = {}
        for file in (plan, defaults):
            _, problems = read_text(file, displayed(file))
            if problems:
                raise ScenarioError(problems)
            contents[file] = file.read_bytes()
        constants = _tree(contents[defaults], defaults).child("behaviour")
        checked = _plan(_tree(contents[plan], plan))
        missing = [entry.name for entry in checked.fits if constants is None or constants.child(entry.name) is None]
        if missing:
            raise ScenarioError([Problem(displayed(defaults), None, f"behaviour.{missing[0]}", "missing")])
        return cls(scenarios, checked, contents)

    def value(self, entry: Entry) -> float:
        """The constant of an entry as the defaults have it."""
        file = self.scenarios / DEFAULTS
        node = _at(_tree(self.contents[file], file), "behaviour", entry.name)
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise ScenarioError([Problem(node.file, node.line, entry.constant, "must be a number")])
        return float(node.value)

    def problem(self, entry: Entry, path: str, message: str) -> ScenarioError:
        """An error at a key of an entry, with its line."""
        file = self.scenarios / PLAN
        place = self.plan.fits.index(entry)
        node = _at(_tree(self.contents[file], file), "fits", Index(place))
        for step in path.split("."):
            node = node.child(step) or node
        return ScenarioError([Problem(node.file, node.line, f"fits[{place}].{path}", message)])

    def ensure_writable(self, entries: Sequence[Entry]) -> None:
        """Refuse before anything is simulated what `write` would refuse after it; raises UsageError, ScenarioError."""
        plan, defaults = self.scenarios / PLAN, self.scenarios / DEFAULTS
        for file in (plan, defaults):
            if not (file.stat().st_mode & 0o222 and os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
                raise UsageError(f"{displayed(file)} is read-only; nothing was simulated")
        for entry in entries:
            tried = Fit(
                value=entry.range[0],
                date="2000-01-01",
                seed=0,
                replicates=1,
                achieved=0.0,
                low=entry.range[0],
                high=entry.range[1],
                iterations=1,
                sources="0" * 16,
            )
            with_fit(self.contents[plan], plan, self.plan.fits.index(entry), tried)
            with_value(self.contents[defaults], defaults, entry.name, tried.value)

    def write(self, fits: Mapping[str, Fit]) -> None:
        """Write constants and fits, by name of the constant: both files whole, or neither.

        Raises UsageError if a file has changed since it was read, or cannot be written, or holds an entry in a form
        that cannot be replaced in place.
        """
        plan, defaults = self.scenarios / PLAN, self.scenarios / DEFAULTS
        contents = dict(self.contents)
        for place, entry in enumerate(self.plan.fits):
            if entry.name in fits:
                contents[plan] = with_fit(contents[plan], plan, place, fits[entry.name])
                contents[defaults] = with_value(contents[defaults], defaults, entry.name, fits[entry.name].value)
        try:
            changed = [displayed(file) for file, content in self.contents.items() if file.read_bytes() != content]
            if changed:
                raise UsageError(f"{changed[0]} has changed meanwhile; nothing was written, run the same again")
            # The project's own files may well be links; what they lead to is meant.
            store.write_whole({file.resolve(): content for file, content in contents.items()})
        except OSError as error:
            raise UsageError(f"cannot write {displayed(defaults)}: {error.strerror or error}") from error


def with_value(content: bytes, file: Path, name: str, value: float) -> bytes:
    """Return the defaults with another value of a constant; only its number changes. Raises UsageError if it cannot."""
    before = _tree(content, file)
    node = _at(before, "behaviour", name)
    rows = content.decode("utf-8").split("\n")
    line = (node.line or 1) - 1
    rows[line] = re.sub(rf"^(\s*{name}\s*:\s+)[^\s#]+", lambda found: f"{found[1]}{plain(value)}", rows[line], count=1)
    written = "\n".join(rows).encode("utf-8")
    wanted = before.plain()
    assert isinstance(wanted, dict)
    wanted["behaviour"][name] = value
    _ensure_same(_tree(written, file).plain(), wanted, file, line + 1, f"behaviour.{name}", f"{name}: {plain(value)}")
    return written


def with_fit(content: bytes, file: Path, place: int, fit: Fit) -> bytes:
    """Return the plan with another outcome at a place; only the block `fit` changes. Raises UsageError if it cannot."""
    before = _tree(content, file)
    entry = _at(before, "fits", Index(place))
    node = entry.child("fit")
    if node is None:
        raise UsageError(f"{displayed(file)}:{entry.line}: fits[{place}].fit: missing; write `fit: null`")
    rows = content.decode("utf-8").split("\n")
    first, last = (node.line or 1) - 1, _last_line(node) - 1
    head = re.match(r"(\s*)(?:- )?fit\s*:[^#\r]*(#[^\r]*)?(\r?)$", rows[first])
    if head is not None:
        comment, end = (f"  {head[2]}" if head[2] else ""), head[3]
        block = [f"{head[1]}  {key}: {_scalar(value)}{end}" for key, value in fit.model_dump().items()]
        rows[first : last + 1] = [f"{head[1]}fit:{comment}{end}", *block]
    written = "\n".join(rows).encode("utf-8")
    wanted = before.plain()
    assert isinstance(wanted, dict)
    wanted["fits"][place]["fit"] = fit.model_dump()
    _ensure_same(_tree(written, file).plain(), wanted, file, first + 1, f"fits[{place}].fit", "fit: null")
    return written


def plain(value: float) -> str:
    """A number as it is written into a file: the shortest text that reads back as it."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _scalar(value: object) -> str:
    if isinstance(value, float):
        return plain(value)
    return "null" if value is None else f'"{value}"' if isinstance(value, str) else str(value)


def _tree(content: bytes, file: Path) -> Node:
    text, problems = decoded(content, displayed(file))
    root = None
    if not problems:
        root, problems = parse(text, displayed(file))
    if root is None or problems:
        raise ScenarioError(problems)
    if not isinstance(root.value, dict):
        raise ScenarioError([Problem(root.file, root.line, "", f"must be a map of keys, not {shown(root.value)}")])
    return root


def _plan(root: Node) -> Plan:
    cleared: Cleared = []
    plan, problems = check(Plan, merge(None, root, cleared), cleared)
    if plan is None:
        raise ScenarioError(sorted(problems, key=lambda problem: problem.line or 0))
    return plan


def _at(root: Node, *steps: Step) -> Node:
    for step in steps:
        root = root.child(step) or root
    return root


def _last_line(node: Node) -> int:
    """The last line on which a value or one of its parts begins."""
    inner = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    return max([node.line or 1, *(_last_line(child) for child in inner)])


def _ensure_same(found: object, wanted: object, file: Path, line: int, path: str, example: str) -> None:
    """Refuse to write what would not read back as it should: a value that shares its line with others."""
    if found != wanted:
        raise UsageError(f"{displayed(file)}:{line}: {path}: must stand on lines of its own, such as `{example}`")
