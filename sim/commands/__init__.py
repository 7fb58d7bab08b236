"""The commands, a file each; a new one is its file and a line here."""

from __future__ import annotations

from sim.arguments import CommandModule
from sim.commands import calibrate, compare, run, validate

COMMANDS: dict[str, CommandModule] = {
    "run": run,
    "compare": compare,
    "validate": validate,
    "calibrate": calibrate,
}
"""Every command by its name, in the order of the help."""
