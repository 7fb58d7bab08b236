"""The command line: standard output carries data, standard error progress and messages."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.arguments import build, ensure_known_command, nearest
from sim.console import discard, ensure_streams, say, tell
from sim.errors import LiebianError, UsageError, printable

if TYPE_CHECKING:
    from sim.experiment.batch import Failure
    from sim.scenario import Scenario
    from sim.scenario.flags import Flags

OK, INTERNAL, USAGE, FAILED, BREACHED, INTERRUPTED = 0, 1, 2, 3, 4, 130

FEW_REPLICATES = 5
"""Below so many the t interval is wide enough to reach impossible values."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; no traceback leaves here without `--debug`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    ensure_streams()
    try:
        ensure_known_command(given)
        options = parser().parse_args(given)
        _ensure_folder()
        code: int = options.command(options)
        return code
    except BrokenPipeError:
        # The reader has gone, as in `| head`: what it wanted, it has.
        discard(sys.stdout)
        return OK
    except KeyboardInterrupt:
        say("interrupted: finished replicates are kept; the same command continues")
        return INTERRUPTED
    except LiebianError as error:
        return _report(error, debug, error.exit_code, str(error))
    except MemoryError as error:
        return _report(error, debug, INTERNAL, "out of memory: use fewer --jobs or simulate fewer households")
    except Exception as error:
        library = (error.name or "") if isinstance(error, ModuleNotFoundError) else ""
        if library and library.partition(".")[0] != "sim":
            text = f"the library '{library}' is not installed here: run 'make install', then .venv/bin/python run.py"
            return _report(error, debug, USAGE, text)
        text = f"internal error: {type(error).__name__}: {error}"
        return _report(error, debug, INTERNAL, text if debug else f"{text} (--debug shows where)")


def parser() -> argparse.ArgumentParser:
    """The parser of the command line, with what to call for each command."""
    return build(run_command, compare_command, validate_command, calibrate_command)


def _ensure_folder() -> None:
    """Refuse to work from a folder that is gone, where no relative path means anything."""
    try:
        os.getcwd()
    except OSError as error:
        raise UsageError("the current folder does not exist any more; change to another one") from error


def _report(error: BaseException, debug: bool, code: int, message: str) -> int:
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    say(message)
    return code


# --- commands ---------------------------------------------------------------------------------------------------------


def run_command(options: argparse.Namespace) -> int:
    """Simulate a scenario and print its key metrics."""
    scenario = _load(options, options.scenario)
    replicates = options.reps or scenario.replicates

    from sim.experiment import store
    from sim.experiment.batch import Demand
    from sim.experiment.result import Result
    from sim.experiment.thresholds import breaches, ensure_known
    from sim.report import text

    ensure_known(scenario)
    target = store.locate(scenario, options.out)
    failures = _complete(options, [Demand(target, replicates)])
    stored = [number for number in target.stored() if number < replicates]
    if not stored:
        return _failed(options, failures)
    result = Result.read(target, stored)
    health = [failure.message for failure in failures] + (breached := breaches(result))
    _print(options, text.run_tables(result), lambda: text.run_json(result, health), [])
    _caution(options, len(stored))
    _note(options, f"results: {_shown(target.folder)}")
    for message in breached:
        say(message)
    return _failed(options, failures) or (BREACHED if breached else OK)


def compare_command(options: argparse.Namespace) -> int:
    """Simulate what is missing and print paired differences to the reference."""
    scenarios = _compared(options)

    from sim.experiment import store
    from sim.experiment.batch import Demand, relist
    from sim.experiment.compare import PLACEBO_REPLICATES, Comparison, ensure_comparable
    from sim.experiment.result import Result
    from sim.experiment.thresholds import breaches, ensure_known
    from sim.report import figures, text

    for scenario in scenarios:
        ensure_known(scenario)
        ensure_comparable(scenarios[0], scenario)
    replicates = options.reps or scenarios[0].replicates
    first, *rest = (store.locate(scenario, options.out) for scenario in scenarios)
    # Named twice, a scenario is compared once; the reference may well be compared with itself.
    targets = [first, *{run.folder: run for run in rest}.values()]
    # Against itself there is no effect to hold against chance.
    placebos = min(PLACEBO_REPLICATES, replicates) if any(run.hash != targets[0].hash for run in targets) else 0
    demands = [Demand(targets[0], replicates, placebos)]
    demands += [Demand(run, replicates) for run in targets[1:] if run.folder != targets[0].folder]
    failures = _complete(options, demands)
    stored = [[number for number in run.stored() if number < replicates] for run in targets]
    if any(not set(stored[0]) & set(numbers) for numbers in stored):
        return _failed(options, failures)
    reference, *others = (Result.read(run, numbers) for run, numbers in zip(targets, stored, strict=True))
    comparison = Comparison(reference, others)
    tables = text.comparison_tables(comparison)
    _print(options, tables, lambda: text.comparison_json(comparison), comparison.sentences())
    _caution(options, min(len(result.replicates) for result in others))
    for folder in dict.fromkeys(run.folder for run in targets):
        _note(options, f"results: {_shown(folder)}")
    results = {run.folder: result for run, result in zip(targets, (reference, *others), strict=True)}.values()
    breached = [f"{result.scenario.name}: {message}" for result in results for message in breaches(result)]
    for message in breached:
        say(message)
    # Last, so that a folder that cannot be written any more keeps nobody from reading what is stored in it.
    figures.write_forests(comparison)
    for run in targets[1:]:
        relist(run)
    return _failed(options, failures) or (BREACHED if breached else OK)


