"""What a reward does: nothing without a product, little by its size, and only where it is easy and fits."""

from __future__ import annotations

import numpy as np
import pytest

from sim.channels import REFERRAL
from sim.records import ACTS, Records
from tests.directions.crowd import (
    CREDIT_ONLY,
    ONE_YEAR,
    PROGRAMME,
    SEGMENTS,
    Ints,
    clearly_above,
    introduced_leads,
    product,
    referred_leads,
    run,
    segment_of,
)

REPLICATES = range(3)
FAMILIES = SEGMENTS.index("families")
CHARGING = {"cost_share": 0.4, "worth": 0.5}
CHILD_SEAT = {"cost_share": 0.8, "worth": 0.05, "worth_by_segment": {"families": 1.0}}
"""Worth a tenth of the other at most, except for families: nobody else ever takes it."""


def _with_credit(credit: float, replicate: int) -> Records:
    """A year of a programme that rewards the referrer alone."""
    return run({**ONE_YEAR, **CREDIT_ONLY, "policies.referral.referrer_credit": credit}, replicate)


def _orders(records: Records) -> int:
    return len(records.orders["ordered"])


def test_without_any_reward_owners_bring_buyers_by_their_word() -> None:
    spoken = [run(ONE_YEAR, replicate) for replicate in REPLICATES]
    silent = [run({**ONE_YEAR, "behaviour.talks_per_owner_year": 0}, replicate) for replicate in REPLICATES]
    leads = [introduced_leads(r) for r in spoken]
    gained = [_orders(a) - _orders(b) for a, b in zip(spoken, silent, strict=True)]
    print(f"\nwithout a programme: leads by word of mouth {leads}, orders gained by talk {gained}")
    assert all(referred_leads(r) == 0 for r in spoken)
    assert all(introduced_leads(r) == 0 for r in silent)
    assert clearly_above(leads, 100)
    assert clearly_above(gained, 0)


def test_whether_there_is_a_reward_matters_more_than_how_large_it_is() -> None:
    for brought in (referred_leads, introduced_leads):
        volume = np.array([[brought(_with_credit(c, r)) for c in (0, 500, 4000)] for r in REPLICATES])
        existence, size = (volume[:, 1] - volume[:, 0]), (volume[:, 2] - volume[:, 1])
        name = brought.__name__
        print(f"\n{name} with a credit of 0, 500, 4000:", volume.tolist())
        assert clearly_above(size, 0), "a larger reward brings more"
        assert clearly_above(existence - size, 0), "eight times the reward adds less than the first one did"


@pytest.mark.parametrize("credit", [500, 1000, 2000])
def test_twice_the_reward_brings_less_than_twice_the_volume(credit: int) -> None:
    once, twice = (np.array([referred_leads(_with_credit(c, r)) for r in REPLICATES]) for c in (credit, 2 * credit))
    print(f"\nreferred leads with a credit of {credit}: {once.tolist()}, of {2 * credit}: {twice.tolist()}")
    assert clearly_above(twice - once, 0)
    assert clearly_above(1.5 * once - twice, 0), "not even half as much again"


def test_a_weak_product_gains_nothing_from_a_programme() -> None:
    def gained(settings: dict[str, object], replicate: int) -> tuple[int, int]:
        settings = {**ONE_YEAR, **settings}
        without, programme = run(settings, replicate), run({**settings, **PROGRAMME}, replicate)
        return referred_leads(programme), _orders(programme) - _orders(without)

    weak, good = (np.array([gained(s, r) for r in REPLICATES]) for s in (product(0.1), {}))
    print(
        f"\nreferred leads and orders gained: {weak.tolist()} with a weak product, {good.tolist()} with the usual one"
    )
    assert clearly_above(good[:, 0] - 20 * np.maximum(weak[:, 0], 1), 0)
    assert clearly_above(good[:, 1], 20)
    assert (np.abs(weak[:, 1]) <= 1).all()


def test_every_manual_step_costs_referred_leads() -> None:
    settings = {**ONE_YEAR, **PROGRAMME}
    referred = np.array(
        [
            [referred_leads(run({**settings, "policies.referral.manual_steps": steps}, r)) for steps in (0, 1, 3)]
            for r in REPLICATES
        ]
    )
    print(f"\nreferred leads with 0, 1 and 3 manual steps: {referred.tolist()}")
    assert clearly_above(referred[:, 0] - 1.2 * referred[:, 1], 0)
    assert clearly_above(referred[:, 1] - 1.5 * referred[:, 2], 0)
    assert (referred[:, 2] > 0).all()


def _inviting(records: Records) -> Ints:
    """Owners who invited, by segment."""
    invited = records.acts["act"] == ACTS.index("inviting")
    return np.bincount(records.acts["segment"][invited], minlength=len(SEGMENTS))


def _brought(records: Records) -> Ints:
    """Referred leads by the segment of who brought them."""
    referrer = records.leads["referrer"][records.leads["channel"] == REFERRAL]
    return np.bincount(segment_of(records, referrer), minlength=len(SEGMENTS))


def _raised_for_families_alone(usual: list[Records], fitting: list[Records], what: str) -> None:
    """Families invite and bring more; the others do as before, but for friends whom a family was the first to bring."""
    for count in (_inviting, _brought):
        gain = np.array([count(b) - count(a) for a, b in zip(usual, fitting, strict=True)])
        families, others = gain[:, FAMILIES], np.delete(gain, FAMILIES, axis=1).sum(axis=1)
        counted = count.__name__.strip("_")
        print(f"\n{what}, {counted}: gain of families {families.tolist()}, of all others {others.tolist()}")
        assert clearly_above(families, 0)
        assert others.max() <= 0.1 * families.min()
        assert np.abs(others).max() <= 0.3 * families.min()


def test_a_higher_credit_on_the_menu_of_a_segment_raises_its_invitations() -> None:
    settings = {**ONE_YEAR, **CREDIT_ONLY}
    usual = [run(settings, r) for r in REPLICATES]
    menu = [run({**settings, "policies.referral.menu": {"families": 8000}}, r) for r in REPLICATES]
    _raised_for_families_alone(usual, menu, "8,000 for families")
    nothing = [run({**settings, "policies.referral.menu": {"families": 0}}, r) for r in REPLICATES]
    assert all(_inviting(r)[FAMILIES] == 0 < _inviting(r).sum() for r in nothing)


def test_a_kind_of_reward_that_fits_a_segment_raises_its_invitations() -> None:
    settings = {**ONE_YEAR, **CREDIT_ONLY}
    plain, seat = (
        [run({**settings, "policies.referral.rewards": kinds}, r) for r in REPLICATES]
        for kinds in ({"charging": CHARGING}, {"charging": CHARGING, "child_seat": CHILD_SEAT})
    )
    _raised_for_families_alone(plain, seat, "a child seat")
    for records in seat:
        taken = records.credits["kind"] == records.reward_kinds.index("child_seat")
        families = records.credits["segment"] == FAMILIES
        assert taken[families].mean() > 0.5, "most families take it"
        assert not taken[~families].any(), "and nobody else"
