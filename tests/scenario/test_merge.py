"""Properties of merging that hold for any two scenarios."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.merge import Cleared, merge
from sim.scenario.tree import Index, Node, dotted, is_year, origins, planted, steps_of

KEYS = st.sampled_from(["a", "b", "c"])
YEARS = st.sampled_from([2020, 2021.5, 2023])
SCALARS = st.integers(0, 3) | st.booleans() | st.sampled_from(["x", "unlimited"])


def values(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf | st.dictionaries(YEARS, SCALARS, min_size=1, max_size=2),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    )


FULL = st.dictionaries(KEYS, values(SCALARS), max_size=3)
PATCH = st.dictionaries(KEYS, values(SCALARS | st.none()), max_size=3)


def merged(parent: dict[Any, Any], child: dict[Any, Any], cleared: Cleared | None = None) -> Any:
    return merge(planted(parent, "parent"), planted(child, "child"), cleared).plain()


def is_map(value: object) -> bool:
    return isinstance(value, dict) and not (value and all(map(is_year, value)))


def without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    if is_map(value):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


@given(FULL, PATCH)
def test_every_key_comes_from_child_or_parent(parent: dict[Any, Any], child: dict[Any, Any]) -> None:
    result = merged(parent, child)
    assert set(result) == (set(parent) | set(child)) - {key for key, value in child.items() if value is None}
    for key, value in result.items():
        if key not in child:
            assert value == parent[key]
        elif is_map(child[key]) and is_map(parent.get(key)):
            assert value == merged(parent[key], child[key])
        else:
            assert value == without_nulls(child[key])


@given(FULL, PATCH)
def test_merging_twice_changes_nothing_more(parent: dict[Any, Any], child: dict[Any, Any]) -> None:
    once = merged(parent, child)
    assert merged(once, child) == once


@given(FULL)
def test_an_empty_child_is_its_parent_and_an_empty_parent_its_child(tree: dict[Any, Any]) -> None:
    assert merged(tree, {}) == tree
    assert merged({}, tree) == tree
    assert merged(tree, tree) == tree


@given(FULL, PATCH)
def test_merging_changes_neither_side(parent: dict[Any, Any], child: dict[Any, Any]) -> None:
    one, two = planted(parent, "parent"), planted(child, "child")
    merge(one, two)
    assert (one, two) == (planted(parent, "parent"), planted(child, "child"))


@given(FULL, PATCH)
def test_every_value_knows_who_set_it(parent: dict[Any, Any], child: dict[Any, Any]) -> None:
    root = merge(planted(parent, "parent"), planted(child, "child"))
    for path, (file, _) in origins(root).items():
        sides = {"parent": planted(parent, ""), "child": planted(child, "")}
        node: Node | None = sides[file]
        for step in steps_of(path) if path else ():
            assert node is not None
            node = node.child(step)
        assert node is not None


def test_nulls_are_noted_with_their_steps() -> None:
    cleared: Cleared = []
    merged({"a": {"b": 1}}, {"a": {"b": None}, "c": [{"d": None}], "e": {2020: None}}, cleared)
    assert [dotted(clearing.steps) for clearing in cleared] == ["a.b", "c[0].d"]
    assert [clearing.around for clearing in cleared] == [("b",), ()]


WORDS = st.lists(st.tuples(st.sampled_from(["a", "b-1", "成都"]), st.lists(st.integers(0, 99), max_size=2)), min_size=1)
MAYBE_YEAR = st.lists(st.tuples(st.sampled_from([2020, 2021.5]), st.just([])), max_size=1)


@given(WORDS, MAYBE_YEAR)
def test_paths_are_read_as_they_are_written(words: list[Any], year: list[Any]) -> None:
    path = ".".join(f"{key}{''.join(f'[{i}]' for i in indices)}" for key, indices in words + year)
    steps = steps_of(path)
    assert dotted(steps) == path
    assert [step for step in steps if not isinstance(step, Index)] == [key for key, _ in words + year]
