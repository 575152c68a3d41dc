"""Columns of databases and clusters, which know what is a date and what is a number.

The rules for text in files, which look at all values before one is read, need functions that only
DuckDB has. Here types decide; text is read where it can be read in one way only: dates as
``2024-12-31`` or ``20241231``, numbers with a decimal point or with the sign that ``decimal`` states.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.datatypes as types

from customer_value import words
from customer_value.errors import InputError
from customer_value.settings import TableSource
from customer_value.sources.engine import BLANKS, INSTANT, MONEY, TEXT, at_time_zone, builtin, sane
from customer_value.sources.moments import AS_WRITTEN
from customer_value.sources.source import Reading, Source, SourceFile

__all__ = [
    "as_money",
    "can_be_joined",
    "local_time",
    "native_date",
    "native_id",
    "native_number",
    "native_source",
    "rounded_money",
    "row_key",
]

_MOST = 10**14
_LARGEST = 1.7976931348623157e308
_MOST_PARTS = 50
_DASHED = r"^(19|20|21)[0-9][0-9]-[0-9][0-9]-[0-9][0-9]([ T].*)?$"
_DIGITS = r"^(19|20|21)[0-9][0-9][0-9][0-9][0-9][0-9]$"
_NUMBER = r"^[+-]?[0-9]{1,14}([.][0-9]+)?$"


def native_source(name: str, table: ibis.Table, shown: str, place: str, kind: str) -> Source:
    """A source that is read where it lies.

    Parameters
    ----------
    name
        The input table.
    table
        Lazy table of the server.
    shown
        Its name for people.
    place
        What serves it, for instance ``"PostgreSQL"``.
    kind
        What it is there: ``"table"``, ``"parquet"``, …

    Raises
    ------
    InputError
        If two columns have names that differ in case only, as engines do not tell them apart.
    """
    lowered = [str(column).casefold() for column in table.columns]
    twice = next((column for column in lowered if lowered.count(column) > 1 or column == "_file"), None)
    if twice is not None:
        raise InputError(
            f"{shown}: the column name '{words.plain(twice)}' cannot be used; rename it in a view."
        )
    return Source(
        name=name,
        table=table.mutate(_file=ibis.literal(0, "int16")),
        files=(SourceFile(shown, None, None),),
        readings=(Reading("format", f"{kind} of {place}", declared=True),),
        text=False,
        engine=table.get_backend().name,
        numbered=False,
    )


def native_id(source: Source, column: str) -> Any:
    """Ids as text without outer blanks; whole numbers without a decimal point."""
    value = source.table[column]
    kind = value.type()
    if kind.is_floating() or kind.is_decimal():
        near = value.abs() < 2**53
        whole = ibis.ifelse(near, value, ibis.null()).cast("int64")
        known = value.abs() <= _LARGEST if kind.is_floating() else value.cast("string") != "NaN"
        text = ibis.ifelse(near & (value == whole), whole.cast("string"), value.cast("string"))
        return ibis.ifelse(known, text, ibis.null("string"))
    text = value if kind.is_string() else value.cast("string")
    return _trim(source.engine)(text, BLANKS).nullif("")


def native_date(source: Source, column: str, spec: TableSource, timezone: str | None) -> tuple[Any, Reading]:
    """Dates of a column; NULL where there is none or it lies outside the years 1900 to 2199.

    Raises
    ------
    InputError
        If the column holds neither dates nor text nor numbers such as 20241231, the settings state
        another notation, or times carry an offset and no time zone is given.
    """
    value = source.table[column]
    kind = value.type()
    if spec.dates not in (None, "iso", "year-month-day"):
        raise InputError(
            f"{source.name}.dates: {words.plain(spec.dates)} is for files; {_place(source, column)} must hold dates, "
            "or text such as 2024-12-31. Convert it in a view."
        )
    if kind.is_date():
        return sane(value), _reading(column, "none needed, the column holds dates")
    if kind.is_timestamp():
        return _from_times(source, column, timezone)
    if kind.is_numeric():
        possible = value.between(19_000_101, 21_991_231)
        value = ibis.ifelse(possible, value, ibis.null()).cast("int64").cast("string")
    elif not kind.is_string():
        raise InputError(f"{_place(source, column)}: holds neither dates nor text.")
    return _from_text(value), _reading(column, "year first (2024-12-31 or 20241231)")


def native_number(source: Source, column: str, spec: TableSource) -> tuple[Any, Reading | None]:
    """Numbers of a column as DECIMAL(18, 4); NULL where there is none or it is too large.

    Raises
    ------
    InputError
        If the column holds neither numbers nor text.
    """
    if spec.dr_cr is not None:
        raise InputError(
            f"{source.name}.dr_cr is for files; {_place(source, column)} must hold signed numbers. "
            "Convert it in a view."
        )
    value = source.table[column]
    if value.type().is_floating() and source.engine == "postgres":
        near = ibis.ifelse(value.abs() < _MOST, value, ibis.null())
        return as_money(near.cast("string").cast("decimal(38, 18)")), None
    if value.type().is_numeric():
        return as_money(value), None
    if not value.type().is_string():
        raise InputError(f"{_place(source, column)}: holds neither numbers nor text.")
    text = _trim(source.engine)(value, BLANKS)
    sign = spec.decimal or "."
    if sign == ",":
        text = text.replace(",", ".")
    readable = ibis.ifelse(text.re_search(_NUMBER), text, ibis.null("string")).cast("decimal(38, 10)")
    told = Reading(f"decimal sign of {column}", {".": "point", ",": "comma"}[sign], spec.decimal is not None)
    return as_money(readable), told


def can_be_joined(table: ibis.Table) -> bool:
    """Whether rows lie where they can be joined with what a run has saved: servers are only read."""
    return table.get_backend().name in ("duckdb", "pyspark")


def as_money(value: Any) -> Any:
    """A number as DECIMAL(18, 4), NULL where it does not fit; for engines that stop at such a number."""
    return rounded_money(ibis.ifelse(value.abs() < _MOST, value, ibis.null()))


def rounded_money(value: Any) -> Any:
    """A number that fits as DECIMAL(18, 4).

    Ibis gives a product the type of its factors and leaves out a cast to the type that it believes in
    already, so there are two.
    """
    return value.cast("decimal(38, 20)").cast(MONEY)


def row_key(source: Source, values: list[Any]) -> Any:
    """One value per row that is equal for rows with equal values, and differs for others."""
    parts = [ibis.ifelse(value.isnull(), "\x01", value.cast("string")) for value in values]
    while len(parts) > 1:
        parts = [_joined(parts[start : start + _MOST_PARTS]) for start in range(0, len(parts), _MOST_PARTS)]
    return _hash(source.engine)(parts[0])


def _from_times(source: Source, column: str, timezone: str | None) -> tuple[Any, Reading]:
    value = source.table[column]
    if value.type().timezone is None:
        return sane(value.date()), _reading(column, "none needed, the column holds times")
    if timezone in (None, AS_WRITTEN):
        raise InputError(
            f"{_place(source, column)}: times carry an offset from UTC; state the time zone in which they become "
            "dates, for instance timezone: Europe/Berlin."
        )
    local = local_time(source, value, timezone)
    told = f"none needed, the column holds times; as dates in {timezone}"
    return sane(local.date()), _reading(column, told)


def local_time(source: Source, value: Any, timezone: str) -> Any:
    """The wall-clock time of an instant of a server in a time zone."""
    if source.engine == "postgres":
        return at_time_zone(timezone, value)
    if source.engine == "pyspark":
        return _from_utc(value, timezone)
    known = _convert_tz(ibis.timestamp("2024-01-01"), "+00:00", timezone).notnull()
    if not source.table.get_backend().execute(known):
        raise InputError(
            f"The MySQL server does not know the time zone {timezone}; its administrator loads the zones "
            "with mysql_tzinfo_to_sql."
        )
    return _convert_tz(value, "+00:00", timezone)


def _from_text(text: Any) -> Any:
    """The date of a text; no engine is asked to cast a day that does not exist."""
    dashed = ibis.ifelse(text.re_search(_DASHED), text.substr(0, 10), ibis.null("string"))
    digits = ibis.ifelse(text.re_search(_DIGITS), text, ibis.null("string"))
    compact = ibis.coalesce(dashed.replace("-", ""), digits)
    year, month, day = (compact.substr(*span).cast("int64") for span in ((0, 4), (4, 2), (6, 2)))
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = ibis.cases((month == 2, ibis.ifelse(leap, 29, 28)), (month.isin([4, 6, 9, 11]), 30), else_=31)
    exists = month.between(1, 12) & (day >= 1) & (day <= longest)
    written = compact.substr(0, 4) + "-" + compact.substr(4, 2) + "-" + compact.substr(6, 2)
    return ibis.ifelse(exists, written, ibis.null("string")).cast("date")


def _place(source: Source, column: str) -> str:
    return f"{source.files[0].name}, column '{words.plain(column)}'"


def _reading(column: str, value: str) -> Reading:
    return Reading(f"date order of {column}", value, declared=False)


def _trim(engine: str) -> Any:
    return {"mysql": _trim_by_pattern, "pyspark": _trim_of_spark}.get(engine, _btrim)


def _joined(parts: list[Any]) -> Any:
    return ibis.literal("\x1f").join(parts)


def _hash(engine: str) -> Any:
    return {"postgres": _postgres_hash, "pyspark": _spark_hash}.get(engine, _mysql_hash)


def _postgres_hash(text: Any) -> Any:
    return _hashtextextended(text, ibis.literal(0, "int64"))


def _trim_by_pattern(text: Any, blanks: str) -> Any:
    r"""MySQL reads ``\v`` and ``\f`` in a string as the letters v and f, but not in a pattern."""
    inside = blanks.replace("\v", r"\x0b").replace("\f", r"\x0c")
    return _regexp_replace(text, f"^[{inside}]+|[{inside}]+$", "")


def _trim_of_spark(text: Any, blanks: str) -> Any:
    r"""Spark, too, reads ``\v`` and ``\f`` in a string as letters."""
    written = blanks.replace("\v", "").replace("\f", "")
    return _btrim(text, ibis.literal(written) + _char(11) + _char(12))


_char = builtin("char", (types.int64,), TEXT)
_btrim = builtin("btrim", (TEXT, TEXT), TEXT)
_hashtextextended = builtin("hashtextextended", (TEXT, types.int64), types.int64)
_spark_hash = builtin("xxhash64", (TEXT,), types.int64)
_regexp_replace = builtin("regexp_replace", (TEXT, TEXT, TEXT), TEXT)
_convert_tz = builtin("convert_tz", (types.timestamp, TEXT, TEXT), types.timestamp)
_mysql_hash = builtin("sha1", (TEXT,), TEXT)
_from_utc = builtin("from_utc_timestamp", (INSTANT, TEXT), types.timestamp)
