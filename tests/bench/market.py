"""The market that is measured: all policies at once, in as many of the districts of `referral` as a size needs."""

from __future__ import annotations

from typing import Any

from sim.scenario import Scenario, load

HOUSEHOLDS_PER_DISTRICT = 25_000
OF_THE_MARKET = ("budget_per_year", "traffic_budget_per_year", "founder_followers", "cost_per_year")
"""Parameters that belong to the whole market and grow with it."""


def market_of(households: int) -> Scenario:
    """The shipped market with its districts repeated or left out up to that many households, and every policy on:
    those of `referral` and `kos`, and lead operations as they come.

    Money and represented households keep their ratio, so a household meets the same pressure at every size.
    """
    models = load("referral").market.districts
    chosen = [models[i % len(models)] for i in range(households // HOUSEHOLDS_PER_DISTRICT)]
    share = sum(d.represents for d in chosen) / sum(d.represents for d in models)
    changes: dict[str, Any] = {
        "market.districts": [d.model_dump() | {"name": f"{d.name}-{i}"} for i, d in enumerate(chosen)],
        "policies.lead_operations": {},
    }
    for name, policy in [*load("kos").active_policies(), *load("referral").active_policies()]:
        settings = {key: policy.model_dump()[key] for key in policy.model_fields_set - {"start", "stop"}}
        for key in settings.keys() & set(OF_THE_MARKET):
            settings[key] = getattr(policy, key).scaled(share).plain()
        changes[f"policies.{name}"] = settings
    return load("referral", changes)


def quiet_of(households: int) -> Scenario:
    """The same market without owners, needs, media or programme: nothing happens to anybody."""
    busy = market_of(households)
    changes: dict[str, object] = {
        "market.districts": [d.model_dump() for d in busy.market.districts],
        "market.searching_at_start": 0.0,
        "behaviour.replacement_years": 1e6,
        "brand.initial_owners": [],
        **{f"policies.{name}": None for name, _ in busy.active_policies()},
    }
    return load("referral", changes, allow_behaviour=True)
