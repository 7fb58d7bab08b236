"""JUnit XML as other programs read it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from sim.errors import UsageError
from sim.report.junit import Case, document, write


def read(suite: str, *cases: Case) -> ElementTree.Element:
    """The suite of a document."""
    root = ElementTree.fromstring(document(suite, cases).encode())
    assert root.tag == "testsuites"
    (found,) = root
    assert found.tag == "testsuite"
    return found


def test_what_passed_and_what_failed() -> None:
    suite = read("baselines", Case("a: leads", 0.25, None), Case("b: cac", 1.5, "cac in b\nwas 1, is 2"))
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("baselines", "2", "1")
    assert suite.get("time") == "1.750"
    passed, failed = suite
    assert (passed.get("classname"), passed.get("name"), list(passed)) == ("baselines", "a: leads", [])
    (failure,) = failed
    assert failure.get("message") == "cac in b"
    assert failure.text == "cac in b\nwas 1, is 2"


def test_no_cases_are_a_suite_too() -> None:
    assert read("nothing").get("tests") == "0"


@pytest.mark.parametrize("text", ["</testcase>", "a & b", "\"'", "]]>", "<script>", "零 🚗", "=1+1", "a\tb\nc"])
def test_text_stays_text(text: str) -> None:
    (case,) = read("s", Case(text, 0.0, text))
    assert case.get("name") == text
    assert case[0].text == text


@pytest.mark.parametrize("forbidden", ["\x00", "\x1b", "\x0b", "\ud800", "\ufffe", "\uffff"])
def test_characters_that_xml_forbids_are_left_out(forbidden: str) -> None:
    (case,) = read(f"s{forbidden}", Case(f"a{forbidden}b", 0.0, f"c{forbidden}"))
    assert (case.get("classname"), case.get("name"), case[0].text) == ("s", "ab", "c")


def test_an_empty_failure_is_a_failure() -> None:
    assert read("s", Case("a", 0.0, "")).get("failures") == "1"


def test_written_as_utf_8_in_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "out" / "junit.xml"
    write(path, document("零", [Case("a", 0.0, None)]))
    assert ElementTree.parse(path).getroot().get("name") == "零"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--junit: cannot write .*: Is a directory"):
        write(tmp_path, "")
