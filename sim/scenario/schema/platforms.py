"""Social platforms: who is there, how far a post carries, and what a view of it does (N05, N07, N11)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.names import SegmentName
from sim.scenario.schema.base import Section
from sim.units import Factor, Money, Share, Weeks


class Platform(Section):
    """One platform: its public, its job (seeding interest, driving traffic, filling) and its moods."""

    users: Share
    """Share of households in which somebody uses it, one value for all segments unless `by_segment` says otherwise."""
    by_segment: dict[SegmentName, Share] = Field(default_factory=dict)
    """The same for segments where it differs (N05, N07)."""
    views_per_post: Factor = 1000.0
    """Views the platform gives an ordinary post of a mature account nobody follows (assumption, 200 to 5,000)."""
    views_per_follower: Factor = 0.3
    """Views by others that each follower's likes and shares add to a post (assumption, 0 to 1)."""
    feed_share: Share = 0.3
    """Share of an account's posts that a follower gets to see (assumption, 0.1 to 0.6)."""
    view_weeks: Annotated[Weeks, Field(gt=0)] = 1.0
    """Time in which the views of a post die down to 1/e, weeks (assumption, 0.3 to 8)."""
    local_share: Share = 0.4
    """Share of views that fall into the seller's own district, for a seller nobody advises (assumption, 0.2 to 0.8)."""
    trust: Factor = 1.0
    """Weight of a view in building trust: high where interest is seeded (N11)."""
    contact: Factor = 1.0
    """Weight of a view in leading to contact data: high where traffic is driven (N11)."""
    partner: Factor = 1.0
    """Posts that the partner sees per post seen by who searches (N10)."""
    duplicate_reach: Share = 0.3
    """Reach of a copied post relative to one made for this platform (N05; assumption, 0.1 to 0.6)."""
    reach_tail: Annotated[Factor, Field(gt=1)] = 1.6
    """Exponent of the Pareto distribution of a post's luck, above 1: the smaller, the rarer and larger the hits
    (assumption, 1.2 to 2.5)."""
    shock_spread: Annotated[Factor, Field(le=3)] = 0.5
    """Spread of the platform's moods: every four weeks its reach for all is multiplied by E^spread, E exponential,
    brought to a mean of 1 (assumption, 0 to 1)."""
    saturation_views_per_week: Annotated[Factor, Field(gt=0)] = 4.0
    """Views of sellers' posts per user household and week at which further ones stop adding (assumption, 2 to 10)."""
    price_per_thousand_views: Money = 60.0
    """Price of 1,000 bought views, money (N22; assumption, 20 to 150 CNY)."""

    def used_by(self, segment: str) -> float:
        """Share of a segment's households that use it."""
        return self.by_segment.get(segment, self.users)
