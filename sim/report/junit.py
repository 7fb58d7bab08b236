"""JUnit XML, the form in which CI systems read what passed and what failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from sim.errors import UsageError

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold in any writing, surrogates included."""


@dataclass(frozen=True)
class Case:
    """One thing that was checked."""

    name: str
    seconds: float
    """How long it took, seconds."""
    failure: str | None
    """What is wrong, its first line a summary; None if nothing is."""


def document(suite: str, cases: Sequence[Case]) -> str:
    """The cases as a JUnit document of one suite; characters that XML forbids are left out."""
    totals = {
        "name": _allowed(suite),
        "tests": str(len(cases)),
        "failures": str(sum(case.failure is not None for case in cases)),
        "errors": "0",
        "skipped": "0",
        "time": _seconds(sum(case.seconds for case in cases)),
    }
    root = ElementTree.Element("testsuites", totals)
    parent = ElementTree.SubElement(root, "testsuite", totals)
    for case in cases:
        # Readers group cases by their class, for which the suite stands.
        named = {"classname": totals["name"], "name": _allowed(case.name), "time": _seconds(case.seconds)}
        element = ElementTree.SubElement(parent, "testcase", named)
        if case.failure is not None:
            text = _allowed(case.failure)
            first = text.strip().partition("\n")[0]
            ElementTree.SubElement(element, "failure", {"message": first, "type": "failure"}).text = text
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def write(path: Path, text: str) -> None:
    """Write a document as UTF-8, in a new folder if need be.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"--junit: cannot write {path}: {error.strerror or error}; choose another file") from error


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def _seconds(value: float) -> str:
    return f"{value:.3f}"
