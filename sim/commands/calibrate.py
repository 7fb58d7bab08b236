"""`calibrate`: fit constants of behaviour."""

from __future__ import annotations

import argparse

from sim.arguments import form, replicating, seeding, simulating
from sim.commands.shared import complete, note, print_data
from sim.console import say
from sim.errors import Exit

SUMMARY = "Fit constants of behaviour to what was observed and write them."


def arguments(parser: argparse.ArgumentParser) -> None:
    """The constants, and how their trials are simulated."""
    names = "constants to fit (default: all of scenarios/calibration.yaml)"
    parser.add_argument("constant", nargs="*", metavar="NAME", help=names)
    seeding(parser)
    replicating(parser)
    simulating(parser)
    form(parser)


def command(options: argparse.Namespace) -> int:
    """Fit constants of behaviour to their targets and write them, all of them or none."""
    from sim.experiment.calibration import Study, Trial, today
    from sim.experiment.fits import Entry, Files
    from sim.report import calibration as report
    from sim.scenario import places

    def watch(entry: Entry, trial: Trial) -> None:
        target = entry.target
        note(options, f"{entry.name} {trial.value:g}: {target.label} {trial.mean:.4g}, wanted {target.value:g}")

    files = Files.read(places.SCENARIOS)
    study = Study(
        files,
        files.plan.chosen(options.constant),
        lambda demands: complete(options, demands, figures=False),
        watch=watch,
        seed=options.seed,
        replicates=options.reps,
        out=options.out,
    )
    if options.dry_run:
        print_data(options, report.plan_tables(study), lambda: report.plan_json(study), [])
        return Exit.FINE
    files.ensure_writable(files.plan.chosen(options.constant))
    done = study.run()
    missed = [f"{one.entry.constant}: {one.entry.target.label} is {one.problem}" for one in done if one.problem]
    if not missed:
        files.write({one.entry.name: one.fit(today()) for one in done})
    print_data(options, report.fit_tables(done), lambda: report.fit_json(done, written=not missed), [])
    for message in missed:
        say(message)
    for one in done:
        if one.blurred and not one.problem:
            note(options, f"{one.entry.name}: the interval is wider than the tolerance; ask for more with --reps N")
    if missed:
        say("nothing was written")
        return Exit.BREACHED
    note(options, "written: scenarios/defaults.yaml and scenarios/calibration.yaml; renew the tables made of them:")
    for module, table in (("parameters", "parameters.md"), ("register", "register.csv")):
        note(options, f"  python -m sim.report.{module} > docs/{table}")
    return Exit.FINE
