"""Which metrics there are and what each is measured by, known without loading what computes them.

Scenarios set thresholds on metrics and are checked before anything heavy is loaded; a test holds this list against the
registry of `sim.metrics`.
"""

from __future__ import annotations

from collections.abc import Mapping

from sim.channels import CHANNELS

By = tuple[str, ...]

_YEAR: tuple[By, ...] = ((), ("year",))
_SEGMENT: tuple[By, ...] = (*_YEAR, ("segment",), ("year", "segment"))
_CHANNEL: tuple[By, ...] = (*_YEAR, ("channel",), ("year", "channel"))
_ALL: tuple[By, ...] = (*_CHANNEL, ("segment",), ("year", "segment"))
_COST: tuple[By, ...] = (*_CHANNEL, ("since_start_to",), ("since_start_to", "channel"))
_REFERRED: tuple[By, ...] = (("referred",), ("year", "referred"))
_REFERRER_LEFT: tuple[By, ...] = (("referrer_left",), ("year", "referrer_left"))
_ELIGIBLE: tuple[By, ...] = (("eligible",), ("year", "eligible"))
_MATURITY: tuple[By, ...] = (("store_maturity",), ("year", "store_maturity"))
_TENTH: tuple[By, ...] = (*_YEAR, ("year", "seller_tenth"))

MEASURED_BY: Mapping[str, tuple[By, ...]] = {
    **dict.fromkeys(("visits", "test_drives", "cancellations", "returns", "repurchases"), _ALL),
    "leads": (*_ALL, *_MATURITY),
    "orders": (*_ALL, ("generation",), ("year", "generation"), *_MATURITY),
    "deliveries": (*_ALL, ("generation",), ("year", "generation")),
    **dict.fromkeys(("lead_to_visit", "visit_to_order", "leads_lost_late"), _ALL),
    "lead_to_order": (*_ALL, *_REFERRED, *_MATURITY),
    **dict.fromkeys(("ltv", "ltv_after_sale"), (*_ALL, *_REFERRED)),
    **dict.fromkeys(("aware", "prospects", "open_leads", "waiting", "owners", "satisfaction"), _SEGMENT),
    **dict.fromkeys(("defections", "repurchase_rate", "referral_share"), _SEGMENT),
    **dict.fromkeys(("referral_breakage", "referral_abuse"), _SEGMENT),
    **dict.fromkeys(("cpl", "cost_per_order", "cac", "cpl_loaded", "cost_per_order_loaded", "cac_loaded"), _COST),
    **dict.fromkeys(("response_minutes", "unassigned_leads", "ltv_to_cac", "payback_months"), _CHANNEL),
    **dict.fromkeys(("leads_per_seller_week", "referral_false_rejections"), _YEAR),
    **dict.fromkeys(("referral_top1_share", "referral_top10_share"), _YEAR),
    **dict.fromkeys(("owners_willing", "owners_inviting", "owners_successful"), (*_SEGMENT, *_REFERRED, *_ELIGIBLE)),
    "cpl_to_vertical": (("channel",), ("year", "channel")),
    **dict.fromkeys(("cooling_leads", "cooling_lead_to_order"), (*_YEAR, ("answered",))),
    "spend": (*_CHANNEL, ("ledger",), ("year", "ledger"), ("channel", "ledger")),
    "referral_conversion": (*_SEGMENT, ("tie",), ("year", "tie"), ("tenure_year",), ("generation",)),
    "referrals_per_owner_year": (*_SEGMENT, *_REFERRED, *_ELIGIBLE, ("tenure_year",), ("generation",)),
    "reproduction_number": (*_CHANNEL, ("segment",), ("generation",), *_ELIGIBLE),
    "referral_credits": (*_YEAR, ("credit",), ("year", "credit")),
    "annual_retention": (*_SEGMENT, *_REFERRED, *_REFERRER_LEFT, ("tenure_year",)),
    "retention_years": (*_SEGMENT, *_REFERRED, *_REFERRER_LEFT),
    "margin_per_owner_year": (*_SEGMENT, *_REFERRED, ("tenure_year",), ("referred", "tenure_year")),
    "ltv_lifetime": (*_CHANNEL, ("segment",), ("referred",)),
    "customer_equity": ((), ("segment",)),
    "kos_order_share": (*_YEAR, *_MATURITY),
    **dict.fromkeys(("posts_per_seller_week", "publishing_share", "followers_per_seller", "views_top10_share"), _YEAR),
    **dict.fromkeys(("account_age_months", "account_ripeness", "seller_turnover"), _YEAR),
    **dict.fromkeys(("seller_publishing_hours", "seller_selling_hours", "seller_views"), _TENTH),
    **dict.fromkeys(("follower_order_share", "follow_months"), _SEGMENT),
}
"""Every metric of one run and the sets of dimensions it is measured by; the empty set is the total."""

SHARES = frozenset(
    ("lead_to_visit", "visit_to_order", "lead_to_order", "leads_lost_late", "unassigned_leads", "satisfaction",
     "annual_retention", "repurchase_rate", "owners_willing", "owners_inviting", "owners_successful", "referral_share",
     "referral_conversion", "referral_breakage", "referral_abuse", "referral_false_rejections", "referral_top1_share",
     "referral_top10_share", "cooling_lead_to_order", "kos_order_share", "publishing_share", "views_top10_share",
     "account_ripeness", "follower_order_share")
)  # fmt: skip
"""Metrics that are shares, from 0 to 1."""

FIXED_LABELS: Mapping[str, tuple[str | int | bool, ...]] = {
    "channel": CHANNELS,
    "referred": (False, True),
    "tie": ("weak", "strong"),
    "ledger": ("cash", "accounting", "discount"),
    "tenure_year": tuple(range(1, 11)),
    "generation": tuple(range(10)),
    "eligible": (False, True),
    "referrer_left": (False, True),
    "answered": (
        *("under_5_minutes", "5_to_30_minutes", "30_to_60_minutes", "1_to_6_hours", "6_to_24_hours", "over_24_hours"),
        "never",
    ),
    "credit": ("issued", "voided", "clawed_back", "redeemed", "expired", "outstanding"),
    "store_maturity": ("young", "mature"),
    "seller_tenth": tuple(range(1, 11)),
}
"""Labels of the dimensions that are the same in every scenario; years and segments are the scenario's own."""

DIMENSIONS = tuple(sorted({name for sets in MEASURED_BY.values() for by in sets for name in by}))
"""Every dimension that some metric is measured by."""

YEARS = ("year", "since_start_to")
"""Dimensions whose labels are the reported calendar years."""
