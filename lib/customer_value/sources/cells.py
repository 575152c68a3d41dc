"""Cells of loosely typed tables (Excel, SQLite) to Parquet columns, without losing a digit.

A column whose cells are all numbers or all dates gets that type. Any other becomes text, in which
a number that was a number keeps a form that cannot be mistaken: ``1.5`` is written ``1.5e0``, so
that it is 1.5 whatever the decimal sign of the cells that are text.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["column_kinds", "kind_of", "text_of", "type_of", "write_rows"]

_BATCH = 20_000


def column_kinds(rows: Iterable[Sequence[Any]], width: int) -> list[set[str]]:
    """What the cells of each column hold, see `kind_of`.

    Parameters
    ----------
    rows
        Cells as Python objects; None is a blank.
    width
        Number of columns.
    """
    kinds: list[set[str]] = [set() for _ in range(width)]
    for row in rows:
        for kind, cell in zip(kinds, row, strict=True):
            if cell is not None:
                kind.add(kind_of(cell))
    return kinds


def write_rows(
    rows: Iterable[Sequence[Any]], names: Sequence[str], types: Sequence[Any], target: Path
) -> int:
    """Write rows to a Parquet file in batches and return how many there were."""
    schema = pa.schema(list(zip(names, types, strict=True)))
    count = 0
    with pq.ParquetWriter(target, schema) as writer:
        for batch in _batches(rows):
            columns = [
                pa.array([_stored(row[n], kind) for row in batch], kind) for n, kind in enumerate(types)
            ]
            writer.write_table(pa.table(columns, schema=schema))
            count += len(batch)
    return count


def text_of(cell: Any) -> str:
    """One cell as text.

    >>> text_of(17850.0), text_of(1.5), text_of(True), text_of(dt.datetime(2024, 3, 1, 9, 30))
    ('17850', '1.5e0', 'true', '2024-03-01 09:30:00')
    """
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 2**53:
            return str(int(cell))
        written = repr(cell)
        return written if "e" in written or not math.isfinite(cell) else f"{written}e0"
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell)


def kind_of(cell: Any) -> str:
    """What a cell holds: ``"integer"``, ``"real"``, ``"day"``, ``"time"`` or ``"text"``."""
    if isinstance(cell, bool):
        return "text"
    if isinstance(cell, int):
        return "integer" if abs(cell) < 2**63 else "text"
    if isinstance(cell, float):
        return "integer" if cell.is_integer() and abs(cell) < 2**53 else "real"
    if isinstance(cell, dt.datetime):
        return "time"
    return "day" if isinstance(cell, dt.date) else "text"


def type_of(kinds: set[str]) -> Any:
    """The Arrow type of a column with cells of these kinds."""
    if kinds == {"integer"}:
        return pa.int64()
    if kinds and kinds <= {"integer", "real"}:
        return pa.float64()
    if kinds == {"day"}:
        return pa.date32()
    if kinds and kinds <= {"day", "time"}:
        return pa.timestamp("us")
    return pa.string()


def _stored(cell: Any, kind: Any) -> Any:
    if cell is None:
        return None
    if pa.types.is_string(kind):
        return text_of(cell)
    if pa.types.is_integer(kind):
        return int(cell)
    if pa.types.is_timestamp(kind) and not isinstance(cell, dt.datetime):
        return dt.datetime(cell.year, cell.month, cell.day)
    return cell


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    batch: list[Sequence[Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
