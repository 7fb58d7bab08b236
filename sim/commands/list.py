"""`list`: the stored runs."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.arguments import form, storing
from sim.commands.shared import note, print_data, short
from sim.errors import Exit

if TYPE_CHECKING:
    from sim.experiment.listing import Stored
    from sim.report.text import Table

SUMMARY = "List the stored runs, the newest first."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which runs, and where they are."""
    names = "only scenarios whose name begins like this (default: all)"
    parser.add_argument("name", nargs="*", metavar="NAME", help=names)
    storing(parser)
    form(parser)


def command(options: argparse.Namespace) -> int:
    """List the stored runs."""
    from sim.experiment.listing import stored
    from sim.experiment.store import default_out
    from sim.report.text import as_json

    out = options.out or default_out()
    runs = stored(out, options.name)
    print_data(options, [_table(short(out), runs)], lambda: as_json({"out": str(out), "runs": _plain(runs)}), [])
    if not runs:
        which = f" of {', '.join(options.name)}" if options.name else ""
        note(options, f"no runs{which} are stored in {short(out)}; 'run.py run SCENARIO' makes one")
    return Exit.FINE


def _table(place: str, runs: Sequence[Stored]) -> Table:
    """What the list shows."""
    from sim.report.text import Table

    header = ["run", "scenario", "status", "code", "finished", "seed", "replicates"]
    rows = [
        [
            *(run.folder, run.scenario, run.status, run.code or "-", run.finished or "-"),
            "-" if run.seed is None else str(run.seed),
            "-" if run.replicates is None else f"{run.replicates} of {run.wanted}",
        ]
        for run in runs
    ]
    note = "code: current can be continued and extended; other was made by other sources than these"
    return Table(f"stored runs in {place}", header, rows, 5, optional=("seed", "scenario", "finished"), note=note)


def _plain(runs: Sequence[Stored]) -> list[dict[str, object]]:
    return [dataclasses.asdict(run) for run in runs]
