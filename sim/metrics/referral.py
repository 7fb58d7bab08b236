"""What owners bring through the referral programme; unrewarded recommendation is the channel word_of_mouth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim import numeric
from sim.channels import REFERRAL
from sim.metrics.base import BY_CHANNEL, BY_SEGMENT, BY_YEAR, By, Cube, Events, Floats, Ints, View, metric, once, ratio
from sim.metrics.flows import delivery_flow
from sim.metrics.owners import (
    caused,
    owners_of_years,
    ownership_ends,
    ownership_of_referrer,
    ownership_years,
    present,
    successful_referrals,
)
from sim.records import ACTS
from sim.units import WEEKS_PER_YEAR

BY_ACTOR: tuple[By, ...] = (*BY_SEGMENT, ("referred",), ("year", "referred"), ("eligible",), ("year", "eligible"))
BY_REFERRER: tuple[By, ...] = (*BY_ACTOR, ("tenure_year",), ("generation",))
BY_CAUSE: tuple[By, ...] = (*BY_CHANNEL, ("segment",), ("generation",), ("eligible",), ("year", "eligible"))
TAIL_SHARE = 0.1
"""Share of owner-years, and of ends of ownership, that the last class of a life table holds at least."""


@once
def _referred_deliveries(view: View) -> Cube:
    orders = view.records.orders
    codes = {"year": view.year(orders["delivered"]), "segment": orders["segment"]}
    wanted = view.in_horizon(orders["delivered"]) & (orders["channel"] == REFERRAL)
    return view.tally(codes, orders["district"], wanted)


@metric(unit="share", better=None, by=BY_SEGMENT)
def referral_share(view: View, by: By) -> Floats:
    """Referred deliveries by all deliveries of the period."""
    return ratio(_referred_deliveries(view).by(by), delivery_flow(view).by(by))


@metric(unit="referrals/owner-year", better="up", by=BY_REFERRER)
def referrals_per_owner_year(view: View, by: By) -> Floats:
    """Successful referrals (referred deliveries) of the period by owner-years of driving the brand, the relationship
    kept or not. All dimensions are the referrer's: `tenure_year` 1 is the first of the ownership, a referral counting
    where the invitation was spoken; `generation` 0 was brought by nobody; `referred` says whether another owner brought
    the referrer, through the programme or without it."""
    return ratio(successful_referrals(view).by(by), ownership_years(view).by(by))


@once
def _acts(view: View) -> dict[str, Events]:
    """Owners of each year who were willing, inviting, successful."""
    table = view.records.acts
    year = table["year"] - view.records.start_year
    found = {}
    for code, name in enumerate(ACTS):
        row = np.flatnonzero((table["act"] == code) & (year >= 0) & (year < view.records.years))
        codes = {"year": year[row], "segment": table["segment"][row], "eligible": table["eligible"][row]}
        codes["referred"] = table["generation"][row] > 0
        found[name] = Events(view, table["district"][row], codes)
    return found


@metric(unit="share", better="up", by=BY_ACTOR)
def owners_willing(view: View, by: By) -> Floats:
    """Of the owners at any time in a year, the share that spoke well of the brand to somebody in it; over several years
    owners count once in each. `referred` as in referrals_per_owner_year."""
    return ratio(_acts(view)["willing"].by(by), owners_of_years(view).by(by))


@metric(unit="share", better="up", by=BY_ACTOR)
def owners_inviting(view: View, by: By) -> Floats:
    """Of the owners at any time in a year, the share that invited somebody through the programme in it."""
    return ratio(_acts(view)["inviting"].by(by), owners_of_years(view).by(by))


@metric(unit="share", better="up", by=BY_ACTOR)
def owners_successful(view: View, by: By) -> Floats:
    """Of the owners at any time in a year, the share through whose invitation a car was delivered in it."""
    return ratio(_acts(view)["successful"].by(by), owners_of_years(view).by(by))


@metric(unit="deliveries/owner", better="up", by=BY_CAUSE)
def reproduction_number(view: View, by: By) -> Floats:
    """Mean deliveries that an owner causes while driving the brand, by invitation and by free word: a life table of the
    period. The deliveries caused per owner-year at each year of tenure are summed over the years that a new owner would
    live at it, if ownerships ended at the period's rates (those of all owners of the segment). With the same rates at
    every tenure that is the rate of causing by the rate of ending. A delivery counts in the period and at the tenure of
    the talk, whenever it came; years not observed for the follow-up after their end are left out. The oldest years of
    tenure, with a tenth of the owner-years and of the ends, share one rate, which also holds for all tenures beyond;
    ends at tenures not yet observed in a year are those of the whole horizon, so numbers of young brands and young
    generations are extrapolated. Above 1 owners would replace themselves by talk alone; `channel` gives the part of
    each, other dimensions are the referrer's."""
    births, lived, ends = _followed_owners(view)

    def grid(events: Events, dimensions: By) -> Floats:
        """Totals by age on those of the dimensions asked for that are given, the others of length 1."""
        given = tuple(name for name in by if name in dimensions)
        totals = events.by((*given, "age")).reshape(events.shape((*given, "age")))
        return np.expand_dims(totals, [place for place, name in enumerate(by) if name not in given])

    years = grid(lived, tuple(name for name in by if name != "channel"))
    rate = rates_by_age(grid(births, by), years, years)
    all_ends, all_years = grid(ends, ("segment",)), grid(lived, ("segment",))
    own_years = grid(lived, ("year", "segment"))
    own = ratio(grid(ends, ("year", "segment")), own_years)
    observed = (own_years > 0) & ~_oldest(all_ends)
    hazard = np.where(observed, own, rates_by_age(all_ends, all_years, all_ends))
    return over_life(rate, hazard).reshape(-1)


