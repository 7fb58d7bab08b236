"""A market that costs nothing to simulate: the experiment's machinery is tested without the model and its compiler.

`python tests/experiment/fakes.py COMMAND ...` is the command line on this market. Environment variables disturb it:
FAKE_SECONDS (duration of a replicate), FAKE_FAILING (number of a replicate that fails), FAKE_DYING (of one whose
process is killed; FAKE_DEATHS is a file with a letter for each time that happens, without it always) and
FAKE_FILE_LIMIT (largest file, bytes).
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
import types
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

PROJECT = Path(__file__).resolve().parents[2]
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))

from sim.channels import CHANNELS, PAID_ADS, REFERRAL  # noqa: E402
from sim.errors import Problem, ScenarioError  # noqa: E402
from sim.records import Records  # noqa: E402
from sim.scenario.schema.root import Threshold  # noqa: E402

ALONE = ("__main__", "__mp_main__")
"""What this module is called in a process of its own; the latter in worker processes, which import it once more."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Horizon(Part):
    start_year: int = 2020
    years: int = 3
    ticks_per_year: int = 52


class Economics(Part):
    run_off_years: int = 2


class District(Part):
    name: str = "here"
    households: int = 2000


class Market(Part):
    districts: tuple[District, ...] = (District(), District(name="there"))


class Programme(Part):
    referrer_credit: float = 1000.0


class Policies(Part):
    paid_ads: Programme | None = Programme()
    referral: Programme | None = None


class Scenario(Part):
    name: str = "fake"
    description: str = ""
    seed: int = 1
    replicates: int = 3
    currency: str = "CNY"
    horizon: Horizon = Horizon()
    economics: Economics = Economics()
    market: Market = Market()
    policies: Policies = Policies()
    thresholds: tuple[Threshold, ...] = ()


SCENARIOS = {
    "baseline": Scenario(name="baseline"),
    "referral": Scenario(name="referral", policies=Policies(referral=Programme())),
}


def load(name: str, changes: Sequence[str] = ()) -> Scenario:
    if name not in SCENARIOS:
        raise ScenarioError([Problem(name, None, "", "no such scenario")])
    content = SCENARIOS[name].model_dump()
    for change in changes:
        path, _, value = change.partition("=")
        *parents, last = path.split(".")
        place = content
        for parent in parents:
            place = place[parent]
        place[last] = json.loads(value)
    try:
        return Scenario.model_validate(content)
    except ValidationError as error:
        raise ScenarioError([Problem(name, None, "", one["msg"]) for one in error.errors()]) from error


def read(name: str, model: type[Scenario], changes: Sequence[str] = (), **_: bool) -> types.SimpleNamespace:
    return types.SimpleNamespace(scenario=load(name, changes), left_out=(), notes=())


def dump(scenario: Scenario) -> str:
    return scenario.model_dump_json()


def restore(text: str, model: type[Scenario], file: str = "scenario.yaml") -> Scenario:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise ScenarioError([Problem(file, None, "", "not a scenario")]) from error


class Model:
    """Orders drawn from seed and replicate; a referral programme adds orders of households that had none."""

    def __init__(self, scenario: Scenario, replicate: int = 0, placebo: bool = False, events: bool = False) -> None:
        self.scenario, self.replicate, self.placebo = scenario, replicate, placebo

    def run(self) -> Records:
        if __name__ in ALONE:
            # After each replicate garbage is collected: looking through the libraries takes longer than this market.
            gc.freeze()
        if float(os.environ.get("FAKE_SECONDS", "0")):
            time.sleep(float(os.environ["FAKE_SECONDS"]))
        if os.environ.get("FAKE_FAILING") == str(self.replicate):
            raise ZeroDivisionError("the market vanished")
        if os.environ.get("FAKE_DYING") == str(self.replicate) and _dies():
            os._exit(9)
        return records(self.scenario, self.replicate, self.placebo)


def _dies() -> bool:
    """Whether it is time to die once more."""
    if "FAKE_DEATHS" not in os.environ:
        return True
    left = Path(os.environ["FAKE_DEATHS"])
    deaths = left.read_text()
    left.write_text(deaths[1:])
    return bool(deaths)


