"""The calendar: who is filed comes due in the bucket of the value, once, and nobody else does."""

from __future__ import annotations

import numpy as np

from sim.world.agenda import WINDOW, WINDOWS, Agenda


def test_everybody_comes_due_in_their_bucket() -> None:
    rng = np.random.default_rng(5)
    agenda, due_in, last = Agenda(4.0), {}, 3 * WINDOW * WINDOWS // 2
    filed = np.append(rng.exponential(last / 8.0, 3000), [np.inf, last / 4.0 - 0.1, 0.0])
    agenda.file(np.arange(len(filed)), filed)
    due_in = {row: int(value * 4.0) for row, value in enumerate(filed.tolist()) if np.isfinite(value)}
    row = len(filed)
    for bucket in range(last):
        rows = agenda.take(bucket)
        assert sorted(rows.tolist()) == sorted(row for row, due in due_in.items() if due == bucket), bucket
        if bucket % 3 == 0:  # what is filed for the past comes due next
            value = (bucket + rng.integers(-4, 3 * WINDOW)) / 4.0
            agenda.file(np.array([row]), np.array([value]), bucket + 1)
            due_in[row] = max(int(np.floor(value * 4.0)), bucket + 1)
            row += 1
    assert max(due_in.values()) > WINDOW * WINDOWS


def test_buckets_may_be_left_out() -> None:
    agenda = Agenda(1.0)
    agenda.file(np.arange(4), np.array([1.0, WINDOW + 1.0, 3.0 * WINDOW, 9.0 * WINDOW]))
    assert sorted(agenda.take(3 * WINDOW + 2).tolist()) == [0, 1, 2]
    assert agenda.take(9 * WINDOW).tolist() == [3]
