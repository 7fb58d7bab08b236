"""The brand's pool of leads: what enters it, what it costs, and how the desk is told to handle it (D19-D21)."""

from __future__ import annotations

import numpy as np

from sim.channels import NO_CHANNEL
from sim.ledger import Purpose
from sim.process.jobs import Plan
from sim.process.seats import Assign
from sim.streams import Decision, uniform
from sim.units import HOURS_PER_YEAR, MINOR_PER_MONEY, MINUTES_PER_YEAR
from sim.world.people import Rows
from sim.world.world import World

FINEST_MINUTES = 1e-6
"""Refreshing more often makes no difference that a moment could show."""
HOURS_SPARED = 0.5
"""Share of the working time of an order that one flow spares (assumption, 0.2 to 0.7)."""


def pay(world: World) -> None:
    """Pay for the system; kept per represented household and rounded only when booked, from running totals."""
    lever = world.levers.desk
    if lever.cost_per_year <= 0.0:
        return
    world.lead_system += lever.cost_per_year * world.dt / world.represented
    households, before = world.households_by_district, world.lead_system_paid
    world.lead_system_paid = np.floor(world.lead_system * households * MINOR_PER_MONEY + 0.5).astype(np.int64)
    paid = world.lead_system_paid - before
    world.ledger.book(Purpose.LEAD_SYSTEM, np.arange(len(households)), NO_CHANNEL, paid)


def enter(world: World, rows: Rows) -> None:
    """Put a share of new leads into the pool, where they are seen at its next refresh (D21)."""
    leads, lever = world.leads, world.levers.desk
    if lever.pool_share <= 0.0:
        return
    lot = uniform(world.key, Decision.POOL, 0, 0, leads.household[rows], leads.episode[rows])
    rows = rows[lot < lever.pool_share]
    interval = max(lever.refresh_minutes, FINEST_MINUTES) / MINUTES_PER_YEAR
    refreshed = (np.floor(leads.arrived[rows] / interval) + 1.0) * interval
    leads.pooled[rows] = True
    leads.next_at[rows] = np.maximum(refreshed, leads.arrived[rows])


def plan(world: World) -> Plan:
    """How pooled leads are handled in this tick."""
    lever, b, stores = world.levers.desk, world.behaviour, world.stores
    districts = len(world.weights)
    sellers = np.bincount(stores.district[world.sellers.store], minlength=districts).astype(np.int64)
    assign = Assign.FIT if lever.by_fit > 0.0 else Assign.IN_TURN if lever.in_turn > 0.0 else Assign.LOT
    return Plan(
        by_score=lever.by_score > 0.0,
        score_exponent=(1.0 - lever.scoring_auc) / lever.scoring_auc if lever.scoring_auc > 0.0 else 1.0,
        assign=int(assign),
        nurture=float(lever.nurture),
        recalls=int(lever.recalls),
        recall_delay=lever.recall_hours / HOURS_PER_YEAR,
        recall_reach=float(b.recall_reach),
        test_drive_share=1.0 - (1.0 - b.test_drive_share) * (1.0 - lever.test_drive_booking),
        order_hours=world.scenario.stores.order_hours * (1.0 - HOURS_SPARED * lever.one_flow),
        utility=b.choice_one_flow * lever.one_flow,
        first=np.cumsum(sellers) - sellers,
        sellers=sellers,
        turn=world.turns,
    )
