"""What the policy of sellers' content asks, pays and supports in one tick, read from the scenario."""

from __future__ import annotations

from dataclasses import dataclass

from sim.scenario.schema.root import Scenario
from sim.units import MONTHS_PER_YEAR, WEEKS_PER_YEAR
from tests.reference.offers import running


@dataclass(frozen=True)
class KosOffer:
    """The policy in one tick; without it, nothing."""

    platforms: list[int]
    """Platforms with accounts, by their places in the market; the first is the one sellers write for."""
    participation: float = 0.0
    posts_per_week: float = 0.0
    streams_per_week: float = 0.0
    hours_of_post: float = 0.0
    """Working hours of one post on all accounts."""
    hours_of_stream: float = 0.0
    support: float = 0.0
    support_cost_per_year: float = 0.0
    brought_home: float = 0.0
    """Part of the views outside the district that local advice brings home."""
    adapt: float = 0.0
    authentic: float = 0.0
    stream_pull: float = 0.0
    followers_of_founder: float = 0.0
    founder_views_per_week: float = 0.0
    bonus_per_lead: float = 0.0
    bonus_per_order: float = 0.0
    traffic_per_year: float = 0.0
    traffic_boost: float = 0.0
    traffic_drift: float = 0.0
    low_intent: float = 0.0
    bait_low_intent: float = 0.0
    followers_leave: float = 0.0


def offer(scenario: Scenario, calendar: float) -> KosOffer:
    """The offer at a calendar moment."""
    p, names = scenario.policies.kos, list(scenario.market.platforms)
    if not running(p, calendar):
        return KosOffer(list(range(len(names))))
    platforms = [names.index(name) for name in (names if p.platforms is None else p.platforms)]
    support = p.support.at(calendar)
    anew = p.hours_per_adaptation * p.adapt_to_platform * max(len(platforms) - 1, 0)
    return KosOffer(
        platforms=platforms,
        participation=p.participation_share.at(calendar),
        posts_per_week=p.posts_per_seller_week.at(calendar),
        streams_per_week=p.livestreams_per_month.at(calendar) * MONTHS_PER_YEAR / WEEKS_PER_YEAR,
        hours_of_post=(p.hours_per_post + anew) * (1.0 - p.support_saves_share * support),
        hours_of_stream=p.hours_per_livestream,
        support=support,
        support_cost_per_year=p.support_cost_per_seller_year * support,
        brought_home=p.local_advice_share * support,
        adapt=p.adapt_to_platform,
        authentic=p.authentic_share,
        stream_pull=p.livestream_pull,
        followers_of_founder=p.founder_followers.at(calendar),
        founder_views_per_week=p.founder_views_per_follower_week,
        bonus_per_lead=p.pay_volume_weight * p.bonus_per_lead,
        bonus_per_order=p.pay_conversion_weight * p.bonus_per_order,
        traffic_per_year=p.traffic_budget_per_year.at(calendar),
        traffic_boost=p.traffic_boost,
        traffic_drift=p.traffic_price_drift_per_year,
        low_intent=p.low_intent_ratio,
        bait_low_intent=p.bait_low_intent_ratio,
        followers_leave=p.followers_leave_share,
    )
