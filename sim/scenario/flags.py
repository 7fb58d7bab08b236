"""Scenarios with the flags of a command on top: one, or several that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.errors import Problem, ScenarioError, UsageError
from sim.scenario.loader import Resolved, read
from sim.scenario.schema.root import MAX_REPLICATES, Scenario


@dataclass(frozen=True)
class Flags:
    """What the flags of a command change in a scenario."""

    settings: Sequence[str] = ()
    """Texts `path=VALUE`, as given with `--set`."""
    seed: int | None = None
    years: int | None = None
    replicates: int | None = None
    """Number of replicates to simulate; it does not become part of the scenario."""

    def load(self, name: str, *more: str) -> Scenario:
        """Return a scenario with the flags, and `more` settings after them.

        Raises UsageError for too many replicates, ScenarioError with every problem found.
        """
        return self._read(name, *more).scenario

    def read(self, name: str, *more: str) -> Resolved[Scenario]:
        """Return a scenario with the flags and `more` settings, where its values come from, and notes on it.

        Raises:
            UsageError: too many replicates.
            ScenarioError: every problem found.
        """
        return self._read(name, *more)

    def load_together(self, names: Sequence[str]) -> tuple[list[Scenario], list[str]]:
        """Return scenarios to compare, and notes on them and on settings that were not applied to all of them.

        A setting below a policy applies where the policy is on. Raises UsageError if that is nowhere, and ScenarioError
        with the problems of all scenarios.
        """
        found = []
        problems: list[Problem] = []
        for name in names:
            try:
                found.append(self._read(name, leave_out_off=True))
            except ScenarioError as error:
                problems += error.problems
        if problems:
            raise ScenarioError(dict.fromkeys(problems))
        paths = dict.fromkeys(path for one in found for path in one.left_out)
        notes = dict.fromkeys(str(note) for one in found for note in one.notes)
        return [one.scenario for one in found], [*(_left_out(path, found) for path in paths), *notes]

    def _read(self, name: str, *more: str, leave_out_off: bool = False) -> Resolved[Scenario]:
        if self.replicates is not None and self.replicates > MAX_REPLICATES:
            raise UsageError(f"--reps: must be at most {MAX_REPLICATES}, not {self.replicates}")
        changes = [*self.settings, *more]
        if self.seed is not None:
            changes.append(f"seed={self.seed}")
        if self.years is not None:
            changes.append(f"horizon.years={self.years}")
        try:
            return read(name, Scenario, changes, leave_out_off=leave_out_off)
        except ScenarioError as error:
            raise ScenarioError(map(self._as_flag, error.problems)) from error

    def _as_flag(self, problem: Problem) -> Problem:
        """Return a problem with a setting that came from a flag of its own under the name of that flag."""
        if self.years is not None and problem.path == "horizon.years" and problem.line is None:
            return Problem("--years", None, "", problem.message)
        return problem


def _left_out(path: str, found: Sequence[Resolved[Scenario]]) -> str:
    """Return the note on a setting that some scenarios left out; raises UsageError if all of them did."""
    policy = ".".join(path.split(".")[:2])
    off = ", ".join(dict.fromkeys(one.scenario.name for one in found if path in one.left_out))
    if all(path in one.left_out for one in found):
        raise UsageError(f"--set: {path}: {policy} is off in {off}; write {policy}={{}} before it to switch it on")
    return f"--set: {path}: not applied to {off}, where {policy} is off"
