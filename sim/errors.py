"""Errors that users may see, each with the exit code of the command that meets it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """How a command ends."""

    FINE = 0
    INTERNAL = 1
    """A defect of this program."""
    USAGE = 2
    """Wrong usage or an invalid scenario."""
    FAILED = 3
    """Some replicates failed."""
    BREACHED = 4
    """A threshold or a baseline is breached."""
    CORRUPT = 5
    """Stored results are corrupt or incompatible."""
    INTERRUPTED = 130
    """The same command continues."""


class LiebianError(Exception):
    """Something went wrong that a user can understand; commands print it in plain words, without a traceback."""

    exit_code: ClassVar[Exit] = Exit.INTERNAL


class UsageError(LiebianError):
    """A command, flag or argument that cannot be used like this."""

    exit_code = Exit.USAGE


class ReplicateError(LiebianError):
    """Some replicates failed; the finished ones are kept."""

    exit_code = Exit.FAILED


class StoreError(LiebianError):
    """Stored results that are corrupt, incompatible or cannot be written."""

    exit_code = Exit.CORRUPT


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a scenario: where it was written, which key it is, and what to write instead."""

    file: str
    """The file as shown to the user, or `--set`."""
    line: int | None
    """Line of the file on which the key was set, counted from 1; None where lines make no sense."""
    path: str
    """The key in the resolved scenario, such as `market.districts[0].name`; empty for the file as a whole."""
    message: str

    def __str__(self) -> str:
        """Format as one printable line, `file:line: path: message`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return printable(": ".join(part for part in (place, self.path, self.message) if part))


class ScenarioError(LiebianError):
    """An invalid scenario; `problems` holds all that is wrong with it, in the order of the files' lines."""

    exit_code = Exit.USAGE

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class FieldError(ValueError):
    """Raised by a validator of several fields to say which of them is wrong.

    Each fault is a path below the validated model (`stop`, `districts[0].name`) and a message.
    """

    def __init__(self, *faults: tuple[str, str]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{path}: {message}" for path, message in faults))


def printable(text: str) -> str:
    """Return the text with characters that could break or disguise a line of a terminal written as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
