"""The books of a tick are closed against the tables they describe."""

from __future__ import annotations

import numpy as np

from sim.ledger import Purpose
from sim.world.owners import Credits, CreditState
from sim.world.stores import MarginOf
from sim.world.world import World


def close(world: World) -> None:
    """Add up what the tables say happened in this tick and close the ledger on it; raises LedgerError on a difference.

    Discounts and subsidies are read from the orders delivered and returned, credits and margins from their logs; media
    money, sellers' pay, checks and the lead system come from the running totals they were rounded from.
    """
    orders, margins, said = world.orders, world.margins, world.said
    new = slice(world.margins_audited, len(margins))
    world.margins_audited = len(margins)
    amount, purpose = margins.amount[new], margins.purpose[new]
    delivered = world.delivered_now
    returned = world.returned_now
    discount = int(orders.discount[delivered].sum() - orders.discount[returned].sum())
    said[Purpose.DISCOUNT] += discount
    said[Purpose.SUBSIDY] += int(orders.subsidy[delivered].sum() - orders.subsidy[returned].sum())
    said[Purpose.CHECKS] += world.checks_paid
    said[Purpose.CREDIT] = _cost_of_credits(world.credits)
    said[Purpose.CAR_MARGIN] += int(amount[purpose == MarginOf.CAR].sum()) + discount
    said[Purpose.SERVICE_MARGIN] += int(amount[purpose == MarginOf.SERVICE].sum())
    said[Purpose.SELLER_HOURS] += world.paid_now
    said[Purpose.SUPPORT] = int(world.content.support_paid.sum())
    said[Purpose.BONUS] = world.bonuses_paid
    said[Purpose.MEDIA] = int(world.media_spent.sum())
    said[Purpose.LEAD_SYSTEM] = int(world.lead_system_paid.sum())
    world.ledger.close(said)


def _cost_of_credits(credits: Credits) -> int:
    """What should be in the books for all credits: expected cost while vested, then that of what was used."""
    vested = credits.state == CreditState.VESTED
    amount = np.where(vested, credits.face * credits.expected, credits.redeemed)
    return int(np.floor(amount * credits.cost_share + 0.5).astype(np.int64)[~np.isnan(credits.vested)].sum())
