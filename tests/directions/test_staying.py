"""Who was brought by an owner stays longer and spends more at first; who recommends stays; who stays holds others."""

from __future__ import annotations

import numpy as np
import pytest

from sim.channels import REFERRAL
from sim.records import ACTS, Records
from tests.directions.crowd import BUYERS, CREDIT_ONLY, ONE_YEAR, Floats, clearly_above, lasted_until, run

REPLICATES = range(3)
UNTOUCHED: dict[str, object] = {"behaviour.match_share": 0, "behaviour.anchor_share": 0}
"""Whoever introduces a buyer neither finds what suits nor holds the buyer."""
SERVICE = 1


def _leaving(records: Records, referred: bool) -> tuple[float, int]:
    """Years lived in relationships of new owners, and their ends."""
    table = records.relationships
    new = np.flatnonzero(table["order"] >= 0)
    new = new[(records.orders["channel"][table["order"][new]] == REFERRAL) == referred]
    years = (lasted_until(table, records.end) - table["began"])[new].sum()
    return float(years), int((~np.isnan(table["ended"][new])).sum())


def _leaving_rates(settings: dict[str, object], replicate: int) -> tuple[Floats, Floats]:
    """Relationships ended per year, of referred customers and of others; and the number of ends."""
    found = np.array([_leaving(run({**BUYERS, **settings}, replicate), referred) for referred in (True, False)])
    return found[:, 1] / found[:, 0], found[:, 1]


def test_referred_customers_stay_longer() -> None:
    rates, plain = (np.array([_leaving_rates(s, r)[0] for r in REPLICATES]) for s in ({}, UNTOUCHED))
    print(f"\nleaving per year: referred {rates[:, 0].round(3)}, others {rates[:, 1].round(3)}; where an introduction")
    print(f"  changes nothing for the owner {plain[:, 0].round(3)} and {plain[:, 1].round(3)}")
    assert (rates[:, 0] < rates[:, 1]).all()
    assert clearly_above(1 - rates[:, 0] / plain[:, 0], 0.05), "leave less than they would without the introduction"
    assert np.abs(rates[:, 1] / plain[:, 1] - 1).max() < 0.05, "the others leave as they would"


@pytest.mark.full
def test_referred_customers_stay_longer_than_others_beyond_chance() -> None:
    found = [_leaving_rates({}, r) for r in range(12)]
    ends = np.sum([n for _, n in found], axis=0)
    rate = ends / np.sum([n / per_year for per_year, n in found], axis=0)
    error = np.sqrt((1 / ends).sum())
    print(f"\nleaving per year: referred {rate[0]:.4f}, others {rate[1]:.4f}, {ends.astype(int)} ends, {error:.3f}")
    assert np.log(rate[0] / rate[1]) < -3 * error


def _spending(records: Records) -> Floats:
    """Margin of a contact with service: referred customers' as a share of the others', by year of ownership."""
    margins, orders = records.margins, records.orders
    wanted = (margins["purpose"] == SERVICE) & (margins["order"] >= 0)
    order, amount = margins["order"][wanted], margins["amount"][wanted]
    year = np.floor(margins["moment"][wanted] - orders["delivered"][order])
    referred = orders["channel"][order] == REFERRAL
    return np.array([amount[referred & (year == y)].mean() / amount[~referred & (year == y)].mean() for y in range(4)])


def test_the_margin_advantage_of_referred_customers_shrinks_with_the_years() -> None:
    usual, plain = (
        np.array([_spending(run({**BUYERS, **settings}, r)) for r in REPLICATES]) for settings in ({}, UNTOUCHED)
    )
    gain = usual - plain
    print(f"\nmargin of referred customers, by that of others, by year: {usual.mean(axis=0).round(3)},")
    print(f"  where an introduction changes nothing {plain.mean(axis=0).round(3)}; gained {gain.round(3).tolist()}")
    assert clearly_above(usual[:, 0], 1.0)
    assert clearly_above(gain[:, 0], 0.02)
    assert clearly_above(gain[:, 0] - gain[:, 2:].mean(axis=1), 0)


