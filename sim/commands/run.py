"""`run`: simulate a scenario."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from sim.arguments import changing, form, precise, replicating, reporting, simulating
from sim.commands.shared import (
    announce,
    caution,
    ensure_reportable,
    failed,
    load,
    note,
    print_data,
    report_junit,
    short,
    simulate,
)
from sim.console import say
from sim.errors import Exit

if TYPE_CHECKING:
    from sim.experiment.batch import Demand
    from sim.experiment.precision import Plan

SUMMARY = "Simulate a scenario and print its key metrics."


def arguments(parser: argparse.ArgumentParser) -> None:
    """The scenario, what changes it, and how it is simulated."""
    parser.add_argument("scenario", metavar="SCENARIO", help="name or file")
    changing(parser)
    replicating(parser)
    precise(parser)
    simulating(parser)
    events = "write the event log of every replicate too: a row per household and event (docs/events.md)"
    parser.add_argument("--events", action="store_true", help=events)
    form(parser)
    reporting(parser)


def command(options: argparse.Namespace) -> int:
    """Simulate a scenario and print its key metrics."""
    scenario = load(options, options.scenario)

    from sim.experiment import precision, store
    from sim.experiment.batch import Demand

    plan = precision.plan(options.precision, scenario, options.reps, options.max_reps)
    return perform(options, Demand(store.locate(scenario, options.out), plan.start, events=options.events), plan)


def perform(options: argparse.Namespace, demand: Demand, plan: Plan | None = None) -> int:
    """Simulate what a run still needs, print its key metrics and return the exit code.

    Without a plan that is what the demand says.
    """
    from sim.experiment.precision import Plan
    from sim.experiment.result import Result
    from sim.experiment.thresholds import breaches
    from sim.report import results

    plan = plan or Plan(demand.replicates, demand.replicates)

    def demands(replicates: int) -> list[Demand]:
        return [dataclasses.replace(demand, replicates=replicates)]

    if options.dry_run:
        return announce(options, plan, demands)
    ensure_reportable(options)
    done = simulate(options, plan, [demand.run], demands)
    target, failures = demand.run, done.failures
    suite = f"run {target.scenario.name}"
    stored = [number for number in target.stored() if number < done.replicates]
    if not stored:
        report_junit(options, suite, [], failures)
        return failed(options, failures)
    result = Result.read(target, stored)
    health = [failure.message for failure in failures] + done.missed + (breached := breaches(result))
    print_data(options, results.run_tables(result), lambda: results.run_json(result, health), [])
    caution(options, len(stored))
    note(options, f"results: {short(target.folder)}")
    for message in breached:
        say(message)
    report_junit(options, suite, [result], failures)
    return failed(options, failures) or (Exit.BREACHED if breached else Exit.FINE)
