"""A18: with everything on, nothing appears or vanishes - households, owners, leads, orders, money, credits -, at every
tick and in whole numbers; stage conversions multiply to the overall one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from closed_forms import tell

from sim import metrics
from sim.channels import CHANNELS, KOS, PAID_ADS, REFERRAL, VERTICAL_MEDIA
from sim.ledger import Purpose
from sim.model import GrowthModel
from sim.records import LEAD_OUTCOMES, Records
from sim.scenario import Scenario
from sim.units import MINOR_PER_MONEY
from sim.world.owners import Claim, CreditState
from sim.world.people import BRAND, Stage
from sim.world.stores import MarginOf
from sim.world.world import World
from tests.small_world import PUBLISHING, small

PROGRAMME: dict[str, Any] = {
    "referrer_credit": 3000,
    "menu": {"families": 4001},
    "rewards": {
        "charging": {"cost_share": 0.33, "worth": 0.9},
        "software": {"cost_share": 0.1, "worth": 0.5, "worth_by_segment": {"technology_enthusiasts": 1}},
    },
    "credit_expiry_months": 8,
    "subsidy": 500,
    "cap_per_year": 2,
    "cap_lifetime": 2,
    "manual_steps": 1,
    "suspended": [{"start": 2021.25, "stop": 2021.5}],
    "eligible_share": 0.9,
    "check_share": 0.4,
}
"""A programme in which every lever is used and credits end in every possible way."""


def everything(ticks_per_year: int = 52, replicate: int = 0) -> GrowthModel:
    """All policies on, scarce sellers and cars, returns, cheats and checks, so that every kind of ending occurs."""
    settings = {
        "horizon.years": 3,
        "horizon.ticks_per_year": ticks_per_year,
        "economics.run_off_years": 0,
        "brand.capacity_per_year": 6000,
        "brand.return_days": 120,
        "brand.ecosystem_spend_per_year": 2500,
        **{f"policies.referral.{name}": value for name, value in PROGRAMME.items()},
        "policies.paid_ads.stop": 2022.5,
        "policies.lead_operations": {"pool_share": 0.8, "cost_per_year": 123456.78, "stop": 2022.75},
        "policies.vertical_media.saturation_leads_per_search_year": 0.1,
        **PUBLISHING,
        "brand.initial_owners": [
            {"per_1000_households": 150, "tenure_years": 1.5, "km": 22000},
            {"per_1000_households": 100, "tenure_years": 5, "km": 70000},
        ],
    }
    scenario = small("referral", settings)
    # Many cheat, and a few owners bring so many friends that they hold several credits at a time.
    lively = {"abuse_appetite": 0.5, "talk_spread": 2.0, "talks_per_owner_year": 24.0, "invite_contact": 3.0}
    behaviour = scenario.behaviour.model_copy(update=lively)
    return GrowthModel(scenario.model_copy(update={"behaviour": behaviour}), replicate)


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
    owners = int((people.car == BRAND).sum())
    begun = 0
    for world in steps(model):
        stages = np.bincount(people.stage, minlength=len(Stage))
        assert stages.sum() == households
        exposed = np.sort(world.exposed.records["row"])
        assert stages[Stage.SEARCHING] == world.searching
        assert exposed.tolist() == np.flatnonzero((people.stage == Stage.SEARCHING) & (people.lead < 0)).tolist()
        assert stages[Stage.WAITING] == len(world.waiting) == len(np.unique(world.orders.person[world.waiting]))
        searches = int(people.purchases.sum()) - started + int(stages[Stage.SEARCHING] + stages[Stage.WAITING])
        assert searches >= begun  # every search that began has ended in a purchase or goes on
        begun = searches
        delivered = ~np.isnan(world.orders.delivered)
        returned = int((~np.isnan(world.orders.returned)).sum())
        bought_again = int((delivered & world.orders.repurchase).sum())
        lost = len(world.replacements) - bought_again
        begun_driving = owners + int(delivered.sum()) - bought_again
        assert int((people.car == BRAND).sum()) == begun_driving - lost - returned
        _spans_are_whole(world, begun_driving, lost + returned)
    kept = int(np.isnan(world.relationships.ended).sum())
    tell("A18", model.world.scenario, 1, searches=begun, owners=begun_driving, lost=lost, returned=returned,
         relationships=len(world.relationships), kept=kept)  # fmt: skip
    assert min(begun, lost, returned) > 0
    assert kept < len(world.relationships)


def _spans_are_whole(world: World, begun: int, ended: int) -> None:
    """Ownerships and relationships: as many as began and ended, one of a household at a time, each known to it."""
    people, drives = world.people, world.people.car == BRAND
    assert len(world.ownerships) == begun
    assert int((~np.isnan(world.ownerships.ended)).sum()) == ended
    owners = world.owners
    for spans, of_owner in ((world.ownerships, owners.ownership), (world.relationships, owners.relationship)):
        lasting = np.flatnonzero(np.isnan(spans.ended))
        assert (of_owner[people.owner[spans.person[lasting]]] == lasting).all()
        assert int((of_owner >= 0).sum()) == len(lasting)
        order = np.lexsort((spans.began, spans.person))
        following = spans.person[order][1:] == spans.person[order][:-1]
        assert (spans.ended[order][:-1][following] <= spans.began[order][1:][following]).all()
        assert not (spans.ended < spans.began).any()
    assert (people.owner[owners.person] == np.arange(len(owners))).all()
    assert int((people.owner >= 0).sum()) == len(owners)
    assert ((owners.ownership >= 0) == drives[owners.person]).all()
    assert int(drives.sum()) == int((owners.ownership >= 0).sum())
    assert not ((owners.relationship >= 0) & (owners.ownership < 0)).any()


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
        for medium, channel in ((0, PAID_ADS), (1, VERTICAL_MEDIA), (2, KOS)):
            assert world.media_spent[medium].sum() == _booked(world, Purpose.MEDIA, channel)
    media = model.records().media
    assert (media["budget"] == media["spent"] + media["unspent"]).all()
    assert media["unspent"].sum() > 0
    offered = media["budget"].astype(float) * model.world.weights[media["district"]] / 100
    years = {PAID_ADS: 2.5, VERTICAL_MEDIA: 3.0}
    for channel, policy in ((PAID_ADS, scenario.policies.paid_ads), (VERTICAL_MEDIA, scenario.policies.vertical_media)):  # type: ignore[attr-defined]
        budget = policy.budget_per_year.at(2020) * years[channel]
        assert offered[media["channel"] == channel].sum() == pytest.approx(budget, rel=1e-6)


def test_followers_bonuses_and_publishing_hours() -> None:
    model = everything()
    lever = model.world.scenario.policies.kos  # type: ignore[attr-defined]
    for world in steps(model):
        follows, people = world.follows, world.people
        lasting = np.flatnonzero(np.isnan(follows.ended))
        assert (people.follow[follows.person[lasting]] == lasting).all()
        assert int((people.follow >= 0).sum()) == len(lasting)
        counted = np.bincount(follows.account[lasting], minlength=len(world.accounts))
        assert counted.tolist() == world.accounts.followers.tolist()
        brought = int((world.leads.channel == KOS).sum())
        ordered = int((world.orders.channel == KOS).sum())
        bonus = lever.pay_volume_weight * lever.bonus_per_lead * brought
        bonus += lever.pay_conversion_weight * lever.bonus_per_order * ordered
        assert _booked(world, Purpose.BONUS) == _booked(world, Purpose.BONUS, KOS) == round(bonus * MINOR_PER_MONEY)
    assert min(brought, ordered, len(lasting)) > 0
    assert (~np.isnan(follows.ended)).any()
    pay = np.floor(world.leads.hours * world.hourly_pay + 0.5).sum()
    published = _booked(world, Purpose.SELLER_HOURS) - pay
    hours = model.records().hours["publishing"].sum()
    assert published == pytest.approx(hours * world.hourly_pay, rel=0.01)


def _booked(world: World, purpose: Purpose, channel: int | None = None) -> int:
    """Minor units booked so far for a purpose."""
    books = np.array([closed[purpose] for closed in world.ledger._closed])
    return int(books.sum() if channel is None else books[:, :, channel].sum())


def test_credits() -> None:
    model = everything()
    before = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    contacts_before, most = 0, dict.fromkeys((s.name.lower() for s in CreditState if s != CreditState.REDEEMED), 0)
    for world in steps(model):
        credits = world.credits
        state, redeemed = credits.state.astype(np.int64), credits.redeemed.copy()
        left = credits.face - redeemed
        assert (left >= 0).all()
        parts = {s.name.lower(): int(left[state == s].sum()) for s in CreditState if s != CreditState.REDEEMED}
        assert int(credits.face.sum()) == sum(parts.values()) + int(redeemed.sum())
        most = {name: max(most[name], parts[name]) for name in parts}
        assert not redeemed[(state == CreditState.PENDING) | (state == CreditState.VOID)].any()
        assert ((left == 0) == (state == CreditState.REDEEMED)).all()
        _only_what_may_follow(before, state, redeemed)
        _moments_fit(world, state)
        _books_fit(world, state)
        _redeemed_within_limits(world, before[1], contacts_before)
        before, contacts_before = (state, redeemed), len(world.margins)
    vested = ~np.isnan(credits.vested)
    assert np.bincount(credits.owner[vested]).max() == 2  # the caps
    assert model.world.row_of[world.orders.code[credits.order]].tolist() == credits.owner.tolist()
    tell("A18", model.world.scenario, 1, promised=int(credits.face.sum()), redeemed=int(redeemed.sum()), **parts)
    assert min(*most.values(), int(redeemed.sum())) > 0
    assert set(credits.kind.tolist()) == {1, 2}
    assert {300_000, 400_100} <= set(credits.face.tolist())


MAY_FOLLOW = {
    CreditState.PENDING: {*CreditState},
    CreditState.VESTED: {CreditState.VESTED, CreditState.CLAWED_BACK, CreditState.REDEEMED, CreditState.EXPIRED},
}
"""States a credit may have a tick later; all others are final."""


def _only_what_may_follow(before: tuple[Any, Any], state: Any, redeemed: Any) -> None:
    """No credit vanishes, comes back or is redeemed twice."""
    known = len(before[0])
    assert len(state) >= known
    for old, new in zip(before[0].tolist(), state[:known].tolist(), strict=True):
        assert new in MAY_FOLLOW.get(CreditState(old), {old})
    moved = redeemed[:known] - before[1]
    assert (moved >= 0).all()
    assert not moved[~np.isin(before[0], [CreditState.PENDING, CreditState.VESTED])].any()


def _moments_fit(world: World, state: Any) -> None:
    """States agree with orders and moments, and the lists of vested credits with the table."""
    credits, orders = world.credits, world.orders
    order = credits.order
    vested, closed = ~np.isnan(credits.vested), ~np.isnan(credits.closed)
    open_still = (state == CreditState.PENDING) | (state == CreditState.VESTED)
    assert (closed == ~open_still).all()
    assert (vested == ~np.isin(state, [CreditState.PENDING, CreditState.VOID])).all()
    waiting = np.isnan(orders.delivered[order]) & np.isnan(orders.cancelled[order]) & ~orders.rejected[order]
    assert (waiting == (state == CreditState.PENDING)).all()
    assert (credits.vested[vested] == orders.delivered[order[vested]]).all()
    assert not vested[orders.rejected[order]].any()
    assert (orders.claim[order] != Claim.NONE).all()
    assert (orders.credit[order] == np.arange(len(credits))).all()
    assert int((orders.credit >= 0).sum()) == len(credits)
    without = orders.ordered[(orders.claim != Claim.NONE) & (orders.credit < 0)]
    assert ((without > 1.25 - world.dt) & (without < 1.5 + world.dt)).all()  # invited before the programme paused
    returned = ~np.isnan(orders.returned[order])
    assert not (returned & (state == CreditState.VESTED)).any()
    assert (credits.closed[state == CreditState.CLAWED_BACK] == orders.returned[order[state == 3]]).all()
    lasting = np.flatnonzero(state == CreditState.VESTED)
    assert (credits.vested[lasting] + credits.expiry[lasting] >= world.end).all()
    assert sorted(world.vested.tolist()) == lasting.tolist()
    assert sorted(world.owners.person[world.owners.holds_credit]) == np.unique(credits.owner[lasting]).tolist()


def _books_fit(world: World, state: Any) -> None:
    """Vested credits stand in the books at their full marginal cost, ended ones at that of what was redeemed."""
    credits = world.credits
    due = np.select([state == CreditState.VESTED, state >= CreditState.CLAWED_BACK], [credits.face, credits.redeemed])
    cost = np.floor(due * credits.cost_share + 0.5).astype(np.int64)
    assert (credits.booked == cost).all()
    assert int(cost.sum()) == _booked(world, Purpose.CREDIT) == _booked(world, Purpose.CREDIT, REFERRAL)


def _redeemed_within_limits(world: World, before: Any, margins: int) -> None:
    """What owners redeemed in this tick is no more than they spend at this tick's contacts with service."""
    new = slice(margins, len(world.margins))
    service = world.margins.person[new][world.margins.purpose[new] == MarginOf.SERVICE]
    households = len(world.people)
    contacts = np.bincount(service, minlength=households)
    redeemed = world.credits.redeemed.copy()
    redeemed[: len(before)] -= before
    by_owner = np.bincount(world.credits.owner, weights=redeemed, minlength=households)
    spends = world.scenario.brand.ecosystem_spend_per_year / world.behaviour.care_contacts_per_year
    assert (by_owner <= contacts * spends * MINOR_PER_MONEY).all()


