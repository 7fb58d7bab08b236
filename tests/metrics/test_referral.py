import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import PAID, REFERRAL, WORD_OF_MOUTH, Values, made

from sim.metrics.owners import AGES
from sim.metrics.referral import TAIL_SHARE, over_life, rates_by_age

WILLING, INVITING, SUCCESSFUL = range(3)

OWNERSHIPS = [
    {"household": 1, "began": -1.5, "ended": 1.4},
    {
        "household": 2, "began": 0.25, "order": 0, "referrer": 1, "generation": 1, "eligible": False, "district": 1,
        "segment": 1,
    },
    {"household": 3, "began": 0.5, "ended": 0.9, "order": 1, "referrer": 2, "generation": 2},
    {"household": 3, "began": 1.5},  # came back by itself
]  # fmt: skip
LEADS = [{"arrived": moment} for moment in (0.1, 0.35, 0.85, 1.6, 1.2, 0.1)]
ORDERS = [
    {"household": 2, "channel": REFERRAL, "referrer": 1, "lead": 0, "delivered": 0.25, "tenure": 1.6, "generation": 1}
    | {"district": 1, "segment": 1},
    {"household": 3, "channel": REFERRAL, "referrer": 2, "lead": 1, "delivered": 0.5, "tenure": 0.1, "generation": 2},
    # delivered after household 3 had come back, on a word of its first ownership
    {"household": 5, "channel": WORD_OF_MOUTH, "referrer": 3, "lead": 2, "delivered": 1.6, "tenure": 0.35}
    | {"generation": 3},
    {"household": 6, "channel": REFERRAL, "referrer": 3, "lead": 3, "delivered": 1.8, "tenure": 0.1, "generation": 1}
    | {"district": 1},
    {"household": 7, "channel": REFERRAL, "referrer": 1, "lead": 4, "delivered": 2.3, "tenure": 2.7, "generation": 1},
    {"household": 8, "channel": PAID, "lead": 5, "delivered": 0.3},
]
# Years lived, weighted: household 1 14 (10 in 2020), household 2 7 (3), household 3 4 (4) and again 5 (0).


@pytest.fixture(scope="module")
def values() -> Values:
    return Values(made(leads=LEADS, orders=ORDERS, ownerships=OWNERSHIPS))


def test_referrals_are_held_against_years_of_ownership(values: Values) -> None:
    rate = "referrals_per_owner_year"
    assert values(rate) == pytest.approx(18 / 30)
    assert values(rate, year=2020) == pytest.approx(14 / 17)
    assert values(rate, year=2021) == pytest.approx(4 / 13)
    assert values(rate, segment="families") == pytest.approx(8 / 23)
    assert values(rate, segment="business") == pytest.approx(10 / 7), "the segment is the referrer's"
    assert values(rate, year=2020, segment="business") == pytest.approx(10 / 3)


def test_referrals_by_what_the_referrer_is(values: Values) -> None:
    rate = "referrals_per_owner_year"
    # first year of tenure: households 2 (4), 3 (4) and 3 again (5); second: 1 (5) and 2 (3); third: 1 (9)
    assert [values(rate, tenure_year=year) for year in (1, 2, 3)] == pytest.approx([14 / 13, 4 / 8, 0])
    assert math.isnan(values(rate, tenure_year=4))
    assert [values(rate, generation=g) for g in (0, 1, 2)] == pytest.approx([8 / 19, 10 / 7, 0])
    assert values(rate, referred=True) == pytest.approx(10 / 11)
    assert values(rate, referred=False) == pytest.approx(8 / 19)
    assert values(rate, eligible=True) == pytest.approx(8 / 23)
    assert values(rate, year=2021, eligible=False) == 0
    assert values(rate, year=2020, referred=True) == pytest.approx(10 / 7)


def test_the_relationship_does_not_matter_for_what_an_owner_brings(values: Values) -> None:
    """Driving the car is the exposure: owners whose relationship ended still talk and still count."""
    kept = [{"household": row["household"], "began": row["began"], "ended": 0.3} for row in OWNERSHIPS]
    other = Values(made(leads=LEADS, orders=ORDERS, ownerships=OWNERSHIPS, relationships=kept))
    assert other("referrals_per_owner_year") == values("referrals_per_owner_year")


def test_deliveries_by_generation_are_parts_of_the_whole(values: Values) -> None:
    assert [values("deliveries", generation=g) for g in range(4)] == [10, 8, 10, 10]
    assert values("deliveries", year=2020, generation=1) == 4
    assert sum(values("deliveries", generation=g) for g in range(10)) == values("deliveries")
    far = Values(made(orders=[{"delivered": 0.5, "generation": 9}, {"delivered": 0.5, "generation": 10}]))
    assert (far("deliveries"), far("deliveries", generation=9)) == (20, 10)


