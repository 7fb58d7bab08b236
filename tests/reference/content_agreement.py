"""Sellers' content held against the twin: sellers, accounts, followers, and what groups meet."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.reference.agreement import Agreement, Getter

SAME_NAMES = {
    "seller": """
        store seat hire skill free_at code district quit_at talent publishes published_since drive posts_per_week
        streams_per_week publishing_hours posts_due streams_due posts streams learned bait year_posts year_publishing
        year_selling year_leads year_orders lately_hours lately_leads lately_orders""",
    "account": "platform ripe followers trust partner_trust owner_trust contact views",
    "follow": "began until ended trust partner_trust owner_trust",
    "year of a seller": """
        year district store seat hire publishes since posts publishing_hours selling_hours leads orders views followers
        ripe""",
    "content": "search_buy search_live search_bait search_founder browse_founder follow follow_rate",
}
"""Columns that are called the same in the fast model and here."""


def plain(what: str) -> dict[str, Getter]:
    return {name: operator.attrgetter(name) for name in SAME_NAMES[what].split()}


ACCOUNT_COLUMNS = plain("account") | {"seller": lambda a: a.seller.row}
FOLLOW_COLUMNS = plain("follow") | {"person": lambda f: f.person.id, "account": lambda f: f.account.row}
PARTS = ("by_buy", "by_live", "by_bait", "by_browse", "by_follow")
"""An account's parts in what its district meets."""
GROUP_COLUMNS = plain("content") | {
    "browse": operator.attrgetter("browse_content"),
    "awareness": operator.attrgetter("content_awareness"),
    "trust": operator.attrgetter("content_trust"),
    "partner_trust": operator.attrgetter("content_partner_trust"),
}
BILL_COLUMNS: dict[str, Getter] = {
    "hours_run": operator.attrgetter("hours"),
    "support_run": operator.attrgetter("support"),
    "hours_paid": operator.attrgetter("hours_paid"),
    "support_paid": operator.attrgetter("support_paid"),
}


def compare(a: Agreement) -> None:
    """Compare all there is after a tick."""
    world, m = a.model.world, a.twin.market
    a.rows("seller", world.sellers, m.sellers, plain("seller"))
    a.rows("account", world.accounts, m.accounts, ACCOUNT_COLUMNS)
    a.rows("follow", world.follows, m.follows, FOLLOW_COLUMNS)
    a.values("store", "mature", world.stores.mature.tolist(), m.mature)
    content = world.content
    a.value("content", -1, "begun", content.begun, m.begun)
    a.values("content", "public", content.public.tolist(), m.public)
    a.values("content", "buzz", content.buzz.tolist(), [account.buzz for account in m.accounts])
    for name in PARTS if m.begun else ():
        a.values("account", name, getattr(content, name).tolist(), [getattr(x, name) for x in m.accounts])
    columns(a, "content", content, m.groups, GROUP_COLUMNS)
    columns(a, "bill", content, m.bills, BILL_COLUMNS)
    years = world.seller_years
    a.value("year of a seller", -1, "rows", sum(len(year["year"]) for year in years), len(m.seller_years))
    if years and not (m.tick + 1) % m.ticks_per_year:
        for name, get in plain("year of a seller").items():
            mine = [get(year) for year in m.seller_years[len(m.seller_years) - len(m.sellers) :]]
            a.values("year of a seller", name, years[-1][name].tolist(), mine)


def columns(a: Agreement, what: str, fast: Any, mine: list[Any], getters: dict[str, Getter]) -> None:
    """Compare arrays with one element for each of the twin's objects."""
    for name, get in getters.items():
        a.values(what, name, getattr(fast, name).tolist(), [get(x) for x in mine])
