"""Names that are safe as names of files and folders on every system."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_NAME = re.compile(r"[\w-]{1,64}")
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
_MAX_BYTES = 200  # a folder's name has 255 bytes, the hash of the run among them


def checked_name(name: str) -> str:
    """Return the name; raises ValueError if it is not 1 to 64 letters, digits, `_` or `-`, or means a device."""
    if not _NAME.fullmatch(name):
        raise ValueError("must be 1 to 64 letters, digits, '_' or '-', for example more-referral")
    if name.casefold() in _DEVICES:
        raise ValueError(f"'{name}' is the name of a device on Windows; choose another")
    if len(name.encode()) > _MAX_BYTES:
        raise ValueError(f"is too long for the name of a folder (at most {_MAX_BYTES} bytes)")
    return name


Name = Annotated[str, Field(strict=True), AfterValidator(checked_name)]
