"""Speed and memory of the shipped market with every policy on, on one core: `python -m tests.bench`.

Every measurement runs in a process of its own, bound to one core, so that peaks of memory do not mix and nothing runs
beside it. Aims are printed next to what was measured; nothing is asserted, because time depends on the machine.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from typing import Any

from tests.bench import measure

SMALL, LARGE = 100_000, 1_000_000
AIM_NS, AIM_BYTES, AIM_EXPONENT = 20.0, 400.0, 1.2


def main() -> None:
    """Measure everything and print it."""
    if len(sys.argv) == 3:
        _be_alone()
        print(json.dumps(measure.MEASUREMENTS[sys.argv[1]](int(sys.argv[2]))))
        return
    _child("speed", measure.WARM_UP)  # compiles what is not compiled yet
    small, large = (_child("speed", households) for households in (SMALL, LARGE))
    with tempfile.TemporaryDirectory() as folder:  # kernels that count must neither be found nor found again
        draws = _child("draws", SMALL, NUMBA_CACHE_DIR=folder)
    quiet = [_child("quiet", households) for households in (SMALL, LARGE)]
    print("\n".join([*_speed(small, large), "", *_draws(draws), "", *_bytes(large), "", *_passes(*quiet)]))


def _be_alone() -> None:
    """Stay on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _child(name: str, households: int, **environment: str) -> Any:
    """Run one measurement in a process of its own and return what it found."""
    command = [sys.executable, "-m", "tests.bench", name, str(households)]
    done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def _speed(small: dict[str, Any], large: dict[str, Any]) -> list[str]:
    lines = [
        f"every policy on, one core: {measure.BLOCKS} blocks of {measure.TICKS} weekly ticks after"
        f" {measure.WARM_UP_TICKS}",
        f"{'households':>12} {'build s':>9} {'ns per household-week':>22} {'blocks':>20} {'x one keyed draw':>17}"
        f" {'peak MB':>9}",
    ]
    for found in (small, large):
        blocks = " ".join(f"{ns:.1f}" for ns in found["blocks"])
        lines.append(
            f"{found['households']:>12,} {found['build']:>9.2f} {found['ns']:>22.1f} {blocks:>20}"
            f" {found['ns'] / found['draw_ns']:>17.2f} {found['peak_mb']:>9,.0f}"
        )
    exponent = math.log(large["ns"] * LARGE / (small["ns"] * SMALL)) / math.log(LARGE / SMALL)
    return [
        *lines,
        f"aim at {LARGE:,}: {AIM_NS:g} ns; measured {large['ns']:.1f} ns; one vectorised keyed draw"
        f" {large['draw_ns']:.1f} ns",
        f"growth exponent of the time per tick: aim at most {AIM_EXPONENT:g}; measured {exponent:.2f}",
        "time per tick by verb at the larger size, ns per household: "
        + ", ".join(f"{verb} {ns:.1f}" for verb, ns in large["verbs"].items()),
    ]


def _draws(found: dict[str, Any]) -> list[str]:
    return [
        f"keyed draws per household-week, counted over {measure.TICKS} ticks at {found['households']:,} households:"
        f" {found['arrays'] + found['kernels']:.4f}",
        f"  drawn in arrays {found['arrays']:.4f}, in compiled kernels {found['kernels']:.4f}",
    ]


def _bytes(found: dict[str, Any]) -> list[str]:
    tables = found["bytes"]
    years = (measure.WARM_UP_TICKS + measure.BLOCKS * measure.TICKS) / 52
    return [
        f"bytes per household at {found['households']:,} households after {years:.1f} years: aim {AIM_BYTES:g};"
        f" measured {sum(tables.values()):.0f}",
        *(f"  {name:<14} {size:>7.1f}" for name, size in tables.items() if size >= 0.05),
        f"  at the peak of the process, libraries included: {found['peak_mb'] * 1e6 / found['households']:.0f}",
    ]


def _passes(small: dict[str, Any], large: dict[str, Any]) -> list[str]:
    lines = ["passes over all households: microseconds per tick of a world in which nothing happens to anybody"]
    for name, meaning in (
        ("plain", "an ordinary tick"),
        ("window", "every 32nd: the calendar of needs sorts out its entries"),
        ("census", "the last of a year: the stocks are counted"),
    ):
        lines.append(
            f"  {name:<8} {small[name]:>9,.0f} at {SMALL:,} {large[name]:>9,.0f} at {LARGE:,} households   ({meaning})"
        )
    return lines


if __name__ == "__main__":
    main()
