"""What a policy caused, order by order, beside what the event log shows of it: ground truth for attribution models.

Two runs of the same households and the same luck, one with the policy and one without, say of every order whether it
would have come anyway (`sim.metrics.pairs`). An attribution model sees the log of the run with the policy alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.channels import CHANNELS
from sim.experiment.compare import ensure_comparable, matched
from sim.experiment.events import named
from sim.experiment.happened import TOUCHES
from sim.experiment.result import Result
from sim.experiment.tables import Columns, Scope, Tables
from sim.metrics.pairs import KINDS
from sim.units import WEEKS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

ORDER = ["replicate", "household", "order"]
"""Columns that name an order in `truth`, `paths` and (rows of the event `order`) the event log."""


def truth(with_policy: Result, without: Result) -> pd.DataFrame:
    """What became of the orders of every replicate that both results have.

    One row per order of the run with the policy, and per displaced one: replicate, household, order (number of the
    household, from 0), kind (`incremental`, `displaced`, `accelerated`, `channel_shifted`, `delayed`, `same`: the
    definitions of the metrics of the same names), represents (households), moment and channel with the policy, moment
    and channel without it (missing where there is no such order; moments in years since the start). Only orders early
    enough to be classified: those whose earlier moment lies in the reported years.

    Raises:
        UsageError: the two have another seed, horizon or currency.
        ValueError: the two have another market, so that households are not the same.
    """
    ensure_comparable(without.scenario, with_policy.scenario)
    if with_policy.scenario.market != without.scenario.market:
        raise ValueError("households of different markets cannot be matched")
    numbers = [number for number in with_policy.replicates if number in without.replicates]
    return _frame(without, ((n, with_policy.tables(n).orders, with_policy.tables(n).scope) for n in numbers))


def noise(reference: Result) -> pd.DataFrame:
    """The same for the placebo replicates that `compare` stored with its reference: what chance does to orders."""
    placebos = ((number, reference.placebo(number)) for number in reference.replicates)
    return _frame(reference, ((number, *found) for number, found in placebos if found is not None))


def _frame(reference: Result, runs: Iterator[tuple[int, Columns, Scope]]) -> pd.DataFrame:
    """The pairs of all replicates, one below the other."""
    import pandas as pd

    frames = [_one(reference, number, orders, scope, reference.tables(number)) for number, orders, scope in runs]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*ORDER, "kind", "represents"])


def _one(reference: Result, number: int, orders: Columns, scope: Scope, without: Tables) -> pd.DataFrame:
    """The pairs of one replicate, with moment and channel of both orders."""
    import pandas as pd

    pairs = matched(reference, orders, scope, without)
    frame = pd.DataFrame(
        {
            "replicate": number,
            "household": pairs.household,
            "order": pairs.number,
            "kind": named(pairs.kind, KINDS),
            "represents": pairs.weights[pairs.district],
        }
    )
    for run, suffix, kind in ((orders, "", "displaced"), (without.orders, "_without", "incremental")):
        keys = {"household": run["household"], "order": run["number"]}
        shown = {f"moment{suffix}": run["ordered"], f"channel{suffix}": named(run["channel"], CHANNELS)}
        own = pd.DataFrame(keys | shown)
        frame = frame.merge(own, on=["household", "order"], how="left")
        # An order beyond the years that both runs were observed counts as none.
        unseen = frame["kind"] == kind
        frame.loc[unseen, f"moment{suffix}"] = np.nan
        frame.loc[unseen, f"channel{suffix}"] = None
    return frame


def paths(events: pd.DataFrame, touches: Sequence[str] = TOUCHES, *, weeks: float = np.inf) -> pd.DataFrame:
    """The touches before every order of an event log (`Result.events`), since the household's order before it.

    One row per order and touch, in the order of the log: replicate, household, order, represents, ordered (moment of
    the order), moment, event, channel, other, tie (of the touch). `touches` are the events that count, `weeks` how far
    they may lie before the order. The lead that led to an order is always among its touches, if it counts.
    """
    import pandas as pd

    by = ["replicate", "household"]
    orders = events.loc[events["event"] == "order", [*ORDER, "moment"]].sort_values("moment", kind="stable")
    orders["ordered"] = orders["moment"]
    columns = [*by, "represents", "moment", "event", "channel", "other", "tie"]
    seen = events.loc[events["event"].isin(list(touches)), columns].sort_values("moment", kind="stable")
    found = pd.merge_asof(seen, orders, on="moment", by=by, direction="forward").dropna(subset=["ordered"])
    found = found[found["ordered"] - found["moment"] <= weeks / WEEKS_PER_YEAR].astype({"order": events["order"].dtype})
    found = found.sort_values([*ORDER, "moment"], kind="stable", ignore_index=True)
    return found[[*ORDER, "represents", "ordered", "moment", "event", "channel", "other", "tie"]]
