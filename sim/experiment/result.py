"""The result of a run: what its replicates measured, and what that says together."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import metrics
from sim.errors import UsageError
from sim.experiment import store
from sim.experiment.tables import Columns, Scope, Tables, decode, encode

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.compare import Comparison
    from sim.scenario import Scenario


class Result:
    """What the replicates of a scenario measured.

    `run` is the stored run, None for a result kept in memory. `replicates` are the numbers of the replicates it covers.
    Tables of a stored run are read whenever they are asked for and never kept: those of 300 replicates take gigabytes.
    """

    def __init__(
        self,
        scenario: Scenario,
        digest: str,
        replicates: Sequence[int],
        load: Callable[[int], Tables],
        run: store.Run | None = None,
    ) -> None:
        self.scenario = scenario
        self.hash = digest
        self.replicates = tuple(replicates)
        self.run = run
        self._load = load

    @classmethod
    def read(cls, run: store.Run, replicates: Sequence[int]) -> Result:
        """The result of these replicates of a stored run."""
        return cls(run.scenario, run.hash, replicates, functools.partial(store.read_replicate, run.folder), run)

    @classmethod
    def hold(cls, scenario: Scenario, tables: Mapping[int, Tables]) -> Result:
        """The result of replicates kept in memory."""
        return cls(scenario, store.identity(scenario)[:8], sorted(tables), tables.__getitem__)

    def tables(self, replicate: int) -> Tables:
        """Everything kept of one replicate.

        Raises:
            StoreError: its files are missing or damaged.
        """
        return self._load(replicate)

    def rows(self, replicate: int) -> list[metrics.Row]:
        """The metrics of one replicate; of a stored run its table of metrics alone is read.

        Raises:
            StoreError: the file is missing or damaged.
        """
        run = self.run
        table = self._load(replicate).metrics if run is None else store.read_metrics(run.folder, replicate)
        columns = (table["metric"].tolist(), table["by"].tolist(), table["value"].tolist())
        # There are far fewer names and sets of dimensions than rows, which share them.
        sets = {by: decode(by) for by in set(columns[1])}
        return [metrics.Row(sys.intern(metric), sets[by], value) for metric, by, value in zip(*columns, strict=True)]

    @functools.cached_property
    def units(self) -> dict[str, str]:
        """The unit of each metric."""
        return {name: metric.unit_in(self.scenario.currency) for name, metric in metrics.METRICS.items()}

    @functools.cached_property
    def summary(self) -> list[dict[str, Any]]:
        """Means and 95% t intervals over replicates: metric, unit, by, mean, low, high, n; nan where there is none."""
        found = metrics.summarise([self.rows(replicate) for replicate in self.replicates])
        return [
            {
                "metric": row.metric,
                "unit": self.units[row.metric],
                "by": dict(row.by),
                "mean": row.mean,
                "low": row.low,
                "high": row.high,
                "n": row.n,
            }
            for row in found
        ]

    def summary_columns(self) -> Columns:
        """The summary as columns, `by` as JSON."""
        texts = {name: [row[name] for row in self.summary] for name in ("metric", "unit")}
        texts["by"] = [encode(row["by"]) for row in self.summary]
        numbers = {name: [row[name] for row in self.summary] for name in ("mean", "low", "high")}
        return {
            **{name: np.array(values, dtype=object) for name, values in texts.items()},
            **{name: np.array(values, dtype=np.float64) for name, values in numbers.items()},
            "n": np.array([row["n"] for row in self.summary], dtype=np.int64),
        }

    def get(self, metric: str, **by: int | str | bool) -> dict[str, Any]:
        """One row of the summary, such as `get("cac", year=2025)`.

        Raises:
            KeyError: no such metric or dimensions.
        """
        for row in self.summary:
            if row["metric"] == metric and row["by"] == by:
                return row
        raise KeyError(f"no metric {metric!r} by {by or 'nothing'}")

    @property
    def metrics(self) -> pd.DataFrame:
        """The summary as a frame: metric, unit, by (JSON text), mean, low, high, n."""
        import pandas as pd

        return pd.DataFrame(self.summary_columns())

    @property
    def series(self) -> pd.DataFrame:
        """Per replicate and tick: replicate, tick, metric, dimensions (JSON text), value (weighted)."""
        import pandas as pd

        frames = [pd.DataFrame(self.tables(number).series) for number in self.replicates]
        return pd.concat(frames, keys=self.replicates, names=["replicate"]).reset_index(level="replicate")

    @property
    def events(self) -> pd.DataFrame:
        """The event log, a row per household and event: replicate, household and so on (docs/events.md).

        Raises:
            UsageError: a replicate was made without.
            StoreError: a stored log is damaged.
        """
        import pandas as pd

        from sim.experiment import events

        if self.run is None:
            logs = {number: self.tables(number).events for number in self.replicates}
            frames = {number: log.frame for number, log in logs.items() if log is not None}
        else:
            logged = set(self.run.logged()) & set(self.replicates)
            frames = {number: events.read(store.event_log(self.run.folder, number)) for number in sorted(logged)}
        if lacking := [str(number) for number in self.replicates if number not in frames]:
            raise UsageError(
                f"there is no event log of replicate {', '.join(lacking)}; run the same with --events, or sim.run with "
                "events=True"
            )
        return pd.concat(frames, names=["replicate"]).reset_index(level="replicate").reset_index(drop=True)

    def compare(self, reference: Result) -> Comparison:
        """Paired differences of this result to a reference, replicate by replicate.

        Raises:
            UsageError: the two do not share seed, horizon or currency, or no replicate.
        """
        from sim.experiment.compare import Comparison

        return Comparison(reference, [self])

    def placebo(self, replicate: int) -> tuple[Columns, Scope] | None:
        """The orders of a placebo replicate where one is stored."""
        if self.run is None or replicate not in self.run.placebos():
            return None
        return store.read_placebo(self.run.folder, replicate)

    def __repr__(self) -> str:
        return f"<Result of {self.scenario.name}-{self.hash}, {len(self.replicates)} replicates>"
