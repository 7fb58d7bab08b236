"""What a policy did to orders: two runs of the same world, with and without it, household by household.

The k-th order of a household with the policy is held against its k-th order without. Both runs share every draw a
policy does not touch, so what differs is the policy's doing; a pair of runs without any policy between them shows how
much of it is noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.channels import CHANNELS
from sim.metrics.base import BY_CHANNEL, BY_YEAR, By, Floats, Ints, Label, Metric, metric, ratio, tally
from sim.units import WEEKS_PER_YEAR

KINDS = ("incremental", "displaced", "accelerated", "channel_shifted", "delayed", "same")
INCREMENTAL, DISPLACED, ACCELERATED, CHANNEL_SHIFTED, DELAYED, SAME = range(len(KINDS))
ONE_WEEK = 1.0 / WEEKS_PER_YEAR

PAIR_METRICS: dict[str, Metric] = {}
"""Metrics of a pair of runs, by name; their replicates are pairs."""


@dataclass(frozen=True)
class Classified:
    """The orders of a pair of runs, one row per (household, k) whose earlier order lies in the horizon."""

    household: Ints
    number: Ints
    """k, from 0."""
    kind: Ints
    """Index in KINDS."""
    channel: Ints
    """Of the order with the policy; of a displaced order, the one without."""
    year: Ints
    """Year of the earlier order, from 0."""
    brought: Floats
    """What the customer is worth whom an owner brought by the order with the policy, currency; 0 for all others, nan
    where it was not observed long enough."""
    district: Ints
    weights: Floats
    owners: Ints
    """Simulated ownerships of the horizon with the policy, by district."""
    start_year: int
    years: int

    def labels(self, dimension: str) -> Sequence[Label]:
        """The labels of a dimension, in the order of its codes."""
        return CHANNELS if dimension == "channel" else range(self.start_year, self.start_year + self.years)

    def count(self, kinds: tuple[int, ...], by: By, values: Floats | None = None) -> Floats:
        """Weighted number of pairs of these kinds, or the sum of their values."""
        codes = {"year": self.year, "channel": self.channel}
        lengths = {"year": self.years, "channel": len(CHANNELS)}
        return tally(codes, lengths, self.district, self.weights, np.isin(self.kind, kinds), values).by(by)

    def in_district(self, *kinds: int) -> NDArray[np.int64]:
        """Number of pairs of these kinds in each district, at simulated scale."""
        return np.bincount(self.district[np.isin(self.kind, kinds)], minlength=len(self.weights))


def classify(
    policy_orders: Mapping[str, NDArray[Any]],
    reference_orders: Mapping[str, NDArray[Any]],
    weights: Floats,
    horizon_years: int,
    end_years: float,
    *,
    owners: Sequence[int] = (),
    start_year: int = 0,
    same_time: float = ONE_WEEK,
) -> Classified:
    """Pair the orders of a run with the policy and of one without, and say what the policy did to each.

    Both need the columns household, number, district, channel and ordered (years since the start of the horizon), the
    one with the policy also referrer and value (of the customer it made, currency; `owners` are that run's simulated
    ownerships by district); both runs are observed to `end_years`. A pair counts when its earlier order lies before
    `horizon_years`; the years after that show whether the other order still comes. With the policy only: incremental;
    without it only: displaced. Both: accelerated when earlier by more than `same_time` years (one week), otherwise
    channel_shifted when the channel differs, otherwise delayed when later by more than `same_time`, otherwise the same.
    Raises ValueError when the horizon ends after observation or a (household, number) occurs twice in a run.
    """
    if end_years < horizon_years:
        raise ValueError(
            f"orders observed for {end_years} years cannot be classified over a horizon of {horizon_years}"
        )
    runs = [
        {name: column[run["ordered"] < end_years] for name, column in run.items()}
        for run in (policy_orders, reference_orders)
    ]
    span = 1 + max((int(run["number"].max()) for run in runs if len(run["number"])), default=0)
    keys = [run["household"].astype(np.int64) * span + run["number"] for run in runs]
    pairs = np.unique(np.concatenate(keys))
    with_policy, without = (_aligned(run, key, pairs) for run, key in zip(runs, keys, strict=True))

    earlier = np.minimum(with_policy["ordered"], without["ordered"])
    kind = _kinds(with_policy, without, same_time)
    scope = earlier < horizon_years
    shown = {name: np.where(kind == DISPLACED, without[name], with_policy[name]) for name in ("channel", "district")}
    brought = np.zeros(len(pairs))
    brought[np.searchsorted(pairs, keys[0])] = np.where(runs[0]["referrer"] >= 0, runs[0]["value"], 0.0)
    return Classified(
        household=pairs[scope] // span,
        number=pairs[scope] % span,
        kind=kind[scope],
        channel=shown["channel"][scope],
        year=earlier[scope].astype(np.int64),
        brought=brought[scope],
        district=shown["district"][scope],
        weights=weights,
        owners=np.array(owners or np.zeros(len(weights)), dtype=np.int64),
        start_year=start_year,
        years=horizon_years,
    )


def _aligned(run: Mapping[str, NDArray[Any]], key: Ints, pairs: Ints) -> dict[str, NDArray[Any]]:
    """The run's orders in the rows of their pairs; infinitely late where it has none."""
    row = np.searchsorted(pairs, key)
    if len(np.unique(row)) < len(row):
        raise ValueError("a household has two orders of the same number in one run")
    ordered = np.full(len(pairs), np.inf)
    channel, district = np.full(len(pairs), -1, dtype=np.int64), np.full(len(pairs), -1, dtype=np.int64)
    ordered[row], channel[row], district[row] = run["ordered"], run["channel"], run["district"]
    return {"ordered": ordered, "channel": channel, "district": district}


