"""Sellers as publishers: accounts take months, support and pay decide what is posted, and hours and people are scarce.

Worlds are compared in pairs that share their luck. What a single replicate cannot show is asked of several, a few in
the quick suite and many in the full one.
"""

from __future__ import annotations

import numpy as np
import pytest

from sim.channels import PAID_ADS, VERTICAL_MEDIA
from sim.records import LEAD_OUTCOMES, Records
from tests.directions.content import CALM, ORDERS_ALONE, PLATFORMS, TICKS, Floats, Watched, kos, watch
from tests.directions.crowd import clearly_above
from tests.small_world import MONEY_PER_HOUSEHOLD, REPRESENTED

FEW = range(3)
few_and_many = pytest.mark.parametrize("replicates", [FEW, pytest.param(range(10), marks=pytest.mark.full)], ids=len)
ONE_YEAR: dict[str, object] = {"horizon.years": 1}
SIX_WEEKS = 6 / 52
QUARTERS = np.arange(7) / 4
"""The first 18 months, in quarters of a year."""


def _by_quarter(moments: Floats) -> Floats:
    return np.histogram(moments, QUARTERS)[0].astype(np.float64)


def _views(watched: Watched) -> Floats:
    """Views by quarter of the first 18 months; a quarter is six and a half ticks."""
    ends = np.interp(
        QUARTERS * TICKS, np.arange(len(watched.views) + 1), np.append(0.0, watched.views.sum(axis=1).cumsum())
    )
    return np.diff(ends)


def _until(records: Records, moment: float) -> Floats:
    """Leads, visits and orders of all channels so far."""
    leads = records.leads
    return np.array([(leads[column] < moment).sum() for column in ("arrived", "visited", "ordered")], dtype=np.float64)


def test_nothing_comes_of_content_in_the_first_weeks() -> None:
    more = [
        _until(watch({}, r).records, SIX_WEEKS)
        - _until(watch({"policies.kos": None, **ONE_YEAR}, r).records, SIX_WEEKS)
        for r in FEW
    ]
    early, late = (np.array([watch({}, r).leads(0, end) for r in FEW]) for end in (SIX_WEEKS, QUARTERS[-1]))
    print(f"\nfirst six weeks: leads, visits, orders beyond those without {np.array(more).tolist()},")
    print(f"  leads from content {early.tolist()} of {late.tolist()} in 18 months")
    assert np.abs(more).max() <= 5
    assert (np.array(more)[:, 1:] <= 1).all(), "visits and orders"
    assert (early < 0.005 * late).all()
    assert (late > 50).all(), "while there is plenty later"


@few_and_many
def test_reach_grows_quarter_by_quarter_for_eighteen_months(replicates: range) -> None:
    views = np.array([_views(watch({}, r)) for r in replicates])
    followers = np.array([watch({}, r).followers.sum(axis=1)[np.array([6, 12, 19, 25, 32, 38])] for r in replicates])
    print(
        f"\nviews by quarter {views.mean(axis=0).round().tolist()}, followers {followers.mean(axis=0).round().tolist()}"
    )
    assert (np.diff(views.mean(axis=0)) > 0).all()
    for gain in np.diff(followers, axis=1).T:
        assert clearly_above(gain, 0.0)
    for begin in range(4):  # luck and moods make a single quarter uncertain, half a year is not
        assert clearly_above(np.log(views[:, begin + 2] / views[:, begin]), 0), f"quarter {begin + 3}"


@few_and_many
def test_leads_grow_with_reach_where_nobody_gains_by_baits(replicates: range) -> None:
    # Paid by orders alone, sellers make no baits: leads follow reach. With the pay that ships leads rise faster and
    # level off after a year: before the first orders, leads alone pay, and many turn to baits for as long.
    plain, shipped = (
        np.array([_by_quarter(w.content_leads()) for w in (watch(s, r) for r in replicates)])
        for s in (ORDERS_ALONE, {})
    )
    print(f"\nleads by quarter, paid by orders {plain.mean(axis=0).round(1).tolist()}")
    print(f"  and with the pay that ships {shipped.mean(axis=0).round(1).tolist()}")
    assert (np.diff(plain.sum(axis=0)) > 0).all()
    assert (np.diff(shipped[:, :4].sum(axis=0)) > 0).all()
    for leads in (plain, shipped):
        assert clearly_above(np.log(leads[:, 3:].sum(axis=1) / leads[:, :3].sum(axis=1)), np.log(1.5))