def test_orders_by_generation_are_dated_by_the_order() -> None:
    orders = [{"ordered": 0.5, "generation": 1, "delivered": 1.5}, {"ordered": 0.6, "district": 1}]
    values = Values(made(orders=orders))
    assert [values("orders", year=2020, generation=g) for g in range(3)] == [4, 10, 0]
    assert values("orders", year=2021, generation=1) == 0


def test_the_reproduction_number_is_a_life_table(values: Values) -> None:
    # first year: 24 caused and 10 ends in 13 owner-years, second: 4 and 0 in 8, third: 10 and 10 in 9
    first_year, second_year = (1 - math.exp(-10 / 13)) / (10 / 13), math.exp(-10 / 13)
    whole = 24 / 13 * first_year + second_year * (4 / 8 + 10 / 10)
    assert values("reproduction_number") == pytest.approx(whole)
    referral, free = (values("reproduction_number", channel=name) for name in ("referral", "word_of_mouth"))
    assert free == pytest.approx(10 / 13 * first_year)
    assert referral + free == pytest.approx(whole)
    assert values("reproduction_number", channel="paid_ads") == 0


def _of_year(hazard: float) -> float:
    """Years lived within the first year of a life."""
    return (1 - math.exp(-hazard)) / hazard


def test_reproduction_numbers_of_years_have_the_ends_of_the_year_where_it_observed_any(values: Values) -> None:
    # 2020: 20 caused and 10 ends in 7 owner-years of the first year, 4 and 0 in 5 of the second, none in 5 of the third
    assert values("reproduction_number", year=2020) == pytest.approx(
        20 / 7 * _of_year(10 / 7) + math.exp(-10 / 7) * 4 / 5
    )
    # 2021: 4 caused in 6, 0 in 3, 10 in 4; nobody left before the third year, and from then on 10 in 9 as in all years
    assert values("reproduction_number", year=2021) == pytest.approx(4 / 6 + 0 / 3 + 10 / 4 / (10 / 9))
    by_word = values("reproduction_number", year=2020, channel="word_of_mouth")
    assert by_word == pytest.approx(10 / 7 * _of_year(10 / 7)), "in the year of the talk, delivered in the next"


def test_groups_differ_in_what_they_cause_and_end_like_all(values: Values) -> None:
    first_year, second_year = _of_year(10 / 13), math.exp(-10 / 13)
    eligible = 14 / 9 * first_year + second_year * (4 / 5 + 10 / 10)
    assert values("reproduction_number", eligible=True) == pytest.approx(eligible)
    assert values("reproduction_number", eligible=False) == pytest.approx(10 / 4 * first_year)
    young = 10 / 4 * (first_year + second_year * (1 + 9 / 10))
    assert values("reproduction_number", generation=2) == pytest.approx(young), "the only rate known, for all tenures"
    assert math.isnan(values("reproduction_number", generation=3)), "no such owners"
    assert math.isnan(values("reproduction_number", segment="business")), "no ownership of the segment ended"


def test_a_year_that_was_not_followed_up_has_no_reproduction_number() -> None:
    cut = Values(made(run_off_years=0, leads=LEADS, orders=ORDERS, ownerships=OWNERSHIPS))
    assert math.isnan(cut("reproduction_number", year=2021)), "its last deliveries are still to come"
    # of 2020 alone, where all ends are in the first year of tenure: 10 in 17 owner-years
    rates = np.array([20 / 7, 4 / 5] + [0 / 5] * 9)
    alive = np.exp(-10 / 17 * np.arange(11))
    assert cut("reproduction_number") == pytest.approx((rates * alive).sum() * _of_year(10 / 17))


exposures = st.lists(st.floats(0.0, 1e5).map(lambda x: 0.0 if x < 1 else x), min_size=AGES, max_size=AGES)


@given(exposures.filter(any), st.floats(0.0, 3.0), st.floats(0.01, 2.0))
def test_in_steady_state_it_is_the_rate_of_causing_by_the_rate_of_ending(
    years: list[float], rate: float, hazard: float
) -> None:
    lived = np.array(years)
    ends = hazard * lived
    found = over_life(rates_by_age(rate * lived, lived, lived), rates_by_age(ends, lived, ends))
    assert found == pytest.approx(rate / hazard, rel=1e-9, abs=1e-12)


def _slowly(births: list[float], years: list[float], ends: list[float]) -> float:
    """The same by small steps through a life, the rates looked up age by age."""

    def rate(events: list[float], of: list[float], age: int) -> float:
        tail = max(a for a in range(AGES) if sum(of[a:]) >= TAIL_SHARE * sum(of))
        if age >= tail:
            return sum(events[tail:]) / sum(years[tail:])
        return events[age] / years[age]

    caused, alive, step = 0.0, 1.0, 1e-3
    for tick in range(100_000):
        age = min(int(tick * step + 1e-9), AGES - 1)
        caused += alive * step * rate(births, years, age)
        alive *= 1 - step * rate(ends, ends, age)
    return caused


