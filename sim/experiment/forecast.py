"""What an experiment will take before it is begun: replicates to simulate, memory and time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import LiebianError
from sim.experiment import memory, store
from sim.experiment.manifest import Manifest

if TYPE_CHECKING:
    from sim.experiment.batch import Demand
    from sim.scenario import Scenario

SECONDS_PER_TICK = 4e-3
"""What a tick takes however few households there are, seconds."""

SECONDS_PER_HOUSEHOLD_TICK = 35e-9
"""What a household adds to a tick, seconds. With these two the shipped scenarios, and worlds of 20,000 to 600,000
households, take within a third of what was measured on one virtual processor of 2026: another machine, a busy one or a
market with many more customers is off by more, so it is an order of magnitude. Stored timings, where there are any, are
better."""


@dataclass(frozen=True)
class Part:
    """What one run will take."""

    scenario: str
    wanted: int
    """Replicates."""
    stored: int
    """Of these, how many are there already."""
    placebos: int
    """Placebo replicates to simulate."""
    bytes_each: int
    """Memory of one replicate at its peak."""
    at_once: int
    """Replicates simulated at the same time."""
    seconds_each: float
    """Duration of one replicate."""
    timed: int
    """Stored replicates of the same size whose durations say so; 0 where it is a rule of thumb."""

    @property
    def missing(self) -> int:
        """Replicates to simulate, placebos apart."""
        return self.wanted - self.stored

    @property
    def bytes(self) -> int:
        """Memory of all replicates at once."""
        return self.bytes_each * self.at_once


@dataclass(frozen=True)
class Forecast:
    """What an experiment will take."""

    parts: Sequence[Part]
    jobs: int
    free: int
    """Memory that can be had now, bytes."""
    processors: int
    """Processors this process may use; more jobs than these bring no more speed."""

    @property
    def bytes(self) -> int:
        """The most memory that is needed at any time."""
        return max((part.bytes for part in self.parts), default=0)

    @property
    def fitting(self) -> int:
        """How many replicates fit at once, of the largest scenario that is simulated."""
        sizes = [part.bytes_each for part in self.parts if part.at_once]
        return memory.fitting(max(sizes), self.free) if sizes else self.jobs

    @property
    def fits(self) -> bool:
        """Whether it will be accepted."""
        return all(part.at_once <= memory.fitting(part.bytes_each, self.free) for part in self.parts)

    @property
    def seconds(self) -> float:
        """How long all of it will take."""
        durations = [(part.missing + part.placebos, part.seconds_each) for part in self.parts]
        total = sum(count for count, _ in durations)
        workers = min(self.jobs, self.processors, total)
        if not workers:
            return 0.0
        longest = max(each for count, each in durations if count)
        return max(longest, math.fsum(count * each for count, each in durations) / workers)


def forecast(demands: Sequence[Demand], jobs: int, processors: int) -> Forecast:
    """What `complete` will do with these demands, `jobs` replicates at a time; nothing is written."""
    return Forecast([_part(demand, jobs) for demand in demands], jobs, memory.free(), processors)


def _part(demand: Demand, jobs: int) -> Part:
    scenario = demand.run.scenario
    tasks = demand.missing()
    placebos = sum(task.placebo for task in tasks)
    size, ticks = memory.estimate(scenario, events=demand.events)
    timed = _timings(demand.run.folder.parent, scenario)
    rule = ticks * (SECONDS_PER_TICK + SECONDS_PER_HOUSEHOLD_TICK * _world(scenario.model_dump())[0])
    return Part(
        scenario=scenario.name,
        wanted=demand.replicates,
        stored=demand.replicates - (len(tasks) - placebos),
        placebos=placebos,
        bytes_each=size,
        at_once=min(jobs, len(tasks)),
        seconds_each=statistics.median(timed) if timed else rule,
        timed=len(timed),
    )


def _timings(out: Path, scenario: Scenario) -> list[float]:
    """Durations of stored replicates of scenarios of this name whose world was as large, seconds."""
    size = _world(scenario.model_dump())
    found: list[float] = []
    for folder in sorted(out.glob(f"{scenario.name}-*")):
        try:
            manifest = Manifest.read(folder, trusting=True)
        except LiebianError:  # what is damaged is no concern of an estimate
            continue
        if manifest and manifest.scenario == scenario.name and _stored_world(folder) == size:
            found += manifest.timings.seconds.values()
    return found


def _stored_world(folder: Path) -> tuple[int, ...] | None:
    """The size of the world of a stored run; None if its scenario cannot be read, as one of another version."""
    from sim.scenario.text import read_text
    from sim.scenario.yaml_core import parse

    text, _ = read_text(folder / store.SCENARIO, store.SCENARIO)
    tree, _ = parse(text, store.SCENARIO)
    try:
        return _world(tree.plain()) if tree else None
    except (KeyError, TypeError):
        return None


def _world(scenario: Any) -> tuple[int, ...]:
    """Households, years and ticks per year of a scenario written as maps and lists."""
    horizon = scenario["horizon"]
    households = sum(district["households"] for district in scenario["market"]["districts"])
    return households, horizon["years"] + scenario["economics"]["run_off_years"], horizon["ticks_per_year"]
