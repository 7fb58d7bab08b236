"""Constants of people, shared by all carmakers. Values live in `scenarios/defaults.yaml`; status and range here.

Every constant is an input with a source, calibrated against one named target, or an assumption with a range.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from sim.scenario.schema.base import Section
from sim.units import Days, Factor, Km, Months, Rate, Real, Share, Status, Weeks, Years

_above_zero: Final = Field(gt=0)


def _assumed(low: float, high: float, why: str = "judgement of the authors") -> Status:
    return Status(kind="assumption", source=why, low=low, high=high)


def _sourced(source: str, low: float, high: float) -> Status:
    return Status(kind="input", source=source, low=low, high=high)


def _calibrated(source: str, target: str, low: float, high: float) -> Status:
    return Status(kind="calibrated", source=source, low=low, high=high, target=target)


class Behaviour(Section):
    """How people need, notice, trust, talk, choose, wait, stay and leave."""

    replacement_years: Annotated[Years, _above_zero, _sourced("M09", 6.0, 9.0)]
    """Mean time between two car purchases of a household, years."""
    replacement_shape: Annotated[Factor, _above_zero, _assumed(1.5, 4.0)]
    """Weibull shape of that time: above 1, old cars are replaced sooner than new ones."""
    search_days: Annotated[Days, _above_zero, _sourced("M11, D10", 60.0, 180.0)]
    """Mean length of a search, from need to decision, days."""
    search_shape: Annotated[Factor, _above_zero, _assumed(1.2, 3.0)]
    """Weibull shape of the length of a search."""

    awareness_memory_weeks: Annotated[Weeks, _above_zero, _assumed(8.0, 52.0)]
    """Time in which noticed contacts fade to 1/e, weeks."""
    trust_memory_weeks: Annotated[Weeks, _above_zero, _assumed(26.0, 104.0)]
    """Time in which trust and distrust fade to 1/e, weeks."""
    impression_awareness: Annotated[Factor, _assumed(0.005, 0.03)]
    """Awareness added by one effective advertising impression."""
    impression_trust: Annotated[Factor, _assumed(0.0, 0.002, "advertising builds weak trust (domain, paid channels)")]
    """Trust added by one effective advertising impression."""
    impression_contact: Annotated[Factor, _assumed(0.001, 0.008)]
    """Hazard of leaving contact data per effective impression during a search, at interest 1."""
    walk_in_per_search_year: Annotated[Rate, _assumed(0.2, 2.0)]
    """Walk-ins per year of search of someone who knows the brand, at interest 1."""
    owner_return: Annotated[Factor, _assumed(4.0, 30.0, "app and service keep owners in touch with the store")]
    """How many times likelier an owner with a kept relationship walks into the brand's store during a search."""

    talks_per_owner_year: Annotated[Rate, _calibrated("T07, T10", "referral_share year=2020", 4.0, 60.0)]
    """Occasions per year at which an average owner might speak about the car with one acquainted household."""
    talk_spread: Annotated[Factor, _assumed(0.5, 2.0, "few owners bring most (domain; a 5/15/80 pyramid, C35)")]
    """Coefficient of variation of these rates between households, gamma distributed; 0 where all are alike."""
    referred_talk: Annotated[Factor, _above_zero, _sourced("M21", 1.3, 1.57)]
    """How many times more often an owner talks who was brought by another owner."""
    seniority_trust: Annotated[Factor, _assumed(0.0, 0.5, "seniority acts (C24; C22, C26 give the direction)")]
    """How much more a word moves trust per medal tier of the owner who speaks (novice 0 to legend 3)."""
    binding_days: Annotated[Days, _assumed(0.0, 10.0, "recommending binds the recommender (T12)")]
    """Days by which a good word or an invitation puts off leaving the brand, at middling satisfaction."""
    talk_awareness: Annotated[Factor, _assumed(0.3, 1.5)]
    """Awareness added by one talk, good or bad."""
    talk_trust: Annotated[Factor, _assumed(0.1, 0.6, "personal word beats advertising (T10, T12)")]
    """Trust added by one good talk along a weak tie."""
    strong_tie: Annotated[Factor, _assumed(1.0, 3.0, "closeness acts (C22, C26 give the direction)")]
    """How many times more a talk along a strong tie moves trust."""
    bad_talk: Annotated[Factor, _assumed(1.0, 3.0, "bad service travels further than good (domain)")]
    """How many times more a bad talk moves trust than a good one."""
    talk_contact: Annotated[Factor, _assumed(0.1, 0.8)]
    """Exponent of leaving contact data after a good talk during a search, at interest 1."""
    invite_contact: Annotated[Factor, _assumed(0.4, 2.5, "no friction (T21), discount in hand (T02)")]
    """The same after an invitation with a link."""
    invite_motive_floor: Annotated[Share, _assumed(0.2, 0.8, "reward on or off matters more than its size")]
    """Motivation brought by any reward at all, however small."""
    invite_half_reward: Annotated[Share, _above_zero, _assumed(0.002, 0.03)]
    """Reward felt, as a share of the car's price, at which the rest of motivation is half reached."""
    invite_step_friction: Annotated[Factor, _assumed(0.2, 1.0, "T21, T26")]
    """Exponent by which each manual step lowers the ability to invite."""
    programme_wear_per_year: Annotated[Rate, _assumed(0.0, 1.0, "T24: rules wear out unless revised")]
    """Rate at which the motivation to invite wears off since the programme was last refreshed, per year."""
    abuse_appetite: Annotated[Share, _assumed(0.0, 0.2, "value seekers exploit programmes (domain)")]
    """Share of buyers of average price sensitivity who would claim a boundless, unchecked reward they are not owed."""
    pull_forward_weeks: Annotated[Weeks, _assumed(0.0, 52.0)]
    """How far ahead a need may be brought forward by an invitation, weeks."""

    content_trust: Annotated[Factor, _assumed(0.005, 0.05, "authentic content persuades more than advertising (N04)")]
    """Trust added by one view of a seller's post that tells of daily life."""
    content_contact: Annotated[Factor, _calibrated("N16", "cpl_to_vertical year=2024 channel=kos", 0.002, 0.1)]
    """Hazard of leaving contact data per view of a post that asks for it, during a search, at interest 1."""
    follow_share: Annotated[Share, _assumed(0.002, 0.05)]
    """Hazard of following a seller per view, at product strength 1."""
    unfollow_per_year: Annotated[Rate, _assumed(1.0, 4.0, "people follow for 2 to 6 months before they buy (N18)")]
    """Rate at which followers stop following, per year."""
    account_ripe_months: Annotated[Months, _above_zero, _sourced("N17", 6.0, 18.0)]
    """Time constant with which a platform comes to trust an account that posts regularly, months."""
    learning_posts: Annotated[Factor, _above_zero, _assumed(20.0, 150.0, "sellers learn to write (N20)")]
    """Posts with full support after which half of what practice can add to reach is learned."""
    effort_memory_weeks: Annotated[Weeks, _above_zero, _assumed(4.0, 16.0, "N21: posting dies within a year")]
    """How far back sellers look when they judge what paid off, and how fast they change their ways, weeks."""
    support_drive: Annotated[Share, _assumed(0.3, 0.8, "N21, N24: support carries sellers through the first months")]
    """Share of the posts asked for that full support alone brings about, before anything has paid off."""
    post_fatigue: Annotated[Factor, _assumed(0.0, 6.0)]
    """Exponent by which the share of hours spent on publishing lately tires sellers of it."""

    contact_odds_5_minutes: Annotated[Factor, _above_zero, _assumed(100.0, 1000.0, "M14 gives ratios, not the level")]
    """Odds of still reaching someone five minutes after contact data was left."""
    contact_exponent_10_minutes: Annotated[Factor, _above_zero, _sourced("M14", 2.0, 3.0)]
    """Power with which these odds fall with the delay, up to 10 minutes."""
    contact_exponent_30_minutes: Annotated[Factor, _above_zero, _sourced("M14", 1.4, 2.0)]
    """The same from 10 to 30 minutes."""
    contact_exponent_day: Annotated[Factor, _above_zero, _sourced("M14", 1.0, 1.6)]
    """The same beyond 30 minutes."""
    recall_reach: Annotated[Share, _assumed(0.05, 0.35, "a later call finds another moment")]
    """Probability that a further call reaches someone whom the first one missed."""
    visit_propensity: Annotated[Factor, _assumed(0.3, 2.0)]
    """Exponent of agreeing to a visit in one call, at interest 1 next door to the store."""
    visit_km: Annotated[Km, _above_zero, _assumed(5.0, 30.0, "D17")]
    """Distance at which that exponent falls to 1/e, km."""
    visit_delay_days: Annotated[Days, _assumed(2.0, 10.0)]
    """Mean time from the call to the visit, days."""
    test_drive_share: Annotated[Share, _assumed(0.4, 0.9)]
    """Share of visits that include a test drive."""
    spot_decision_share: Annotated[Share, _assumed(0.0, 0.6)]
    """Share of visitors who decide at the visit instead of at the end of their search."""
    nurture_weeks: Annotated[Weeks, _above_zero, _assumed(2.0, 8.0, "D11")]
    """Time between follow-up calls to someone who is not ready yet, weeks."""

    choice_product: Annotated[Factor, _assumed(1.0, 4.0, "L03, L04, T18")]
    """Weight of the logarithm of product strength in the choice."""
    choice_price: Annotated[Factor, _assumed(1.5, 5.0)]
    """Weight of the logarithm of price in the choice; the own-price elasticity of someone who rarely buys the brand."""
    choice_trust: Annotated[Factor, _assumed(0.5, 3.0)]
    """Weight of trust in the choice."""
    choice_skill: Annotated[Factor, _assumed(0.0, 2.0)]
    """Weight of the seller's skill above the middle in the choice."""
    choice_test_drive: Annotated[Real, _assumed(0.0, 1.0)]
    """Utility a test drive adds."""
    choice_one_flow: Annotated[Factor, _assumed(0.0, 0.4, "payment, trade-in and loan in one flow spare trouble (D23)")]
    """Utility that payment, trade-in and loan in one flow add."""
    choice_loyalty: Annotated[Factor, _assumed(0.5, 3.0, "M08 is checked, not fitted")]
    """Weight of an owner's satisfaction above the middle, and of the kept relationship, in the choice."""

    cancel_shape: Annotated[Factor, _above_zero, _assumed(1.0, 4.0, "L16: monotone in the wait")]
    """Weibull shape of the time to cancelling: above 1, the hazard grows with the wait."""

    satisfaction_spread: Annotated[Factor, _assumed(0.05, 0.2)]
    """Scale of the logistic spread of first satisfaction around product strength."""
    match_share: Annotated[Share, _assumed(0.0, 1.0, "friends know whom the car suits (T17)")]
    """Share of introduced buyers for whom the better of two first satisfactions comes true."""
    return_per_week: Annotated[Rate, _assumed(0.01, 0.2)]
    """Hazard of using a right of return at satisfaction 0, per week; it falls with the square of dissatisfaction."""
    care_contacts_per_year: Annotated[Rate, _assumed(1.0, 4.0)]
    """Contacts with service per year of a kept relationship."""
    incident_share: Annotated[Share, _assumed(0.05, 0.4)]
    """Share of these contacts that are incidents."""
    recovery_share: Annotated[Share, _assumed(0.4, 0.9, "L08-L10 will move it")]
    """Share of incidents put right in good time."""
    recovery_lift: Annotated[Share, _assumed(0.0, 0.3, "C69")]
    """Part of the way to full satisfaction gained by a good recovery."""
    incident_drop: Annotated[Share, _assumed(0.2, 0.6)]
    """Part of satisfaction lost by a failed one."""
    settle_share: Annotated[Share, _assumed(0.0, 0.5)]
    """Part of the way back to product strength gone at every ordinary contact."""
    leave_per_year: Annotated[Rate, _sourced("L12", 0.15, 0.3)]
    """Hazard of dropping the relationship at middling satisfaction, per year."""
    leave_slope: Annotated[Factor, _assumed(0.5, 4.0, "L13 will fix it")]
    """How steeply that hazard falls with satisfaction."""

    anchor_share: Annotated[Share, _assumed(0.0, 0.4, "referred customers stay longer while their referrer does")]
    """Part of that hazard that is gone as long as the owner who brought one keeps the own relationship."""
