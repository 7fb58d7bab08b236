"""`new`: start a scenario."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path

from sim.arguments import nearest
from sim.commands.shared import note, short
from sim.console import tell
from sim.errors import Exit, UsageError

SUMMARY = "Start a scenario of your own: a file with comments, ready to edit."


def arguments(parser: argparse.ArgumentParser) -> None:
    """The name and the parent."""
    parser.add_argument("name", metavar="NAME", help="name of the new scenario and of its file")
    parser.add_argument(
        "--extends", default="baseline", metavar="PARENT", help="the scenario it starts from (default: baseline)"
    )


def command(options: argparse.Namespace) -> int:
    """Write the file, into `scenarios/` when called from the project's folder and into the current one otherwise."""
    from sim.scenario import Scenario, read, template

    file = _folder() / f"{_free_name(options.name)}.yaml"
    extends = options.extends.removeprefix("scenarios/")
    parent = _parent(file, extends)
    text = template.text(options.name, extends, read(parent, Scenario).scenario, file.parent)
    _write_new(file, text)
    try:
        read(file, Scenario)
    except BaseException:  # nothing half-made stays
        file.unlink()
        raise
    tell(short(file))
    _say_what_next(options, file, parent)
    return Exit.FINE


def _folder() -> Path:
    from sim.scenario.places import SCENARIOS

    here = Path.cwd()
    return SCENARIOS if here.samefile(SCENARIOS.parent) and SCENARIOS.is_dir() else here


def _free_name(name: str) -> str:
    """Return the name if a scenario may have it and none has it yet.

    Raises:
        UsageError: it is no name, or taken.
    """
    from sim.names import checked_name
    from sim.scenario.places import NOT_SCENARIOS, known

    try:
        checked_name(name)
    except ValueError as error:
        raise UsageError(f"NAME: {error}") from error
    if name.startswith("-"):
        raise UsageError(f"NAME: '{name}' would be taken for a flag; begin it with a letter")
    # Without regard to case, because some file systems have none.
    taken = {reference.rpartition("/")[2].casefold(): reference for reference in known()}
    if reference := taken.get(name.casefold()):
        raise UsageError(
            f"NAME: there is a scenario '{reference}' already; choose another name, or extend it: "
            f"new my-{name} --extends {reference}"
        )
    if name.casefold() in (Path(other).stem for other in NOT_SCENARIOS):
        raise UsageError(f"NAME: scenarios/{name.casefold()}.yaml belongs to the project; choose another name")
    return name


def _parent(file: Path, reference: str) -> Path:
    """Return the file that the new scenario extends.

    Raises:
        UsageError: there is none, or it cannot be extended.
    """
    from sim.scenario.places import NOT_SCENARIOS, SCENARIOS, in_limits, known, parent_of

    try:
        parent = parent_of(file, reference)
    except ValueError as error:
        raise UsageError(f"--extends: {error}") from error
    if parent in [SCENARIOS / other for other in NOT_SCENARIOS]:
        raise UsageError(f"--extends: '{reference}' is no scenario that runs{nearest(reference, known())}")
    if in_limits(parent):
        raise UsageError(f"--extends: '{reference}' is a closed form with a behaviour of its own; extend baseline")
    return parent


def _write_new(file: Path, text: str) -> None:
    """Write a file that must not exist yet; no other file is touched, whoever else writes at the same time.

    Raises:
        UsageError: it exists, or cannot be written.
    """
    other = file.with_suffix(".yml")
    try:
        if os.path.lexists(other):
            raise FileExistsError
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError as error:
        there = short(other if os.path.lexists(other) else file)
        raise UsageError(f"{there} exists already and stays as it is; choose another name") from error
    except OSError as error:
        raise UsageError(f"cannot write {short(file)}: {error.strerror or error}") from error
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:  # such as a full disk
        file.unlink()
        raise UsageError(f"cannot write {short(file)}: {error.strerror or error}") from error


def _say_what_next(options: argparse.Namespace, file: Path, parent: Path) -> None:
    from sim.scenario.places import SCENARIOS

    run = f"python {shlex.quote(short(SCENARIOS.parent / 'run.py'))}"
    scenario, reference = (shlex.quote(_reference(one)) for one in (file, parent))
    note(
        options,
        f"edit it, then:\n"
        f"  {run} validate {scenario}\n"
        f"  {run} show {scenario} --diff {reference}\n"
        f"  {run} compare {reference} {scenario} --reps 5",
    )


def _reference(file: Path) -> str:
    """Return how a command names a scenario: by its name within the project, by its path elsewhere."""
    from sim.scenario.places import SCENARIOS

    if file.is_relative_to(SCENARIOS):
        return file.relative_to(SCENARIOS).with_suffix("").as_posix()
    return short(file)