ASKED = 4.0
"""Posts asked of each seller per week."""


def _posted(watched: Watched) -> float:
    """Posts per seller and week in the last quarter of the first year, as a share of those asked for."""
    ticks = TICKS // 4
    made = watched.posts[TICKS - 1] - watched.posts[TICKS - 1 - ticks]
    return float(made.mean()) / (ticks * 52 / TICKS) / ASKED


def test_without_support_posting_dies_within_a_year() -> None:
    # Why (effort): the drive moves towards 1 - (1 - pull) (1 - support_drive x support), and pull is what an hour of
    # publishing has earned lately against the wage of an hour. Nobody earns anything while accounts are unripe, so
    # without support there is nothing to move towards but 0, with a memory of eight weeks: long before an account is
    # ripe nobody posts any more, and it never will be. Support carries sellers over these months.
    without, carried = ([_posted(watch({**kos(support=s), **ONE_YEAR}, r)) for r in FEW] for s in (0, 1))
    unpaid = [_posted(watch(kos(pay_volume_weight=0, pay_conversion_weight=0), r)) for r in FEW]
    rich = {"support": 0, "pay_volume_weight": 60, "pay_conversion_weight": 60}
    unripe = [_posted(watch({**kos(**rich), **ONE_YEAR}, r)) for r in FEW]
    at_once = {**kos(**rich), "behaviour.account_ripe_months": 0.1, **ONE_YEAR}
    ripe = [_posted(watch(at_once, r)) for r in FEW]
    print(f"\nposts made of those asked for, at the end of a year: {without} without support, {carried} with it,")
    print(f"  {unpaid} with it but without pay; without it, for sixty times the pay, {unripe},")
    print(f"  and {ripe} where accounts are ripe at once")
    assert max(without) < 0.05
    assert min(carried) > 0.5
    assert min(unpaid) > 0.4, "support alone carries them"
    assert max(unripe) < 0.1, "pay alone comes too late"
    assert min(ripe) > 3.0 * max(unripe), "pay would do more if it came at once"
    for r in FEW:
        watched = watch({**kos(support=0), **ONE_YEAR}, r)
        nothing = watched.records.sellers["leads"][: watched.drive.shape[1]] == 0
        fading = np.exp(-np.arange(1, TICKS + 1) * (52 / TICKS) / 8.0)
        assert nothing.sum() > 5
        np.testing.assert_allclose(watched.drive[:TICKS, nothing], fading[:, None] + np.zeros(nothing.sum()), rtol=1e-9)


def _leads_and_quality(settings: dict[str, object], replicates: range) -> Floats:
    """Leads from content within 18 months, how many of them ordered, and the share without a need among those reached:
    a row per replicate."""
    rows = []
    for replicate in replicates:
        watched = watch(settings, replicate)
        leads = watched.records.leads
        came = watched.from_content() & (leads["arrived"] < QUARTERS[-1])
        reached = came & leads["reached"]
        needless = leads["outcome"][reached] == LEAD_OUTCOMES.index("no_need")
        rows.append((came.sum(), (leads["ordered"][came] > 0).sum(), needless.mean()))
    return np.array(rows, dtype=np.float64)


