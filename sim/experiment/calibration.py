"""Calibration: the value of a constant at which a metric meets what was observed, found with the same luck throughout.

Every trial simulates the same replicates of the same scenario with another value of the constant: with common random
numbers the mean of the metric moves because of the constant alone, and its root is found by Brent's method. Constants
are fitted one after the other, each with the values found before it; those found first are measured again at the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sim import compiled
from sim.errors import ReplicateError, ScenarioError, UsageError
from sim.experiment import store
from sim.experiment.batch import Demand, Failure
from sim.experiment.fits import Entry, Files, Fit
from sim.experiment.result import Result
from sim.scenario.loader import read
from sim.scenario.places import find
from sim.scenario.schema.measured import YEARS
from sim.scenario.schema.root import MAX_REPLICATES, Scenario

DIGITS = 4
"""Significant digits of the values tried: what is written is what was simulated."""
CLOSE = 0.1
"""The search ends when the mean is within this part of the tolerance."""
PRECISION = 5e-3
"""The search ends when the constant is known to this part: of itself on a log scale, of the range on a linear one."""
MOST_STEPS = 12
"""Trials between the ends of the range; halving the range so often already reaches the precision."""
SLOPE_STEP = 0.1
"""Distance to either side at which the slope of the metric is taken: of the constant, or a twentieth of the range."""
FEWEST_TRIALS, MOST_TRIALS = 2, 2 + MOST_STEPS + 2
"""The ends of the range, the search between them, and the slope."""

Simulate = Callable[[Sequence[Demand]], Sequence[Failure]]
"""Simulates what is missing and says which replicates failed."""


class Trial(NamedTuple):
    """The metric at one value of the constant: mean and 95% t interval over the `n` replicates where it is defined."""

    value: float
    mean: float
    low: float
    high: float
    n: int


Watch = Callable[[Entry, Trial], None]
"""Told of every trial that has been simulated."""


@dataclass(frozen=True)
class Calibrated:
    """What became of one entry: a fit, or the reason why there is none."""

    entry: Entry
    old: float
    best: Trial
    """The trial nearest to the target; the one that is written."""
    trials: tuple[Trial, ...]
    seed: int
    replicates: int
    low: float = math.nan
    """Lowest value of the constant that the replicates cannot tell from the best; nan where unknown."""
    high: float = math.nan
    problem: str = ""
    """Why the target is not met; empty if it is."""

    @property
    def blurred(self) -> bool:
        """Whether the replicates leave the metric less certain than the tolerance of its target asks for."""
        target = self.entry.target
        return not (self.best.high - self.best.low) / 2 <= target.tolerance * abs(target.value)

    def fit(self, date: str) -> Fit:
        """The block to be written."""
        low, high = (None if math.isnan(end) else _rounded(end) for end in (self.low, self.high))
        return Fit(
            value=self.best.value,
            date=date,
            seed=self.seed,
            replicates=self.replicates,
            achieved=_rounded(self.best.mean, 6),
            low=low,
            high=high,
            iterations=len(self.trials),
            sources=compiled.sources_digest()[:16],
        )


class Scale:
    """The axis on which a constant is searched: logarithmic where the range is above zero, else linear."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high, self.log = low, high, low > 0
        self.step = math.log1p(SLOPE_STEP) if self.log else (high - low) / 20
        self.precision = PRECISION if self.log else PRECISION * (high - low)

    def along(self, value: float) -> float:
        """The place of a value on the axis."""
        return math.log(value) if self.log else value

    def at(self, place: float) -> float:
        """The value at a place, cut to the range."""
        inside = min(max(place, self.along(self.low)), self.along(self.high))
        return min(max(math.exp(inside) if self.log else inside, self.low), self.high)

    def trial(self, place: float) -> float:
        """The value to try for a place: within the range, with few digits."""
        return min(max(_rounded(self.at(place)), self.low), self.high)


