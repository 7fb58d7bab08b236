"""The manifest of a run directory: what was asked for, what is there, whence it came, and every checksum.

It is written before anything is simulated (status `running`) and again when the work ends, so a run that was killed can
be told from one that is complete, and finished. It vouches for itself too: its last entry is the SHA-256 of all others.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sim.errors import StoreError, UsageError
from sim.experiment import regular

FILE = "manifest.json"
FORMAT = 2
"""What this version writes. 1 (before `resume`): no `wanted`, `placebos` and `sha256`; it is still read."""

READABLE = (1, FORMAT)

MOST = 9_999
"""Replicates of a run; their files carry the number with four digits."""

LARGEST = 64 * 1024**2
"""Larger files are not read, bytes; the manifest of 9,999 replicates has less than 10 MB."""

Status = Literal["running", "complete", "failed", "interrupted"]
"""`running` until the work ends; a run that is `running` while nobody holds its lock was killed."""


class LaterVersionError(StoreError):
    """A manifest of a later format than this version reads; it may well be undamaged."""


class Timings(BaseModel):
    """When and how long; the only part that differs between two runs of the same."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    finished: str | None = None
    """Moment of the last change, ISO 8601, UTC."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """Duration of each replicate by its number, such as `0007` or `0000-placebo`, seconds."""


class Manifest(BaseModel):
    """A manifest that was read or is to be written."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    format: int
    scenario: str
    """Name of the scenario."""
    hash: str
    """First eight digits of `identity`; part of the folder's name."""
    identity: str
    """SHA-256 of all that decides results (`store.identity`)."""
    sources: str
    """SHA-256 of the package's sources."""
    seed: int
    wanted: int = Field(ge=0, le=MOST)
    """Replicates that the last experiment on this run asked for."""
    placebos: int = Field(ge=0, le=MOST)
    """Placebo replicates it asked for."""
    events: bool
    """Whether it asked for event logs."""
    replicates: int
    """Replicates that were there, whole, when this was written."""
    status: Status
    versions: dict[str, str]
    git: dict[str, str | bool] | None
    timings: Timings
    files: dict[str, str]
    """SHA-256 of every file by its path in the folder, the manifest apart."""

    def to_bytes(self) -> bytes:
        """The content of the file; equal manifests give equal bytes."""
        content = self.model_dump(mode="json")
        return _text({**content, "sha256": _digest(content)}).encode()

    @classmethod
    def read(cls, folder: Path, *, trusting: bool = False) -> Self | None:
        """The manifest of a folder, None where there is none; `trusting` leaves out the check of its own checksum.

        Raises:
            UsageError: the folder cannot be read.
            StoreError: the manifest is damaged, was edited, or has a format that this version does not read
                (LaterVersionError where that is a later one).
        """
        path = folder / FILE
        try:
            str(path).encode()  # Parquet files take no names but those of UTF-8
            stored = regular.content(path, LARGEST)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except regular.IrregularError as error:
            raise StoreError(f"{path}: {error.strerror}; delete it and run the same again") from error
        except (OSError, UnicodeEncodeError) as error:
            # The latter: a name that was read or cannot be written in another encoding (LC_ALL=C).
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            message = f"cannot read results in {folder}: {reason}; choose another folder with --out DIR"
            raise UsageError(message) from error
        try:
            content = dict(json.loads(stored))
            number = content["format"]
            if isinstance(number, int) and not isinstance(number, bool) and number > FORMAT:
                raise LaterVersionError(
                    f"{path}: written by a later version of this program (format {number}, this one reads up to "
                    f"{FORMAT}); use that version, or another folder with --out DIR"
                )
            if number not in READABLE:
                raise ValueError(f"there is no format {number!r}")
            found = cls.model_validate(_from_first(content) if number == 1 else _without_digest(content))
            if number == FORMAT and not trusting and stored != found.to_bytes():
                raise ValueError("it was changed after it was written")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise StoreError(
                f"{path}: not a readable manifest ({_reason(error)}); delete it and run the same again"
            ) from error
        return found


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(_text(content).encode()).hexdigest()


def _without_digest(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != "sha256"}


def _from_first(content: dict[str, Any]) -> dict[str, Any]:
    """A manifest of format 1 with what it did not say: it was written at the end, for all that was asked for."""
    seconds = content["timings"]["seconds"]
    placebos = sum(number.endswith("-placebo") for number in seconds)
    return {**content, "wanted": content["replicates"], "placebos": placebos, "events": False}


def _reason(error: Exception) -> str:
    """Why it cannot be read, in a few words."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg'].lower()}"
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return "it is not JSON"
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)
