"""What becomes of credits, and what they cost: caps, expiry, spending, returns - and they always add up (A18)."""

from __future__ import annotations

import numpy as np
import pytest

from sim.channels import REFERRAL
from sim.ledger import Purpose
from sim.records import CLAIMS, CREDIT_STATES, Records
from tests.directions.crowd import PROGRAMME, Floats, Ints, booked, credits_in, product, run
from tests.small_world import same

LONG: dict[str, object] = {**PROGRAMME, "horizon.years": 3}
DISAPPOINTING: dict[str, object] = {
    **product(0.5),
    "brand.return_days": 30,
    "behaviour.return_per_week": 0.2,
    "brand.initial_owners": [{"per_1000_households": 400, "tenure_years": 1.5, "km": 22000}],
}
"""A product that pleases less, and thirty days in which to give it back."""
EVERYTHING: dict[str, object] = {
    **LONG,
    **DISAPPOINTING,
    "policies.referral.cap_per_year": 1,
    "policies.referral.check_share": 0.3,
    "policies.referral.credit_expiry_months": 9,
    "brand.ecosystem_spend_per_year": 3000,
    "behaviour.abuse_appetite": 0.2,
}
"""A programme in which a credit can end in every way there is."""
FEW_AND_EAGER: dict[str, object] = {
    "brand.initial_owners": [{"per_1000_households": 20, "tenure_years": 1.5, "km": 22000}],
    **product(0.9),
    "market.rivals.domestic_ev.price": 270000,
    "market.rivals.foreign_ev.price": 360000,
    "market.rivals.combustion.price": 225000,
    "market.network.mean_degree": 60,
    "market.network.degree_spread": 1.2,
    "behaviour.talk_spread": 3,
    "behaviour.talks_per_owner_year": 60,
    "behaviour.replacement_years": 2,
}
"""A market in which some owners bring dozens of buyers a year: as shipped, hardly anybody brings three."""


def _parts(records: Records) -> dict[str, int]:
    """Face value of all credits, minor units: issued, and what became of it."""
    credits = records.credits
    face, redeemed = credits["face"], credits["redeemed"]
    rest = {state: int((face - redeemed)[credits_in(records, state)].sum()) for state in CREDIT_STATES}
    return {
        "issued": int(face.sum()),
        "voided": rest["void"],
        "clawed back": rest["clawed_back"],
        "redeemed": int(redeemed.sum()),
        "expired": rest["expired"],
        "outstanding": rest["pending"] + rest["vested"],
    }


@pytest.mark.parametrize("settings", [EVERYTHING, LONG], ids=["everything", "usual"])
def test_credits_always_add_up(settings: dict[str, object]) -> None:
    records = run(settings)
    credits, orders = records.credits, records.orders
    parts = _parts(records)
    print(f"\nface value of credits, money: { {name: amount / 100 for name, amount in parts.items()} }")
    assert parts.pop("issued") == sum(parts.values())
    if settings is EVERYTHING:
        assert all(amount > 0 for amount in parts.values()), "every kind of end occurs"
    claimed = np.flatnonzero(orders["claim"] != CLAIMS.index("none"))
    assert np.array_equal(np.sort(credits["order"]), claimed), "one credit for every claim"
    handed_over, given_up, back = (
        ~np.isnan(orders[m][credits["order"]]) for m in ("delivered", "cancelled", "returned")
    )
    refused = orders["rejected"][credits["order"]]
    assert np.array_equal(credits_in(records, "pending"), ~handed_over & ~given_up & ~refused)
    assert credits_in(records, "void")[given_up | refused].all()
    assert not credits_in(records, "vested")[back].any()
    assert back[credits_in(records, "clawed_back")].all()
    granted, closed = ~np.isnan(credits["vested"]), ~np.isnan(credits["closed"])
    assert np.array_equal(granted, ~credits_in(records, "pending") & ~credits_in(records, "void"))
    assert np.array_equal(closed, ~credits_in(records, "pending") & ~credits_in(records, "vested"))
    assert (credits["pending"][granted] <= credits["vested"][granted]).all()
    assert (credits["vested"][granted & closed] <= credits["closed"][granted & closed]).all()
    assert ((credits["redeemed"] >= 0) & (credits["redeemed"] <= credits["face"])).all()
    assert (credits["redeemed"][~granted] == 0).all()
    assert (credits["redeemed"] == credits["face"])[credits_in(records, "redeemed")].all()


