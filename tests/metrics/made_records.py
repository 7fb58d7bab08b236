"""Records made by hand or at random, for tests of the metrics."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.metrics import compute
from sim.records import Records

NAN = float("nan")
WEEK = 1 / 52
MINUTE = 1 / 525600
PAID, MEDIA, REFERRAL, WORD_OF_MOUTH, WALK_IN = 0, 1, 5, 7, 8
CASH, ACCOUNTING, DISCOUNT, PAYROLL, REVENUE = range(5)
BRAND, BUYER = 0, 1

DEFAULTS: dict[str, dict[str, Any]] = {
    "leads": {
        "household": 0, "episode": 0, "segment": 0, "district": 0, "channel": PAID, "first_touch": -1, "arrived": NAN,
        "answered": NAN, "reached": False, "visited": NAN, "tested": NAN, "ordered": NAN, "closed": NAN, "outcome": 0,
        "referrer": -1, "tie": -1, "tenure": NAN, "generation": 0, "store": 0, "seller": 0, "mature": -1,
        "live": False, "hours": 0.0, "pooled": False,
    },
    "orders": {
        "household": 0, "number": 0, "segment": 0, "district": 0, "channel": PAID, "first_touch": -1, "referrer": -1,
        "tie": -1, "tenure": NAN, "generation": 0, "lead": 0, "mature": -1, "followed": NAN, "ordered": NAN,
        "cancelled": NAN, "delivered": NAN, "returned": NAN, "first": False, "repurchase": False, "price": 0,
        "discount": 0, "subsidy": 0, "claim": 0, "code": -1, "rejected": False,
    },
    "margins": {
        "household": 0, "order": -1, "segment": 0, "district": 0, "moment": 0.0, "amount": 0, "purpose": 1,
    },
    "relationships": {
        "household": 0, "segment": 0, "district": 0, "order": -1, "began": 0.0, "ended": NAN, "referrer": -1,
        "generation": 0,
    },
    "ownerships": {
        "household": 0, "segment": 0, "district": 0, "order": -1, "began": 0.0, "ended": NAN, "referrer": -1,
        "generation": 0, "eligible": True,
    },
    "credits": {
        "household": 0, "segment": 0, "district": 0, "order": 0, "kind": 0, "face": 0, "expiry": 0.5, "pending": NAN,
        "vested": NAN, "closed": NAN, "state": 0, "redeemed": 0, "booked": 0,
    },
    "acts": {"household": 0, "segment": 0, "district": 0, "year": 2020, "act": 0, "eligible": True, "generation": 0},
    "replacements": {"household": 0, "segment": 0, "district": 0, "moment": 0.0, "same_brand": False},
    "ledger": {"tick": 0, "district": 0, "channel": -1, "purpose": 0, "kind": CASH, "payer": BRAND, "amount": 0},
    "stocks": {
        "year_end": 2020, "district": 0, "segment": 0, "aware": 0, "prospects": 0, "open_leads": 0, "waiting": 0,
        "owners": 0, "satisfaction_sum": 0.0, "satisfaction_n": 0,
    },
    "hours": {
        "tick": 0, "district": 0, "available": 0.0, "worked": 0.0, "publishing": 0.0, "calls": 0, "visits": 0,
        "test_drives": 0, "sellers": 0, "publishers": 0,
    },
    "sellers": {
        "year": 2020, "district": 0, "store": 0, "seat": 0, "hire": 0, "publishes": True, "since": NAN, "posts": 0,
        "publishing_hours": 0.0, "selling_hours": 0.0, "leads": 0, "orders": 0, "views": 0.0, "followers": 0,
        "ripe": 0.0,
    },
    "media": {"tick": 0, "district": 0, "channel": 0, "budget": 0, "spent": 0, "unspent": 0},
}  # fmt: skip


def table(name: str, rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Columns from rows; what a row leaves out has its default."""
    for row in rows:
        assert set(row) <= set(DEFAULTS[name]), f"{name} has no column {set(row) - set(DEFAULTS[name])}"
    return {
        column: np.array([row.get(column, default) for row in rows], dtype=type(default))
        for column, default in DEFAULTS[name].items()
    }


def made(
    years: int = 2,
    run_off_years: int = 2,
    weights: tuple[float, ...] = (10.0, 4.0),
    window: float = 2.0,
    discount_rate: float = 0.1,
    **tables: list[dict[str, Any]],
) -> Records:
    """Records from lists of rows; two districts standing for 10 and 4, two segments, follow-up of 26 weeks.

    Without leads there is one that never arrived, for orders to point at.
    """
    tables = {"leads": [{}], **tables}
    return assembled(
        years, run_off_years, weights, window, discount_rate, {n: table(n, tables.get(n, [])) for n in DEFAULTS}
    )


