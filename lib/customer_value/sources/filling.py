"""A blank takes the value above it, in the file's own order of rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from customer_value import words
from customer_value.errors import InputError
from customer_value.sources.source import Reading

__all__ = ["fill_down", "refuse_fill_down"]


def fill_down(path: Path, columns: Sequence[str], target: Path, name: str) -> Reading:
    """Copy a Parquet file whose rows are in the order of their file, with blanks filled from above.

    Parameters
    ----------
    path, target
        The file and its copy.
    columns
        Its columns in which a blank takes the value above; blanks above the first value stay.
    name
        The file for people.

    Raises
    ------
    InputError
        If it has no such column.
    """
    source = pq.ParquetFile(path)
    missing = [column for column in columns if column not in source.schema_arrow.names]
    if missing:
        listed = words.listing([f"'{words.plain(known)}'" for known in source.schema_arrow.names], most=12)
        raise InputError(f"{name} has no column '{words.plain(missing[0])}' to fill down; it has {listed}.")
    above: dict[str, Any] = {}
    filled = 0
    with pq.ParquetWriter(target, source.schema_arrow) as writer:
        for batch in source.iter_batches():
            table = pa.table(batch)
            for column in columns:
                place = table.schema.get_field_index(column)
                values, new = _filled(_chunk(table.column(place)), above.get(column))
                filled += new
                above[column] = values[-1] if len(values) else above.get(column)
                table = table.set_column(place, table.schema.field(place), values)
            writer.write_table(table)
    listed = words.listing([f"'{words.plain(column)}'" for column in columns], most=4)
    return Reading("blanks that take the value above", f"{words.count(filled)} in {listed}", declared=True)


def refuse_fill_down(table: str, columns: Sequence[str], what: str) -> None:
    """Say that rows have no order in which one would stand above another.

    Raises
    ------
    InputError
        If there is a column to fill.
    """
    if columns:
        raise InputError(
            f"{table}.fill_down: rows of {what} have no order of their own, so no value stands above a blank; "
            "fill the column in a view, or export CSV or Excel."
        )


def _filled(values: Any, above: Any) -> tuple[Any, int]:
    """Values without blanks below a value, and how many were filled."""
    if pa.types.is_string(values.type):
        blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(values)), 0)
        values = pc.if_else(pc.fill_null(blank, False), pa.scalar(None, values.type), values)
    blanks = values.null_count
    if above is not None and above.is_valid:
        values = pa.concat_arrays([pa.array([above.as_py()], values.type), values])
        values = pc.fill_null_forward(values).slice(1)
    else:
        values = pc.fill_null_forward(values)
    return values, blanks - values.null_count


def _chunk(column: Any) -> Any:
    chunks = column.combine_chunks()
    return pa.concat_arrays(chunks.chunks) if isinstance(chunks, pa.ChunkedArray) else chunks
