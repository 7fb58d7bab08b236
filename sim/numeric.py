"""The one exponential, logarithm and power of the model, and sums whose order is stated.

Library versions of `exp` and `log` differ between NumPy, `math` and compilers in the last bit of some values, which is
enough to tear paired worlds apart. These are the classic fdlibm algorithms (Sun Microsystems 1993) in additions,
multiplications and divisions only, which IEEE 754 fixes to the bit: the same from arrays, kernels and plain Python, on
every machine. Accuracy: below one unit in the last place.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim import compiled

compiled.prepare()

from numba import njit, vectorize  # noqa: E402  (the cache folder has to be named before numba is loaded)

_LN2_HI = 6.93147180369123816490e-01
_LN2_LO = 1.90821492927058770002e-10
_INV_LN2 = 1.44269504088896338700e00
_MANTISSA, _INFINITE, _HALF = 0x000FFFFFFFFFFFFF, 0x7FF0000000000000, 0x3FE0000000000000
"""Bits of a float64: those of its mantissa, infinity, one half."""


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator, unused-ignore]
def exp_one(x: float) -> float:
    """e**x of one number, for kernels."""
    # Choices, not branches: processors then work on several elements of an array at once.
    number = 0.0 if x != x else x
    inside = min(max(number, -745.1332191019412), 709.782712893384)
    k = np.floor(inside * _INV_LN2 + 0.5)
    high = inside - k * _LN2_HI
    low = k * _LN2_LO
    r = high - low
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))
        )
    )
    y = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    half = np.int64(k) >> 1  # 2**k in two steps, because it may be too large or small a number where the result is not
    y = y * np.int64((half + 1023) << 52).view(np.float64)
    y = y * np.int64((np.int64(k) - half + 1023) << 52).view(np.float64)
    y = math.inf if number > 709.782712893384 else y
    y = 0.0 if number < -745.1332191019411 else y
    return x if x != x else y


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator, unused-ignore]
def log_one(x: float) -> float:
    """Natural logarithm of one number, for kernels; minus infinity at 0, nan below."""
    # Told apart by their bits: to compare what is no number sets a flag, of which NumPy warns.
    bits = np.float64(x).view(np.int64)
    mantissa = bits & _MANTISSA
    subnormal = bits & _INFINITE == 0
    normal = np.float64(mantissa).view(np.int64) if subnormal else bits  # a subnormal number is its mantissa x 2**-1074
    m = np.int64((normal & _MANTISSA) | _HALF).view(np.float64)  # 0.5 to 1
    k = np.float64((normal >> 52 & 0x7FF) - (1022 + 1074 if subnormal else 1022))
    below = m < 0.7071067811865476
    m = m * 2.0 if below else m
    k = k - 1.0 if below else k
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    t2 = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    half = 0.5 * f * f
    y: float = k * _LN2_HI - ((half - (s * (half + (t1 + t2)) + k * _LN2_LO)) - f)
    y = y if bits < _INFINITE else math.inf
    y = y if 0 <= bits <= _INFINITE else math.nan
    return -math.inf if bits << 1 == 0 else y


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def power_one(x: float, p: float) -> float:
    """x**p of one number x >= 0, for kernels; 1 for p = 0, 0 for x = 0 and p > 0."""
    y = exp_one((1.0 if p == 0.0 else p) * log_one(x))
    y = x if p == 1.0 else y
    return 1.0 if p == 0.0 or x == 1.0 else y


@vectorize(["float64(float64)"], cache=True)  # type: ignore[untyped-decorator, no-untyped-call, unused-ignore]
def _exp(x):  # type: ignore[no-untyped-def]
    return exp_one(x)


@vectorize(["float64(float64)"], cache=True)  # type: ignore[untyped-decorator, no-untyped-call, unused-ignore]
def _log(x):  # type: ignore[no-untyped-def]
    return log_one(x)


@vectorize(["float64(float64, float64)"], cache=True)  # type: ignore[untyped-decorator, no-untyped-call, unused-ignore]
def _power(x, p):  # type: ignore[no-untyped-def]
    return power_one(x, p)


# To compare what is no number sets a flag, of which NumPy warns; whether compiled choices do depends on the compiler.
_nan_is_welcome = np.errstate(invalid="ignore")


@_nan_is_welcome
def exp(x: Any) -> Any:
    """e**x, elementwise; float or float64 array as given."""
    return _exp.ufunc(x)  # the ufunc itself: Numba's object around it looks at the types of each call first


def log(x: Any) -> Any:
    """Natural logarithm, elementwise; minus infinity at 0, nan below."""
    return _log.ufunc(x)


@_nan_is_welcome
def power(x: Any, p: Any) -> Any:
    """x**p for x >= 0, elementwise; 1 for p = 0, 0 for x = 0 and p > 0."""
    if np.ndim(p) == 0 and p not in (0.0, 1.0) and math.isfinite(p):
        return exp(p * log(x))  # the same; these two passes take a third of the time of the one over both operands
    return _power.ufunc(x, p)


def ordered(*keys: NDArray[Any]) -> NDArray[np.int64]:
    """Positions in ascending order of the last key, ties by the one before it and so on: `np.lexsort`, but fast.

    Sorts by the last key alone, and then the few that tie: by the other keys, and these by the run of ties they are in.
    """
    order = _positions(keys[-1])
    first = starts(keys[-1][order])
    if not first.all():
        tied = ~first
        tied[:-1] |= tied[1:]
        places = np.flatnonzero(tied)
        run = np.empty(len(order), dtype=np.int64)
        run[order] = np.cumsum(first)
        among = np.sort(order[places])
        if len(keys) > 1:
            among = among[ordered(*(key[among] for key in keys[:-1]))]
        order[places] = among[_positions(run[among])]
    return order


def _positions(values: NDArray[Any]) -> NDArray[np.int64]:
    """Positions in ascending order of the values; small integers that tie stay in their order.

    These are sorted with their positions, each pair as one number: in half the time `np.argsort` takes.
    """
    bits = len(values).bit_length()
    if values.dtype.kind != "i" or not len(values) or max(-int(values.min()), int(values.max())) >> (62 - bits):
        return np.argsort(values)
    both = (values.astype(np.int64) << bits) | np.arange(len(values))
    both.sort()
    return both & ((1 << bits) - 1)


def distinct(values: NDArray[Any]) -> NDArray[Any]:
    """The distinct values of an integer array, ascending (by sorting: a third of the time of hashing them)."""
    ordered = np.sort(values)
    return ordered[starts(ordered)] if len(ordered) else ordered


def total(values: NDArray[np.float64]) -> float:
    """The sum of values, added in their order."""
    return float(np.cumsum(values)[-1]) if len(values) else 0.0


def starts(ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Mask of the first element of every run of equal values in an ordered array."""
    first = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def group_sums(group: NDArray[Any], values: NDArray[np.float64], order: NDArray[Any], size: int) -> NDArray[np.float64]:
    """Sums of `values` by `group` (0..size-1), added in the order of the permanent key `order`, not of the rows."""
    by_key = np.argsort(order, kind="stable")
    return np.bincount(group[by_key], weights=values[by_key], minlength=size).astype(np.float64)
