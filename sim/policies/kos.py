"""Sellers as publishers: key opinion sales, KOS (claims N01-N05, N07-N13, N16-N25, N27)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from sim.errors import FieldError
from sim.levers import Levers
from sim.names import Name
from sim.policies.base import Moment, Policy
from sim.schedule import Schedule, Scheduled
from sim.units import MAX_MONEY, Factor, Hours, Money, Rate, Real, Share

PostRate = Annotated[Rate, Field(le=1000)]


class Kos(Policy):
    """Front-line sellers publish on their own accounts, supported and paid for it, beside the founder's account.

    The policy asks for posts, pays, supports and buys traffic; what sellers make of it is their decision. Accounts
    need months (N17), followers trust before they buy (N18), and hours spent publishing are not spent on leads (N27).
    """

    neutral: ClassVar[dict[str, Any]] = {"participation_share": 0, "founder_followers": 0}
    channel: ClassVar[str] = "kos"

    participation_share: Scheduled[Share] = Schedule.of(1.0)
    """Share of sellers who take part: all, not a chosen few (N02)."""
    platforms: list[Name] | None = None
    """Platforms on which they have accounts, the one they write for first; all of `market.platforms` when absent."""
    posts_per_seller_week: Scheduled[PostRate] = Schedule.of(4.0)
    """Posts asked of each seller per week, each shown on every account (N25: a cycle of four)."""
    hours_per_post: Hours = 1.0
    """Working time of a post without any support, hours (assumption, 0.3 to 3)."""
    adapt_to_platform: Share = 1.0
    """Share of posts made anew for each further platform instead of copied (N05)."""
    hours_per_adaptation: Hours = 0.25
    """Working time of making a post anew for one more platform, hours (assumption, 0.1 to 1)."""
    authentic_share: Share = 0.8
    """Share of posts that tell of daily life; the rest recite parameters and persuade like advertising (N04)."""
    livestreams_per_month: Scheduled[PostRate] = Schedule.of(0.0)
    """Live streams asked of each seller per month (N13)."""
    hours_per_livestream: Hours = 2.0
    """Working time of a live stream, hours (assumption, 1 to 4)."""
    livestream_pull: Factor = 3.0
    """Contact data left per view of a live stream, relative to a post that asks for it (N13; assumption, 1 to 10)."""
    founder_followers: Scheduled[Factor] = Schedule.of(0.0)
    """Followers of the founder's account in the whole represented market (N12: several million)."""
    founder_views_per_follower_week: Factor = 0.5
    """Posts and streams of the founder that a follower sees per week (assumption, 0.1 to 2)."""
    support: Scheduled[Share] = Schedule.of(1.0)
    """Training, templates, material and local advice, as a share of all that helps (N21, N24)."""
    support_cost_per_seller_year: Money = 12000.0
    """What full support costs, money per participating seller and year (assumption, 5,000 to 40,000 CNY)."""
    support_saves_share: Share = 0.5
    """Share of a post's working time that templates and material save at full support (N24; assumption, 0.2 to 0.7)."""
    local_advice_share: Share = 0.5
    """Share of the views outside the district that local advice brings home at full support (N24; assumption, 0.2 to
    0.8)."""
    pay_volume_weight: Factor = 1.0
    """Multiple of `bonus_per_lead` that is paid (N23)."""
    pay_conversion_weight: Factor = 1.0
    """Multiple of `bonus_per_order` that is paid (N23)."""
    bonus_per_lead: Money = 10.0
    """Bonus for a lead from the own content, money per lead (assumption, 5 to 50 CNY)."""
    bonus_per_order: Money = 1000.0
    """Bonus for an order from the own content, money per order (assumption, 300 to 3,000 CNY)."""
    traffic_budget_per_year: Scheduled[Money] = Schedule.of(0.0)
    """Budget for bought views of sellers' posts per calendar year, whole represented market, money (N22)."""
    traffic_boost: Factor = 1.0
    """Bought views that platforms sell per view a post earns itself, at most (assumption, 0.5 to 4)."""
    traffic_price_drift_per_year: Annotated[Real, Field(gt=-1, le=1)] = 0.05
    """Yearly growth of the price of bought views (D04 gives the direction; assumption, 0 to 0.15)."""
    low_intent_ratio: Factor = 0.03
    """Hazard of leaving contact data outside a search, relative to inside, after posts of the cycle and live streams
    (D15 gives the direction; assumption, 0.01 to 0.1)."""
    bait_low_intent_ratio: Factor = 0.25
    """The same after posts made only to collect contact data: raffles, vouchers (N23; assumption, 0.1 to 0.5)."""
    followers_leave_share: Share = 0.8
    """Share of followers who go along when a seller leaves; less where accounts belong to the store (assumption, 0.5 to
    0.95)."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        places: dict[str, int] = {}
        faults = []
        for place, name in enumerate(self.platforms or ()):
            first = places.setdefault(name, place)
            if first < place:
                faults.append((f"platforms[{place}]", f"'{name}' stands in platforms[{first}] already; name each once"))
        for name, bonus in (("pay_volume_weight", "bonus_per_lead"), ("pay_conversion_weight", "bonus_per_order")):
            weight, amount = getattr(self, name), getattr(self, bonus)
            if weight * amount > MAX_MONEY:
                most = f"must be at most {MAX_MONEY / amount:.15g} with a {bonus} of {amount:.15g}"
                faults.append((name, f"{most}, not {weight:.15g}"))
        if faults:
            raise FieldError(*faults)
        return self

    def apply(self, levers: Levers, now: Moment) -> None:
        """Ask, support, pay and buy traffic."""
        content, at = levers.content, now.calendar
        content.participation = max(content.participation, self.participation_share.at(at))
        content.platforms = self.platforms if content.platforms is None else content.platforms
        content.posts_per_week += self.posts_per_seller_week.at(at)
        content.streams_per_month += self.livestreams_per_month.at(at)
        content.support = max(content.support, self.support.at(at))
        content.hours_per_post = max(content.hours_per_post, self.hours_per_post)
        content.hours_per_adaptation = max(content.hours_per_adaptation, self.hours_per_adaptation)
        content.hours_per_stream = max(content.hours_per_stream, self.hours_per_livestream)
        content.support_saves = max(content.support_saves, self.support_saves_share)
        content.local_advice = max(content.local_advice, self.local_advice_share)
        content.adapt = max(content.adapt, self.adapt_to_platform)
        content.authentic = max(content.authentic, self.authentic_share)
        content.stream_pull = max(content.stream_pull, self.livestream_pull)
        content.founder_followers += self.founder_followers.at(at)
        content.founder_views_per_week = max(content.founder_views_per_week, self.founder_views_per_follower_week)
        content.support_cost_per_year += self.support_cost_per_seller_year * self.support.at(at)
        content.bonus_per_lead += self.pay_volume_weight * self.bonus_per_lead
        content.bonus_per_order += self.pay_conversion_weight * self.bonus_per_order
        content.traffic_per_year += self.traffic_budget_per_year.at(at)
        content.traffic_boost = max(content.traffic_boost, self.traffic_boost)
        content.traffic_drift_per_year += self.traffic_price_drift_per_year
        content.low_intent_ratio = max(content.low_intent_ratio, self.low_intent_ratio)
        content.bait_low_intent_ratio = max(content.bait_low_intent_ratio, self.bait_low_intent_ratio)
        content.followers_leave = max(content.followers_leave, self.followers_leave_share)