@once
def _followed_owners(view: View) -> tuple[Events, Events, Events]:
    """Deliveries caused, years lived and ends of ownerships in the years that were followed up."""
    followed = view.records.end - view.records.follow_up_weeks / WEEKS_PER_YEAR
    events = caused(view), ownership_years(view), ownership_ends(view)
    births, lived, ends = (part.only(part.codes["year"] + 1 <= followed) for part in events)
    return births, lived, ends


def _oldest(amount: Floats) -> NDArray[np.bool_]:
    """The fewest oldest ages (last axis) that hold a tenth of the amount."""
    older = np.cumsum(amount[..., ::-1], axis=-1)[..., ::-1]
    enough = (older >= TAIL_SHARE * older[..., :1]) & (older > 0)
    oldest: NDArray[np.bool_] = np.arange(amount.shape[-1]) >= enough.sum(axis=-1, keepdims=True) - 1
    return oldest


def rates_by_age(events: Floats, years: Floats, amount: Floats) -> Floats:
    """Events per year lived at each age (last axis); the oldest ages with a tenth of the amount share one rate. Ages at
    which nobody was observed take the rate of the age before, the first ones that of the first observed."""
    oldest = _oldest(amount)
    shared = ratio(
        *(np.where(oldest, part, 0.0).sum(axis=-1, keepdims=True) for part in np.broadcast_arrays(events, years))
    )
    known = np.broadcast_to(years > 0, np.broadcast_shapes(events.shape, years.shape))
    source = np.maximum.accumulate(np.where(known, np.arange(known.shape[-1]), -1), axis=-1)
    source = np.where(source < 0, np.argmax(known, axis=-1)[..., None], source)
    return np.where(oldest, shared, np.take_along_axis(ratio(*np.broadcast_arrays(events, years)), source, axis=-1))


def over_life(rate: Floats, hazard: Floats) -> Floats:
    """Events over a life in which they come at these rates and which ends at these hazards, both by age in years (last
    axis), the last age open; nan where lives would not end."""
    rate, hazard = np.broadcast_arrays(rate, hazard)
    left = numeric.exp(-hazard)
    begun = np.cumprod(np.concatenate([np.ones_like(left[..., :1]), left[..., :-1]], axis=-1), axis=-1)
    year = np.where(hazard > 0, ratio(1.0 - left, hazard), 1.0)
    year[..., -1] = ratio(np.ones_like(hazard[..., -1]), hazard[..., -1])
    total: Floats = (begun * year * rate).sum(axis=-1)
    return total


@once
def _referrers(view: View) -> tuple[Ints, Ints]:
    """Ownership of the referrer and year of each successful referral of the horizon."""
    orders = view.records.orders
    row = np.flatnonzero(view.in_horizon(orders["delivered"]) & (orders["channel"] == REFERRAL))
    referrer, year = ownership_of_referrer(view, row), view.year(orders["delivered"][row])
    return referrer[referrer >= 0], year[referrer >= 0]


def _top_share(view: View, share: float, by: By) -> Floats:
    """Share of successful referrals brought by the most successful owners, of the horizon or of each year."""
    referrer, year = _referrers(view)
    weight = view.records.weights[view.records.ownerships["district"]]
    every = range(view.records.years)
    values = []
    for period in [[code] for code in every] if by else [list(every)]:
        brought = np.bincount(referrer[np.isin(year, period)], minlength=len(weight))
        counted = np.logical_or.reduce([present(view, code) for code in period]) | (brought > 0)
        values.append(_concentration(brought[counted], weight[counted], share))
    return np.array(values)


def _concentration(brought: Ints, weight: Floats, share: float) -> float:
    """Part of all that is brought by the top `share` of owners; owners who brought equally much share their place."""
    owners = np.bincount(brought, weights=weight)[::-1]  # by how much they brought, most first
    amount = np.arange(len(owners))[::-1]
    total = float((owners * amount).sum())
    if total == 0.0:
        return float("nan")
    left = np.maximum(share * owners.sum() - (np.cumsum(owners) - owners), 0.0)
    return float((np.minimum(owners, left) * amount).sum() / total)


@metric(unit="share", better=None, by=BY_YEAR)
def referral_top1_share(view: View, by: By) -> Floats:
    """Share of the successful referrals of the period brought by the most successful 1% of its owners (whoever was one
    at any time in it)."""
    return _top_share(view, 0.01, by)


@metric(unit="share", better=None, by=BY_YEAR)
def referral_top10_share(view: View, by: By) -> Floats:
    """Share of the successful referrals of the period brought by the most successful 10% of its owners."""
    return _top_share(view, 0.10, by)
