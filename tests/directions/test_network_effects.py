"""Who brings whom: few bring most, those who were brought bring more, and ties, seniority and repetition count."""

from __future__ import annotations

import numpy as np
import pytest

from sim.channels import REFERRAL
from sim.model import GrowthModel
from sim.records import LEAD_OUTCOMES, Records
from tests.directions.crowd import (
    BUYERS,
    CREDIT_ONLY,
    ONE_YEAR,
    PROGRAMME,
    Floats,
    Ints,
    clearly_above,
    crowd,
    lasted_until,
    mean_and_error,
    product,
    referred_leads,
    run,
)

REPLICATES = range(3)
SPARING: dict[str, object] = {"behaviour.talks_per_owner_year": 12}
"""A quarter of this market owns the brand: where they talk as often as elsewhere, friends are soon used up."""
WEAK, STRONG = 0, 1
FOLLOW_UP = 0.5


def test_a_programme_open_to_half_of_the_owners_brings_half() -> None:
    half = {**CREDIT_ONLY, "policies.referral.eligible_share": 0.5}
    everybody, some = ([run({**ONE_YEAR, **SPARING, **s}, r) for r in REPLICATES] for s in (CREDIT_ONLY, half))
    leads = np.array([[referred_leads(a), referred_leads(b)] for a, b in zip(everybody, some, strict=True)])
    share, error = mean_and_error(leads[:, 1] / leads[:, 0])
    drawn = float(np.sqrt(0.25 / leads[:, 0].sum()))  # which half is chance
    print(f"\nreferred leads with all owners eligible, and half: {leads.tolist()};")
    print(f"  ratio {share:.3f}, standard error {error:.3f}, {drawn:.3f} by which half it is")
    assert abs(share - 0.5) < 0.05
    for records in some:
        referrer = records.leads["referrer"][records.leads["channel"] == REFERRAL]
        invited = records.ownerships["household"][records.ownerships["eligible"] == 1]
        assert np.isin(referrer, invited).all()
        assert abs(records.ownerships["eligible"].mean() - 0.5) < 0.03


def test_owners_who_know_most_people_bring_more_each_than_owners_drawn_by_lot() -> None:
    def per_owner_year(rule: str, replicate: int) -> float:
        """Referred leads per year of owners to whom the programme is open."""
        open_to_some = {"policies.referral.eligible_share": 0.2, "policies.referral.invite_rule": rule}
        records = run({**CREDIT_ONLY, **SPARING, **open_to_some}, replicate)
        spans = records.ownerships
        years = lasted_until(spans, records.end) - np.maximum(spans["began"], 0.0)
        return referred_leads(records) / float(years[spans["eligible"] == 1].sum())

    found = np.array([[per_owner_year(rule, r) for rule in ("random", "degree")] for r in REPLICATES])
    print(f"\nreferred leads per eligible owner-year: by lot {found[:, 0].round(4)}, by ties {found[:, 1].round(4)}")
    assert clearly_above(found[:, 1] / found[:, 0] - 1, 0)


def _top_share(counts: Ints, share: float) -> float:
    """Part of all that is brought by the most successful share of owners; equals share their place."""
    ranked = np.sort(counts)[::-1]
    places = share * len(ranked)
    whole = int(places)
    return float((ranked[:whole].sum() + (places - whole) * ranked[whole]) / ranked.sum())


def _brought_by_owner(records: Records, *, delivered: bool) -> Ints:
    """Referred deliveries, or leads, of everyone who was an owner."""
    owners = np.unique(records.ownerships["household"])
    table = records.orders if delivered else records.leads
    wanted = table["channel"] == REFERRAL
    if delivered:
        wanted = wanted & ~np.isnan(table["delivered"])
    return np.bincount(np.searchsorted(owners, table["referrer"][wanted]), minlength=len(owners))


def test_few_owners_bring_most() -> None:
    # In five years so few owners bring a buyer that a tenth of them brings all, whatever owners are like; that they
    # differ shows among the leads they bring and among the most successful hundredth.
    def shares(settings: dict[str, object], replicate: int) -> list[float]:
        records = run({**BUYERS, **SPARING, **settings}, replicate)
        buyers, leads = (_brought_by_owner(records, delivered=delivered) for delivered in (True, False))
        return [_top_share(buyers, 0.1), _top_share(leads, 0.1), _top_share(buyers, 0.01), float((buyers > 0).mean())]

    usual = np.array([shares({}, r) for r in REPLICATES])
    alike = np.array([shares({"behaviour.talk_spread": 0}, r) for r in range(2)])
    for name, found in (("as they are", usual), ("where all talk alike", alike)):
        tenth, of_leads, hundredth, active = found.mean(axis=0)
        print(f"\n{name}: the top 10% of owners bring {tenth:.3f} of the buyers and {of_leads:.3f} of the leads,")
        print(f"  the top 1% {hundredth:.3f} of the buyers; {active:.3f} of owners bring any buyer in five years")
    assert usual[:, 0].min() > 0.5
    assert clearly_above(usual[:, 1], 0.5)
    assert usual[:, 1].min() > alike[:, 1].max() + 0.05
    assert usual[:, 2].mean() > alike[:, 2].mean()


