"""Owners: what they are like, spans of driving the brand, what owners did in a year, and the credits they earned."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from sim.table import Table, column
from sim.world.people import F64, I8, I16, I32, I64, Bool, Rows


class Owners(Table):
    """Households that drive the brand or once did, one row each from the first car on. Moments of infinity mean never.

    They are few among all households, so that what only they have lies close together here.
    """

    person: I32 = column(np.int32, "", "row of the household")
    id: I32 = column(np.int32, "", "its permanent id")
    segment: I8 = column(np.int8, "", "its segment, index")
    ownership: I32 = column(np.int32, "", "row of the present ownership, -1 for who drives another car", -1)
    owned_since: F64 = column(np.float64, "years", "moment the household began to drive the brand", np.nan)
    km: F64 = column(np.float64, "km", "mileage with the brand at the start of the horizon, for initial owners")
    km_per_year: F64 = column(np.float64, "km/year", "driven per year")
    satisfaction: F64 = column(np.float64, "share", "satisfaction of an owner, 0 to 1")
    relationship: I32 = column(np.int32, "", "row of the kept relationship, -1 none", -1)
    first_order: I32 = column(np.int32, "", "row of the first delivered order, -1 none", -1)
    stay_left: F64 = column(
        np.float64, "hazard", "hazard still to pass before the relationship ends, as of `care_from`"
    )
    care_from: F64 = column(np.float64, "years", "moment `stay_left` was last reckoned")
    care_at: F64 = column(np.float64, "years", "next contact with service", np.inf)
    cares: I16 = column(np.int16, "", "contacts with service so far")
    spells: I16 = column(np.int16, "", "relationships so far")
    talk_at: F64 = column(np.float64, "years", "next occasion to talk about the car", np.inf)
    talks: I32 = column(np.int32, "", "such occasions so far")
    rewarded: I16 = column(np.int16, "", "rewarded referrals in `rewarded_year`")
    rewarded_year: I16 = column(np.int16, "", "calendar year of that count")
    rewarded_ever: I32 = column(np.int32, "", "rewarded referrals so far")
    holds_credit: Bool = column(np.bool_, "", "holds a vested credit that is neither redeemed nor expired")


class Ownerships(Table):
    """Unbroken spans of driving the brand: from a delivery (or before the start) to a rival's car or a return."""

    person: I32 = column(np.int32, "", "row of the household")
    order: I32 = column(np.int32, "", "row of the order whose delivery began it, -1 initial owner", -1)
    began: F64 = column(np.float64, "years", "begin")
    ended: F64 = column(np.float64, "years", "end, nan while it lasts", np.nan)
    referrer: I32 = column(np.int32, "", "id of the owner who brought the household, -1 nobody", -1)
    generation: I16 = column(np.int16, "", "0 brought by nobody, otherwise the referrer's generation plus 1")
    zeal: F64 = column(np.float64, "ratio", "talkativeness: multiple of the average rate of occasions to talk", 1.0)
    broker: Bool = column(np.bool_, "", "has put the own code where strangers find it")
    willing_year: I16 = column(np.int16, "", "calendar year of the last good word, 0 never")
    inviting_year: I16 = column(np.int16, "", "calendar year of the last invitation, 0 never")
    successful_year: I16 = column(
        np.int16, "", "calendar year of the last delivery brought through the programme, 0 never"
    )


class Act(IntEnum):
    """What an owner did at least once in a calendar year."""

    WILLING = 0
    INVITING = 1
    SUCCESSFUL = 2


class Acts(Table):
    """Owners who acted in a year: one row per ownership, calendar year and kind."""

    ownership: I32 = column(np.int32, "", "row of the ownership")
    year: I16 = column(np.int16, "", "calendar year")
    act: I8 = column(np.int8, "", "Act")


class CreditState(IntEnum):
    """Where a credit stands; the names are `sim.records.CREDIT_STATES`."""

    PENDING = 0
    VOID = 1
    VESTED = 2
    CLAWED_BACK = 3
    REDEEMED = 4
    EXPIRED = 5


class Credits(Table):
    """Credits promised to owners, one per claim of a referral, on the terms of the order."""

    owner: I32 = column(np.int32, "", "row of the household it is promised to")
    order: I32 = column(np.int32, "", "row of the order claimed")
    kind: I8 = column(np.int8, "", "kind of reward, index in the policy's list")
    face: I64 = column(np.int64, "minor units", "face value")
    cost_share: F64 = column(np.float64, "share", "marginal cost when redeemed")
    expected: F64 = column(np.float64, "share", "share of the face expected to be redeemed")
    cap_per_year: F64 = column(np.float64, "per year", "rewarded referrals per owner and calendar year")
    cap_lifetime: F64 = column(np.float64, "count", "rewarded referrals per owner for life")
    expiry: F64 = column(np.float64, "years", "time after vesting in which it can be redeemed")
    pending: F64 = column(np.float64, "years", "order")
    vested: F64 = column(np.float64, "years", "delivery, where it was granted", np.nan)
    closed: F64 = column(np.float64, "years", "end, nan while pending or vested", np.nan)
    state: I8 = column(np.int8, "", "CreditState")
    redeemed: I64 = column(np.int64, "minor units", "face value redeemed so far")
    booked: I64 = column(np.int64, "minor units", "cost in the books, net of what was trued up or clawed back")


class Claim(IntEnum):
    """On whose word an order claims the programme's terms."""

    NONE = 0
    REFERRAL = 1
    """A lead that an owner's invitation brought."""
    SELF = 2
    """An owner's own code for the own next car."""
    BROKED = 3
    """A stranger's code, found in public."""


class Claims(NamedTuple):
    """What orders claim of the programme; one element each."""

    kind: I8
    """Claim."""
    code: Rows
    """Id of the owner whose code is claimed, -1 none."""
    rejected: Bool
    """A check rejected the claim."""
