"""The social network: structure, independence of row order, degrees, homophily (limit A19), percolation (limit A04)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse, stats
from scipy.sparse.csgraph import connected_components

from sim.scenario.schema.market import NetworkSettings
from sim.streams import Key
from sim.world.network import Network, _normal_quantile, _strong_degree, build

KEY = Key(2026, 0)
SEGMENT_SHARES = np.array([0.35, 0.15, 0.15, 0.25, 0.10])


def network_settings(**changes: Any) -> NetworkSettings:
    plain: dict[str, Any] = {
        "well_mixed": False,
        "mean_degree": 15.0,
        "degree_spread": 0.8,
        "max_degree": 500,
        "strong_ties": 4.0,
        "homophily_segment": 0.3,
        "homophily_segment_strong": 0.5,
        "local_share": 0.7,
        "local_share_strong": 0.9,
    }
    return NetworkSettings(**(plain | changes))


RANDOM_MIXING = {
    "homophily_segment": 0.0,
    "homophily_segment_strong": 0.0,
    "local_share": 0.0,
    "local_share_strong": 0.0,
}


class Town:
    """Households without anything but id, district and segment."""

    def __init__(self, size: int, districts: int = 4, seed: int = 7) -> None:
        rng = np.random.default_rng(seed)
        self.ids = np.arange(100, 100 + size, dtype=np.int32)
        self.district = rng.integers(0, districts, size).astype(np.int16)
        self.segment = rng.choice(5, size, p=SEGMENT_SHARES).astype(np.int8)

    def permuted(self, seed: int) -> Town:
        order = np.random.default_rng(seed).permutation(len(self.ids))
        other = Town(0)
        other.ids, other.district, other.segment = self.ids[order], self.district[order], self.segment[order]
        return other

    def network(self, key: Key = KEY, **changes: Any) -> Network:
        return build(self.ids, self.district, self.segment, network_settings(**changes), key)


def origins(net: Network) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(net.start) - 1), net.degree())


def ties_by_id(town: Town, net: Network) -> dict[tuple[int, int], bool]:
    ends = zip(town.ids[origins(net)].tolist(), town.ids[net.friend].tolist(), strict=True)
    return dict(zip(ends, net.strong.tolist(), strict=True))


def assert_well_formed(town: Town, net: Network) -> None:
    size = len(town.ids)
    assert len(net.start) == size + 1
    assert net.start[0] == 0
    assert net.start[-1] == len(net.friend) == len(net.strong)
    assert (net.degree() >= 0).all()
    origin = origins(net)
    assert (origin != net.friend).all(), "tie to oneself"
    friend_ids = town.ids[net.friend]
    same_household = origin[1:] == origin[:-1]
    assert (np.diff(friend_ids)[same_household] > 0).all(), "friends not in ascending order of ids, or one twice"
    ties = ties_by_id(town, net)
    assert all(ties[b, a] == strong for (a, b), strong in ties.items()), "tie or its strength seen from one side only"


@pytest.fixture(scope="module")
def city() -> Town:
    return Town(100_000)


@pytest.fixture(scope="module")
def city_network(city: Town) -> Network:
    return city.network()


@hypothesis_settings(max_examples=60, deadline=None, derandomize=True)
@given(
    size=st.integers(0, 60),
    districts=st.integers(1, 3),
    mean=st.floats(0.5, 30.0),
    strong_part=st.floats(0.0, 1.0),
    spread=st.floats(0.0, 1.5),
    shares=st.tuples(*[st.floats(0.0, 1.0)] * 4),
    order=st.integers(0, 1000),
)
def test_any_network_is_well_formed_and_independent_of_rows(
    size: int, districts: int, mean: float, strong_part: float, spread: float, shares: tuple[float, ...], order: int
) -> None:
    town = Town(size, districts)
    changes = dict(zip(RANDOM_MIXING, shares, strict=True)) | {
        "mean_degree": mean,
        "strong_ties": mean * strong_part,
        "degree_spread": spread,
    }
    net = town.network(**changes)
    assert_well_formed(town, net)
    other = town.permuted(order)
    permuted = other.network(**changes)
    assert_well_formed(other, permuted)
    assert ties_by_id(other, permuted) == ties_by_id(town, net)


def test_permuted_rows_with_ids_kept_give_the_same_ties() -> None:
    town = Town(3000)
    other = town.permuted(1)
    assert (other.ids != town.ids).any()
    assert ties_by_id(other, other.network()) == ties_by_id(town, town.network())


def test_seed_replicate_and_ids_matter_and_repetition_does_not() -> None:
    town = Town(2000)
    ties = ties_by_id(town, town.network())
    assert ties == ties_by_id(town, town.network())
    for key in (Key(2027, 0), Key(2026, 1)):
        common = ties.keys() & ties_by_id(town, town.network(key)).keys()
        assert len(common) < 0.05 * len(ties)
    renamed = Town(2000)
    renamed.ids = renamed.ids + np.int32(10_000)
    by_row = {(a - 10_000, b - 10_000) for a, b in ties_by_id(renamed, renamed.network())}
    assert len(by_row & ties.keys()) < 0.05 * len(ties)


def test_household_without_partners_changes_nothing_for_others() -> None:
    town, larger = Town(2000), Town(2000)
    larger.ids = np.append(larger.ids, np.int32(50))  # in the middle of nowhere, first in the order of ids
    larger.district = np.append(larger.district, np.int16(9))
    larger.segment = np.append(larger.segment, np.int8(0))
    local = {"local_share": 1.0, "local_share_strong": 1.0}
    net = larger.network(**local)
    assert net.degree()[-1] == 0
    assert ties_by_id(larger, net) == ties_by_id(town, town.network(**local))


def test_equal_ids_are_refused() -> None:
    town = Town(10)
    town.ids[3] = town.ids[7]
    with pytest.raises(ValueError, match="unique"):
        town.network()


def test_well_mixed_stores_nothing() -> None:
    net = Town(1000).network(well_mixed=True)
    assert net.well_mixed
    assert len(net.start) == len(net.friend) == len(net.strong) == len(net.degree()) == len(net.frame()) == 0


def test_frame_lists_every_tie_from_both_sides() -> None:
    net = Town(200).network()
    frame = net.frame()
    assert list(frame.columns) == ["from", "to", "strong"]
    assert len(frame) == len(net.friend)
    assert (frame.groupby("from").size().reindex(range(200), fill_value=0) == net.degree()).all()
    mirrored = frame.merge(frame, left_on=["from", "to", "strong"], right_on=["to", "from", "strong"])
    assert len(mirrored) == len(frame)


def test_degrees_have_the_mean_and_the_tail_asked_for(city_network: Network) -> None:
    degree = city_network.degree()
    assert degree.mean() == pytest.approx(15.0, rel=0.03)
    assert degree.max() > 10 * degree.mean()
    assert degree.max() <= 500
    assert city_network.strong.sum() / len(degree) == pytest.approx(4.0, rel=0.03)


@pytest.mark.parametrize(
    ("mean", "strong", "spread", "largest"), [(6.5, 0.0, 0.0, 500), (15.0, 2.0, 1.5, 60), (1.3, 0.7, 1.2, 500)]
)
def test_mean_degree_survives_rounding_and_the_cap(mean: float, strong: float, spread: float, largest: int) -> None:
    net = Town(50_000).network(mean_degree=mean, strong_ties=strong, degree_spread=spread, max_degree=largest)
    assert net.degree().mean() == pytest.approx(mean, rel=0.03)
    assert net.degree().max() <= largest


def test_strong_ties_are_poisson_and_weak_ones_lognormal(city: Town) -> None:
    strong = city.network(mean_degree=4.0, **RANDOM_MIXING).degree()
    assert strong.var() == pytest.approx(strong.mean(), rel=0.03)
    assert (strong == 0).mean() == pytest.approx(np.exp(-4.0), rel=0.08)  # four standard errors
    weak = city.network(mean_degree=50.0, strong_ties=0.0, degree_spread=0.6, **RANDOM_MIXING).degree()
    logs = np.log(weak[weak > 0])
    assert logs.std() == pytest.approx(0.6, rel=0.02)
    assert stats.skew(logs) == pytest.approx(0.0, abs=0.1)


def test_weak_ties_never_hide_a_strong_one() -> None:
    town = Town(300)
    strong_only = ties_by_id(town, town.network(mean_degree=4.0))
    crowded = ties_by_id(town, town.network(mean_degree=60.0))
    assert {ends for ends, strong in crowded.items() if strong} == strong_only.keys()
    assert len(crowded) > 5 * len(strong_only)


def test_very_many_strong_ties_keep_their_mean() -> None:
    many = network_settings(mean_degree=800.0, strong_ties=800.0, max_degree=1000)
    assert _strong_degree(Town(20_000).ids, many, KEY).mean() == pytest.approx(800.0, rel=0.002)
    assert Town(500).network(mean_degree=10.0, strong_ties=10.0, max_degree=10).degree().max() <= 10


def test_normal_quantile_matches_the_library() -> None:
    share = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 9999), [1e-16, 1e-12, 0.075, 0.925, 1 - 1e-12]])
    assert np.abs(_normal_quantile(share) - stats.norm.ppf(share)).max() < 2e-6


def mixing_matrix(net: Network, group: NDArray[Any], kind: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Ends of ties by the groups of both sides: every tie counts once in each direction."""
    chosen = np.ones(len(net.friend), np.bool_) if kind is None else kind
    one, other = group[origins(net)[chosen]], group[net.friend[chosen]]
    groups = int(group.max()) + 1
    return np.bincount(one * groups + other, minlength=groups**2).reshape(groups, groups)


