"""Which way things must go: what any reader of the results may take for granted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

from sim.channels import REFERRAL
from sim.records import PURPOSES, Records
from tests.small_world import MONEY_PER_HOUSEHOLD, REPRESENTED, metric_values, simulate, small

HOUSEHOLDS = (4000, 4000)
MANY = (10_000, 10_000)
PROGRAMME: dict[str, object] = {"policies.referral.referrer_credit": 2000, "policies.referral.buyer_discount": 2000}
GENEROUS_START = [{"per_1000_households": 150, "tenure_years": 1.5, "km": 22000}]


def run(overrides: Mapping[str, object], replicate: int = 0, households: tuple[int, ...] = HOUSEHOLDS) -> Records:
    """The baseline with settings on top."""
    return simulate(small("baseline", overrides, households), replicate)


def spending(factor: float, *policies: str, households: tuple[int, ...] = HOUSEHOLDS) -> dict[str, object]:
    """Overrides that multiply the usual budgets."""
    market = REPRESENTED * sum(households)
    return {f"policies.{name}.budget_per_year": factor * MONEY_PER_HOUSEHOLD[name] * market for name in policies}


def value(records: Records, name: str, **by: str) -> float:
    """One metric of one replicate."""
    return metric_values(records)[name, tuple(by.items())]


def test_twice_the_advertising_brings_less_than_twice_the_leads_and_dearer_ones() -> None:
    once, twice = run({}), run(spending(2.0, "paid_ads"))
    leads = [value(r, "leads", channel="paid_ads") for r in (once, twice)]
    cpl = [value(r, "cpl", channel="paid_ads") for r in (once, twice)]
    assert value(twice, "spend", channel="paid_ads") == pytest.approx(
        2.0 * value(once, "spend", channel="paid_ads"), rel=1e-6
    )
    assert leads[0] < leads[1] < 1.95 * leads[0]
    assert cpl[1] > 1.03 * cpl[0]
    assert value(twice, "cpl") > value(once, "cpl")


def test_twice_the_leads_for_the_same_sellers_convert_worse() -> None:
    def conversion(hours: object, factor: float) -> float:
        settings = {"stores.hours_per_week": hours, "stores.sellers_per_store": 1}
        return value(run({**settings, **spending(factor, "paid_ads", "vertical_media")}), "lead_to_order")

    scarce, scarcer = conversion(6.0, 1.0), conversion(6.0, 2.5)
    ample, still_ample = conversion("unlimited", 1.0), conversion("unlimited", 2.5)
    print(f"\nlead_to_order: {scarce:.3%} to {scarcer:.3%} with scarce sellers, {ample:.3%} to {still_ample:.3%} else")
    assert scarcer < scarce < ample
    assert scarcer / scarce < 0.9 * still_ample / ample


def test_overworked_sellers_answer_later() -> None:
    settings = {"stores.hours_per_week": 6.0, "stores.sellers_per_store": 1}
    lost = [
        value(run({**settings, **spending(factor, "paid_ads", "vertical_media")}), "leads_lost_late")
        for factor in (1.0, 2.5)
    ]
    assert lost[1] > 1.1 * lost[0]


def test_a_dearer_credit_for_the_same_response_never_makes_referred_leads_cheaper() -> None:
    rich = {**PROGRAMME, "brand.initial_owners": GENEROUS_START}
    found = [run({**rich, "policies.referral.credit_cost_share": share}) for share in (0.3, 0.6, 0.9)]
    assert all(np.array_equal(r.orders["ordered"], found[0].orders["ordered"]) for r in found)
    costs = [value(r, "cpl", channel="referral") for r in found]
    assert 0.0 < costs[0] < costs[1] < costs[2]
    assert costs[2] == pytest.approx(3.0 * costs[0], rel=1e-6)


@cache
def _effects(replicates: int) -> dict[str, tuple[float, float, float]]:
    """Effect of the programme, its paired and its unpaired standard deviation, by metric."""
    names = ("leads", "orders", "cac", "lead_to_order")
    settings: tuple[Mapping[str, object], Mapping[str, object]] = ({}, PROGRAMME)
    found = [[metric_values(run(s, replicate, MANY)) for replicate in range(replicates)] for s in settings]
    values = np.array([[[replicate[name, ()] for name in names] for replicate in runs] for runs in found])
    difference = values[1] - values[0]
    paired, unpaired = difference.std(axis=0, ddof=1), np.sqrt(values.var(axis=1, ddof=1).sum(axis=0))
    print(f"\neffect of the programme, N={sum(MANY)}, {replicates} replicates, 4 years")
    for i, name in enumerate(names):
        spread = f"{paired[i]:.3g} paired, {unpaired[i]:.3g} unpaired, {unpaired[i] / paired[i]:.1f} times"
        print(f"  {name}: {difference[:, i].mean():.5g}, standard deviation {spread}")
    return {name: (difference[:, i].mean(), paired[i], unpaired[i]) for i, name in enumerate(names)}


@pytest.mark.parametrize("name", ["leads", "orders", "cac", "lead_to_order"])
def test_pairing_makes_the_effect_of_the_programme_at_least_five_times_sharper(name: str) -> None:
    _, paired, unpaired = _effects(8)[name]
    assert unpaired > 5.0 * paired


def test_the_programme_brings_orders_and_cheaper_customers() -> None:
    effects = _effects(8)
    for name, sign in (("leads", 1.0), ("orders", 1.0), ("cac", -1.0)):
        effect, paired, _ = effects[name]
        assert sign * effect > 3.0 * paired / np.sqrt(8), name


def _gained(strength: float) -> tuple[int, int]:
    """Referred leads, and orders gained by the programme, with a product of that strength in every segment."""
    product: dict[str, object] = {f"brand.product_strength.{segment}": strength for segment in small().market.segments}
    product["brand.initial_owners"] = GENEROUS_START
    without, programme = run(product), run({**product, **PROGRAMME})
    referred = int((programme.leads["channel"] == REFERRAL).sum())
    return referred, len(programme.orders["ordered"]) - len(without.orders["ordered"])


def test_a_weak_product_gains_nothing_from_a_programme() -> None:
    weak, good = _gained(0.1), _gained(0.7)
    print(f"\nreferred leads and orders gained: {weak} with a weak product, {good} with a good one")
    assert good[0] > 20 * max(weak[0], 1)
    assert good[1] > 20
    assert abs(weak[1]) <= 1


def test_every_manual_step_costs_referred_leads() -> None:
    rich = {**PROGRAMME, "brand.initial_owners": GENEROUS_START}
    referred = [
        int((run({**rich, "policies.referral.manual_steps": steps}).leads["channel"] == REFERRAL).sum())
        for steps in (0, 1, 3)
    ]
    print(f"\nreferred leads with 0, 1 and 3 manual steps: {referred}")
    assert referred[0] > 1.2 * referred[1]
    assert referred[1] > 1.5 * referred[2] > 0


def test_the_cap_limits_rewarded_referrals() -> None:
    rich = {**PROGRAMME, "brand.initial_owners": GENEROUS_START}
    costs = {}
    for cap in (0, 1, 10, "unlimited"):
        records = run({**rich, "policies.referral.cap_per_year": cap})
        booked = records.ledger["purpose"] == PURPOSES.index("credit")
        rewarded = round(records.ledger["amount"][booked].sum() / (2000 * 0.6 * 100))
        delivered = records.orders["delivered"]
        referred = (records.orders["channel"] == REFERRAL) & ~np.isnan(delivered)
        pairs = np.stack([records.orders["referrer"][referred], delivered[referred].astype(int)])
        _, per_owner_year = np.unique(pairs, axis=1, return_counts=True)
        limit = np.inf if cap == "unlimited" else cap
        assert rewarded == np.minimum(per_owner_year, limit).sum()
        costs[cap] = rewarded
    print(f"\nrewarded referrals by cap: {costs}")
    assert costs[0] == 0 < costs[1] < costs[10] <= costs["unlimited"]
