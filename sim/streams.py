"""Randomness as a function: keyed draws from Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Random123").

A draw is named, not taken from a stream: `(seed, replicate)` is the generator's key, and who decides what, when and for
the how-manieth time is its counter. The same question has the same answer in any order, on any thread, in any world, so
paired worlds share their luck (common random numbers) and nothing has to be saved for a resume.

The same bits come from three places, held together by tests and by the published known-answer vectors: `uniform`
(NumPy arrays, compiled), `uniform_one` (called from compiled kernels) and `uniform_plain` (integers of plain Python).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import compiled

compiled.prepare()

from numba import njit, types  # noqa: E402  (the cache folder has to be named before numba is loaded)
from numba.extending import overload  # noqa: E402

from sim.kernels import kernel  # noqa: E402


class Decision(IntEnum):
    """Every question the model asks of chance, named once. The number is part of the key: append, never reorder."""

    NETWORK_DEGREE = 0
    NETWORK_STRONG = 1
    NETWORK_ORDER = 3
    SEGMENT = 4
    PLACE = 5
    PARTNER = 6
    NOTICE = 7
    INITIAL_OWNER = 8
    CAR_AGE = 9
    INITIAL_SATISFACTION = 11
    SKILL = 12
    NEED = 13
    SEARCH = 14
    CONTACT = 15
    CONTACT_CHANNEL = 16
    BROWSE = 17
    BROWSE_CHANNEL = 18
    TALK_NEXT = 19
    TALK_MOOD = 20
    TALK_INVITE = 21
    TALK_FRIEND = 22
    TALK_HEARER = 23
    TALK_CONTACT = 24
    COOLING = 26
    SEAT = 27
    CALL_TIME = 28
    VISIT_AGREED = 29
    VISIT_DELAY = 30
    VISIT_TIME = 31
    TEST_DRIVE = 32
    CHOICE_OWN = 33
    CHOICE_PARTNER = 34
    LAST_WORD = 35
    RIVAL = 36
    CANCEL = 37
    SATISFACTION = 38
    CARE_NEXT = 39
    CARE_KIND = 40
    CARE_RECOVERY = 41
    LEAVE = 42
    MILES = 43
    SPOT = 44
    CONTACT_HOUR = 45
    BROWSE_HOUR = 46
    INITIAL_RELATIONSHIP = 47
    ZEAL = 48
    TASTE = 49
    BROKER = 50
    ELIGIBLE = 51
    ABUSE = 52
    CODE = 53
    CHECK = 54
    FALSE_REJECTION = 55
    MATCH = 56
    MATCHED = 57
    RETURN = 58
    TALENT = 59
    QUIT = 60
    TAKES_PART = 61
    BAIT = 62
    REACH = 63
    SHOCK = 64
    FOLLOW = 65
    FOLLOWED = 66
    UNFOLLOW = 67
    GO_ALONG = 68
    POSTER = 69
    LIVE_REACH = 70
    POOL = 71
    SCORE = 72
    RECALL = 73


class Key(NamedTuple):
    """What makes one replicate different from another: the scenario's seed and its number, both 0..2**32-1."""

    seed: int
    replicate: int


_MASK = np.uint64(0xFFFFFFFF)
_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_32 = np.uint64(32)
_20 = np.uint64(20)
_12 = np.uint64(12)
_ROUNDS = 10
_WHOLE = (int, np.integer)


