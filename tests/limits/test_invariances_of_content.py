"""What must change nothing, or little, where sellers publish: permuted rows, another tick (A20, A21)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from sim.channels import CHANNELS
from sim.records import Records
from sim.scenario import Scenario
from tests.small_world import differing, simulate, small

CONTENT: dict[str, Any] = {
    "market.platforms": {
        "notes": {
            "users": 0.35,
            "by_segment": {"young_urban_women": 0.8},
            "views_per_post": 150.0,
            "trust": 1.5,
            "contact": 0.5,
            "partner": 1.3,
        },
        "short_video": {"users": 0.6, "views_per_post": 150.0, "trust": 0.6, "contact": 1.5, "view_weeks": 0.5},
    },
    "stores.turnover_per_year": 0.5,
    "policies.kos": {
        "participation_share": 0.9,
        "adapt_to_platform": 0.5,
        "livestreams_per_month": 4.0,
        "founder_followers": 200000.0,
        "traffic_budget_per_year": 60000.0,
        "low_intent_ratio": 0.1,
        "bonus_per_lead": 60.0,
    },
}
"""Everything sellers' content has: posts, baits, streams, the founder, bought views, sellers who leave."""


def publishing(overrides: dict[str, Any] | None = None, households: tuple[int, ...] = (3000, 2000)) -> Scenario:
    """The baseline's market in small districts, with sellers' content."""
    return small("baseline", {**CONTENT, **(overrides or {})}, households)


@pytest.mark.parametrize("seed", [1, 2])
def test_permuted_rows_with_their_ids(seed: int) -> None:
    scenario = publishing({"horizon.years": 2, "economics.run_off_years": 0, "stores.per_district": 2})
    households = sum(d.households for d in scenario.market.districts)
    shuffled = simulate(scenario, order=np.random.default_rng(seed).permutation(households))
    kept = simulate(scenario)
    assert differing(kept, shuffled) == []
    assert (kept.leads["channel"] == CHANNELS.index("kos")).sum() > 100
    assert np.isfinite(kept.orders["followed"]).any()


QUANTITIES = ("kos leads", "founder leads", "other leads", "orders", "posts", "publishing hours", "views", "followers")


def quantities(records: Records) -> NDArray[np.float64]:
    """What sellers' content brings and costs in a run."""
    channel, sellers = records.leads["channel"], records.sellers
    kos, founder = (int((channel == CHANNELS.index(name)).sum()) for name in ("kos", "founder"))
    counts = (kos, founder, len(channel) - kos - founder, len(records.orders["ordered"]))
    sums = (float(sellers[name].sum()) for name in ("posts", "publishing_hours", "views", "followers"))
    return np.array([*counts, *sums])


def check_ticks(replicates: int, households: tuple[int, ...], years: int, luck: float, precision: float) -> None:
    """104 and 365 ticks bring what 52 bring, within 2% and `luck` standard errors (paired replicates)."""
    settings = {"horizon.years": years, "economics.run_off_years": 0}
    found = {
        ticks: np.array(
            [
                quantities(simulate(publishing({**settings, "horizon.ticks_per_year": ticks}, households), r))
                for r in range(replicates)
            ]
        )
        for ticks in (52, 104, 365)
    }
    base, wrong = found[52].mean(axis=0), []
    for ticks in (104, 365):
        gap = found[ticks] - found[52]
        change, error = gap.mean(axis=0) / base, gap.std(axis=0, ddof=1) / np.sqrt(replicates) / base
        print(f"\n52 to {ticks} ticks, N={sum(households)}, {replicates} runs of {years} years each")
        for name, c, e, b in zip(QUANTITIES, change, error, base, strict=True):
            print(f"  {name}: {c:+.2%} (standard error {e:.2%}, {b:.0f} at 52)")
            wrong += [f"{name} at {ticks} ticks: {c:+.2%}"] if abs(c) >= 0.02 + luck * e or e >= precision else []
    assert wrong == []


def test_the_tick() -> None:
    check_ticks(4, (3000, 2000), years=2, luck=float(stats.t.ppf(0.99, 3)), precision=0.1)


@pytest.mark.full
def test_the_tick_at_size() -> None:
    check_ticks(8, (12000, 12000), years=3, luck=2.0, precision=0.05)
