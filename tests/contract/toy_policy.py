"""A policy as somebody would add it: one file, and one line in the registry (here the assignment in `run`)."""

from __future__ import annotations

import json
import sys
from typing import Any, ClassVar

from sim.levers import Levers
from sim.policies import POLICIES, Moment, Policy
from sim.schedule import Scheduled
from sim.units import Money


class Billboards(Policy):
    """Posters along the road: impressions bought beside those of paid advertising."""

    neutral: ClassVar[dict[str, Any]] = {"budget_per_year": 0}
    channel: ClassVar[str] = "paid_ads"

    budget_per_year: Scheduled[Money]
    """Budget per calendar year for the whole represented market, money (input)."""

    def apply(self, levers: Levers, now: Moment) -> None:
        """Offer the money of this tick to the medium."""
        levers.ads.money_per_year += self.budget_per_year.at(now.calendar)


def run(budgets: list[float | None]) -> list[dict[str, Any]]:
    """Leads by channel and money spent in the scenario with each budget; None leaves the policy out."""
    POLICIES["billboards"] = Billboards  # the line
    from tests.small_world import differing, simulate, small  # the schema is made from the registry when it is loaded

    found = []
    absent = None
    for budget in budgets:
        settings = {} if budget is None else {"policies.billboards": {"budget_per_year": budget, "start": 2021}}
        records = simulate(small("baseline", {"horizon.years": 2, "economics.run_off_years": 0, **settings}))
        absent = absent or records
        by_ads = records.leads["arrived"][records.leads["channel"] == 0]
        found.append(
            {
                "same_as_first": differing(absent, records) == [],
                "leads_before": int((by_ads < 1.0).sum()),
                "leads_after": int((by_ads >= 1.0).sum()),
                "spent": float(records.media["spent"][records.media["channel"] == 0].sum()),
            }
        )
    return found


if __name__ == "__main__":
    print(json.dumps(run([None if text == "absent" else float(text) for text in sys.argv[1:]])))
