"""What commands have in common: loading, simulating with progress, printing data in the form asked for."""

from __future__ import annotations

import argparse
import contextlib
import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sim.arguments import processors
from sim.console import say, tell
from sim.errors import Exit, UsageError, printable

if TYPE_CHECKING:
    from sim.experiment.batch import Demand, Failure
    from sim.experiment.precision import Plan
    from sim.experiment.result import Result
    from sim.experiment.store import Run
    from sim.report.text import Table
    from sim.scenario import Scenario
    from sim.scenario.flags import Flags

FEW_REPLICATES = 5
"""Below so many the t interval is wide enough to reach impossible values."""


def load(options: argparse.Namespace, name: str, *more: str) -> Scenario:
    """A scenario with the changes of the command line; what is hardly meant in it is told."""
    found = flags(options).read(name, *more)
    for remark in found.notes:
        note(options, str(remark))
    return found.scenario


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
    failures = batch.complete(
        demands,
        options.jobs,
        progress=bar,
        draw=draw if figures else None,
        notify=functools.partial(note, options),
    )
    for failure in failures:
        say(failure.message)
        if options.debug and failure.details:
            say(failure.details)
    return failures


@dataclass
class Simulated:
    """What became of the replicates a command needs."""

    replicates: int = 0
    """How many of each scenario were wanted in the end."""
    failures: list[Failure] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    """One sentence per precision that was not reached."""


def simulate(
    options: argparse.Namespace, plan: Plan, runs: Sequence[Run], demands: Callable[[int], list[Demand]]
) -> Simulated:
    """Simulate what is missing: `demands` says what a number of replicates takes.

    Of one run its means are to be precise, of several the differences to the first, which may be among the others.
    """
    from sim.experiment import precision

    done = Simulated()

    def complete_to(replicates: int) -> bool:
        # With more rounds to come, figures wait for the last.
        done.replicates = replicates
        done.failures = complete(options, demands(replicates), figures=not plan.goals)
        return not done.failures

    if not plan.goals:
        complete_to(plan.start)
        return done
    for known in precision.reach(plan, runs, complete_to):
        if known.reached:
            note(options, str(known))
        else:
            say(str(known))
            done.missed.append(str(known))
    if not done.failures:
        complete(options, demands(done.replicates))
    return done


def announce(options: argparse.Namespace, plan: Plan, demands: Callable[[int], list[Demand]]) -> int:
    """Print what `simulate` would do (`--dry-run`), and do nothing."""
    from sim.experiment.forecast import forecast
    from sim.report import results

    expected = forecast(demands(plan.start), options.jobs, processors())
    sentences = results.forecast_sentences(expected, plan)
    print_data(options, results.forecast_tables(expected), lambda: results.forecast_json(expected, plan), sentences)
    return Exit.FINE


def ensure_reportable(options: argparse.Namespace) -> None:
    """Refuse a file for `--junit` that cannot be written, before hours are spent on what goes into it.

    Raises:
        UsageError: it cannot be written.
    """
    path: Path | None = options.junit
    if path is None:
        return
    there = path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
        if not there:
            path.unlink()
    except (OSError, ValueError) as error:  # the latter: a NUL in the name
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise UsageError(f"--junit: cannot write {path}: {reason}; choose another file") from error


def report_junit(
    options: argparse.Namespace, suite: str, results: Sequence[Result], failures: Sequence[Failure]
) -> None:
    """Write the file of `--junit`: a case per threshold and per replicate that failed.

    Raises:
        UsageError: it cannot be written.
    """
    if options.junit is None:
        return
    from sim.experiment.thresholds import judged
    from sim.report import junit

    cases = [
        junit.Case(f"{result.scenario.name}: {name}", 0.0, breach)
        for result in results
        for name, breach in judged(result)
    ]
    cases += [
        junit.Case(failure.message.partition(" failed: ")[0], 0.0, f"{failure.message}\n{failure.details}".rstrip())
        for failure in failures
    ]
    junit.write(options.junit, junit.document(suite, cases))


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
        tell("\n".join([text.markdown(tables), *map(text.markdown_item, sentences)]).rstrip())
    else:
        words = ["", *map(printable, sentences)] if sentences else []
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
    with contextlib.suppress(ValueError, OSError, RuntimeError):  # the last: links that lead to themselves
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)
