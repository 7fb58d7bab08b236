"""What content does to those who see it, on which platform, for which money, and how unequally it falls on sellers."""

from __future__ import annotations

import numpy as np
import pytest

from sim.channels import FOUNDER, KOS
from sim.ledger import Purpose
from sim.records import Records
from tests.directions.content import CALM, PLATFORMS, TICKS, Floats, Watched, kos, watch
from tests.directions.crowd import booked, clearly_above, lasted_until
from tests.small_world import MONEY_PER_HOUSEHOLD, REPRESENTED

FEW = range(3)
few_and_many = pytest.mark.parametrize("replicates", [FEW, pytest.param(range(10), marks=pytest.mark.full)], ids=len)
ONE_YEAR: dict[str, object] = {"horizon.years": 1}
PERSUASIVE: dict[str, object] = {
    **kos(pay_volume_weight=0, posts_per_seller_week=7),
    "behaviour.content_trust": 0.05,
    "behaviour.follow_share": 0.05,
}
"""Much content, read by many, at the upper end of how far a view persuades: for effects on few decisions."""


def test_each_platform_does_its_job() -> None:
    def per_million_views(platform: str) -> Floats:
        """Leads, and trust built, by views seen on this platform alone, a row for every replicate."""
        settings = kos(pay_volume_weight=0, platforms=[platform])
        worlds = [watch(settings, r) for r in FEW]
        return np.array([(w.leads(), w.trust.mean(axis=1).sum()) for w in worlds]) / _views(worlds)[:, None] * 1e6

    seeding, driving = per_million_views("notes"), per_million_views("short_video")
    print(f"\nper million views: leads {seeding[:, 0].round()} by notes, {driving[:, 0].round()} by short video,")
    print(f"  trust {seeding[:, 1].round(2)} and {driving[:, 1].round(2)}")
    assert clearly_above(np.log(driving[:, 0] / seeding[:, 0]), np.log(1.3))
    assert clearly_above(np.log(seeding[:, 1] / driving[:, 1]), np.log(1.5))


def _views(worlds: list[Watched]) -> Floats:
    return np.array([w.views.sum() for w in worlds])


def test_posts_of_daily_life_build_more_trust_than_posts_about_parameters() -> None:
    reciting, telling = (
        np.array([watch({**kos(authentic_share=share), **ONE_YEAR}, r).trust[-1].mean() for r in FEW])
        for share in (0, 1)
    )
    print(f"\ntrust after a year: {reciting.round(4)} by parameters, {telling.round(4)} by daily life")
    assert (reciting > 0).all()
    assert clearly_above(np.log(telling / reciting), np.log(2))


def _orders_of_late_leads(records: Records, which: np.ndarray) -> int:
    """Orders from leads that arrived when content had been about for a year."""
    leads = records.leads
    late = (leads["arrived"] > 1.0) & (leads["arrived"] < 1.75) & which[leads["household"]]
    return int((leads["ordered"][late] > 0).sum())


@pytest.mark.parametrize("followed", [0.0, pytest.param(0.05, marks=pytest.mark.full)])
def test_partners_who_read_notes_change_what_couples_decide(followed: float) -> None:
    # Without followers posts are only seen in passing.
    def orders(partner: float, replicate: int) -> tuple[int, int]:
        """Orders of households with a partner, and of those without."""
        advertising = {"budget_per_year": MONEY_PER_HOUSEHOLD["paid_ads"] * REPRESENTED * 30_000}
        settings = {
            **PERSUASIVE,
            **kos(pay_volume_weight=0, posts_per_seller_week=7, platforms=["notes"]),
            "policies.paid_ads": advertising,
            "stores.hours_per_week": "unlimited",
            "behaviour.follow_share": followed,
            "market.platforms.notes.partner": partner,
        }
        watched = watch(settings, replicate)
        found = [_orders_of_late_leads(watched.records, which) for which in (watched.partner, ~watched.partner)]
        return found[0], found[1]

    unread, read = (np.array([orders(partner, r) for r in FEW]) for partner in (0, 1.4))
    print(f"\norders of couples {unread[:, 0]} where partners do not read notes, {read[:, 0]} where they do;")
    print(f"  of those who live alone {unread[:, 1]} and {read[:, 1]}")
    assert clearly_above(read[:, 0] / unread[:, 0] - 1, 0)
    assert (np.abs(read[:, 1] / unread[:, 1] - 1) < 0.05).all()


