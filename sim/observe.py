"""From tables to records: the logs of a replicate, in the order of permanent ids and moments."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.channels import KOS, PAID_ADS, VERTICAL_MEDIA
from sim.process import programme
from sim.records import Columns, Noted, Records
from sim.table import Table
from sim.world.people import I8, Rows
from sim.world.world import World

_LEADS = [
    "household",
    "episode",
    "segment",
    "district",
    "channel",
    "first_touch",
    "arrived",
    "answered",
    "reached",
    "visited",
    "tested",
    "ordered",
    "closed",
    "outcome",
    "referrer",
    "tie",
    "tenure",
    "generation",
    "store",
    "seller",
    "mature",
    "live",
    "hours",
    "pooled",
]
_ORDERS = [
    "household",
    "number",
    "segment",
    "district",
    "channel",
    "first_touch",
    "referrer",
    "tie",
    "tenure",
    "generation",
    "lead",
    "mature",
    "followed",
    "ordered",
    "cancelled",
    "delivered",
    "returned",
    "first",
    "repurchase",
    "price",
    "discount",
    "subsidy",
    "code",
    "claim",
    "rejected",
]

_SELLERS = {
    **dict.fromkeys(("year", "store", "posts", "leads", "orders"), np.int32),
    **dict.fromkeys(("district", "seat", "hire"), np.int16),
    "publishes": np.bool_,
    "followers": np.int64,
    **dict.fromkeys(("since", "publishing_hours", "selling_hours", "views", "ripe"), np.float64),
}


def records(world: World) -> Records:
    """The logs of everything that happened so far."""
    s = world.scenario
    return Records(
        start_year=s.horizon.start_year,
        years=s.horizon.years,
        run_off_years=s.economics.run_off_years,
        ticks_per_year=s.horizon.ticks_per_year,
        follow_up_weeks=s.economics.follow_up_weeks,
        discount_rate_per_year=s.economics.discount_rate_per_year,
        ltv_window_years=s.economics.ltv_window_years,
        currency=s.currency,
        districts=tuple(d.name for d in s.market.districts),
        segments=tuple(s.market.segments),
        weights=world.weights.copy(),
        seller_hour_cost=np.full(len(world.weights), world.hourly_pay, dtype=np.int64),
        reward_kinds=_reward_kinds(world),
        leads=_columns(world.leads, _LEADS),
        orders=_columns(world.orders, _ORDERS),
        margins=_of_people(world, world.margins, ["order", "moment", "amount", "purpose"]),
        relationships=_of_people(world, world.relationships, ["order", "began", "ended", "referrer", "generation"]),
        ownerships=_ownerships(world),
        credits=_credits(world),
        acts=_acts(world),
        replacements=_of_people(world, world.replacements, ["moment", "same_brand"]),
        ledger=world.ledger.columns(),
        stocks=_stocks(world),
        sellers=_sellers(world),
        hours=_hours(world),
        media=_media(world),
        noted=_noted(world),
    )


def _columns(table: Table, names: list[str]) -> Columns:
    """Copy columns of a table whose rows already stand in the order of moments and ids."""
    return {name: getattr(table, name).copy() for name in names}


def _of_people(world: World, table: Any, names: list[str]) -> Columns:
    """Copy columns of a log, with the household's id, segment and district, ordered by the first moment and the id."""
    people = world.people
    columns: Columns = {
        "household": people.id[table.person],
        "segment": people.segment[table.person],
        "district": people.district[table.person],
        **{name: getattr(table, name) for name in names},
    }
    moment = columns["moment"] if "moment" in columns else columns["began"]
    order = np.lexsort((columns["household"], moment))
    return {name: values[order] for name, values in columns.items()}


def _ownerships(world: World) -> Columns:
    """Spans of driving the brand, with who brought them and whether the programme is open to them."""
    columns = _of_people(world, world.ownerships, ["order", "began", "ended", "referrer", "generation"])
    columns["eligible"] = _eligible(world, world.row_of[columns["household"]])
    return columns


def _acts(world: World) -> Columns:
    """What owners did in a year, in the order of years, kinds and ids."""
    people, spans, acts = world.people, world.ownerships, world.acts
    person = spans.person[acts.ownership]
    columns: Columns = {
        "household": people.id[person],
        "segment": people.segment[person],
        "district": people.district[person],
        "year": acts.year.astype(np.int32),
        "act": acts.act,
        "eligible": _eligible(world, person.astype(np.int64)),
        "generation": spans.generation[acts.ownership],
    }
    order = np.lexsort((columns["household"], columns["act"], columns["year"]))
    return {name: values[order] for name, values in columns.items()}


