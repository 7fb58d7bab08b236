"""Tables as Parquet, with page checksums: they alone betray flipped bits."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import regular

if TYPE_CHECKING:
    from sim.records import Columns


def to_bytes(table: Columns, scope: str = "") -> bytes:
    """A table as Parquet with page checksums, which alone betray flipped bits; equal tables give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: pa.array(values, from_pandas=False) for name, values in table.items()}
    arrow = pa.table(columns).replace_schema_metadata({"scope": scope} if scope else None)
    # Through memory: a full disk then shows as an ordinary OSError with its reason.
    buffer = io.BytesIO()
    pq.write_table(arrow, buffer, compression="zstd", write_page_checksum=True)
    return buffer.getvalue()


def read(path: Path) -> Any:
    """A stored table as `pyarrow.Table`, page checksums verified.

    Raises:
        OSError, ValueError, pyarrow.ArrowException: the file is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with regular.opened(path) as file:
        buffer = pa.py_buffer(file.read())
    # From memory and without the library's threads: one of them that calls a file of Python while the interpreter ends
    # aborts the process.
    source = pa.BufferReader(buffer)
    return pq.read_table(source, use_threads=False, pre_buffer=False, page_checksum_verification=True)
