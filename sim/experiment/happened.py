"""What happened, event by event: the rows of the event log as the records tell them, not yet in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.channels import KOS, REFERRAL, WORD_OF_MOUTH
from sim.records import CREDIT_STATES, LEAD_OUTCOMES, Columns, Noted, Records

STAGES = ("awareness", "acquisition", "activation", "retention", "referral", "revenue")

STAGE_OF = {
    "brand_forgotten": "awareness",
    "known_at_start": "awareness",
    "brand_known": "awareness",
    "good_word_heard": "awareness",
    "bad_word_heard": "awareness",
    "invitation_received": "awareness",
    "warm_invitation_received": "awareness",
    "follow_ended": "awareness",
    "follow_began": "awareness",
    "first_touch": "awareness",
    "lead": "acquisition",
    "visit_booked": "activation",
    "answered": "activation",
    "visit": "activation",
    "test_drive": "activation",
    "lead_lost_late": "acquisition",
    "lead_without_need": "acquisition",
    "lead_to_rival": "acquisition",
    "lead_without_seller": "acquisition",
    "order": "revenue",
    "cancellation": "revenue",
    "delivery": "revenue",
    "return": "revenue",
    "replaced_same_brand": "retention",
    "replaced_by_rival": "retention",
    "relationship_ended": "retention",
    "ownership_ended": "retention",
    "ownership_began": "retention",
    "relationship_began": "retention",
    "service": "revenue",
    "good_word_said": "referral",
    "bad_word_said": "referral",
    "invitation_sent": "referral",
    "warm_invitation_sent": "referral",
    "lead_brought": "referral",
    "order_brought": "referral",
    "delivery_brought": "referral",
    "credit_promised": "referral",
    "credit_void": "referral",
    "credit_vested": "referral",
    "credit_redeemed": "referral",
    "credit_clawed_back": "referral",
    "credit_expired": "referral",
}
"""The stage of every event; of events of one household at one moment the earlier in this list comes first."""

EVENTS = tuple(STAGE_OF)
TOUCHES = (*("good_word_heard", "bad_word_heard", "invitation_received", "warm_invitation_received"),
           *("follow_began", "lead"))  # fmt: skip
"""Contacts between the household and the brand or its owners that somebody could have seen: words, sellers followed,
and contact data."""

_LOST = {"lost_late": "lead_lost_late", "no_need": "lead_without_need", "bought_rival": "lead_to_rival",
         "no_seller": "lead_without_seller"}  # fmt: skip
WORDS = (
    ("good_word_heard", "good_word_said"),
    ("bad_word_heard", "bad_word_said"),
    ("invitation_received", "invitation_sent"),
    ("warm_invitation_received", "warm_invitation_sent"),
)
"""What a word is to its hearer and to its speaker; an invitation is warm where it comes with praise."""


def _rows(event: str, where: NDArray[np.bool_] | None = None, **columns: NDArray[Any]) -> Columns:
    """Rows of one event; `where` keeps some of them."""
    kept = columns if where is None else {name: values[where] for name, values in columns.items()}
    return {**kept, "event": np.full(len(kept["household"]), EVENTS.index(event), dtype=np.int8)}


def rows(records: Records, noted: Noted) -> Iterator[Columns]:
    """Rows of all events but first touches, in tables of one event each; a moment of nan did not happen.

    Columns that a table lacks are blank.
    """
    yield from _awareness(noted)
    yield from _words(noted)
    yield from _follows(records, noted)
    yield from _leads(records)
    yield from _orders(records)
    yield from _owners(records)
    yield from _credits(records, noted)


def _awareness(noted: Noted) -> Iterator[Columns]:
    """Who came to know the brand, and who forgot it."""
    rows = noted.awareness
    known, start = rows["known"], rows["moment"] <= 0.0
    columns = {name: rows[name] for name in ("household", "moment", "channel")}
    yield _rows("known_at_start", known & start, **columns)
    yield _rows("brand_known", known & ~start, **columns)
    yield _rows("brand_forgotten", ~known, **columns)


def _kind(words: Columns) -> NDArray[np.int64]:
    """Index in WORDS."""
    return np.select([words["invitation"] & words["good"], words["invitation"], words["bad"]], [3, 2, 1], 0)


def _words(noted: Noted) -> Iterator[Columns]:
    """Every word twice: as the hearer's and as the speaker's."""
    words, kind = noted.words, _kind(noted.words)
    shared = {
        "moment": words["moment"],
        "channel": np.where(words["invitation"], np.int8(REFERRAL), np.int8(WORD_OF_MOUTH)),
        "tie": words["strong"].astype(np.int8),
    }
    for code, (heard, said) in enumerate(WORDS):
        yield _rows(heard, kind == code, household=words["hearer"], other=words["speaker"], **shared)
        yield _rows(said, kind == code, household=words["speaker"], other=words["hearer"], **shared)


def _follows(records: Records, noted: Noted) -> Iterator[Columns]:
    """Who began and ceased to follow a seller. A spell lasts for a tick at least: as long as the model takes to see
    that it is over. Who finds another seller in the tick in which one ends is with that one from its start."""
    follows = noted.follows
    order = np.lexsort((follows["began"], follows["household"]))
    household, began = follows["household"][order], follows["began"][order]
    again = np.append(np.where(household[1:] == household[:-1], began[1:], np.nan), np.nan)[: len(order)]
    seen = (np.rint(began * records.ticks_per_year) + 1) / records.ticks_per_year
    ended = np.fmin(np.maximum(follows["ended"][order], seen), again)
    shared = {"household": household, **{name: follows[name][order] for name in ("store", "seller")}}
    shared["channel"] = np.full(len(order), KOS)
    yield _rows("follow_began", moment=began, **shared)
    yield _rows("follow_ended", moment=ended, **shared)


def first_touches(records: Records, noted: Noted) -> Columns:
    """The first word, seller followed or contact data of each household; within a tick sellers are followed first, then
    words are heard, then contact data is left."""
    words, leads, follows = noted.words, records.leads, noted.follows
    nobody = np.full(len(follows["household"]), -1)
    ticks = np.arange((records.years + records.run_off_years) * records.ticks_per_year + 1) / records.ticks_per_year
    dated = leads["arrived"], follows["began"]
    touches = {
        "household": (words["hearer"], leads["household"], follows["household"]),
        "tick": (words["tick"], *(np.searchsorted(ticks, of, side="right") - 1 for of in dated)),
        "moment": (words["moment"], *dated),
        "channel": (
            np.where(words["invitation"], REFERRAL, WORD_OF_MOUTH),
            leads["channel"],
            np.full_like(nobody, KOS),
        ),
        "other": (words["speaker"], leads["referrer"], nobody),
        "tie": (words["strong"].astype(np.int8), leads["tie"], nobody),
        "lead": (np.full(len(words["tick"]), -1), leads["episode"], nobody),
    }
    columns: Columns = {name: np.concatenate(every) for name, every in touches.items()}
    keys = ("other", "moment", "lead", "tick", "household")
    order = np.lexsort([columns[name] for name in keys])
    household = columns["household"][order]
    first = order[np.diff(household, prepend=-1) != 0]
    return _rows("first_touch", **{name: values[first] for name, values in columns.items()})


def _leads(records: Records) -> Iterator[Columns]:
    """What became of contact data, for who left it and for who brought it."""
    leads = records.leads
    shared = {name: leads[name] for name in ("household", "channel", "tie", "store", "seller")}
    shared |= {"lead": leads["episode"], "other": leads["referrer"]}
    unserved = {name: values for name, values in shared.items() if name != "seller"}
    yield _rows("lead", moment=leads["arrived"], **unserved)
    yield _rows("visit_booked", leads["live"].astype(bool), moment=leads["arrived"], **unserved)
    for event, moment in (("answered", "answered"), ("visit", "visited"), ("test_drive", "tested")):
        yield _rows(event, moment=leads[moment], **shared)
    for outcome, event in _LOST.items():
        yield _rows(event, leads["outcome"] == LEAD_OUTCOMES.index(outcome), moment=leads["closed"], **shared)
    yield _brought("lead_brought", leads["arrived"], unserved)


def _brought(event: str, moment: NDArray[np.float64], shared: Columns) -> Columns:
    """The same for the owner on whose word it happened."""
    turned = {**shared, "household": shared["other"], "other": shared["household"], "moment": moment}
    return _rows(event, shared["other"] >= 0, **turned)


def _of_orders(records: Records) -> Columns:
    """What events of an order have in common."""
    orders, leads = records.orders, records.leads
    of_lead = {new: leads[old][orders["lead"]] for new, old in (("lead", "episode"), ("store",) * 2, ("seller",) * 2)}
    columns = {name: orders[name] for name in ("household", "channel", "tie")}
    return {**columns, **of_lead, "order": orders["number"], "other": orders["referrer"]}


def _orders(records: Records) -> Iterator[Columns]:
    """Orders and what became of them; a delivery brings the car's margin, a return takes it back."""
    orders, shared = records.orders, _of_orders(records)
    yield _rows("order", moment=orders["ordered"], value=orders["price"], **shared)
    yield _rows("cancellation", moment=orders["cancelled"], value=-orders["price"], **shared)
    delivered, returned = np.flatnonzero(orders["delivered"] >= 0.0), np.flatnonzero(orders["returned"] >= 0.0)
    rows = np.concatenate([delivered, returned])
    moment = np.concatenate([orders["delivered"][delivered], orders["returned"][returned]])
    cars = records.margins["purpose"] == 0
    # Margins of cars stand in the order of moments and households, one for every delivery and return.
    value = np.empty(len(rows), dtype=np.int64)
    value[np.lexsort((orders["household"][rows], moment))] = records.margins["amount"][cars]
    columns = {**{name: values[rows] for name, values in shared.items()}, "moment": moment, "value": value}
    back = np.arange(len(rows)) >= len(delivered)
    yield _rows("delivery", ~back, **columns)
    yield _rows("return", back, **columns)
    yield _brought("order_brought", orders["ordered"], shared)
    yield _brought("delivery_brought", orders["delivered"], shared)