def test_without_homophily_segments_and_districts_mix_at_random(city: Town) -> None:
    net = city.network(**RANDOM_MIXING)
    for group in (city.segment.astype(np.int64), city.district.astype(np.int64)):
        matrix = mixing_matrix(net, group)
        ends = matrix.sum(axis=1)
        expected = np.outer(ends, ends) / ends.sum()
        upper = np.triu_indices(len(ends), k=1)
        # Unordered pairs: off the diagonal the two directions are one tie, on it every tie was counted twice.
        statistic = (((matrix - expected) ** 2 / expected)[upper]).sum()
        diagonal = np.diag(matrix) / 2, np.diag(expected) / 2
        statistic += ((diagonal[0] - diagonal[1]) ** 2 / diagonal[1]).sum()
        freedom = len(ends) * (len(ends) - 1) / 2
        p = stats.chi2.sf(statistic, freedom)
        print(f"A19: n={len(city.ids)} ties={ends.sum() // 2} chi2={statistic:.1f} df={freedom:.0f} p={p:.4f}")
        assert p > 0.001


@pytest.mark.parametrize("kind", ["weak", "strong"])
@pytest.mark.parametrize("homophily", [0.25, 0.6, 1.0])
def test_homophily_raises_the_share_of_ties_within_the_segment(city: Town, homophily: float, kind: str) -> None:
    asked = "homophily_segment_strong" if kind == "strong" else "homophily_segment"
    net = city.network(**(RANDOM_MIXING | {asked: homophily}))
    matrix = mixing_matrix(net, city.segment.astype(np.int64), net.strong == (kind == "strong"))
    stub_shares = matrix.sum(axis=1) / matrix.sum()
    expected = homophily + (1.0 - homophily) * (stub_shares**2).sum()
    standard_error = np.sqrt(expected * (1.0 - expected) / (matrix.sum() / 2))
    assert np.trace(matrix) / matrix.sum() == pytest.approx(expected, abs=3.0 * standard_error + 1e-9)


