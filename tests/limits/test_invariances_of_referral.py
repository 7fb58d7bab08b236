"""A21 with the referral programme and all its levers in use: half the tick, twice the households, permuted rows, other
ids and another currency change nothing but luck; what they must not change at all stays the same to the bit.

The four quantities are counted from the logs: cost per lead, conversion, value of a customer in the first year, and
the share of referrals in deliveries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from closed_forms import tell
from numpy.typing import NDArray
from scipy import stats

from sim.channels import REFERRAL
from sim.records import PURPOSES, Columns, Records
from sim.scenario import Scenario
from sim.schedule import Schedule
from sim.units import UNLIMITED, Money, Unit, marks, unit_of
from tests.small_world import differing, same, simulate, small, tables

F64 = NDArray[np.float64]
EVERYTHING: dict[str, Any] = {
    "horizon.years": 3,
    "economics.run_off_years": 0,
    "brand.return_days": 60,
    "brand.ecosystem_spend_per_year": 2400,
    "brand.organic_interest": {2020: 1, 2022: 1.5},
    "brand.initial_owners": [
        {"per_1000_households": 120, "tenure_years": 0.4, "km": 6000},
        {"per_1000_households": 60, "tenure_years": 3, "km": 50000},
    ],
    "policies.referral": {
        "referrer_credit": 3000,
        "menu": {"families": 5000},
        "rewards": {
            "charging": {"cost_share": 0.5, "worth": 0.9},
            "software": {"cost_share": 0.25, "worth": 0.5, "worth_by_segment": {"technology_enthusiasts": 1}},
        },
        "credit_expiry_months": 8,
        "buyer_discount": 2000,
        "subsidy": 500,
        "cap_per_year": 2,
        "cap_lifetime": 4,
        "manual_steps": 1,
        "revisions_per_year": 0.5,
        "suspended": [{"start": 2021.25, "stop": 2021.5}],
        "eligible_share": 0.9,
        "invite_rule": "degree",
        "check_share": 0.3,
    },
}
"""Every lever of the programme, returns, limited spending and owners enough for all of it to happen."""
HOUSEHOLDS = (3000, 2000)
NAMES = ("cost per lead", "conversion", "value in a year", "share of referrals")


def everything(changes: dict[str, Any] | None = None, households: tuple[int, ...] = HOUSEHOLDS) -> Scenario:
    """The world with everything on, in a small market."""
    return small("referral", {**EVERYTHING, **(changes or {})}, households)


@cache
def base(replicate: int) -> Records:
    """A run of it, as it is."""
    return simulate(everything(), replicate)


def quantities(records: Records) -> F64:
    """The four quantities, in the order of NAMES."""
    leads, orders, margins = records.leads, records.orders, records.margins
    bought = np.isin(records.ledger["purpose"], [PURPOSES.index(name) for name in ("media", "credit", "checks")])
    delivered = ~np.isnan(orders["delivered"])
    value = np.zeros(len(delivered))
    begun = np.where(orders["first"], orders["delivered"], np.nan)
    known = margins["order"] >= 0
    age = margins["moment"][known] - begun[margins["order"][known]]
    amount = margins["amount"][known] * (1.0 + records.discount_rate_per_year) ** -age
    np.add.at(value, margins["order"][known], np.where(age <= 1.0, amount, 0.0))
    return np.array(
        [
            records.ledger["amount"][bought].sum() / len(leads["arrived"]),
            len(delivered) / len(leads["arrived"]),
            value[begun <= records.end - 1.0].mean(),
            (orders["channel"][delivered] == REFERRAL).mean(),
        ]
    )


def test_everything_happens() -> None:
    records = base(0)
    states = np.bincount(records.credits["state"], minlength=6)
    claims = np.bincount(records.orders["claim"], minlength=4)
    tell("A21", everything(), 1, credits=states.tolist(), claims=claims.tolist())
    assert (states[1:] > 0).all()
    assert (claims[[0, 1, 3]] > 0).all()
    assert (~np.isnan(records.orders["returned"])).any()
    assert set(np.unique(records.credits["kind"])) == {1, 2}


def half_the_tick(replicates: int, households: tuple[int, ...]) -> tuple[F64, F64]:
    """Change of each quantity from 52 to 104 ticks a year, and its standard error, from paired replicates."""
    fine = {"horizon.ticks_per_year": 104}
    known = households == HOUSEHOLDS
    runs = [base(r) if known else simulate(everything(None, households), r) for r in range(replicates)]
    coarse = [quantities(records) for records in runs]
    change = np.array(
        [quantities(simulate(everything(fine, households), r)) / coarse[r] - 1.0 for r in range(replicates)]
    )
    error = change.std(axis=0, ddof=1) / np.sqrt(replicates)
    mean = change.mean(axis=0)
    told = {name: f"{c:+.2%} (error {e:.2%})" for name, c, e in zip(NAMES, mean, error, strict=True)}
    tell("A21", everything(fine, households), replicates, **told)
    return mean, error


def test_half_the_tick() -> None:
    change, error = half_the_tick(3, HOUSEHOLDS)
    assert (np.abs(change) < 0.02 + 3.0 * error).all()
    assert (error < 0.04).all()


@pytest.mark.full
def test_half_the_tick_at_size() -> None:
    change, error = half_the_tick(8, (20000, 20000))
    assert (np.abs(change) < 0.02).all()
    assert (error < 0.007).all()


def check_same_distribution(one: list[Records], other: list[Records]) -> None:
    """Compare what happened to people: how often, within four Poisson standard deviations, and when or how much, by
    Kolmogorov and Smirnov's test."""
    for name, of in EVENTS.items():
        first, second = (np.concatenate([of(records) for records in runs]) for runs in (one, other))
        p = float(stats.ks_2samp(first, second).pvalue)
        print(f"  {name}: n={len(first)} and {len(second)}, p={p:.3f}")
        assert min(len(first), len(second)) > 50
        assert abs(len(first) - len(second)) < 4.0 * np.sqrt(len(first) + len(second)), name
        assert p > 0.01, name


