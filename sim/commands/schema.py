"""`schema`: the JSON schema of scenario files, for editors."""

from __future__ import annotations

import argparse

from sim.console import tell
from sim.errors import Exit

SUMMARY = "Print the JSON schema of scenarios, by which editors check and explain them."


def arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def command(options: argparse.Namespace) -> int:
    """Print the schema."""
    from sim.scenario import Scenario
    from sim.scenario.json_schema import document

    tell(document(Scenario).rstrip("\n"))
    return Exit.FINE