class Trials:
    """The metric of one entry by value of its constant; each value is simulated once and kept by the store."""

    def __init__(self, study: Study, entry: Entry, others: Mapping[str, float]) -> None:
        self.study, self.entry, self.others = study, entry, dict(others)
        self.made: dict[float, Trial] = {}
        self.scale = Scale(*entry.range)

    def at(self, *values: float) -> list[Trial]:
        """The trials at these values; what is missing of all of them is simulated in one go.

        Raises:
            ReplicateError: some replicates failed; the others are kept.
        """
        missing = [value for value in dict.fromkeys(values) if value not in self.made]
        runs = {value: store.locate(self.scenario(value), self.study.out) for value in missing}
        demands = [Demand(run, self.study.replicates(self.entry)) for run in runs.values()]
        if demands and (failures := self.study.simulate(demands)):
            raise ReplicateError(
                f"{len(failures)} replicate(s) failed, so nothing was fitted; the others are kept, the same command "
                "tries again"
            )
        for value, run in runs.items():
            trial = self.made[value] = self._measured(value, run)
            self.study.watch(self.entry, trial)
        return [self.made[value] for value in values]

    def scenario(self, value: float) -> Scenario:
        """The scenario with this value, under a name that tells its folder from an ordinary run."""
        return self.study.scenario(self.entry, {**self.others, self.entry.constant: value}, "calibration")

    def gap(self, trial: Trial) -> float:
        """The distance of a trial from the target; exactly 0 when it is near enough to end the search."""
        target = self.entry.target
        distance = trial.mean - target.value
        return 0.0 if abs(distance) <= CLOSE * target.tolerance * abs(target.value) else distance

    def _measured(self, value: float, run: store.Run) -> Trial:
        target = self.entry.target
        row = Result.read(run, range(self.study.replicates(self.entry))).get(target.metric, **target.by)
        return Trial(value, row["mean"], row["low"], row["high"], row["n"])


class Study:
    """The entries to fit and how their trials are simulated.

    Raises ScenarioError where an entry's scenario does not exist or does not measure the target, UsageError where
    the scenario has behaviour of its own, and for too many replicates.
    """

    def __init__(
        self,
        files: Files,
        entries: Sequence[Entry],
        simulate: Simulate,
        *,
        watch: Watch = lambda entry, trial: None,
        seed: int | None = None,
        replicates: int | None = None,
        out: Path | None = None,
    ) -> None:
        if replicates is not None and replicates > MAX_REPLICATES:
            raise UsageError(f"--reps: must be at most {MAX_REPLICATES}, not {replicates}")
        self.files, self.entries, self.simulate, self.watch = files, list(entries), simulate, watch
        self.seed, self.out, self._replicates = seed, out, replicates
        self.plain = {entry.name: self._checked(entry) for entry in self.entries}
        """The scenario of each constant, as it is now."""

    def replicates(self, entry: Entry) -> int:
        """Replicates of each trial of an entry."""
        return self._replicates or entry.replicates

    def scenario(self, entry: Entry, values: Mapping[str, float], suffix: str = "") -> Scenario:
        """The scenario of an entry with these constants, by path."""
        changes: dict[str, object] = dict(values)
        if self.seed is not None:
            changes["seed"] = self.seed
        scenario = read(
            entry.scenario, Scenario, changes, scenarios=self.files.scenarios, allow_behaviour=bool(values)
        ).scenario
        name = f"{scenario.name[: 63 - len(suffix)]}-{suffix}" if suffix else scenario.name
        return scenario.model_copy(update={"name": name})

    def run(self) -> list[Calibrated]:
        """Fit all entries in order, then measure those fitted first again, with all constants as found.

        Ends with the first that cannot be fitted: the later ones would rest on it.
        """
        done: list[tuple[Trials, Calibrated]] = []
        values: dict[str, float] = {}
        for entry in self.entries:
            trials = Trials(self, entry, values)
            found = search(trials, self.files.value(entry), self.plain[entry.name].seed)
            done.append((trials, found))
            if found.problem:
                break
            values[entry.constant] = found.best.value
        else:
            return [self._again(trials, found, values) for trials, found in done]
        return [found for _, found in done]

    def _again(self, trials: Trials, found: Calibrated, values: Mapping[str, float]) -> Calibrated:
        """What an entry achieves with the constants that were fitted after it."""
        entry = found.entry
        others = {path: value for path, value in values.items() if path != entry.constant}
        if others == trials.others:
            return found
        (best,) = Trials(self, entry, others).at(found.best.value)
        missed = _missed(entry, best)
        problem = f"{missed} once the constants after it were fitted: give it a place after them" if missed else ""
        return Calibrated(
            entry, found.old, best, found.trials, found.seed, found.replicates, found.low, found.high, problem
        )

    def _checked(self, entry: Entry) -> Scenario:
        try:
            find(entry.scenario, self.files.scenarios)
        except ScenarioError as error:
            raise self.files.problem(entry, "scenario", error.problems[0].message) from error
        scenario = self.scenario(entry, {})
        first = scenario.horizon.start_year
        own: dict[str, Sequence[str | int | bool]] = {
            "segment": list(scenario.market.segments),
            **dict.fromkeys(YEARS, range(first, first + scenario.horizon.years)),
        }
        for path, message in entry.target.threshold.strange_labels(own):
            raise self.files.problem(entry, f"target.{path}", message)
        if getattr(scenario.behaviour, entry.name) != self.files.value(entry):
            raise UsageError(f"{entry.constant}: scenario '{entry.scenario}' has behaviour of its own; fit another one")
        return scenario


