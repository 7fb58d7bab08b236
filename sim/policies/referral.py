"""Two-sided owner referral programme (claims T01-T06, T10, T12, T18-T27)."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from sim.errors import FieldError
from sim.levers import Levers, RewardKind
from sim.names import Name, SegmentName
from sim.policies.base import Moment, Policy, Timed
from sim.schedule import Schedule, Scheduled, ScheduledCap, ScheduledCount
from sim.units import Calendar, Capped, Money, Months, Rate, Share


class Span(Timed):
    """A span of calendar time."""

    start: Calendar
    """Calendar year, fractions allowed, at which it begins."""
    stop: Calendar
    """Calendar year at which it ends."""


class Reward(Timed):
    """A kind of reward: charging, software, merchandise, a child seat."""

    cost_share: Share
    """Marginal cost of this kind when redeemed, share of face value: electricity, software and goods differ (T05)."""
    worth: Share = 1.0
    """What it is worth to owners, share of face value (T22)."""
    worth_by_segment: dict[SegmentName, Share] = Field(default_factory=dict)
    """The same for the segments it suits more or less, share of face value (T23)."""
    start: Calendar | None = None
    """Calendar year at which it is first offered; from the beginning when absent."""
    stop: Calendar | None = None
    """Calendar year at which it is withdrawn; never when absent."""


class Referral(Policy):
    """Owners are rewarded for friends who buy, and the friends get a discount.

    Raises the rate at which satisfied owners invite friends - willing x motivated x able (T26), behind the product gate
    (T18) - and the chance that an invited friend leaves contact data; nothing else. Credits are booked at their
    marginal cost when the friend's car is delivered and trued up when they expire (T05); the buyer's discount is price,
    not cash (T02).
    """

    neutral: ClassVar[dict[str, Any]] = {"referrer_credit": 0, "buyer_discount": 0, "subsidy": 0, "menu": {}}
    channel: ClassVar[str | None] = "referral"

    referrer_credit: Scheduled[Money] = Schedule.of(1000.0)
    """Credit to the referrer per delivered referral, money; spendable only with the brand (T01, T05)."""
    menu: dict[SegmentName, Scheduled[Money]] = Field(default_factory=dict)
    """Credit for referrers of the segments named, in place of `referrer_credit`, money (T22, T23)."""
    rewards: dict[Name, Reward] = Field(default_factory=dict)
    """Kinds of reward on offer; each owner takes the one worth most to him. Without any, a credit is worth its face."""
    credit_cost_share: Share = 0.6
    """Marginal cost of a credit when redeemed, share of its face value, where no `rewards` are listed (T05; assumption,
    0.3 to 0.9)."""
    expected_redemption_share: Share = 1.0
    """Share of face value that is expected to be redeemed: credits are booked at their cost times this share when they
    vest, and at what was redeemed once they end (T05; 1 books the full cost and releases what expires)."""
    credit_expiry_months: Capped[Months] = 12.0
    """Months after vesting in which a credit can be redeemed; `unlimited` for ever (T05)."""
    buyer_discount: Scheduled[Money] = Schedule.of(2000.0)
    """Discount on the price for the referred buyer, money per car (T02)."""
    subsidy: Scheduled[Money] = Schedule.of(0.0)
    """What others - a state, a partner - pay to referred buyers on top of the discount, money per car (T06)."""
    cap_per_year: ScheduledCap = Schedule.of(10, holds=True)
    """Rewarded referrals per owner and calendar year; `unlimited` for none (T03)."""
    cap_lifetime: ScheduledCap = Schedule((math.inf,))  # type: ignore[arg-type]
    """Rewarded referrals per owner for life; `unlimited` for none."""
    manual_steps: ScheduledCount = Schedule.of(0, holds=True)
    """Manual steps between the wish to refer and the sent invitation (T21)."""
    revisions_per_year: Annotated[Rate, Field(le=366)] = 1.0
    """How often the rules are revised; without revisions the programme wears out (T24)."""
    suspended: list[Span] = Field(default_factory=list)
    """Spans of calendar time in which the programme pauses; it comes back fresh."""
    eligible_share: Share = 1.0
    """Share of households the programme is open to as owners; below 1 a randomised trial within one market (keyed
    draws)."""
    invite_rule: Literal["all", "random", "degree"] = "random"
    """To whom a share is open: drawn by lot (`random`), to those who know most people (`degree`), or to `all`."""
    check_share: Scheduled[Share] = Schedule.of(0.0)
    """Share of claims that are checked before anything is granted."""
    check_cost_per_claim: Money = 30.0
    """Cost of a check, money per claim checked (assumption, 10 to 100 CNY)."""
    false_rejection_share: Share = 0.05
    """Share of honest claims that a check rejects, which annoys the referrer (assumption, 0.01 to 0.2)."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.invite_rule == "all" and self.eligible_share < 1.0:
            message = "`all` opens the programme to everybody; use random or degree for an eligible_share below 1"
            raise FieldError(("invite_rule", message))
        return self

    @property
    def gives_ever(self) -> bool:
        """Whether it gives anything to anybody at any time."""
        terms = (self.referrer_credit, self.buyer_discount, self.subsidy, *self.menu.values())
        return any(value > 0.0 for term in terms for value in term.values)

    def active(self, now: Moment) -> bool:
        """Whether the programme runs: started, not stopped and not suspended."""
        paused = any(span.covers(now.calendar) for span in self.suspended)
        return super().active(now) and not paused

    def refreshed(self, now: Moment) -> float:
        """Calendar year in which the running programme was last refreshed: begun, resumed or revised."""
        begun = now.calendar - now.since_start if self.start is None else self.start
        begun = max([begun, *(span.stop for span in self.suspended if span.stop <= now.calendar)])
        revisions = math.floor((now.calendar - begun) * self.revisions_per_year)
        return begun + revisions / self.revisions_per_year if revisions > 0 else begun

    def apply(self, levers: Levers, now: Moment) -> None:
        """Put reward, friction, discount and rules in front of owners and buyers."""
        invite, at = levers.invite, now.calendar
        kinds = [
            RewardKind(number, kind.cost_share, kind.worth, dict(kind.worth_by_segment))
            for number, kind in enumerate(self.rewards.values(), start=1)
            if kind.covers(at)
        ]
        if kinds or not self.rewards:  # with every kind withdrawn there is nothing to give
            invite.credit += self.referrer_credit.at(at)
            for segment, credit in self.menu.items():
                invite.menu[segment] = invite.menu.get(segment, 0.0) + credit.at(at)
        invite.kinds += kinds
        invite.credit_cost_share = max(invite.credit_cost_share, self.credit_cost_share)
        invite.expected_redemption_share = max(invite.expected_redemption_share, self.expected_redemption_share)
        invite.credit_expiry_months = max(invite.credit_expiry_months, self.credit_expiry_months)
        invite.cap_per_year = max(invite.cap_per_year, float(self.cap_per_year.at(at)))
        invite.cap_lifetime = max(invite.cap_lifetime, float(self.cap_lifetime.at(at)))
        invite.steps = max(invite.steps, float(self.manual_steps.at(at)))
        invite.stale_years = max(invite.stale_years, at - self.refreshed(now))
        invite.eligible_share *= self.eligible_share
        invite.by_degree = max(invite.by_degree, float(self.invite_rule == "degree"))
        invite.check_share = max(invite.check_share, self.check_share.at(at))
        invite.check_cost += self.check_cost_per_claim
        invite.false_rejection_share = max(invite.false_rejection_share, self.false_rejection_share)
        levers.price.discount_referred += self.buyer_discount.at(at)
        levers.price.subsidy_referred += self.subsidy.at(at)
