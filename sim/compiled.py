"""Identity of the package's sources, and the folder where their compiled kernels are kept.

Numba's own cache looks only at the file of a kernel, not at the functions the kernel calls: a changed callee would be
served stale machine code. So the cache folder carries the digest of *all* sources of the package.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


@functools.cache
def sources_digest() -> str:
    """SHA-256 (hex) of the package's Python sources: their sorted relative paths and their bytes."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py"), key=lambda path: path.relative_to(PACKAGE).as_posix()):
        content = path.read_bytes()
        # The length keeps the border between two files unambiguous.
        digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def cache_root() -> Path:
    """The user's cache folder of this project: `$XDG_CACHE_HOME/liebian`, else `~/.cache/liebian`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG rules ask to ignore a relative path.
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "liebian"


def prepare() -> Path:
    """Point Numba's cache to the folder of the present sources and return it; call before Numba is imported.

    Where matplotlib could not keep its font list, its folder (`MPLCONFIGDIR`) is set too.

    A `NUMBA_CACHE_DIR` set by the user becomes the parent of that folder. Where nothing can be written, a private
    temporary folder is used, which is removed when this process ends.
    """
    name = f"numba-{sources_digest()[:16]}"
    current = os.environ.get("NUMBA_CACHE_DIR")
    if current and Path(current).name == name:
        return Path(current)  # set by the process that started this one
    try:
        folder = (Path(current) if current else cache_root()) / name
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, RuntimeError):  # RuntimeError: no home folder
        folder = Path(tempfile.mkdtemp(prefix="liebian-")) / name
        folder.mkdir()
        atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if not _matplotlib_can_write():
        # Beside the kernels: without a folder of its own, matplotlib complains on standard error in every process.
        os.environ["MPLCONFIGDIR"] = str(folder.parent)
    if "numba" in sys.modules:  # a notebook was first: Numba has read the variable already
        sys.modules["numba"].config.CACHE_DIR = str(folder)
    return folder


def _matplotlib_can_write() -> bool:
    """Whether matplotlib finds the folders it looks for, or was told another one by the user."""
    if os.environ.get("MPLCONFIGDIR"):
        return True
    try:
        for variable, usual in (("XDG_CONFIG_HOME", ".config"), ("XDG_CACHE_HOME", ".cache")):
            folder = Path(os.environ.get(variable) or Path.home() / usual) / "matplotlib"
            folder.mkdir(parents=True, exist_ok=True)
            if not os.access(folder, os.W_OK):
                return False
    except (OSError, RuntimeError):  # RuntimeError: no home folder
        return False
    return True
