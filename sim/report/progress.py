"""How far the work is, on standard error."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from sim.experiment.runner import Outcome, Task

SECONDS_BETWEEN_LINES = 5.0


class Silent:
    """Says nothing."""

    def start(self, total: int) -> None:
        """Nothing."""

    def advance(self, task: Task, outcome: Outcome) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


class Lines(Silent):
    """A plain line every few seconds, for logs and pipes."""

    def start(self, total: int) -> None:
        """Begin counting."""
        self.total, self.done = total, 0
        self.began = self.spoke = time.monotonic()
        self._say(f"simulating {total} {'replicate' if total == 1 else 'replicates'}")

    def advance(self, task: Task, outcome: Outcome) -> None:
        """Count one replicate and speak if it is time or the last."""
        self.done += 1
        now = time.monotonic()
        if now - self.spoke >= SECONDS_BETWEEN_LINES or self.done == self.total:
            self.spoke = now
            left = (now - self.began) / self.done * (self.total - self.done)
            self._say(f"{self.done} of {self.total} replicates, {clock(left)} left")

    def _say(self, line: str) -> None:
        # Whoever read this may have gone; that is no reason to stop simulating.
        with contextlib.suppress(OSError):
            print(line, file=sys.stderr, flush=True)


class Bar(Silent):
    """A live bar with the time left, for terminals."""

    bar: RichProgress | None = None

    def start(self, total: int) -> None:
        """Show the bar."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("replicates"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        self.bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self.item = self.bar.add_task("", total=total)
        self.bar.start()

    def advance(self, task: Task, outcome: Outcome) -> None:
        """Move the bar by one replicate."""
        if self.bar:
            self.bar.advance(self.item)

    def stop(self) -> None:
        """Remove the bar."""
        if self.bar:
            self.bar.stop()


def progress(*, shown: bool) -> Silent:
    """The progress display that fits standard error."""
    if not shown:
        return Silent()
    return Bar() if sys.stderr.isatty() else Lines()


def clock(seconds: float) -> str:
    """A duration as minutes and seconds, or hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
