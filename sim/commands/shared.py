"""What commands have in common: loading, simulating with progress, printing data in the form asked for."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.console import say, tell
from sim.errors import Exit

if TYPE_CHECKING:
    from sim.experiment.batch import Demand, Failure
    from sim.report.text import Table
    from sim.scenario import Scenario
    from sim.scenario.flags import Flags

FEW_REPLICATES = 5
"""Below so many the t interval is wide enough to reach impossible values."""


def load(options: argparse.Namespace, name: str, *more: str) -> Scenario:
    """A scenario with the changes of the command line."""
    return flags(options).load(name, *more)


def flags(options: argparse.Namespace) -> Flags:
    """The flags of the command line that change scenarios."""
    from sim.scenario.flags import Flags

    return Flags(options.set, options.seed, options.years, getattr(options, "reps", None))


def complete(options: argparse.Namespace, demands: Sequence[Demand], *, figures: bool = True) -> list[Failure]:
    """Simulate what is missing, with progress, and report replicates that failed."""
    from sim.experiment import batch
    from sim.report.figures import draw
    from sim.report.progress import progress

    bar = progress(shown=not (options.quiet or options.no_progress))
    failures = batch.complete(demands, options.jobs, progress=bar, draw=draw if figures else None)
    for failure in failures:
        say(failure.message)
        if options.debug and failure.details:
            say(failure.details)
    return failures


def failed(options: argparse.Namespace, failures: Sequence[Failure]) -> int:
    """The exit code after failures, with a hint."""
    if not failures:
        return Exit.FINE
    hint = "" if options.debug else "; --debug shows where"
    say(f"{len(failures)} replicate(s) failed; the others are kept; the same command tries again{hint}")
    return Exit.FAILED


def print_data(
    options: argparse.Namespace, tables: Sequence[Table], as_json: Callable[[], str], sentences: Sequence[str] = ()
) -> None:
    """Print data in the form asked for."""
    from sim.report import text

    if options.json:
        tell(as_json())
    elif options.md:
        tell("\n".join([text.markdown(tables), *(f"- {sentence}" for sentence in sentences)]).rstrip())
    else:
        words = ["", *sentences] if sentences else []
        tell("\n".join([text.render(tables, terminal=sys.stdout.isatty()).rstrip(), *words]))


def caution(options: argparse.Namespace, replicates: int) -> None:
    """Warn of intervals that say little."""
    if replicates == 1:
        note(options, "one replicate has no intervals; ask for more with --reps N")
    elif replicates < FEW_REPLICATES:
        note(options, f"intervals from fewer than {FEW_REPLICATES} replicates are wide; ask for more with --reps N")


def note(options: argparse.Namespace, message: str) -> None:
    """Tell the user something that `--quiet` leaves out."""
    if not options.quiet:
        say(message)


def short(path: Path) -> str:
    """A path as short as it can be said from here."""
    with contextlib.suppress(ValueError, OSError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)
