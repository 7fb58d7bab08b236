"""Names: those that become labels, files and folders, and those that must stand elsewhere in the scenario."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

PLAIN_CHARACTER = r"[^\s!-,./:-@\[-\^`{-~]"
"""A character of a name in the regular expressions of JSON schemas, which know the letters of ASCII only: beyond ASCII
it allows whatever is no space."""

_NAME = re.compile(r"[\w-]{1,64}")
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
_MAX_BYTES = 200  # a folder's name has 255 bytes, the hash of the run among them


def checked_name(name: str) -> str:
    """Return the name: 1 to 64 letters, digits, `_` or `-` of at most 200 bytes that mean no device.

    Raises:
        ValueError: it is something else; the message names the nearest name that would do.
    """
    if not _NAME.fullmatch(name):
        near = re.sub(r"[^\w-]+", "-", name).strip("-")[:64]
        hint = f"write {near}" if near and near.casefold() not in _DEVICES else "for example more-referral"
        length = f" ({len(name)} characters)" if len(name) > 64 else ""
        raise ValueError(f"must be 1 to 64 letters, digits, '_' or '-', not {_short(name)!r}{length}; {hint}")
    if name.casefold() in _DEVICES:
        raise ValueError(f"'{name}' is the name of a device on Windows; choose another, such as {name}-1")
    if len(name.encode()) > _MAX_BYTES:
        raise ValueError(f"is too long for the name of a folder (at most {_MAX_BYTES} bytes, not {len(name.encode())})")
    return name


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


@dataclass(frozen=True)
class NameOf:
    """Marks a text as the name of something that stands elsewhere in the scenario."""

    what: Literal["segment", "district"]


Name = Annotated[
    str,
    Field(strict=True),
    AfterValidator(checked_name),
    WithJsonSchema({"type": "string", "pattern": f"^{PLAIN_CHARACTER}{{1,64}}$"}),
]
SegmentName = Annotated[str, Field(strict=True), NameOf("segment")]
"""A segment of `market.segments`."""
DistrictName = Annotated[str, Field(strict=True), NameOf("district")]
"""A district of `market.districts`."""
