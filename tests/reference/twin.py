"""The twin: built from the world of the fast model, then on its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.model import GrowthModel
from sim.streams import Key
from sim.world import build
from sim.world.owners import Owners
from tests.reference import (
    contact,
    delivery,
    effort,
    following,
    media,
    need,
    owning,
    posting,
    programme,
    rewards,
    selling,
    spans,
    staffing,
    talk,
)
from tests.reference.chance import Chance
from tests.reference.entities import Group, Household, Relationship, Seller, Tie
from tests.reference.market import Market
from tests.reference.publishers import Account

PLAIN = {"lead", "owner", "person", "relationship", "ownership", "first_order", "holds_credit", "follow"}
"""Columns that hold rows of other tables in the fast model and objects here."""


class Twin:
    """The rules of a tick, in the order in which they apply."""

    def __init__(self, model: GrowthModel) -> None:
        """Copy what was built, before the first step, as plain numbers; nothing else is taken from the model later."""
        assert model.world.tick == -1
        self.market = copied(model)

    def step(self) -> None:
        """One tick."""
        m = self.market
        m.begin_tick()
        need.arise(m)
        staffing.turn_over(m)
        effort.split(m)
        posting.publish(m)
        media.publish(m)
        following.gather(m)
        talk.spread(m)
        contact.collect(m)
        contact.assign(m)
        selling.work(m)
        delivery.hand_over(m)
        owning.live(m)
        rewards.lapse(m)
        owning.loosen(m)
        staffing.take_stock(m)


def copied(model: GrowthModel) -> Market:
    """The market as it was built."""
    world = model.world
    m = Market(model.world.scenario, Chance(Key(model.world.scenario.seed, model.replicate)))
    names = [name for name in world.people.columns if name not in PLAIN]
    columns = {name: getattr(world.people, name).tolist() for name in names}
    columns |= {name: of_owners(world, name) for name in Owners.columns if name not in PLAIN and name not in columns}
    columns["was_owner"] = (world.people.owner >= 0).tolist()
    columns["x"], columns["y"] = (place.tolist() for place in build.places(*whose(world), m.scenario, m.chance.key))
    m.households = [
        Household(**dict(zip(columns, values, strict=True))) for values in zip(*columns.values(), strict=True)
    ]
    assert [h.id for h in m.households] == list(range(len(m.households)))
    copy_ties(m, world.network)
    stores, sellers = world.stores, world.sellers
    m.staff = [
        [
            Seller(row, store, x, y, sellers.skill.tolist()[row], sellers.free_at.tolist()[row])
            for row in range(first, first + count)
        ]
        for store, (x, y, first, count) in enumerate(
            zip(*(column.tolist() for column in (stores.x, stores.y, stores.first_seller, stores.sellers)), strict=True)
        )
    ]
    m.district_of_store = stores.district.tolist()
    for row, person in enumerate(world.relationships.person.tolist()):
        h = m.households[person]
        h.relationship = Relationship(row, h, None, world.relationships.began.tolist()[row])
        m.relationships.append(h.relationship)
    m.eligible = programme.invited(m.scenario, m.households, m)
    for h in m.households:
        if h.drives_brand:
            spans.begin(m, h, None, h.owned_since)
    names = ["awareness", "trust", "partner_trust", "search_ads", "search_vertical", "browse_ads", "browse_vertical"]
    stocks = zip(*(getattr(world.media, name).tolist() for name in [*names, "browse"]), strict=True)
    m.groups = [Group(number, *values) for number, values in enumerate(stocks)]
    open_accounts(m, world)
    return m


def of_owners(world: Any, name: str) -> list[Any]:
    """A column of the owners' table by household; its default for who never drove the brand."""
    column = Owners.columns[name]
    values = np.full(len(world.people), column.default, column.dtype)
    values[world.owners.person] = getattr(world.owners, name)
    return list(values.tolist())


def whose(world: Any) -> tuple[Any, Any]:
    """Ids and districts of the households."""
    return world.people.id, world.people.district


def open_accounts(m: Market, world: Any) -> None:
    """What sellers bring along, their empty accounts, and the public of each platform."""
    m.sellers = [seller for staff in m.staff for seller in staff]
    names = ("district", "store", "seat", "code", "hire", "quit_at", "talent")
    values = zip(*(getattr(world.sellers, name).tolist() for name in names), strict=True)
    for seller, brought in zip(m.sellers, values, strict=True):
        seller.district, seller.store, seller.seat, seller.code, seller.hire, seller.quit_at, seller.talent = brought
        first = next(other for other in m.sellers if other.district == seller.district)
        seller.number = seller.store - first.store
        seller.accounts = [
            Account(seller.row * len(m.platforms) + place, seller, place) for place in range(len(m.platforms))
        ]
        m.accounts += seller.accounts
    m.mature = [-1] * len(m.staff)
    for district in range(m.districts):
        public = [0.0] * len(m.platforms)
        for segment in range(len(m.segments)):
            group = district * len(m.segments) + segment
            members = sum(h.group == group for h in m.households)
            public = [p + members * users[segment] for p, users in zip(public, m.users, strict=True)]
        m.public.append(public)


def copy_ties(m: Market, network: Any) -> None:
    """Who knows whom."""
    m.well_mixed = network.well_mixed
    if m.well_mixed:
        return
    start, friend, strong = network.start.tolist(), network.friend.tolist(), network.strong.tolist()
    for h in m.households:
        h.ties = [Tie(m.households[friend[i]], strong[i]) for i in range(start[h.id], start[h.id + 1])]
