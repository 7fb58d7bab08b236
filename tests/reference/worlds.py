"""Small markets in which everything happens: many owners, short lives of cars, strong words, few sellers."""

from __future__ import annotations

from typing import Any

from sim.scenario import Scenario, load

ONE_DISTRICT = [{"name": "north", "tier": 2, "households": 300, "represents": 15000}]
TWO_DISTRICTS = [
    {"name": "north", "tier": 1, "households": 180, "represents": 9000, "radius_km": 8.0},
    {"name": "south", "tier": 3, "households": 120, "represents": 12000, "radius_km": 4.0},
]
THREE_DISTRICTS = [*TWO_DISTRICTS, {"name": "far", "tier": 5, "households": 60, "represents": 6000}]

LIVELY: dict[str, Any] = {
    "seed": 7,
    "horizon.years": 3,
    "economics.run_off_years": 0,
    "market.districts": ONE_DISTRICT,
    "market.network.mean_degree": 12.0,
    "brand.initial_awareness": 0.4,
    "brand.initial_owners": [
        {"per_1000_households": 250, "tenure_years": 0.5, "km": 7000},
        {"per_1000_households": 150, "tenure_years": 2.0, "km": 30000},
    ],
    "stores.per_district": 1,
    "stores.sellers_per_store": 2,
    "stores.hours_per_week": 40.0,
    "policies.paid_ads": {"budget_per_year": 600000.0},
    "policies.vertical_media": {"budget_per_year": 900000.0},
    "behaviour.replacement_years": 1.5,
    "behaviour.walk_in_per_search_year": 2.0,
    "behaviour.incident_share": 0.3,
    "behaviour.care_contacts_per_year": 4.0,
}
"""What all worlds share; each adds its own."""

REFERRAL: dict[str, Any] = {
    "policies.referral": {"referrer_credit": 3000.0, "buyer_discount": 4000.0, "cap_per_year": 1, "manual_steps": 1},
    "behaviour.invite_contact": 2.0,
    "behaviour.pull_forward_weeks": 40.0,
}

WORLDS: dict[str, dict[str, Any]] = {
    "ads_only": {},
    "referral_with_a_cap": {**REFERRAL, "seed": 11, "behaviour.talks_per_owner_year": 24.0},
    "capacity_binds": {
        **REFERRAL,
        "brand.capacity_per_year": {2020: 2500.0, 2021: 4000.0, 2022: 800.0},
        "brand.delivery_weeks": 2.0,
        "market.segments.families.patience_weeks": 4.0,
    },
    "well_mixed": {
        **REFERRAL,
        "market.network.well_mixed": True,
        "policies.referral.cap_per_year": "unlimited",
        "stores.hours_per_week": "unlimited",
        "behaviour.talks_per_owner_year": 24.0,
    },
    "tight_sellers": {
        "market.districts": THREE_DISTRICTS,
        "stores.by_district": {"north": 2, "far": 0},
        "stores.sellers_per_store": 1,
        "stores.hours_per_week": 7.0,
        "policies.vertical_media.budget_per_year": 4000000.0,
        "policies.vertical_media.saturation_leads_per_search_year": 20.0,
    },
    "start_and_stop_daily": {
        "horizon.ticks_per_year": 365,
        "market.districts": TWO_DISTRICTS,
        "policies.paid_ads": {"budget_per_year": {2020: 400000.0, 2022: 900000.0}, "stop": 2022.5},
        "policies.vertical_media": {"budget_per_year": 900000.0, "start": 2020.5, "stop": 2022.25},
        "policies.referral": {
            "referrer_credit": {2020: 1000.0, 2022: 5000.0},
            "buyer_discount": 2000.0,
            "cap_per_year": {2020: 1, 2022: 2},
            "start": 2020.75,
            "stop": 2022.6,
        },
        "brand.price": {2020: 200000.0, 2023: 170000.0},
        "brand.product_strength.families": {2020: 0.4, 2023: 0.8},
    },
    "no_rivals_twice_a_week": {
        **REFERRAL,
        "horizon.ticks_per_year": 104,
        "market.rivals": None,
        "policies.referral.manual_steps": 0,
        "behaviour.satisfaction_spread": 0.2,
        "behaviour.leave_per_year": 0.3,
        "policies.paid_ads.price_drift_per_year": 0.15,
        "policies.paid_ads.saturation_impressions_per_week": "unlimited",
    },
}


def scenario(name: str) -> Scenario:
    """One of the worlds."""
    settings = {**LIVELY, **WORLDS[name]}
    return load("baseline", {**settings, "name": name}, allow_behaviour=True)
