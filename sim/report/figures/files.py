"""Figures as files of a run directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sim.errors import UsageError
from sim.experiment import store
from sim.experiment.compare import Comparison
from sim.experiment.result import Result
from sim.report.figures.answers import answer_delay
from sim.report.figures.content import accounts_over_years, has_publishing, sellers_work
from sim.report.figures.costs import cost_by_channel
from sim.report.figures.forest import forest
from sim.report.figures.loop import loop
from sim.report.figures.orders import orders_by_channel
from sim.report.figures.style import svg
from sim.report.figures.tree import has_referrals, referral_tree


def draw(result: Result) -> dict[str, bytes]:
    """The figures of a result: names and contents of their SVG files; the tree only where the programme grew one,
    sellers and their accounts only where they published."""
    name = result.scenario.name
    tree = {"referral_tree.svg": svg(referral_tree(result.summary, name))} if has_referrals(result.summary) else {}
    content = {}
    if has_publishing(result.summary):
        content["sellers.svg"] = svg(sellers_work(result.summary, name))
        content["accounts.svg"] = svg(accounts_over_years(result.summary, name))
    return {
        "orders.svg": svg(orders_by_channel(result.summary, name)),
        "costs.svg": svg(cost_by_channel(result.summary, name)),
        "answers.svg": svg(answer_delay(result.summary, name)),
        "loop.svg": svg(loop(result.summary, name)),
        **tree,
        **content,
    }


def write(result: Result) -> list[Path]:
    """Draw the figures of a stored result into its run directory, each whole or not at all; returns their paths.

    Raises:
        ValueError: the result is not stored.
        UsageError: the folder cannot be written.
    """
    return _write(_folder(result), draw(result))


def write_forests(comparison: Comparison) -> list[Path]:
    """Draw a forest plot for each scenario of a comparison, `forest-REFERENCE.svg` in the scenario's run directory.

    Raises:
        ValueError: a scenario's result is not stored.
        UsageError: a folder cannot be written.
    """
    reference, *names = comparison.names
    paths = []
    for name, result in zip(names, comparison.scenarios, strict=True):
        content = svg(forest(comparison.differences, name, reference))
        paths += _write(_folder(result), {f"forest-{reference}.svg": content})
    return paths


def _folder(result: Result) -> Path:
    if result.run is None:
        raise ValueError(f"{result!r} is held in memory and has no run directory")
    return result.run.folder / store.FIGURES


def _write(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    try:
        folder.mkdir(exist_ok=True)
        store.write_whole({folder / name: content for name, content in contents.items()})
    except OSError as error:
        raise UsageError(store.cannot_write(error, folder)) from error
    return [folder / name for name in contents]
