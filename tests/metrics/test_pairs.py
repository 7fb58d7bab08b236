import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import MEDIA, PAID, REFERRAL, WEEK, WORD_OF_MOUTH

from sim.metrics import PAIR_METRICS, Classified, classify
from sim.metrics.pairs import ACCELERATED, CHANNEL_SHIFTED, DELAYED, DISPLACED, INCREMENTAL, SAME

WEIGHTS = np.array([10.0, 4.0])
Order = tuple[int, int, int, float]


def _orders(*rows: Order) -> dict[str, np.ndarray]:
    """Orders from (household, number, channel, ordered); odd households live in district 1."""
    household, number, channel, ordered = (np.array(column) for column in zip(*rows, strict=True)) if rows else [[]] * 4
    whole = {"household": household, "number": number, "channel": channel}
    columns = {name: np.asarray(values, dtype=np.int64) for name, values in whole.items()}
    columns |= {"district": columns["household"] % 2, "referrer": np.full(len(columns["household"]), -1)}
    moments = np.asarray(ordered, dtype=np.float64)
    return columns | {"ordered": moments, "value": np.zeros(len(moments))}


def _value(classified: Classified, metric: str, **by: Any) -> float:
    return next(row.value for row in PAIR_METRICS[metric].rows(classified) if row.by == by)


@pytest.mark.parametrize(
    ("policy", "reference", "kind"),
    [
        ((0, 0, REFERRAL, 0.5), None, INCREMENTAL),
        (None, (0, 0, PAID, 0.5), DISPLACED),
        ((0, 0, REFERRAL, 0.5), (0, 0, PAID, 0.5 + 1.01 * WEEK), ACCELERATED),
        ((0, 0, PAID, 0.5), (0, 0, PAID, 1.5), ACCELERATED),
        ((0, 0, REFERRAL, 0.5), (0, 0, PAID, 0.5 + 0.99 * WEEK), CHANNEL_SHIFTED),
        ((0, 0, REFERRAL, 0.9), (0, 0, PAID, 0.5), CHANNEL_SHIFTED),
        ((0, 0, PAID, 0.9), (0, 0, PAID, 0.5), DELAYED),
        ((0, 0, PAID, 0.5), (0, 0, PAID, 0.5 + 0.99 * WEEK), SAME),
        ((0, 0, PAID, 0.5), (0, 0, PAID, 0.5), SAME),
    ],
)
def test_each_pair_has_one_kind(policy: Order | None, reference: Order | None, kind: int) -> None:
    found = classify(_orders(*[policy] if policy else []), _orders(*[reference] if reference else []), WEIGHTS, 2, 4.0)
    assert found.kind.tolist() == [kind]


def test_pairs_are_in_scope_when_their_earlier_order_lies_in_the_horizon() -> None:
    policy = _orders((0, 0, PAID, 1.9), (2, 0, PAID, 2.1), (4, 0, PAID, 2.1), (6, 0, PAID, 3.9))
    reference = _orders((0, 0, PAID, 3.0), (2, 0, PAID, 1.9), (4, 0, PAID, 2.3))
    found = classify(policy, reference, WEIGHTS, 2, 4.0)
    assert found.kind.tolist() == [ACCELERATED, DELAYED]
    assert found.year.tolist() == [1, 1]


def test_orders_after_the_common_observation_do_not_count() -> None:
    found = classify(_orders((0, 0, PAID, 1.0)), _orders((0, 0, PAID, 3.5)), WEIGHTS, 2, 3.0)
    assert found.kind.tolist() == [INCREMENTAL]


def test_metrics_of_pairs_are_weighted_and_attributed() -> None:
    policy = _orders((0, 0, REFERRAL, 0.5), (1, 0, REFERRAL, 1.5), (1, 1, PAID, 1.7), (3, 0, REFERRAL, 0.1))
    reference = _orders((1, 0, MEDIA, 1.5), (1, 1, PAID, 1.2), (3, 0, PAID, 0.9), (5, 0, MEDIA, 0.3))
    found = classify(policy, reference, WEIGHTS, 2, 4.0, start_year=2020)
    assert _value(found, "incremental_orders") == 10
    assert _value(found, "incremental_orders", channel="referral") == 10
    assert _value(found, "incremental_orders", year=2021) == 0
    assert _value(found, "channel_shifted_orders", year=2021, channel="referral") == 4
    assert _value(found, "accelerated_orders", channel="referral") == 4
    assert _value(found, "delayed_orders") == 4
    assert _value(found, "delayed_orders", year=2021) == 4, "the earlier of the two orders dates the pair"
    assert _value(found, "displaced_orders", channel="vertical_media") == 4, "by the channel it would have had"
    assert _value(found, "order_difference") == 6
    assert _value(found, "incremental_share", channel="referral") == pytest.approx(10 / 18)
    assert math.isnan(_value(found, "incremental_share", channel="walk_in"))