@pytest.mark.parametrize("settings", [EVERYTHING, LONG], ids=["everything", "usual"])
def test_the_books_end_at_the_cost_of_what_was_redeemed(settings: dict[str, object]) -> None:
    records = run(settings)
    credits = records.credits
    spent = np.where(credits_in(records, "vested"), credits["face"], credits["redeemed"])  # the former: still expected
    assert np.array_equal(credits["booked"], np.floor(0.6 * spent + 0.5).astype(np.int64))
    assert booked(records, Purpose.CREDIT) == credits["booked"].sum() > 0


def test_a_dearer_credit_for_the_same_response_makes_the_programme_dearer_in_proportion() -> None:
    found = [run({**PROGRAMME, "policies.referral.credit_cost_share": share}) for share in (0.3, 0.6, 0.9)]
    assert all(same(r.orders["ordered"], found[0].orders["ordered"]) for r in found)
    cost = [booked(r, Purpose.CREDIT) for r in found]
    assert cost[0] > 0
    assert cost == [pytest.approx(factor * cost[0], rel=1e-6) for factor in (1, 2, 3)]


def _expired_share(records: Records) -> float:
    """Breakage of all that was granted so far."""
    granted = ~np.isnan(records.credits["vested"])
    return _parts(records)["expired"] / float(records.credits["face"][granted].sum())


def test_expiry_and_little_to_spend_raise_breakage_and_lower_cost() -> None:
    settings: dict[str, dict[str, object]] = {
        "never": {"policies.referral.credit_expiry_months": "unlimited"},
        "twelve months": {},
        "three months": {"policies.referral.credit_expiry_months": 3},
        "1,500 a year to spend": {"brand.ecosystem_spend_per_year": 1500},
        "500 a year to spend": {"brand.ecosystem_spend_per_year": 500},
    }
    records = {name: run({**LONG, **extra}) for name, extra in settings.items()}
    usual = records["twelve months"]
    # Owners feel what they can spend in time, and what they still hold ties them to the brand: orders differ a little.
    little = records["500 a year to spend"]
    assert (little.leads["channel"] == REFERRAL).sum() < (usual.leads["channel"] == REFERRAL).sum()
    breakage = {name: _expired_share(r) for name, r in records.items()}
    cost = {name: booked(r, Purpose.CREDIT) / 100 for name, r in records.items()}
    print("\nbreakage and cost of credits:", {name: (round(breakage[name], 3), cost[name]) for name in settings})
    assert breakage["never"] == 0
    for rising in (
        ["never", "twelve months", "three months"],
        ["twelve months", "1,500 a year to spend", "500 a year to spend"],
    ):
        assert np.all(np.diff([breakage[name] for name in rising]) > 0.05)
        assert np.all(np.diff([cost[name] for name in rising]) < 0)


