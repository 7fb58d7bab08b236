import dataclasses
import math

import numpy as np
import pytest
from made_records import Values, random_records

from sim.channels import CHANNELS
from sim.metrics import METRICS, compute
from sim.metrics.base import metric
from sim.records import Records

SEEDS = [1, 2, 3]
YEARS = (2020, 2021, 2022)
SEGMENTS = ("families", "business")
FLOWS = ("leads", "visits", "test_drives", "orders", "cancellations", "deliveries", "returns", "repurchases")
OF_CONTRACT = {
    *FLOWS, "defections", "aware", "prospects", "open_leads", "waiting", "owners", "lead_to_visit", "visit_to_order",
    "lead_to_order", "spend", "cpl", "cost_per_order", "cac", "cpl_loaded", "cost_per_order_loaded", "cac_loaded",
    "ltv", "ltv_after_sale", "ltv_lifetime", "customer_equity", "ltv_to_cac", "payback_months", "annual_retention",
    "retention_years", "repurchase_rate", "margin_per_owner_year", "referral_share", "referral_conversion",
    "referrals_per_owner_year", "response_minutes", "leads_lost_late", "unassigned_leads", "leads_per_seller_week",
    "satisfaction", "owners_willing", "owners_inviting", "owners_successful", "reproduction_number",
    "referral_credits", "referral_breakage", "referral_abuse", "referral_false_rejections", "referral_top1_share",
    "referral_top10_share", "cooling_leads", "cooling_lead_to_order", "cpl_to_vertical",
    "kos_order_share", "posts_per_seller_week", "publishing_share", "followers_per_seller",
    "views_top10_share", "account_age_months", "account_ripeness", "seller_turnover", "seller_publishing_hours",
    "seller_selling_hours", "seller_views", "follower_order_share", "follow_months",
}  # fmt: skip


@pytest.fixture(scope="module", params=SEEDS)
def records(request: pytest.FixtureRequest) -> Records:
    return random_records(request.param)


@pytest.fixture(scope="module")
def values(records: Records) -> Values:
    return Values(records)


def test_the_registry_holds_the_metrics_of_the_interface() -> None:
    assert set(METRICS) == OF_CONTRACT


def test_every_metric_says_something_about_random_records(values: Values) -> None:
    """Nothing is nan or zero throughout: what is compared below is compared on values."""
    for name in METRICS:
        assert any(math.isfinite(row.value) and row.value != 0 for row in values.rows if row.metric == name), name


@pytest.mark.parametrize("flow", FLOWS)
def test_parts_of_a_flow_add_up_to_the_whole(values: Values, flow: str) -> None:
    total = values(flow)
    assert sum(values(flow, year=year) for year in YEARS) == total
    assert sum(values(flow, channel=channel) for channel in CHANNELS) == total
    assert sum(values(flow, segment=segment) for segment in SEGMENTS) == total
    for year in YEARS:
        assert sum(values(flow, year=year, channel=channel) for channel in CHANNELS) == values(flow, year=year)
        assert sum(values(flow, year=year, segment=segment) for segment in SEGMENTS) == values(flow, year=year)


def test_ledgers_add_up_and_money_without_channel_is_in_the_total_only(values: Values, records: Records) -> None:
    by_ledger = sum(values("spend", ledger=ledger) for ledger in ("cash", "accounting", "discount"))
    assert by_ledger == pytest.approx(values("spend"), rel=1e-14)
    ledger = records.ledger
    counted = (ledger["payer"] == 0) & (ledger["kind"] < 3) & (ledger["tick"] < 3 * 52)
    loose = counted & (ledger["channel"] < 0)
    outside = np.sum(ledger["amount"][loose] * records.weights[ledger["district"][loose]]) / 100
    assert outside != 0
    by_channel = sum(values("spend", channel=channel) for channel in CHANNELS)
    assert by_channel + outside == pytest.approx(values("spend"), rel=1e-12)