def test_owners_are_worth_the_customers_they_brought_who_would_not_have_come() -> None:
    policy = _orders(
        (0, 0, REFERRAL, 0.5),  # brought, would not have come: 900
        (1, 0, WORD_OF_MOUTH, 0.6),  # brought by a free word in the district of weight 4: 500
        (2, 0, REFERRAL, 0.7),  # would have come anyway
        (4, 0, PAID, 0.8),  # incremental, brought by nobody
        (6, 0, REFERRAL, 2.1),  # after the horizon
    )
    policy |= {"referrer": np.array([7, 7, 7, -1, 7]), "value": np.array([900.0, 500.0, 10.0, 300.0, 40.0])}
    reference = _orders((2, 0, PAID, 0.7), (8, 0, PAID, 0.7))
    found = classify(policy, reference, WEIGHTS, 2, 4.0, owners=(30, 25))
    assert _value(found, "referral_value") == pytest.approx((900 * 10 + 500 * 4) / (30 * 10 + 25 * 4))
    assert _value(found, "referral_value", channel="referral") == pytest.approx(900 * 10 / 400)
    assert _value(found, "referral_value", channel="paid_ads") == 0
    itself = classify(policy, policy, WEIGHTS, 2, 4.0, owners=(30, 25))
    assert _value(itself, "referral_value") == 0
    policy["value"][0] = np.nan
    unknown = classify(policy, reference, WEIGHTS, 2, 4.0, owners=(30, 25))
    assert math.isnan(_value(unknown, "referral_value")), "a customer who was not observed for the whole window"
    assert math.isnan(_value(classify(policy, reference, WEIGHTS, 2, 4.0), "referral_value")), "no owners"


order_lists = st.dictionaries(
    st.tuples(st.integers(0, 15), st.integers(0, 3)),
    st.tuples(st.integers(0, 8), st.integers(0, 399)),
    max_size=30,
)


@given(order_lists, order_lists)
def test_incremental_less_displaced_is_the_difference_exactly(
    policy: dict[tuple[int, int], tuple[int, int]], reference: dict[tuple[int, int], tuple[int, int]]
) -> None:
    runs = [{key: (channel, day / 100) for key, (channel, day) in run.items()} for run in (policy, reference)]
    tables = [_orders(*((*key, channel, moment) for key, (channel, moment) in run.items())) for run in runs]
    found = classify(tables[0], tables[1], WEIGHTS, 2, 4.0)
    in_scope = {key for key in {**runs[0], **runs[1]} if min(run[key][1] for run in runs if key in run) < 2}
    for district in (0, 1):
        counts = [sum(key in run and key[0] % 2 == district for key in in_scope) for run in runs]
        assert (
            found.in_district(INCREMENTAL)[district] - found.in_district(DISPLACED)[district] == counts[0] - counts[1]
        )
    assert len(found.kind) == len(in_scope)
    assert _value(found, "order_difference") == _value(found, "incremental_orders") - _value(found, "displaced_orders")


@given(order_lists, st.randoms(use_true_random=False))
def test_a_run_against_itself_in_any_order_of_rows_is_all_the_same(
    run: dict[tuple[int, int], tuple[int, int]], random: Any
) -> None:
    rows = [(*key, channel, day / 100) for key, (channel, day) in run.items()]
    shuffled = random.sample(rows, len(rows))
    found = classify(_orders(*rows), _orders(*shuffled), WEIGHTS, 2, 4.0)
    assert set(found.kind.tolist()) <= {SAME}


def test_impossible_pairs_are_refused() -> None:
    twice = _orders((0, 0, PAID, 0.1), (0, 0, PAID, 0.2))
    with pytest.raises(ValueError, match="two orders of the same number"):
        classify(twice, _orders(), WEIGHTS, 2, 4.0)
    with pytest.raises(ValueError, match="observed for 1"):
        classify(_orders(), _orders(), WEIGHTS, 2, 1.0)
