"""The common ground of all scenario sections."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from sim.errors import FieldError
from sim.schedule import Schedule


class Section(BaseModel):
    """A frozen, strict part of a scenario; attribute docstrings are the documentation of its fields."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


def require_above_zero(name: str, schedule: Schedule[float]) -> None:
    """Refuse a price that is zero at some time: choices weigh the logarithm of prices."""
    if min(schedule.values) <= 0:
        raise FieldError((name, "must be above 0 at all times, for example 200000"))
