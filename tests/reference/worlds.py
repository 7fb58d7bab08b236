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
            "cap_per_year": {2020: 0, 2021: 1, 2022: 2},
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
    "kinds_of_reward": {
        "seed": 5,
        "brand.ecosystem_spend_per_year": 3000.0,
        "brand.organic_interest": {2020: 1.0, 2022: 2.5},
        "brand.organic_awareness": {2020: 0.1, 2022: 0.3},
        "brand.initial_owners": [
            {"per_1000_households": 200, "tenure_years": 0.2, "km": 3000},
            {"per_1000_households": 150, "tenure_years": 1.0, "km": 120000},
            {"per_1000_households": 100, "tenure_years": 6.0, "km": 60000},
        ],
        "policies.referral": {
            "referrer_credit": {2020: 2500.0, 2022: 3500.0},
            "menu": {"families": 4000.0, "business": {2020: 0.0, 2021: 2000.0}},
            "rewards": {
                "charging": {"cost_share": 0.4, "worth": 0.9, "stop": 2022.0},
                "goods": {"cost_share": 0.7, "worth": 0.7, "worth_by_segment": {"business": 1.0}},
                "child_seat": {"cost_share": 0.5, "worth": 0.2, "worth_by_segment": {"families": 1.0}, "start": 2020.7},
            },
            "buyer_discount": 1000.0,
            "subsidy": {2020: 3000.0, 2021: 0.0, 2022: 3000.0},
            "cap_per_year": {2020: 2, 2022: 3},
            "cap_lifetime": {2020: 1, 2022: 2},
            "credit_expiry_months": 6.0,
            "revisions_per_year": 0.0,
            "suspended": [{"start": 2020.4, "stop": 2020.5}, {"start": 2021.5, "stop": 2021.7}],
            "eligible_share": 0.8,
        },
        "behaviour.talks_per_owner_year": 24.0,
        "behaviour.invite_contact": 2.0,
        "behaviour.match_share": 0.8,
        "behaviour.leave_per_year": 0.4,
    },
    "abuse_and_checks": {
        **REFERRAL,
        "seed": 9,
        "policies.referral": {
            "referrer_credit": 6000.0,
            "buyer_discount": 8000.0,
            "subsidy": 2000.0,
            "cap_per_year": "unlimited",
            "credit_expiry_months": "unlimited",
            "revisions_per_year": 2.0,
            "eligible_share": 0.6,
            "invite_rule": "degree",
            "check_share": {2020: 0.2, 2022: 0.6},
            "expected_redemption_share": 0.7,
            "false_rejection_share": 0.5,
        },
        "behaviour.abuse_appetite": 0.6,
        "behaviour.talk_spread": 0.0,
        "market.segments.families.patience_weeks": 4.0,
    },
    "cars_go_back": {
        **REFERRAL,
        "seed": 3,
        "brand.return_days": 700.0,
        "brand.ecosystem_spend_per_year": 1500.0,
        "brand.margin_per_car": {2020: 24000.0, 2022: 18000.0},
        "policies.referral": {
            "referrer_credit": {2020: 5000.0, 2022: 5003.01},
            "buyer_discount": 4000.0,
            "subsidy": 1500.0,
            "credit_cost_share": 0.37,
        },
        "behaviour.replacement_years": 0.7,
        "behaviour.return_per_week": 0.1,
        "behaviour.talk_spread": 1.6,
        "behaviour.talks_per_owner_year": 24.0,
        "behaviour.satisfaction_spread": 0.25,
    },
    "pool_by_score_and_fit": {
        **REFERRAL,
        "seed": 13,
        "market.districts": THREE_DISTRICTS,
        "stores.per_district": 3,
        "stores.by_district": {"south": 2, "far": 0},
        "stores.sellers_per_store": 1,
        "stores.hours_per_week": 6.0,
        "stores.skill_spread": 0.4,
        "policies.vertical_media": {"budget_per_year": 3000000.0, "saturation_leads_per_search_year": 20.0},
        "policies.lead_operations": {"cost_per_year": {2020: 100000.0, 2022: 250000.5}, "nurture": 0.8},
        "behaviour.visit_km": 5.0,
        "behaviour.recall_reach": 0.3,
        "behaviour.nurture_weeks": 1.0,
    },
    "pool_in_turn": {
        **REFERRAL,
        "seed": 17,
        "horizon.ticks_per_year": 104,
        "market.districts": TWO_DISTRICTS,
        "stores.per_district": 2,
        "stores.hours_per_week": 14.0,
        "policies.vertical_media.budget_per_year": 2000000.0,
        "policies.lead_operations": {
            "pool_share": {2020: 0.0, 2020.5: 0.0, 2021: 0.7},
            "refresh_minutes": 90.0,
            "order": "fifo",
            "assign": "round_robin",
            "recalls": 4,
            "recall_hours": 30.0,
            "one_flow": 0.5,
            "stop": 2022.75,
        },
        "behaviour.recall_reach": 0.3,
    },
    "pool_that_knows_everything": {
        "seed": 19,
        "horizon.ticks_per_year": 365,
        "market.districts": TWO_DISTRICTS,
        "stores.hours_per_week": 5.0,
        "policies.vertical_media.budget_per_year": 2500000.0,
        "policies.lead_operations": {
            "pool_share": 0.8,
            "scoring_auc": 1.0,
            "assign": "round_robin",
            "recall_hours": 0.0,
            "test_drive_booking": 1.0,
            "start": 2020.25,
            "stop": 2022.5,
        },
    },
    "pool_first_in_first_out": {
        "seed": 29,
        "market.districts": TWO_DISTRICTS,
        "stores.per_district": 2,
        "stores.sellers_per_store": 1,
        "stores.hours_per_week": 7.0,
        "policies.vertical_media.budget_per_year": 3000000.0,
        "policies.lead_operations": {"order": "fifo", "refresh_minutes": 5.0, "test_drive_booking": 0.0},
    },
    "pool_without_limits": {
        "seed": 23,
        "market.districts": TWO_DISTRICTS,
        "stores.per_district": 2,
        "stores.hours_per_week": "unlimited",
        "policies.lead_operations": {"scoring_auc": 0.5, "refresh_minutes": 1440.0, "recalls": 0},
    },
}


def scenario(name: str) -> Scenario:
    """One of the worlds."""
    settings = {**LIVELY, **WORLDS[name]}
    return load("baseline", {**settings, "name": name}, allow_behaviour=True)