def _leads_per_year(records: Records) -> Floats:
    """Referred leads per year of new owners: those nobody brought, and those an owner did; with the number of leads."""
    spans, leads = records.ownerships, records.leads
    years = lasted_until(spans, records.end) - spans["began"]
    new = spans["order"] >= 0
    referred = leads["channel"] == REFERRAL
    later = referred & (leads["arrived"] - leads["tenure"] >= 0)  # spoken by owners who were not there at the start
    found = []
    for brought in (False, True):
        spoken = int((later & ((leads["generation"] > 1) == brought)).sum())
        lived = float(years[new & ((spans["generation"] > 0) == brought)].sum())
        found.append((spoken / lived, spoken))
    return np.array(found)


def test_owners_whom_an_owner_brought_refer_more() -> None:
    usual = np.array([_leads_per_year(run(BUYERS, r)) for r in REPLICATES])
    alike = np.array([_leads_per_year(run({**BUYERS, "behaviour.referred_talk": 1}, r)) for r in range(2)])
    rate, leads = usual[:, :, 0].mean(axis=0), usual[:, :, 1].sum(axis=0)
    error = np.sqrt((1 / leads).sum())
    gain = usual[:2, 1, 0] / alike[:, 1, 0] - 1
    print(f"\nreferred leads per new owner and year: brought by nobody {rate[0]:.3f}, by an owner {rate[1]:.3f};")
    print(f"  {leads.astype(int)} leads; gain over owners who talk no more for having been brought {gain.round(2)}")
    assert np.log(rate[1] / rate[0]) > 3 * error
    assert gain.min() > 0.1


def _conversion(records: Records, *ties: int) -> float:
    """Share of the referred leads with a full follow-up that ordered."""
    leads = records.leads
    wanted = (leads["channel"] == REFERRAL) & (leads["arrived"] < records.end - FOLLOW_UP)
    wanted &= np.isin(leads["tie"], ties)
    return float((leads["outcome"][wanted] == LEAD_OUTCOMES.index("ordered")).mean())


def test_the_word_of_senior_owners_converts_better() -> None:
    def conversion(km: int, replicate: int) -> float:
        """Owners of the same age in years: novices who have hardly driven, or legends by mileage."""
        owners = [{"per_1000_households": 250, "tenure_years": 0.1, "km": km}]
        return _conversion(run({**PROGRAMME, "brand.initial_owners": owners}, replicate), WEAK, STRONG)

    novices, legends = (np.array([conversion(km, r) for r in REPLICATES]) for km in (0, 120_000))
    print(f"\nconversion of referred leads: novices' {novices.round(3)}, legends' {legends.round(3)}")
    assert clearly_above(legends - novices, 0)


def test_closeness_raises_conversion_along_strong_ties() -> None:
    def gain(tie: int, replicate: int) -> float:
        """Conversion where strong ties move trust twice as much, less that where they are like weak ones."""
        close, alike = (run({**PROGRAMME, "behaviour.strong_tie": factor}, replicate) for factor in (2, 1))
        return _conversion(close, tie) - _conversion(alike, tie)

    weak, strong = (np.array([gain(tie, r) for r in REPLICATES]) for tie in (WEAK, STRONG))
    print(f"\nconversion gained by closeness: along weak ties {weak.round(4)}, strong ones {strong.round(4)}")
    assert clearly_above(strong, 0)
    assert clearly_above(strong - weak, 0)


@pytest.mark.full
def test_referrals_along_strong_ties_convert_better_than_along_weak_ones() -> None:
    found = [run({**PROGRAMME, **product(0.65)}, r, (30_000, 30_000)) for r in range(12)]
    by_tie = np.array([[_conversion(records, tie) for tie in (WEAK, STRONG)] for records in found])
    print(f"\nconversion of referred leads: weak ties {by_tie[:, 0].mean():.4f}, strong {by_tie[:, 1].mean():.4f}")
    print(f"  difference and its standard error {mean_and_error(by_tie[:, 1] - by_tie[:, 0])}")
    assert clearly_above(by_tie[:, 1] - by_tie[:, 0], 0)


def test_asked_again_friends_respond_less() -> None:
    def brought(asked: int, replicate: int) -> int:
        """Referred leads of a year in a world in which everybody has been asked so often along every tie."""
        model = GrowthModel(crowd({**ONE_YEAR, **PROGRAMME}), replicate)
        model.world.asks[:] = asked
        return referred_leads(model.run())

    leads = np.array([[brought(asked, r) for asked in (0, 1, 4)] for r in REPLICATES])
    print(f"\nreferred leads where everybody has been asked 0, 1, 4 times before: {leads.tolist()}")
    assert clearly_above(0.9 * leads[:, 0] - leads[:, 1], 0)
    assert clearly_above(leads[:, 1] - leads[:, 2], 0)
