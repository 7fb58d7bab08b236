"""`resume`: finish a run that was interrupted or killed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sim.arguments import form, reporting, working
from sim.commands.run import perform
from sim.commands.shared import note
from sim.errors import ScenarioError, StoreError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from sim.experiment.batch import Demand
    from sim.experiment.manifest import Manifest
    from sim.experiment.store import Run

SUMMARY = "Finish a run that was interrupted or killed, and print its key metrics."


def arguments(parser: argparse.ArgumentParser) -> None:
    """The run directory and how it is finished."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of the run, or its name below results/runs")
    working(parser)
    form(parser)
    reporting(parser)


def command(options: argparse.Namespace) -> int:
    """Simulate what the last experiment on a run asked for and is missing; print its key metrics."""
    from sim.experiment import listing, store
    from sim.experiment.manifest import Manifest

    folder = listing.located(options.run_dir, store.default_out()).resolve()
    listed = Manifest.read(folder)
    if listed is None:
        raise UsageError(
            f"{folder}: there is no manifest.json: interrupted before anything was simulated; run the scenario again: "
            "run.py run NAME"
        )
    demand = _demand(folder, listed)
    if listed.status == "complete" and not demand.missing():
        note(options, "the run is complete")
    return perform(options, demand)


def _demand(folder: Path, listed: Manifest) -> Demand:
    """What the last experiment on a run asked for.

    Raises:
        StoreError: the folder is damaged, or the code has changed since.
    """
    from sim import compiled
    from sim.experiment.batch import Demand

    now = compiled.sources_digest()
    if listed.sources != now:
        raise StoreError(
            f"{folder}: was made by other code (sources {listed.sources[:12]}, these are {now[:12]}); run the scenario "
            f"anew: run.py run {listed.scenario}"
        )
    return Demand(_run(folder, listed), listed.wanted, listed.placebos, listed.events)


def _run(folder: Path, listed: Manifest) -> Run:
    """The run of a folder, whose scenario must be the one of its manifest.

    Raises:
        StoreError: it is not, or the folder has another name than its run.
    """
    from sim.experiment import regular, store
    from sim.scenario import Scenario, restore

    file = folder / store.SCENARIO
    advice = f"run the scenario anew: run.py run {listed.scenario}"
    try:
        scenario = restore(regular.content(file, store.LARGEST_SCENARIO).decode(), Scenario, str(file))
    except FileNotFoundError as error:
        raise StoreError(f"{file}: the file is missing; {advice}") from error
    except (OSError, UnicodeDecodeError, ScenarioError) as error:
        reason = error.problems[0].message if isinstance(error, ScenarioError) else error
        raise StoreError(f"{file}: the file is damaged ({reason}); {advice}") from error
    settled = listed.status in ("complete", "failed")
    edited = settled and listed.files.get(store.SCENARIO) not in (None, regular.sha256(file))
    if edited or store.identity(scenario) != listed.identity or scenario.name != listed.scenario:
        raise StoreError(f"{file}: the file has changed since it was written; {advice}")
    run = store.locate(scenario, folder.parent)
    if run.folder.name != folder.name:
        raise StoreError(f"{folder}: the folder of this run is to be called {run.folder.name}; rename it")
    return run
