"""One measurement each; `tests.bench` runs every one in a process of its own.

Times are processor time of the process, which on a core of its own is the time on the wall, and which does not count
what other programs do on a busy machine.
"""

from __future__ import annotations

import ctypes
import resource
import statistics
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from typing import Any

WARM_UP = 25_000
"""Households of the world that only loads and compiles."""
WARM_UP_TICKS, BLOCKS, TICKS = 60, 3, 52


def speed(households: int) -> dict[str, Any]:
    """Time to build and to step, time of a keyed draw, bytes by table, and the peak of memory."""
    from sim.model import GrowthModel
    from tests.bench.market import market_of

    for _ in range(2):
        GrowthModel(market_of(WARM_UP)).step()
    begin = time.process_time()
    model = GrowthModel(market_of(households))
    build = time.process_time() - begin
    _steps(model, WARM_UP_TICKS)
    blocks = [_steps(model, TICKS) * 1e9 / TICKS / households for _ in range(BLOCKS)]
    tables = {name: size / households for name, size in model.world.nbytes().items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return {
        "households": households,
        "build": build,
        "blocks": blocks,
        "ns": statistics.median(blocks),
        "draw_ns": _draw_ns(),
        "bytes": tables,
        "peak_mb": peak,
        "verbs": _by_verb(model, households),
    }


def draws(households: int) -> dict[str, Any]:
    """Keyed draws per household-week, every single one counted.

    The counters are put in the place of the two sources of draws before any verb is imported; the one for kernels is
    compiled into them.
    """
    from numba import NumbaWarning, njit

    from sim import streams

    warnings.simplefilter("ignore", NumbaWarning)  # that kernels with a counter inside cannot be kept is wanted
    in_arrays, in_kernels = [0], [0]

    @ctypes.CFUNCTYPE(None)
    def one_more() -> None:
        in_kernels[0] += 1

    drawn_one, drawn = streams.uniform_one, streams.uniform

    @njit  # type: ignore[untyped-decorator, unused-ignore]
    def counted_one(seed, replicate, decision, attempt, tick, id1, id2):  # type: ignore[no-untyped-def]
        one_more()
        return drawn_one(seed, replicate, decision, attempt, tick, id1, id2)

    def counted(*arguments: Any) -> Any:
        result = drawn(*arguments)
        in_arrays[0] += result.size
        return result

    if "sim.process.jobs" in sys.modules:
        raise RuntimeError("the kernels were loaded before the counters")
    streams.uniform_one, streams.uniform = counted_one, counted

    from sim.model import GrowthModel
    from tests.bench.market import market_of

    model = GrowthModel(market_of(households))
    _steps(model, WARM_UP_TICKS)
    in_arrays[0] = in_kernels[0] = 0
    _steps(model, TICKS)
    weeks = households * TICKS
    return {"households": households, "arrays": in_arrays[0] / weeks, "kernels": in_kernels[0] / weeks}


def quiet(households: int) -> dict[str, Any]:
    """Microseconds per tick when nothing happens to anybody: what remains are passes over all households."""
    from sim.model import GrowthModel
    from sim.world.agenda import WINDOW
    from tests.bench.market import quiet_of

    model = GrowthModel(quiet_of(households))
    times: dict[str, list[float]] = defaultdict(list)
    for tick in range(WARM_UP_TICKS, WARM_UP_TICKS + 2 * TICKS) if _steps(model, WARM_UP_TICKS) else ():
        kind = "census" if (tick + 1) % TICKS == 0 else "plain" if tick % WINDOW else "window"
        times[kind].append(_steps(model, 1) * 1e6)
    return {kind: statistics.median(found) for kind, found in times.items()}


def _steps(model: Any, ticks: int) -> float:
    """Step, and return the seconds it took."""
    begin = time.process_time()
    for _ in range(ticks):
        model.step()
    return time.process_time() - begin


def _by_verb(model: Any, households: int) -> dict[str, float]:
    """Nanoseconds per household-week spent in each verb, over one more block."""
    verbs = [
        "need.arise",
        "staffing.turn_over",
        "effort.split",
        "posting.publish",
        "touches.publish",
        "following.gather",
        "word_of_mouth.spread",
        "leads.collect",
        "leads.assign",
        "selling.work",
        "delivery.hand_over",
        "ownership.live",
        "rewards.lapse",
        "ownership.loosen",
        "census.take",
        "audit.close",
    ]
    spent: dict[str, float] = {}
    for verb in verbs:
        where, _, name = verb.partition(".")
        module = import_module(f"sim.process.{where}")
        setattr(module, name, _timed(getattr(module, name), verb, spent))
    _steps(model, TICKS)
    return {verb: seconds * 1e9 / TICKS / households for verb, seconds in spent.items()}


def _timed(verb: Callable[[Any], None], name: str, spent: dict[str, float]) -> Callable[[Any], None]:
    spent[name] = 0.0

    def run(world: Any) -> None:
        begin = time.process_time()
        verb(world)
        spent[name] += time.process_time() - begin

    return run


def _draw_ns() -> float:
    """Nanoseconds per draw of one call of `uniform` for a million ids, the best of several."""
    import numpy as np

    from sim.streams import Decision, Key, uniform

    ids = np.arange(1_000_000)
    times = []
    for _ in range(7):
        begin = time.process_time()
        uniform(Key(1, 0), Decision.NOTICE, 0, 0, ids)
        times.append(time.process_time() - begin)
    return min(times) * 1e9 / len(ids)


MEASUREMENTS: dict[str, Callable[[int], dict[str, Any]]] = {"speed": speed, "draws": draws, "quiet": quiet}
