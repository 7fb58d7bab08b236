"""Derive the demand of `cases/tesla`: the schedule of `brand.organic_interest` at which deliveries are those of M01.

    python -m tests.cases.fit_demand --reps 10 --rounds 4

A fixed-point iteration: simulate, compare the mean deliveries of every calendar year with M01, move the year's value in
proportion, repeat. Demand is an input; the referred share and everything else is what comes out of it. The
iteration begins from the schedule in the scenario and prints the next one after each round. `--talks` sets another
value of `talks_per_owner_year`, to see what a calibration of that constant would need.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from sim.channels import CHANNELS
from sim.model import GrowthModel
from sim.records import CLAIMS, Records
from sim.scenario import Scenario, load

F64 = NDArray[np.float64]
EVIDENCE = Path(__file__).parents[2] / "docs" / "evidence" / "market.yaml"
MIDDLE = 0.5
"""The schedule has one value per year, at its middle."""
DAMPING = 0.8
"""Power to which a year's ratio is applied: values of neighbouring years act on each other, and orders come late."""


class Outcome(NamedTuple):
    """What one replicate brought, per calendar year, at the scale of the represented market."""

    initial: float
    """Cars on the road at the start."""
    deliveries: F64
    referred: F64
    by_word: F64
    """Deliveries on an owner's word without the programme."""
    claimed: F64
    """Deliveries that claimed the programme's terms, rightly or not."""


def reported() -> dict[int, int]:
    """Deliveries by calendar year (M01)."""
    (figure,) = [f for f in yaml.safe_load(EVIDENCE.read_text(encoding="utf-8")) if f["id"] == "M01"]
    return dict(figure["value"])


def tesla(overrides: Mapping[str, Any] | None = None) -> Scenario:
    """The case without its run-off: nothing counted here needs it."""
    return load("cases/tesla", {"economics.run_off_years": 0, **(overrides or {})}, allow_behaviour=True)


def counted(records: Records) -> Outcome:
    """Deliveries of a replicate by calendar year."""
    orders = records.orders
    weight = records.weights[orders["district"]]

    def per_year(where: NDArray[np.bool_]) -> F64:
        chosen = where & (orders["delivered"] < records.years)
        year = orders["delivered"][chosen].astype(np.int64)
        return np.bincount(year, weights=weight[chosen], minlength=records.years)

    delivered = ~np.isnan(orders["delivered"])
    spans = records.ownerships
    return Outcome(
        float(records.weights[spans["district"][spans["order"] < 0]].sum()),
        per_year(delivered),
        per_year(delivered & (orders["channel"] == CHANNELS.index("referral"))),
        per_year(delivered & (orders["channel"] == CHANNELS.index("word_of_mouth"))),
        per_year(delivered & (orders["claim"] != CLAIMS.index("none"))),
    )


def once(overrides: Mapping[str, Any], replicate: int) -> Outcome:
    """One replicate."""
    return counted(GrowthModel(tesla(overrides), replicate).run())


def several(overrides: Mapping[str, Any], replicates: range, jobs: int = 1) -> list[Outcome]:
    """Several replicates, `jobs` at a time."""
    if jobs == 1:
        return [once(overrides, replicate) for replicate in replicates]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(once, [overrides] * len(replicates), replicates))


def mean(outcomes: list[Outcome]) -> Outcome:
    """Means over replicates."""
    return Outcome(*(np.mean(column, axis=0) for column in zip(*outcomes, strict=True)))


def share_of_2020(found: Outcome) -> float:
    """Referred share of the deliveries of 2020 (T07)."""
    year = list(reported()).index(2020)
    return float(found.referred[year] / found.deliveries[year])


def moved(interest: Mapping[float, float], deliveries: F64, wanted: F64) -> dict[float, float]:
    """The next schedule: every year's value moved by what its deliveries lack."""
    ratio = (wanted / deliveries) ** DAMPING
    return {year: float(f"{value * r:.4g}") for (year, value), r in zip(interest.items(), ratio, strict=True)}


def shown(interest: Mapping[float, float], found: Outcome, wanted: F64) -> str:
    """One line per year: value, deliveries against M01, fleet against M01, shares."""
    fleet, fleet_wanted = found.initial + np.cumsum(found.deliveries), 186_000 + np.cumsum(wanted)
    lines = ["value   deliveries    M01        ratio  fleet  referred  by word  claimed"]
    for i, value in enumerate(interest.values()):
        made = found.deliveries[i]
        shares = [part[i] / made for part in (found.referred, found.by_word, found.claimed)]
        lines.append(
            f"{value:<7.4g} {made:>9,.0f} {wanted[i]:>9,.0f}  {made / wanted[i]:>6.3f} "
            f"{fleet[i] / fleet_wanted[i]:>6.3f}  " + "  ".join(f"{share:7.2%}" for share in shares)
        )
    return "\n".join(lines)


def main() -> None:
    """Iterate and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.cases.fit_demand", description=__doc__)
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--talks", type=float, help="value of talks_per_owner_year in place of the shared one")
    parser.add_argument("--interest", type=float, nargs="+", help="schedule to begin from, one value per year")
    options = parser.parse_args()
    wanted = np.array([float(cars) for cars in reported().values()])
    overrides: dict[str, Any] = {}
    if options.talks is not None:
        overrides["behaviour.talks_per_owner_year"] = options.talks
    scenario = tesla(overrides)
    first = scenario.horizon.start_year
    years = [first + i + MIDDLE for i in range(scenario.horizon.years)]
    values = options.interest or [scenario.brand.organic_interest.at(year) for year in years]
    interest = dict(zip(years, values, strict=True))
    for number in range(options.rounds):
        outcomes = several({**overrides, "brand.organic_interest": interest}, range(options.reps), options.jobs)
        found, shares = mean(outcomes), [share_of_2020(outcome) for outcome in outcomes]
        print(f"round {number + 1}, {options.reps} replicates", shown(interest, found, wanted), sep="\n")
        error = np.std(shares, ddof=1) / np.sqrt(len(shares)) if len(shares) > 1 else np.nan
        print(f"referred share of 2020: {np.mean(shares):.2%}, standard error {error:.2%}", flush=True)
        interest = moved(interest, found.deliveries, wanted)
        print("next:", ", ".join(f"{year:g}: {value:g}" for year, value in interest.items()), "\n", flush=True)


if __name__ == "__main__":
    main()
