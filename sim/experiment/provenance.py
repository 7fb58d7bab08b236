"""Where results come from: versions of what computed them and the state of the project's history."""

from __future__ import annotations

import platform
import subprocess
from importlib import metadata
from typing import Any

from sim import __version__, compiled

LIBRARIES = ("mesa", "numba", "numpy", "pandas", "pyarrow", "pydantic", "scipy")


def versions() -> dict[str, str]:
    """Versions of the package, of Python and of the libraries that touch results."""
    found = {"liebian": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def git_state() -> dict[str, Any] | None:
    """Commit of the project and whether files differ from it; None without git or outside a repository."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return None
    changes = _git("status", "--porcelain")
    return {"commit": commit, "changed": changes is None or bool(changes)}


def _git(*arguments: str) -> str | None:
    """Output of a git command in the project's folder, None when it fails."""
    command = ["git", "-C", str(compiled.PACKAGE.parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