@njit(cache=True, inline="always")  # type: ignore[untyped-decorator, unused-ignore]
def philox(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Philox4x32-10 of four counter words under two key words (each 32 bits, held in 64)."""
    for _ in range(_ROUNDS):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0, c1, c2, c3 = ((p1 >> _32) ^ c1 ^ k0), (p1 & _MASK), ((p0 >> _32) ^ c3 ^ k1), (p0 & _MASK)
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@njit(cache=True, inline="always")  # type: ignore[untyped-decorator, unused-ignore]
def _interval(c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64) -> float:
    """The draw of four counter words under two key words: 52 bits, in the middle of their interval."""
    x0, x1, _, _ = philox(c0, c1, c2, c3, k0, k1)
    k = (x0 << _20) | (x1 >> _12)
    return (np.float64(np.int64(k)) + 0.5) * 2.220446049250313e-16


@njit(cache=True)  # type: ignore[untyped-decorator, unused-ignore]
def uniform_one(seed: int, replicate: int, decision: int, attempt: int, tick: int, id1: int, id2: int) -> float:
    """One keyed draw in the open interval (0, 1), for use inside compiled kernels; arguments as in `uniform`."""
    attempt_of = ((np.uint64(decision) << _20) | (np.uint64(attempt) & np.uint64(0xFFFFF))) & _MASK
    return _interval(
        np.uint64(id1) & _MASK,
        np.uint64(id2) & _MASK,
        np.uint64(tick) & _MASK,
        attempt_of,
        np.uint64(seed) & _MASK,
        np.uint64(replicate) & _MASK,
    )


def _word(of: Any, i: Any) -> Any:
    """The counter word of draw i: 32 bits of an integer, or of the i-th element of an array. In kernels only."""
    raise TypeError("a counter word is read in compiled kernels only")


@overload(_word, inline="always", strict=False)  # type: ignore[untyped-decorator, no-untyped-call, unused-ignore]
def _compile_word(of: Any, i: Any) -> Any:
    if isinstance(of, types.Array):
        return lambda of, i: np.uint64(np.uint32(of[i]))
    return lambda of, i: np.uint64(of) & _MASK


@kernel
def _draw_all(
    seed: int, replicate: int, decision: int, attempt: Any, tick: Any, id1: Any, id2: Any, drawn: NDArray[np.float64]
) -> None:
    """Draw for all elements. A loop over words of 32 bits is one compilers vectorise."""
    k0, k1, decided = np.uint64(seed), np.uint64(replicate), np.uint64(decision) << _20
    for i in range(len(drawn)):
        drawn[i] = _interval(_word(id1, i), _word(id2, i), _word(tick, i), _word(attempt, i) | decided, k0, k1)


def uniform(key: Key, decision: int, attempt: Any, tick: Any, id1: Any, id2: Any = 0) -> NDArray[np.float64]:
    """Keyed draws, uniform on the open interval (0, 1) with 52 bits.

    `attempt` (0..2**20-1), `tick`, `id1` and `id2` (0..2**32-1) are integers or integer arrays that broadcast together;
    the result has their common shape. Keys are permanent ids, never rows of tables that grow.
    """
    words = (attempt, tick, id1, id2)
    shapes = {word.shape for word in words if not isinstance(word, _WHOLE)}
    shape = shapes.pop() if len(shapes) == 1 else ()
    if len(shape) != 1:  # not the common case, integers and arrays of one length: make it one
        alike = np.broadcast_arrays(*words)
        return uniform(key, decision, *(word.ravel() for word in alike)).reshape(alike[0].shape)
    drawn = np.empty(shape)
    # One type for all arrays (their 32 bits are what counts), or every mixture would be compiled.
    attempt, tick, id1, id2 = (
        int(word) if isinstance(word, _WHOLE) else np.ascontiguousarray(word, np.int32) for word in words
    )
    _draw_all(key.seed, key.replicate, int(decision), attempt, tick, id1, id2, drawn)
    return drawn


def philox_plain(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Philox4x32-10 in plain Python integers: the readable definition, against which the compiled one is held."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c3 ^ k1, p0 & 0xFFFFFFFF
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def uniform_plain(key: Key, decision: int, attempt: int, tick: int, id1: int, id2: int = 0) -> float:
    """`uniform` for one draw, in plain Python; the same bits."""
    words = philox_plain((id1, id2, tick, int(decision) << 20 | attempt), key)
    return ((words[0] << 20 | words[1] >> 12) + 0.5) * 2.0**-52
