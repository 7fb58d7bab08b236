"""One pool of leads, and what can be done with leads one can see (claims D01-D03, D09-D23)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from sim.errors import FieldError
from sim.levers import Levers
from sim.policies.base import Moment, Policy
from sim.schedule import Schedule, Scheduled
from sim.units import Count, Hours, Minutes, Money, Share


class LeadOperations(Policy):
    """Leads left anywhere come together in one pool, where they are scored, given out, followed up and closed.

    Nothing here brings a lead, and it acts on pooled leads only: what stays with a store or a dealer the brand cannot
    see (D02, D03, D19). Walk-ins are greeted at once and never pooled.
    """

    neutral: ClassVar[dict[str, Any]] = {"pool_share": 0}
    channel: ClassVar[str | None] = None

    pool_share: Scheduled[Share] = Schedule.of(1.0)
    """Share of new leads that enter the pool; the rest stays where it was left (D19; D02, D03: direct sale pools all,
    dealers share a part)."""
    refresh_minutes: Annotated[Minutes, Field(json_schema_extra={"exclusiveMinimum": 0})] = 15.0
    """Interval at which the pool is refreshed: a lead is seen at the next refresh, half the interval later on average,
    minutes (D21)."""
    scoring_auc: Annotated[Share, Field(json_schema_extra={"minimum": 0.5})] = 0.75
    """Accuracy of the score of purchase potential (D20): the probability that a lead in need of a car is scored higher
    than one without, a share: 0.5 knows nothing, 1 everything (assumption, 0.6 to 0.9)."""
    order: Literal["score", "fifo"] = "score"
    """Whom free sellers call first: the best `score`, or first in, first out (`fifo`)."""
    assign: Literal["fit", "round_robin"] = "fit"
    """Who calls: the free seller of the district whose skill and nearness weigh most (`fit`), or all in turn."""
    nurture: Share = 0.3
    """By how much each further proposal of a visit is likelier to be accepted, share of the exponent of the first: what
    people get to read until then fits them (D01, D09, D11; assumption, 0 to 0.6)."""
    recalls: Annotated[Count, Field(le=10)] = 2
    """Further calls to somebody the first one did not reach (D11; assumption, 1 to 4)."""
    recall_hours: Hours = 24.0
    """Time between these calls, hours (assumption, 4 to 72)."""
    test_drive_booking: Share = 0.3
    """Share of visits without a test drive for which one is booked beforehand (D14; assumption, 0.1 to 0.5)."""
    one_flow: Share = 1.0
    """Share of payment, trade-in and loan that runs in one flow: it spares buyers trouble, and sellers up to half their
    time for an order (D23; assumption)."""
    cost_per_year: Scheduled[Money] = Schedule.of(0.0)
    """Cost of the system per calendar year for the whole represented market while anything is pooled, money (input)."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        faults = []
        if self.refresh_minutes <= 0.0:
            message = "must be above 0, not 0: no system shows a lead at the moment it is left; write 0.1 for almost"
            faults.append(("refresh_minutes", message))
        if self.scoring_auc < 0.5:
            reason = "a score that knows nothing has 0.5, and one below it would be read the other way round"
            message = f"must lie between 0.5 and 1, not at {self.scoring_auc:.15g}: {reason}"
            faults.append(("scoring_auc", message))
        if faults:
            raise FieldError(*faults)
        return self

    def apply(self, levers: Levers, now: Moment) -> None:
        """Say how the desk handles what is pooled."""
        share, desk = self.pool_share.at(now.calendar), levers.desk
        if share <= 0.0:
            return
        desk.pool_share = max(desk.pool_share, share)
        desk.refresh_minutes = max(desk.refresh_minutes, self.refresh_minutes)
        desk.by_score = max(desk.by_score, float(self.order == "score"))
        desk.scoring_auc = max(desk.scoring_auc, self.scoring_auc)
        desk.by_fit = max(desk.by_fit, float(self.assign == "fit"))
        desk.in_turn = max(desk.in_turn, float(self.assign == "round_robin"))
        desk.nurture = max(desk.nurture, self.nurture)
        desk.recalls = max(desk.recalls, float(self.recalls))
        desk.recall_hours = max(desk.recall_hours, self.recall_hours)
        desk.test_drive_booking = max(desk.test_drive_booking, self.test_drive_booking)
        desk.one_flow = max(desk.one_flow, self.one_flow)
        desk.cost_per_year += self.cost_per_year.at(now.calendar)