@few_and_many
def test_owners_who_follow_a_seller_buy_the_brand_again(replicates: range) -> None:
    # What owners read of the account they follow counts when they choose again. It does not keep them in the
    # relationship itself: that hangs on satisfaction, which content does not touch (ownership).
    def replaced(feed: float, replicate: int) -> Floats:
        """Cars replaced in the second year by who followed a seller: all, and with the brand again; the same by
        others; and the rate of dropping the relationship."""
        owners = [{"per_1000_households": 150, "tenure_years": 5.5, "km": 70000}]
        feeds = {f"market.platforms.{name}.feed_share": feed for name in PLATFORMS}
        watched = watch({**PERSUASIVE, "brand.initial_owners": owners, **feeds}, replicate)
        table = watched.records.replacements
        second = table["moment"] >= 1.0
        follows = _following(watched, table["household"], table["moment"])
        groups = [follows & second, follows & second & table["same_brand"]]
        groups += [~follows & second, ~follows & second & table["same_brand"]]
        return np.array([*(group.sum() for group in groups), _dropped_per_year(watched.records)], dtype=np.float64)

    unfed, fed = (np.array([replaced(feed, r) for r in replicates]) for feed in (0, 1))
    again = fed[:, 1] / fed[:, 0] - unfed[:, 1] / unfed[:, 0]
    print(f"\nrepurchase of owners who follow a seller whose posts they do not see {unfed[:, 1] / unfed[:, 0]},")
    print(f"  of those who see them {fed[:, 1] / fed[:, 0]}; all repurchases {unfed[:, [1, 3]].sum(axis=1)} and")
    print(f"  {fed[:, [1, 3]].sum(axis=1)}; relationships dropped per year {unfed[:, 4]}, {fed[:, 4]}")
    assert clearly_above(again, 0)
    assert clearly_above(fed[:, [1, 3]].sum(axis=1) - unfed[:, [1, 3]].sum(axis=1), 0)
    np.testing.assert_allclose(fed[:, 4], unfed[:, 4], rtol=0.01)


def _dropped_per_year(records: Records) -> float:
    """Rate at which initial owners drop the relationship while they keep the car."""
    table, changes = records.relationships, records.replacements
    changed = set(zip(changes["household"].tolist(), changes["moment"].tolist(), strict=True))
    first = table["order"] < 0
    ended = list(zip(table["household"][first].tolist(), table["ended"][first].tolist(), strict=True))
    dropped = sum(not np.isnan(end) and (household, end) not in changed for household, end in ended)
    return dropped / float((lasted_until(table, records.end)[first] - np.maximum(table["began"][first], 0.0)).sum())


def _following(watched: Watched, households: Floats, moments: Floats) -> np.ndarray:
    """Whether households followed a seller at a moment; who buys elsewhere stops at that very moment."""
    spells: dict[int, list[tuple[float, float]]] = {}
    columns = (watched.follows[name].tolist() for name in ("household", "began", "ended"))
    for household, began, ended in zip(*columns, strict=True):
        spells.setdefault(household, []).append((began, np.inf if np.isnan(ended) else ended))
    found = [
        any(began < moment <= ended for began, ended in spells.get(household, ()))
        for household, moment in zip(households.tolist(), moments.tolist(), strict=True)
    ]
    return np.array(found, dtype=np.bool_)


def test_bought_views_bring_leads_with_diminishing_gains_and_what_is_not_sold_is_not_spent() -> None:
    budgets = (0.0, 1e6, 4e6, 160e6)
    settings = [{**ONE_YEAR, **kos(traffic_budget_per_year=budget)} for budget in budgets]
    worlds = [[watch(s, r) for s in settings] for r in FEW]
    leads = np.array([[w.leads() for w in row] for row in worlds], dtype=np.float64)
    per_million = np.diff(leads[:, :3], axis=1) / (np.diff(budgets[:3]) / 1e6)
    print(f"\nleads by budget {leads.astype(int).tolist()}, gained per million {per_million.round().tolist()}")
    assert clearly_above(per_million[:, 1], 0)
    assert clearly_above(per_million[:, 0] - per_million[:, 1], 0)
    for row in worlds:
        for budget, watched in zip(budgets, row, strict=True):
            media = watched.records.media
            offered, spent = (int(media[name][media["channel"] == KOS].sum()) for name in ("budget", "spent"))
            assert spent == booked(watched.records, Purpose.MEDIA)
            # Of a market of 1.5 million represented households, simulated districts hold one in fifty.
            assert abs(offered - budget * 100 / REPRESENTED) <= 2 * len(media["channel"])
            assert spent == offered if budget <= 1e6 else spent <= offered
        assert spent < 0.1 * offered, "nobody sells that many views"


