"""Populations as tables: declared columns of NumPy arrays, with a light view of one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


class Column:
    """A declared column: its dtype, unit, meaning and the value new rows start with."""

    def __init__(self, dtype: type, unit: str, meaning: str, default: float = 0) -> None:
        self.dtype = np.dtype(dtype)
        self.unit = unit
        self.meaning = meaning
        self.default = default


def column(dtype: type, unit: str, meaning: str, default: float = 0) -> Any:
    """Declare a column in the body of a `Table` subclass; on an instance the name holds the array."""
    return Column(dtype, unit, meaning, default)


CACHE_LINE = 64
"""Bytes that memory hands over at a time."""


class Row:
    """A read-only view of one row: `people[17].trust`."""

    def __init__(self, table: Table, index: int) -> None:
        self._table = table
        self._index = index

    def __getattr__(self, name: str) -> Any:
        if name not in self._table.columns:
            raise AttributeError(f"no column {name!r}")
        return getattr(self._table, name)[self._index]

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)}" for name in self._table.columns)
        return f"{type(self._table).__name__}[{self._index}]({values})"


class Table:
    """Rows with stable numbers and declared columns; rows are appended, never removed.

    A subclass declares its columns as class attributes with `column`; on an instance each name is an array of length
    `len(table)`. Storage grows by doubling, so arrays must be reached through the table, not kept across `append`.
    """

    columns: ClassVar[dict[str, Column]] = {}

    def __init_subclass__(cls) -> None:
        cls.columns = {name: value for name, value in vars(cls).items() if isinstance(value, Column)}

    def __init__(self, rows: int = 0) -> None:
        self._rows, self._full = 0, False
        self._storage = {name: np.empty(0, spec.dtype) for name, spec in self.columns.items()}
        self.append(rows)

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, index: int) -> Row:
        if not -self._rows <= index < self._rows:
            raise IndexError(f"row {index} of a table of {self._rows}")
        return Row(self, index)

    def append(self, rows: int, **values: Any) -> slice:
        """Add rows; columns given in `values` (scalars or arrays) are set to them, the others to their defaults."""
        if self._full:
            raise RuntimeError(f"{type(self).__name__} is full: some of its columns are side by side")
        new = slice(self._rows, self._rows + rows)
        unknown = values.keys() - self.columns.keys()
        if unknown:
            raise KeyError(f"no column {sorted(unknown)[0]!r} in {type(self).__name__}")
        for name, spec in self.columns.items():
            array = self._storage[name]
            if new.stop > len(array):
                grown = np.empty(max(new.stop, 2 * len(array)), spec.dtype)
                grown[: self._rows] = array[: self._rows]
                array = self._storage[name] = grown
            array[new] = values.get(name, spec.default)
            setattr(self, name, array[: new.stop])
        self._rows = new.stop
        return new

    def side_by_side(self, record: np.dtype[np.void]) -> NDArray[np.void]:
        """Move the columns named in `record` into one record per row and return these records; the table is then full.

        Who reads several columns of scattered rows then waits for memory once a row, not once a column. Records begin
        where a cache line (64 bytes) does.
        """
        room = np.empty(record.itemsize * self._rows + CACHE_LINE, dtype=np.uint8)
        begin = -room.ctypes.data % CACHE_LINE
        records = room[begin : begin + record.itemsize * self._rows].view(record)
        for name in record.names or ():
            records[name] = getattr(self, name)
            self._storage[name] = records[name]
            setattr(self, name, records[name])
        self._full = True
        return records

    @property
    def nbytes(self) -> int:
        """Bytes the rows occupy (without the slack of growth)."""
        return sum(spec.dtype.itemsize for spec in self.columns.values()) * self._rows

    def frame(self) -> pd.DataFrame:
        """The table as a DataFrame, one row per row, columns as declared."""
        import pandas as pd

        return pd.DataFrame({name: getattr(self, name).copy() for name in self.columns})
