"""The summary of a run, looked up by metric and dimensions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.channels import CHANNELS

Floats = NDArray[np.float64]


class Reading(NamedTuple):
    """A mean over replicates and its 95% interval; nan where there is none."""

    mean: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there is a mean."""
        return math.isfinite(self.mean)


class Course(NamedTuple):
    """A reading per year: arrays as long as the years."""

    mean: Floats
    low: Floats
    high: Floats


UNKNOWN = Reading(math.nan, math.nan, math.nan)


class Readings:
    """Lookup in summary rows `metric, unit, by, mean, low, high, n`, `by` being a mapping."""

    def __init__(self, summary: Iterable[Mapping[str, Any]]) -> None:
        self._rows: dict[tuple[str, frozenset[Any]], Reading] = {}
        self._units: dict[str, str] = {}
        years: set[int] = set()
        for row in summary:
            by = row["by"]
            self._rows[row["metric"], frozenset(by.items())] = Reading(row["mean"], row["low"], row["high"])
            self._units[row["metric"]] = row["unit"]
            if "year" in by:
                years.add(by["year"])
        self.years = sorted(years)
        """Calendar years reported, ascending."""

    def get(self, metric: str, **by: int | str | bool) -> Reading:
        """One reading; all nan where it does not exist."""
        return self._rows.get((metric, frozenset(by.items())), UNKNOWN)

    def course(self, metric: str, **by: int | str | bool) -> Course:
        """A metric over the years."""
        found = [self.get(metric, year=year, **by) for year in self.years]
        columns = np.array(found, dtype=np.float64).reshape(len(self.years), 3).T
        return Course(*columns)

    def unit(self, metric: str) -> str:
        """The unit of a metric, empty where it does not exist."""
        return self._units.get(metric, "")

    def sum(self, metric: str, channels: Iterable[str], **by: int | str | bool) -> float:
        """The total of the channels' means, undefined ones counting as nothing."""
        means = (self.get(metric, channel=channel, **by).mean for channel in channels)
        return math.fsum(mean for mean in means if math.isfinite(mean))

    def active_channels(self, metric: str) -> list[str]:
        """Channels in which the metric is above zero in some year."""
        return [name for name in CHANNELS if np.any(np.nan_to_num(self.course(metric, channel=name).mean) > 0)]