def test_rates_that_change_with_tenure() -> None:
    births, years = [0, 40, 90, 10, 5, 0, 0, 3, 0, 0, 0], [100, 80, 60, 50, 40, 30, 20, 10, 5, 3, 8]
    ends = [20, 10, 2, 9, 8, 6, 4, 2, 1, 0, 2]
    caused, lived, ended = (np.array(part, dtype=float) for part in (births, years, ends))
    found = over_life(rates_by_age(caused, lived, lived), rates_by_age(ended, lived, ended))
    assert found == pytest.approx(_slowly(births, years, ends), rel=2e-3)


def test_tenures_at_which_nobody_was_observed_take_the_rate_before_and_the_oldest_share_one() -> None:
    events, years = np.array([[0.0, 6, 0, 1, 0, 3, 0]]), np.array([[0.0, 10, 0, 20, 1, 2, 0]])
    found = rates_by_age(events, years, years)
    assert found[0, :4] == pytest.approx([0.6, 0.6, 0.6, 4 / 23])
    assert found[0, 4:] == pytest.approx([4 / 23] * 3)
    assert math.isnan(over_life(found, np.zeros((1, 7)))[0]), "lives that do not end"


ACTS: list[dict[str, Any]] = [
    {"household": 1, "act": WILLING},
    {"household": 1, "act": WILLING, "year": 2021},
    {"household": 1, "act": WILLING, "year": 2022},  # run-off
    {"household": 2, "act": WILLING, "district": 1, "segment": 1, "eligible": False, "generation": 1},
    {"household": 2, "act": INVITING, "district": 1, "segment": 1, "eligible": False, "generation": 1},
    {"household": 3, "act": SUCCESSFUL, "year": 2021},
]


def test_shares_of_owners_are_of_all_who_were_one_at_any_time_in_the_year() -> None:
    values = Values(made(acts=ACTS, ownerships=OWNERSHIPS))
    # 2020: households 1, 2 and 3; 2021: 1, 2 and 3 again
    assert values("owners_willing") == pytest.approx(24 / 48)
    assert values("owners_willing", year=2020) == pytest.approx(14 / 24)
    assert values("owners_willing", year=2021) == pytest.approx(10 / 24)
    assert values("owners_willing", segment="business") == pytest.approx(4 / 8)
    assert values("owners_willing", referred=True) == pytest.approx(4 / 18)
    assert values("owners_willing", referred=False) == pytest.approx(20 / 30)
    assert values("owners_willing", eligible=False) == pytest.approx(4 / 8)
    assert values("owners_willing", year=2021, eligible=False) == 0
    assert values("owners_inviting") == pytest.approx(4 / 48)
    assert values("owners_inviting", year=2020, referred=True) == pytest.approx(4 / 14)
    assert values("owners_successful", year=2021) == pytest.approx(10 / 24)
    assert values("owners_successful", year=2020) == 0


def _referrals(*referrers: tuple[int, float]) -> dict[str, list[dict[str, Any]]]:
    """Leads and referred deliveries by the household of the referrer and the moment of the delivery."""
    brought = [
        {"channel": REFERRAL, "referrer": who, "lead": k, "delivered": m} for k, (who, m) in enumerate(referrers)
    ]
    return {"orders": brought, "leads": [{"arrived": moment - 0.5} for _, moment in referrers]}


def test_few_owners_bring_most() -> None:
    owners = [{"household": k, "began": -0.9} for k in range(10)]
    values = Values(made(**_referrals((3, 0.2), (3, 0.3), (3, 1.4), (5, 0.2)), ownerships=owners))
    assert values("referral_top10_share") == pytest.approx(3 / 4), "one owner of ten"
    assert values("referral_top1_share") == pytest.approx(0.1 * 3 / 4), "a tenth of that owner"
    assert values("referral_top10_share", year=2020) == pytest.approx(2 / 3)
    assert values("referral_top10_share", year=2021) == 1
    assert math.isnan(Values(made(ownerships=owners))("referral_top1_share"))


def test_owners_who_brought_equally_much_share_the_place_and_districts_have_their_weight() -> None:
    owners = [{"household": k, "began": -0.9} for k in range(10)] + [{"household": 10, "district": 1}]
    referrals = _referrals(*[(10, 0.5)] * 5, (3, 0.2), (3, 0.3), (3, 0.4), (5, 0.2), (6, 0.2))
    values = Values(made(**referrals, ownerships=owners))
    # 10.4 of a weight of 104: the one of weight 4 with 5, and 6.4 of the one of weight 10 with 3
    assert values("referral_top10_share") == pytest.approx((4 * 5 + 6.4 * 3) / (4 * 5 + 10 * 3 + 2 * 10))


def test_an_owner_whose_referral_comes_through_after_the_car_was_sold_is_one_of_them() -> None:
    owners = [{"household": k, "began": -0.9, "ended": 0.8 if k == 3 else math.nan} for k in range(10)]
    values = Values(made(**_referrals((3, 1.2), (5, 1.2), (5, 1.3)), ownerships=owners))
    assert values("referral_top10_share", year=2021) == pytest.approx(2 / 3)
