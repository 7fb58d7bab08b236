"""Figures of a run and of a comparison, as SVG: text stays text, equal results give equal bytes."""

from __future__ import annotations

from sim.report.figures.answers import answer_delay
from sim.report.figures.content import accounts_over_years, sellers_work
from sim.report.figures.costs import cost_by_channel
from sim.report.figures.files import draw, write, write_forests
from sim.report.figures.forest import forest
from sim.report.figures.loop import loop
from sim.report.figures.orders import orders_by_channel
from sim.report.figures.style import svg
from sim.report.figures.tree import referral_tree

__all__ = [
    "accounts_over_years",
    "answer_delay",
    "cost_by_channel",
    "draw",
    "forest",
    "loop",
    "orders_by_channel",
    "referral_tree",
    "sellers_work",
    "svg",
    "write",
    "write_forests",
]
