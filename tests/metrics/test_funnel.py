import math

import pytest
from made_records import PAID, REFERRAL, WALK_IN, Values, made

from sim.metrics.base import ANSWERED

FUNNEL = [
    {"arrived": 0.1, "visited": 0.2, "ordered": 0.3, "closed": 0.3, "outcome": 4},
    {"arrived": 0.1, "visited": 0.2, "ordered": 0.7, "closed": 0.7, "outcome": 4},  # ordered after the follow-up
    {"arrived": 0.2, "visited": 0.75, "closed": 0.8, "outcome": 3},  # visited after the follow-up
    {"arrived": 0.3, "channel": WALK_IN, "district": 1, "closed": 0.4, "outcome": 1},
    {"arrived": 1.2, "visited": 1.3, "ordered": 1.4, "channel": REFERRAL, "tie": 1, "closed": 1.4, "outcome": 4},
    {
        "arrived": 1.2,
        "channel": REFERRAL,
        "tie": 0,
        "segment": 1,
        "closed": 2.4,
        "outcome": 1,
    },  # lost after the follow-up
]


def test_conversions_follow_every_lead_equally_long() -> None:
    values = Values(made(leads=FUNNEL))
    assert values("lead_to_visit", year=2020) == pytest.approx(20 / 34)
    assert values("visit_to_order", year=2020) == pytest.approx(1 / 2)
    assert values("lead_to_order", year=2020) == pytest.approx(10 / 34)
    assert values("lead_to_visit") == pytest.approx(30 / 54)
    assert values("lead_to_order", channel="paid_ads") == pytest.approx(10 / 30)
    assert values("lead_to_order", channel="walk_in") == 0
    assert values("lead_to_order", referred=True) == 0.5
    assert values("lead_to_order", referred=False) == pytest.approx(10 / 34)
    assert values("lead_to_order", year=2021, referred=True) == 0.5
    assert math.isnan(values("lead_to_order", year=2021, referred=False))
    assert values("lead_to_order", segment="business") == 0


def test_stages_multiply_to_the_whole() -> None:
    values = Values(made(leads=FUNNEL))
    product = values("lead_to_visit") * values("visit_to_order")
    assert product == pytest.approx(values("lead_to_order"), rel=1e-12)


def test_an_order_without_a_visit_is_no_order_of_a_visitor() -> None:
    values = Values(made(leads=[{"arrived": 0.1, "ordered": 0.2}, {"arrived": 0.1, "visited": 0.2}]))
    assert values("visit_to_order") == 0
    assert values("lead_to_order") == 0.5


def test_leads_without_full_follow_up_do_not_count() -> None:
    leads = [
        {"arrived": 0.5, "ordered": 0.6},
        {"arrived": 1.4, "ordered": 1.5},
        {"arrived": 1.9, "ordered": 1.95},  # observed for 0.1 years of the 0.5
    ]
    cut = Values(made(run_off_years=0, leads=[*leads, {"arrived": 1.2}]))
    assert cut("lead_to_order") == pytest.approx(2 / 3)
    assert cut("lead_to_order", year=2020) == 1
    assert math.isnan(cut("lead_to_order", year=2021)), "an incomplete cohort must not pass for a year"
    assert Values(made(run_off_years=1, leads=[*leads, {"arrived": 1.2}]))("lead_to_order", year=2021) == pytest.approx(
        2 / 3
    )


def test_leads_lost_late_counts_losses_within_the_follow_up() -> None:
    values = Values(made(leads=FUNNEL))
    assert values("leads_lost_late") == pytest.approx(4 / 54)
    assert values("leads_lost_late", channel="walk_in") == 1
    assert values("leads_lost_late", year=2021) == 0


def test_referral_conversion_is_of_referred_leads_by_tie() -> None:
    values = Values(made(leads=[*FUNNEL, {"arrived": 0.1, "channel": PAID, "tie": 1}]))
    assert values("referral_conversion") == 0.5
    assert values("referral_conversion", tie="strong") == 1
    assert values("referral_conversion", tie="weak") == 0
    assert values("referral_conversion", year=2021, tie="strong") == 1
    assert math.isnan(values("referral_conversion", year=2020))
    assert values("referral_conversion", segment="business") == 0


def test_referral_conversion_by_the_referrers_tenure_and_the_generation() -> None:
    leads = [
        {"arrived": 0.1, "ordered": 0.2, "channel": REFERRAL, "tenure": 0.99, "generation": 1},
        {"arrived": 0.1, "channel": REFERRAL, "tenure": 0.2, "generation": 2, "district": 1},
        {"arrived": 0.1, "ordered": 0.2, "channel": REFERRAL, "tenure": 1.0, "generation": 2},
        {"arrived": 0.1, "channel": REFERRAL, "tenure": 11.5, "generation": 11},  # beyond the labels
        {"arrived": 0.1, "ordered": 0.2, "channel": WALK_IN, "generation": 1},
    ]
    values = Values(made(leads=leads))
    assert values("referral_conversion", tenure_year=1) == pytest.approx(10 / 14)
    assert values("referral_conversion", tenure_year=2) == 1
    assert math.isnan(values("referral_conversion", tenure_year=10))
    assert values("referral_conversion", generation=1) == 1
    assert values("referral_conversion", generation=2) == pytest.approx(10 / 14)
    assert math.isnan(values("referral_conversion", generation=0))
    assert values("referral_conversion") == pytest.approx(20 / 34)


MINUTE = 1.0 / 525600.0


def test_leads_that_cool_by_the_delay_of_their_answer() -> None:
    delays = {1: 1, 4.9: 1, 5.1: 2, 45: 3, 300: 4, 1000: 5, 10_000: 6}
    leads = [{"arrived": 0.1, "answered": 0.1 + delay * MINUTE, "ordered": 0.2} for delay in delays]
    leads += [{"arrived": 0.1}, {"arrived": 0.1, "district": 1}]  # never answered
    leads += [{"arrived": 0.1, "answered": 0.1, "ordered": 0.2, "channel": c} for c in (REFERRAL, WALK_IN)]
    leads += [{"arrived": 0.1, "answered": 0.1, "ordered": 0.2, "live": True}]  # booked a visit
    leads += [{"arrived": 0.1, "answered": 0.1 + MINUTE}, {"arrived": 0.1, "answered": 0.1 + MINUTE, "ordered": 0.9}]
    values = Values(made(leads=leads))
    counts = [values("cooling_leads", answered=name) for name in ANSWERED]
    assert counts == [40, 10, 10, 10, 10, 10, 14]
    assert sum(counts) == values("cooling_leads") == values("cooling_leads", year=2020)
    shares = [values("cooling_lead_to_order", answered=name) for name in ANSWERED]
    assert shares == pytest.approx([0.5, 1, 1, 1, 1, 1, 0])
    assert values("cooling_lead_to_order") == pytest.approx(70 / 104)
