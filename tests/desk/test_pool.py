"""The pool of leads: who enters, when it is seen, how it is scored, who serves it, and extreme but legal values."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from sim.channels import WALK_IN
from sim.ledger import Purpose
from sim.model import GrowthModel
from sim.process import leads as leads_verb
from sim.process.pool import plan
from sim.records import LEAD_OUTCOMES, PURPOSES, Records
from sim.streams import Decision, Key, uniform
from sim.units import MINUTES_PER_YEAR
from sim.world.world import World
from tests.reference import contact
from tests.reference.agreement import Agreement
from tests.reference.market import Market
from tests.reference.twin import Twin
from tests.reference.worlds import scenario as world_of_the_twin
from tests.small_world import simulate, small

YEAR: dict[str, object] = {"horizon.years": 1, "economics.run_off_years": 0}
MANY = (30_000, 20_000)
LOST_LATE, NO_SELLER = LEAD_OUTCOMES.index("lost_late"), LEAD_OUTCOMES.index("no_seller")


def pooled(parameters: dict[str, Any], **settings: Any) -> Records:
    """A year of the baseline with lead operations."""
    return simulate(small("baseline", {**YEAR, "policies.lead_operations": parameters, **settings}))


# --- score ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("auc", [0.5, 0.6, 0.75, 0.9, 0.99, 1.0])
def test_a_lead_in_need_has_the_higher_score_as_often_as_the_accuracy_says(auc: float) -> None:
    scores = _scores(auc)
    with_need, without = (np.sort(scores[in_need]) for in_need in (True, False))
    below = np.searchsorted(without, with_need, side="left") / len(without)
    assert below.mean() == pytest.approx(auc, abs=4.0 * np.sqrt(0.25 / 1500))
    assert min(len(with_need), len(without)) > 1500
    assert auc < 1.0 or (with_need == 1.0).all()


def _scores(auc: float) -> dict[bool, Any]:
    """Scores that the desk gave, read from its records, by whether the lead was in a search."""
    from sim.process import selling

    found: dict[bool, list[float]] = {True: [], False: []}
    model = GrowthModel(small("baseline", {**YEAR, "policies.lead_operations": {"scoring_auc": auc}}, MANY))
    inner = selling.desk.serve

    def watched(end: float, key: Any, due: Any, *rest: Any) -> None:
        due["score"] = np.nan
        inner(end, key, due, *rest)
        scored = ~np.isnan(due["score"])
        for in_need in (True, False):
            found[in_need] += due["score"][scored & (due["in_market"] == in_need)].tolist()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selling.desk, "serve", watched)
        model.run()
    return {in_need: np.array(values) for in_need, values in found.items()}


def test_a_score_that_knows_nothing_is_uniform_whoever_is_scored() -> None:
    for values in _scores(0.5).values():
        assert abs(values.mean() - 0.5) < 4.0 / np.sqrt(12 * len(values))


# --- pool and refresh -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_of_all_leads_but_walk_ins_is_pooled(share: float) -> None:
    leads = pooled({"pool_share": share}).leads
    called = leads["channel"] != WALK_IN
    assert not leads["pooled"][~called].any()
    assert not called.all()
    error = np.sqrt(share * (1.0 - share) / called.sum())
    assert abs(leads["pooled"][called].mean() - share) <= 4.0 * error


@pytest.mark.parametrize("minutes", [0.5, 15.0, 240.0])
def test_a_pooled_lead_is_seen_at_the_next_refresh(minutes: float) -> None:
    unlimited = {"stores.hours_per_week": "unlimited", "stores.open_hour": 0, "stores.close_hour": 24}
    leads = pooled({"refresh_minutes": minutes, "pool_share": 0.7}, **unlimited).leads
    wait = (leads["answered"] - leads["arrived"]) * MINUTES_PER_YEAR
    mine = leads["pooled"] & ~np.isnan(wait)
    others = ~leads["pooled"] & (leads["channel"] != WALK_IN) & ~np.isnan(wait)
    assert wait[mine].min() > -1e-4
    assert wait[mine].max() < minutes + 1e-4
    assert wait[mine].mean() == pytest.approx(minutes / 2, abs=4.0 * minutes / np.sqrt(12 * mine.sum()))
    refreshes = leads["answered"][mine] * MINUTES_PER_YEAR / minutes
    np.testing.assert_allclose(refreshes, np.round(refreshes), atol=1e-4 / minutes)
    np.testing.assert_allclose(wait[others], 10.0, atol=1e-4)
    assert others.sum() > 100


def test_whoever_leaves_the_pool_to_itself_keeps_the_leads_of_before() -> None:
    # A share is drawn per lead: with more of it pooled, the same leads are and others besides.
    some, more = (pooled({"pool_share": share}).leads for share in (0.3, 0.6))
    key = Key(2026, 0)
    for share, leads in ((0.3, some), (0.6, more)):
        lot = uniform(key, Decision.POOL, 0, 0, leads["household"], leads["episode"])
        called = leads["channel"] != WALK_IN
        np.testing.assert_array_equal(leads["pooled"][called], lot[called] < share)


# --- sellers ----------------------------------------------------------------------------------------------------------

STORES: dict[str, Any] = {"stores.per_district": 3, "stores.sellers_per_store": 1, "stores.hours_per_week": 40}


def test_in_turn_every_seller_gets_as_many() -> None:
    leads = pooled({"assign": "round_robin", "order": "fifo"}, **STORES).leads
    for district in (0, 1):
        mine = leads["pooled"] & (leads["district"] == district) & (leads["seller"] >= 0)
        counts = np.bincount(leads["seller"][mine])
        counts = counts[counts > 0]
        assert len(counts) == 3
        assert counts.max() - counts.min() <= 1


def test_by_fit_the_visit_goes_to_the_sellers_store_and_skill_and_nearness_decide() -> None:
    staying = {**STORES, "stores.turnover_per_year": 0.0}
    unlimited = {**staying, "stores.hours_per_week": "unlimited", "stores.skill_spread": 0.4}
    model = GrowthModel(small("baseline", {**YEAR, **unlimited, "policies.lead_operations": {}}))
    leads = model.run().leads
    world = model.world
    assert (world.sellers.store[leads["seller"][leads["seller"] >= 0]] == leads["store"][leads["seller"] >= 0]).all()
    b = world.behaviour
    rows = np.flatnonzero(leads["pooled"] & (leads["seller"] >= 0))[:500]
    from sim.world import build

    x, y = build.places(leads["household"][rows], leads["district"][rows], world.scenario, world.key)
    stores = world.sellers.store
    for place, row in enumerate(rows):
        km = np.hypot(x[place] - world.stores.x[stores], y[place] - world.stores.y[stores])
        fit = b.choice_skill * world.sellers.skill - km / b.visit_km
        fit[world.stores.district[stores] != leads["district"][row]] = -np.inf
        assert int(np.argmax(fit)) == leads["seller"][row]
    nearest = world.people.store[world.row_of[leads["household"][rows]]]
    assert 0.02 < (nearest != leads["store"][rows]).mean() < 0.9


@pytest.mark.parametrize("name", ["pool_by_score_and_fit", "pool_in_turn", "ads_only"])
def test_a_lead_that_a_seller_brought_stays_with_that_seller(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No policy brings such leads yet, so fast model and twin are told alike who brought every third."""
    fast, plain = leads_verb.assign, contact.assign

    def give(world: World) -> None:
        table = world.leads
        for row in range(world.new_leads.start, world.new_leads.stop):
            team = np.flatnonzero(world.stores.district[world.sellers.store] == table.district[row])
            if table.household[row] % 3 == 0 and len(team):
                table.seller[row] = team[table.household[row] % len(team)]
        fast(world)

    def give_plainly(m: Market) -> None:
        for lead in m.new_leads:
            district = lead.person.district
            team = [s for store, staff in enumerate(m.staff) if m.district_of_store[store] == district for s in staff]
            if lead.person.id % 3 == 0 and team:
                lead.seller = team[lead.person.id % len(team)]
        plain(m)

    monkeypatch.setattr(leads_verb, "assign", give)
    monkeypatch.setattr(contact, "assign", give_plainly)
    model = GrowthModel(world_of_the_twin(name))
    agreement = Agreement(model, Twin(model))
    for _ in range(model.ticks):
        model.step()
        agreement.twin.step()
        agreement.check()
    leads = model.world.leads
    brought = (leads.household % 3 == 0) & (leads.seller >= 0)
    assert brought.sum() > 50
    for row in np.flatnonzero(brought):
        team = np.flatnonzero(model.world.stores.district[model.world.sellers.store] == leads.district[row])
        assert leads.seller[row] == team[leads.household[row] % len(team)]
    people = model.world.people
    assert (leads.store[brought] != people.store[leads.person[brought]]).any() or name == "ads_only"


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_what_is_missed_is_called_again_in_time() -> None:
    none, three = (pooled({"recalls": n, "refresh_minutes": 600, "recall_hours": 10}) for n in (0, 3))
    for records, most in ((none, 1), (three, 4)):
        leads = records.leads
        lost = leads["pooled"] & (leads["outcome"] == LOST_LATE) & ~np.isnan(leads["answered"])
        later = (leads["closed"] - leads["answered"])[lost] * 8760
        assert later.max() >= (most - 1) * 10.0 - 1e-6
        assert (most > 1) == (later.max() > 1e-6)
    reached = [r.leads["reached"][r.leads["pooled"]].mean() for r in (none, three)]
    assert reached[1] > reached[0] + 0.1


