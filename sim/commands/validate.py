"""`validate`: check scenarios without running them."""

from __future__ import annotations

import argparse

from sim.arguments import changing
from sim.commands.shared import load
from sim.console import say, tell
from sim.errors import Exit, LiebianError, printable

SUMMARY = "Check scenarios without running them."


def arguments(parser: argparse.ArgumentParser) -> None:
    """The scenarios and what changes them."""
    parser.add_argument("scenario", nargs="+", metavar="SCENARIO", help="names or files")
    changing(parser)


def command(options: argparse.Namespace) -> int:
    """Check scenarios without running them."""
    code = Exit.FINE
    for name in options.scenario:
        try:
            load(options, name)
        except LiebianError as error:
            say(str(error))
            code = Exit.USAGE
        else:
            tell(f"{printable(name)}: valid")
    return code
