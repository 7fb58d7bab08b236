"""Whether two paired samples say the same but for their noise: two one-sided t tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

LEVEL = 0.05
"""Chance, at most, of calling equivalent what differs by the margin or more."""


def tost(differences: Sequence[float], margin: float) -> float:
    """P value of two one-sided t tests (Schuirmann 1987): small where the mean difference lies within the margin.

    `differences` are those of the pairs, `margin` is in their unit. Where all differences are equal there is no noise,
    and the p value is 0 or 1. Fewer than two pairs show nothing (1).

    Raises:
        ValueError: a difference or the margin is not finite, or the margin is below zero.
    """
    if not (all(map(math.isfinite, differences)) and math.isfinite(margin) and margin >= 0):
        raise ValueError("differences and margin must be finite, the margin at least 0")
    n = len(differences)
    if n < 2:
        return 1.0
    mean = math.fsum(differences) / n
    variance = math.fsum((difference - mean) ** 2 for difference in differences) / (n - 1)
    if variance == 0.0:
        return 0.0 if abs(mean) < margin else 1.0
    from scipy.special import stdtr  # heavy; only moved results need it

    error = math.sqrt(variance / n)
    # The harder of the two hypotheses to refute: the difference is at most -margin, or at least +margin.
    return float(stdtr(n - 1, (abs(mean) - margin) / error))


def equivalent(before: Sequence[float], after: Sequence[float], share: float) -> bool:
    """Whether paired values are equivalent at the level: their means differ by less than `share` of the mean before.

    Pairs undefined (nan) or infinite alike show nothing and are left out; a value defined on one side only is no
    equivalence, nor are samples of different sizes.
    """
    if len(before) != len(after):
        return False
    pairs = []
    for old, new in zip(before, after, strict=True):
        if math.isfinite(old) and math.isfinite(new):
            pairs.append((old, new))
        elif not (old == new or (math.isnan(old) and math.isnan(new))):
            return False
    if not pairs:
        return False
    margin = share * abs(math.fsum(old for old, _ in pairs) / len(pairs))
    return tost([new - old for old, new in pairs], margin) < LEVEL
