"""The event log: one row per household and event on the way from awareness to referral, of one replicate.

It is built from the records, so it can be no other than what the metrics were counted from. Columns, events and their
meaning for attribution: docs/events.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim import numeric
from sim.channels import CHANNELS, NO_CHANNEL
from sim.errors import StoreError
from sim.experiment import happened, parquet
from sim.experiment.happened import EVENTS, STAGE_OF, STAGES
from sim.metrics.base import TIES
from sim.records import Columns, Noted, Records

if TYPE_CHECKING:
    import pandas as pd

_DTYPES: dict[str, tuple[type, Any]] = {
    "household": (np.int32, -1),
    "moment": (np.float64, np.nan),
    "event": (np.int8, -1),
    "channel": (np.int8, NO_CHANNEL),
    "other": (np.int32, -1),
    "tie": (np.int8, -1),
    "lead": (np.int16, -1),
    "order": (np.int16, -1),
    "store": (np.int32, -1),
    "seller": (np.int32, -1),
    "value": (np.int64, 0),
}
"""Type and blank of the columns that events bring with them."""


@dataclass(frozen=True)
class EventLog:
    """The events of one replicate, ordered by (moment, household, event, order, lead, other), which no two rows share.

    Columns of names (district, segment, stage, event, channel, first_touch, tie) hold codes: places in `labels`, -1
    for none.
    """

    columns: Columns
    labels: dict[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.columns["household"])

    @property
    def frame(self) -> pd.DataFrame:
        """The log as a frame, names as categories (missing where there is none)."""
        import pandas as pd

        return pd.DataFrame(
            {
                name: named(values, self.labels[name]) if name in self.labels else values
                for name, values in self.columns.items()
            }
        )

    @property
    def arrays(self) -> dict[str, Any]:
        """The columns as they are stored, names as dictionaries of Arrow."""
        import pyarrow as pa

        arrays: dict[str, Any] = dict(self.columns)
        for name, labels in self.labels.items():
            codes = pa.array(self.columns[name], mask=self.columns[name] < 0)
            arrays[name] = pa.DictionaryArray.from_arrays(codes, pa.array(labels, pa.string()))
        return arrays


def named(codes: NDArray[np.integer[Any]], labels: Sequence[str]) -> pd.Categorical[str]:
    """Codes as categories; -1 is missing."""
    import pandas as pd

    names: pd.Categorical[str] = pd.Categorical.from_codes(codes, categories=pd.Index(labels))
    return names


def read(path: Path) -> pd.DataFrame:
    """The stored log of a replicate as a frame.

    Raises:
        StoreError: the file is missing or damaged.
    """
    import pyarrow as pa

    try:
        frame: pd.DataFrame = parquet.read(path).to_pandas(use_threads=False)
    except FileNotFoundError as error:
        raise StoreError(f"{path}: the event log is missing; run the same again with --events") from error
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise StoreError(f"{path}: the file is damaged; delete it and run the same again with --events") from error
    return frame


def log(records: Records) -> EventLog:
    """The event log of a replicate.

    Raises:
        ValueError: the records were made without `events`.
    """
    noted = records.noted
    if noted is None:
        raise ValueError("these records have no event log: make the model with events=True")
    first = happened.first_touches(records, noted)
    parts = [*happened.rows(records, noted), first]
    columns = {name: _joined(parts, name) for name in _DTYPES}
    del parts
    order = numeric.ordered(*(columns[name] for name in ("other", "lead", "order", "event", "household", "moment")))
    order = order[columns["moment"][order] < noted.until]  # neither nan nor ahead in a seller's queue
    for name in columns:  # one after the other: the log is by far the largest thing a replicate leaves
        columns[name] = columns[name][order]
    return _complete(records, noted, columns, first)


def _complete(records: Records, noted: Noted, columns: Columns, first: Columns) -> EventLog:
    """The log with what follows from household, moment and event, in the order of its documentation."""
    household, moment = columns["household"], columns["moment"]
    district = noted.households["district"][household]
    stages = np.array([STAGES.index(stage) for stage in STAGE_OF.values()], dtype=np.int8)
    touched_at = np.full(len(noted.households["district"]), np.inf)
    touched_at[first["household"]] = first["tick"] / records.ticks_per_year
    first_touch = np.full(len(touched_at), NO_CHANNEL, dtype=np.int8)
    first_touch[first["household"]] = first["channel"]
    found = {
        "household": household,
        "district": district.astype(np.int16),
        "segment": noted.households["segment"][household].astype(np.int8),
        "represents": records.weights[district],
        "moment": moment,
        "year": (records.start_year + np.floor(moment)).astype(np.int16),
        "stage": stages[columns["event"]],
        "event": columns["event"],
        "channel": columns["channel"],
        "first_touch": np.where(moment >= touched_at[household], first_touch[household], np.int8(NO_CHANNEL)),
        **{name: columns[name] for name in ("other", "tie", "lead", "order", "store", "seller", "value")},
    }
    labels = {"district": records.districts, "segment": records.segments, "stage": STAGES, "event": EVENTS}
    return EventLog(found, labels | {"channel": CHANNELS, "first_touch": CHANNELS, "tie": TIES})


def _joined(parts: list[Columns], name: str) -> NDArray[Any]:
    """One column of all parts."""
    dtype, blank = _DTYPES[name]
    column: NDArray[Any] = np.full(sum(len(part["household"]) for part in parts), blank, dtype)
    start = 0
    for part in parts:
        stop = start + len(part["household"])
        if name in part:
            column[start:stop] = part[name]
        start = stop
    return column