def validate_command(options: argparse.Namespace) -> int:
    """Check scenarios without running them."""
    code = OK
    for name in options.scenario:
        try:
            _load(options, name)
        except LiebianError as error:
            say(str(error))
            code = USAGE
        else:
            tell(f"{printable(name)}: valid")
    return code


def calibrate_command(options: argparse.Namespace) -> int:
    """Fit constants of behaviour to their targets and write them, all of them or none."""
    from sim.experiment.calibration import Study, Trial, today
    from sim.experiment.fits import Entry, Files
    from sim.report import calibration as shown
    from sim.scenario import places

    def watch(entry: Entry, trial: Trial) -> None:
        target = entry.target
        _note(options, f"{entry.name} {trial.value:g}: {target.label} {trial.mean:.4g}, wanted {target.value:g}")

    files = Files.read(places.SCENARIOS)
    study = Study(
        files,
        files.plan.chosen(options.constant),
        lambda demands: _complete(options, demands, figures=False),
        watch=watch,
        seed=options.seed,
        replicates=options.reps,
        out=options.out,
    )
    if options.dry_run:
        _print(options, shown.plan_tables(study), lambda: shown.plan_json(study), [])
        return OK
    files.ensure_writable(files.plan.chosen(options.constant))
    done = study.run()
    missed = [f"{one.entry.constant}: {one.entry.target.label} is {one.problem}" for one in done if one.problem]
    if not missed:
        files.write({one.entry.name: one.fit(today()) for one in done})
    _print(options, shown.fit_tables(done), lambda: shown.fit_json(done, written=not missed), [])
    for message in missed:
        say(message)
    for one in done:
        if one.blurred and not one.problem:
            _note(options, f"{one.entry.name}: the interval is wider than the tolerance; ask for more with --reps N")
    if missed:
        say("nothing was written")
        return BREACHED
    _note(options, "written: scenarios/defaults.yaml and scenarios/calibration.yaml; renew the tables made of them:")
    for module, table in (("parameters", "parameters.md"), ("register", "register.csv")):
        _note(options, f"  python -m sim.report.{module} > docs/{table}")
    return OK


def _compared(options: argparse.Namespace) -> list[Scenario]:
    """The reference and the scenarios to compare with it."""
    names = options.scenario
    if options.without is None:
        if len(names) < 2:
            raise UsageError("compare needs a reference and a scenario, or one scenario with --without POLICY")
        scenarios, notes = _flags(options).load_together(names)
        for note in notes:
            _note(options, note)
        return scenarios
    if len(names) != 1:
        raise UsageError("compare --without POLICY takes exactly one scenario")
    from sim.policies import POLICIES

    policy = options.without
    if policy not in POLICIES:
        raise UsageError(f"--without: there is no policy '{policy}'{nearest(policy, POLICIES)}")
    scenario = _load(options, names[0])
    if getattr(scenario.policies, policy) is None:
        raise UsageError(f"--without: policy '{policy}' is off in scenario '{scenario.name}' already")
    reference = _load(options, names[0], f"policies.{policy}=null")
    name = f"{scenario.name[: 64 - len('-without-') - len(policy)]}-without-{policy}"
    return [reference.model_copy(update={"name": name}), scenario]


def _load(options: argparse.Namespace, name: str, *more: str) -> Scenario:
    """A scenario with the changes of the command line."""
    return _flags(options).load(name, *more)


def _flags(options: argparse.Namespace) -> Flags:
    from sim.scenario.flags import Flags

    return Flags(options.set, options.seed, options.years, getattr(options, "reps", None))


def _complete(options: argparse.Namespace, demands: Sequence[Any], *, figures: bool = True) -> list[Failure]:
    """Simulate what is missing, with progress, and report replicates that failed."""
    from sim.experiment.batch import complete
    from sim.report.figures import draw
    from sim.report.progress import progress

    shown = progress(shown=not (options.quiet or options.no_progress))
    failures = complete(demands, options.jobs, progress=shown, draw=draw if figures else None)
    for failure in failures:
        say(failure.message)
        if options.debug and failure.details:
            say(failure.details)
    return failures


def _failed(options: argparse.Namespace, failures: Sequence[Failure]) -> int:
    """The exit code after failures, with a hint."""
    if not failures:
        return OK
    hint = "" if options.debug else "; --debug shows where"
    say(f"{len(failures)} replicate(s) failed; the others are kept; the same command tries again{hint}")
    return FAILED


def _print(options: argparse.Namespace, tables: Sequence[Any], as_json: Any, sentences: Sequence[str]) -> None:
    """Print data in the form asked for."""
    from sim.report import text

    if options.json:
        tell(as_json())
    elif options.md:
        tell("\n".join([text.markdown(tables), *(f"- {sentence}" for sentence in sentences)]).rstrip())
    else:
        words = ["", *sentences] if sentences else []
        tell("\n".join([text.render(tables, terminal=sys.stdout.isatty()).rstrip(), *words]))


def _caution(options: argparse.Namespace, replicates: int) -> None:
    """Warn of intervals that say little."""
    if replicates == 1:
        _note(options, "one replicate has no intervals; ask for more with --reps N")
    elif replicates < FEW_REPLICATES:
        _note(options, f"intervals from fewer than {FEW_REPLICATES} replicates are wide; ask for more with --reps N")


def _note(options: argparse.Namespace, message: str) -> None:
    if not options.quiet:
        say(message)


def _shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    with contextlib.suppress(ValueError, OSError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)
