"""The commands on the real model, in a market of one small district."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from sim.experiment.store import identity
from sim.scenario import Scenario, load, restore

PROJECT = Path(__file__).resolve().parents[2]
SMALL = [
    "economics.run_off_years=0",
    "market.districts=[{name: here, tier: 2, households: 4000, represents: 14000000}]",
]


def test_compare_and_the_scenarios_it_stores(tmp_path: Path) -> None:
    words = ["compare", "baseline", "referral", "--reps", "2", "--jobs", "2", "--json", "--out", str(tmp_path)]
    words += ["--years", "1", *(word for change in SMALL for word in ("--set", change))]
    done = subprocess.run([sys.executable, "run.py", *words], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    found = {(row["scenario"], row["metric"]): row for row in content["differences"] if not row["by"]}
    effect = {name: found["referral", f"{name}_orders"]["mean"] for name in ("incremental", "displaced")}
    assert effect["incremental"] > 0
    net = found["referral", "order_difference"]["mean"]
    assert abs(effect["incremental"] - effect["displaced"] - net) < 1e-6 * effect["incremental"]
    for name in ("baseline", "referral"):
        (stored,) = tmp_path.glob(f"{name}-*/scenario.yaml")
        scenario = restore(stored.read_text(encoding="utf-8"), Scenario)
        assert identity(scenario) == identity(load(name, [*SMALL, "horizon.years=1"]))
        assert scenario.replicates == 2
