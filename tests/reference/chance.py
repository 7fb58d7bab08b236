"""Keyed draws, each of which may be asked for only once."""

from __future__ import annotations

from sim.numeric import log_one
from sim.streams import Decision, Key, uniform_plain


class DrawnTwiceError(AssertionError):
    """The same question was asked of chance twice: two things that should be independent would share their luck."""


class Chance:
    """The draws of one replicate, remembered by key."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self._drawn: set[tuple[int, int, int, int, int]] = set()
        self._kept: dict[tuple[int, int, int, int, int], float] = {}

    def __len__(self) -> int:
        return len(self._drawn)

    def uniform(self, decision: Decision, attempt: int, first: int, second: int = 0, nth: int = 0) -> float:
        """A draw between 0 and 1; `nth` counts where the same asks more than an attempt can number."""
        question = (int(decision), attempt, first, second, nth)
        if question in self._drawn:
            raise DrawnTwiceError(f"{decision.name} drawn twice: attempt {attempt}, ids {first} and {second}")
        self._drawn.add(question)
        return uniform_plain(self.key, int(decision), attempt, nth, first, second)

    def remembered(self, decision: Decision, attempt: int, first: int, second: int = 0, nth: int = 0) -> float:
        """A lasting trait: drawn once, the same whenever it is asked for."""
        question = (int(decision), attempt, first, second, nth)
        if question not in self._kept:
            self._kept[question] = self.uniform(decision, attempt, first, second, nth)
        return self._kept[question]

    def exponential(self, decision: Decision, attempt: int, first: int, second: int = 0) -> float:
        """A draw from the exponential distribution with mean 1."""
        return -log_one(self.uniform(decision, attempt, first, second))