def _spell(columns: Columns, begin: str, end: str) -> F64:
    length = columns[end] - columns[begin]
    return np.asarray(length[~np.isnan(length)])


EVENTS: dict[str, Any] = {
    "lead arrives": lambda r: r.leads["arrived"],
    "lead to order": lambda r: _spell(r.leads, "arrived", "ordered"),
    "delivery": lambda r: r.orders["delivered"][~np.isnan(r.orders["delivered"])],
    "referred order": lambda r: r.orders["ordered"][r.orders["channel"] == REFERRAL],
    "tenure of the referrer": lambda r: r.leads["tenure"][r.leads["channel"] == REFERRAL],
    "life of a credit": lambda r: _spell(r.credits, "pending", "closed"),
    "face of a credit": lambda r: r.credits["face"],
    "ownership": lambda r: _spell(r.ownerships, "began", "ended"),
    "relationship": lambda r: _spell(r.relationships, "began", "ended"),
    "service margin": lambda r: r.margins["amount"][r.margins["purpose"] == 1][::7],
}
"""What happened to people, one number each. Every seventh margin: those of one owner are much alike."""


def _of_those(records: Records, chosen: Callable[[NDArray[np.int64]], NDArray[np.bool_]]) -> Records:
    """What happened to the households chosen by id."""
    logs = {}
    for name in ("leads", "orders", "margins", "relationships", "ownerships", "credits"):
        columns: Columns = getattr(records, name)
        kept = chosen(columns["household"])
        logs[name] = {key: column[kept] for key, column in columns.items()}
    return replace(records, **logs)


def check_ids(replicates: int, households: tuple[int, ...]) -> None:
    """Compare the two halves of a market that are alike in everything but the ids of their households."""
    half, scenario = sum(households), everything(None, (*households, *households))
    runs = [simulate(scenario, r) for r in range(replicates)]
    tell("A21", scenario, replicates)
    check_same_distribution(
        [_of_those(records, lambda ids: ids < half) for records in runs],
        [_of_those(records, lambda ids: ids >= half) for records in runs],
    )


def test_other_ids_are_other_luck_only() -> None:
    check_ids(2, HOUSEHOLDS)


@pytest.mark.full
def test_other_ids_are_other_luck_only_in_many_runs() -> None:
    check_ids(6, (10000, 10000))


