"""A09: at every stage of the funnel the stock is the flow times the sojourn, with everything on.

Stocks are counted in the running world, flows and sojourns in the records it leaves. Ticks are a little shorter than a
day, so that over a year the ends of ticks fall on every hour of the day alike.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from closed_forms import tell
from numpy.typing import NDArray
from test_conservation import everything

from sim.records import Records
from sim.world.people import Stage
from sim.world.world import World

Floats = NDArray[np.float64]
TICKS_PER_YEAR = 366
WARM_UP_YEARS = 0.5
"""Until the first leads have become deliveries."""


def _until(*moments: Floats) -> Floats:
    """The first of several moments, infinity for none of them."""
    return np.fmin.reduce([np.where(np.isnan(m), np.inf, m) for m in moments])


def _live(world: World) -> dict[str, int]:
    """How many are in each stage now, read from the state of the world."""
    table, now = world.leads, world.end
    rows = world.open_leads
    answered, visited = (getattr(table, name)[rows] <= now for name in ("answered", "visited"))
    return {
        "lead open": int((world.people.lead >= 0).sum()),
        "waiting for an answer": int((~answered).sum()),
        "answered, not visited": int((answered & ~visited).sum()),
        "visited, not decided": int(visited.sum()),
        "ordered, not delivered": int((world.people.stage == Stage.WAITING).sum()),
        "relationship kept": int((world.owners.relationship >= 0).sum()),
    }


def _spells(records: Records) -> dict[str, tuple[Floats, Floats]]:
    """Begin and end of every spell in each stage, read from the records."""
    leads, orders, kept = records.leads, records.orders, records.relationships
    closed = _until(leads["closed"])
    answered, visited = _until(leads["answered"], closed), _until(leads["visited"], closed)
    return {
        "lead open": (leads["arrived"], closed),
        "waiting for an answer": (leads["arrived"], answered),
        "answered, not visited": (answered, visited),
        "visited, not decided": (visited, closed),
        "ordered, not delivered": (orders["ordered"], _until(orders["delivered"], orders["cancelled"])),
        "relationship kept": (kept["began"], _until(kept["ended"])),
    }


@functools.cache
def _observed() -> tuple[dict[str, NDArray[Any]], Floats, dict[str, tuple[Floats, Floats]], float]:
    model = everything(TICKS_PER_YEAR)
    stocks: dict[str, list[int]] = {}
    ends = []
    for _ in range(model.ticks):
        model.step()
        ends.append(model.world.end)
        for name, count in _live(model.world).items():
            stocks.setdefault(name, []).append(count)
    from sim import observe

    tell("A09", model.world.scenario, 1, leads=len(model.world.leads))
    records = observe.records(model.world)
    return {n: np.array(c) for n, c in stocks.items()}, np.array(ends), _spells(records), records.end


STAGES = (
    *("lead open", "waiting for an answer", "answered, not visited", "visited, not decided"),
    *("ordered, not delivered", "relationship kept"),
)


@pytest.mark.parametrize("stage", STAGES)
def test_the_stock_is_who_came_and_has_not_left(stage: str) -> None:
    stocks, ends, spells, _ = _observed()
    begin, end = spells[stage]
    came = np.searchsorted(np.sort(begin), ends, side="right")
    left = np.searchsorted(np.sort(end), ends, side="right")
    np.testing.assert_array_equal(stocks[stage], came - left)
    assert stocks[stage].max() > 0


@pytest.mark.parametrize("stage", STAGES)
def test_the_stock_is_flow_times_sojourn(stage: str) -> None:
    """The sojourns are those within the time observed: what reaches beyond its ends is cut there."""
    stocks, ends, spells, until = _observed()
    seen = ends > WARM_UP_YEARS
    length = until - WARM_UP_YEARS
    begin, end = (np.clip(moment, WARM_UP_YEARS, until) for moment in spells[stage])
    inside = end > begin
    flow, sojourn = inside.sum() / length, float((end - begin)[inside].mean())
    stock = stocks[stage][seen]
    # Neighbouring ends of ticks see the same people: so many independent looks are there.
    looks = min(len(stock), length / max(sojourn, 1.0 / TICKS_PER_YEAR))
    error = float(stock.std()) / np.sqrt(looks) / stock.mean()
    ratio = float(stock.mean()) / (flow * sojourn)
    days = 365 * sojourn
    print(f"\nA09 {stage}: L {stock.mean():.2f}, {flow:.1f} a year, W {days:.3f} days, L / (flow x W) {ratio:.4f}")
    assert ratio == pytest.approx(1.0, abs=0.01 + (3.0 * error if sojourn < 2.0 / 365 else 0.0))
