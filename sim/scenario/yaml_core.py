"""YAML 1.2 core rules on PyYAML's events: text -> tree with line numbers, every problem collected.

PyYAML resolves scalars by YAML 1.1 (`NO` is false, `010` is 8, `1:30` is 90), so its events are resolved here. Aliases,
tags and merge keys are refused: a scenario says each thing once and in the open.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

import yaml

from sim.errors import Problem
from sim.scenario.hints import lookalikes
from sim.scenario.text import EMPTY, forbidden_character
from sim.scenario.tree import Index, Key, Node, Scalar, Step, dotted

MAX_DEPTH = 50
MAX_DIGITS = 18
MAX_VALUES = 10_000
"""Values of a file beyond which it is not read on: far more than a scenario has, and quick to answer."""
MAX_PROBLEMS = 100

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_AFTER_COMMA = re.compile(r"[0-9]{1,3}")
_NO_SPACE = re.compile(r"([\w.-]+):(\S+)")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


Steps: TypeAlias = tuple[Step, ...]

_LOST = Node(None, "", None)
"""Stands for a value that cannot be read, with a problem that says so; its key is left out."""


class _UnreadableError(Exception):
    """The text cannot be read any further."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message


def parse(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """Return the tree of a YAML text and all problems of its form; no tree if it cannot be read to the end."""
    reader = _Reader(text, file)
    try:
        return reader.document(), reader.problems
    except _UnreadableError as error:
        return None, [*reader.problems, Problem(file, error.line, "", error.message)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        first = min(mark.line, error.context_mark.line) if mark and error.context_mark else mark.line if mark else 0
        rows = text.split("\n")[max(first - 1, 0) : mark.line + 1] if mark else []
        line = mark.line + 1 if mark else None
        if error.context_mark and error.context == "while scanning a simple key":
            line = error.context_mark.line + 1  # PyYAML looks for the colon in the lines that follow
        message = _in_words(error) + lookalikes(rows)
        return None, [*reader.problems, Problem(file, line, "", message)]
    except (ValueError, OverflowError):
        message = r"is not YAML: an escape such as \UFFFFFFFF that stands for no character"
        return None, [*reader.problems, Problem(file, reader.line, "", message)]
    except yaml.YAMLError as error:
        return None, [*reader.problems, Problem(file, reader.line, "", f"is not YAML: {error}")]


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar by the core rules; text that is no number, bool or null stays text.

    Raises ValueError for whole numbers of more than 18 digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    for pattern, base in ((_INTEGER, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
        if pattern.fullmatch(text):
            if len(text) > MAX_DIGITS:
                raise ValueError(f"the number {text[:12]}... has too many digits (at most {MAX_DIGITS})")
            return int(text, base)
    return float(text) if _FLOAT.fullmatch(text) else text


class _Reader:
    """Composes the tree of one document from PyYAML's events."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.line = 1
        self.problems: list[Problem] = []
        self._values = 0
        self._aliases: set[tuple[int, str | None]] = set()
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)

    def document(self) -> Node | None:
        """Return the tree of the only document; None, with a problem, if there is no document or more than one."""
        self._next()  # the stream begins
        start = self._next()
        if not isinstance(start, yaml.DocumentStartEvent):
            self._problem(None, (), EMPTY)
            return None
        if start.version not in (None, (1, 2)) or start.tags:
            self._problem(self.line, (), "directives (%) are not allowed, YAML is read by the 1.2 core rules")
        root = self._node(self._next(), ())
        self._next()  # the document ends
        if not isinstance(self._next(), yaml.StreamEndEvent):
            self._problem(self.line, (), "only one document is allowed; remove everything from the second `---` on")
        return None if root is _LOST else root

    def _next(self) -> yaml.Event:
        event = next(self._events)
        if event.start_mark is not None:
            self.line = event.start_mark.line + 1
        return event

    def _problem(self, line: int | None, steps: Steps, message: str) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            raise _UnreadableError(self.line, "has too many problems; the rest of the file was not read")
        self.problems.append(Problem(self.file, line, dotted(steps), message))

    def _node(self, event: yaml.Event, steps: Steps) -> Node:
        line = self.line
        if len(steps) > MAX_DEPTH:
            raise _UnreadableError(line, f"is nested too deeply (more than {MAX_DEPTH} levels)")
        self._values += 1
        if self._values > MAX_VALUES:
            raise _UnreadableError(line, f"has too many values (more than {MAX_VALUES:,}); the rest was not read")
        if isinstance(event, yaml.AliasEvent):
            if (line, event.anchor) not in self._aliases:  # a line may hold thousands
                self._aliases.add((line, event.anchor))
                self._problem(line, steps, f"aliases (*{event.anchor}) are not allowed; write the value out")
            return _LOST
        assert isinstance(event, yaml.NodeEvent)
        if event.anchor is not None:
            self._problem(line, steps, f"anchors (&{event.anchor}) are not allowed; remove it")
        if getattr(event, "tag", None) is not None:
            self._problem(line, steps, "tags (!) are not allowed; write the plain value")
        if isinstance(event, yaml.MappingStartEvent):
            return self._map(line, steps, in_braces=bool(event.flow_style))
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(line, steps)
        assert isinstance(event, yaml.ScalarEvent)
        try:
            return Node(self._scalar(event, steps), self.file, line)
        except ValueError as error:
            self._problem(line, steps, str(error))
            return _LOST

    def _list(self, line: int, steps: Steps) -> Node:
        items: list[Node] = []
        node = Node(items, self.file, line)
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            item = self._node(event, (*steps, Index(len(items))))
            items.append(Node(None, self.file, self.line) if item is _LOST else item)
        return node

    def _map(self, line: int, steps: Steps, in_braces: bool) -> Node:
        entries: dict[Key, Node] = {}
        number: tuple[Steps, str] = (steps, "")
        groups: list[str] = []  # what commas within the number have made keys of their own
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            set_on = self.line
            key = self._key(event, steps)
            inner = (*steps, "?" if key is None else key)
            written = self._next()
            after_comma = _plain(event) or ""
            if in_braces and number[1] and _AFTER_COMMA.fullmatch(after_comma) and _plain(written) == "":
                groups.append(after_comma)
                continue
            self._ensure_whole(set_on, *number, groups)
            number, groups = (inner, text if _INTEGER.fullmatch(text := _plain(written) or "") else ""), []
            if in_braces and _plain(written) == "" and (joined := _NO_SPACE.fullmatch(after_comma)):
                self._problem(set_on, steps, f"a colon needs a space after it; write {joined[1]}: {joined[2]}")
                continue
            value = self._node(written, inner)
            if key is None or value is _LOST:
                continue
            if key in entries:
                self._problem(set_on, inner, f"duplicate key; it is set on line {entries[key].line} already")
                continue
            entries[key] = Node(value.value, self.file, set_on)
        self._ensure_whole(self.line, *number, groups)
        return Node(entries, self.file, line)

    def _ensure_whole(self, line: int, steps: Steps, number: str, groups: list[str]) -> None:
        """Refuse a number with commas in it, such as 12,000 or 0,7, which braces read as several keys."""
        if not groups:
            return
        thousands = all(len(group) == 3 for group in groups) and number.lstrip("+-") != "0"
        form = "{}{} without commas" if thousands else "{}.{} with a point"
        self._problem(line, steps, f"a comma ends a value in braces; write {form.format(number, ''.join(groups))}")

    def _key(self, event: yaml.Event, steps: Steps) -> Key | None:
        """Return a key of a map; None, with a problem, if it cannot be one."""
        line = self.line
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event, (*steps, "?"))
            self._problem(line, steps, "keys are single words or calendar years")
            return None
        if event.value == "<<" and event.style is None:
            self._problem(line, steps, "merge keys (<<) are not allowed; use `extends`")
            return None
        node = self._node(event, (*steps, "?"))
        if node is _LOST:
            return None
        key = node.value
        if isinstance(key, str | int | float) and not isinstance(key, bool) and key == key:
            return key
        self._problem(
            line, steps, f"keys are single words or calendar years, not {event.value!r}; quote it if it is a word"
        )
        return None

    def _scalar(self, event: yaml.ScalarEvent, steps: Steps) -> Scalar:
        if event.style is not None:  # quoted or a block: always text
            forbidden = forbidden_character(event.value)
            if forbidden:
                self._problem(self.line, steps, f"contains {forbidden}")
            return str(event.value)
        return resolve(event.value)


def _plain(event: yaml.Event) -> str | None:
    """Return the text of a scalar without quotes; None for anything else."""
    return event.value if isinstance(event, yaml.ScalarEvent) and event.style is None else None


def _in_words(error: yaml.MarkedYAMLError) -> str:
    """Return PyYAML's complaint with the usual causes named."""
    problem = error.problem or "cannot be read"
    if "'\\t'" in problem:
        return "a tab cannot stand here; use spaces"
    if "mapping values are not allowed" in problem:
        return "is not YAML: a second `: ` in this line, or a wrong indentation; quote text that contains `: `"
    began = f" begun on line {error.context_mark.line + 1}" if error.context_mark else ""
    if "could not find expected ':'" in problem:
        return "is not YAML: a key needs a colon and a space after it, such as `seed: 7`"
    if "expected <block end>" in problem and "<block mapping start>" in problem:
        return f"is not YAML: this line is indented less or more than the keys{began} that it should stand among"
    if "expected <block end>" in problem:
        return "is not YAML: something follows after the end of a value; put text into quotes, doubling those within it"
    if "cannot start any token" in problem:
        return f"is not YAML: {problem}; quote text that begins with such a sign"
    if "end of stream" in problem or "<stream end>" in problem:
        what = "a quote" if "quoted" in (error.context or "") else "a bracket"
        return f"is not YAML: {what}{began} is never closed"
    context = f"{error.context}: " if error.context else ""
    return f"is not YAML: {context}{problem}"
