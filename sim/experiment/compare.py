"""Scenarios against a reference, replicate by replicate: the same luck, so differences are effects."""

from __future__ import annotations

import dataclasses
import functools
import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import metrics
from sim.errors import UsageError
from sim.experiment.result import Result
from sim.experiment.tables import Columns, Scope, Tables

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario

PLACEBO_REPLICATES = 3
"""How many replicates of the reference are repeated with a placebo, to see what chance alone moves."""

ORDER_EFFECTS = (
    "order_difference",
    "incremental_orders",
    "displaced_orders",
    "accelerated_orders",
    "channel_shifted_orders",
    "incremental_share",
    "referral_value",
)
"""Metrics that exist only between two runs, from orders matched household by household."""


@dataclass(frozen=True)
class Difference:
    """A metric in a scenario against the reference, over the replicates both have; nan where undefined."""

    scenario: str
    metric: str
    unit: str
    by: dict[str, Any]
    reference_mean: float
    mean: float
    difference: float
    low: float
    high: float
    relative: float
    share_better: float
    verdict: str
    n: int
    """Replicates in which both are defined."""
    replicates_to_settle: int | None = None
    """How many such replicates would about end an inconclusive verdict (`sim.metrics.statistics`); None if it is
    another verdict, if there is no interval, or if no run can have so many."""


FIELDS = tuple(name for name in Difference.__dataclass_fields__ if name != "n")
"""The fields of a difference that are part of the interface."""


def ensure_comparable(reference: Scenario, scenario: Scenario) -> None:
    """Refuse pairs whose difference would mean nothing.

    Raises:
        UsageError: another seed, horizon or currency.
    """
    flags = {"seed": " (give both the same with --seed N)", "horizon": " (give both the same with --years N or --set)"}
    for name in ("seed", "horizon", "currency"):
        if getattr(reference, name) != getattr(scenario, name):
            raise UsageError(
                f"'{scenario.name}' cannot be compared with '{reference.name}': another {name}{flags.get(name, '')}"
            )


