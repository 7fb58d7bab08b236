"""Who has crossed a threshold: held against looking at everybody."""

from __future__ import annotations

import numpy as np

from sim.world.crossings import AHEAD, Crossings, Grouping

GROUPS, HOUSEHOLDS, TICKS = 5, 400, 200


def test_the_same_cross_as_when_everybody_is_looked_at() -> None:
    rng = np.random.default_rng(3)
    group = rng.integers(0, GROUPS, HOUSEHOLDS).astype(np.int16)
    thresholds = rng.exponential(size=HOUSEHOLDS)
    crossings = Crossings(Grouping.of(group, GROUPS), thresholds)
    hazard, crossed, at_once, stood_still = np.zeros(GROUPS), 0, 0, 0
    for _ in range(TICKS):
        step = rng.exponential(AHEAD / 3.0, GROUPS) * rng.integers(0, 2, GROUPS)  # often some stand still
        hazard = hazard + step * np.where(rng.random(GROUPS) < 0.1, 20.0, 1.0)
        passed = thresholds <= hazard[group]
        expected = np.flatnonzero(passed & (step > 0.0)[group])
        stood_still += int((passed & (step == 0.0)[group]).sum())
        rows = crossings.take(hazard)
        assert sorted(rows.tolist()) == expected.tolist()
        thresholds[rows] += rng.exponential(size=len(rows))
        crossings.file(rows, group[rows])
        crossed += len(rows)
        at_once += int((thresholds[rows] <= hazard[group[rows]]).sum())
    assert crossed > HOUSEHOLDS
    assert at_once > 0
    assert stood_still > 0  # who crosses again in one tick waits for the next in which the hazard moves


def test_a_threshold_that_is_met_exactly_is_crossed() -> None:
    thresholds = np.array([0.5, 0.25 + AHEAD, np.nextafter(0.5, 1.0), np.inf])
    crossings = Crossings(Grouping.of(np.zeros(4, dtype=np.int16), 1), thresholds)
    assert len(crossings.take(np.array([0.25]))) == 0
    assert crossings.take(np.array([0.25 + AHEAD])).tolist() == [1]
    thresholds[1] = np.inf
    crossings.file(np.array([1]), np.zeros(1, dtype=np.int16))
    assert crossings.take(np.array([0.5])).tolist() == [0]