@few_and_many
@pytest.mark.parametrize("volume", [1.0, pytest.param(2.0, marks=pytest.mark.full)])
def test_pay_by_volume_alone_brings_more_leads_and_worse_ones(volume: float, replicates: range) -> None:
    by_volume = kos(pay_conversion_weight=0, pay_volume_weight=volume)
    baits = [watch(by_volume, r).bait[-1].mean() for r in replicates]
    both, alone, orders = (_leads_and_quality(s, replicates) for s in ({}, by_volume, ORDERS_ALONE))
    conversion = {}
    for name, found in (("the pay that ships", both), (f"{volume:g} x volume", alone), ("orders alone", orders)):
        conversion[name] = found[:, 1].sum() / found[:, 0].sum()
        needless = found[:, 2].round(3).tolist()
        print(f"\n{name}: leads {found[:, 0].tolist()}, orders {found[:, 1].tolist()}, without need {needless},")
        print(f"  conversion {conversion[name]:.4f}")
    shipped, paid_by_volume, paid_by_orders = conversion.values()
    # Orders are few: the error is that of two counts. The gap to the pay that ships is narrow, because that makes
    # half of the posts baits as well.
    error = np.sqrt(1 / alone[:, 1].sum() + 1 / orders[:, 1].sum())
    assert min(baits) > 0.99, "all posts are made to collect contact data"
    assert clearly_above(np.log(alone[:, 0] / both[:, 0]), np.log(1.2))
    assert (alone[:, 2] > both[:, 2]).all(), "more of those reached need no car"
    assert clearly_above(alone[:, 2] - orders[:, 2], 0.0)
    assert paid_by_volume < shipped < paid_by_orders
    assert np.log(paid_by_orders / paid_by_volume) > 3 * error


def test_copied_posts_reach_less_and_cost_fewer_hours() -> None:
    def per_post(adapt: float) -> Floats:
        """Views and hours per post, of every replicate."""
        worlds = [watch({**kos(adapt_to_platform=adapt), **ONE_YEAR}, r) for r in FEW]
        found = [(w.views.sum(), w.records.sellers["publishing_hours"].sum()) for w in worlds]
        return np.array(found) / np.array([w.posts[-1].sum() for w in worlds])[:, None]

    made, copied = per_post(1), per_post(0)
    print(f"\nviews per post {made[:, 0].round()} made for each platform, {copied[:, 0].round()} copied;")
    print(f"  hours {made[:, 1].round(3)} and {copied[:, 1].round(3)}; views per hour")
    print(f"  {(made[:, 0] / made[:, 1]).round()} and {(copied[:, 0] / copied[:, 1]).round()}")
    assert clearly_above(1 - copied[:, 0] / made[:, 0], 0.2)
    # A post takes 1 hour and a quarter for each of the other two platforms; full support saves half of it.
    np.testing.assert_allclose(made[:, 1], 0.75, rtol=0.1)
    np.testing.assert_allclose(copied[:, 1] / made[:, 1], 1 / 1.5, rtol=0.02)


UNSEEN: dict[str, object] = {f"market.platforms.{name}.views_per_post": 0 for name in PLATFORMS}
"""Nobody sees what sellers publish, so that all it does is take their hours."""


def _answers(desk: dict[str, object], policy: dict[str, object], replicate: int) -> tuple[float, float]:
    """Median first response, minutes (never = infinite), and share lost late, of bought leads."""
    bought = {
        f"policies.{name}": {"budget_per_year": MONEY_PER_HOUSEHOLD[name] * REPRESENTED * 30_000}
        for name in ("paid_ads", "vertical_media")
    }
    leads = watch({**bought, **UNSEEN, **ONE_YEAR, **desk, **policy}, replicate).records.leads
    rows = np.isin(leads["channel"], (PAID_ADS, VERTICAL_MEDIA)) & (leads["arrived"] > 0.25) & (leads["arrived"] < 0.8)
    delay = np.where(np.isnan(leads["answered"]), np.inf, leads["answered"] - leads["arrived"])[rows]
    late = leads["outcome"][rows] == LEAD_OUTCOMES.index("lost_late")
    return float(np.median(delay)) * 365 * 24 * 60, float(late.mean())


BUSY = kos(posts_per_seller_week=12)
IDLE = kos(posts_per_seller_week=0)


def test_publishing_crowds_out_answers_when_hours_bind() -> None:
    desk: dict[str, object] = {"stores.hours_per_week": 24, "stores.sellers_per_store": 1}
    idle, busy = (np.array([_answers(desk, policy, r) for r in FEW]) for policy in (IDLE, BUSY))
    print(f"\nbought leads: first response {idle[:, 0].round()} minutes and {idle[:, 1].round(3)} lost late;")
    print(f"  where sellers publish {busy[:, 0].round()} and {busy[:, 1].round(3)}")
    assert clearly_above(np.log(busy[:, 0] / idle[:, 0]), 0)
    assert clearly_above(busy[:, 1] - idle[:, 1], 0)