def test_local_share_keeps_ties_in_the_district(city: Town) -> None:
    district = city.district.astype(np.int64)
    net = city.network(local_share=0.5, local_share_strong=1.0)
    strong = mixing_matrix(net, district, net.strong)
    assert np.trace(strong) == strong.sum()
    weak = mixing_matrix(net, district, ~net.strong)
    shares = weak.sum(axis=1) / weak.sum()
    expected = 0.5 + 0.5 * (shares**2).sum()
    assert np.trace(weak) / weak.sum() == pytest.approx(expected, abs=0.005)


def giant_share(net: Network, transmission: float, seed: int) -> float:
    """Share of households in the largest component when every tie transmits with the given probability."""
    origin, size = origins(net), len(net.start) - 1
    once = origin < net.friend
    open_ties = np.flatnonzero(once)[np.random.default_rng(seed).random(once.sum()) < transmission]
    graph = sparse.coo_array((np.ones(len(open_ties)), (origin[open_ties], net.friend[open_ties])), (size, size))
    _, component = connected_components(graph, directed=False)
    return float(np.bincount(component).max() / size)


@pytest.mark.parametrize("reproduction", [1.5, 2.0])
def test_giant_component_of_a_poisson_network(reproduction: float) -> None:
    # With strong ties only, the configuration model is the random graph of Erdos and Renyi: S = 1 - exp(-R S).
    town, mean, runs = Town(20_000), 6.0, 4
    shares = []
    for replicate in range(runs):
        net = town.network(Key(2026, replicate), mean_degree=mean, strong_ties=mean, **RANDOM_MIXING)
        shares.append(giant_share(net, reproduction / net.degree().mean(), replicate))
    expected = 1.0
    for _ in range(200):
        expected = 1.0 - np.exp(-reproduction * expected)
    print(f"A04: N=20000 runs={runs} R={reproduction} S={np.mean(shares):.4f} expected {expected:.4f}")
    assert np.mean(shares) == pytest.approx(expected, abs=0.01)


def test_giant_component_of_a_heavy_tailed_network() -> None:
    # Molloy and Reed, Newman: with degrees k and transmission T, u = 1 - T + T G1(u) and S = 1 - G0(1 - T + T u).
    town = Town(20_000)
    for transmission in (0.1, 0.2):
        net = town.network(mean_degree=8.0, strong_ties=0.0, degree_spread=1.0, **RANDOM_MIXING)
        degree = net.degree().astype(float)
        u = 0.5
        for _ in range(500):
            along = 1.0 - transmission + transmission * u
            u = float((degree * along ** np.maximum(degree - 1.0, 0.0)).sum() / degree.sum())
        expected = 1.0 - float(((1.0 - transmission + transmission * u) ** degree).mean())
        measured = np.mean([giant_share(net, transmission, seed) for seed in range(4)])
        print(f"A04, heavy tail: N=20000 runs=4 T={transmission} S={measured:.4f} expected {expected:.4f}")
        assert measured == pytest.approx(expected, abs=0.015)
