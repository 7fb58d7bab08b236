"""Two-sided owner referral programme (claims T01-T05, T10, T18-T21, T25, T26)."""

from __future__ import annotations

from typing import Any, ClassVar

from sim.levers import Levers
from sim.policies.base import Moment, Policy
from sim.schedule import Schedule, Scheduled, ScheduledCap
from sim.units import Count, Money, Share


class Referral(Policy):
    """Owners are rewarded for friends who buy, and the friends get a discount.

    Raises the rate at which satisfied owners invite friends - willing x motivated x able (T26), behind the product gate
    (T18) - and the chance that an invited friend leaves contact data; nothing else. Credits are booked at their
    expected marginal cost when the friend's car is delivered (T05); the buyer's discount is price, not cash (T02).
    """

    neutral: ClassVar[dict[str, Any]] = {"referrer_credit": 0, "buyer_discount": 0}
    channel: ClassVar[str] = "referral"

    referrer_credit: Scheduled[Money] = Schedule.of(1000.0)
    """Credit to the referrer per delivered referral, money; spendable only with the brand (T01, T05)."""
    credit_cost_share: Share = 0.6
    """Expected marginal cost of a credit, share of its face value, breakage included (T05; assumption, 0.3 to 0.9)."""
    buyer_discount: Scheduled[Money] = Schedule.of(2000.0)
    """Discount on the price for the referred buyer, money per car (T02)."""
    cap_per_year: ScheduledCap = Schedule.of(10, holds=True)
    """Rewarded referrals per owner and calendar year; `unlimited` for none (T03)."""
    manual_steps: Count = 0
    """Manual steps between the wish to refer and the sent invitation (T21)."""

    def apply(self, levers: Levers, now: Moment) -> None:
        """Put reward, friction and discount in front of owners and buyers."""
        credit = self.referrer_credit.at(now.calendar)
        discount = self.buyer_discount.at(now.calendar)
        levers.invite.reward += credit + discount
        levers.invite.steps = max(levers.invite.steps, float(self.manual_steps))
        levers.invite.credit += credit
        levers.invite.credit_cost_share = max(levers.invite.credit_cost_share, self.credit_cost_share)
        levers.invite.cap_per_year = max(levers.invite.cap_per_year, float(self.cap_per_year.at(now.calendar)))
        levers.price.discount_referred += discount