def check_twice_the_households(replicates: int, households: tuple[int, ...], precision: float) -> None:
    """Compare the means of both sizes: they differ by no more than luck."""
    twice = tuple(2 * size for size in households)
    one, other = (
        np.array([quantities(simulate(everything(None, sizes), r)) for r in range(replicates)])
        for sizes in (households, twice)
    )
    gap = other.mean(axis=0) - one.mean(axis=0)
    error = np.sqrt((one.var(axis=0, ddof=1) + other.var(axis=0, ddof=1)) / replicates)
    told = {
        n: f"{g:+.2%} (error {e:.2%})" for n, g, e in zip(NAMES, gap / one.mean(0), error / one.mean(0), strict=True)
    }
    tell("A21", everything(None, twice), 2 * replicates, **told)
    assert (np.abs(gap) < stats.t.ppf(0.999, 2 * replicates - 2) * error).all()
    assert (error < precision * one.mean(axis=0)).all()


def test_twice_the_households() -> None:
    check_twice_the_households(4, (1500, 1500), precision=0.1)


@pytest.mark.full
def test_twice_the_households_in_many_runs() -> None:
    check_twice_the_households(20, (5000, 5000), precision=0.03)


@pytest.mark.parametrize("seed", [1, 2])
def test_permuted_rows_with_their_ids(seed: int) -> None:
    scenario = everything()
    households = sum(d.households for d in scenario.market.districts)
    shuffled = simulate(scenario, order=np.random.default_rng(seed).permutation(households))
    assert differing(base(0), shuffled) == []


UNIT_OF_MONEY = next(mark for mark in marks(Money) if isinstance(mark, Unit)).name


def _scaled(value: Any, scale: float) -> Any:
    """An amount of money, an unlimited one, a schedule of amounts or a map of them, multiplied."""
    if isinstance(value, Schedule):
        return value.scaled(scale).plain()
    if isinstance(value, dict):
        return {name: _scaled(item, scale) for name, item in value.items()}
    return UNLIMITED if np.isinf(value) else scale * value


def _money(section: Any, scale: float, path: str = "") -> dict[str, Any]:
    """Every amount of money of a scenario by path, multiplied; found by the unit its field declares."""
    found: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value, unit = getattr(section, name), unit_of(field)
        if hasattr(type(value), "model_fields"):
            found |= _money(value, scale, f"{path}{name}.")
        elif isinstance(value, dict) and any(hasattr(type(item), "model_fields") for item in value.values()):
            for key, item in value.items():
                found |= _money(item, scale, f"{path}{name}.{key}.")
        elif unit is not None and unit.name == UNIT_OF_MONEY:
            found[f"{path}{name}"] = _scaled(value, scale)
    return found


EXACT = (("orders", "price"), ("orders", "discount"), ("orders", "subsidy"), ("margins", "amount"),
         ("credits", "face"), ("credits", "redeemed"))  # fmt: skip
ROUNDED = (("credits", "booked"), ("ledger", "amount"), *(("media", name) for name in ("budget", "spent", "unspent")))


@pytest.mark.parametrize("scale", [2.0, 3.0])
def test_another_currency(scale: float) -> None:
    amounts = _money(everything(), scale)
    assert {"policies.referral.menu", "policies.referral.subsidy", "policies.referral.check_cost_per_claim",
            "brand.ecosystem_spend_per_year", "market.rivals.foreign_ev.price"} <= amounts.keys()  # fmt: skip
    one, other = base(0), simulate(everything(amounts))
    for table, column in EXACT:
        assert same(tables(other)[table][column], tables(one)[table][column] * int(scale)), column
    assert one.credits["redeemed"].sum() > 0
    gap = np.abs(other.credits["booked"] - int(scale) * one.credits["booked"])
    assert gap.max() <= (1.0 + scale) / 2.0
    changed = set(differing(one, other)) - {f"{table}.{column}" for table, column in (*EXACT, *ROUNDED)}
    if scale == 2.0:
        assert changed == set()
    for place in changed:
        table, column = place.split(".")
        first, second = tables(one)[table][column], tables(other)[table][column]
        assert first.dtype == np.float64, place
        np.testing.assert_allclose(first, second, rtol=1e-12, atol=1e-12)
    assert quantities(other) == pytest.approx(quantities(one) * np.array([scale, 1.0, scale, 1.0]), rel=1e-4)
