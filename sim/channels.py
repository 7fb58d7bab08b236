"""The channels in which contact data is left; a channel's code is its place in `CHANNELS`."""

from __future__ import annotations

CHANNELS = (
    "paid_ads",
    "vertical_media",
    "kos",
    "founder",
    "scenario_marketing",
    "referral",
    "community",
    "word_of_mouth",
    "walk_in",
)
PAID_ADS, VERTICAL_MEDIA, KOS, FOUNDER, SCENARIO_MARKETING, REFERRAL, COMMUNITY, WORD_OF_MOUTH, WALK_IN = range(9)
NO_CHANNEL = -1
