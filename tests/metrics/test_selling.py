import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import MEDIA, MINUTE, NAN, WEEK, Values, made

from sim.metrics.selling import _medians


def _lead(wait: float, **other: object) -> dict[str, object]:
    return {"arrived": 0.5, "answered": 0.5 + wait * MINUTE, **other}


def test_response_is_the_weighted_median() -> None:
    values = Values(made(leads=[_lead(10), _lead(30, district=1), _lead(50, district=1), _lead(70, channel=MEDIA)]))
    # weights 10, 4, 4, 10 at 10, 30, 50, 70 minutes: half of 28 is reached exactly after 30
    assert values("response_minutes") == pytest.approx(40)
    assert values("response_minutes", channel="vertical_media") == pytest.approx(70)
    assert values("response_minutes", channel="paid_ads") == pytest.approx(10)
    assert values("response_minutes", year=2020, channel="paid_ads") == pytest.approx(10)
    assert math.isnan(values("response_minutes", year=2021))


def test_unanswered_leads_wait_for_ever() -> None:
    never = {"arrived": 0.5, "answered": NAN}
    assert Values(made(leads=[_lead(10), _lead(20), never]))("response_minutes") == pytest.approx(20)
    assert Values(made(leads=[_lead(10), never, never]))("response_minutes") == math.inf


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50)), min_size=1, max_size=40))
def test_medians_of_equal_weights_are_the_ordinary_ones(pairs: list[tuple[int, int]]) -> None:
    pairs.sort(key=lambda pair: pair[1])
    cells, waits = np.array([cell for cell, _ in pairs]), np.array([float(wait) for _, wait in pairs])
    for cell, median in enumerate(_medians(cells, waits, np.full(len(pairs), 2.0), 3)):
        expected = np.median(waits[cells == cell]) if np.any(cells == cell) else np.nan
        np.testing.assert_equal(median, expected)


def test_unassigned_means_no_response_in_seven_days() -> None:
    day = 1 / 365
    leads = [
        {"arrived": 0.5, "answered": 0.5 + 6.9 * day},
        {"arrived": 0.5, "answered": 0.5 + 7.1 * day, "district": 1},
        {"arrived": 1.5, "answered": NAN, "district": 1, "channel": MEDIA},
    ]
    values = Values(made(leads=leads))
    assert values("unassigned_leads") == pytest.approx(8 / 18)
    assert values("unassigned_leads", year=2020) == pytest.approx(4 / 14)
    assert values("unassigned_leads", channel="vertical_media") == 1
    late = made(run_off_years=0, leads=[*leads, {"arrived": 1.99, "answered": NAN}])
    assert Values(late)("unassigned_leads") == pytest.approx(8 / 18), "not observed for seven days"


def test_leads_per_seller_week_divides_by_sellers_present() -> None:
    hours = [{"tick": tick, "sellers": 2} for tick in range(150)]
    leads = [{"arrived": place * WEEK * 0.5} for place in range(120)]
    values = Values(made(leads=leads, hours=hours))
    assert values("leads_per_seller_week", year=2020) == pytest.approx(104 / (52 * 2))
    assert values("leads_per_seller_week") == pytest.approx(120 / (104 * 2))


def test_leads_per_seller_week_weighs_districts() -> None:
    hours = [{"tick": 0, "sellers": 1}, {"tick": 0, "sellers": 3, "district": 1}]
    values = Values(made(leads=[{"arrived": 0.001}] * 2, hours=hours))
    assert values("leads_per_seller_week") == pytest.approx(20 / (10 + 12))
