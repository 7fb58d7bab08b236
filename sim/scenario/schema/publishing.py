"""Whether what a policy of sellers' content asks for can be done: on these platforms, in these working hours."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sim.levers import Levers
from sim.policies.base import Moment
from sim.policies.kos import Kos
from sim.scenario.schema.market import Market
from sim.scenario.schema.stores import Stores
from sim.scenario.suggest import advice
from sim.scenario.tree import clipped
from sim.schedule import Schedule

ROUNDING_HOURS = 1e-9
"""By how much hours may be exceeded: sums of fractions are not exact."""


def faults(kos: Kos, market: Market, stores: Stores, first: float, end: float) -> list[tuple[str, str]]:
    """Return what contradicts market and stores, as paths below the policy and messages.

    `first` and `end` are the calendar years between which the scenario is simulated.
    """
    strange = [*_strange_platforms(kos, market)]
    return strange or [*_too_many_hours(kos, market, stores, _moments(kos, first, end))][:1]


def _strange_platforms(kos: Kos, market: Market) -> Iterator[tuple[str, str]]:
    for place, name in enumerate(kos.platforms or ()):
        if name not in market.platforms:
            hint = advice(name, market.platforms, "platforms are") or "market.platforms has none; add it there"
            yield f"platforms[{place}]", f"there is no platform {clipped(name)!r}; {hint}"


def _too_many_hours(kos: Kos, market: Market, stores: Stores, moments: list[float]) -> Iterator[tuple[str, str]]:
    """Yield the moments in which sellers are asked for more than they can work, looked at where schedules bend."""
    accounts = _accounts(kos, market)
    if accounts == 0 or math.isinf(stores.hours_per_week):
        return
    for year in moments:
        levers = Levers()
        kos.apply(levers, Moment(year, 0.0))
        asked = levers.content
        posts, each = asked.posts_per_week, asked.hours_of_post(accounts)
        streams = asked.streams_per_week() * asked.hours_per_stream
        if asked.participation > 0 and posts * each + streams > stores.hours_per_week + ROUNDING_HOURS:
            live = f" and {streams:.6g} hours of live streams" if streams else ""
            message = (
                f"must leave sellers within their hours: {posts:.15g} posts a week of {each:.6g} hours each{live} make "
                f"{posts * each + streams:.6g} hours in {year:g}, but stores.hours_per_week is "
                f"{stores.hours_per_week:.15g}"
            )
            yield "posts_per_seller_week" if posts * each >= streams else "livestreams_per_month", message


def notes(kos: Kos, market: Market, first: float, end: float) -> Iterator[tuple[str, str]]:
    """Yield what is allowed but hardly meant, as paths below the policy and messages."""
    moments = _moments(kos, first, end)

    def ever(term: Schedule[float]) -> bool:
        return any(term.at(year) > 0 for year in moments)

    if not moments:
        return  # it never runs, which is said elsewhere
    founder, taking_part, accounts = ever(kos.founder_followers), ever(kos.participation_share), _accounts(kos, market)
    asked = ever(kos.posts_per_seller_week) or ever(kos.livestreams_per_month)
    if taking_part and accounts == 0:
        where, lacking = (
            ("", "market.platforms is empty") if kos.platforms is None else ("platforms", "the list is empty")
        )
        yield where, f"{lacking}, so that sellers can post nowhere{'; only the founder acts' if founder else ''}"
    if not taking_part and asked and (not founder or "posts_per_seller_week" in kos.model_fields_set):
        yield "participation_share", "nobody takes part, so that nobody makes the posts that are asked for"
    if taking_part and accounts and asked and not ever(kos.support):
        yield "support", "without any support posting dies out (N21)"
    by_leads, by_orders = kos.pay_volume_weight * kos.bonus_per_lead, kos.pay_conversion_weight * kos.bonus_per_order
    if by_leads > 0 and by_orders == 0:
        zero = "bonus_per_order" if kos.pay_conversion_weight else "pay_conversion_weight"
        yield zero, "leads are paid for and orders are not, so that sellers turn to collecting contact data (N23)"
    if ever(kos.traffic_budget_per_year) and not (taking_part and accounts and asked):
        yield "traffic_budget_per_year", "there are no posts to buy views for, so that the budget stays unspent"
    represented, most = sum(d.represents for d in market.districts), max(kos.founder_followers.at(y) for y in moments)
    if most > represented:
        message = f"{most:.15g} is more than the {represented} households of the market, each of which counts once"
        yield "founder_followers", message


def _accounts(kos: Kos, market: Market) -> int:
    """Return on how many platforms a seller publishes."""
    return len(market.platforms if kos.platforms is None else kos.platforms)


def _moments(kos: Kos, first: float, end: float) -> list[float]:
    """Return the calendar years that bound the policy's run, and those at which one of its schedules bends."""
    begin = first if kos.start is None else max(first, kos.start)
    end = end if kos.stop is None else min(end, kos.stop)
    terms: list[Schedule[float]] = [kos.participation_share, kos.posts_per_seller_week, kos.livestreams_per_month]
    terms += [kos.support, kos.founder_followers, kos.traffic_budget_per_year]
    knots = {year for term in terms for year in term.years if begin < year < end}
    return sorted({*knots, begin, end}) if begin < end else []
