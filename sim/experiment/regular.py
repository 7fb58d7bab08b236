"""Regular files, opened without waiting for anybody: a name may turn out to be a pipe, a device or a folder."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path


class IrregularError(OSError):
    """Not a file of the kind and size that was looked for."""


def opened(path: Path) -> BufferedReader:
    """A regular file, opened for reading.

    Raises:
        IrregularError: it is none.
        OSError: it cannot be read.
    """
    try:
        # Without O_NONBLOCK, opening a pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a device that is not there
            raise _irregular(path, "not a regular file") from error
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return open(descriptor, "rb")
    os.close(descriptor)
    raise _irregular(path, "not a regular file")


def content(path: Path, most: int) -> bytes:
    """The bytes of a regular file.

    Raises:
        IrregularError: it is none, or has more than `most` bytes.
        OSError: it cannot be read.
    """
    with opened(path) as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise _irregular(path, f"larger than {most:,} bytes")
    return found


def sha256(path: Path) -> str:
    """SHA-256 of a regular file, hex; it is read piece by piece.

    Raises:
        IrregularError: it is none.
        OSError: it cannot be read.
    """
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _irregular(path: Path, reason: str) -> IrregularError:
    return IrregularError(errno.EINVAL, reason, str(path))
