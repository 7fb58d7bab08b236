import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.metrics.spans import Index, lived
from sim.records import Columns

# Lengths in quarters and borders on eighths: no moment lies on a border, where the two ways could round differently.
lives = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-30, 30), st.lists(st.integers(1, 9), min_size=1, max_size=4)), max_size=5
)


def _log(households: list[tuple[int, int, list[int]]]) -> Columns:
    """Spans that follow each other with gaps, of households told apart; the last of an even one lasts."""
    rows = []
    for place, (who, begin, lengths) in enumerate(households):
        at = begin / 4
        for n, length in enumerate(lengths):
            ended = math.nan if n == len(lengths) - 1 and who % 2 == 0 else at + length / 4
            rows.append((place * 10 + who, at, ended))
            at += length / 4 + 0.5
    rows = rows[::-1]
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    household, began, ended = (np.array(column, dtype=np.float64) for column in columns)
    return {"household": household.astype(np.int64), "began": began, "ended": ended}


@given(lives, st.lists(st.tuples(st.integers(0, 60), st.integers(-40, 60)), max_size=20))
def test_the_latest_span_is_the_last_that_began_by_the_moment(
    households: list[tuple[int, int, list[int]]], asked: list[tuple[int, int]]
) -> None:
    log = _log(households)
    who, when = np.array([h for h, _ in asked], dtype=np.int64), np.array([m / 8 for _, m in asked])
    found = Index.of(log).latest(who, when)
    for row, household, moment in zip(found.tolist(), who, when, strict=True):
        before = [(b, r) for r, (h, b) in enumerate(zip(log["household"], log["began"], strict=True)) if h == household]
        assert row == max(((b, r) for b, r in before if b <= moment), default=(0, -1))[1]


@given(lives)
def test_all_spans_of_each_household_are_found(households: list[tuple[int, int, list[int]]]) -> None:
    log = _log(households)
    who = np.array([99, *np.unique(log["household"])], dtype=np.int64)
    place, row = Index.of(log).all(who)
    assert sorted(row.tolist()) == list(range(len(log["household"])))
    assert (log["household"][row] == who[place]).all()


@given(lives)
def test_years_lived_are_cut_at_new_year_and_at_the_anniversaries(households: list[tuple[int, int, list[int]]]) -> None:
    log, years, step = _log(households), 3, 1 / 16
    pieces = lived(log, years)
    found = dict.fromkeys(zip(pieces.row.tolist(), pieces.year.tolist(), pieces.tenure.tolist(), strict=True), 0.0)
    for key, length in zip(zip(pieces.row, pieces.year, pieces.tenure, strict=True), pieces.years, strict=True):
        found[key] += length
    wanted: dict[tuple[int, int, int], float] = {}
    for row, (began, ended) in enumerate(zip(log["began"], log["ended"], strict=True)):
        for tick in range(int(years / step)):
            moment = (tick + 0.5) * step
            if began < moment and not moment >= ended:
                key = (row, int(moment), int(moment - began))
                wanted[key] = wanted.get(key, 0.0) + step
    assert found == pytest.approx(wanted)
