"""The form of stored tables: what a file must hold for results to be computed from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sim.experiment.tables import Columns, decode

TEXT, NUMBER, WHOLE = "O", "f", "iu"
"""Kinds of columns, as NumPy calls them."""

_ORDERS = {
    **dict.fromkeys(("household", "number", "district", "channel", "referrer"), WHOLE),
    **dict.fromkeys(("ordered", "value"), NUMBER),
}
FORMS: dict[str, Mapping[str, str]] = {
    "metrics": {"metric": TEXT, "unit": TEXT, "by": TEXT, "value": NUMBER},
    "series": {"tick": WHOLE, "metric": TEXT, "dimensions": TEXT, "value": NUMBER},
    "orders": _ORDERS,
    "placebo-orders": _ORDERS,
}
"""Columns without which a table of this kind cannot be evaluated. Event logs are for readers outside and have none."""


def fault(kind: str, columns: Columns, known: Collection[str] | None = None) -> str | None:
    """What keeps a table of a kind from being evaluated, in words; None if nothing does.

    `known` are the metrics there are; without, any name may stand in a table of metrics.
    """
    for name, kinds in FORMS.get(kind, {}).items():
        if name not in columns or columns[name].dtype.kind not in kinds:
            return f"column '{name}' is missing or of another type"
    if kind != "metrics":
        return None
    # There are far fewer sets of dimensions than rows.
    names, sets = (set(columns[name].tolist()) for name in ("metric", "by"))
    if not all(map(_is_set, sets)):
        return "it has dimensions that cannot be read"
    strange = next((name for name in names if not isinstance(name, str) or (known and name not in known)), "")
    return None if strange == "" else f"there is no metric {strange!r}"


def _is_set(by: Any) -> bool:
    """Whether a text holds labels by dimension."""
    try:
        labels = decode(by).values()
    except (ValueError, TypeError, RecursionError):
        return False
    return all(isinstance(label, str | int) for label in labels)