def records(scenario: Scenario, replicate: int, placebo: bool = False) -> Records:
    """Four hundred households order in every replicate; 40 more with the programme; a placebo moves one of them."""
    rng = np.random.default_rng([scenario.seed, replicate])
    years, end = scenario.horizon.years, scenario.horizon.years + scenario.economics.run_off_years
    n, referred = 400, 40 if scenario.policies.referral else 0
    household = np.arange(n + 40)
    arrived = rng.uniform(0, end - 0.5, n + 40)
    household, arrived = household[: n + referred], arrived[: n + referred]
    channel = np.where(household < n, PAID_ADS, REFERRAL).astype(np.int8)
    if placebo:
        channel[0] = CHANNELS.index("walk_in")
    rows = len(household)
    nan, none, zero = np.full(rows, np.nan), np.full(rows, -1), np.zeros(rows, dtype=np.int64)
    district = (household % 2).astype(np.int16)
    shared = {"household": household, "segment": zero, "district": district, "channel": channel}
    shared |= {"first_touch": channel, "referrer": none, "tie": none, "tenure": nan, "generation": zero}
    leads = {**shared, "episode": zero, "arrived": arrived, "answered": arrived, "reached": np.ones(rows, dtype=bool)}
    leads |= {"visited": arrived, "tested": arrived, "ordered": arrived + 0.1, "closed": arrived + 0.1}
    leads |= {"outcome": np.full(rows, 4), "store": zero, "seller": zero, "hours": np.ones(rows), "mature": none}
    leads |= {"live": np.zeros(rows, dtype=bool)}
    ordered, delivered = arrived + 0.1, arrived + 0.2
    orders = {**shared, "number": zero, "lead": household, "ordered": ordered, "cancelled": nan, "delivered": delivered}
    orders |= {"first": np.ones(rows, dtype=bool), "repurchase": np.zeros(rows, dtype=bool)}
    orders |= {"price": np.full(rows, 2_000_000), "discount": zero, "subsidy": zero, "claim": zero, "code": none}
    orders |= {"returned": nan, "rejected": np.zeros(rows, dtype=bool), "mature": none, "followed": nan}
    began = {"household": household, "segment": zero, "district": district, "order": household, "began": delivered}
    began |= {"ended": nan, "referrer": none, "generation": zero}
    lost = np.where((household < 10) & (household % 2 > 0), delivered + 0.3, np.nan)
    empty = zero[:0]
    credits = dict.fromkeys(("household", "segment", "district", "order", "kind", "face", "state", "redeemed"), empty)
    credits |= {"booked": empty} | dict.fromkeys(("expiry", "pending", "vested", "closed"), nan[:0])
    acts = dict.fromkeys(("household", "segment", "district", "year", "act", "eligible", "generation"), empty)
    margins = {"household": household, "order": household, "segment": zero, "district": district, "moment": delivered}
    ticks = np.arange(end * scenario.horizon.ticks_per_year)
    flat = np.zeros(len(ticks), dtype=np.int64)
    ledger = {"tick": ticks, "district": flat, "channel": flat, "purpose": flat, "kind": flat, "payer": flat}
    year_end = np.arange(scenario.horizon.start_year, scenario.horizon.start_year + years)
    stocks = {"year_end": year_end, "district": year_end * 0, "segment": year_end * 0}
    stocks |= dict.fromkeys(("aware", "prospects", "open_leads", "waiting", "owners"), year_end * 0 + 5)
    whole = ("year", "district", "store", "seat", "hire", "publishes", "posts", "leads", "orders", "followers")
    sellers = dict.fromkeys(whole, empty)
    sellers |= dict.fromkeys(("since", "publishing_hours", "selling_hours", "views", "ripe"), nan[:0])
    counts = ("available", "worked", "publishing", "calls", "visits", "test_drives", "sellers", "publishers")
    hours = {"tick": ticks, "district": flat} | dict.fromkeys(counts, flat + 1)
    media = {"tick": ticks, "district": flat, "channel": flat, "budget": flat, "spent": flat, "unspent": flat}
    return Records(
        start_year=scenario.horizon.start_year,
        years=years,
        run_off_years=scenario.economics.run_off_years,
        ticks_per_year=scenario.horizon.ticks_per_year,
        follow_up_weeks=26.0,
        discount_rate_per_year=0.1,
        ltv_window_years=1.0,
        currency=scenario.currency,
        districts=tuple(district.name for district in scenario.market.districts),
        segments=("everyone",),
        weights=np.array([2.0, 3.0]),
        seller_hour_cost=np.array([5000, 5000]),
        reward_kinds=("credit",),
        leads=leads,
        orders=orders,
        margins={**margins, "amount": np.full(rows, 300_000), "purpose": np.zeros(rows, dtype=np.int8)},
        relationships=began,
        ownerships={**began, "ended": lost, "eligible": np.ones(rows, dtype=bool)},
        credits=credits,
        acts=acts,
        replacements={
            "household": household[:10],
            "segment": zero[:10],
            "district": district[:10],
            "moment": delivered[:10] + 0.3,
            "same_brand": household[:10] % 2 == 0,
        },
        ledger={**ledger, "amount": flat + 1_000_000},
        stocks={**stocks, "satisfaction_sum": year_end * 0 + 3.0, "satisfaction_n": year_end * 0 + 5},
        sellers=sellers,
        hours=hours,
        media=media,
    )


def modules() -> dict[str, types.ModuleType]:
    """What stands in for the model and the scenario loader."""
    model, scenario = types.ModuleType("sim.model"), types.ModuleType("sim.scenario")
    model.Model = Model  # type: ignore[attr-defined]
    scenario.__dict__.update(load=load, read=read, dump=dump, restore=restore, Scenario=Scenario, Resolved=dict)
    scenario.__path__ = [str(PROJECT / "sim" / "scenario")]  # where what only passes flags on is the real thing
    loader, root = types.ModuleType("sim.scenario.loader"), types.ModuleType("sim.scenario.schema.root")
    loader.__dict__.update(read=read, Resolved=dict)
    root.__dict__.update(Scenario=Scenario, MAX_REPLICATES=9_999)
    # The real thing on the fake loader, whatever it was imported with before.
    flags = types.ModuleType("sim.scenario.flags")
    found = {module.__name__: module for module in (model, scenario, loader, root, flags)}
    with mock.patch.dict(sys.modules, found):
        exec((PROJECT / "sim" / "scenario" / "flags.py").read_text(encoding="utf-8"), flags.__dict__)
    return found


def install() -> None:
    """Stand in for the model and the scenario loader in the whole process."""
    sys.modules.update(modules())


if __name__ in ALONE:
    install()
    if limit := int(os.environ.get("FAKE_FILE_LIMIT", "0")):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

if __name__ == "__main__":
    from sim.cli import main

    raise SystemExit(main())