def _kinds(with_policy: Mapping[str, NDArray[Any]], without: Mapping[str, NDArray[Any]], same_time: float) -> Ints:
    """The kind of every pair; the first that applies counts."""
    moment, reference = with_policy["ordered"], without["ordered"]
    return np.select(
        [
            np.isinf(reference),
            np.isinf(moment),
            reference > moment + same_time,
            with_policy["channel"] != without["channel"],
            moment > reference + same_time,
        ],
        [INCREMENTAL, DISPLACED, ACCELERATED, CHANNEL_SHIFTED, DELAYED],
        SAME,
    )


@metric(unit="count", better="up", by=BY_CHANNEL, registry=PAIR_METRICS)
def incremental_orders(pairs: Classified, by: By) -> Floats:
    """Orders that would not have come without the policy."""
    return pairs.count((INCREMENTAL,), by)


@metric(unit="count", better=None, by=BY_CHANNEL, registry=PAIR_METRICS)
def accelerated_orders(pairs: Classified, by: By) -> Floats:
    """Orders that would have come without the policy, but more than a week later."""
    return pairs.count((ACCELERATED,), by)


@metric(unit="count", better=None, by=BY_CHANNEL, registry=PAIR_METRICS)
def channel_shifted_orders(pairs: Classified, by: By) -> Floats:
    """Orders that would have come without the policy through another channel, no more than a week later."""
    return pairs.count((CHANNEL_SHIFTED,), by)


@metric(unit="count", better="down", by=BY_CHANNEL, registry=PAIR_METRICS)
def displaced_orders(pairs: Classified, by: By) -> Floats:
    """Orders that would have come without the policy but do not with it, by their channel without it."""
    return pairs.count((DISPLACED,), by)


@metric(unit="count", better="down", by=BY_CHANNEL, registry=PAIR_METRICS)
def delayed_orders(pairs: Classified, by: By) -> Floats:
    """Orders that would have come without the policy through the same channel more than a week earlier."""
    return pairs.count((DELAYED,), by)


@metric(unit="count", better="up", by=BY_YEAR, registry=PAIR_METRICS)
def order_difference(pairs: Classified, by: By) -> Floats:
    """Orders with the policy less orders without it, over the same pairs: incremental less displaced, exactly. It may
    differ from the difference of `orders`, which moves with orders brought forward over the end of the horizon."""
    both = (ACCELERATED, CHANNEL_SHIFTED, DELAYED, SAME)
    return pairs.count((INCREMENTAL, *both), by) - pairs.count((DISPLACED, *both), by)


@metric(unit="share", better="up", by=BY_CHANNEL, registry=PAIR_METRICS)
def incremental_share(pairs: Classified, by: By) -> Floats:
    """Of the orders attributed to a channel with the policy, the share that would not have come without it."""
    attributed = tuple(kind for kind in range(len(KINDS)) if kind != DISPLACED)
    return ratio(pairs.count((INCREMENTAL,), by), pairs.count(attributed, by))


@metric(unit="{currency}/owner", better="up", by=((), ("channel",)), registry=PAIR_METRICS)
def referral_value(pairs: Classified, by: By) -> Floats:
    """What owners are worth beyond their own margins: the lifetime value (window, discounted to each customer's own
    first delivery) of the customers of the horizon whom an owner brought, by invitation or free word, and whose order
    would not have come without the policy, by all owners of the horizon. Each customer counts for the owner who brought
    it alone, not for those further up the chain; nothing of it is in `ltv`."""
    owners = float(pairs.owners @ pairs.weights)
    value = pairs.count((INCREMENTAL,), by, pairs.brought)
    return ratio(value, np.full(len(value), owners))