def search(trials: Trials, old: float, seed: int) -> Calibrated:
    """Find the value of one constant; the metric is taken to rise or to fall throughout the range."""
    entry, scale = trials.entry, trials.scale
    problem = ""
    low, high = trials.at(scale.low, scale.high)
    try:
        gaps = _gap(trials, low), _gap(trials, high)
        if gaps[0] * gaps[1] > 0:
            problem = f"out of reach within {scale.low:g} to {scale.high:g}"
        else:
            _descend(trials)
    except _UndefinedError as error:
        problem = f"undefined at {error.value:g}"
    best = min(trials.made.values(), key=lambda trial: (_distance(entry, trial), trial.value))
    if not problem:
        problem = _missed(entry, best)
    replicates = trials.study.replicates(entry)
    lowest, highest = (math.nan, math.nan) if problem else _interval(trials, best)
    return Calibrated(entry, old, best, tuple(trials.made.values()), seed, replicates, lowest, highest, problem)


def _descend(trials: Trials) -> None:
    """Narrow the range down to the target; the trials are remembered."""
    from scipy.optimize import brentq  # heavy

    scale = trials.scale

    def gap(place: float) -> float:
        return _gap(trials, trials.at(scale.trial(place))[0])

    ends = scale.along(scale.low), scale.along(scale.high)
    # Not converging is no error here: the nearest trial is judged by the tolerance of the target.
    brentq(gap, *ends, xtol=scale.precision, maxiter=MOST_STEPS, full_output=True, disp=False)


class _UndefinedError(Exception):
    """The metric has no mean at a value."""

    def __init__(self, value: float) -> None:
        self.value = value


def _gap(trials: Trials, trial: Trial) -> float:
    if not math.isfinite(trial.mean):
        raise _UndefinedError(trial.value)
    return trials.gap(trial)


def _distance(entry: Entry, trial: Trial) -> float:
    """Distance of a trial from its target as a share of the target; endless where the metric is undefined."""
    if not math.isfinite(trial.mean):
        return math.inf
    return abs(trial.mean - entry.target.value) / abs(entry.target.value)


def _missed(entry: Entry, trial: Trial) -> str:
    """Why a trial does not meet the target; empty if it does."""
    away = _distance(entry, trial)
    return "" if away <= entry.target.tolerance else f"{away:.1%} away at best, more than {entry.target.tolerance:.1%}"


def _interval(trials: Trials, best: Trial) -> tuple[float, float]:
    """The values of the constant that the replicates cannot tell from the best: the interval of the metric's mean
    divided by the slope of the metric (delta method), cut to the range; all of it where the metric does not move."""
    scale = trials.scale
    half = (best.high - best.low) / 2
    if not math.isfinite(half):
        return math.nan, math.nan
    place = scale.along(best.value)
    before, after = trials.at(scale.trial(place - scale.step), scale.trial(place + scale.step))
    slope = (after.mean - before.mean) / (scale.along(after.value) - scale.along(before.value))
    if not abs(slope) > 0:
        return scale.low, scale.high
    reach = half / abs(slope)
    return scale.at(place - reach), scale.at(place + reach)


def _rounded(value: float, digits: int = DIGITS) -> float:
    """A number with so many significant digits."""
    return float(f"{value:.{digits}g}")


def today() -> str:
    """The date of a fit (UTC)."""
    return datetime.now(UTC).date().isoformat()
