"""Ids as text: what is equal in the source is equal in the workbook, and nothing else is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis

from customer_value.errors import InputError
from customer_value.sources.engine import replaced, sql_name, trimmed
from customer_value.sources.many import aggregated, formulas
from customer_value.sources.native import native_id
from customer_value.sources.source import WHOLE_FLOAT, Source
from customer_value.sources.textcolumn import place_of

__all__ = ["id_and_written", "id_column", "id_formulas"]


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
        Text without outer blanks; NULL where the source is blank, NULL, infinite or not a number. Whole
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
    value = source.table[column]
    if value.type().is_nested():
        raise InputError(
            f"{place_of(source, column)}: holds lists or records, which are neither ids nor names; give each value a "
            "column of its own."
        )
    if source.engine != "duckdb":
        return native_id(source, column), None
    text = _as_text(value)
    if not value.type().is_string():
        return text, None
    files = _files_of_floats(source, column, text)
    if not files:
        return text, value
    return ibis.ifelse(source.table["_file"].isin(files), _without_fraction(text), text), None


def id_formulas(source: Source, columns: Sequence[str]) -> dict[str, str]:
    """As `id_column` for many columns of files at once: column to SQL."""
    table = source.table
    found = formulas(table, columns, _as_text)
    unsure = [name for name in columns if table[name].type().is_string() and _may_be_floats(source, name)]
    whole = formulas(table, unsure, lambda value: _without_fraction(_as_text(value)))
    files = range(len(source.files))
    others = [
        f"count(*) FILTER (WHERE _file = {file} AND NOT regexp_matches({found[name]}, '{WHOLE_FLOAT}'))"
        for name in unsure
        for file in files
    ]
    ids = [f"count({found[name]}) FILTER (WHERE _file = {file})" for name in unsure for file in files]
    counts = iter(zip(aggregated(table, others), aggregated(table, ids), strict=True))
    for name in unsure:
        floats = [str(file) for file in files for other, filled in [next(counts)] if filled and not other]
        if floats:
            found[name] = (
                f"CASE WHEN {sql_name('_file')} IN ({', '.join(floats)}) THEN {whole[name]} ELSE {found[name]} END"
            )
    return found


def _as_text(value: Any) -> Any:
    kind = value.type()
    if kind.is_floating() or kind.is_decimal():
        return _whole_numbers(value)
    return trimmed(value) if kind.is_string() else value.cast("string")


def _without_fraction(text: Any) -> Any:
    return replaced(text, r"\.0$", "")


def _whole_numbers(value: Any) -> Any:
    text = value.cast("string")
    if value.type().is_decimal():
        return replaced(text, r"\.0+$", "")
    whole = value.try_cast("int64")
    written = ibis.ifelse((value == whole) & (value.abs() < 2**53), whole.cast("string"), text)
    return ibis.ifelse(value.isnan() | value.isinf(), ibis.null("string"), written)


def _files_of_floats(source: Source, column: str, text: Any) -> list[int]:
    """Files in which every id of the column is written like ``17850.0``."""
    if not _may_be_floats(source, column):
        return []
    table = source.table.select(file=source.table["_file"], other=~text.re_search(WHOLE_FLOAT))
    others = table.group_by("file").aggregate(n=table["other"].sum(), ids=table["other"].count())
    rows = others.to_pyarrow().to_pylist()
    return sorted(int(row["file"]) for row in rows if row["ids"] and not row["n"])


def _may_be_floats(source: Source, column: str) -> bool:
    return len(source.files) > 1 or not source.glance[column].no_float
