"""Levers: what policies may move. Fresh every tick, in groups owned by the verb that reads them.

Each lever starts at its neutral value, at which the model behaves as if no policy existed, and says how several
policies combine in it. Nothing here survives a tick, so nothing compounds and nothing has to be restored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sim.units import MONTHS_PER_YEAR, WEEKS_PER_YEAR


def lever(neutral: float, combine: str, meaning: str) -> Any:
    """Declare a lever: neutral value, how policies combine (`sum`, `product` or `max`), and its meaning with unit."""
    return field(default=neutral, metadata={"combine": combine, "meaning": meaning})


class RewardKind(NamedTuple):
    """Something a credit can be spent on."""

    number: int
    """Its place among all kinds the policy names, from 1."""
    cost_share: float
    """Marginal cost when redeemed, share of face value."""
    worth: float
    """What it is worth to an owner, share of face value, where `worth_by_segment` does not say otherwise."""
    worth_by_segment: dict[str, float]


@dataclass
class MediaLevers:
    """One bought channel; read by `touches.publish`, which spends the money."""

    money_per_year: float = lever(0.0, "sum", "money offered to the medium per calendar year, whole represented market")
    price: float = lever(
        0.0, "max", "price of 1,000 impressions (advertising) or of one lead (vertical media), at the start"
    )
    price_drift_per_year: float = lever(0.0, "sum", "yearly growth of that price")
    saturation: float = lever(
        0.0, "max", "level at which more pressure stops adding: impressions per household-week or leads per search-year"
    )
    low_intent_ratio: float = lever(0.0, "max", "hazard of leaving contact data outside a search, relative to inside")


@dataclass
class InviteLevers:
    """The referral programme as owners meet it; read by `programme`, `claims` and `rewards`."""

    credit: float = lever(0.0, "sum", "credit per delivered referral, money")
    menu: dict[str, float] = field(
        default_factory=dict, metadata={"combine": "sum", "meaning": "the same for referrers of the segments named"}
    )
    kinds: list[RewardKind] = field(
        default_factory=list,
        metadata={"combine": "sum", "meaning": "kinds of reward on offer; without any a credit is worth its face"},
    )
    credit_cost_share: float = lever(0.0, "max", "marginal cost of a credit when redeemed, where no kinds are listed")
    expected_redemption_share: float = lever(0.0, "max", "share of a credit expected to be redeemed")
    credit_expiry_months: float = lever(0.0, "max", "months after vesting in which a credit can be redeemed")
    cap_per_year: float = lever(0.0, "max", "rewarded referrals per owner and calendar year")
    cap_lifetime: float = lever(0.0, "max", "rewarded referrals per owner for life")
    steps: float = lever(0.0, "max", "manual steps between wish and sent invitation")
    stale_years: float = lever(0.0, "max", "years since the programme was last refreshed")
    eligible_share: float = lever(1.0, "product", "share of owners the programme is open to")
    by_degree: float = lever(0.0, "max", "1 where it is open to those who know most people, 0 where drawn by lot")
    check_share: float = lever(0.0, "max", "share of claims checked")
    check_cost: float = lever(0.0, "sum", "cost of a check, money per claim")
    false_rejection_share: float = lever(0.0, "max", "share of honest claims that a check rejects")


@dataclass
class PriceLevers:
    """What buyers pay; read by `selling.work`, `programme` and `claims`."""

    discount_referred: float = lever(0.0, "sum", "discount for referred buyers, money per car")
    subsidy_referred: float = lever(0.0, "sum", "money others add to it for referred buyers, per car")


@dataclass
class ContentLevers:
    """Sellers' content as they and the platforms meet it; read by `effort`, `posting`, `following` and `staffing`."""

    participation: float = lever(0.0, "max", "share of sellers who publish")
    platforms: list[str] | None = field(
        default=None, metadata={"combine": "first", "meaning": "platforms with accounts; None for all there are"}
    )
    posts_per_week: float = lever(0.0, "sum", "posts asked per seller and week")
    streams_per_month: float = lever(0.0, "sum", "live streams asked per seller and month")
    support: float = lever(0.0, "max", "training, templates, material and advice, 0 to 1")
    hours_per_post: float = lever(0.0, "max", "working hours of a post without support")
    hours_per_adaptation: float = lever(0.0, "max", "working hours of making it anew for one more platform")
    hours_per_stream: float = lever(0.0, "max", "working hours of a live stream")
    support_saves: float = lever(0.0, "max", "share of a post's hours that full support saves")
    local_advice: float = lever(0.0, "max", "part of the views elsewhere that full support brings home")
    adapt: float = lever(0.0, "max", "share of posts made anew for each further platform")
    authentic: float = lever(0.0, "max", "share of posts that tell of daily life")
    stream_pull: float = lever(0.0, "max", "contact per view of a live stream, relative to a post that asks for it")
    founder_followers: float = lever(0.0, "sum", "followers of the founder in the whole represented market")
    founder_views_per_week: float = lever(0.0, "max", "posts of the founder that a follower sees per week")
    support_cost_per_year: float = lever(0.0, "sum", "cost of support, money per participating seller and year")
    bonus_per_lead: float = lever(0.0, "sum", "bonus for a lead from the own content, money")
    bonus_per_order: float = lever(0.0, "sum", "bonus for an order from the own content, money")
    traffic_per_year: float = lever(0.0, "sum", "money offered for bought views per calendar year, whole market")
    traffic_boost: float = lever(0.0, "max", "bought views per view earned, at most")
    traffic_drift_per_year: float = lever(0.0, "sum", "yearly growth of the price of bought views")
    low_intent_ratio: float = lever(0.0, "max", "hazard of contact outside a search, relative to inside")
    bait_low_intent_ratio: float = lever(0.0, "max", "the same after posts made only to collect contact data")
    followers_leave: float = lever(0.0, "max", "share of followers who go along when a seller leaves")

    def hours_of_post(self, accounts: int) -> float:
        """Working hours of one post for that many accounts, made anew for all but the first as far as it is."""
        anew = self.hours_per_adaptation * self.adapt * max(accounts - 1, 0)
        return (self.hours_per_post + anew) * (1.0 - self.support_saves * self.support)

    def streams_per_week(self) -> float:
        """Live streams asked per seller and week."""
        return self.streams_per_month * MONTHS_PER_YEAR / WEEKS_PER_YEAR


