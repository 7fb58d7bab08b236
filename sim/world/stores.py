"""Stores, sellers and what passes over their desks: leads and orders."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from sim.table import Table, column
from sim.world.people import F64, I8, I16, I32, I64, Bool


class Outcome(IntEnum):
    """How a lead ended; the names are `sim.records.LEAD_OUTCOMES`."""

    OPEN = 0
    LOST_LATE = 1
    NO_NEED = 2
    BOUGHT_RIVAL = 3
    ORDERED = 4
    NO_SELLER = 5


class Job(IntEnum):
    """What a lead waits for next."""

    CALL = 0
    ANSWER = 1
    NURTURE = 2
    VISIT = 3
    DECIDE = 4
    RECALL = 5


class Stores(Table):
    """Stores; sellers of one store are consecutive rows."""

    district: I16 = column(np.int16, "", "district, index")
    x: F64 = column(np.float64, "km", "place east of the district's centre")
    y: F64 = column(np.float64, "km", "place north of the district's centre")
    first_seller: I32 = column(np.int32, "", "row of the first seller")
    sellers: I32 = column(np.int32, "", "number of sellers")
    mature: I8 = column(
        np.int8, "", "1 where the accounts of its sellers are a year old on average, -1 without any", -1
    )


class Sellers(Table):
    """Sellers; a seller is (store, seat, hire), and rows stand in that order."""

    store: I32 = column(np.int32, "", "store")
    seat: I16 = column(np.int16, "", "seat within the store")
    hire: I16 = column(np.int16, "", "how many held this seat before")
    skill: F64 = column(np.float64, "share", "closing skill, 0 to 1")
    free_at: F64 = column(np.float64, "opening hours", "opening time at which the seller is next free")
    code: I32 = column(np.int32, "", "permanent number within the district: store x 1000 + seat")
    district: I16 = column(np.int16, "", "district, index")
    quit_at: F64 = column(np.float64, "years", "moment the seller leaves", np.inf)
    talent: F64 = column(np.float64, "factor", "gift for content: multiple of an ordinary seller's reach")
    publishes: Bool = column(np.bool_, "", "takes part in publishing now")
    published_since: F64 = column(np.float64, "years", "moment of the first post, nan before", np.nan)
    drive: F64 = column(np.float64, "share", "share of the posts asked for that the seller is willing to make", 1.0)
    posts_per_week: F64 = column(np.float64, "posts/week", "posts the seller makes now")
    streams_per_week: F64 = column(np.float64, "streams/week", "live streams the seller holds now")
    publishing_hours: F64 = column(np.float64, "hours/week", "working hours that go into publishing now")
    posts_due: F64 = column(np.float64, "posts", "part of the next post that is done")
    streams_due: F64 = column(np.float64, "streams", "part of the next live stream that is done")
    posts: I32 = column(np.int32, "", "posts so far")
    streams: I32 = column(np.int32, "", "live streams so far")
    learned: F64 = column(np.float64, "posts", "posts the seller learned from, by support")
    bait: F64 = column(np.float64, "share", "share of posts made only to collect contact data")
    year_posts: I32 = column(np.int32, "", "posts in the calendar year so far; the next columns likewise")
    year_publishing: F64 = column(np.float64, "hours", "hours spent on publishing")
    year_selling: F64 = column(np.float64, "hours", "hours spent on leads")
    year_leads: I32 = column(np.int32, "", "leads from own content")
    year_orders: I32 = column(np.int32, "", "orders from own content")
    lately_hours: F64 = column(np.float64, "hours", "publishing hours that are remembered")
    lately_leads: F64 = column(np.float64, "leads", "leads from own content that are remembered")
    lately_orders: F64 = column(np.float64, "orders", "orders from own content that are remembered")


class Leads(Table):
    """Contact data left, one row per lead, open and closed; a lead is (household, episode)."""

    person: I32 = column(np.int32, "", "row of the household")
    household: I32 = column(np.int32, "", "id of the household")
    episode: I32 = column(np.int32, "", "lead number of the household")
    segment: I8 = column(np.int8, "", "segment, index")
    district: I16 = column(np.int16, "", "district, index")
    channel: I8 = column(np.int8, "", "channel in which contact data was left")
    first_touch: I8 = column(np.int8, "", "channel of the first personal touch or contact")
    in_market: Bool = column(np.bool_, "", "left during a search")
    mature: I8 = column(np.int8, "", "`mature` of the store at assignment", -1)
    live: Bool = column(np.bool_, "", "left on a live stream, where a visit was booked")
    arrived: F64 = column(np.float64, "years", "moment contact data was left")
    cool_at: F64 = column(np.float64, "years", "moment after which a first call reaches nobody", np.inf)
    answered: F64 = column(np.float64, "years", "first call or greeting", np.nan)
    reached: Bool = column(np.bool_, "", "a call reached the person")
    visited: F64 = column(np.float64, "years", "visit", np.nan)
    tested: F64 = column(np.float64, "years", "test drive", np.nan)
    ordered: F64 = column(np.float64, "years", "order", np.nan)
    closed: F64 = column(np.float64, "years", "end", np.nan)
    outcome: I8 = column(np.int8, "", "Outcome")
    referrer: I32 = column(np.int32, "", "id of the owner who brought it, -1 none", -1)
    tie: I8 = column(np.int8, "", "1 strong, 0 weak, -1 none", -1)
    tenure: F64 = column(np.float64, "years", "years that owner had driven the brand at the talk", np.nan)
    generation: I16 = column(np.int16, "", "that owner's generation plus 1, 0 brought by nobody")
    store: I32 = column(np.int32, "", "store", -1)
    seller: I32 = column(np.int32, "", "seller: whose content brought it, or who works on it; -1 nobody yet", -1)
    hours: F64 = column(np.float64, "hours", "sellers' working time spent on it")
    pooled: Bool = column(np.bool_, "", "in the brand's pool")
    calls: I16 = column(np.int16, "", "calls so far")
    recalls: I8 = column(np.int8, "", "those of them that tried again someone not reached")
    next_at: F64 = column(np.float64, "years", "moment of the next job", np.inf)
    next_job: I8 = column(np.int8, "", "Job")


class Orders(Table):
    """Locked orders, one row each; an order is (household, number)."""

    person: I32 = column(np.int32, "", "row of the household")
    household: I32 = column(np.int32, "", "id of the household")
    number: I16 = column(np.int16, "", "order number of the household, from 0")
    segment: I8 = column(np.int8, "", "segment, index")
    district: I16 = column(np.int16, "", "district, index")
    channel: I8 = column(np.int8, "", "channel of the lead")
    first_touch: I8 = column(np.int8, "", "channel of the first touch")
    referrer: I32 = column(np.int32, "", "id of the referring owner, -1 none", -1)
    tie: I8 = column(np.int8, "", "1 strong, 0 weak, -1 none", -1)
    tenure: F64 = column(np.float64, "years", "years that owner had driven the brand at the talk", np.nan)
    generation: I16 = column(np.int16, "", "that owner's generation plus 1, 0 brought by nobody")
    lead: I32 = column(np.int32, "", "row of the lead")
    mature: I8 = column(np.int8, "", "`mature` of the store at the order", -1)
    followed: F64 = column(np.float64, "years", "how long the buyer had followed a seller, nan if not", np.nan)
    ordered: F64 = column(np.float64, "years", "order")
    cancel_at: F64 = column(np.float64, "years", "moment at which patience ends", np.inf)
    cancelled: F64 = column(np.float64, "years", "cancellation", np.nan)
    delivered: F64 = column(np.float64, "years", "delivery", np.nan)
    returned: F64 = column(np.float64, "years", "return of the car after delivery", np.nan)
    return_at: F64 = column(np.float64, "years", "moment the buyer would give the car back", np.inf)
    first: Bool = column(np.bool_, "", "delivery to a household that never owned the brand")
    repurchase: Bool = column(np.bool_, "", "replaces a car of the brand")
    price: I64 = column(np.int64, "minor units", "net price")
    margin: I64 = column(np.int64, "minor units", "contribution margin at list price, booked at delivery")
    discount: I64 = column(np.int64, "minor units", "discount granted")
    subsidy: I64 = column(np.int64, "minor units", "paid by others on top of it")
    code: I32 = column(np.int32, "", "id of the owner whose code was claimed, -1 none", -1)
    claim: I8 = column(np.int8, "", "Claim")
    rejected: Bool = column(np.bool_, "", "a check rejected the claim")
    credit: I32 = column(np.int32, "", "row of the credit promised, -1 none", -1)


class MarginOf(IntEnum):
    """What a margin was earned with."""

    CAR = 0
    SERVICE = 1


class Margins(Table):
    """Contribution margins as they are earned."""

    person: I32 = column(np.int32, "", "row of the household")
    order: I32 = column(np.int32, "", "row of the household's first delivered order, -1 initial owner")
    moment: F64 = column(np.float64, "years", "when")
    amount: I64 = column(np.int64, "minor units", "contribution margin")
    purpose: I8 = column(np.int8, "", "MarginOf")


class Relationships(Table):
    """Relationships with the brand, from delivery (or before the start) to their end."""

    person: I32 = column(np.int32, "", "row of the household")
    order: I32 = column(np.int32, "", "row of the delivery that began it, -1 initial owner")
    began: F64 = column(np.float64, "years", "begin")
    ended: F64 = column(np.float64, "years", "end, nan while kept", np.nan)
    referrer: I32 = column(np.int32, "", "id of the owner who brought the household, -1 nobody", -1)
    generation: I16 = column(np.int16, "", "0 brought by nobody, otherwise the referrer's generation plus 1")
    anchored: Bool = column(np.bool_, "", "the referrer's own relationship has been kept since it began")


class Replacements(Table):
    """Owners of the brand who replaced its car."""

    person: I32 = column(np.int32, "", "row of the household")
    moment: F64 = column(np.float64, "years", "when")
    same_brand: Bool = column(np.bool_, "", "with the brand again")
