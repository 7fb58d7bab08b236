"""`show`: the resolved scenario with units and origins, or what differs from another."""

from __future__ import annotations

import argparse
import json

from sim.arguments import changing, form
from sim.commands.shared import flags, print_data
from sim.console import tell
from sim.errors import Exit, printable

SUMMARY = "Print a resolved scenario: every value, its unit and where it comes from."


def arguments(parser: argparse.ArgumentParser) -> None:
    """The scenario, what of it, and with what it is compared."""
    parser.add_argument("scenario", metavar="SCENARIO", help="a name or a file")
    parser.add_argument("sections", nargs="*", metavar="PATH", help="only what stands there, such as policies.referral")
    parser.add_argument("--diff", metavar="OTHER", help="only what differs from this scenario, which stays as it is")
    changing(parser)
    form(parser)


def command(options: argparse.Namespace) -> int:
    """Print the values of a scenario, or its differences from another."""
    from sim.report import shown
    from sim.scenario.flags import Flags

    here = shown.rows(flags(options).read(options.scenario))
    there = shown.rows(Flags().read(options.diff)) if options.diff is not None else []
    shown.ensure_known(options.sections, [*here, *there])
    here, there = shown.selected(here, options.sections), shown.selected(there, options.sections)
    if options.diff is None:
        print_data(options, shown.tables(here), lambda: _json([row.as_dict() for row in here]))
        return Exit.FINE
    differing = shown.differences(here, there)
    if differing or options.json:
        table = shown.table_of(differing, options.scenario, options.diff)
        print_data(options, [table], lambda: _json([pair.as_dict() for pair in differing]))
    else:
        where = " in " + ", ".join(options.sections) if options.sections else ""
        tell(printable(f"{options.scenario} and {options.diff} do not differ{where}, name and description apart"))
    return Exit.FINE


def _json(content: list[dict[str, object]]) -> str:
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1)
