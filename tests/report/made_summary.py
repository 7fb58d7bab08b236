"""Summaries and differences written by hand, so that what a figure shows can be told from what it was given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sim.channels import CHANNELS
from sim.experiment.compare import Difference
from sim.metrics import METRICS
from sim.metrics.base import ANSWERED

NAN = math.nan
Rows = list[dict[str, Any]]


def row(metric: str, mean: float, half: float = NAN, **by: Any) -> dict[str, Any]:
    unit = METRICS[metric].unit_in("CNY")
    return {"metric": metric, "unit": unit, "by": by, "mean": mean, "low": mean - half, "high": mean + half, "n": 5}


def summary(
    channels: Mapping[str, float],
    years: Sequence[int] = (2020, 2021, 2022),
    half: float = 0.1,
    free: Sequence[str] = (),
) -> Rows:
    """A run in which each channel brings `channels[name]` orders in the first year and 10% more in each later one.

    Every tenth lead orders; leads of a channel cost its place among the channels x 100, those of `free` ones nothing.
    Nine of ten orders are delivered. What referral and word of mouth bring is in every year of generation 1 for three
    quarters, of generation 2 for the rest but a tenth of it, of generation 3 for that tenth; an owner of generation g
    causes 0.2 + 0.1 g deliveries. Ten leads per order times k fall into the k-th class of the
    answer's delay, and a k-th of 20% of them order. Where sellers' content brings any orders, there are `sellers`.
    Intervals are `half` of the mean on both sides.
    """
    rows = []
    for k, year in enumerate(years):
        total, spent = 0.0, 0.0
        for place, name in enumerate(CHANNELS, start=1):
            orders = channels.get(name, 0.0) * 1.1**k
            cost = NAN if not orders else 0.0 if name in free else 100.0 * place
            costs = (("cpl", cost), ("cac", cost * 10))
            for metric, value in (("orders", orders), ("leads", orders * 10), ("deliveries", orders * 0.9), *costs):
                rows.append(row(metric, value, half * value, year=year, channel=name))
            total, spent = total + orders, spent + (orders * 10 * cost if orders else 0.0)
        lead_cost = spent / (total * 10) if total else NAN
        flows = {"orders": total, "leads": total * 10, "cpl": lead_cost, "cac": lead_cost * 10}
        flows |= {
            "visits": total * 3,
            "test_drives": total * 2,
            "deliveries": total * 0.9,
            "cancellations": total * 0.1,
        }
        flows |= {"repurchases": total * 0.2, "defections": total * 0.3, "aware": total * 40, "owners": total * 5}
        flows |= {"waiting": total * 0.05}
        flows |= dict.fromkeys(
            ("lead_to_visit", "visit_to_order", "annual_retention", "repurchase_rate", "leads_lost_late"),
            0.25 if total else NAN,
        )
        rows += [row(metric, value, half * value, year=year) for metric, value in flows.items()]
        brought = 0.9 * sum(channels.get(name, 0.0) for name in ("referral", "word_of_mouth")) * 1.1**k
        for generation, value in enumerate((total * 0.9 - brought, brought * 0.75, brought * 0.225, brought * 0.025)):
            rows.append(row("deliveries", value, half * value, year=year, generation=generation))
    for generation in range(4):
        value = 0.2 + 0.1 * generation
        rows.append(row("reproduction_number", value, half * value, generation=generation))
    orders = sum(channels.values())
    for place, name in enumerate(ANSWERED):
        share = 0.2 / (place + 1) if orders else NAN
        leads = orders * 10 * (place + 1)
        rows += [row("cooling_leads", leads, half * leads, answered=name)]
        rows += [row("cooling_lead_to_order", share, half * share, answered=name)]
    rows += [row("cooling_leads", orders * 280, half * orders), row("cooling_lead_to_order", 0.05, half * 0.05)]
    if channels.get("kos"):
        rows += sellers(years, half)
    return [*rows, row("reproduction_number", 0.21, half * 0.21)]


def sellers(years: Sequence[int], half: float) -> Rows:
    """Sellers of whom the n-th tenth publishes n + k hours in the k-th year (from 0), sells 20 + n, and has 2^n views;
    accounts are a year older each year, stores mature after the first."""
    rows = []
    for k, year in enumerate(years):
        yearly = {"posts_per_seller_week": 3.0, "views_top10_share": 0.5, "seller_publishing_hours": 5.5 + k}
        yearly |= {"account_age_months": 6.0 + 12 * k, "account_ripeness": 0.3 + 0.7 * k / len(years)}
        yearly |= {"followers_per_seller": 100.0 * (k + 1)}
        rows += [row(metric, value, half * value, year=year) for metric, value in yearly.items()]
        for n in range(1, 11):
            tenths = {"seller_publishing_hours": n + k, "seller_selling_hours": 20.0 + n, "seller_views": 2.0**n}
            rows += [row(metric, v, half * v, year=year, seller_tenth=n) for metric, v in tenths.items()]
        shares = {"young": 0.05, "mature": NAN if k == 0 else 0.2}
        rows += [row("kos_order_share", v, half * v, year=year, store_maturity=name) for name, v in shares.items()]
    return rows


def difference(
    metric: str, reference: float, change: float, half: float, verdict: str, unit: str = "CNY", **by: Any
) -> Difference:
    return Difference(
        scenario="other",
        metric=metric,
        unit=unit,
        by=by,
        reference_mean=reference,
        mean=reference + change,
        difference=change,
        low=change - half,
        high=change + half,
        relative=change / reference if reference else (0.0 if change == 0 else NAN),
        share_better=0.5,
        verdict=verdict,
        n=5,
    )


CONTENT = {"paid_ads": 400.0, "kos": 80.0, "walk_in": 300.0}
MIXED = {"paid_ads": 400.0, "vertical_media": 900.0, "referral": 100.0, "word_of_mouth": 10.0, "walk_in": 300.0}
ALL = {name: 100.0 * place for place, name in enumerate(CHANNELS, start=1)}

DIFFERENCES = [
    difference("leads", 1000.0, 5.0, 4.0, "equivalent", "count"),
    difference("orders", 100.0, 8.0, 3.0, "better", "count"),
    difference("spend", 2e9, 3e7, 1e7, "equivalent"),
    difference("cac", 5000.0, -250.0, 100.0, "better", "CNY/customer"),
    difference("cac", 6000.0, 60.0, 300.0, "inconclusive", "CNY/customer", year=2020),
    difference("cac", 4500.0, 90.0, 40.0, "worse", "CNY/customer", year=2021),
    difference("cac", 4000.0, -400.0, 40.0, "better", "CNY/customer", year=2022),
    difference("cac", 4000.0, -400.0, 40.0, "better", "CNY/customer", channel="paid_ads"),
    difference("referral_share", 0.0, 0.08, 0.01, "changed", "share"),
]
