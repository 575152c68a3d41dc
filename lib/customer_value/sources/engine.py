"""Functions of the engine that Ibis does not name, and what all engines take alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import ibis.expr.datatypes as types

__all__ = [
    "BLANKS",
    "INSTANT",
    "MONEY",
    "TEXT",
    "as_believed",
    "at_time_zone",
    "builtin",
    "byte_length",
    "floored",
    "hashed",
    "parsed_time",
    "parsed_zoned_time",
    "replaced",
    "sane",
    "sql_name",
    "streamed",
    "trimmed",
]

BLANKS = " \t\r\n\v\f\u00a0\u1680\u2007\u202f\u2009\u3000\ufeff\u200b"
"""What counts as blank around a text, in any alphabet."""

MONEY = "decimal(18, 4)"
"""Money of one row; sums are exact (and wider) until they are written out."""

TEXT = types.string
INSTANT = types.Timestamp(timezone="UTC")

_ASCII_BLANKS = " \t\r\n\v\f"
_BATCH_ROWS = 2**18
_BUFFER, _READ_AHEAD = "streaming_buffer_size", "64MB"


def parsed_time(text: Any, pattern: str) -> Any:
    """Text as a time by a pattern such as ``%d.%m.%Y``; NULL where it does not fit."""
    return _try_strptime(text, pattern)


def parsed_zoned_time(text: Any, pattern: str) -> Any:
    """As `parsed_time`, for a pattern with the offset ``%z``."""
    return _try_strptime_zoned(text, pattern)


def builtin(name: str, arguments: tuple[Any, ...], result: Any) -> Any:
    """A function of the engine by its name there, for one or more arguments of these types."""
    shapes = {1: _of_one, 2: _of_two, 3: _of_three, 4: _of_four}
    return ibis.udf.scalar.builtin(shapes[len(arguments)], name=name, signature=(arguments, result))


def sane(date: Any) -> Any:
    """A date of the years 1900 to 2199; NULL for others, which are mistakes."""
    return ibis.ifelse(date.year().between(1900, 2199), date, ibis.null("date"))


def sql_name(name: str, mark: str = '"') -> str:
    """A column name as an identifier of SQL; MySQL and Spark have another mark for it.

    >>> sql_name("order date"), sql_name("order date", "`")
    ('"order date"', '`order date`')
    """
    return mark + name.replace(mark, 2 * mark) + mark


def as_believed(table: ibis.Table) -> ibis.Table:
    """A table of DuckDB whose columns are of the types that Ibis believes them to have.

    They may not be: a date and an interval make a timestamp there and a date here, and a product of decimals has other
    places. What is written and read again would then be of another type than what is asked at once. Tables elsewhere
    are left as they are.
    """
    con = table.get_backend()
    if con.name != "duckdb":
        return table
    con._run_pre_execute_hooks(table)
    query, types_of_engine = con.compile(table), con.compiler.type_mapper
    columns = con.raw_sql(f"DESCRIBE {query}").fetchall()
    held = {name: types_of_engine.from_string(kind) for name, kind, *_ in columns}
    named = types_of_engine.to_string
    other = {name: kind for name, kind in table.schema().items() if named(kind) != named(held[name])}
    return con.sql(query, schema=ibis.schema(held)).cast(other) if other else table


def floored(number: Any) -> Any:
    """The next lower whole number as a float; Ibis would make it an integer, which stops at NaN and beyond 2**63."""
    return _floor(number)


def byte_length(text: Any) -> Any:
    """How many bytes a text takes."""
    return _strlen(text)


def hashed(*values: Any) -> Any:
    """The 64-bit hash (uint64) of one value of any type, or of three together."""
    return (_hash_of_three if len(values) == 3 else _hash)(*values)


def streamed(table: ibis.Table) -> Iterator[Any]:
    """Arrow record batches of a table of DuckDB, which goes on computing while one is worked on."""
    con = table.get_backend()
    con._run_pre_execute_hooks(table)
    usual = con.raw_sql(f"SELECT current_setting('{_BUFFER}')").fetchone()[0]
    con.raw_sql(f"SET {_BUFFER} = '{_READ_AHEAD}'")
    try:
        result = con.raw_sql(con.compile(table))
        reader = result.to_arrow_reader if hasattr(result, "to_arrow_reader") else result.fetch_record_batch
        yield from reader(_BATCH_ROWS)
    finally:
        con.raw_sql(f"SET {_BUFFER} = '{usual}'")


def at_time_zone(zone: str, time: Any) -> Any:
    """The wall-clock time of an instant in a time zone; PostgreSQL has it, too."""
    return _timezone(zone, time)


def trimmed(text: Any) -> Any:
    """Text without outer blanks of any alphabet; NULL if nothing is left.

    Most text has none: where it is ASCII and neither begins nor ends with a blank, which is told by a
    glance at its first and last byte, it is left alone. Trimming all would take longer than grouping it.
    """
    ends = ibis.or_(*(text.endswith(blank) for blank in _ASCII_BLANKS))
    tidy = (text >= "!") & (byte_length(text) == text.length()) & ~ends
    return ibis.ifelse(tidy, text, _trim(text, BLANKS).nullif(""))


def replaced(text: Any, pattern: str, replacement: str) -> Any:
    r"""Text with the first match of a pattern replaced (``\1`` is its first group)."""
    return _regexp_replace(text, pattern, replacement, "s")


def _of_one(value: Any) -> Any: ...


def _of_two(first: Any, second: Any) -> Any: ...


def _of_three(first: Any, second: Any, third: Any) -> Any: ...


def _of_four(first: Any, second: Any, third: Any, fourth: Any) -> Any: ...


_hash = builtin("hash", (None,), types.uint64)
_hash_of_three = builtin("hash", (None, None, None), types.uint64)
_floor = builtin("floor", (types.float64,), types.float64)
_strlen = builtin("strlen", (TEXT,), types.int64)
_trim = builtin("trim", (TEXT, TEXT), TEXT)
_regexp_replace = builtin("regexp_replace", (TEXT, TEXT, TEXT, TEXT), TEXT)
_try_strptime = builtin("try_strptime", (TEXT, TEXT), types.timestamp)
_try_strptime_zoned = builtin("try_strptime", (TEXT, TEXT), INSTANT)
_timezone = builtin("timezone", (TEXT, INSTANT), types.timestamp)
