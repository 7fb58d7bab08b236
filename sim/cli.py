"""The command line: standard output carries data, standard error progress and messages."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sim import __version__
from sim.errors import LiebianError, UsageError, printable

if TYPE_CHECKING:
    from sim.experiment.batch import Failure
    from sim.scenario import Scenario

OK, INTERNAL, USAGE, FAILED, BREACHED, INTERRUPTED = 0, 1, 2, 3, 4, 130

COMMANDS = ("run", "compare", "validate")

LARGEST_SEED = 2**32 - 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; no traceback leaves here without `--debug`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    # A terminal that cannot show a character shall not end a simulation.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        _ensure_known_command(given)
        options = _parser().parse_args(given)
        code: int = options.command(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader has gone, as in `| head`: what it wanted, it has. Python would complain again when it closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        say("interrupted: finished replicates are kept; the same command continues")
        return INTERRUPTED
    except LiebianError as error:
        return _report(error, debug, error.exit_code, str(error))
    except MemoryError as error:
        return _report(error, debug, INTERNAL, "out of memory: use fewer --jobs or simulate fewer households")
    except Exception as error:
        text = f"internal error: {type(error).__name__}: {error}"
        return _report(error, debug, INTERNAL, text if debug else f"{text} (--debug shows where)")


def say(message: str) -> None:
    """Tell the user something, on standard error."""
    with contextlib.suppress(BrokenPipeError):
        for line in message.splitlines():
            print(printable(line), file=sys.stderr, flush=True)


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
    from sim.report import figures, text

    for scenario in scenarios[1:]:
        ensure_comparable(scenarios[0], scenario)
    replicates = options.reps or scenarios[0].replicates
    targets = [store.locate(scenario, options.out) for scenario in scenarios]
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
    figures.write_forests(comparison)
    for run in targets[1:]:
        relist(run)
    tables = text.comparison_tables(comparison)
    _print(options, tables, lambda: text.comparison_json(comparison), comparison.sentences())
    for folder in dict.fromkeys(run.folder for run in targets):
        _note(options, f"results: {_shown(folder)}")
    return _failed(options, failures)


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
            print(f"{printable(name)}: valid")
    return code


def _compared(options: argparse.Namespace) -> list[Scenario]:
    """The reference and the scenarios to compare with it."""
    names = options.scenario
    if options.without is None:
        if len(names) < 2:
            raise UsageError("compare needs a reference and a scenario, or one scenario with --without POLICY")
        return [_load(options, name) for name in names]
    if len(names) != 1:
        raise UsageError("compare --without POLICY takes exactly one scenario")
    from sim.policies import POLICIES

    policy = options.without
    if policy not in POLICIES:
        raise UsageError(f"--without: there is no policy '{policy}'{_nearest(policy, POLICIES)}")
    scenario = _load(options, names[0])
    if getattr(scenario.policies, policy) is None:
        raise UsageError(f"--without: policy '{policy}' is off in scenario '{scenario.name}' already")
    reference = _load(options, names[0], f"policies.{policy}=null")
    name = f"{scenario.name[: 64 - len('-without-') - len(policy)]}-without-{policy}"
    return [reference.model_copy(update={"name": name}), scenario]


def _load(options: argparse.Namespace, name: str, *more: str) -> Scenario:
    """A scenario with the changes of the command line."""
    from sim.scenario import load

    changes = [*options.set, *more]
    if options.seed is not None:
        changes.append(f"seed={options.seed}")
    if options.years is not None:
        changes.append(f"horizon.years={options.years}")
    return load(name, changes)


def _complete(options: argparse.Namespace, demands: Sequence[Any]) -> list[Failure]:
    """Simulate what is missing, with progress, and report replicates that failed."""
    from sim.experiment.batch import complete
    from sim.report import figures
    from sim.report.progress import progress

    shown = progress(shown=not (options.quiet or options.no_progress))
    failures = complete(demands, options.jobs, progress=shown, draw=figures.draw)
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
        print(as_json())
    elif options.md:
        print("\n".join([text.markdown(tables), *(f"- {sentence}" for sentence in sentences)]).rstrip())
    else:
        print(text.render(tables, terminal=sys.stdout.isatty()).rstrip())
        if sentences:
            print("\n" + "\n".join(sentences))


def _note(options: argparse.Namespace, message: str) -> None:
    if not options.quiet:
        say(message)


def _shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    with contextlib.suppress(ValueError):
        return str(path.resolve().relative_to(Path.cwd()))
    return str(path)


# --- arguments --------------------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """A parser that answers mistakes with one sentence and the nearest right word."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see '{self.prog} --help'")

    def parse_args(self, args: Any = None, namespace: Any = None) -> argparse.Namespace:  # type: ignore[override]
        options: argparse.Namespace
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            parser: argparse.ArgumentParser = getattr(options, "parser", self)
            wrong = next((word for word in unknown if word.startswith("-")), unknown[0])
            flags = re.findall(r"--[a-z][a-z-]*", parser.format_help())
            kind = "flag" if wrong.startswith("-") else "argument"
            parser.error(f"unknown {kind} '{wrong}'{_nearest(wrong.partition('=')[0], flags).rstrip('?')}")
        return options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="run.py", description="Simulate how a carmaker wins owners.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"liebian {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    shared = _Parser(add_help=False)
    shared.add_argument(
        "--set", action="append", default=[], metavar="A.B.C=VALUE", help="change a value of the scenario (repeatable)"
    )
    shared.add_argument("--seed", type=_integer(0, LARGEST_SEED), metavar="N", help="seed of all randomness")
    shared.add_argument("--years", type=_integer(1), metavar="N", help="years to report")
    shared.add_argument("--debug", action="store_true", help="show tracebacks")

    simulating = _Parser(add_help=False, parents=[shared])
    simulating.add_argument("--reps", type=_integer(1), metavar="N", help="replicates (default: as the scenario says)")
    simulating.add_argument(
        "--jobs",
        type=_integer(1),
        default=_processors(),
        metavar="N",
        help="replicates at once (default: all processors)",
    )
    simulating.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the run directories (default: results/runs)"
    )
    form = simulating.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--md", action="store_true", help="print Markdown")
    simulating.add_argument("--quiet", action="store_true", help="print nothing but data and errors")
    simulating.add_argument("--no-progress", action="store_true", help="no progress on standard error")

    def add(name: str, command: Any, parent: _Parser, text: str) -> _Parser:
        added = commands.add_parser(name, parents=[parent], help=text, description=text, allow_abbrev=False)
        added.set_defaults(command=command, parser=added)
        return added

    run = add("run", run_command, simulating, "Simulate a scenario and print its key metrics.")
    run.add_argument("scenario", metavar="SCENARIO", help="name or file")
    compare = add("compare", compare_command, simulating, "Print paired differences to a reference.")
    compare.add_argument("scenario", nargs="+", metavar="SCENARIO", help="the reference, then what is compared with it")
    compare.add_argument("--without", metavar="POLICY", help="compare one scenario with itself without this policy")
    validate = add("validate", validate_command, shared, "Check scenarios without running them.")
    validate.add_argument("scenario", nargs="+", metavar="SCENARIO", help="names or files")
    return parser


def _ensure_known_command(given: Sequence[str]) -> None:
    """Refuse an unknown command in one sentence; argparse would list its internals."""
    word = next((word for word in given if not word.startswith("-")), None)
    if word is not None and word not in COMMANDS:
        raise UsageError(f"unknown command '{word}'; commands are {', '.join(COMMANDS)}{_nearest(word, COMMANDS)}")


def _integer(low: int, high: int | None = None) -> Any:
    """A converter for whole numbers within bounds."""

    def convert(text: str) -> int:
        allowed = f"a whole number from {low}" + (f" to {high}" if high is not None else "")
        # Digits only: int() would also take '1_000' and other writings of numbers.
        if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) < low or (high and int(text) > high):
            raise argparse.ArgumentTypeError(f"'{text}' is not {allowed}")
        return int(text)

    return convert


def _nearest(word: str, choices: Any) -> str:
    """A hint at the nearest choice."""
    near = difflib.get_close_matches(word, list(choices), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
