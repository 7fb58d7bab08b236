"""The words of the command line: flags that commands share, their converters, the nearest right word for wrong ones."""

from __future__ import annotations

import argparse
import difflib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

from sim import __version__
from sim.errors import UsageError

GLOBAL_FLAGS = ("--help", "-h", "--version")
LARGEST_SEED = 2**32 - 1


class CommandModule(Protocol):
    """A file of `sim/commands`: one command, importable without any heavy library."""

    SUMMARY: str
    """What the command does, one sentence."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own arguments to its parser."""

    def command(self, options: argparse.Namespace) -> int:
        """Perform it and return the exit code."""


class _Parser(argparse.ArgumentParser):
    """A parser that answers mistakes with one sentence and the nearest right word."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see '{self.prog} --help'")

    def parse_args(self, args: Any = None, namespace: Any = None) -> argparse.Namespace:  # type: ignore[override]
        options: argparse.Namespace
        options, unknown = self.parse_known_args(args, namespace)
        parser: argparse.ArgumentParser = getattr(options, "parser", self)
        if unknown and not any(word.startswith("-") for word in unknown):
            # Words after a flag, which argparse leaves over, go on with the list before it.
            lists = [a.dest for a in parser._actions if not a.option_strings and a.nargs in ("*", "+")]
            if lists:
                getattr(options, lists[-1]).extend(unknown)
                return options
        if unknown:
            wrong = next((word for word in unknown if word.startswith("-")), unknown[0])
            flags = re.findall(r"--[a-z][a-z-]*", parser.format_help())
            if not wrong.startswith("-"):
                parser.error(f"unknown argument '{wrong}'")
            raise UsageError(f"unknown flag '{wrong}'{_nearest_flag(wrong, flags) or f'; see {parser.prog} --help'}")
        return options


def build(commands: Mapping[str, CommandModule]) -> argparse.ArgumentParser:
    """The parser of all commands; a parsed command line carries what to call as `command`."""
    parser = _Parser(prog="run.py", description="Simulate how a carmaker wins owners.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"liebian {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for name, module in commands.items():
        text = module.SUMMARY
        added = subparsers.add_parser(name, help=text, description=text, allow_abbrev=False)
        module.arguments(added)
        added.add_argument("--quiet", action="store_true", help="print nothing but data and errors")
        added.add_argument("--debug", action="store_true", help="show tracebacks")
        added.set_defaults(command=module.command, parser=added)
    return parser


# --- groups of flags that several commands share ----------------------------------------------------------------------


def changing(parser: argparse.ArgumentParser) -> None:
    """Flags that change a scenario."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="A.B.C=VALUE", help="change a value of the scenario (repeatable)"
    )
    parser.add_argument("--years", type=integer(1), metavar="N", help="years to report")
    seeding(parser)


def seeding(parser: argparse.ArgumentParser) -> None:
    """The flag of the seed."""
    parser.add_argument("--seed", type=integer(0, LARGEST_SEED), metavar="N", help="seed of all randomness")


def replicating(parser: argparse.ArgumentParser) -> None:
    """The flag that says how much is simulated."""
    parser.add_argument("--reps", type=integer(1), metavar="N", help="replicates (default: as the scenario says)")


def simulating(parser: argparse.ArgumentParser) -> None:
    """Flags that say how it is simulated, and where results go."""
    working(parser)
    storing(parser)


def working(parser: argparse.ArgumentParser) -> None:
    """Flags that say how it is simulated."""
    jobs = "replicates at once (default: all processors)"
    parser.add_argument("--jobs", type=integer(1), default=processors(), metavar="N", help=jobs)
    parser.add_argument("--no-progress", action="store_true", help="no progress on standard error")
    parser.add_argument("--dry-run", action="store_true", help="say what would be run, and run nothing")


def precise(parser: argparse.ArgumentParser) -> None:
    """Flags that say how precise results must be."""
    goal = "add replicates until half the 95%% interval is that narrow: cac=2%%, cac[year=2025]=50 (repeatable)"
    parser.add_argument("--precision", action="append", default=[], metavar="METRIC=WIDTH", help=goal)
    most = "replicates at most (default: 300)"
    parser.add_argument("--max-reps", type=integer(1), metavar="N", help=f"with --precision: {most}")


def reporting(parser: argparse.ArgumentParser) -> None:
    """The flag of the file that CI systems read."""
    text = "write thresholds and failures as JUnit XML, too"
    parser.add_argument("--junit", type=file, metavar="FILE", help=text)


def storing(parser: argparse.ArgumentParser) -> None:
    """The flag of the folder of results."""
    parser.add_argument(
        "--out", type=folder, metavar="DIR", help="folder of the run directories (default: results/runs)"
    )


def form(parser: argparse.ArgumentParser) -> None:
    """Flags of the form in which data is printed."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--json", action="store_true", help="print JSON")
    group.add_argument("--md", action="store_true", help="print Markdown")


def ensure_known_command(given: Sequence[str], known: Iterable[str]) -> None:
    """Refuse an unknown command in one sentence; argparse would list its internals."""
    word = given[0] if given else None
    if word is not None and word.startswith("-") and word not in GLOBAL_FLAGS:
        hint = _nearest_flag(word, GLOBAL_FLAGS)
        raise UsageError(f"'{word}' is no command{hint or '; flags come after it: run.py COMMAND ... --flag'}")
    names = list(known)
    if word is not None and word not in (*names, *GLOBAL_FLAGS):
        raise UsageError(f"unknown command '{word}'; commands are {', '.join(names)}{nearest(word, names)}")


def integer(low: int, high: int | None = None) -> Any:
    """A converter for whole numbers within bounds."""

    def convert(text: str) -> int:
        allowed = f"a whole number from {low}" + (f" to {high}" if high is not None else "")
        # Digits only: int() would also take '1_000' and other writings of numbers.
        if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) < low or (high and int(text) > high):
            raise argparse.ArgumentTypeError(f"'{text}' is not {allowed}")
        return int(text)

    return convert


def folder(text: str) -> Path:
    """A converter for folders; an empty one would be the current folder, which nobody means."""
    if not text:
        raise argparse.ArgumentTypeError("the name of a folder is missing")
    return Path(text)


def file(text: str) -> Path:
    """A converter for files."""
    if not text:
        raise argparse.ArgumentTypeError("the name of a file is missing")
    return Path(text)


def _nearest_flag(word: str, flags: Sequence[str]) -> str:
    """A hint at the nearest flag; the dashes, which all have, count for nothing."""
    hint = nearest(word.partition("=")[0].lstrip("-"), [flag.lstrip("-") for flag in flags])
    return hint.replace("'", "'--", 1)


def nearest(word: str, choices: Any) -> str:
    """A hint at the nearest choice."""
    near = difflib.get_close_matches(word, list(choices), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
