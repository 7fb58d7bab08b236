"""YAML by the core rules of 1.2, whatever the text."""

import math

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.scenario.dumping import _Dumper
from sim.scenario.text import decoded
from sim.scenario.yaml_core import parse, resolve

CORE = [
    *[(text, None) for text in ("", "~", "null", "Null", "NULL")],
    *[(text, True) for text in ("true", "True", "TRUE")],
    *[(text, False) for text in ("false", "False", "FALSE")],
    *[(text, text) for text in ("NO", "no", "yes", "Yes", "on", "off", "y", "n", "nULL", "tRUE")],
    *[("0", 0), ("010", 10), ("-7", -7), ("+7", 7), ("0o17", 15), ("0x1F", 31), ("08", 8)],
    *[(text, text) for text in ("1:30", "1_000", "0b1", "-0x1", "0o8", "1,5", "2020-01-01", "1e", "e3", ".", "+", "=")],
    *[("1e3", 1000.0), ("1.", 1.0), (".5", 0.5), ("-2.5E-3", -0.0025), ("1.0", 1.0), ("+.5", 0.5)],
    *[(".inf", math.inf), ("-.Inf", -math.inf), ("+.INF", math.inf)],
]


@pytest.mark.parametrize(("text", "value"), CORE)
def test_plain_scalars_follow_the_core_rules(text: str, value: object) -> None:
    node, problems = parse(f"key: {text}\n", "f")
    assert problems == []
    assert node is not None
    found = node.plain()
    assert found == {"key": value}
    assert isinstance(found, dict)
    assert type(found["key"]) is type(value)


def test_quoted_scalars_are_text() -> None:
    node, _ = parse("a: '1'\nb: \"true\"\nc: |\n  0x1\nd: >-\n  null\n'2020': ''\n2021: 1\n", "f")
    assert node is not None
    assert node.plain() == {"a": "1", "b": "true", "c": "0x1\n", "d": "null", "2020": "", 2021: 1}


def test_values_remember_the_line_of_their_key() -> None:
    node, _ = parse("# head\na:\n\n  b: [1,\n    2]\n  c:\n    late\n\nd: 1\n", "f")
    assert node is not None
    lines = {"a": 2, "d": 9}
    assert {key: child.line for key, child in node.value.items()} == lines  # type: ignore[union-attr]
    inner = node.child("a")
    assert inner is not None
    b, c = inner.child("b"), inner.child("c")
    assert b is not None
    assert c is not None
    assert (b.line, c.line) == (4, 6)
    assert [item.line for item in b.value] == [4, 5]  # type: ignore[union-attr]


def test_windows_and_byte_order_marks_are_understood() -> None:
    text, problems = decoded(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f")
    assert problems == []
    node, _ = parse(text, "f")
    assert node is not None
    assert node.plain() == {"a": 1, "b": 2}
    assert node.value["b"].line == 2  # type: ignore[index,call-overload]


@given(st.binary(max_size=300))
@example(b'a: "\\UFFFFFFFF"')
@example(b"%YAML 1." + b"1" * 5000 + b"\n---\na")
@example(b"\xef\xbb\xbf")
@example(b"? ? ? a")
def test_no_bytes_escape_as_an_exception(content: bytes) -> None:
    text, problems = decoded(content, "f")
    if not problems:
        _, problems = parse(text, "f")
    assert all(str(problem).isprintable() for problem in problems)


MARKS = [
    "a",
    "1",
    ": ",
    "- ",
    "\n",
    "  ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "'",
    '"',
    "&x",
    "*x",
    "!t ",
    "? ",
    "|",
    ">",
    "%",
    "#",
]
SYNTAX = st.lists(st.sampled_from([*MARKS, "---", "...", "<<", "\t", "\\"]), max_size=40)


@given(SYNTAX)
def test_no_syntax_escapes_as_an_exception(parts: list[str]) -> None:
    node, problems = parse("".join(parts), "f")
    assert node is not None or problems


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats()
    | st.text("aNoe1.x0:_-#é成 \n~'\"", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abNo1e", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=50)
@given(PLAIN)
@example("1e3")
@example(["0o17", "0x1", "NO", "1:30", "1_0", "", "9" * 40])
def test_what_is_dumped_reads_back_the_same(value: object) -> None:
    node, problems = parse(yaml.dump({"key": value}, Dumper=_Dumper, allow_unicode=True, sort_keys=False), "f")
    assert problems == []
    assert node is not None
    assert repr(node.plain()) == repr({"key": value})


def test_resolving_is_quick_for_long_numbers() -> None:
    with pytest.raises(ValueError, match="too many digits"):
        resolve("9" * 200_000)


@pytest.mark.parametrize(
    "text", ["[" * 99_999, "{" * 99_999, "? " * 49_999, "- " * 49_999, "[{? " * 9_999, "a: " * 9_999]
)
def test_no_depth_exhausts_the_stack(text: str) -> None:
    node, (problem,) = parse(text, "f")
    assert node is None
    assert problem.line == 1


def test_a_file_full_of_problems_is_not_read_to_the_end() -> None:
    node, problems = parse("a: 1\n" * 10_000, "f")
    assert node is None
    assert len(problems) == 101
    assert (problems[-1].line, problems[-1].message[:21]) == (102, "has too many problems")
