"""The commands, a file each; a new one is its file and a line here."""

from __future__ import annotations

from sim.arguments import CommandModule
from sim.commands import calibrate, check, compare, new, resume, run, schema, show, validate, verify
from sim.commands import list as list_runs

COMMANDS: dict[str, CommandModule] = {
    "run": run,
    "compare": compare,
    "new": new,
    "validate": validate,
    "show": show,
    "list": list_runs,
    "resume": resume,
    "verify": verify,
    "check": check,
    "calibrate": calibrate,
    "schema": schema,
}
"""Every command by its name, in the order of the help."""
