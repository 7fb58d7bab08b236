"""A market full of owners, in which much comes by word of mouth within a year or two, and how to read its records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.channels import REFERRAL, WORD_OF_MOUTH
from sim.ledger import Purpose
from sim.records import CREDIT_STATES, Columns, Records
from sim.scenario import Scenario
from tests.small_world import simulate, small

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]

SEGMENTS = ("families", "young_urban_women", "technology_enthusiasts", "value_seekers", "business")
OWNERS = [{"per_1000_households": 250, "tenure_years": 1.5, "km": 22000}]
CROWD: dict[str, object] = {
    "brand.initial_owners": OWNERS,
    "stores.hours_per_week": "unlimited",
    "policies.paid_ads": None,
    "policies.vertical_media": None,
    "horizon.years": 2,
    "horizon.ticks_per_year": 26,
    "economics.run_off_years": 0,
}
"""Owners and word of mouth alone: nobody advertises, sellers have time for everybody. Ticks of two weeks save time."""
PROGRAMME: dict[str, object] = {"policies.referral": {"referrer_credit": 2000, "buyer_discount": 2000}}
ONE_YEAR: dict[str, object] = {"horizon.years": 1}
CREDIT_ONLY: dict[str, object] = {"policies.referral": {"referrer_credit": 2000, "buyer_discount": 0}}


def crowd(overrides: Mapping[str, object], households: Sequence[int] = (15_000, 15_000)) -> Scenario:
    """The crowd with settings on top; constants of behaviour may be among them."""
    return small("baseline", {**CROWD, **overrides}, households, allow_behaviour=True)


def run(overrides: Mapping[str, object], replicate: int = 0, households: Sequence[int] = (15_000, 15_000)) -> Records:
    """One replicate of it; a world that several tests look at is simulated once."""
    return _run(json.dumps(dict(overrides), sort_keys=True), replicate, tuple(households))


@cache
def _run(overrides: str, replicate: int, households: tuple[int, ...]) -> Records:
    return simulate(crowd(json.loads(overrides), households), replicate)


def product(strength: float) -> dict[str, object]:
    """The same product strength in every segment."""
    return {f"brand.product_strength.{segment}": strength for segment in SEGMENTS}


BUYERS: dict[str, object] = {**PROGRAMME, **product(0.65), "brand.organic_interest": 5, "horizon.years": 5}
"""Many new owners in segments that are alike, half of them brought by owners."""


def referred_leads(records: Records, begin: float = 0.0, end: float = np.inf) -> int:
    """Leads brought by an invitation in a span of time."""
    return _leads(records, (REFERRAL,), begin, end)


def introduced_leads(records: Records, begin: float = 0.0, end: float = np.inf) -> int:
    """Leads brought by an owner's word, invited or free, in a span of time."""
    return _leads(records, (REFERRAL, WORD_OF_MOUTH), begin, end)


def _leads(records: Records, channels: Sequence[int], begin: float, end: float) -> int:
    arrived = records.leads["arrived"]
    wanted = np.isin(records.leads["channel"], channels) & (arrived >= begin) & (arrived < end)
    return int(wanted.sum())


def segment_of(records: Records, households: Ints) -> Ints:
    """Segment of households who own or owned the brand's car."""
    known = np.full(int(records.ownerships["household"].max()) + 1, -1)
    known[records.ownerships["household"]] = records.ownerships["segment"]
    return known[households]


def credits_in(records: Records, state: str) -> Bools:
    """Which credits ended in a state."""
    found: Bools = records.credits["state"] == CREDIT_STATES.index(state)
    return found


def booked(records: Records, purpose: Purpose) -> int:
    """All that the books say of a purpose, minor units."""
    return int(records.ledger["amount"][records.ledger["purpose"] == purpose].sum())


def mean_and_error(values: Sequence[float] | Floats) -> tuple[float, float]:
    """Mean over replicates and its standard error."""
    array = np.asarray(values, dtype=np.float64)
    return float(array.mean()), float(array.std(ddof=1) / np.sqrt(len(array)))


def clearly_above(values: Sequence[float] | Floats, bound: float) -> bool:
    """Whether the mean over replicates lies above a bound by three standard errors."""
    mean, error = mean_and_error(values)
    return mean - 3.0 * error > bound


def lasted_until(spans: Columns, end: float) -> Floats:
    """When spans ended, the end of observation where they did not."""
    return np.where(np.isnan(spans["ended"]), end, spans["ended"])