class Comparison:
    """Paired differences of scenarios to a reference.

    Raises UsageError when they do not share seed, horizon, currency and at least one replicate.
    """

    def __init__(self, reference: Result, scenarios: Sequence[Result]) -> None:
        self.reference = reference
        self.scenarios = list(scenarios)
        for result in scenarios:
            ensure_comparable(reference.scenario, result.scenario)
            if not _common(reference, result):
                raise UsageError(f"'{result.scenario.name}' and '{reference.scenario.name}' share no replicate")
        self.names = _names([reference, *scenarios])

    @functools.cached_property
    def differences(self) -> list[Difference]:
        """All differences: metrics first, then what happened to orders, of scenario after scenario."""
        found: list[Difference] = []
        for name, result in zip(self.names[1:], self.scenarios, strict=True):
            found += _metric_differences(name, self.reference, result)
            found += _order_effects(name, self.reference, result)
        return found + self._noise_floor()

    def _noise_floor(self) -> list[Difference]:
        """Order effects of the placebo, where it was run: what chance alone moves."""
        found = ((number, self.reference.placebo(number)) for number in self.reference.replicates)
        known = ((number, *placebo) for number, placebo in found if placebo is not None)
        rows = _effects(f"{self.names[0]}+placebo", self.reference, known)
        # However many replicates there are, those with a placebo are as few as ever.
        return [dataclasses.replace(row, replicates_to_settle=None) for row in rows]

    @property
    def frame(self) -> pd.DataFrame:
        """The differences as a frame."""
        import pandas as pd

        frame = pd.DataFrame([{name: getattr(row, name) for name in (*FIELDS, "n")} for row in self.differences])
        return frame.astype({"replicates_to_settle": "Int64"})

    def get(self, scenario: str, metric: str, **by: int | str | bool) -> Difference:
        """One difference, such as `get("referral", "cac", year=2025)`.

        Raises:
            KeyError: no such difference.
        """
        for row in self.differences:
            if row.scenario == scenario and row.metric == metric and row.by == by:
                return row
        raise KeyError(f"no difference of {metric!r} by {by or 'nothing'} for {scenario!r}")

    def sentences(self) -> list[str]:
        """In words: which scenario is cheaper per customer in the first and in the last year, how sure that is, and how
        much of what a policy is credited with it has caused."""
        horizon = self.reference.scenario.horizon
        years = sorted({horizon.start_year, horizon.start_year + horizon.years - 1})
        costs = [
            cost_sentence(self.get(name, "cac", year=year), self.names[0], year - horizon.start_year + 1)
            for name in self.names[1:]
            for year in years
        ]
        effects = [sentence for name in self.names[1:] for sentence in self._margin_sentences(name)]
        return costs + effects + [sentence for name in self.names[1:] for sentence in self._credit_sentences(name)]

    def _margin_sentences(self, name: str) -> list[str]:
        """What a customer costs with sellers' hours and discounts, and what one more delivery costs."""
        loaded, spend, deliveries = (self.get(name, metric) for metric in ("cac_loaded", "spend", "deliveries"))
        if loaded.n == 0 or not all(math.isfinite(d.difference) for d in (loaded, spend, deliveries)):
            return []
        currency = loaded.unit.partition("/")[0]
        words = [
            f"Over all years, with sellers' hours and discounts, a customer of {name} costs {loaded.mean:,.0f} "
            f"{currency} against {loaded.reference_mean:,.0f} ({loaded.relative:+.1%})."
        ]
        if deliveries.low > 0 and spend.difference > 0:
            each = spend.difference / deliveries.difference
            words.append(
                f"{name} delivers {deliveries.difference:,.0f} cars more and spends {spend.difference:,.0f} {currency} "
                f"more, discounts included: {each:,.0f} {currency} per additional delivery."
            )
        return words

    def _credit_sentences(self, name: str) -> list[str]:
        """What the referral programme is credited with beside what it brought; nothing without an interval."""
        result = self.scenarios[self.names[1:].index(name)]
        if result.scenario.market != self.reference.scenario.market:
            return []
        share = self.get(name, "incremental_share", channel="referral")
        if share.n < 2:
            return []
        orders = self.get(name, "orders", channel="referral").mean
        low, high = (min(max(1.0 - bound, 0.0), 1.0) for bound in (share.high, share.low))
        all_pairs = len(_common(self.reference, result))
        return [
            f"Of the {orders:,.0f} orders of {name} credited to referral, {1.0 - share.mean:.0%} would have come "
            f"anyway in {self.names[0]} - later, or through another channel (95% interval {low:.0%} to {high:.0%}, "
            f"from {share.n} of {all_pairs} replicates and the orders early enough to classify)."
        ]

    def __str__(self) -> str:
        totals = self.frame[[not by for by in self.frame["by"]]].drop(columns=["by"])
        shown = totals.to_string(index=False, float_format="{:,.4g}".format)
        return "\n".join([shown, "", *self.sentences()])

    def _repr_html_(self) -> str:
        words = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self.sentences())
        # The class keeps notebooks from reading dollar signs as mathematics.
        table = self.frame.to_html(index=False, escape=True)
        return f'<div class="tex2jax_ignore mathjax_ignore">{words}{table}</div>'


def cost_sentence(row: Difference, reference: str, year: int) -> str:
    """Which of two scenarios is cheaper per customer in a year of the horizon, in words."""
    when = f"In {row.by['year']} (year {year})"
    if row.n == 0:
        return f"{when}, cost per customer cannot be compared: no customers in one of the two."
    currency = row.unit.partition("/")[0]
    amounts = f"{row.mean:,.0f} {currency} against {row.reference_mean:,.0f}"
    cheaper = round(row.share_better * row.n)
    if row.difference == 0 and row.verdict == "equivalent":
        both = f"{row.scenario} and {reference}"
        return f"{when}, {both} cost exactly the same per customer: {row.mean:,.0f} {currency}."
    spread = f"difference {row.difference:+,.0f} {currency}"
    if math.isfinite(row.low):
        spread += f", 95% interval {row.low:+,.0f} to {row.high:+,.0f}"
    if row.verdict == "better":
        claim, count = f"{row.scenario} is cheaper per customer than {reference}", cheaper
    elif row.verdict == "worse":
        claim, count = f"{row.scenario} is dearer per customer than {reference}", row.n - cheaper
    elif row.verdict == "equivalent":
        claim, count = f"{row.scenario} costs practically the same per customer as {reference}; cheaper", cheaper
    else:
        claim, count = f"{row.scenario} may be cheaper or dearer per customer than {reference}; cheaper", cheaper
    more = settling(row)
    hint = f"; {more} replicates would settle it (it has {row.n})" if more else ""
    return f"{when}, {claim} in {count} of {row.n} replicates: {amounts}; {spread}{hint}."


