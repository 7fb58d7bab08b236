"""The fast model agrees with the plain twin to the bit, household by household and tick by tick."""

from __future__ import annotations

import functools
from collections import Counter

import pytest

from sim.channels import FOUNDER, KOS, PAID_ADS, REFERRAL, VERTICAL_MEDIA, WALK_IN, WORD_OF_MOUTH
from sim.model import GrowthModel
from sim.streams import Decision, Key
from tests.reference.agreement import Agreement
from tests.reference.chance import Chance, DrawnTwiceError
from tests.reference.twin import Twin
from tests.reference.worlds import WORLDS, scenario

EVENTS = [
    *(f"channel {code}" for code in (PAID_ADS, VERTICAL_MEDIA, KOS, FOUNDER, REFERRAL, WORD_OF_MOUTH, WALK_IN)),
    *("lost_late", "no_need", "no_seller", "bought_rival", "ordered"),
    *("cancelled", "delivered", "repurchase", "defection"),
    *("relationship ended", "incident recovered", "incident failed"),
    *("praise", "bad talk", "invitation", "silent invitation", "repeated ask", "pull-forward"),
    *("referred talker", "tier 0", "tier 1", "tier 2", "tier 3", "matched", "anchored", "anchor fell"),
    *("not eligible", "programme suspended", "worn programme", "cap felt"),
    *("claim 0", "claim 1", "claim 2", "claim 3", "broker"),
    *("claim checked", "abuse rejected", "honest claim rejected"),
    *("kind 0", "kind 1", "kind 2", "kind 3", "vested", "redeemed in part", "redeemed", "expired", "expired in part"),
    *("void: rejected", "void: cancelled", "void: owner lapsed", "void: cap of the year", "void: cap of a lifetime"),
    *("returned", "returned with another car in view", "too late to return", "clawed back", "clawed back in part"),
    *("pooled", "not pooled", "in turn", "by fit, nearest store", "by fit, farther store", "nobody free to fit"),
    *("reached by a recall", "lost after recalls", "waited over the end of a tick", "overtaken by a better score"),
    "search over while waiting",
    *(f"post: {kind}" for kind in ("see", "select", "buy", "service", "bait")),
    *("live stream", "copied post", "followers spread a post", "traffic: all money spent", "traffic: all views bought"),
    *("seller takes part", "seller does not take part", "seller left", "hours cap"),
    *("publishing pays", "paid within a week of work"),
    *(f"contact: {source}" for source in ("buy", "live", "bait", "feed", "founder")),
    *("browse 2", "browse 3", "visit booked on a live stream", "lead of another store's seller"),
    *("bonus for lead", "bonus for order", "no accounts", "young store", "mature store", "no policy after it began"),
    *("follow", "owner follows", "follows already", "unfollow", "follower bought elsewhere", "follower orders"),
    *("follower goes along", "follower stays"),
    *("follower trusts a seller", "owner trusts a seller", "partner trusts a seller otherwise"),
    *("walk-in", "visit", "test drive", "spot decision", "nurture call", "veto", "convince"),
]
"""Every kind of event of the model; all occur in the worlds."""


@functools.cache
def together(name: str) -> tuple[GrowthModel, Twin]:
    """Fast model and twin, side by side to the end; raises AssertionError where they part."""
    model = GrowthModel(scenario(name), events=True)
    twin = Twin(model)
    agreement = Agreement(model, twin)
    for _ in range(model.ticks):
        model.step()
        twin.step()
        agreement.check()
    agreement.check_logs()
    return model, twin


@pytest.mark.parametrize("name", WORLDS)
def test_the_fast_model_agrees_with_the_twin_after_every_tick(name: str) -> None:
    model, twin = together(name)
    market = twin.market
    assert len(market.households) >= 300
    assert model.ticks >= 3 * 52
    assert len(market.chance) > 1000


def test_every_kind_of_event_occurs_in_the_worlds() -> None:
    happened: Counter[str] = Counter()
    for name in WORLDS:
        happened.update(together(name)[1].market.happened)
    assert [event for event in EVENTS if not happened[event]] == []


def test_a_difference_is_reported_with_tick_table_row_and_column() -> None:
    model = GrowthModel(scenario("ads_only"))
    twin = Twin(model)
    agreement = Agreement(model, twin)
    model.step()
    twin.step()
    agreement.check()
    model.world.people.trust[17] += 1e-12
    model.step()
    twin.step()
    with pytest.raises(AssertionError, match=r"tick 1 of ads_only\n  household 17, trust: fast .*, twin "):
        agreement.check()


def test_a_key_drawn_twice_is_refused() -> None:
    chance = Chance(Key(1, 0))
    chance.uniform(Decision.NEED, 1, 5)
    chance.uniform(Decision.NEED, 2, 5)
    with pytest.raises(DrawnTwiceError, match="NEED drawn twice: attempt 1, ids 5 and 0"):
        chance.exponential(Decision.NEED, 1, 5)


def test_a_lasting_trait_is_drawn_once_and_remembered() -> None:
    chance = Chance(Key(1, 0))
    assert len({chance.remembered(Decision.TASTE, 1, 5) for _ in range(3)}) == 1
    assert chance.remembered(Decision.TASTE, 2, 5) != chance.remembered(Decision.TASTE, 1, 5)
    with pytest.raises(DrawnTwiceError, match="TASTE drawn twice"):
        chance.uniform(Decision.TASTE, 1, 5)