def test_returns_claw_back_credits_margin_and_discount() -> None:
    usual = {**PROGRAMME, **DISAPPOINTING}
    kept, returned = (run({**usual, "brand.return_days": days}) for days in (0, 30))
    orders, credits = returned.orders, returned.credits
    back = ~np.isnan(orders["returned"])
    granted = ~np.isnan(credits["vested"])
    mine = granted & back[credits["order"]]
    print(f"\n{back.sum()} of {(~np.isnan(orders['delivered'])).sum()} cars returned; of {mine.sum()} credits for them")
    print(f"  {credits_in(returned, 'clawed_back').sum()} clawed back; cost of credits", end=" ")
    print([booked(r, Purpose.CREDIT) / 100 for r in (kept, returned)])
    assert np.isnan(kept.orders["returned"]).all()
    assert not credits_in(kept, "clawed_back").any()
    assert np.array_equal(credits_in(returned, "clawed_back"), mine & ~credits_in(returned, "redeemed"))
    assert credits_in(returned, "clawed_back").sum() > 3
    assert booked(returned, Purpose.CREDIT) < booked(kept, Purpose.CREDIT)
    stays = ~np.isnan(orders["delivered"]) & ~back
    assert booked(returned, Purpose.DISCOUNT) == orders["discount"][stays].sum()
    assert booked(returned, Purpose.CAR_MARGIN) == 24_000_00 * stays.sum()


def _successes(records: Records) -> tuple[Ints, Ints]:
    """Delivered referrals of every owner and year: pairs of (owner, year) and how many each."""
    orders = records.orders
    referred = (orders["channel"] == REFERRAL) & ~np.isnan(orders["delivered"])
    pairs = np.stack([orders["referrer"][referred], np.floor(orders["delivered"][referred]).astype(np.int64)])
    return np.unique(pairs, axis=1, return_counts=True)


def _granted(records: Records, owners: Ints) -> float:
    """Face value of the credits granted to these owners, money."""
    mine = np.isin(records.credits["household"], owners) & ~np.isnan(records.credits["vested"])
    return float(records.credits["face"][mine].sum()) / 100


def test_a_cap_of_ten_hardly_changes_volume_but_the_cost_of_super_referrers() -> None:
    found = []
    for replicate in range(2):
        capped, free = (
            run({**FEW_AND_EAGER, **PROGRAMME, "policies.referral.cap_per_year": cap}, replicate, (6_000, 6_000))
            for cap in (10, "unlimited")
        )
        pairs, count = _successes(free)
        owners = np.unique(pairs[0, count > 10])
        volume = [(r.orders["channel"] == REFERRAL).sum() for r in (free, capped)]
        cost = [_granted(r, owners) for r in (free, capped)]
        print(
            f"\n{len(owners)} owners with more than 10 (up to {count.max()}) a year; referred orders {volume},", end=" "
        )
        print(f"credits granted to them {cost}, to all {[_granted(r, r.credits['household']) for r in (free, capped)]}")
        found.append([volume[1] / volume[0] - 1, cost[1] / cost[0] - 1])
    change: Floats = np.array(found)
    print(f"change of volume {change[:, 0].round(4)}, of the cost of super-referrers {change[:, 1].round(3)}")
    assert np.abs(change[:, 0]).max() < 0.03
    assert change[:, 1].max() < -0.1


def test_the_cap_limits_rewarded_referrals() -> None:
    eager = {**PROGRAMME, "behaviour.talks_per_owner_year": 60}
    rewarded = {}
    for cap in (0, 1, "unlimited"):
        records = run({**eager, "policies.referral.cap_per_year": cap})
        granted = ~np.isnan(records.credits["vested"])
        year = np.floor(records.credits["vested"][granted]).astype(np.int64)
        _, each = np.unique(np.stack([records.credits["household"][granted], year]), axis=1, return_counts=True)
        assert each.max(initial=0) <= float("inf" if cap == "unlimited" else cap)
        rewarded[cap] = int(granted.sum())
    print(f"\nrewarded referrals by cap: {rewarded}")
    assert rewarded[0] == 0 < rewarded[1] < rewarded["unlimited"]


def test_a_lifetime_cap_ends_rewards_for_good() -> None:
    eager = {**PROGRAMME, "behaviour.talks_per_owner_year": 60}
    usual, once = (
        run({**eager, **cap})
        for cap in ({"policies.referral.cap_per_year": "unlimited"}, {"policies.referral.cap_lifetime": 1})
    )
    most = [np.bincount(r.credits["household"][~np.isnan(r.credits["vested"])]).max() for r in (usual, once)]
    assert most[0] > 1 == most[1]