@pytest.mark.parametrize("hours", ["unlimited", 80])
def test_publishing_crowds_out_nothing_when_hours_are_ample(hours: object) -> None:
    desk: dict[str, object] = {"stores.hours_per_week": hours}
    idle, busy = (np.array([_answers(desk, policy, r) for r in FEW[:2]]) for policy in (IDLE, BUSY))
    print(
        f"\nbought leads: first response {idle[:, 0]} and {busy[:, 0]} minutes, {idle[:, 1]} and {busy[:, 1]} lost late"
    )
    np.testing.assert_allclose(busy[:, 0], idle[:, 0], rtol=0.01)
    np.testing.assert_allclose(busy[:, 1], idle[:, 1], atol=0.003)


def test_a_seller_who_leaves_takes_reach_along_that_takes_months_to_come_back() -> None:
    half_years = [slice(TICKS + TICKS // 2 * h, TICKS + TICKS // 2 * (h + 1)) for h in range(4)]
    stayed, left = ([watch({**CALM, "horizon.years": 3}, r, leavers=leavers) for r in FEW] for leavers in ((), (0,)))

    def of_seat(name: str) -> Floats:
        """Views or followers of the seat by half-year after, as a share of those with the one who stayed."""
        both = [[getattr(w, name)[:, 0] for w in pair] for pair in zip(left, stayed, strict=True)]
        return np.array([[after[h].sum() / before[h].sum() for h in half_years] for after, before in both])

    gift = np.array([after.talent[-1, 0] / before.talent[-1, 0] for after, before in zip(left, stayed, strict=True)])
    reach, followers = of_seat("views") / gift[:, None], of_seat("followers")
    views = np.array([[w.views[half_years[0]].sum() for w in worlds] for worlds in (stayed, left)])
    lost = (views[0] - views[1]) / np.array([w.views[half_years[0], 0].sum() for w in stayed])
    print(f"\nreach of the seat by half-year, of that of one who stays, per talent {reach.round(2).tolist()},")
    print(f"  followers {followers.round(2).tolist()}; views lost in all, of those of the one who left {lost.round(2)}")
    for before, after in zip(stayed, left, strict=True):
        np.testing.assert_array_equal(before.views[:TICKS], after.views[:TICKS])
    assert clearly_above(lost, 0.5), "the others do not make up for it"
    assert (reach[:, 0] < 0.2).all()
    assert (followers[:, 0] < 0.3).all()
    assert (np.diff(reach, axis=1)[:, :2] > 0).all(), "comes back"
    assert (reach[:, -1] > 4 * reach[:, 0]).all()
    assert (reach[:, 1] < 0.6).all(), "but not within a year"


def test_accounts_that_belong_to_the_store_make_leaving_cost_less() -> None:
    # All sellers leave, so that a pair of worlds compares twelve of them.
    everybody, after = range(12), slice(TICKS, TICKS + TICKS // 2)
    stayed, left, kept = (
        [watch({**CALM, **settings}, r, leavers=leavers) for r in FEW]
        for settings, leavers in (
            ({"horizon.years": 3}, ()),
            ({}, everybody),
            (kos(followers_leave_share=0), everybody),
        )
    )
    views, followers = np.array(
        [[(w.views[after].sum(), w.followers[TICKS].sum()) for w in worlds] for worlds in (stayed, left, kept)]
    ).transpose(2, 0, 1)
    print(f"\nviews in the half-year after all sellers left {(views[1:] / views[0]).round(3).tolist()} of those with")
    print(
        f"  nobody leaving, where followers go along and where not; followers {(followers[1:] / followers[0]).round(3)}"
    )
    assert clearly_above(views[2] / views[1] - 1, 0)
    assert (views[2] < 0.5 * views[0]).all(), "the successors' accounts are new all the same"
    assert (np.abs(followers[1] / followers[0] - 0.2) < 0.05).all(), "four of five go along"
    assert (followers[2] > 0.8 * followers[0]).all()
