"""What every policy is: frozen, validated parameters, a time span, and `apply`."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, model_validator

from sim.errors import FieldError
from sim.levers import Levers
from sim.units import Calendar


class Moment(NamedTuple):
    """The middle of a tick as policies see it."""

    calendar: float
    """Calendar year with fraction."""
    since_start: float
    """Years since the start of the horizon."""


class Timed(BaseModel):
    """What begins and ends at some time: a policy, or a part of its terms."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    start: Calendar | None = None
    """Calendar year, fractions allowed, at which it begins; from the beginning when absent."""
    stop: Calendar | None = None
    """Calendar year, fractions allowed, at which it ends; never when absent."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start is not None and self.stop is not None and self.stop <= self.start:
            raise FieldError(("stop", f"must lie after start ({self.start:.15g}), not at {self.stop:.15g}"))
        return self

    def covers(self, calendar: float) -> bool:
        """Whether a calendar year lies between start and stop."""
        return (self.start is None or calendar >= self.start) and (self.stop is None or calendar < self.stop)


class Policy(Timed):
    """A growth policy. It sets levers, never state; memory lives in tables and the ledger.

    At the parameters in `neutral` a policy must change nothing, to the bit. `channel` is the channel its leads are
    counted in, from `sim.channels`; None for a policy without leads of its own.
    """

    neutral: ClassVar[dict[str, Any]]
    channel: ClassVar[str | None]

    start: Calendar | None = None
    """Calendar year, fractions allowed, at which the policy begins; the start of the horizon when absent."""
    stop: Calendar | None = None
    """Calendar year, fractions allowed, at which the policy ends; never when absent."""

    def active(self, now: Moment) -> bool:
        """Whether the policy runs in the tick whose middle is `now`."""
        return self.covers(now.calendar)

    def apply(self, levers: Levers, now: Moment) -> None:
        """Move the levers of one tick; called only while `active`."""
        raise TypeError(f"{type(self).__name__} does not say what it does")
