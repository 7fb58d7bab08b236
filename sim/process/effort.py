"""How sellers split their hours between publishing and selling: a rule of their own, from what they can see.

Every seller looks back over a few weeks (`effort_memory_weeks`, fading) at the hours that went into publishing and at
what the pay scheme brought for it, and compares an hour of it with the wage of an hour (N23). Support carries those for
whom nothing has paid off yet (N21, N24); much publishing tires. The share of the posts asked for that a seller makes
moves towards

    drive = (1 - (1 - pull) (1 - support_drive x support)) x exp(-post_fatigue x share of hours published lately),
    pull = e / (e + wage),  e = bonuses per publishing hour lately.

Who earns more by leads than by orders turns to baits: posts made only to collect contact data.
"""

from __future__ import annotations

import numpy as np

from sim import numeric
from sim.streams import Decision, uniform
from sim.units import WEEKS_PER_YEAR
from sim.world.people import F64, Bool
from sim.world.world import World

LEAST_SELLING_HOURS = 0.5
"""Hours a week that nobody gives to publishing, whatever is asked."""


def split(world: World) -> None:
    """Let every seller decide how much to publish in this tick; the rest of the hours is for leads."""
    sellers, lever, b = world.sellers, world.levers.content, world.behaviour
    sellers.publishes[:] = takes_part(world)
    if not world.content.begun and not sellers.publishes.any():
        return
    kept = float(numeric.exp(-world.dt / (b.effort_memory_weeks / WEEKS_PER_YEAR)))
    for remembered in (sellers.lately_hours, sellers.lately_leads, sellers.lately_orders):
        remembered *= kept
    wanted, bait = _drive(world), _bait(world)
    sellers.drive[:] = np.where(sellers.publishes, wanted + (sellers.drive - wanted) * kept, 1.0)
    sellers.bait[:] = np.where(sellers.publishes, bait + (sellers.bait - bait) * kept, 0.0)
    willing = np.where(sellers.publishes & (len(places(world)) > 0), sellers.drive, 0.0)
    posts, streams = willing * lever.posts_per_week, willing * lever.streams_per_week()
    hours = posts * lever.hours_of_post(len(places(world))) + streams * lever.hours_per_stream
    most = max(world.scenario.stores.hours_per_week - LEAST_SELLING_HOURS, 0.0)
    possible = np.where(hours > most, most / np.maximum(hours, 1e-300), 1.0)
    sellers.posts_per_week[:], sellers.streams_per_week[:] = posts * possible, streams * possible
    sellers.publishing_hours[:] = hours * possible
    spent = sellers.publishing_hours * (world.dt * WEEKS_PER_YEAR)
    sellers.lately_hours += spent
    sellers.year_publishing += spent


def takes_part(world: World) -> Bool:
    """Which sellers publish in this tick: drawn by lot, for as long as the seller stays."""
    s = world.sellers
    u = uniform(world.key, Decision.TAKES_PART, s.hire, 0, s.district, s.code)
    taking: Bool = u < world.levers.content.participation
    return taking


def places(world: World) -> list[int]:
    """Platforms on which sellers publish in this tick, the one they write for first."""
    names, chosen = world.content.names, world.levers.content.platforms
    return list(range(len(names))) if chosen is None else [names.index(name) for name in chosen]


def _drive(world: World) -> F64:
    """Share of what is asked towards which each seller moves."""
    sellers, lever, b, stores = world.sellers, world.levers.content, world.behaviour, world.scenario.stores
    asked = (
        lever.posts_per_week * lever.hours_of_post(len(places(world)))
        + lever.streams_per_week() * lever.hours_per_stream
    )
    earned = lever.bonus_per_lead * sellers.lately_leads + lever.bonus_per_order * sellers.lately_orders
    # Judged over at least a week as asked: an hour's work that happened to bring a lead proves nothing.
    hours = np.maximum(sellers.lately_hours, asked)
    per_hour = np.divide(earned, hours, out=np.zeros(len(hours)), where=hours > 0.0)
    pull = np.divide(per_hour, per_hour + stores.cost_per_hour, out=np.zeros(len(hours)), where=per_hour > 0.0)
    share = sellers.lately_hours / (b.effort_memory_weeks * max(stores.hours_per_week, LEAST_SELLING_HOURS))
    tired: F64 = numeric.exp(-b.post_fatigue * share)
    wanted: F64 = (1.0 - (1.0 - pull) * (1.0 - b.support_drive * lever.support)) * tired
    return wanted


def _bait(world: World) -> F64:
    """Share of posts made to collect contact data towards which each seller moves: by what leads and orders paid
    lately, the next order counted as if it were there; before anything has paid by what the scheme promises."""
    sellers, lever = world.sellers, world.levers.content
    by_leads = lever.bonus_per_lead * sellers.lately_leads
    by_orders = lever.bonus_per_order * (sellers.lately_orders + 1.0)
    paid = by_leads + by_orders
    promised = 1.0 if lever.bonus_per_lead > 0.0 else 0.0
    shown = np.divide(by_leads - by_orders, paid, out=np.full(len(paid), promised), where=paid > 0.0)
    share: F64 = np.maximum(shown, 0.0)
    return share