@pytest.mark.parametrize(("cost", "flow"), [("cpl", "leads"), ("cost_per_order", "orders")])
def test_costs_are_ratios_of_sums(values: Values, cost: str, flow: str) -> None:
    for channel in CHANNELS:
        spent = sum(values("spend", channel=channel, ledger=ledger) for ledger in ("cash", "accounting"))
        assert values(cost, channel=channel) == pytest.approx(spent / values(flow, channel=channel), rel=1e-12)


def _permuted(table: dict[str, np.ndarray], order: np.ndarray) -> dict[str, np.ndarray]:
    return {name: column[order] for name, column in table.items()}


def test_the_order_of_rows_changes_nothing(records: Records) -> None:
    rng = np.random.default_rng(0)
    names = (
        "leads", "margins", "relationships", "ownerships", "credits", "acts", "replacements", "ledger", "stocks",
        "hours", "sellers",
    )  # fmt: skip
    order = {name: rng.permutation(len(getattr(records, name)["district"])) for name in names}
    tables = {name: _permuted(getattr(records, name), order[name]) for name in names}
    tables["orders"] = records.orders | {"lead": np.argsort(order["leads"])[records.orders["lead"]]}
    shuffled = dataclasses.replace(records, **tables)
    exact = {name for name in METRICS if "ltv" not in name}
    exact -= {"customer_equity", "retention_years", "margin_per_owner_year", "referrals_per_owner_year", "satisfaction"}
    exact -= {"reproduction_number", "publishing_share", "account_age_months", "account_ripeness", "follow_months"}
    exact -= {"seller_publishing_hours", "seller_selling_hours", "seller_views"}
    for before, after in zip(compute(records), compute(shuffled), strict=True):
        assert (before.metric, before.by) == (after.metric, after.by)
        tolerance = 0.0 if before.metric in exact else 1e-12  # sums of fractions depend on their order
        assert after.value == pytest.approx(before.value, rel=tolerance, abs=0, nan_ok=True), before


def test_weights_scale_counts_and_leave_ratios(records: Records) -> None:
    doubled = dataclasses.replace(records, weights=records.weights * 2)
    for before, after in zip(compute(records), compute(doubled), strict=True):
        counts = METRICS[before.metric].unit in ("count", "{currency}")
        np.testing.assert_equal(after.value, before.value * (2 if counts else 1), err_msg=str(before))


def test_run_off_completes_cohorts_and_adds_no_events(records: Records) -> None:
    """Observation cut off at the horizon leaves flows, stocks and costs as they are."""
    cut = dataclasses.replace(records, run_off_years=0)
    same = {*FLOWS, "defections", "owners", "spend", "cpl", "cac_loaded", "satisfaction", "leads_per_seller_week"}
    for before, after in zip(compute(records), compute(cut), strict=True):
        if before.metric in same:
            np.testing.assert_equal(after.value, before.value, err_msg=str(before))
    assert math.isnan(Values(cut)("ltv", year=2022))
    assert math.isfinite(Values(records)("ltv", year=2022))


def test_rows_are_the_same_for_all_replicates() -> None:
    first, second = (compute(random_records(seed)) for seed in (5, 6))
    assert [(row.metric, row.by) for row in first] == [(row.metric, row.by) for row in second]
    assert len({(row.metric, *row.by.items()) for row in first}) == len(first)


def test_definitions_are_complete() -> None:
    for name, definition in METRICS.items():
        assert definition.name == name
        assert definition.description.endswith(".")
        assert "{" not in definition.unit_in("CNY")
    assert METRICS["cpl"].unit_in("EUR") == "EUR/lead"
    assert METRICS["cpl"].better == "down"
    assert METRICS["ltv"].margin == 0.02


def test_a_name_is_given_once() -> None:
    def leads(view: object, by: object) -> np.ndarray:
        """Taken."""
        return np.zeros(1)

    with pytest.raises(ValueError, match="leads"):
        metric(unit="count", better="up", by=((),))(leads)