def settling(row: Difference) -> str:
    """How many replicates would settle an inconclusive difference, in words; empty for others, and without interval."""
    if row.verdict != "inconclusive" or not math.isfinite(row.low):
        return ""
    most = f"more than {metrics.MOST_REPLICATES:,}"
    return most if row.replicates_to_settle is None else f"about {row.replicates_to_settle:,}"


def _metric_differences(name: str, reference: Result, result: Result) -> list[Difference]:
    """Differences of all metrics over the common replicates."""
    numbers = _common(reference, result)
    found = metrics.paired([reference.rows(n) for n in numbers], [result.rows(n) for n in numbers])
    return [_difference(name, row, result.units[row.metric]) for row in found]


def _order_effects(name: str, reference: Result, result: Result) -> list[Difference]:
    """What a scenario did to orders; nothing in another market, where households cannot be matched."""
    if reference.scenario.market != result.scenario.market:
        return []
    tables = ((number, result.tables(number)) for number in _common(reference, result))
    return _effects(name, reference, ((number, table.orders, table.scope) for number, table in tables))


def _effects(name: str, reference: Result, runs: Iterable[tuple[int, Columns, Scope]]) -> list[Difference]:
    """Orders of each replicate matched with those of the reference; itself against itself is the zero."""
    # One replicate after the other: orders are by far the largest table.
    changed = [_pair_rows(reference, orders, scope, reference.tables(number)) for number, orders, scope in runs]
    itself = [[row._replace(value=0.0) for row in rows] for rows in changed]
    currency = reference.scenario.currency
    return [
        _difference(name, row, metrics.PAIR_METRICS[row.metric].unit_in(currency))
        for row in metrics.paired(itself, changed)
    ]


def _pair_rows(reference: Result, orders: Columns, scope: Scope, without: Tables) -> list[metrics.Row]:
    """The metrics of one pair of replicates."""
    pairs = matched(reference, orders, scope, without)
    return [row for metric in metrics.PAIR_METRICS.values() for row in metric.rows(pairs)]


def matched(reference: Result, orders: Columns, scope: Scope, without: Tables) -> metrics.Classified:
    """The orders of a replicate held against those of the reference, household by household."""
    return metrics.classify(
        orders,
        without.orders,
        np.array(scope.weights),
        scope.years,
        min(scope.end_years, without.scope.end_years),
        owners=scope.owners,
        start_year=reference.scenario.horizon.start_year,
    )


def _difference(name: str, row: metrics.Comparison, unit: str) -> Difference:
    values = {field: value for field, value in row._asdict().items() if field in Difference.__dataclass_fields__}
    return Difference(scenario=name, unit=unit, **values)


def _common(reference: Result, result: Result) -> list[int]:
    return [number for number in result.replicates if number in reference.replicates]


def _names(results: Sequence[Result]) -> list[str]:
    """Names of scenarios, told apart by their hash where two different ones share a name."""
    hashes: dict[str, set[str]] = {}
    for result in results:
        hashes.setdefault(result.scenario.name, set()).add(result.hash)
    ambiguous = {name for name, found in hashes.items() if len(found) > 1}
    names = [(result.scenario.name, result.hash) for result in results]
    return [f"{name}-{digest}" if name in ambiguous else name for name, digest in names]
