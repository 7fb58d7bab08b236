"""What the tables of a run directory hold, read with their page checksums: do they have one form and one scope?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import StoreError
from sim.experiment import forms, store
from sim.experiment.result import Result
from sim.experiment.tables import Columns, Scope, Tables

ACCURACY = 1e-9
"""Relative; the last digits of a mean may differ between processors and versions of NumPy."""


@dataclass(frozen=True)
class _Sheet:
    """A table that was read."""

    name: str
    """Its path in the run directory."""
    replicate: int
    kind: str
    columns: tuple[tuple[str, str], ...]
    """Names and kinds."""
    scope: Scope


class Contents:
    """The tables of the replicates of a run directory; `faults` are file and what is wrong with it."""

    def __init__(self, folder: Path, files: Iterable[tuple[str, int, str]], known: Collection[str] | None) -> None:
        """Read the files: path in the folder, number of the replicate, kind; `known` are the metrics there may be."""
        self.faults: list[tuple[str, str]] = []
        self._folder, self._known = folder, known
        self._metrics: dict[int, Columns] = {}
        read = (self._read(*file) for file in files)
        self._sheets = [sheet for sheet in read if sheet is not None]
        for kind in forms.FORMS:
            mine = [sheet for sheet in self._sheets if sheet.kind == kind]
            self._compare(mine, lambda sheet: sheet.columns, "columns than most files of its kind have")
        self._compare(
            self._sheets,
            lambda sheet: (sheet.scope.weights, sheet.scope.years, sheet.scope.end_years),
            "scope than most",
        )
        for replicate in {sheet.replicate for sheet in self._sheets}:
            mine = [sheet for sheet in self._sheets if sheet.replicate == replicate and "placebo" not in sheet.name]
            self._compare(mine, lambda sheet: sheet.scope.owners, "scope than the other files of its replicate")

    def summary_fault(self, result: Callable[[list[int], Callable[[int], Tables]], Result]) -> str | None:
        """What is wrong with the stored summary, computed anew by the result of the replicates; None if nothing is."""
        numbers = {kind: {sheet.replicate for sheet in self._sheets if sheet.kind == kind} for kind in store.PARTS}
        whole = sorted(set.intersection(*numbers.values(), set(self._metrics)))
        scope = Scope((), 0, 0.0, ())
        try:
            expected = result(whole, lambda n: Tables(self._metrics[n], {}, {}, scope)).summary_columns()
            stored, _ = store.read_columns(self._folder / store.SUMMARY)
        except StoreError:
            return "not a readable table"
        if list(stored) != list(expected):
            return "has other columns than a summary"
        if any(len(stored[name]) != len(values) for name, values in expected.items()):
            return "does not have the rows of a summary of the stored replicates"
        wrong = [name for name, values in expected.items() if not _same(stored[name], values)]
        return f"is not the summary of the stored replicates: {', '.join(wrong)} differ" if wrong else None

    def _read(self, name: str, replicate: int, kind: str) -> _Sheet | None:
        """One table; None, with a fault, where it cannot be evaluated."""
        kind = store.ORDERS if kind == store.PLACEBO else kind
        try:
            columns, scope = store.read_table(self._folder / name)
        except StoreError:
            self.faults.append((name, "not a readable table"))
            return None
        if (fault := forms.fault(kind, columns, self._known)) is not None:
            self.faults.append((name, f"not a table of {kind}: {fault}"))
            return None
        if kind == store.METRICS:
            self._metrics[replicate] = columns
        described = tuple((column, values.dtype.kind) for column, values in columns.items())
        return _Sheet(name, replicate, kind, described, scope)

    def _compare(self, sheets: list[_Sheet], trait: Callable[[_Sheet], Hashable], what: str) -> None:
        """A fault for every table that differs from most of them in a trait."""
        if len(traits := Counter(map(trait, sheets))) > 1:
            ((usual, _),) = traits.most_common(1)
            self.faults += [(sheet.name, f"has another {what}") for sheet in sheets if trait(sheet) != usual]


def _same(stored: Any, computed: Any) -> bool:
    """Whether two columns hold the same, numbers to the accuracy of a mean."""
    if computed.dtype.kind == "f":
        numbers = stored.dtype.kind == "f"
        return numbers and bool(np.isclose(stored, computed, rtol=ACCURACY, atol=0.0, equal_nan=True).all())
    return bool(np.array_equal(stored, computed))
