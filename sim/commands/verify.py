"""`verify`: check the files of stored runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.arguments import form, storing
from sim.commands.shared import note, print_data, short
from sim.console import tell
from sim.errors import Exit, printable

if TYPE_CHECKING:
    from sim.experiment.inventory import Finding, Inspection
    from sim.report.text import Table

SUMMARY = "Check the files of stored runs against their manifests."


def arguments(parser: argparse.ArgumentParser) -> None:
    """The runs, and where those are that are given by name."""
    folders = "run directories, or names of runs in the folder of results"
    parser.add_argument("run_dir", nargs="+", metavar="RUN_DIR", help=folders)
    storing(parser)
    form(parser)


def command(options: argparse.Namespace) -> int:
    """Check the files of stored runs and print every fault."""
    from sim.experiment.listing import located
    from sim.experiment.store import default_out
    from sim.experiment.verify import inspect
    from sim.report.text import as_json

    out = options.out or default_out()
    folders = [located(text, out) for text in options.run_dir]
    inspections = [inspect(folder) for folder in folders]
    if options.json or options.md:
        print_data(options, _tables(inspections), lambda: as_json({"runs": list(map(_plain, inspections))}), [])
    else:
        tell("\n".join(line for inspection in inspections for line in _lines(inspection)))
    for inspection in inspections:
        for sentence in inspection.notes:
            note(options, sentence)
    return Exit.CORRUPT if any(inspection.findings for inspection in inspections) else Exit.FINE


def _lines(inspection: Inspection) -> list[str]:
    """A line for each fault, or the one that says there is none."""
    if not inspection.findings:
        return [printable(f"{short(inspection.folder)}: {inspection.status}, {inspection.files} files undamaged")]
    return [printable(f"{_place(inspection, fault)}: {fault.message}") for fault in inspection.findings]


def _place(inspection: Inspection, fault: Finding) -> Path:
    """Where a fault is; the path is not resolved, for it may be a link that leads anywhere."""
    return Path(short(inspection.folder)) / fault.path.relative_to(inspection.folder)


def _tables(inspections: Sequence[Inspection]) -> list[Table]:
    """The runs, then their faults if there are any."""
    from sim.report.text import Table

    runs = [[short(one.folder), one.status, str(one.files), str(len(one.findings))] for one in inspections]
    faults = [[str(_place(one, fault)), fault.message] for one in inspections for fault in one.findings]
    tables = [Table("verified runs", ["run", "status", "undamaged files", "faults"], runs, 2)]
    return [*tables, Table("faults", ["file", "what is wrong"], faults, 2)] if faults else tables


def _plain(inspection: Inspection) -> dict[str, object]:
    return {
        "run_dir": str(inspection.folder),
        "status": inspection.status,
        "files": inspection.files,
        "findings": [{"path": str(fault.path), "message": fault.message} for fault in inspection.findings],
        "notes": inspection.notes,
    }
