"""The books of a tick are closed against the tables they describe."""

from __future__ import annotations

import numpy as np

from sim.ledger import Purpose
from sim.world.world import World

CAR, SERVICE = 0, 1


def close(world: World) -> None:
    """Add up what the tables say happened in this tick and close the ledger on it; raises LedgerError on a difference.

    Discounts and credits are read from the orders delivered, margins from their log; media money and sellers' pay come
    from the running totals they were rounded from.
    """
    orders, margins, said = world.orders, world.margins, world.said
    new = slice(world.margins_audited, len(margins))
    world.margins_audited = len(margins)
    amount, purpose = margins.amount[new], margins.purpose[new]
    delivered = world.delivered_now
    discount = int(orders.discount[delivered].sum())
    vested = delivered[orders.credit_vested[delivered]]
    cost = np.floor(orders.credit[vested] * orders.credit_cost_share[vested] + 0.5)
    said[Purpose.DISCOUNT] += discount
    said[Purpose.CREDIT] += int(cost.sum())
    said[Purpose.CAR_MARGIN] += int(amount[purpose == CAR].sum()) + discount
    said[Purpose.SERVICE_MARGIN] += int(amount[purpose == SERVICE].sum())
    said[Purpose.SELLER_HOURS] += world.paid_now
    said[Purpose.MEDIA] = int(world.media_spent.sum())
    world.ledger.close(said)
