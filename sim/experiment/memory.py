"""How much memory an experiment needs, asked before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.scenario import Scenario

BYTES_PER_PROCESS = 320_000_000
"""Interpreter, libraries and compiled kernels of one process, bytes (measured, rounded up)."""

BYTES_PER_HOUSEHOLD = 1_000
"""State and network of one simulated household at their peak, bytes (measured at 100,000 households)."""

BYTES_PER_HOUSEHOLD_YEAR = 130
"""Records (leads, orders, margins) that one simulated household leaves in a year, bytes."""

USABLE_SHARE = 0.7
"""Share of the free memory that an experiment may take."""


def estimate(scenario: Scenario) -> tuple[int, int]:
    """Bytes that one replicate needs at its peak, and its number of ticks (run-off included)."""
    years = scenario.horizon.years + scenario.economics.run_off_years
    households = sum(district.households for district in scenario.market.districts)
    size = BYTES_PER_PROCESS + households * (BYTES_PER_HOUSEHOLD + BYTES_PER_HOUSEHOLD_YEAR * years)
    return int(size), int(years * scenario.horizon.ticks_per_year)


def free() -> int:
    """Bytes of memory that can be had without swapping."""
    import psutil

    return int(psutil.virtual_memory().available)


def ensure_fits(scenario: Scenario, jobs: int) -> None:
    """Refuse an experiment that does not fit into the free memory.

    Raises:
        UsageError: `jobs` replicates at once need more than 70% of what is free.
    """
    size, _ = estimate(scenario)
    available = free()
    if jobs * size <= USABLE_SHARE * available:
        return
    fitting = int(USABLE_SHARE * available // size)
    advice = f"use --jobs {fitting}" if fitting else "simulate fewer households"
    raise UsageError(
        f"scenario '{scenario.name}' needs about {jobs * size / 1e9:.1f} GB for {jobs} replicate(s) at once, but only "
        f"{available / 1e9:.1f} GB are free, of which {USABLE_SHARE:.0%} may be used: {advice}"
    )
