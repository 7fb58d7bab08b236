"""What holds for all tests."""

from __future__ import annotations

import gc


def pytest_collection_finish() -> None:
    """Keep the collector from what stays to the end: libraries and test modules are most of what it would look through.

    After each replicate the runner collects garbage, which would otherwise take longer than many a small replicate.
    """
    gc.collect()
    gc.freeze()
