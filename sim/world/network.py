"""The social network: who knows whom, built once per replicate and before any policy.

A configuration model. Every household gets a number of tie ends ("stubs") of two strengths: a Poisson number of strong
ones and a lognormal, heavy-tailed number of weak ones. Each stub seeks a partner in one of four circles: own segment
and own district, own segment anywhere, own district, anywhere. Stubs with the same strength and circle form a pool,
stand in random order in it, and neighbours in that order join hands. Ties to oneself and second ties to the same
friend are dropped; where a strong and a weak tie coincide the strong one stays.

All draws are keyed by (household id, stub number), and ids, not rows, decide every order: permuting the rows of the
people table leaves the same ties between the same ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.numeric import exp, log
from sim.streams import Decision, Key, uniform

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario.schema.market import NetworkSettings

WEAK, STRONG = 0, 1
CHUNK = 16384  # households whose stubs are drawn together: bounds memory and keeps the temporaries in cache


@dataclass(frozen=True)
class Network:
    """Symmetric ties between n households in compressed sparse rows.

    The friends of the household in row i are ``friend[start[i]:start[i + 1]]``, sorted by the friends' ids.
    In a well-mixed population anyone meets anyone: nothing is stored and all three arrays are empty.
    """

    start: NDArray[np.int64]
    """Offsets into ``friend`` and ``strong``, length n + 1."""
    friend: NDArray[np.int32]
    """Row of the friend; every tie appears twice, once from each side."""
    strong: NDArray[np.bool_]
    """Whether the tie is strong; the same from both sides."""
    well_mixed: bool

    def degree(self) -> NDArray[np.int64]:
        """Number of friends of each household (n; empty if well mixed)."""
        return np.diff(self.start)

    def frame(self) -> pd.DataFrame:
        """Every tie from both sides, to look at: the rows ``from`` and ``to`` and whether the tie is ``strong``."""
        import pandas as pd  # only those who look at tables pay for loading it

        degree = self.degree()
        origin = np.repeat(np.arange(len(degree), dtype=np.int32), degree)
        return pd.DataFrame({"from": origin, "to": self.friend, "strong": self.strong})


def build(
    ids: NDArray[np.int32],
    district: NDArray[Any],
    segment: NDArray[Any],
    settings: NetworkSettings,
    key: Key,
) -> Network:
    """Build the network of households given by permanent id and by district and segment code (arrays of length n).

    The mean degree is that of the settings less what dropped ties cost: well under 1% in districts of natural size,
    several percent where a few dozen households have to find a dozen friends among themselves.

    Raises:
        ValueError: two households share an id.
    """
    if settings.well_mixed:
        return Network(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.bool_), well_mixed=True)
    row = np.argsort(ids, kind="stable")  # from here on households are named by their rank in the order of ids
    if (np.diff(ids[row]) == 0).any():
        raise ValueError("household ids must be unique")
    return _compress(*_pair(_draw_stubs(ids[row], district[row], segment[row], settings, key)), row)


@dataclass
class _Stubs:
    """The loose ends of all ties, not yet joined."""

    packed: NDArray[np.uint64]
    """Per stub, from the top bit down: its pool, its random place in the pool, its number."""
    number_bits: int
    place_bits: int
    owner: NDArray[np.int32]
    """Rank of the household by stub number."""
    pools: int
    """Number of pools; the first half holds weak stubs, the second half strong ones."""


def _draw_stubs(
    ids: NDArray[np.int32], district: NDArray[Any], segment: NDArray[Any], settings: NetworkSettings, key: Key
) -> _Stubs:
    """Give every household its stubs, and every stub a pool and a random place in it."""
    strong = _strong_degree(ids, settings, key)
    weak = _weak_degree(ids, settings, strong, key)
    anywhere = int(district.max(initial=-1)) + 1  # one code more: any district, and likewise any segment
    anyone = int(segment.max(initial=-1)) + 1
    circles = (anywhere + 1) * (anyone + 1)
    total = int(weak.sum() + strong.sum())
    number_bits, pool_bits = total.bit_length(), (2 * circles).bit_length()
    place_bits = 64 - number_bits - pool_bits  # 32 for a million households in 20 districts: hardly any equal places
    packed = np.empty(total, np.uint64)
    rank = np.arange(len(ids), dtype=np.int32)
    end = 0
    for strength, degree, same_share, local_share in (
        (WEAK, weak, settings.homophily_segment, settings.local_share),
        (STRONG, strong, settings.homophily_segment_strong, settings.local_share_strong),
    ):
        for who, number in _chunks(rank, degree):
            draw = uniform(key, Decision.NETWORK_ORDER, strength, 0, ids[who], number)
            # One draw serves twice: the interval it falls into is the circle, and within the interval it is still
            # uniform, so it is the place in the pool as well.
            same = draw < same_share
            within = np.where(same, same_share * local_share, same_share + (1.0 - same_share) * local_share)
            own_district = np.where(draw < within, district[who], anywhere)
            own_segment = np.where(same, segment[who], anyone)
            pool = (strength * circles + own_district * (anyone + 1) + own_segment).astype(np.uint64)
            place = (draw * 2.0**place_bits).astype(np.uint64)
            begin, end = end, end + len(who)
            packed[begin:end] = ((pool << place_bits | place) << number_bits) | np.arange(begin, end, dtype=np.uint64)
    owner = np.concatenate([np.repeat(rank, weak), np.repeat(rank, strong)])
    return _Stubs(packed, number_bits, place_bits, owner, 2 * circles)


def _chunks(
    rank: NDArray[np.int32], degree: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64]]]:
    """Yield the stubs of some households after another: owner's rank and the stub's number within the household."""
    for begin in range(0, len(rank), CHUNK):
        count = degree[begin : begin + CHUNK]
        first = np.cumsum(count) - count
        yield (
            np.repeat(rank[begin : begin + CHUNK], count),
            np.arange(count.sum()) - np.repeat(first, count),
        )


def _pair(stubs: _Stubs) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """Join neighbours within each pool; the last of an odd pool stays alone. Returns both ends and the strength."""
    packed = stubs.packed
    packed.sort()  # numbers make all values distinct, so every sorting algorithm gives the same order
    pool_start = np.arange(stubs.pools + 1, dtype=np.uint64) << (stubs.number_bits + stubs.place_bits)
    bounds = np.searchsorted(packed, pool_start)
    packed &= np.uint64((1 << stubs.number_bits) - 1)
    waiting = stubs.owner[packed.view(np.int64)]
    ranges = [slice(begin, begin + (end - begin) // 2 * 2) for begin, end in pairwise(bounds)]
    pairs = [(end.stop - end.start) // 2 for end in ranges]
    one = np.concatenate([waiting[pool][0::2] for pool in ranges])
    other = np.concatenate([waiting[pool][1::2] for pool in ranges])
    strong = np.repeat(np.arange(stubs.pools) >= stubs.pools // 2, pairs)
    return one, other, strong


def _compress(
    one: NDArray[np.int32], other: NDArray[np.int32], strong: NDArray[np.bool_], row: NDArray[np.intp]
) -> Network:
    """Turn pairs of ranks into sorted rows without ties to oneself and without duplicates."""
    bits = len(row).bit_length()
    real = one != other
    one, other, weak = one[real], other[real], ~strong[real]
    packed = np.empty(2 * len(one), np.uint64)  # row of the one side, rank of the other, 0 strong or 1 weak
    for half, origin, friend in ((packed[: len(one)], one, other), (packed[len(one) :], other, one)):
        half[:] = row[origin].astype(np.uint64) << (bits + 1) | friend.astype(np.uint64) << 1 | weak
    packed.sort()
    first = np.ones(len(packed), np.bool_)
    np.not_equal(packed[1:] >> 1, packed[:-1] >> 1, out=first[1:])  # of equal ties the first, strong if one is
    packed = packed[first]
    start = np.searchsorted(packed, np.arange(len(row) + 1, dtype=np.uint64) << (bits + 1))
    strong = (packed & np.uint64(1)) == 0
    packed >>= 1
    packed &= np.uint64((1 << bits) - 1)
    friend = row.astype(np.int32)[packed.view(np.int64)]
    return Network(start.astype(np.int64, copy=False), friend, strong, well_mixed=False)


def _strong_degree(ids: NDArray[np.int32], settings: NetworkSettings, key: Key) -> NDArray[np.int64]:
    """Poisson number of strong stubs per household, by inversion of its cumulative distribution."""
    mean = settings.strong_ties
    count = np.arange(1, min(int(mean + 12.0 * mean**0.5) + 12, settings.max_degree) + 1)
    share = exp(np.cumsum(np.concatenate([[-mean], log(mean / count)])))  # in logarithms: safe for any mean
    draw = uniform(key, Decision.NETWORK_STRONG, 0, 0, ids)
    degree = np.searchsorted(np.cumsum(share), draw, side="right")
    return np.minimum(degree, settings.max_degree).astype(np.int64)


def _weak_degree(
    ids: NDArray[np.int32], settings: NetworkSettings, strong: NDArray[np.int64], key: Key
) -> NDArray[np.int64]:
    """Lognormal number of weak stubs per household, rounded up or down at random so that the mean is kept."""
    median = _median_for(settings)
    normal = _normal_quantile(uniform(key, Decision.NETWORK_DEGREE, 0, 0, ids))
    wanted = median * exp(settings.degree_spread * normal)
    up = uniform(key, Decision.NETWORK_DEGREE, 1, 0, ids)
    degree: NDArray[np.int64] = np.floor(np.minimum(wanted, settings.max_degree - strong) + up).astype(np.int64)
    return degree


def _median_for(settings: NetworkSettings) -> float:
    """Median of the lognormal whose mean, after capping at the largest degree, is the mean number of weak ties."""
    mean = max(settings.mean_degree - settings.strong_ties, 0.0)
    normal = np.linspace(-8.0, 8.0, 1601)
    share = exp(-0.5 * normal * normal)
    shape = exp(settings.degree_spread * normal)
    median = mean
    for _ in range(50):  # capping only lowers the mean, so the correction rises and settles
        capped = np.minimum(median * shape, settings.max_degree - settings.strong_ties)
        achieved = np.cumsum(share * capped)[-1] / np.cumsum(share)[-1]  # cumsum adds in a fixed order
        median *= mean / achieved if achieved > 0.0 else 1.0
    return float(median)


def _normal_quantile(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard normal quantile, absolute error below 1e-6 (Wichura 1988, algorithm AS 241, PPND7)."""
    offset = share - 0.5
    r = 0.180625 - offset * offset
    centre = offset * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)
    centre /= ((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0
    r = np.sqrt(-log(np.minimum(share, 1.0 - share)))
    s = r - 1.6
    near = ((0.17023821103 * s + 1.3067284816) * s + 2.7568153900) * s + 1.4234372777
    near /= (0.12021132975 * s + 0.73700164250) * s + 1.0
    s = r - 5.0
    far = ((0.017337203997 * s + 0.42868294337) * s + 3.0812263860) * s + 6.6579051150
    far /= (0.012258202635 * s + 0.24197894225) * s + 1.0
    tail = np.copysign(np.where(r <= 5.0, near, far), offset)
    return np.where(np.abs(offset) <= 0.425, centre, tail)
