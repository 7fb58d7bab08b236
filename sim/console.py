"""Standard output carries data, standard error messages; either may be closed, full or gone."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO

from sim.errors import UsageError, printable


def say(message: str) -> None:
    """Tell the user something, on standard error."""
    try:
        for line in message.splitlines():
            print(printable(line), file=sys.stderr, flush=True)
    except OSError:  # nobody reads it, or it goes to a full disk
        discard(sys.stderr)


def tell(data: str) -> None:
    """Print data on standard output.

    Raises:
        UsageError: standard output cannot be written, such as a file on a full disk.
        BrokenPipeError: nobody reads it any more.
    """
    try:
        print(data, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        discard(sys.stdout)
        raise UsageError(f"cannot write to standard output: {error.strerror or error}") from error


def ensure_streams() -> None:
    """Give closed streams (`2>&-`) a place to go, and let no terminal that lacks a character end a simulation."""
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            # The number itself is occupied too: the next file opened would get it, and the messages of child processes.
            sink = os.open(os.devnull, os.O_WRONLY)
            if sink != number:
                os.dup2(sink, number)
                os.close(sink)
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def discard(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere: Python would complain again when it closes."""
    with contextlib.suppress(OSError, ValueError):
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, stream.fileno())
        os.close(sink)
