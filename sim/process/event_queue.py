"""Jobs in the order of their moments, for compiled kernels: elements of arrays, ties broken by household id.

The jobs known at the start come sorted; the few that arise on the way wait in a small binary heap. (The standard
library's `heapq` works in kernels too, but on tuples, at several times the cost.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.kernels import part

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@part
def before(a: int, b: int, moment: F64, household: I64) -> bool:
    """Whether element `a` comes before element `b`."""
    first: bool = moment[a] < moment[b] or (moment[a] == moment[b] and household[a] < household[b])
    return first


@part
def push(heap: I64, size: int, item: int, moment: F64, household: I64) -> int:
    """Add an element to the first `size` of the heap; returns the new size."""
    at = size
    while at > 0:
        parent = (at - 1) // 2
        if not before(item, heap[parent], moment, household):
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = item
    return size + 1


@part
def pop(heap: I64, size: int, moment: F64, household: I64) -> int:
    """Remove the first element, heap[0]; returns the new size."""
    size -= 1
    item = heap[size]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and before(heap[child + 1], heap[child], moment, household):
            child += 1
        if not before(heap[child], item, moment, household):
            break
        heap[at] = heap[child]
        at = child
    heap[at] = item
    return size
