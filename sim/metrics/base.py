"""The registry of metrics, and the counting every metric is built from.

A metric is one function `(view, by) -> values`; its name is the column, its docstring the definition. `by` names the
dimensions asked for; the values come flattened in the order of the labels of those dimensions. Ratios are ratios of
weighted sums, and nan where the denominator is zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.channels import CHANNELS, REFERRAL
from sim.records import Records

Floats = NDArray[np.float64]
Ints = NDArray[Any]
By = tuple[str, ...]
Label = int | str | bool
T = TypeVar("T")

EQUIVALENCE_MARGIN = 0.02
TENURE_YEARS = 10
"""Relationships older than this count in totals, not in the breakdown by tenure."""

GENERATIONS = 10
"""Generations of buyers brought by buyers told apart; whoever stands further down a chain counts in totals only."""

TIES = ("weak", "strong")
ANSWERED = (
    *("under_5_minutes", "5_to_30_minutes", "30_to_60_minutes", "1_to_6_hours", "6_to_24_hours", "over_24_hours"),
    "never",
)
"""Classes of the time from contact data to the first answer."""
SPEND_LEDGERS = ("cash", "accounting", "discount")
CREDIT_PARTS = ("issued", "voided", "clawed_back", "redeemed", "expired", "outstanding")
"""What became of the face value of credits; the first is the sum of the others."""

BY_YEAR: tuple[By, ...] = ((), ("year",))
BY_SEGMENT: tuple[By, ...] = (*BY_YEAR, ("segment",), ("year", "segment"))
BY_CHANNEL: tuple[By, ...] = (*BY_YEAR, ("channel",), ("year", "channel"))
BY_ALL: tuple[By, ...] = (*BY_CHANNEL, ("segment",), ("year", "segment"))
BY_MATURITY: tuple[By, ...] = (("store_maturity",), ("year", "store_maturity"))
BY_COST: tuple[By, ...] = (*BY_CHANNEL, ("since_start_to",), ("since_start_to", "channel"))

STORE_MATURITIES = ("young", "mature")
"""Whether the accounts of a store's sellers were a year old on average (N17); stores without accounts are neither."""
SELLER_TENTHS = 10


class Row(NamedTuple):
    """One value of one metric in one replicate; nan when its denominator is zero."""

    metric: str
    by: dict[str, Label]
    value: float


class Labelled(Protocol):
    """Anything metrics can be computed from: it knows the labels of each dimension."""

    def labels(self, dimension: str) -> Sequence[Label]:
        """The labels of a dimension, in the order of its codes."""


@dataclass(frozen=True)
class Metric:
    """A metric's definition: how it is computed, in which unit, what is better, and what counts as no difference."""

    name: str
    unit: str
    better: str | None
    """`up`, `down`, or None where neither direction is good in itself."""
    margin: float
    """Half width of equivalence, as a share of the reference mean."""
    dimensions: tuple[By, ...]
    description: str
    values: Callable[[Any, By], Floats]

    def unit_in(self, currency: str) -> str:
        """The unit with the scenario's currency in place."""
        return self.unit.replace("{currency}", currency)

    def rows(self, view: Labelled) -> list[Row]:
        """Its rows for every declared set of dimensions."""
        return [
            Row(self.name, dict(zip(by, labels, strict=True)), value)
            for by in self.dimensions
            for labels, value in zip(
                itertools.product(*(view.labels(dimension) for dimension in by)),
                self.values(view, by).tolist(),
                strict=True,
            )
        ]


METRICS: dict[str, Metric] = {}
"""Every metric by name, in the order of definition."""


def metric(
    *,
    unit: str,
    better: str | None,
    by: tuple[By, ...],
    margin: float = EQUIVALENCE_MARGIN,
    registry: dict[str, Metric] = METRICS,
) -> Callable[[Callable[[T, By], Floats]], Callable[[T, By], Floats]]:
    """Register a function as a metric; raises ValueError for a name taken, an unknown direction or no docstring."""

    def register(function: Callable[[T, By], Floats]) -> Callable[[T, By], Floats]:
        name = function.__name__
        if name in registry or better not in ("up", "down", None) or not function.__doc__:
            raise ValueError(
                f"metric {name}: its name must be new, its direction up, down or None, its docstring present"
            )
        description = " ".join(function.__doc__.split())
        registry[name] = Metric(name, unit, better, margin, by, description, function)
        return function

    return register


@dataclass(frozen=True)
class Cube:
    """Weighted totals of one kind of event on named axes.

    Each axis has one slot more than labels, the last for events without a label there (no channel, an incomplete year):
    they count in totals and in no breakdown. Where it is no axis itself, `referred` is read off `channel`;
    `since_start_to` off `year`.
    """

    axes: By
    cells: Floats

    def by(self, dimensions: By) -> Floats:
        """Totals on `dimensions`, in their order, flattened."""
        wanted = [name if name in self.axes else _AXIS_OF[name] for name in dimensions]
        dropped = tuple(place for place, axis in enumerate(self.axes) if axis not in wanted)
        kept = [axis for axis in self.axes if axis in wanted]
        totals = self.cells.sum(axis=dropped).transpose([kept.index(axis) for axis in wanted])
        for place, (dimension, axis) in enumerate(zip(dimensions, wanted, strict=True)):
            totals = _labelled(totals, place, dimension, axis)
        flat: Floats = totals.reshape(-1)
        return flat


_AXIS_OF = {"referred": "channel", "since_start_to": "year"}


