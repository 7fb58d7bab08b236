"""A18: with everything on, nothing appears or vanishes - households, leads, orders, money, credits -, at every tick and
in whole numbers; stage conversions multiply to the overall one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from closed_forms import tell

from sim import metrics
from sim.channels import CHANNELS, PAID_ADS, REFERRAL, VERTICAL_MEDIA
from sim.ledger import Purpose
from sim.model import GrowthModel
from sim.records import LEAD_OUTCOMES, Records
from sim.scenario import Scenario
from sim.world.people import BRAND, Stage
from sim.world.world import World
from tests.small_world import small


def everything(ticks_per_year: int = 52, replicate: int = 0) -> GrowthModel:
    """All policies on, scarce sellers and cars, so that every kind of ending occurs."""
    settings = {
        "horizon.years": 3,
        "horizon.ticks_per_year": ticks_per_year,
        "economics.run_off_years": 0,
        "brand.capacity_per_year": 6000,
        "policies.referral.cap_per_year": 1,
        "policies.paid_ads.stop": 2022.5,
        "policies.vertical_media.saturation_leads_per_search_year": 0.1,
        "brand.initial_owners": [{"per_1000_households": 150, "tenure_years": 1.5, "km": 22000}],
    }
    return GrowthModel(small("referral", settings), replicate)


def steps(model: GrowthModel) -> Iterator[World]:
    """The world after each tick."""
    for _ in range(model.ticks):
        model.step()
        yield model.world


@pytest.mark.parametrize("ticks_per_year", [52, 365])
def test_households(ticks_per_year: int) -> None:
    model = everything(ticks_per_year)
    people = model.world.people
    households, started = len(people), int(people.purchases.sum())
    owners = len(model.world.owners)
    begun = 0
    for world in steps(model):
        stages = np.bincount(people.stage, minlength=len(Stage))
        assert stages.sum() == households
        assert stages[Stage.SEARCHING] == len(world.searching) == len(np.unique(world.searching))
        assert stages[Stage.WAITING] == len(world.waiting) == len(np.unique(world.orders.person[world.waiting]))
        searches = int(people.purchases.sum()) - started + int(stages[Stage.SEARCHING] + stages[Stage.WAITING])
        assert searches >= begun  # every search that began has ended in a purchase or goes on
        begun = searches
        delivered = ~np.isnan(world.orders.delivered)
        bought_again = int((delivered & world.orders.repurchase).sum())
        lost = len(world.replacements) - bought_again
        assert int((people.car == BRAND).sum()) == owners + int(delivered.sum()) - bought_again - lost
        kept = np.isnan(world.relationships.ended)
        assert int((people.relationship >= 0).sum()) == int(kept.sum())
        assert (people.relationship[world.relationships.person[kept]] == np.flatnonzero(kept)).all()
    tell("A18", model.world.scenario, 1, searches=begun, lost_owners=lost, ended_relationships=int((~kept).sum()))
    assert begun > 0
    assert lost > 0
    assert not kept.all()


@pytest.mark.parametrize("ticks_per_year", [52, 365])
def test_leads_and_orders(ticks_per_year: int) -> None:
    model = everything(ticks_per_year)
    people, opened, still_open = model.world.people, 0, 0
    closed = np.zeros(len(LEAD_OUTCOMES), dtype=np.int64)
    for world in steps(model):
        leads, orders = world.leads, world.orders
        outcomes = np.bincount(leads.outcome, minlength=len(LEAD_OUTCOMES))
        inflow, outflow = len(leads) - opened, int(outcomes[1:].sum() - closed[1:].sum())
        assert int(outcomes[0]) == len(world.open_leads) == still_open + inflow - outflow
        assert (outcomes[1:] >= closed[1:]).all()
        opened, still_open, closed = len(leads), int(outcomes[0]), outcomes
        assert (np.isnan(leads.closed) == (leads.outcome == 0)).all()
        assert int((people.lead >= 0).sum()) == still_open
        assert (people.lead[leads.person[world.open_leads]] == world.open_leads).all()
        assert int(people.leads.sum()) == len(leads)
        assert int(outcomes[LEAD_OUTCOMES.index("ordered")]) == len(orders) == int(people.orders.sum())
        delivered, cancelled = ~np.isnan(orders.delivered), ~np.isnan(orders.cancelled)
        assert not (delivered & cancelled).any()
        assert len(orders) == int(delivered.sum()) + int(cancelled.sum()) + len(world.waiting)
        assert (leads.arrived[np.arange(len(leads))] < world.end).all()
    tell(
        "A18",
        model.world.scenario,
        1,
        **dict(zip(LEAD_OUTCOMES, outcomes.tolist(), strict=True)),
        cancelled=int(cancelled.sum()),
    )
    assert (outcomes[[0, 1, 2, 3, 4]] > 0).all()
    assert cancelled.any()
    assert delivered.any()


def test_no_lead_arrives_before_its_tick() -> None:
    model, known = everything(), 0
    for world in steps(model):
        arrived = world.leads.arrived[known:]
        assert ((arrived >= world.now) & (arrived < world.end)).all()
        known = len(world.leads)
    assert known > 0


def test_media_money() -> None:
    model = everything()
    scenario = model.world.scenario
    for world in steps(model):
        assert (world.media_spent <= world.media_offered).all()
        for medium, channel in ((0, PAID_ADS), (1, VERTICAL_MEDIA)):
            assert world.media_spent[medium].sum() == _booked(world, Purpose.MEDIA, channel)
    media = model.records().media
    assert (media["budget"] == media["spent"] + media["unspent"]).all()
    assert media["unspent"].sum() > 0
    offered = media["budget"].astype(float) * model.world.weights[media["district"]] / 100
    years = {PAID_ADS: 2.5, VERTICAL_MEDIA: 3.0}
    for channel, policy in ((PAID_ADS, scenario.policies.paid_ads), (VERTICAL_MEDIA, scenario.policies.vertical_media)):  # type: ignore[attr-defined]
        budget = policy.budget_per_year.at(2020) * years[channel]
        assert offered[media["channel"] == channel].sum() == pytest.approx(budget, rel=1e-6)


def _booked(world: World, purpose: Purpose, channel: int | None = None) -> int:
    """Minor units booked so far for a purpose."""
    books = np.array([closed[purpose] for closed in world.ledger._closed])
    return int(books.sum() if channel is None else books[:, :, channel].sum())


def test_credits_and_discounts() -> None:
    model = everything()
    promised = 0
    for world in steps(model):
        orders = world.orders
        with_credit = orders.credit > 0
        vested = orders.credit_vested
        voided = with_credit & ~np.isnan(orders.cancelled)
        pending = with_credit & np.isnan(orders.cancelled) & np.isnan(orders.delivered)
        capped = with_credit & ~np.isnan(orders.delivered) & ~vested
        parts = [int(orders.credit[rows].sum()) for rows in (vested, voided, pending, capped)]
        total = int(orders.credit.sum())
        assert total == sum(parts) >= promised
        promised = total
        assert not (vested & np.isnan(orders.delivered)).any()
        assert (orders.channel[with_credit] == REFERRAL).all()
        cost = np.floor(orders.credit[vested] * orders.credit_cost_share[vested] + 0.5).astype(np.int64)
        assert int(cost.sum()) == _booked(world, Purpose.CREDIT) == _booked(world, Purpose.CREDIT, REFERRAL)
        delivered = ~np.isnan(orders.delivered)
        assert int(orders.discount[delivered].sum()) == _booked(world, Purpose.DISCOUNT)
    _, first = np.unique(
        np.stack([orders.referrer[vested], orders.delivered[vested].astype(int)]), axis=1, return_index=True
    )
    assert len(first) == vested.sum()  # a cap of one: no owner is rewarded twice in a year
    tell(
        "A18",
        model.world.scenario,
        1,
        promised=promised,
        vested=parts[0],
        voided=parts[1],
        pending=parts[2],
        capped=parts[3],
    )
    assert min(parts) > 0


@pytest.fixture(scope="module")
def records() -> Records:
    return everything().run()


def test_attributed_orders_are_all_orders(records: Records) -> None:
    channel = np.bincount(records.orders["channel"], minlength=len(CHANNELS))
    assert channel.sum() == len(records.orders["ordered"])
    assert (records.orders["channel"] == records.leads["channel"][records.orders["lead"]]).all()
    assert (records.orders["household"] == records.leads["household"][records.orders["lead"]]).all()
    values = {(row.metric, tuple(row.by.items())): row.value for row in metrics.compute(records)}
    for name in ("leads", "orders", "deliveries"):
        assert sum(values[name, (("channel", c),)] for c in CHANNELS) == values[name, ()]
    assert values["orders", ()] == 50 * len(records.orders["ordered"])


def test_stage_conversions_multiply(records: Records) -> None:
    leads = records.leads
    visited, ordered = ~np.isnan(leads["visited"]), ~np.isnan(leads["ordered"])
    answered = ~np.isnan(leads["answered"])
    assert not (visited & ~answered).any()
    assert not (ordered & ~visited).any()
    counts: list[Any] = [len(visited), answered.sum(), visited.sum(), ordered.sum()]
    assert counts == sorted(counts, reverse=True)
    values = {(row.metric, tuple(row.by.items())): row.value for row in metrics.compute(records)}
    for by in [(), *((("channel", c),) for c in CHANNELS)]:
        stages = [values.get((name, by), np.nan) for name in ("lead_to_visit", "visit_to_order", "lead_to_order")]
        if not np.isnan(stages).any():
            assert stages[0] * stages[1] == pytest.approx(stages[2], rel=1e-12)
    assert values["lead_to_order", ()] > 0


def test_the_scenario_has_everything_on() -> None:
    scenario: Scenario = everything().world.scenario
    assert [name for name, _ in scenario.active_policies()] == ["paid_ads", "vertical_media", "referral"]