def test_the_system_costs_money_while_anything_is_pooled() -> None:
    share = {2020: 1.0, 2020.5: 1.0, 2020.6: 0.0, 2021: 0.0}
    model = GrowthModel(small("baseline", {**YEAR, "policies.lead_operations": {"cost_per_year": 520000.0}}))
    books = model.run().ledger
    mine = books["purpose"] == PURPOSES.index("lead_system")
    assert (books["channel"][mine] == -1).all()
    weighted = (books["amount"] * model.world.weights[books["district"]])[mine].sum() / 100
    assert weighted == pytest.approx(520000.0, abs=2 * 50 * 0.01)
    assert len(np.unique(books["tick"][mine])) == 52
    half = pooled({"cost_per_year": 520000.0, "pool_share": share}).ledger
    ticks = np.unique(half["tick"][half["purpose"] == int(Purpose.LEAD_SYSTEM)])
    assert ticks.tolist() == list(range(31)), "up to the last tick whose middle lies before 0.6"


EXTREME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no sellers": ({}, {"stores.sellers_per_store": 0}),
    "no stores": ({"assign": "round_robin"}, {"stores.per_district": 0}),
    "sellers without hours": ({"assign": "round_robin"}, {"stores.hours_per_week": 0}),
    "sellers with hardly any hours": ({}, {"stores.hours_per_week": 0.01}),
    "sellers without limit": ({"assign": "round_robin"}, {"stores.hours_per_week": "unlimited"}),
    "never refreshed": ({"refresh_minutes": 1e12}, {}),
    "refreshed all the time": ({"refresh_minutes": 1e-300}, {}),
    "calls that take no time": ({}, {"stores.call_hours": 0, "stores.attempt_hours": 0, "stores.hours_per_week": 5}),
    "called again at once": ({"recalls": 10, "recall_hours": 0}, {"stores.hours_per_week": 20}),
    "called again after ages": ({"recalls": 10, "recall_hours": 1e12}, {}),
    "open for a minute": ({}, {"stores.open_hour": 12, "stores.close_hour": 12.02, "stores.hours_per_week": 0.1}),
}


