"""Tables: rows with declared columns."""

from __future__ import annotations

import numpy as np
import pytest

from sim.process.jobs import DUE
from sim.process.selling import _CARRIED
from sim.table import CACHE_LINE, Table, column
from sim.world.exposed import RECORD
from sim.world.people import MIND, People
from sim.world.stores import Leads

PAIR = np.dtype([("weight", np.float64), ("flag", np.int8)], align=True)


class Things(Table):
    weight = column(np.float64, "kg", "weight", 1.5)
    flag = column(np.int8, "", "flag", -1)
    other = column(np.int32, "", "something else")


def test_rows_are_appended_with_the_values_given_and_defaults_for_the_rest() -> None:
    things = Things(2)
    new = things.append(3, flag=7, other=np.arange(3))
    assert (new.start, new.stop, len(things)) == (2, 5, 5)
    assert things.weight.tolist() == [1.5] * 5
    assert things.flag.tolist() == [-1, -1, 7, 7, 7]
    assert things.other.tolist() == [0, 0, 0, 1, 2]
    assert things[4].other == 2
    with pytest.raises(KeyError, match="no column 'colour' in Things"):
        things.append(1, colour=1)


def test_columns_side_by_side_keep_their_values_and_are_the_records() -> None:
    things = Things(1000)
    things.weight[:] = np.arange(1000.0)
    records = things.side_by_side(PAIR)
    assert records.ctypes.data % CACHE_LINE == 0
    assert things.weight.tolist() == records["weight"].tolist() == list(range(1000))
    things.weight[[3, 5]] = 0.5, 0.25
    records[7] = (7.5, 1)
    assert (records["weight"][5], things.weight[7], things.flag[7]) == (0.25, 7.5, 1)
    assert things.frame()["weight"].tolist() == things.weight.tolist()
    assert things.nbytes == 1000 * (8 + 1 + 4)


def test_columns_of_a_table_that_has_grown_may_stand_side_by_side() -> None:
    things = Things(3)
    things.append(1, weight=4.5)
    assert things.side_by_side(PAIR)["weight"].tolist() == [1.5, 1.5, 1.5, 4.5]


@pytest.mark.parametrize(
    ("record", "table", "names"),
    [
        (MIND, People, MIND.names),
        (RECORD, People, set(RECORD.names or ()) & People.columns.keys()),
        (DUE, Leads, _CARRIED),
    ],
    ids=["mind", "exposed", "due"],
)
def test_records_hold_columns_in_their_own_types(
    record: np.dtype[np.void], table: type[Table], names: list[str]
) -> None:
    assert len(names) > 5
    assert {name: record[name] for name in names} == {name: table.columns[name].dtype for name in names}


@pytest.mark.parametrize("record", [MIND, RECORD], ids=["mind", "exposed"])
def test_a_household_takes_as_much_as_memory_hands_over_at_a_time(record: np.dtype[np.void]) -> None:
    assert record.itemsize == CACHE_LINE


def test_a_table_with_columns_side_by_side_is_full() -> None:
    things = Things(3)
    things.side_by_side(PAIR)
    with pytest.raises(RuntimeError, match="Things is full"):
        things.append(1)