def test_the_founders_account_brings_leads_in_its_own_channel_from_the_first_month() -> None:
    month = 1 / 12
    without, found = ([watch({**ONE_YEAR, **s}, r) for r in FEW] for s in ({}, kos(founder_followers=1_200_000)))
    first, later = (np.array([w.leads(*span, FOUNDER) for w in found]) for span in ((0, month), (month, 1)))
    sellers = np.array([w.leads(0, month) for w in found])
    print(f"\nleads of the founder {first} in the first month, {later} in the eleven after it; of sellers {sellers}")
    assert all(w.leads(channel=FOUNDER) == 0 for w in without)
    assert (first > 0).all()
    assert (sellers <= 2).all()
    assert first.sum() + 3 * np.sqrt(first.sum()) > later.sum() / 11, "no months to wait, unlike for sellers"
    total = np.array([[len(w.records.leads["arrived"]) for w in worlds] for worlds in (without, found)])
    print(f"  leads of all channels in the year {total.tolist()}")


UNPAID: dict[str, object] = {
    **kos(pay_volume_weight=0, pay_conversion_weight=0),
    **{f"market.platforms.{name}.views_per_follower": 0 for name in PLATFORMS},
    **ONE_YEAR,
}
"""Sellers who post alike whatever comes of it, before a public that does not pass posts on."""


def test_reach_per_post_grows_with_the_posts_made() -> None:
    def practice(replicate: int) -> tuple[Floats, float]:
        """Views by quarter, with what practice teaches relative to without; and posts by a seller in the year."""
        learning, ignorant = watch(UNPAID, replicate), watch({**UNPAID, "behaviour.learning_posts": 1e9}, replicate)
        np.testing.assert_array_equal(learning.posts, ignorant.posts)
        quarters = [np.array_split(w.views.sum(axis=1), 4) for w in (learning, ignorant)]
        return np.array([a.sum() / b.sum() for a, b in zip(*quarters, strict=True)]), learning.posts[-1].mean()

    gain, posts = zip(*(practice(r) for r in FEW), strict=True)
    print(f"\nviews by what sellers learn from practice, by quarter {np.round(gain, 2).tolist()}, after {posts} posts")
    assert (np.diff(gain, axis=1) > 0.02).all()
    assert (np.array(gain)[:, 0] > 1.1).all()
    assert (np.array(gain) < 2.0).all(), "at most doubled"


def test_moods_of_a_platform_hit_all_its_sellers_alike() -> None:
    # Views die down at once, so that what is about is what was posted in the tick.
    brief = {**UNPAID, **{f"market.platforms.{name}.view_weeks": 0.05 for name in PLATFORMS}}
    even = {**brief, **{f"market.platforms.{name}.shock_spread": 0 for name in PLATFORMS}}
    moody, calm = (watch(s, 0).buzz.reshape(TICKS, -1, len(PLATFORMS)) for s in (brief, even))
    posted = (calm > 0).all(axis=(1, 2))
    mood = moody[posted] / calm[posted]
    of_first = mood[:, :1, :]
    print(f"\nmoods of the platforms by tick: {of_first[:, 0].round(2).tolist()}")
    assert posted.sum() > 20
    np.testing.assert_allclose(mood, np.broadcast_to(of_first, mood.shape), rtol=1e-9)
    assert (of_first.std(axis=0) > 0.2).all(), "moods change"
    assert (np.abs(np.corrcoef(of_first[:, 0].T) - np.eye(len(PLATFORMS))) < 0.8).all(), "each platform has its own"
    assert np.abs(of_first.mean() - 1) < 3 * 0.5 / np.sqrt(of_first.size / 2)


def test_a_few_sellers_have_most_of_the_reach() -> None:
    def share_of_top_tenth(settings: dict[str, object], replicate: int) -> tuple[float, float]:
        """Part of the ten per cent of sellers with most views, or leads, in all of them."""
        sellers = watch({**settings, "stores.sellers_per_store": 30, **ONE_YEAR}, replicate).records.sellers
        views, leads = (np.sort(sellers[name])[::-1] for name in ("views", "leads"))
        top = len(views) // 10
        return float(views[:top].sum() / views.sum()), float(leads[:top].sum() / leads.sum())

    usual, calm = (np.array([share_of_top_tenth(s, r) for r in FEW[:2]]) for s in ({}, CALM))
    print(f"\nshare of the top tenth of sellers in views and leads {usual.round(2).tolist()},")
    print(f"  without luck {calm.round(2).tolist()}")
    assert (usual > 0.25).all()
    assert (calm > 0.25).all(), "gifts and followers alone make it so"