def test_discounts_subsidies_checks_and_margins() -> None:
    model = everything()
    scenario = model.world.scenario
    for world in steps(model):
        orders = world.orders
        rows = np.flatnonzero(~np.isnan(orders.delivered))
        back = np.flatnonzero(~np.isnan(orders.returned))
        for purpose, amount in (
            (Purpose.DISCOUNT, orders.discount),
            (Purpose.SUBSIDY, orders.subsidy),
            (Purpose.CAR_MARGIN, orders.margin),
        ):
            assert int(amount[rows].sum() - amount[back].sum()) == _booked(world, purpose)
        assert (orders.price + orders.discount + orders.subsidy == round(scenario.brand.price.at(2020) * 100)).all()
        claimed = orders.claim != Claim.NONE
        assert not orders.discount[~claimed].any()
        assert not orders.discount[(orders.claim > Claim.REFERRAL) & orders.rejected].any()
        checks = _booked(world, Purpose.CHECKS)
        assert checks == _booked(world, Purpose.CHECKS, REFERRAL)
        assert checks % 3000 == 0
        assert 3000 * int(orders.rejected.sum()) <= checks <= 3000 * int(claimed.sum())
    tell("A18", scenario, 1, claims=np.bincount(orders.claim).tolist(), rejected=int(orders.rejected.sum()),
         checks=checks // 3000, returned=len(back))  # fmt: skip
    assert len(np.unique(orders.claim)) == len(Claim)
    assert orders.rejected.any()
    assert orders.discount[back].any()


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
    assert [name for name, _ in scenario.active_policies()] == [
        *("paid_ads", "vertical_media", "referral", "kos", "lead_operations"),
    ]