def _credits(world: World) -> Columns:
    """Credits in the order in which they were promised; `household` is the owner's."""
    people, credits = world.people, world.credits
    names = ["order", "kind", "face", "expiry", "pending", "vested", "closed", "state", "redeemed", "booked"]
    return {
        "household": people.id[credits.owner],
        "segment": people.segment[credits.owner],
        "district": people.district[credits.owner],
        **_columns(credits, names),
    }


def _programme(world: World) -> Any:
    """The referral programme of the scenario, None without one."""
    return dict(world.scenario.active_policies()).get("referral")


def _reward_kinds(world: World) -> tuple[str, ...]:
    """Names of the kinds of reward, by their number in credits."""
    policy = _programme(world)
    return ("credit", *(policy.rewards if policy is not None and policy.gives_ever else ()))


def _eligible(world: World, rows: Rows) -> I8:
    """Whether the programme of the scenario is open to households; no label (-1) where it makes no difference."""
    policy = _programme(world)
    if policy is None or policy.eligible_share >= 1.0 or not policy.gives_ever:
        return np.full(len(rows), -1, dtype=np.int8)
    return programme.within_share(world, rows, policy.eligible_share, policy.invite_rule == "degree").astype(np.int8)


def _stocks(world: World) -> Columns:
    """Yearly stocks, one row per year, district and segment."""
    segments = len(world.segments)
    groups = len(world.weights) * segments
    columns: Columns = {
        "year_end": np.repeat(np.array([c["year_end"] for c in world.counts], dtype=np.int32), groups),
        "district": np.tile(np.repeat(np.arange(len(world.weights)), segments), len(world.counts)).astype(np.int16),
        "segment": np.tile(np.arange(segments), len(world.counts) * len(world.weights)).astype(np.int8),
    }
    for name in ("aware", "prospects", "open_leads", "waiting", "owners", "satisfaction_sum", "satisfaction_n"):
        columns[name] = np.concatenate([c[name] for c in world.counts]) if world.counts else np.empty(0)
    return columns


def _sellers(world: World) -> Columns:
    """What sellers did, one row per year and seat."""
    return {
        name: np.concatenate([np.empty(0, kind), *(year[name] for year in world.seller_years)])
        for name, kind in _SELLERS.items()
    }


def _hours(world: World) -> Columns:
    """Sellers' hours, one row per tick and district."""
    districts, ticks = len(world.weights), world.tick + 1
    grids: dict[str, NDArray[Any]] = {
        **{name: np.zeros((ticks, districts)) for name in ("worked", "publishing")},
        **{name: np.zeros((ticks, districts), dtype=np.int64) for name in ("calls", "visits", "test_drives")},
        "publishers": np.zeros((ticks, districts), dtype=np.int64),
    }
    for tick, tally in world.worked:
        for name in ("worked", "calls", "visits", "test_drives"):
            grids[name][tick] = tally[name]
    for tick, published in world.published:
        for name, values in published.items():
            grids[name][tick] = values
    sellers = np.bincount(world.stores.district[world.sellers.store], minlength=districts)
    hours = world.scenario.stores.hours_per_week * 52 * world.dt
    available = np.zeros(districts) if np.isinf(hours) else sellers * hours
    return {
        "tick": np.repeat(np.arange(ticks, dtype=np.int32), districts),
        "district": np.tile(np.arange(districts, dtype=np.int16), ticks),
        "available": np.tile(np.where(np.isinf(hours), np.inf, available), ticks),
        **{name: grid.ravel() for name, grid in grids.items()},
        "sellers": np.tile(sellers, ticks),
    }


def _media(world: World) -> Columns:
    """Money of the media so far, one row per medium and district: offered = spent + unspent, in minor units."""
    districts = len(world.weights)
    return {
        "district": np.tile(np.arange(districts, dtype=np.int16), 3),
        "channel": np.repeat(np.array([PAID_ADS, VERTICAL_MEDIA, KOS], dtype=np.int8), districts),
        "budget": world.media_offered.ravel().copy(),
        "spent": world.media_spent.ravel().copy(),
        "unspent": (world.media_offered - world.media_spent).ravel(),
    }


def _noted(world: World) -> Noted | None:
    """The journal, None where none was asked for."""
    people, journal = world.people, world.journal
    if journal is None:
        return None
    columns = {name: getattr(people, name)[world.row_of] for name in ("district", "segment")}
    words, awareness, redemptions = (
        _columns(table, list(table.columns)) for table in (journal.words, journal.awareness, journal.redemptions)
    )
    seller = world.accounts.seller[world.follows.account]
    follows = {
        "household": people.id[world.follows.person],
        "store": world.sellers.store[seller],
        "seller": seller,
        **_columns(world.follows, ["began", "ended"]),
    }
    return Noted(world.end, columns, words, awareness, redemptions, follows)
