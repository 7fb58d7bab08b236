"""Two writers of a run kept apart: whoever works on its folder holds the lock of the folder."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

FILE = ".lock"
"""The lock file; it says who holds the lock, and stays behind empty."""

SECONDS_BETWEEN_TRIES = 0.2

NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)

Notify = Callable[[str], None]
"""Takes sentences for the user."""


@contextlib.contextmanager
def locked(folders: Iterable[Path], notify: Notify) -> Iterator[None]:
    """Hold the locks of run folders that exist; where somebody else works, say so once and wait for the end of that.

    The system releases the locks of a process that ends in whatever way. Where a folder cannot have a lock, the work
    goes on without, with a note.
    """
    with contextlib.ExitStack() as stack:
        # In the same order for everybody: two experiments on the same runs shall not wait for each other for ever.
        for _, folder in sorted({folder.resolve(): folder for folder in folders}.items()):
            stack.enter_context(_locked(folder, notify))
        yield


@contextlib.contextmanager
def _locked(folder: Path, notify: Notify) -> Iterator[None]:
    """Hold the lock of one folder."""
    from filelock import FileLock, Timeout

    file = folder / FILE
    # Never by the mere existence of a file, which a killed process would leave behind.
    lock = FileLock(file, fallback_to_soft=False)
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            notify(f"waiting for {_holder(file)}, which is working on {folder}")
            lock.acquire(poll_interval=SECONDS_BETWEEN_TRIES)
    except OSError as error:
        # In a folder that cannot be written nobody writes; should something be missing there, writing it will fail.
        if error.errno not in NOT_WRITABLE or os.access(folder, os.W_OK):
            reason = error.strerror or error
            notify(f"cannot lock {folder} ({reason}): make sure that nobody else works on it meanwhile")
        yield
        return
    try:
        _sign(file, f"process {os.getpid()} on {socket.gethostname()}")
        yield
    finally:
        _sign(file, "")
        lock.release()


def _sign(file: Path, holder: str) -> None:
    """Write down who holds a lock; it is a courtesy, so a full disk does not matter."""
    with contextlib.suppress(OSError):
        file.write_text(holder, encoding="utf-8")


def _holder(file: Path) -> str:
    """Who holds a lock."""
    try:
        return file.read_text(encoding="utf-8") or "another process"
    except (OSError, UnicodeDecodeError):
        return "another process"
