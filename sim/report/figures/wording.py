"""What figures call things: channels, metrics and numbers in a reader's words."""

from __future__ import annotations

import math
from collections.abc import Sequence

CHANNEL_NAMES = {
    "paid_ads": "paid ads",
    "vertical_media": "vertical media",
    "kos": "sellers' content",
    "founder": "founder",
    "scenario_marketing": "scenario marketing",
    "referral": "owner referral",
    "community": "communities",
    "word_of_mouth": "word of mouth",
    "walk_in": "walk-in",
}

ANSWERED_NAMES = {
    "under_5_minutes": "< 5 min",
    "5_to_30_minutes": "5-30 min",
    "30_to_60_minutes": "30-60 min",
    "1_to_6_hours": "1-6 h",
    "6_to_24_hours": "6-24 h",
    "over_24_hours": "> 1 day",
    "never": "never",
}

_METRIC_NAMES = {
    "spend": "spend",
    "cpl": "cost per lead (CPL)",
    "cost_per_order": "cost per order",
    "cac": "cost per customer (CAC)",
    "cac_loaded": "loaded CAC",
    "lead_to_order": "leads that order",
    "ltv": "lifetime value (LTV)",
    "ltv_to_cac": "LTV by loaded CAC",
    "annual_retention": "owners kept for a year",
    "repurchase_rate": "replaced by same brand",
    "referral_share": "referred share of deliveries",
    "satisfaction": "satisfaction of owners",
}


def metric_name(metric: str) -> str:
    """A metric in words; its own name without underscores where there are none."""
    return _METRIC_NAMES.get(metric, metric.replace("_", " "))


def compact(value: float) -> str:
    """A number in three digits, such as 979, 14,900 or 1.20M; a dash where undefined."""
    if not math.isfinite(value):
        return "-"
    for size, letter in ((1e9, "bn"), (1e6, "M")):
        if abs(value) >= size * 0.9995:
            scaled = value / size
            return f"{scaled:,.{0 if abs(scaled) >= 99.95 else 1 if abs(scaled) >= 9.995 else 2}f}{letter}"
    if value == 0 or abs(value) >= 99.5:
        digits = 0 if value == 0 else 2 - math.floor(math.log10(abs(value)))
        return f"{round(value, digits):,.0f}"
    return f"{value:.3g}"


def percent(share: float, *, signed: bool = False) -> str:
    """A share in percent, one decimal below 10%; a dash where undefined."""
    if not math.isfinite(share):
        return "-"
    if abs(share) < 0.0005:
        return "0.0%"
    return f"{share:{'+' if signed else ''}.{1 if abs(share) < 0.0995 else 0}%}"


def changed(before: float, after: float, when: int) -> str:
    """A change since a year in words, such as 34% less than in 2020."""
    share = percent(abs(after / before - 1)) if before else "-"
    if share == percent(0.0):
        return f"as in {when}"
    return f"{share} {'less' if after < before else 'more'} than in {when}"


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
