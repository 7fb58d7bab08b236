"""How much memory an experiment needs, asked before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.scenario import Scenario

BYTES_PER_PROCESS = 380_000_000
"""Interpreter, libraries and compiled kernels of one process, bytes (measured, rounded up)."""

BYTES_PER_HOUSEHOLD = 600
"""State and network of one simulated household at their peak, bytes (measured at 20,000 to 600,000 households)."""

BYTES_PER_HOUSEHOLD_YEAR = 60
"""Records (leads, orders, margins) that one simulated household leaves in a year, bytes (measured)."""

BYTES_OF_EVENTS_PER_HOUSEHOLD_YEAR = 400
"""What an event log adds at its peak, for each simulated household and year, bytes (measured in the shipped market with
a referral programme, 3.2 rows for each)."""

USABLE_SHARE = 0.7
"""Share of the free memory that an experiment may take."""

_GROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")

_ACCOUNTS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Files of a control group's limit and use, and what of that use is only a cache, in its `memory.stat` (v2, v1)."""


def estimate(scenario: Scenario, *, events: bool = False) -> tuple[int, int]:
    """Bytes that one replicate needs at its peak, with `events` for its event log too, and its number of ticks (run-off
    included)."""
    years = scenario.horizon.years + scenario.economics.run_off_years
    households = sum(district.households for district in scenario.market.districts)
    yearly = BYTES_PER_HOUSEHOLD_YEAR + (BYTES_OF_EVENTS_PER_HOUSEHOLD_YEAR if events else 0)
    size = BYTES_PER_PROCESS + households * (BYTES_PER_HOUSEHOLD + yearly * years)
    return int(size), int(years * scenario.horizon.ticks_per_year)


def free(groups: Path = _GROUPS, membership: Path = _MEMBERSHIP) -> int:
    """Bytes of memory that can be had without swapping, within the limits of containers and other control groups.

    `groups` is where the control groups are mounted, `membership` says to which of them this process belongs.
    """
    import psutil

    return min([int(psutil.virtual_memory().available), *_free_within(groups, membership)])


def fitting(size: int, available: int) -> int:
    """How many replicates that need `size` bytes each fit into what may be used of `available` bytes."""
    return int(USABLE_SHARE * available // size)


def ensure_fits(scenario: Scenario, jobs: int, *, events: bool = False) -> None:
    """Refuse an experiment that does not fit into the free memory.

    Raises:
        UsageError: `jobs` replicates at once need more than 70% of what is free.
    """
    size, _ = estimate(scenario, events=events)
    available = free()
    most = fitting(size, available)
    if jobs <= most:
        return
    raise UsageError(
        f"scenario '{scenario.name}' needs about {jobs * size / 1e9:.1f} GB for {jobs} replicate(s) at once, but only "
        f"{available / 1e9:.1f} GB are free, of which {USABLE_SHARE:.0%} may be used: {advice(most)}"
    )


def advice(most: int) -> str:
    """What to do where no more than `most` replicates fit at once."""
    return f"use --jobs {most}" if most else "simulate fewer households"


def _free_within(groups: Path, membership: Path) -> Iterator[int]:
    """Bytes left in each control group that limits this process: its own and all around it."""
    for group in _own_groups(groups, membership):
        for limit, used, cache in _ACCOUNTS:
            try:
                most, now = int((group / limit).read_text()), int((group / used).read_text())
            except (OSError, ValueError):  # there is no such file, or no limit (`max`)
                continue
            # A cache of files gives way to whoever needs the memory.
            yield max(0, most - max(0, now - _stored(group, cache)))


def _own_groups(groups: Path, membership: Path) -> Iterator[Path]:
    """Folders of the control groups of this process, from its own outwards; in a container its own is the outermost."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers and "memory" not in controllers.split(","):
            continue
        own = Path(path.strip("/"))
        for mount in (groups / "memory",) if controllers else (groups, groups / "unified"):
            yield from (mount / part for part in (own, *own.parents))


def _stored(group: Path, name: str) -> int:
    """An entry of a control group's statistics, bytes; 0 where it is not known."""
    try:
        entries = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return int(entries.get(name, 0))
    except (OSError, ValueError):
        return 0