@pytest.mark.parametrize("name", EXTREME)
def test_extreme_but_legal_values_give_sane_results(name: str) -> None:
    parameters, settings = EXTREME[name]
    leads = pooled(parameters, **settings).leads
    assert len(leads["arrived"]) > 100
    ended = ~np.isnan(leads["closed"])
    answered = ~np.isnan(leads["answered"])
    assert (leads["closed"][ended] >= leads["arrived"][ended]).all()
    assert (leads["answered"][answered] >= leads["arrived"][answered] - 1e-12).all()
    assert np.isfinite(leads["hours"]).all()
    nobody = name in ("no sellers", "no stores", "sellers without hours")
    assert (leads["outcome"] == NO_SELLER).all() == nobody
    if name == "never refreshed":
        assert not answered[leads["pooled"]].any()
    if name == "refreshed all the time":
        assert np.median((leads["answered"] - leads["arrived"])[leads["reached"] & leads["pooled"]]) < 1e-3


def test_a_plan_without_a_policy_is_neutral() -> None:
    model = GrowthModel(small("baseline", YEAR))
    model.step()
    found = plan(model.world)
    b = model.world.behaviour
    assert (found.by_score, found.assign, found.nurture, found.recalls, found.utility) == (False, 0, 0.0, 0, 0.0)
    assert found.test_drive_share == pytest.approx(b.test_drive_share)
    assert found.order_hours == model.world.scenario.stores.order_hours


@functools.cache
def _by_ticks(ticks: int) -> Records:
    return pooled({"recalls": 2}, **{"horizon.ticks_per_year": ticks, "stores.hours_per_week": 12})


@pytest.mark.parametrize("ticks", [104, 365])
def test_the_pool_does_not_depend_on_the_tick(ticks: int) -> None:
    weekly, finer = _by_ticks(52).leads, _by_ticks(ticks).leads
    for column, moved in (("answered", 0.0), ("reached", 0.04), ("pooled", 0.03)):
        a, b = (np.nanmean(x[column] - (x["arrived"] if column == "answered" else 0)) for x in (weekly, finer))
        assert a == pytest.approx(b, rel=0.15, abs=moved)
