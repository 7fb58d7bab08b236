"""Who brings whom: few bring most, those who were brought bring more, and ties, seniority and repetition count."""

from __future__ import annotations

import numpy as np
import pytest

from sim.channels import REFERRAL
from sim.model import GrowthModel
from sim.records import LEAD_OUTCOMES, Records
from tests.directions.crowd import (
    CREDIT_ONLY,
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
ONE_YEAR: dict[str, object] = {"horizon.years": 1}
WEAK, STRONG = 0, 1
FOLLOW_UP = 0.5


def test_a_programme_open_to_half_of_the_owners_brings_half() -> None:
    half = {**ONE_YEAR, **CREDIT_ONLY, "policies.referral.eligible_share": 0.5}
    everybody, some = ([run({**ONE_YEAR, **s}, r) for r in REPLICATES] for s in (CREDIT_ONLY, half))
    leads = np.array([[referred_leads(a), referred_leads(b)] for a, b in zip(everybody, some, strict=True)])
    share, error = mean_and_error(leads[:, 1] / leads[:, 0])
    drawn = float(np.sqrt(0.25 / leads[:, 0].sum()))  # which half is chance
    print(
        f"\nreferred leads with all owners eligible, and half: {leads.tolist()}: {share:.3f}, {error:.3f}, {drawn:.3f}"
    )
    assert abs(share - 0.5) < 0.05
    for records in some:
        referrer = records.leads["referrer"][records.leads["channel"] == REFERRAL]
        invited = records.ownerships["household"][records.ownerships["eligible"]]
        assert np.isin(referrer, invited).all()
        assert abs(records.ownerships["eligible"].mean() - 0.5) < 0.03


def test_owners_who_know_most_people_bring_more_each_than_owners_drawn_by_lot() -> None:
    def per_owner_year(rule: str, replicate: int) -> float:
        """Referred leads per year of owners to whom the programme is open."""
        open_to_some = {"policies.referral.eligible_share": 0.2, "policies.referral.invite_rule": rule}
        records = run({**CREDIT_ONLY, **open_to_some}, replicate)
        spans = records.ownerships
        years = lasted_until(spans, records.end) - np.maximum(spans["began"], 0.0)
        return referred_leads(records) / float(years[spans["eligible"]].sum())

    found = np.array([[per_owner_year(rule, r) for rule in ("random", "degree")] for r in REPLICATES])
    print(
        f"\nreferred leads per eligible owner-year: by lot {found[:, 0].round(4)}, most ties first {found[:, 1].round(4)}"
    )
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
    # Successes are so rare that a tenth of the owners brings all of them whatever owners are like: the share says
    # something of owners only where most could have succeeded more than once, so leads and the top 1% are read too.
    shares = {}
    for spread in (1, 0):
        found = [run({**PROGRAMME, "horizon.years": 5, "behaviour.talk_spread": spread}, r) for r in REPLICATES]
        counts = [[_brought_by_owner(r, delivered=delivered) for delivered in (True, False)] for r in found]
        shares[spread] = np.array(
            [[_top_share(deals, 0.1), _top_share(deals, 0.01), _top_share(leads, 0.1)] for deals, leads in counts]
        )
        active = float(np.mean([(deals > 0).mean() for deals, _ in counts]))
        print(
            f"\ntalk_spread {spread}: the top 10%, 1% bring {shares[spread][:, :2].mean(axis=0).round(3)} of deliveries;"
        )
        print(
            f"  10% bring {shares[spread][:, 2].mean():.3f} of leads; {active:.3f} of owners brought anybody in 5 years"
        )
    assert shares[1][:, 0].min() > 0.5
    assert clearly_above(shares[1][:, 2], 0.5)
    assert clearly_above(shares[1][:, 1] - shares[0][:, 1], 0)
    assert clearly_above(shares[1][:, 2] - shares[0][:, 2], 0.05)


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
    buyers = {**PROGRAMME, **product(0.65), "brand.organic_interest": 5, "horizon.years": 5}
    alike = {**buyers, "behaviour.referred_talk": 1}
    usual, same_talk = (np.array([_leads_per_year(run(s, r)) for r in REPLICATES]) for s in (buyers, alike))
    rate, leads = usual[:, :, 0].mean(axis=0), usual[:, :, 1].sum(axis=0)
    error = np.sqrt((1 / leads).sum())
    gain = usual[:, 1, 0] / same_talk[:, 1, 0] - 1
    print(f"\nreferred leads per new owner and year: brought by nobody {rate[0]:.3f}, by an owner {rate[1]:.3f};")
    print(f"  {leads.astype(int)} leads; gain over owners who talk no more for it {gain.round(2)}")
    assert np.log(rate[1] / rate[0]) > 3 * error
    assert clearly_above(gain, 0)
    assert gain.mean() > 0.15


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
