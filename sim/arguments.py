"""The words of the command line: commands, flags and their converters, with the nearest right word for wrong ones."""

from __future__ import annotations

import argparse
import difflib
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from sim import __version__
from sim.errors import UsageError

COMMANDS = ("run", "compare", "validate", "calibrate")
GLOBAL_FLAGS = ("--help", "-h", "--version")
LARGEST_SEED = 2**32 - 1

Command = Callable[[argparse.Namespace], int]


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
            if not wrong.startswith("-"):
                parser.error(f"unknown argument '{wrong}'")
            raise UsageError(f"unknown flag '{wrong}'{_nearest_flag(wrong, flags) or f'; see {parser.prog} --help'}")
        return options


def build(run: Command, compare: Command, validate: Command, calibrate: Command) -> argparse.ArgumentParser:
    """The parser; a parsed command line carries what to call as `command`."""
    parser = _Parser(prog="run.py", description="Simulate how a carmaker wins owners.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"liebian {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)

    changing = _Parser(add_help=False)
    changing.add_argument(
        "--set", action="append", default=[], metavar="A.B.C=VALUE", help="change a value of the scenario (repeatable)"
    )
    changing.add_argument("--years", type=_integer(1), metavar="N", help="years to report")
    shared = _Parser(add_help=False)
    shared.add_argument("--seed", type=_integer(0, LARGEST_SEED), metavar="N", help="seed of all randomness")
    shared.add_argument("--debug", action="store_true", help="show tracebacks")

    simulating = _Parser(add_help=False)
    simulating.add_argument("--reps", type=_integer(1), metavar="N", help="replicates (default: as the scenario says)")
    simulating.add_argument(
        "--jobs",
        type=_integer(1),
        default=_processors(),
        metavar="N",
        help="replicates at once (default: all processors)",
    )
    simulating.add_argument(
        "--out", type=_folder, metavar="DIR", help="folder of the run directories (default: results/runs)"
    )
    form = simulating.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--md", action="store_true", help="print Markdown")
    simulating.add_argument("--quiet", action="store_true", help="print nothing but data and errors")
    simulating.add_argument("--no-progress", action="store_true", help="no progress on standard error")

    def add(name: str, command: Any, text: str, *parents: _Parser) -> _Parser:
        added = commands.add_parser(name, parents=parents, help=text, description=text, allow_abbrev=False)
        added.set_defaults(command=command, parser=added)
        return added

    running = add("run", run, "Simulate a scenario and print its key metrics.", changing, shared, simulating)
    running.add_argument("scenario", metavar="SCENARIO", help="name or file")
    comparing = add("compare", compare, "Print paired differences to a reference.", changing, shared, simulating)
    comparing.add_argument(
        "scenario", nargs="+", metavar="SCENARIO", help="the reference, then what is compared with it"
    )
    comparing.add_argument("--without", metavar="POLICY", help="compare one scenario with itself without this policy")
    validating = add("validate", validate, "Check scenarios without running them.", changing, shared)
    validating.add_argument("scenario", nargs="+", metavar="SCENARIO", help="names or files")
    calibrating = add(
        "calibrate", calibrate, "Fit constants of behaviour to what was observed and write them.", shared, simulating
    )
    calibrating.add_argument(
        "constant", nargs="*", metavar="NAME", help="constants to fit (default: all of scenarios/calibration.yaml)"
    )
    calibrating.add_argument("--dry-run", action="store_true", help="say what would be run, and run nothing")
    return parser


def ensure_known_command(given: Sequence[str]) -> None:
    """Refuse an unknown command in one sentence; argparse would list its internals."""
    word = given[0] if given else None
    if word is not None and word.startswith("-") and word not in GLOBAL_FLAGS:
        hint = _nearest_flag(word, GLOBAL_FLAGS)
        raise UsageError(f"'{word}' is no command{hint or '; flags come after it: run.py COMMAND ... --flag'}")
    if word is not None and word not in (*COMMANDS, *GLOBAL_FLAGS):
        raise UsageError(f"unknown command '{word}'; commands are {', '.join(COMMANDS)}{nearest(word, COMMANDS)}")


def _integer(low: int, high: int | None = None) -> Any:
    """A converter for whole numbers within bounds."""

    def convert(text: str) -> int:
        allowed = f"a whole number from {low}" + (f" to {high}" if high is not None else "")
        # Digits only: int() would also take '1_000' and other writings of numbers.
        if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) < low or (high and int(text) > high):
            raise argparse.ArgumentTypeError(f"'{text}' is not {allowed}")
        return int(text)

    return convert


def _folder(text: str) -> Path:
    """A converter for folders; an empty one would be the current folder, which nobody means."""
    if not text:
        raise argparse.ArgumentTypeError("the name of a folder is missing")
    return Path(text)


def _nearest_flag(word: str, flags: Sequence[str]) -> str:
    """A hint at the nearest flag; the dashes, which all have, count for nothing."""
    hint = nearest(word.partition("=")[0].lstrip("-"), [flag.lstrip("-") for flag in flags])
    return hint.replace("'", "'--", 1)


def nearest(word: str, choices: Any) -> str:
    """A hint at the nearest choice."""
    near = difflib.get_close_matches(word, list(choices), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
