"""The common ground of all scenario sections."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen, strict part of a scenario; attribute docstrings are the documentation of its fields."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


def require_segments(name: str, values: dict[str, object], segments: list[str]) -> None:
    """Refuse a map over segments that misses one or names an unknown one."""
    missing = [s for s in segments if s not in values]
    unknown = [s for s in values if s not in segments]
    if missing or unknown:
        what = f"lacks {', '.join(missing)}" if missing else f"names unknown segments {', '.join(unknown)}"
        raise ValueError(f"{name} {what}; the market's segments are {', '.join(segments)}")
