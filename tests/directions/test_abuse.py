"""Claims nobody is owed: tempted by the reward, held back by checks, which cost money and wrong some of the honest."""

from __future__ import annotations

import numpy as np

from sim.ledger import Purpose
from sim.model import GrowthModel
from sim.records import CLAIMS, Records
from sim.scenario import Scenario
from tests.directions.crowd import ONE_YEAR, PROGRAMME, Bools, Floats, booked, clearly_above, credits_in, crowd, run

REPLICATES = range(3)
TEMPTED: dict[str, object] = {**ONE_YEAR, "behaviour.abuse_appetite": 0.2, "brand.organic_interest": 12}
"""The largest appetite thought possible, and many buyers who come by themselves."""
DISHONEST = [CLAIMS.index("self"), CLAIMS.index("broked")]


def _dishonest(records: Records) -> Bools:
    return np.isin(records.orders["claim"], DISHONEST)


def _abuse(reward: float, checked: float, replicate: int) -> tuple[int, int]:
    """Dishonest claims that were paid, and credits granted for them, with a reward for both sides."""
    programme = {"referrer_credit": reward, "buyer_discount": reward, "check_share": checked}
    records = run({**TEMPTED, "policies.referral": programme}, replicate)
    dishonest = _dishonest(records)
    granted = ~np.isnan(records.credits["vested"]) & dishonest[records.credits["order"]]
    assert (records.orders["discount"][dishonest & records.orders["rejected"]] == 0).all()
    return int((dishonest & ~records.orders["rejected"]).sum()), int(granted.sum())


def test_abuse_rises_with_the_reward_and_falls_with_checks() -> None:
    cases = ((500, 0), (4000, 0), (4000, 0.5), (4000, 1))
    found = np.array([[_abuse(reward, checked, r) for reward, checked in cases] for r in REPLICATES])
    assert _abuse(0, 0, 0) == (0, 0)
    for what, count in (("paid claims", found[:, :, 0]), ("granted credits", found[:, :, 1])):
        print(f"\ndishonest {what} with a reward of 500, of 4000, and with half or all checked: {count.tolist()}")
        assert clearly_above(count[:, 0], 0)
        assert clearly_above(count[:, 1] - count[:, 0], 0), "a higher reward tempts more"
        assert clearly_above(0.5 * count[:, 1] - count[:, 2], 0), "checks deter and catch: less than half is left"
        assert (count[:, 3] == 0).all()


def test_value_seekers_abuse_more_than_those_less_sensitive_to_price() -> None:
    eager = {**TEMPTED, "behaviour.abuse_appetite": 0.6, "horizon.years": 2}
    records = [run({**eager, **PROGRAMME}, r) for r in REPLICATES]

    def abuse(*names: str) -> tuple[float, float]:
        """Share of the orders nobody was invited to that are passed off as referrals, and its variance."""
        codes = [records[0].segments.index(name) for name in names]
        able = [(r.orders["claim"] != CLAIMS.index("referral")) & np.isin(r.orders["segment"], codes) for r in records]
        dishonest = np.concatenate([_dishonest(r)[mask] for r, mask in zip(records, able, strict=True)])
        return float(dishonest.mean()), float(dishonest.var() / len(dishonest))

    seekers, others = abuse("value_seekers"), abuse("business", "technology_enthusiasts")
    error = np.sqrt(seekers[1] + others[1])
    print(
        f"\nabusive share of orders: {seekers[0]:.3f} of value seekers, {others[0]:.3f} of the least sensitive to price"
    )
    print(f"  standard error of the difference {error:.3f}")
    assert seekers[0] - others[0] > 3 * error


def _satisfied(scenario: Scenario, replicate: int) -> tuple[Floats, Records]:
    """Satisfaction at the end of all who ever drove the brand, by household's id, and the records."""
    model = GrowthModel(scenario, replicate)
    records = model.run()
    owners, satisfaction = model.world.owners, np.zeros(len(model.world.people))
    satisfaction[owners.id] = owners.satisfaction
    return satisfaction, records


def test_referrers_who_are_falsely_rejected_are_less_satisfied() -> None:
    def fall(replicate: int) -> tuple[float, float]:
        """Mean fall of satisfaction among those rejected, and among all other owners."""
        checked = {**ONE_YEAR, **PROGRAMME, "policies.referral.check_share": 1}
        settings = [{**checked, "policies.referral.false_rejection_share": share} for share in (0, 0.2)]
        (fair, _), (unfair, records) = (_satisfied(crowd(s), replicate) for s in settings)
        wronged = np.unique(records.orders["code"][records.orders["rejected"] & ~_dishonest(records)])
        others = np.setdiff1d(records.ownerships["household"], wronged)
        assert len(wronged) > 10
        return float((fair - unfair)[wronged].mean()), float(np.abs(fair - unfair)[others].mean())

    falls = np.array([fall(r) for r in REPLICATES])
    print(f"\nfall of satisfaction by a year's false rejections: {falls[:, 0].round(3)}, of all others {falls[:, 1]}")
    assert clearly_above(falls[:, 0], 0.1)
    assert falls[:, 1].max() < 0.005


def test_checks_cost_money_in_proportion() -> None:
    cost = 90
    settings = {**TEMPTED, **PROGRAMME, "policies.referral.check_cost_per_claim": cost}
    none, half, every = (run({**settings, "policies.referral.check_share": share}) for share in (0, 0.5, 1))
    claims = [int((r.orders["claim"] != CLAIMS.index("none")).sum()) for r in (none, half, every)]
    paid = [booked(r, Purpose.CHECKS) / 100 for r in (none, half, every)]
    print(f"\nchecks at {cost} cost {paid} for {claims} claims")
    assert paid[0] == 0
    assert paid[2] == cost * claims[2]
    assert paid[1] % cost == 0
    assert abs(paid[1] / cost - 0.5 * claims[1]) < 3 * np.sqrt(0.25 * claims[1])


def test_a_rejected_claim_earns_no_credit() -> None:
    records = run({**TEMPTED, **PROGRAMME, "policies.referral.check_share": 0.5})
    rejected = records.orders["rejected"][records.credits["order"]]
    assert rejected.sum() > 5
    assert credits_in(records, "void")[rejected].all()
    assert np.isnan(records.credits["vested"][rejected]).all()
