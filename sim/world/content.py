"""Sellers' accounts, who follows them, and what of their content is in the air."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from sim.scenario.schema.root import Scenario
from sim.table import Table, column
from sim.world.people import F64, I16, I32, I64, Rows


class Kind(IntEnum):
    """What a piece of content is for: one of the four posts of a cycle (N25), a bait, or a live stream."""

    SEE = 0
    SELECT = 1
    BUY = 2
    SERVICE = 3
    BAIT = 4
    LIVE = 5


CYCLE = 4
"""Posts of a cycle: see, select, buy, service."""
OF_ACCOUNT = ("view_weeks", "price_per_thousand_views", "feed_share", "trust", "contact", "partner")
"""Parameters of a platform that are read account by account."""


class Accounts(Table):
    """Accounts of sellers, seller by seller and platform by platform; a row stays with the seat."""

    seller: I32 = column(np.int32, "", "row of the seller")
    platform: I16 = column(np.int16, "", "platform, index")
    ripe: F64 = column(np.float64, "share", "how far the platform has come to trust the account, 0 to 1")
    followers: I32 = column(np.int32, "", "households of the district that follow it")
    trust: F64 = column(np.float64, "trust", "stock of trust of someone who has followed for ever")
    partner_trust: F64 = column(np.float64, "trust", "the same of the partner")
    owner_trust: F64 = column(np.float64, "trust", "the same of an owner, from posts about service")
    contact: F64 = column(np.float64, "1/year", "hazard of contact data from a follower now, at interest 1")
    views: F64 = column(np.float64, "views", "views in the district in the calendar year so far")


class Follows(Table):
    """Spells in which a household follows an account, in the order of their begin."""

    person: I32 = column(np.int32, "", "row of the household")
    account: I32 = column(np.int32, "", "row of the account")
    began: F64 = column(np.float64, "years", "begin")
    until: F64 = column(np.float64, "years", "moment interest would be lost")
    ended: F64 = column(np.float64, "years", "end, nan while it lasts", np.nan)
    trust: F64 = column(np.float64, "trust", "the account's stock of trust at the begin, not of this follower's making")
    partner_trust: F64 = column(np.float64, "trust", "the same of the partner")
    owner_trust: F64 = column(np.float64, "trust", "the same of an owner")


def accounts_of(sellers: int, platforms: int) -> Accounts:
    """Accounts of all sellers on all platforms, seller by seller."""
    accounts = Accounts(sellers * platforms)
    accounts.seller[:] = np.repeat(np.arange(sellers), platforms)
    accounts.platform[:] = np.tile(np.arange(platforms), sellers)
    return accounts


class Content:
    """State of sellers' content. Groups are district x segment; accounts stand seller by seller."""

    def __init__(self, scenario: Scenario, seller_district: Rows, households: Rows) -> None:
        platforms = list(scenario.market.platforms.values())
        segments = list(scenario.market.segments)
        self.begun = False
        """Whether anybody has ever published, or the founder has."""
        self.platforms = platforms
        self.names = list(scenario.market.platforms)
        self.users: F64 = np.array([[p.used_by(s) for s in segments] for p in platforms]).reshape(-1, len(segments))
        """Share of households that use it, platforms x segments."""
        by_district = households.reshape(-1, len(segments))
        self.public: F64 = np.cumsum(by_district[:, None, :] * self.users, axis=2)[:, :, -1]
        """Households of the district that use it, districts x platforms."""
        sellers = len(seller_district)
        self.district: I16 = np.repeat(seller_district, len(platforms)).astype(np.int16)
        """District of each account."""
        self.cell: I64 = (self.district.astype(np.int64)[:, None] * len(segments) + np.arange(len(segments))).ravel()
        """District x segment of each element of an array of accounts x segments."""
        self.first_account: I64 = np.searchsorted(self.district, np.arange(len(by_district) + 1))
        """First account of each district, and the end of the last one's."""
        self.of_account: dict[str, F64] = {
            name: np.tile([getattr(p, name) for p in platforms], sellers) for name in OF_ACCOUNT
        }
        """Parameters of each account's platform."""
        self.buzz: F64 = np.zeros((sellers * len(platforms), len(Kind)))
        """Views still to come of what is published, accounts x kinds."""
        groups = len(households)
        self.follow: F64 = np.zeros(groups)
        """Cumulative hazard of following a seller."""
        self.follow_rate: F64 = np.zeros(groups)
        """The same per year, now."""
        self.search_buy: F64 = np.zeros(groups)
        """Hazard of leaving contact data after a post that asks for it, per year of search, at interest 1, for those
        who know the brand."""
        self.search_live: F64 = np.zeros(groups)
        """The same after a live stream."""
        self.search_bait: F64 = np.zeros(groups)
        """The same after a bait, for everybody."""
        self.search_founder: F64 = np.zeros(groups)
        """The same after the founder's posts."""
        self.browse: F64 = np.zeros(groups)
        """The same after sellers' content outside a search, per year and household."""
        self.browse_founder: F64 = np.zeros(groups)
        self.awareness: F64 = np.zeros(groups)
        """Awareness that sellers' and the founder's posts add per year; the next two are trust."""
        self.trust: F64 = np.zeros(groups)
        self.partner_trust: F64 = np.zeros(groups)
        shape = (sellers * len(platforms), len(segments))
        self.by_buy: F64 = np.zeros(shape)
        """Part of each account in `search_buy` of its district, accounts x segments; the next four likewise."""
        self.by_live: F64 = np.zeros(shape)
        self.by_bait: F64 = np.zeros(shape)
        self.by_browse: F64 = np.zeros(shape)
        self.by_follow: F64 = np.zeros(shape)
        self.hours_paid = np.zeros(by_district.shape[0], dtype=np.int64)
        """Publishing hours booked so far, minor units by district; support likewise."""
        self.hours_run = np.zeros(by_district.shape[0])
        self.support_paid = np.zeros(by_district.shape[0], dtype=np.int64)
        self.support_run = np.zeros(by_district.shape[0])