def _owners(records: Records) -> Iterator[Columns]:
    """Service, and what owners kept or gave up; of those who ordered, with the channel of that order."""
    margins, replaced = records.margins, records.replacements
    service = margins["purpose"] == 1
    shared = {**_of_order(records, margins), "moment": margins["moment"], "value": margins["amount"]}
    yield _rows("service", service, **shared)
    for name, spans in (("ownership", records.ownerships), ("relationship", records.relationships)):
        columns = {**_of_order(records, spans), "other": spans["referrer"]}
        yield _rows(f"{name}_began", moment=spans["began"], **columns)
        yield _rows(f"{name}_ended", moment=spans["ended"], **columns)
    columns = {name: replaced[name] for name in ("household", "moment")}
    yield _rows("replaced_same_brand", replaced["same_brand"], **columns)
    yield _rows("replaced_by_rival", ~replaced["same_brand"], **columns)


def _of_order(records: Records, rows: Columns) -> Columns:
    """Household, and channel and number of the order that rows of a table belong to; blank for initial owners."""
    orders, ordered = records.orders, rows["order"] >= 0
    columns: Columns = {"household": rows["household"]}
    for new, old in (("order", "number"), ("channel", "channel")):
        columns[new] = np.full(len(ordered), -1)
        columns[new][ordered] = orders[old][rows["order"][ordered]]
    return columns


def _credits(records: Records, noted: Noted) -> Iterator[Columns]:
    """The life of credits, for the owner who holds them; the value is the face value that moved."""
    credits, orders = records.credits, _of_orders(records)
    shared = {name: values[credits["order"]] for name, values in orders.items() if name in ("channel", "lead", "order")}
    shared |= {"household": credits["household"], "other": orders["household"][credits["order"]]}
    face, left = credits["face"], credits["face"] - credits["redeemed"]
    yield _rows("credit_promised", moment=credits["pending"], value=face, **shared)
    yield _rows("credit_vested", moment=credits["vested"], value=face, **shared)
    for state, value in (("void", face), ("clawed_back", left), ("expired", left)):
        ended = credits["state"] == CREDIT_STATES.index(state)
        yield _rows(f"credit_{state}", ended, moment=credits["closed"], value=-value, **shared)
    spent = noted.redemptions
    of_credit = {name: values[spent["credit"]] for name, values in shared.items()}
    yield _rows("credit_redeemed", moment=spent["moment"], value=-spent["amount"], **of_credit)
