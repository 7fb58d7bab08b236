"""Opening time: hours counted only while stores are open, from the start of the horizon. `pace` holds the hours."""

from __future__ import annotations

import math
from typing import Any

from sim.kernels import part


@part
def opening_time(moment: float, pace: Any) -> float:
    """Hours stores have been open from the start to a clock moment."""
    days = moment * 365.0
    day = math.floor(days)
    hour = (days - day) * 24.0 - pace.opens
    opening: float = day * pace.open_hours + min(max(hour, 0.0), pace.open_hours)
    return opening


@part
def clock(opening: float, pace: Any) -> float:
    """The clock moment at which stores have been open that long; the opening hour where it falls on a closing hour."""
    day = math.floor(opening / pace.open_hours)
    moment: float = (day + (pace.opens + (opening - day * pace.open_hours)) / 24.0) / 365.0
    return moment
