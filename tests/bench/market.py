"""The market that is measured: the `referral` scenario in as many of its districts as a size needs."""

from __future__ import annotations

from sim.scenario import Scenario, load

HOUSEHOLDS_PER_DISTRICT = 25_000


def referral_of(households: int) -> Scenario:
    """`referral` with its districts repeated or left out up to that many households, and budgets in proportion.

    Money and represented households keep their ratio, so a household meets the same pressure at every size.
    """
    shipped = load("referral")
    models = shipped.market.districts
    chosen = [models[i % len(models)] for i in range(households // HOUSEHOLDS_PER_DISTRICT)]
    share = sum(d.represents for d in chosen) / sum(d.represents for d in models)
    districts = [d.model_dump() | {"name": f"{d.name}-{i}"} for i, d in enumerate(chosen)]
    changes: dict[str, object] = {"market.districts": districts}
    for name, policy in shipped.active_policies():
        if hasattr(policy, "budget_per_year"):
            money = policy.budget_per_year.scaled(share)
            changes[f"policies.{name}.budget_per_year"] = money.plain()
    return load("referral", changes)


def quiet_of(households: int) -> Scenario:
    """The same market without owners, needs, media or programme: nothing happens to anybody."""
    busy = referral_of(households)
    changes: dict[str, object] = {
        "market.districts": [d.model_dump() for d in busy.market.districts],
        "market.searching_at_start": 0.0,
        "behaviour.replacement_years": 1e6,
        "brand.initial_owners": [],
        **{f"policies.{name}": None for name, _ in busy.active_policies()},
    }
    return load("referral", changes, allow_behaviour=True)
