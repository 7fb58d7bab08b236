"""Keyed draws, the exponential, logarithm and power, and orders: known answers, the same bits wherever computed."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import numeric
from sim.streams import Decision, Key, philox, philox_plain, uniform, uniform_one, uniform_plain

ALL_ONES = 0xFFFFFFFF
PI = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ALL_ONES,) * 4, (ALL_ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (PI, (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]
"""Philox4x32-10 of a counter under a key, from the test vectors published with Random123."""

word = st.integers(0, ALL_ONES)
keys = st.builds(Key, word, word)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(
    counter: tuple[int, ...], key: tuple[int, int], expected: tuple[int, ...]
) -> None:
    compiled = philox(*(np.uint64(x) for x in (*counter, *key)))
    assert tuple(int(x) for x in compiled) == expected
    assert philox_plain(counter, key) == expected  # type: ignore[arg-type]


@given(keys, st.sampled_from(Decision), st.integers(0, 2**20 - 1), word, word, word)
@settings(max_examples=200, deadline=None)
def test_a_draw_has_the_same_bits_from_arrays_kernels_and_plain_python(
    key: Key, decision: Decision, attempt: int, tick: int, first: int, second: int
) -> None:
    plain = uniform_plain(key, decision, attempt, tick, first, second)
    assert 0.0 < plain < 1.0
    assert uniform_one(key.seed, key.replicate, int(decision), attempt, tick, first, second) == plain
    assert uniform(key, decision, attempt, tick, np.array([first, first]), second).tolist() == [plain, plain]


def test_arguments_of_a_draw_broadcast_and_keep_their_places() -> None:
    key, ids, attempts = Key(3, 1), np.arange(4, dtype=np.int32), np.arange(3, dtype=np.int16)[:, None]
    drawn = uniform(key, Decision.TALK_NEXT, attempts, 7, ids, ids + 100)
    expected = [[uniform_plain(key, Decision.TALK_NEXT, a, 7, i, i + 100) for i in range(4)] for a in range(3)]
    assert drawn.tolist() == expected


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.int64, np.uint32])
def test_a_draw_does_not_depend_on_how_its_key_is_stored(kind: type) -> None:
    key, ids = Key(3, 1), np.arange(12)
    spread = np.zeros((12, 2), dtype=kind)
    spread[:, 1] = ids
    expected = [uniform_plain(key, Decision.TALK_NEXT, i, i, i, 5) for i in range(12)]
    strided = spread[:, 1]
    assert uniform(key, Decision.TALK_NEXT, ids, strided, strided, kind(5)).tolist() == expected
    assert uniform(key, Decision.TALK_NEXT, strided, ids, strided, np.array([kind(5)])).tolist() == expected
    assert uniform(key, Decision.TALK_NEXT, 1, 1, kind(1), 5).tolist() == expected[1]
    assert uniform(key, Decision.TALK_NEXT, 0, 0, ids[:0].astype(kind)).shape == (0,)


@pytest.mark.parametrize("size", [0, 1, 2, 40, 300])
def test_positions_are_ordered_by_the_last_key_and_ties_by_those_before_it(size: int) -> None:
    chance = np.random.default_rng(size)
    few = chance.integers(-2, 3, (3, size))
    keys = few[0].astype(np.int8), few[1] / 2.0, few[2] * 2**61, np.abs(few[0]) > 1, few[1].astype(np.int32)
    for count in (1, 2, 3, 4):
        for chosen in permutations(keys, count):
            assert numeric.ordered(*chosen).tolist() == np.lexsort(chosen).tolist()


def test_every_part_of_the_key_changes_the_draw() -> None:
    base = (1, 1, int(Decision.NEED), 1, 1, 1, 1)
    draws = {uniform_one(*base)}
    for place in range(len(base)):
        draws.add(uniform_one(*(value + (place == i) for i, value in enumerate(base))))
    assert len(draws) == len(base) + 1


def test_the_ends_of_the_interval_are_never_reached() -> None:
    assert (0.0 + 0.5) * 2.0**-52 > 0.0
    assert (2**52 - 1 + 0.5) * 2.0**-52 < 1.0


def test_draws_are_uniform() -> None:
    drawn = uniform(Key(5, 0), Decision.NEED, 0, 0, np.arange(100_000))
    counts = np.bincount((drawn * 100).astype(int), minlength=100)
    chi_square = float(((counts - 1000.0) ** 2 / 1000.0).sum())
    assert 50.0 < chi_square < 170.0  # 99 degrees of freedom: mean 99, standard deviation 14
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.015


def test_decisions_are_unique_and_fit_the_key() -> None:
    values = [member.value for member in Decision.__members__.values()]
    assert len(set(values)) == len(values)
    assert len(list(Decision)) == len(values)  # no aliases
    assert min(values) >= 0
    assert max(values) < 2**12


ONE_ARGUMENT: list[tuple[Callable[..., Any], Any]] = [(numeric.exp, numeric.exp_one), (numeric.log, numeric.log_one)]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 709.78, 709.79, -745.1, -745.2, 5e-324, 1e-310, 1.7e308, math.inf, -math.inf]


def bits(x: float) -> int:
    """The bits of a number; every nan counts as the same."""
    return -1 if x != x else int(np.float64(x).view(np.int64))


@pytest.mark.parametrize(("of_array", "of_one"), ONE_ARGUMENT)
def test_exp_and_log_have_the_same_bits_everywhere(of_array: Callable[..., Any], of_one: Any) -> None:
    x = np.array([*SPECIAL, math.nan, *np.linspace(-50.0, 50.0, 501), *np.geomspace(1e-300, 1e300, 501)])
    array = [bits(v) for v in of_array(x).tolist()]
    assert array == [bits(float(of_array(v))) for v in x.tolist()]
    assert array == [bits(of_one(v)) for v in x.tolist()]
    assert array == [bits(of_one.py_func(v)) for v in x.tolist()]


@given(st.floats(0.0, 1e6), st.floats(-5.0, 5.0))
@settings(max_examples=200, deadline=None)
def test_power_has_the_same_bits_everywhere(x: float, p: float) -> None:
    array = numeric.power(np.array([x]), p).tolist()[0]
    assert bits(array) == bits(numeric.power_one(x, p)) == bits(numeric.power_one.py_func(x, p))
    assert bits(array) == bits(float(numeric.power(x, p)))


def units_off(mine: float, exact: Decimal) -> float:
    """Distance from the exact value in units in the last place."""
    return float(abs(Decimal(mine) - exact) / Decimal(math.ulp(float(exact))))


def test_exp_and_log_are_accurate_to_less_than_one_unit_in_the_last_place() -> None:
    with localcontext(Context(prec=60)):
        for u in uniform(Key(1, 2), Decision.NEED, 0, 0, np.arange(2000)).tolist():
            for x in ((u - 0.5) * 1400.0, (u - 0.5) * 4.0):
                assert units_off(numeric.exp_one(x), Decimal(x).exp()) < 1.0
            for x in (u, 0.5 + u, math.exp((u - 0.5) * 1400.0)):
                assert units_off(numeric.log_one(x), Decimal(x).ln()) < 1.0


def test_power_agrees_with_the_library() -> None:
    for x in uniform(Key(1, 2), Decision.SEARCH, 0, 0, np.arange(2000)).tolist():
        assert numeric.power_one(8.0 * x, 0.4) == pytest.approx((8.0 * x) ** 0.4, rel=1e-14)


def test_ends_of_exp_log_and_power() -> None:
    assert numeric.exp_one(0.0) == 1.0
    assert numeric.exp_one(-math.inf) == 0.0
    assert numeric.exp_one(math.inf) == math.inf
    assert numeric.log_one(1.0) == 0.0
    assert numeric.log_one(0.0) == -math.inf
    assert math.isnan(numeric.log_one(-1.0))
    assert numeric.exp_one(-744.5) == 5e-324  # the smallest number there is, and its logarithm
    assert numeric.log_one(5e-324) == pytest.approx(-1074.0 * math.log(2.0), rel=1e-15)
    assert numeric.exp_one(709.78) == pytest.approx(math.exp(709.78), rel=1e-15)
    assert numeric.power_one(0.0, 0.0) == 1.0
    assert numeric.power_one(0.0, 2.0) == 0.0
    assert numeric.power_one(3.7, 1.0) == 3.7


def test_group_sums_add_in_the_order_of_the_key() -> None:
    values = np.array([1e16, 1.0, -1e16, 1.0])
    group = np.array([1, 1, 1, 0])
    by_key = numeric.group_sums(group, values, np.array([0, 2, 1, 3]), 3)
    assert by_key.tolist() == [1.0, 1.0, 0.0]  # 1e16 - 1e16 + 1
    assert numeric.group_sums(group, values, np.array([0, 1, 2, 3]), 3).tolist() == [1.0, 0.0, 0.0]  # the 1 is lost


@given(st.lists(st.integers(-5, 5)))
@settings(deadline=None)
def test_distinct_values_are_those_of_a_set(values: list[int]) -> None:
    assert numeric.distinct(np.array(values, dtype=np.int64)).tolist() == sorted(set(values))