@dataclass
class DeskLevers:
    """How the brand runs the leads it can see; read by `pool` and `selling.work`."""

    pool_share: float = lever(0.0, "max", "share of new leads that enter the pool; the others nobody can see")
    refresh_minutes: float = lever(0.0, "max", "interval at which new leads of the pool are seen")
    by_score: float = lever(0.0, "max", "1 where pooled leads are called best score first, 0 as they come")
    scoring_auc: float = lever(0.0, "max", "probability that one in need has a higher score than one without")
    by_fit: float = lever(0.0, "max", "1 where pooled leads go to the free seller who fits best")
    in_turn: float = lever(0.0, "max", "1 where they go to the sellers of the district in turn, unless by fit")
    nurture: float = lever(0.0, "max", "by how much every further proposal of a visit is likelier to be accepted")
    recalls: float = lever(0.0, "max", "further calls to somebody not reached")
    recall_hours: float = lever(0.0, "max", "hours between them")
    test_drive_booking: float = lever(0.0, "max", "share of visits without a test drive for which one is booked")
    one_flow: float = lever(0.0, "max", "share of payment, trade-in and loan that runs in one flow")
    cost_per_year: float = lever(0.0, "sum", "cost of the system, money per calendar year, whole represented market")


@dataclass
class Levers:
    """All levers of one tick."""

    ads: MediaLevers = field(default_factory=MediaLevers)
    vertical: MediaLevers = field(default_factory=MediaLevers)
    invite: InviteLevers = field(default_factory=InviteLevers)
    price: PriceLevers = field(default_factory=PriceLevers)
    content: ContentLevers = field(default_factory=ContentLevers)
    desk: DeskLevers = field(default_factory=DeskLevers)
