"""`compare`: scenarios against a reference."""

from __future__ import annotations

import argparse
import functools
from typing import TYPE_CHECKING

from sim.arguments import changing, form, nearest, precise, replicating, reporting, simulating
from sim.commands.shared import (
    announce,
    caution,
    ensure_reportable,
    failed,
    flags,
    load,
    note,
    print_data,
    report_junit,
    short,
    simulate,
)
from sim.console import say
from sim.errors import Exit, UsageError

if TYPE_CHECKING:
    from sim.scenario import Scenario

SUMMARY = "Print paired differences to a reference."


def arguments(parser: argparse.ArgumentParser) -> None:
    """The scenarios, what changes them, and how they are simulated."""
    names = "the reference, then what is compared with it"
    parser.add_argument("scenario", nargs="+", metavar="SCENARIO", help=names)
    parser.add_argument("--without", metavar="POLICY", help="compare one scenario with itself without this policy")
    changing(parser)
    replicating(parser)
    precise(parser)
    simulating(parser)
    form(parser)
    reporting(parser)


def command(options: argparse.Namespace) -> int:
    """Simulate what is missing and print paired differences to the reference."""
    scenarios = _compared(options)

    from sim.experiment import precision, store
    from sim.experiment.batch import Demand
    from sim.experiment.compare import PLACEBO_REPLICATES, Comparison, ensure_comparable
    from sim.experiment.result import Result
    from sim.experiment.thresholds import breaches
    from sim.experiment.upkeep import adding
    from sim.report import figures, results

    for scenario in scenarios:
        ensure_comparable(scenarios[0], scenario)
    plan = precision.plan(options.precision, scenarios[0], options.reps, options.max_reps)
    first, *rest = (store.locate(scenario, options.out) for scenario in scenarios)
    # Named twice, a scenario is compared once; the reference may well be compared with itself.
    targets = [first, *{run.folder: run for run in rest}.values()]
    # Against itself there is no effect to hold against chance.
    most_placebos = PLACEBO_REPLICATES if any(run.hash != first.hash for run in targets) else 0

    def demands(replicates: int) -> list[Demand]:
        others = [Demand(run, replicates) for run in targets[1:] if run.folder != first.folder]
        return [Demand(first, replicates, min(most_placebos, replicates)), *others]

    if options.dry_run:
        return announce(options, plan, demands)
    ensure_reportable(options)
    done = simulate(options, plan, targets, demands)
    failures, suite = done.failures, f"compare {' '.join(scenario.name for scenario in scenarios)}"
    stored = [[number for number in run.stored() if number < done.replicates] for run in targets]
    if any(not set(stored[0]) & set(numbers) for numbers in stored):
        report_junit(options, suite, [], failures)
        return failed(options, failures)
    reference, *others = (Result.read(run, numbers) for run, numbers in zip(targets, stored, strict=True))
    comparison = Comparison(reference, others)
    tables = results.comparison_tables(comparison)
    found = list({run.folder: result for run, result in zip(targets, (reference, *others), strict=True)}.values())
    breached = [f"{result.scenario.name}: {message}" for result in found for message in breaches(result)]
    health = [failure.message for failure in failures] + done.missed + breached
    print_data(options, tables, lambda: results.comparison_json(comparison, health), comparison.sentences())
    caution(options, min(len(result.replicates) for result in others))
    for folder in dict.fromkeys(run.folder for run in targets):
        note(options, f"results: {short(folder)}")
    for message in breached:
        say(message)
    report_junit(options, suite, found, failures)
    # Last, so that a folder that cannot be written any more keeps nobody from reading what is stored in it.
    try:
        with adding(targets[1:], notify=functools.partial(note, options)):
            figures.write_forests(comparison)
    except UsageError as error:
        say(f"the figures of the comparison were not renewed: {error}")
    return failed(options, failures) or (Exit.BREACHED if breached else Exit.FINE)


def _compared(options: argparse.Namespace) -> list[Scenario]:
    """The reference and the scenarios to compare with it."""
    names = options.scenario
    if options.without is None:
        if len(names) < 2:
            raise UsageError("compare needs a reference and a scenario, or one scenario with --without POLICY")
        scenarios, notes = flags(options).load_together(names)
        for message in notes:
            note(options, message)
        return scenarios
    if len(names) != 1:
        raise UsageError("compare --without POLICY takes exactly one scenario")
    from sim.policies import POLICIES

    policy = options.without
    if policy not in POLICIES:
        raise UsageError(f"--without: there is no policy '{policy}'{nearest(policy, POLICIES)}")
    scenario = load(options, names[0])
    if getattr(scenario.policies, policy) is None:
        raise UsageError(f"--without: policy '{policy}' is off in scenario '{scenario.name}' already")
    reference = load(options, names[0], f"policies.{policy}=null")
    name = f"{scenario.name[: 64 - len('-without-') - len(policy)]}-without-{policy}"
    return [reference.model_copy(update={"name": name}), scenario]
