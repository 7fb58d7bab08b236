"""Conversion of leads, by cohorts of arrival.

Every lead is followed for the same `follow_up_weeks` after it arrived, and what comes later does not count; leads not
observed that long are left out. The product of the two stages is the whole only where every order follows a visit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.channels import REFERRAL, WALK_IN, WORD_OF_MOUTH
from sim.metrics.base import (
    BY_ALL,
    BY_MATURITY,
    BY_SEGMENT,
    BY_YEAR,
    By,
    Cube,
    Events,
    Floats,
    View,
    metric,
    once,
    ratio,
    whole_years,
)
from sim.records import LEAD_OUTCOMES, Columns
from sim.units import MINUTES_PER_YEAR, WEEKS_PER_YEAR

BY_REFERRED: tuple[By, ...] = (*BY_ALL, ("referred",), ("year", "referred"))
BY_ANSWERED: tuple[By, ...] = (*BY_YEAR, ("answered",))
UP_TO_MINUTES = (5.0, 30.0, 60.0, 360.0, 1440.0, np.inf)
"""Upper ends of the classes of `ANSWERED`, minutes."""
WARM = (REFERRAL, WORD_OF_MOUTH, WALK_IN)
"""Channels whose leads do not cool: they were introduced, or stand in the store."""
BY_TIE: tuple[By, ...] = (*BY_SEGMENT, ("tie",), ("year", "tie"), ("tenure_year",), ("generation",))


def _follow_up(view: View) -> float:
    return view.records.follow_up_weeks / WEEKS_PER_YEAR


@once
def _followed(view: View) -> NDArray[np.bool_]:
    """Leads of the horizon that were observed for the whole follow-up."""
    arrived = view.records.leads["arrived"]
    return view.in_horizon(arrived) & (arrived + _follow_up(view) <= view.records.end)


def _in_time(view: View, leads: Columns, moment: str) -> NDArray[np.bool_]:
    """Followed leads to which it happened within the follow-up."""
    happened: NDArray[np.bool_] = _followed(view) & (leads[moment] <= leads["arrived"] + _follow_up(view))
    return happened


def _cohort(view: View, where: NDArray[np.bool_]) -> Cube:
    leads = view.records.leads
    codes = {name: leads[name] for name in ("segment", "channel")}
    codes["year"] = view.year(leads["arrived"], followed=_follow_up(view))
    return view.tally(codes, leads["district"], where)


@once
def followed_leads(view: View) -> Cube:
    """Leads with full follow-up on segment, channel, year."""
    return _cohort(view, _followed(view))


@once
def _visited(view: View) -> Cube:
    return _cohort(view, _in_time(view, view.records.leads, "visited"))


@once
def _visited_and_ordered(view: View) -> Cube:
    leads = view.records.leads
    return _cohort(view, _in_time(view, leads, "visited") & _in_time(view, leads, "ordered"))


@once
def _ordered(view: View) -> Cube:
    return _cohort(view, _in_time(view, view.records.leads, "ordered"))


@once
def _lost_late(view: View) -> Cube:
    leads = view.records.leads
    return _cohort(view, _in_time(view, leads, "closed") & (leads["outcome"] == LEAD_OUTCOMES.index("lost_late")))


def _referred(view: View, where: NDArray[np.bool_]) -> Events:
    """Referred leads on year, segment, tie, tenure_year, generation."""
    leads = view.records.leads
    row = np.flatnonzero(where & (leads["channel"] == REFERRAL))
    codes = {name: leads[name][row] for name in ("segment", "tie", "generation")}
    codes["tenure_year"] = whole_years(leads["tenure"][row])
    codes["year"] = view.year(leads["arrived"][row], followed=_follow_up(view))
    return Events(view, leads["district"][row], codes)


@once
def _referred_leads(view: View) -> Events:
    return _referred(view, _followed(view))


@once
def _referred_ordered(view: View) -> Events:
    return _referred(view, _in_time(view, view.records.leads, "ordered"))


def _cooling(view: View, where: NDArray[np.bool_]) -> Cube:
    """Leads that expect no call, and booked no visit on a live stream, on year and time to the answer."""
    leads = view.records.leads
    minutes = (leads["answered"] - leads["arrived"]) * MINUTES_PER_YEAR
    answered = np.where(np.isnan(minutes), len(UP_TO_MINUTES), np.searchsorted(UP_TO_MINUTES[:-1], minutes, "right"))
    codes = {"year": view.year(leads["arrived"], followed=_follow_up(view)), "answered": answered}
    return view.tally(codes, leads["district"], where & ~np.isin(leads["channel"], WARM) & ~leads["live"])


@once
def _cooling_leads(view: View) -> Cube:
    return _cooling(view, _followed(view))


@once
def _cooling_ordered(view: View) -> Cube:
    return _cooling(view, _in_time(view, view.records.leads, "ordered"))


@metric(unit="share", better="up", by=BY_ALL)
def lead_to_visit(view: View, by: By) -> Floats:
    """Share of the leads opened in the period, fully followed up, that visited a store within the follow-up."""
    return ratio(_visited(view).by(by), followed_leads(view).by(by))


@metric(unit="share", better="up", by=BY_ALL)
def visit_to_order(view: View, by: By) -> Floats:
    """Of the leads opened in the period that visited within the follow-up, the share that ordered within it."""
    return ratio(_visited_and_ordered(view).by(by), _visited(view).by(by))


@once
def _maturity_leads(view: View) -> tuple[Cube, Cube]:
    """Leads of stores whose sellers had accounts, fully followed up, and those of them that ordered in time."""
    leads = view.records.leads
    year = view.year(leads["arrived"], followed=_follow_up(view))
    codes = {"year": year, "store_maturity": leads["mature"]}
    followed = _followed(view) & (leads["mature"] >= 0)
    ordered = followed & _in_time(view, leads, "ordered")
    return view.tally(codes, leads["district"], followed), view.tally(codes, leads["district"], ordered)


@metric(unit="share", better="up", by=(*BY_REFERRED, *BY_MATURITY))
def lead_to_order(view: View, by: By) -> Floats:
    """Share of the leads opened in the period, fully followed up, that ordered within the follow-up; `store_maturity`
    as of leads."""
    if "store_maturity" in by:
        followed, ordered = _maturity_leads(view)
        return ratio(ordered.by(by), followed.by(by))
    return ratio(_ordered(view).by(by), followed_leads(view).by(by))


@metric(unit="share", better="down", by=BY_ALL)
def leads_lost_late(view: View, by: By) -> Floats:
    """Share of the leads opened in the period, fully followed up, lost because the answer came too late or never."""
    return ratio(_lost_late(view).by(by), followed_leads(view).by(by))


@metric(unit="count", better=None, by=BY_ANSWERED)
def cooling_leads(view: View, by: By) -> Floats:
    """Leads opened in the period, fully followed up, that a late answer loses: neither did an owner bring them, nor did
    they walk in or come from a live stream. By the time from contact data to the first answer."""
    return _cooling_leads(view).by(by)


@metric(unit="share", better="up", by=BY_ANSWERED)
def cooling_lead_to_order(view: View, by: By) -> Floats:
    """Share of these leads that ordered within the follow-up, by the time from contact data to the first answer."""
    return ratio(_cooling_ordered(view).by(by), _cooling_leads(view).by(by))


@metric(unit="share", better="up", by=BY_TIE)
def referral_conversion(view: View, by: By) -> Floats:
    """Share of the referred leads opened in the period, fully followed up, that ordered within the follow-up, by the
    tie between the two, the year of ownership in which the referrer invited (1 the first) and the lead's generation."""
    return ratio(_referred_ordered(view).by(by), _referred_leads(view).by(by))
