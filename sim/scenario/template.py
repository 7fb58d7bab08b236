"""The text of a new scenario: what its parent says of each policy, ready to be changed or uncommented."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

from sim.policies import POLICIES, Policy
from sim.scenario.dumping import one_line
from sim.scenario.json_schema import FILE
from sim.scenario.schema.root import Scenario
from sim.scenario.shape import is_schedule
from sim.schedule import Schedule
from sim.units import unit_of, unit_words

WIDTH = 110
_INTRODUCTION = """\
# Write here what differs from {parent}; everything else is taken over. Lines that begin with # and a space explain;
# lines that begin with # and a word are examples: remove the # to use them. Money is in {currency}. Instead of a
# number you may write one for each of some calendar years, such as {{{year}: 1000, {later}: 2000}}: linear in between,
# constant before and after. null restores the default; `{policy}: null` switches a policy off, and so does a policy or
# `policies:` with nothing left below it.
"""
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./~+-]+")


def text(name: str, parent: str, resolved: Scenario, folder: Path) -> str:
    """Return the file of a new scenario in a folder.

    `parent` is the scenario it extends as it is written in `extends`, `resolved` the same with all its values.
    """
    start = resolved.horizon.start_year
    first = next((policy for policy, _ in resolved.active_policies()), next(iter(POLICIES)))
    words = {"parent": parent, "currency": resolved.currency, "policy": first, "year": start, "later": start + 2}
    return "\n".join(
        [
            f"# yaml-language-server: $schema={schema_from(folder)}",
            f"name: {one_line(name)}",
            f"extends: {one_line(parent)}",
            f"description: {one_line(f'Extends {parent}; say here what you change, and which question it answers.')}",
            "",
            _INTRODUCTION.format(**words),
            *_policies(parent, resolved),
            "",
            *_settings(resolved),
            "",
        ]
    )


def schema_from(folder: Path) -> str:
    """Return how an editor finds the schema from a folder: relative within the project, absolute elsewhere."""
    project = FILE.parent.parent
    if folder.resolve().is_relative_to(project):
        return Path(os.path.relpath(FILE, folder.resolve())).as_posix()
    # Spaces would end the path, and other scripts might hold characters that no scenario may contain.
    return str(FILE) if _PLAIN_PATH.fullmatch(str(FILE)) else FILE.as_uri()


def _policies(parent: str, resolved: Scenario) -> Iterator[str]:
    """Yield the lines of the policies: those that are on with their first lever set as in the parent."""
    active = dict(resolved.active_policies())
    inside = "  " if active else ""
    if active:
        yield "policies:"
    for name, model in POLICIES.items():
        yield ""
        yield from _comment(_first_paragraph(model.__doc__), inside)
        levers = _levers(model)
        if name in active:
            yield f"  {name}:"
            for number, (lever, field) in enumerate(levers.items()):
                yield from _comment(_meaning(lever, field, resolved.currency), "    ")
                value = one_line(_plain(getattr(active[name], lever)))
                yield f"    {'#' if number else ''}{lever}: {value}{'' if number else f'  # as in {parent}'}"
            yield from _comment(_first_paragraph(model.model_fields["start"].description), "    ")
            yield f"    #start: {one_line(_start(active[name], resolved))}"
        else:
            for lever, field in levers.items():
                yield from _comment(f"{lever}: {_meaning(lever, field, resolved.currency)}", inside)
            values = {lever: _usual(field) for lever, field in levers.items()}
            yield from _comment(f"It is off in {parent}; this line switches it on:", inside)
            line = f"{name}: {one_line(values)}"
            yield f"  #{line}" if active else f"#policies: {{{line}}}"


def _settings(resolved: Scenario) -> Iterator[str]:
    """Yield the lines of what is often set besides policies."""
    horizon = resolved.horizon
    last = horizon.start_year + horizon.years - 1
    yield from _comment("Reported calendar years:")
    yield f"#horizon: {{start_year: {horizon.start_year}, years: {horizon.years}}}"
    yield from _comment("Independent repetitions: more of them make narrower intervals.")
    yield f"#replicates: {resolved.replicates}"
    yield from _comment("Bounds that `run` checks: it ends with exit code 4 if the mean of a metric breaks one.")
    yield f"#thresholds: [{{metric: cac, max: 9000, by: {{year: {last}}}}}]"


def _start(policy: Policy, resolved: Scenario) -> float:
    """Return the beginning of a policy, or one that it could have."""
    if policy.start is not None:
        return policy.start
    first = resolved.horizon.start_year
    return first if policy.stop is None else min(first, policy.stop - 1)


def _levers(model: type[Policy]) -> dict[str, FieldInfo]:
    """Return the terms of a policy that strategies are made of: those that may change over time."""
    return {name: field for name, field in model.model_fields.items() if is_schedule([field.rebuild_annotation()])}


def _usual(field: FieldInfo) -> object:
    """Return the default of a lever, or the example of its unit where it has none."""
    if not field.is_required():
        return _plain(field.get_default())
    unit = unit_of(field)
    return float(unit.example) if unit else 0


def _plain(value: object) -> object:
    return value.plain() if isinstance(value, Schedule) else value


def _meaning(name: str, field: FieldInfo, currency: str) -> str:
    return f"{' '.join((field.description or '').split())} Unit: {unit_words(name, field, currency)}."


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").partition("\n\n")[0].split())


def _comment(words: str, inside: str = "") -> list[str]:
    """Return words as comment lines of a readable width."""
    return [f"{inside}# {line}" for line in textwrap.wrap(words, WIDTH - len(inside), break_on_hyphens=False)]