def _labelled(totals: Floats, place: int, dimension: str, axis: str) -> Floats:
    """Drop the slot without label and turn the axis into the dimension asked for."""
    along = np.moveaxis(totals, place, 0)[:-1]
    if dimension == "since_start_to":
        along = np.cumsum(along, axis=0)
    elif dimension == "referred" and axis == "channel":
        others = [channel for channel in range(len(CHANNELS)) if channel != REFERRAL]
        along = np.stack([along[others].sum(axis=0), along[REFERRAL]])
    return np.moveaxis(along, 0, place)


def whole_years(years: Floats) -> NDArray[np.int64]:
    """Completed years, -1 where they are not known."""
    return np.where(np.isnan(years), -1.0, np.floor(years)).astype(np.int64)


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Numerator by denominator, nan where the denominator is zero."""
    out = np.full(np.shape(denominator), np.nan)
    np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out


def tally(
    codes: Mapping[str, Ints],
    lengths: Mapping[str, int],
    district: Ints,
    weights: Floats,
    where: NDArray[np.bool_] | None = None,
    values: NDArray[Any] | None = None,
) -> Cube:
    """Weighted totals by the codes given: of events, or of `values` over them; `where` keeps some of the rows.

    A code outside 0..length-1 has no label. Rows are summed within districts before the districts' weights apply, so
    integers add up exactly, in any order of the rows.
    """
    if where is not None:
        rows = np.flatnonzero(where)
        codes, district = {axis: code[rows] for axis, code in codes.items()}, district[rows]
        values = values if values is None else values[rows]
    cell = np.zeros(len(district), dtype=np.int64)
    for axis, code in codes.items():
        known = (code >= 0) & (code < lengths[axis])
        cell = cell * (lengths[axis] + 1) + np.where(known, code, lengths[axis])
    cell = cell * len(weights) + district
    shape = [*(lengths[axis] + 1 for axis in codes), len(weights)]
    sums = np.bincount(cell, weights=values, minlength=int(np.prod(shape))).reshape(shape)
    return Cube(tuple(codes), np.asarray((sums * weights).sum(axis=-1)))


@dataclass(frozen=True)
class View:
    """The records of one replicate with what several metrics share; each shared piece is computed once."""

    records: Records
    memo: dict[Callable[..., Any], Any] = field(default_factory=dict)

    def labels(self, dimension: str) -> Sequence[Label]:
        """The labels of a dimension, in the order of its codes."""
        fixed: Mapping[str, Sequence[Label]] = {
            "channel": CHANNELS,
            "referred": (False, True),
            "tie": TIES,
            "ledger": SPEND_LEDGERS,
            "tenure_year": range(1, TENURE_YEARS + 1),
            "generation": range(GENERATIONS),
            "eligible": (False, True),
            "referrer_left": (False, True),
            "credit": CREDIT_PARTS,
            "answered": ANSWERED,
            "store_maturity": STORE_MATURITIES,
            "seller_tenth": range(1, SELLER_TENTHS + 1),
        }
        if dimension in ("year", "since_start_to"):
            return range(self.records.start_year, self.records.start_year + self.records.years)
        return self.records.segments if dimension == "segment" else fixed[dimension]

    def in_horizon(self, moment: Floats) -> NDArray[np.bool_]:
        """Whether a moment lies in the reported years; nan does not."""
        return (moment >= 0) & (moment < self.records.years)

    def year(self, moment: Floats, followed: float = 0.0) -> Ints:
        """Code of the calendar year of each moment; -1 outside the horizon.

        With `followed` years of observation needed after the moment, a year that is not observed that long to its very
        end is -1 as well: a cohort is reported whole or not at all.
        """
        year = np.where(self.in_horizon(moment), moment, -1.0).astype(np.int64)
        return np.where(year + 1 + followed <= self.records.end, year, -1)

    def tally(
        self,
        codes: Mapping[str, Ints],
        district: Ints,
        where: NDArray[np.bool_] | None = None,
        values: NDArray[Any] | None = None,
        sizes: Mapping[str, int] | None = None,
    ) -> Cube:
        """`tally` with the records' weights; `sizes` holds the number of labels of axes that are not dimensions."""
        own = sizes or {}
        lengths = {axis: own[axis] if axis in own else len(self.labels(axis)) for axis in codes}
        return tally(codes, lengths, district, self.records.weights, where, values)


@dataclass(frozen=True)
class Events:
    """Events with more codes than one cube of all of them could hold: totals on just the dimensions asked for.

    Each event counts once, or as much as its value; a code of -1 has no label there.
    """

    view: View
    district: Ints
    codes: Mapping[str, Ints]
    values: NDArray[Any] | None = None
    sizes: Mapping[str, int] | None = None
    """The number of labels of codes that are not dimensions."""

    def by(self, dimensions: By) -> Floats:
        """Weighted totals on `dimensions`, in their order, flattened."""
        codes = {name: self.codes[name] for name in dimensions}
        return self.view.tally(codes, self.district, values=self.values, sizes=self.sizes).by(dimensions)

    def only(self, where: NDArray[np.bool_]) -> Events:
        """Those of the events."""
        codes = {name: code[where] for name, code in self.codes.items()}
        values = self.values if self.values is None else self.values[where]
        return Events(self.view, self.district[where], codes, values, self.sizes)

    def shape(self, dimensions: By) -> tuple[int, ...]:
        """How many labels each dimension has."""
        sizes = self.sizes or {}
        return tuple(sizes[name] if name in sizes else len(self.view.labels(name)) for name in dimensions)


def once(function: Callable[[View], T]) -> Callable[[View], T]:
    """Compute a piece shared by several metrics once per view."""

    @wraps(function)
    def remembered(view: View) -> T:
        if function not in view.memo:
            view.memo[function] = function(view)
        piece: T = view.memo[function]
        return piece

    return remembered