def assembled(
    years: int,
    run_off_years: int,
    weights: tuple[float, ...],
    window: float,
    discount_rate: float,
    tables: dict[str, dict[str, np.ndarray]],
) -> Records:
    return Records(
        start_year=2020,
        years=years,
        run_off_years=run_off_years,
        ticks_per_year=52,
        follow_up_weeks=26.0,
        discount_rate_per_year=discount_rate,
        ltv_window_years=window,
        currency="CNY",
        districts=tuple(f"district-{place}" for place in range(len(weights))),
        segments=("families", "business"),
        weights=np.array(weights),
        seller_hour_cost=np.full(len(weights), 5000),
        reward_kinds=("credit",),
        **tables,
    )


class Values:
    """The metrics of some records, looked up by name and dimensions."""

    def __init__(self, records: Records) -> None:
        self.rows = compute(records)
        self._values = {(row.metric, frozenset(row.by.items())): row.value for row in self.rows}

    def __call__(self, metric: str, **by: Any) -> float:
        return self._values[metric, frozenset(by.items())]


def random_records(
    seed: int,
    leads: int = 400,
    orders: int = 120,
    margins: int = 900,
    ledger: int = 1000,
    owners: int = 150,
    claims: int = 200,
    years: int = 3,
    run_off_years: int = 3,
    weights: tuple[float, ...] = (10.0, 4.0, 2.5),
) -> Records:
    """Random but coherent records: moments follow each other, customers have margins after their delivery."""
    rng = np.random.default_rng(seed)
    end = years + run_off_years

    def later(moment: np.ndarray, mean: float, share: float) -> np.ndarray:
        after = moment + rng.exponential(mean, len(moment))
        return np.where((rng.random(len(moment)) < share) & (after < end), after, np.nan)

    def anyone(size: int, high: int) -> np.ndarray:
        return rng.integers(0, high, size)

    def columns(name: str, size: int, **known: np.ndarray) -> dict[str, np.ndarray]:
        district = anyone(size, len(weights))
        shared = {"district": district, "segment": anyone(size, 2)} | known
        return {c: shared.get(c, np.full(size, default)) for c, default in DEFAULTS[name].items()}

    arrived = np.sort(rng.random(leads) * end)
    answered = later(arrived, 0.01, 0.8)
    visited = later(answered, 0.1, 0.6)
    tested = later(visited, 0.01, 0.7)
    ordered = later(tested, 0.1, 0.6)
    channel = anyone(leads, 9)

    def tenures(channel: np.ndarray) -> np.ndarray:
        """Years of ownership of whoever invited or recommended."""
        return np.where(np.isin(channel, (REFERRAL, WORD_OF_MOUTH)), rng.exponential(3.0, len(channel)), np.nan)

    lead_table = columns(
        "leads", leads, household=np.arange(leads), channel=channel, arrived=arrived, answered=answered,
        visited=visited, tested=tested, ordered=ordered,
        closed=np.fmax(arrived + 0.3, np.nan_to_num(ordered)), outcome=anyone(leads, 6),
        tie=np.where(channel == REFERRAL, anyone(leads, 2), -1), tenure=tenures(channel),
        generation=np.where(channel == REFERRAL, 1 + anyone(leads, 12), 0), mature=anyone(leads, 3) - 1,
    )  # fmt: skip
    placed = np.sort(rng.random(orders) * end)
    delivered = later(placed, 0.2, 0.9)
    first = (rng.random(orders) < 0.7) & ~np.isnan(delivered)
    bought = anyone(orders, 9)
    brought = np.isin(bought, (REFERRAL, WORD_OF_MOUTH))
    order_table = columns(
        "orders", orders, household=np.arange(orders), number=anyone(orders, 1), channel=bought, ordered=placed,
        lead=np.maximum(np.searchsorted(arrived, placed) - 1, 0), tenure=tenures(bought),
        generation=np.where(brought, 1 + anyone(orders, 12), 0), mature=anyone(orders, 3) - 1,
        followed=np.where(rng.random(orders) < 0.4, rng.exponential(0.4, orders), NAN),
        referrer=np.where(brought, orders + anyone(orders, owners), -1), claim=anyone(orders, 4),
        rejected=rng.random(orders) < 0.3, cancelled=np.where(np.isnan(delivered), placed + 0.1, np.nan),
        delivered=delivered, returned=later(delivered, 0.1, 0.3), first=first,
        repurchase=~first & (rng.random(orders) < 0.5),
    )  # fmt: skip
    customers = np.flatnonzero(first)
    buyer = np.where(rng.random(margins) < 0.8, rng.choice(customers, margins), -1)
    since = np.where(buyer >= 0, delivered[buyer], 0.0)
    margin_table = columns(
        "margins", margins, household=np.where(buyer >= 0, buyer, orders + np.arange(margins)), order=buyer,
        moment=since + rng.random(margins) * (end - since), amount=rng.integers(1, 300_000, margins),
        purpose=anyone(margins, 2),
    )  # fmt: skip
    began = np.concatenate([delivered[customers], rng.random(owners) * -8])
    relationship_table = columns(
        "relationships", len(began), household=np.concatenate([customers, orders + np.arange(owners)]),
        order=np.concatenate([customers, np.full(owners, -1)]), began=began,
        ended=later(np.maximum(began, 0.0), 3.0, 0.8),
        referrer=np.concatenate([order_table["referrer"][customers], np.full(owners, -1)]),
    )  # fmt: skip
    ownership_table = columns(
        "ownerships", len(began), **{n: relationship_table[n] for n in ("household", "order", "began", "referrer")},
        ended=later(np.maximum(began, 0.0), 4.0, 0.8), eligible=rng.random(len(began)) < 0.5,
        generation=anyone(len(began), 12),
    )  # fmt: skip
    promised = rng.random(claims) * end
    vested = later(promised, 0.2, 0.8)
    face = rng.integers(1, 200_000, claims)
    state = np.where(np.isnan(vested), anyone(claims, 2), 2 + anyone(claims, 4))
    used = np.select([state == 4, state == 5, state == 2, state == 3], [face, face // 3, face // 2, face // 4], 0)
    credit_table = columns(
        "credits", claims, household=anyone(claims, owners), order=anyone(claims, orders), face=face, pending=promised,
        vested=vested, closed=later(vested, 0.5, 1.0), state=state, redeemed=used,
    )  # fmt: skip
    act_table = columns(
        "acts", owners, household=anyone(owners, owners), year=2020 + anyone(owners, end), act=anyone(owners, 3),
        eligible=rng.random(owners) < 0.5, generation=anyone(owners, 12),
    )  # fmt: skip
    replacement_table = columns(
        "replacements", owners, household=np.arange(owners), moment=rng.random(owners) * end,
        same_brand=rng.random(owners) < 0.4,
    )  # fmt: skip
    ledger_table = columns(
        "ledger", ledger, tick=anyone(ledger, end * 52), channel=anyone(ledger, 10) - 1, kind=anyone(ledger, 5),
        payer=anyone(ledger, 3), amount=rng.integers(-1000, 2_000_000, ledger),
    )  # fmt: skip
    places = [(year, d, s) for year in range(2020, 2020 + end) for d in range(len(weights)) for s in range(2)]
    year_end, district, segment = np.array(places).T
    stock_table = columns("stocks", len(places), year_end=year_end, district=district, segment=segment) | {
        name: rng.integers(1, 1000, len(places))
        for name in ("aware", "prospects", "open_leads", "waiting", "owners", "satisfaction_n")
    }
    stock_table["satisfaction_sum"] = stock_table["satisfaction_n"] * 0.7
    ticks = np.arange(end * 52)
    hour_table = columns(
        "hours", len(ticks), tick=ticks, sellers=rng.integers(1, 9, len(ticks)), available=np.full(len(ticks), 90.0),
        publishing=rng.random(len(ticks)) * 9, publishers=rng.integers(0, 9, len(ticks)),
    )  # fmt: skip
    tables = {
        "leads": lead_table, "orders": order_table, "margins": margin_table, "relationships": relationship_table,
        "ownerships": ownership_table, "credits": credit_table, "acts": act_table,
        "replacements": replacement_table, "ledger": ledger_table, "stocks": stock_table, "hours": hour_table,
        "sellers": _random_sellers(rng, end, len(weights)), "media": table("media", []),
    }  # fmt: skip
    return assembled(years, run_off_years, weights, 2.0, 0.1, tables)


def _random_sellers(rng: np.random.Generator, years: int, districts: int, seats: int = 12) -> dict[str, np.ndarray]:
    """Sellers, year by year and three to a store; some leave, some do not publish."""
    size = years * seats
    year, seat = np.divmod(np.arange(size), seats)
    hire = np.cumsum(rng.integers(0, 2, (years, seats)), axis=0).ravel()
    posts = rng.integers(0, 200, size)
    known = {
        "year": 2020 + year, "store": seat // 3, "seat": seat % 3, "district": seat // 3 % districts, "hire": hire,
        "publishes": rng.random(size) < 0.7, "posts": posts, "since": np.where(posts > 0, rng.random(size) * year, NAN),
        "publishing_hours": rng.random(size) * 300, "selling_hours": rng.random(size) * 900,
        "views": rng.pareto(1.2, size) * 1000, "followers": rng.integers(0, 500, size), "ripe": rng.random(size),
    }  # fmt: skip
    return {name: known.get(name, np.full(size, default)) for name, default in DEFAULTS["sellers"].items()}
