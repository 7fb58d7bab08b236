"""A programme in time: it fades when stopped, wears out when never refreshed, and comes back fresh from a pause."""

from __future__ import annotations

import numpy as np

from sim.records import ACTS, Records
from tests.directions.crowd import (
    CREDIT_ONLY,
    PROGRAMME,
    Floats,
    introduced_leads,
    referred_leads,
    run,
)

REPLICATES = range(2)


def test_stopped_a_programme_lets_word_of_mouth_fall_back() -> None:
    never, kept, stopped = (
        [run(settings, r) for r in REPLICATES]
        for settings in ({}, PROGRAMME, {**PROGRAMME, "policies.referral.stop": 2021})
    )
    before = [introduced_leads(b, 0, 1) - introduced_leads(a, 0, 1) for a, b in zip(never, stopped, strict=True)]
    after = [
        [introduced_leads(world, 1) - introduced_leads(without, 1) for world in (going_on, ended)]
        for without, going_on, ended in zip(never, kept, stopped, strict=True)
    ]
    still, left = np.array(after, dtype=np.float64).T
    print(f"\nintroduced leads beyond those without a programme: in its year {before}; after it, kept {still.tolist()}")
    print(f"  and stopped {left.tolist()}")
    assert min(before) > 100
    assert (np.abs(left) < 0.2 * still).all(), "next to nothing is left of what going on would bring"
    for records in stopped:
        assert referred_leads(records, 1) == 0
        inviting = records.acts["act"] == ACTS.index("inviting")
        assert records.acts["year"][inviting].max() == 2020


def _per_year(records: Records) -> Floats:
    return np.array([referred_leads(records, year, year + 1) for year in range(records.years)], dtype=np.float64)


def test_rules_never_revised_wear_out_and_rules_revised_every_year_do_not() -> None:
    def to_ageless(revisions: float, replicate: int) -> Floats:
        """Referred leads by year, as a share of those of a programme that does not wear."""
        settings = {**CREDIT_ONLY, "horizon.years": 2}
        ageless = run({**settings, "behaviour.programme_wear_per_year": 0}, replicate)
        return _per_year(run({**settings, "policies.referral.revisions_per_year": revisions}, replicate)) / _per_year(
            ageless
        )

    never, yearly = (np.array([to_ageless(revisions, r) for r in REPLICATES]) for revisions in (0, 1))
    print(f"\nreferred leads by those of rules that do not wear, by year: never revised {never.mean(axis=0).round(2)},")
    print(f"  revised every year {yearly.mean(axis=0).round(2)}")
    assert (never[:, -1] < never[:, 0] - 0.1).all()
    assert np.abs(yearly[:, -1] - yearly[:, 0]).max() < 0.1
    assert (yearly[:, -1] > never[:, -1] + 0.1).all()


def test_a_pause_stops_the_programme_and_it_comes_back_fresh() -> None:
    pause = [{"start": 2020.5, "stop": 2021}]
    settings = {**CREDIT_ONLY, "policies.referral.revisions_per_year": 0}
    found = []
    for replicate in REPLICATES:
        on, paused = run(settings, replicate), run({**settings, "policies.referral.suspended": pause}, replicate)
        spans = ((0, 0.5), (0.5, 1), (1, 2))
        found.append([[referred_leads(world, *span) for span in spans] for world in (on, paused)])
    leads = np.array(found)
    print(
        f"\nreferred leads before, in and after the pause: without {leads[:, 0].tolist()}, with {leads[:, 1].tolist()}"
    )
    assert np.array_equal(leads[:, 0, 0], leads[:, 1, 0])
    assert (leads[:, 0, 1] > 100).all()
    assert (leads[:, 1, 1] == 0).all()
    assert (leads[:, 1, 2] > 1.1 * leads[:, 0, 2]).all(), "more than without it: rules and friends are fresh again"
