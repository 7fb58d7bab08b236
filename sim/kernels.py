"""How kernels that work on many arrays at once are compiled.

Numba counts the references to arrays by locked instructions each time a function is entered and left, inlined or not:
four fifths of the desk's time. A kernel that creates no arrays needs no counting: its caller holds all it works on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sim import compiled

compiled.prepare()

from numba import njit  # noqa: E402  (the cache folder has to be named before numba is loaded)

F = TypeVar("F", bound=Callable[..., Any])
_UNCOUNTED: dict[str, Any] = {"cache": True, "_nrt": False}
"""The option Numba compiles its own sorting with."""


def kernel(function: F) -> F:
    """Compile a kernel that is called from Python and creates no arrays."""
    made: F = njit(**_UNCOUNTED)(function)
    return made


def part(function: F) -> F:
    """Compile a function that kernels call, into the kernel itself; it creates no arrays either."""
    made: F = njit(forceinline=True, **_UNCOUNTED)(function)
    return made
