"""Ids as text: what is equal in the source is equal in the workbook, and nothing else is."""

from __future__ import annotations

from typing import Any

import ibis

from customer_value.sources.engine import replaced, trimmed
from customer_value.sources.native import native_id
from customer_value.sources.source import WHOLE_FLOAT, Source

__all__ = ["id_and_written", "id_column"]


def id_column(source: Source, column: str) -> Any:
    """The ids of a source column.

    Parameters
    ----------
    source
        The source.
    column
        Its column.

    Returns
    -------
    ibis.Value
        Text without outer blanks; NULL where the source is blank, NULL or not a number. Whole
        numbers lose the ``.0`` that a spreadsheet or data frame gave them (``17850.0`` is
        ``17850``), in text only where all ids of a file end so. Leading zeros stay, and so do
        ids such as ``NA`` or ``null``, which are somebody's name.
    """
    return id_and_written(source, column)[0]


def id_and_written(source: Source, column: str) -> tuple[Any, Any]:
    """The ids of a source column, and the column itself where nothing but outer blanks may be taken off.

    Where both are equal in all rows, the column will do, and is read faster. None instead of it where ids are
    not text, are rewritten, or lie elsewhere than in DuckDB.
    """
    if source.engine != "duckdb":
        return native_id(source, column), None
    value = source.table[column]
    kind = value.type()
    if kind.is_floating() or kind.is_decimal():
        return _whole_numbers(value), None
    if not kind.is_string():
        return value.cast("string"), None
    text = trimmed(value)
    files = _files_of_floats(source, column, text)
    if not files:
        return text, value
    return ibis.ifelse(source.table["_file"].isin(files), replaced(text, r"\.0$", ""), text), None


def _whole_numbers(value: Any) -> Any:
    known = value.notnull()
    if value.type().is_floating():
        known &= ~value.isnan()
    whole = (value == value.round(0)) & (value.abs() < 2**53)
    text = ibis.ifelse(whole, value.round(0).try_cast("int64").cast("string"), value.cast("string"))
    return ibis.ifelse(known, text, ibis.null("string"))


def _files_of_floats(source: Source, column: str, text: Any) -> list[int]:
    """Files in which every id of the column is written like ``17850.0``."""
    if len(source.files) == 1 and source.glance[column].no_float:
        return []
    table = source.table.select(file=source.table["_file"], other=~text.re_search(WHOLE_FLOAT))
    others = table.group_by("file").aggregate(n=table["other"].sum(), ids=table["other"].count())
    rows = others.to_pyarrow().to_pylist()
    return sorted(int(row["file"]) for row in rows if row["ids"] and not row["n"])
