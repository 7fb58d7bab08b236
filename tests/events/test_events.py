"""The event log: complete against the metrics, in order, and nothing but a log."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest

from sim.channels import CHANNELS
from sim.experiment.events import EventLog, log
from sim.experiment.happened import EVENTS, STAGES, WORDS
from sim.model import GrowthModel
from sim.records import Records
from sim.scenario import Scenario
from tests.small_world import differing, metric_values, same, simulate, small


@functools.cache
def scenario() -> Scenario:
    """Everything that can happen: returns, credits that expire or are used in part, checks, sellers who are late, who
    publish and leave."""
    programme = {"referrer_credit": 3000, "buyer_discount": 2000, "cap_per_year": 2, "credit_expiry_months": 6,
                 "check_share": 0.3, "start": 2020.2}  # fmt: skip
    changes = {"brand.return_days": 14, "policies.referral": programme, "brand.ecosystem_spend_per_year": 3000}
    changes |= {"market.platforms": {"notes": {"users": 0.6}}, "stores.turnover_per_year": 0.5,
                "policies.kos": {"livestreams_per_month": 4}}  # fmt: skip
    return small("referral", {**changes, "behaviour.return_per_week": 0.5}, (2000, 1500), allow_behaviour=True)


@functools.cache
def records() -> Records:
    return simulate(scenario(), events=True)


@functools.cache
def frame() -> pd.DataFrame:
    return log(records()).frame


def rows(*names: str) -> pd.DataFrame:
    return frame()[frame()["event"].isin(names)]


def test_a_log_changes_nothing_and_is_kept_on_demand_alone() -> None:
    without = simulate(scenario())
    assert without.noted is None
    assert differing(without, records()) == []
    assert str(metric_values(without)) == str(metric_values(records()))
    with pytest.raises(ValueError, match="events=True"):
        log(without)


def test_every_event_happens_and_belongs_to_a_stage() -> None:
    unserved = small("referral", {"stores.sellers_per_store": 0, "horizon.years": 1}, (200, 200))
    happened = set(frame()["event"]) | set(log(simulate(unserved, events=True)).frame["event"])
    assert happened == set(EVENTS)
    assert set(frame()["stage"]) == set(STAGES)


FLOWS = {
    "lead": "leads",
    "visit": "visits",
    "test_drive": "test_drives",
    "order": "orders",
    "cancellation": "cancellations",
    "delivery": "deliveries",
    "return": "returns",
    "replaced_same_brand": "repurchases",
    "replaced_by_rival": "defections",
}


@pytest.mark.parametrize(("event", "metric"), FLOWS.items())
def test_weighted_events_are_the_flows_of_the_metrics(event: str, metric: str) -> None:
    values = metric_values(records())
    years = range(2020, 2020 + records().years)
    counted = rows(event).groupby("year")["represents"].sum()
    assert sum(counted) > 0
    for year in years:
        assert counted.get(year, 0.0) == values[metric, (("year", year),)]
    if (metric, (("channel", CHANNELS[0]),)) not in values or event.startswith("replaced"):
        return
    by_channel = rows(event)[rows(event)["year"].isin(years)].groupby("channel", observed=False)["represents"].sum()
    for channel in CHANNELS:
        assert by_channel[channel] == values[metric, (("channel", channel),)]


def test_stocks_are_what_came_less_what_went() -> None:
    values = metric_values(records())
    stocks = {
        "aware": (("known_at_start", "brand_known"), ("brand_forgotten",)),
        "owners": (("ownership_began",), ("ownership_ended",)),
        "waiting": (("order",), ("delivery", "cancellation")),
    }
    for metric, (gains, losses) in stocks.items():
        for year in range(2020, 2020 + records().years):
            end = year + 1 - 2020
            before = frame()["moment"] < end
            # Who gave up the car or ceased to follow in the last tick knew the brand to its very end, but no longer at
            # the count.
            gave_up = rows("ownership_ended", "follow_ended")
            late = gave_up["household"][gave_up["moment"].between(end - 1 / 52, end)]
            forgot = (frame()["event"] == "brand_forgotten") & (frame()["moment"] == end)
            before |= forgot & frame()["household"].isin(late)
            net = sum(
                sign * frame()["represents"][before & frame()["event"].isin(names)].sum()
                for names, sign in ((gains, 1), (losses, -1))
            )
            assert net == values[metric, (("year", year),)], (metric, year)


def test_money_is_that_of_the_books() -> None:
    r = records()
    margins = rows("delivery", "return", "service")
    assert margins["value"].sum() == r.margins["amount"].sum()
    assert margins["value"][margins["event"] == "return"].max() < 0 < margins["value"].sum()
    assert rows("order")["value"].sum() == r.orders["price"].sum()
    spent = rows("credit_redeemed").groupby(["household", "other", "order"], observed=True)["value"].sum()
    assert -spent.sum() == r.credits["redeemed"].sum() > 0
    partly = (r.credits["redeemed"] > 0) & (r.credits["redeemed"] < r.credits["face"])
    assert partly.any(), "some credits are used in part, which the table of credits dates nowhere"
    ends = ["credit_promised", "credit_void", "credit_redeemed", "credit_expired", "credit_clawed_back"]
    pending_or_vested = np.isnan(r.credits["closed"])
    outstanding = (r.credits["face"] - r.credits["redeemed"])[pending_or_vested].sum()
    assert rows(*ends)["value"].sum() == outstanding > 0


def test_rows_are_in_a_total_order() -> None:
    codes = log(records()).columns
    keys = pd.DataFrame({name: codes[name] for name in ("moment", "household", "event", "order", "lead", "other")})
    assert not keys.duplicated().any()
    assert keys.equals(keys.sort_values(list(keys), kind="stable", ignore_index=True))


def happened_at(event: str, *by: str) -> pd.Series[float]:
    """Moments of an event by household and what else names it."""
    return rows(event).set_index(["household", *by])["moment"]


@pytest.mark.parametrize(
    ("earlier", "later", "by"),
    [
        ("lead", "answered", ["lead"]),
        ("lead", "visit", ["lead"]),
        ("answered", "visit", ["lead"]),
        ("visit", "test_drive", ["lead"]),
        ("test_drive", "order", ["lead"]),
        ("visit", "order", ["lead"]),
        ("lead", "lead_lost_late", ["lead"]),
        ("answered", "lead_without_need", ["lead"]),
        ("order", "delivery", ["order"]),
        ("order", "cancellation", ["order"]),
        ("delivery", "return", ["order"]),
        ("delivery", "ownership_began", ["order"]),
        ("ownership_began", "ownership_ended", ["order"]),
        ("relationship_began", "relationship_ended", ["order"]),
        ("lead", "lead_brought", ["lead"]),
        ("lead", "visit_booked", ["lead"]),
        ("credit_promised", "credit_vested", ["other", "order"]),
        ("credit_vested", "credit_expired", ["other", "order"]),
    ],
)
def test_a_way_is_gone_in_its_order(earlier: str, later: str, by: list[str]) -> None:
    if later.endswith("brought"):
        after = rows(later).set_index(["other", *by])["moment"].rename_axis(["household", *by])
    else:
        after = happened_at(later, *by)
    if later.startswith(("ownership", "relationship")):
        after = after[after.index.get_level_values("order") >= 0]  # initial owners share the number -1
    before = happened_at(earlier, *by)
    pairs = before[before.index.get_level_values(-1) >= 0].to_frame("before").join(after.rename("after"), how="right")
    if earlier == "test_drive":  # not every visit has one
        pairs = pairs.dropna()
    assert len(pairs) > 0
    assert (pairs["before"] <= pairs["after"]).all(), "missing or too late"


def test_who_walks_in_knows_the_brand() -> None:
    """The model lets only those walk into a store who know the brand; the log says since when."""
    turns = rows("known_at_start", "brand_known", "brand_forgotten").sort_values("moment", kind="stable")
    turns = turns.assign(known=turns["event"] != "brand_forgotten")[["household", "moment", "known"]]
    walked = rows("lead")[rows("lead")["channel"] == "walk_in"].sort_values("moment", kind="stable")
    found = pd.merge_asof(walked[["household", "moment"]], turns, on="moment", by="household")
    assert len(found) > 100
    assert found["known"].eq(True).all()
    everybody = pd.merge_asof(
        rows("lead").sort_values("moment")[["household", "moment"]], turns, on="moment", by="household"
    )
    assert not everybody["known"].eq(True).all(), "an advertisement needs no known brand"


def test_nobody_learns_twice_without_forgetting() -> None:
    turns = rows("known_at_start", "brand_known", "brand_forgotten")
    known = turns["event"] != "brand_forgotten"
    assert (known != known.groupby(turns["household"]).shift(fill_value=False)).all()


def test_words_have_two_ends() -> None:
    for heard, said in WORDS:
        one, other = rows(heard), rows(said)
        assert len(one) > 0
        keys = ["moment", "household", "other", "tie"]
        swapped = other.rename(columns={"household": "other", "other": "household"})
        left, right = (f[keys].sort_values(keys, ignore_index=True) for f in (one, swapped))
        pd.testing.assert_frame_equal(left, right)
    brought = rows("lead_brought").merge(
        rows("invitation_received", "warm_invitation_received", "good_word_heard"),
        left_on=["other", "household", "moment"],
        right_on=["household", "other", "moment"],
    )
    assert len(brought) == len(rows("lead_brought")) > 0, "a lead is brought at the moment of the word"
    for event in ("lead", "order", "delivery"):
        assert len(rows(f"{event}_brought")) == (rows(event)["other"] >= 0).sum() > 0


def test_first_touches_are_those_of_the_records() -> None:
    firsts = rows("first_touch")
    assert firsts["household"].is_unique
    leads = pd.DataFrame({name: records().leads[name] for name in ("household", "episode", "first_touch", "arrived")})
    found = rows("lead").merge(leads, left_on=["household", "lead"], right_on=["household", "episode"])
    assert (found["first_touch_x"] == np.array(CHANNELS)[found["first_touch_y"]]).all()
    assert set(found["first_touch_x"]) >= {"paid_ads", "vertical_media", "kos", "referral", "word_of_mouth"}
    followed = rows("lead").merge(rows("follow_began"), on="household", suffixes=("", "_follow"))
    assert (followed["moment_follow"] < followed["moment"])[followed["first_touch"] == "kos"].any()
    before = frame().merge(firsts[["household", "moment"]], on="household", suffixes=("", "_first"), how="left")
    blank = before["first_touch"].isna()
    assert (before["moment"] <= before["moment_first"].fillna(np.inf))[blank].all()


def test_spells_of_following_are_those_of_the_world() -> None:
    """A household follows one seller at a time, and what the last year-end counts is what began and has not ended."""
    turns = rows("follow_began", "follow_ended")
    began = turns["event"] == "follow_began"
    assert (began != began.groupby(turns["household"]).shift(fill_value=False)).all()
    year_end = records().sellers["year"] == 2021
    before = turns[turns["moment"] < 2]
    net = 2 * (before["event"] == "follow_began").groupby(before["seller"]).sum() - before["seller"].value_counts()
    counted = records().sellers["followers"][year_end]
    assert counted.sum() > 50
    assert [net.get(seller, 0) for seller in range(len(counted))] == counted.tolist()


def test_events_stand_for_the_households_of_their_district() -> None:
    people = GrowthModel(scenario()).world.people
    district = dict(zip(people.id.tolist(), people.district.tolist(), strict=True))
    segment = dict(zip(people.id.tolist(), people.segment.tolist(), strict=True))
    some = frame().sample(500, random_state=1)
    assert (some["district"] == [f"district-{district[h]}" for h in some["household"]]).all()
    names = list(scenario().market.segments)
    assert (some["segment"] == [names[segment[h]] for h in some["household"]]).all()
    assert (some["year"] == 2020 + np.floor(some["moment"])).all()


def same_log(one: EventLog, other: EventLog) -> bool:
    return one.labels == other.labels and all(same(one.columns[name], other.columns[name]) for name in one.columns)


def test_permuted_rows_of_people_give_the_same_log() -> None:
    shuffled = np.random.default_rng(1).permutation(3500)
    assert same_log(log(simulate(scenario(), order=shuffled, events=True)), log(records()))


def test_what_has_been_logged_does_not_change() -> None:
    model = GrowthModel(scenario(), events=True)
    for _ in range(100):
        model.step()
    early, whole = log(model.records()), log(records())
    until = whole.columns["moment"] < 100 / 52
    assert len(early) == until.sum() > 1000
    assert same_log(early, EventLog({name: c[until] for name, c in whole.columns.items()}, whole.labels))
