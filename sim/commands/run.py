"""`run`: simulate a scenario."""

from __future__ import annotations

import argparse

from sim.arguments import changing, form, replicating, simulating
from sim.commands.shared import caution, complete, failed, load, note, print_data, short
from sim.console import say
from sim.errors import Exit

SUMMARY = "Simulate a scenario and print its key metrics."


def arguments(parser: argparse.ArgumentParser) -> None:
    """The scenario, what changes it, and how it is simulated."""
    parser.add_argument("scenario", metavar="SCENARIO", help="name or file")
    changing(parser)
    replicating(parser)
    simulating(parser)
    form(parser)


def command(options: argparse.Namespace) -> int:
    """Simulate a scenario and print its key metrics."""
    scenario = load(options, options.scenario)
    replicates = options.reps or scenario.replicates

    from sim.experiment import store
    from sim.experiment.batch import Demand
    from sim.experiment.result import Result
    from sim.experiment.thresholds import breaches, ensure_known
    from sim.report import results

    ensure_known(scenario)
    target = store.locate(scenario, options.out)
    failures = complete(options, [Demand(target, replicates)])
    stored = [number for number in target.stored() if number < replicates]
    if not stored:
        return failed(options, failures)
    result = Result.read(target, stored)
    health = [failure.message for failure in failures] + (breached := breaches(result))
    print_data(options, results.run_tables(result), lambda: results.run_json(result, health), [])
    caution(options, len(stored))
    note(options, f"results: {short(target.folder)}")
    for message in breached:
        say(message)
    return failed(options, failures) or (Exit.BREACHED if breached else Exit.FINE)
