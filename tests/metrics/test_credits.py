import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import Values, made

from sim.metrics import METRICS, View
from sim.metrics.base import CREDIT_PARTS
from sim.records import CREDIT_STATES

PENDING, VOID, VESTED, CLAWED_BACK, REDEEMED, EXPIRED = range(len(CREDIT_STATES))
HONEST, SELF, BROKED = 1, 2, 3

ORDERS = [{"ordered": 0.1, "claim": claim} for claim in (0, HONEST, SELF, BROKED)]
CREDITS: list[dict[str, Any]] = [
    {"order": 1, "face": 100_000, "pending": 0.1, "state": VOID},
    {"order": 1, "face": 50_000, "pending": 0.2, "vested": 0.4, "state": CLAWED_BACK, "redeemed": 20_000},
    {"order": 2, "face": 30_000, "pending": 0.5, "vested": 0.7, "state": REDEEMED, "redeemed": 30_000},
    {"order": 3, "face": 40_000, "pending": 0.9, "vested": 1.1, "state": EXPIRED, "redeemed": 15_000, "district": 1}
    | {"segment": 1},
    {"order": 1, "face": 60_000, "pending": 1.5, "vested": 1.6, "state": VESTED, "redeemed": 10_000},
    {"order": 1, "face": 70_000, "pending": 1.9, "state": PENDING},
    {"order": 2, "face": 90_000, "pending": 2.2, "vested": 2.3, "state": EXPIRED},  # run-off
]


@pytest.fixture(scope="module")
def values() -> Values:
    return Values(made(orders=ORDERS, credits=CREDITS))


def test_the_face_value_of_a_years_credits_is_accounted_for(values: Values) -> None:
    found = {part: values("referral_credits", year=2020, credit=part) for part in CREDIT_PARTS}
    assert found == {
        "issued": 19_600,
        "voided": 10_000,
        "clawed_back": 3_000,  # what had not been redeemed
        "redeemed": 5_600,
        "expired": 1_000,
        "outstanding": 0,
    }
    assert values("referral_credits", credit="outstanding") == 5_000 + 7_000
    assert values("referral_credits", year=2021, credit="redeemed") == 1_000
    assert values("referral_credits") == values("referral_credits", credit="issued") == 32_600
    assert values("referral_credits", year=2020) == 19_600


made_credits = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 10**9), st.floats(0.0, 1.0), st.floats(0.0, 3.9)), max_size=20
)


@given(made_credits)
def test_issued_is_the_sum_of_its_parts_to_the_minor_unit(rows: list[tuple[int, int, float, float]]) -> None:
    credits = [
        {
            "state": state,
            "face": face,
            "redeemed": 0 if state < VESTED else face if state == REDEEMED else int(face * used),
            "pending": moment,
            "vested": math.nan if state < VESTED else moment,
        }
        for state, face, used, moment in rows
    ]
    view = View(made(credits=credits, orders=ORDERS, weights=(1.0, 1.0)))
    found = {frozenset(row.by.items()): round(row.value * 100) for row in METRICS["referral_credits"].rows(view)}
    for period in ({}, {"year": 2020}, {"year": 2021}):
        parts = [found[frozenset((period | {"credit": part}).items())] for part in CREDIT_PARTS]
        assert parts[0] == sum(parts[1:]) == found[frozenset(period.items())]
        assert min(parts) >= 0


def test_breakage_is_what_expired_of_credits_that_have_run_their_course(values: Values) -> None:
    assert values("referral_breakage") == pytest.approx(1_000 / (1_000 + 600 + 3_000))
    assert values("referral_breakage", year=2020) == 0
    assert values("referral_breakage", year=2021) == pytest.approx(1_000 / 1_600), "by the year of the grant"
    assert values("referral_breakage", segment="business") == pytest.approx(1_000 / 1_600)


def test_abuse_is_the_share_of_cars_on_the_programmes_terms_nobody_was_invited_for() -> None:
    orders = [
        {"delivered": 0.4, "claim": HONEST},
        {"delivered": 0.5, "claim": SELF},
        {"delivered": 0.6, "claim": SELF, "rejected": True},
        {"delivered": 1.2, "claim": HONEST, "district": 1},
        {"delivered": 1.3, "claim": BROKED, "segment": 1},
        {"claim": BROKED},  # cancelled
        {"delivered": 0.7},
        {"delivered": 2.5, "claim": SELF},  # run-off
    ]
    values = Values(made(orders=orders))
    assert values("referral_abuse") == pytest.approx(20 / 34)
    assert values("referral_abuse", year=2020) == pytest.approx(1 / 2)
    assert values("referral_abuse", year=2021) == pytest.approx(10 / 14)
    assert values("referral_abuse", segment="business") == 1
    rejected = Values(made(orders=[{"delivered": 0.5, "claim": SELF, "rejected": True}]))
    assert math.isnan(rejected("referral_abuse")), "a rejected claim was granted nothing"


def test_breakage_waits_for_the_end_of_a_cohort() -> None:
    credits = [
        {"pending": 0.1, "vested": 0.2, "state": REDEEMED, "face": 100, "redeemed": 100, "expiry": math.inf},
        {"pending": 0.1, "vested": 0.2, "state": EXPIRED, "face": 300, "redeemed": 100},
    ]
    assert Values(made(orders=ORDERS, credits=credits))("referral_breakage") == pytest.approx(2 / 3)


def test_false_rejections_are_of_honest_claims() -> None:
    orders = [
        {"ordered": 0.1, "claim": HONEST, "rejected": True},
        {"ordered": 0.2, "claim": HONEST},
        {"ordered": 1.2, "claim": HONEST, "district": 1},
        {"ordered": 1.2, "claim": SELF, "rejected": True},
        {"ordered": 2.2, "claim": HONEST, "rejected": True},
    ]
    values = Values(made(orders=orders))
    assert values("referral_false_rejections") == pytest.approx(10 / 24)
    assert values("referral_false_rejections", year=2020) == pytest.approx(1 / 2)
    assert values("referral_false_rejections", year=2021) == 0


def test_without_a_programme_there_is_nothing_to_tell() -> None:
    values = Values(made(orders=[{"ordered": 0.5}]))
    assert values("referral_credits") == 0
    assert np.isnan([values("referral_breakage"), values("referral_abuse"), values("referral_false_rejections")]).all()