def test_who_recommends_is_bound() -> None:
    def left(days: float, replicate: int) -> tuple[int, int]:
        """Relationships of initial owners that ended: of those who spoke well or invited, and of all others."""
        records = run({**ONE_YEAR, **CREDIT_ONLY, "behaviour.binding_days": days}, replicate)
        table, acts = records.relationships, records.acts
        spoke = acts["household"][acts["act"] != ACTS.index("successful")]
        ended = ~np.isnan(table["ended"]) & (table["order"] < 0)
        bound = np.isin(table["household"], spoke)
        return int((ended & bound).sum()), int((ended & ~bound).sum())

    free, bound = (np.array([left(days, r) for r in REPLICATES]) for days in (0, 7))
    print(f"\nrelationships ended in a year: of who recommended {free[:, 0]} unbound, {bound[:, 0]} bound by 7 days")
    print(f"  each time, of who did not {free[:, 1]} and {bound[:, 1]}")
    fewer = 1 - bound[:, 0] / free[:, 0]
    assert clearly_above(fewer, 0.05)
    assert np.abs(bound[:, 1] / free[:, 1] - 1).max() < 0.02


def _held(records: Records) -> dict[str, tuple[float, int]]:
    """Years of relationships, and how many were dropped: while the referrer's is kept, after it, and of buyers nobody
    introduced. Who bought a rival's car did not drop the relationship, but took it along.
    """
    table, end = records.relationships, lasted_until(records.relationships, records.end)
    spans = records.ownerships
    gone = set(zip(spans["household"].tolist(), spans["ended"].tolist(), strict=True))
    kept_by: dict[int, list[int]] = {}
    for row, household in enumerate(table["household"]):
        kept_by.setdefault(int(household), []).append(row)
    years, ends = dict.fromkeys(("kept", "left", "others"), 0.0), dict.fromkeys(("kept", "left", "others"), 0)

    def lived(group: str, begin: float, last: float, ended: bool) -> None:
        years[group] += last - begin
        ends[group] += int(ended)

    for row in np.flatnonzero(table["order"] >= 0):
        began, last = float(table["began"][row]), float(table["ended"][row])
        ended = not np.isnan(last) and (int(table["household"][row]), last) not in gone
        if table["referrer"][row] < 0:
            lived("others", began, end[row], ended)
            continue
        candidates = kept_by.get(int(table["referrer"][row]), [])
        own = [r for r in candidates if table["began"][r] <= began < end[r]]
        if own:
            left = float(table["ended"][own[0]])  # nan where the referrer never left
            alone = left < end[row]
            lived("kept", began, left if alone else end[row], ended and not alone)
            if alone:
                lived("left", left, end[row], ended)
    return {group: (years[group], ends[group]) for group in years}


def _hazards(anchor: float, replicates: int) -> tuple[dict[str, float], dict[str, float]]:
    """Hazard of leaving by group over the replicates, and the ends it was reckoned from."""
    # Nobody is better matched, so that only the referrer makes a difference; people leave soon, so that many do.
    settings = {**BUYERS, "behaviour.match_share": 0, "behaviour.leave_per_year": 0.5, "behaviour.anchor_share": anchor}
    found = [_held(run({**settings, "horizon.years": 4}, r)) for r in range(replicates)]
    total = {group: np.sum([f[group] for f in found], axis=0) for group in ("kept", "left", "others")}
    return {g: float(n / y) for g, (y, n) in total.items()}, {g: float(n) for g, (_, n) in total.items()}


def test_a_referrer_who_stays_holds_those_introduced() -> None:
    (held, _), (loose, _) = _hazards(0.2, 2), _hazards(0.0, 2)
    print(f"\nleaving per year while the referrer stays: anchored {held['kept']:.3f}, not {loose['kept']:.3f}")
    assert held["kept"] < 0.9 * loose["kept"]


def test_once_the_referrer_has_left_those_introduced_leave_like_everybody() -> None:
    # With the strongest anchor there is: nobody leaves before the referrer does, and all the usual way after that.
    hazard, ends = _hazards(1.0, 3)
    error = np.sqrt(1 / ends["left"] + 1 / ends["others"])
    print(f"\nleaving per year while the referrer stays {hazard['kept']:.3f}, after that {hazard['left']:.3f},")
    ratio = hazard["left"] / hazard["others"]
    print(
        f"  of buyers nobody brought {hazard['others']:.3f}; ratio {ratio:.2f}, standard error of its log {error:.2f}"
    )
    assert ends["kept"] == 0
    assert abs(np.log(ratio)) < 3 * error < np.log(2)
