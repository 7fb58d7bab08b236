"""Scenario files as text: read only when they are small, regular and plain UTF-8."""

import os
import stat
import unicodedata
from pathlib import Path

from sim.errors import Problem

MAX_BYTES = 256 * 1024

_SAVE = "save it as UTF-8 (in most editors: Save As, encoding UTF-8)"
EMPTY = "is empty; a scenario begins with a name and what it extends, such as `name: mine` and `extends: baseline`"
_LINE_CONTROLS = "\t\n\r"
# Zero-width joiners have honest uses in names; these reorder or hide what a reader sees.
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_BREAKS_OF_YAML_1_1 = frozenset("\u0085\u2028\u2029")  # editors do not count these as lines


def read_text(path: Path, file: str) -> tuple[str, list[Problem]]:
    """Return the text of a file and what forbids using it; the text is empty if there are problems."""
    try:
        # Without O_NONBLOCK, opening a pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return "", [Problem(file, None, "", "is not a regular file")]
            if status.st_size > MAX_BYTES:
                size = f"{status.st_size / 1024:,.0f} kB"
                return "", [Problem(file, None, "", f"is too large ({size}); a scenario has at most 256 kB")]
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return "", [Problem(file, None, "", f"cannot be read: {reason}")]
    return decoded(content[:MAX_BYTES], file)


def decoded(content: bytes, file: str) -> tuple[str, list[Problem]]:
    """Return the bytes of a scenario as text and what forbids using it; the text is empty if there are problems."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or _is_wide(content):
        return "", [Problem(file, None, "", f"is UTF-{32 if content.count(0) > len(content) * 0.6 else 16}; {_SAVE}")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return "", [Problem(file, line, "", f"is not UTF-8 text (byte 0x{content[error.start]:02x}); {_SAVE}")]
    for line, row in enumerate(text.split("\n"), start=1):
        forbidden = forbidden_character(row)
        if forbidden:
            return "", [Problem(file, line, "", f"contains {forbidden}; a scenario is plain text")]
    if not text.strip():
        return "", [Problem(file, None, "", EMPTY)]
    return text, []


def _is_wide(content: bytes) -> bool:
    """Return whether nearly every second byte is a NUL and the others are not, as in UTF-16 without a mark."""
    even, odd = (content[start::2].count(0) > 0.7 * (len(content) // 2) for start in (0, 1))
    return even != odd


def forbidden_character(text: str) -> str | None:
    """Return the name of the first character that no scenario may contain; None if there is none."""
    for character in text:
        if character.isprintable() or character in _LINE_CONTROLS:
            continue
        code = f"U+{ord(character):04X}"
        if character in _BIDIRECTIONAL:
            return f"the character {code}, which hides the order of the text"
        if unicodedata.category(character) in ("Cc", "Cs", "Cn") or character in _LINE_BREAKS_OF_YAML_1_1 | {"\ufeff"}:
            return f"the control character {code}"
    return None
