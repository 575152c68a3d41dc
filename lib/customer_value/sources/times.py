"""The time of day beside the date of a row, for rules that ask what came first on one day."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.datatypes as types

from customer_value.settings import TableSource
from customer_value.sources.engine import (
    TEXT,
    at_time_zone,
    builtin,
    floored,
    parsed_time,
    parsed_zoned_time,
    replaced,
    trimmed,
)
from customer_value.sources.moments import AS_WRITTEN
from customer_value.sources.native import local_time
from customer_value.sources.notations import ZONED
from customer_value.sources.source import Source

__all__ = ["time_of_day"]

_DAY = 86_400
_MICRO = 1_000_000
_CLOCK = (
    r"(?:^|\D)([0-2]?\d)[:.h时時]([0-5]\d)(?:[:.分]([0-6]\d)(?:[.,](\d{1,6})\d*)?)?"
    r"(?: ?[分秒])?(?: ?[AaPp]\.?[Mm]\.?)?$"
)
_DIGITS = r"^\d{8}[Tt ]?([0-2]\d)([0-5]\d)([0-6]\d)?$"
_OFFSET = r" ?(?:Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
_AFTERNOON = r"[Pp]\.?[Mm]\.?$|下午"
_NATIVE = r"^.{10}[ T][0-2][0-9]:[0-5][0-9]"


def time_of_day(source: Source, column: str, spec: TableSource, timezone: str | None) -> Any | None:
    """Microseconds after midnight (int64) of the values of a column of dates.

    Parameters
    ----------
    source, column, spec, timezone
        As for `customer_value.sources.date_column`, which tells the date of the same value.

    Returns
    -------
    ibis.Value or None
        NULL where a value has no time of day; None if no value of the column can have one.
    """
    value = source.table[column]
    kind = value.type()
    if kind.is_timestamp():
        return _of_times(source, value, timezone)
    if source.engine != "duckdb":
        return _of_native_text(value) if kind.is_string() else None
    if kind.is_numeric() and spec.dates == "excel-serial":
        return _of_serial(value.cast("float64"))
    if kind.is_numeric():
        return _of_digits(value.try_cast("int64").cast("string"))
    return _of_text(trimmed(value), spec.dates, timezone) if kind.is_string() else None


def _of_times(source: Source, value: Any, timezone: str | None) -> Any:
    if value.type().timezone is not None:
        zone = timezone or "UTC"
        value = at_time_zone(zone, value) if source.engine == "duckdb" else local_time(source, value, zone)
    if source.engine == "pyspark":
        seconds = (_date_part("SECONDS", value) * _MICRO).cast("int64")
        return _sum(value.hour().cast("int64"), value.minute().cast("int64"), 0, seconds)
    return _since_midnight(value)


def _of_text(text: Any, dates: str | None, timezone: str | None) -> Any:
    if dates == "excel-serial":
        return _of_serial(text.try_cast("float64"))
    if dates is not None and "%" in dates:
        if "%z" in dates.lower() and timezone != AS_WRITTEN:
            return _since_midnight(at_time_zone(timezone or "UTC", parsed_zoned_time(text, dates)))
        if "%z" not in dates.lower():
            return _since_midnight(parsed_time(text, dates))
    written = ibis.coalesce(_of_clock(replaced(text, _OFFSET, "")), _of_digits(text))
    if timezone is None or timezone == AS_WRITTEN:
        return written
    return ibis.ifelse(text.re_search(ZONED), _of_instant(text, timezone), written)


def _of_instant(text: Any, timezone: str) -> Any:
    """The clock of the zone; text with an offset has date, time and offset in known places."""
    instant = replaced(replaced(text, r"([-/.]\d{1,2})[ Tt]+", r"\1 "), r" ?(?:Z|z|UTC|GMT)$", "+00")
    return _since_midnight(at_time_zone(timezone, instant.try_cast(types.Timestamp(timezone="UTC"))))


def _of_clock(text: Any) -> Any:
    hour, minute, second = (_number(text.re_extract(_CLOCK, place)) for place in (1, 2, 3))
    micro = _number((text.re_extract(_CLOCK, 4) + "000000").substr(0, 6))
    late = text.re_search(_AFTERNOON)
    early = text.re_search(r"[Aa]\.?[Mm]\.?$|上午")
    hour = ibis.cases((late, hour % 12 + 12), (early, hour % 12), else_=hour)
    return _sum(hour, minute, second.fill_null(0), micro)


def _of_digits(text: Any) -> Any:
    hour, minute, second = (_number(text.re_extract(_DIGITS, place)) for place in (1, 2, 3))
    return _sum(hour, minute, second.fill_null(0), ibis.literal(0, "int64"))


def _of_serial(days: Any) -> Any:
    seconds = ((days - floored(days)) * _DAY).try_cast("int64")
    return seconds * _MICRO


def _of_native_text(value: Any) -> Any:
    """Text of a server, which is read where it begins like 2024-12-31 10:15."""
    clock = ibis.ifelse(value.re_search(_NATIVE), value, ibis.null("string"))
    hour, minute = (clock.substr(start, 2).cast("int64") for start in (11, 14))
    precise = ibis.ifelse(value.re_search(_NATIVE + ":[0-6][0-9]"), value, ibis.null("string"))
    second = precise.substr(17, 2).cast("int64").fill_null(0)
    return _sum(hour, minute, second, ibis.literal(0, "int64"))


def _since_midnight(time: Any) -> Any:
    parts = (part.cast("int64") for part in (time.hour(), time.minute(), time.second(), time.microsecond()))
    return _sum(*parts)


def _sum(hour: Any, minute: Any, second: Any, micro: Any) -> Any:
    return ((hour * 60 + minute) * 60 + second) * _MICRO + micro


def _number(text: Any) -> Any:
    return text.try_cast("int64")


_date_part = builtin("date_part", (TEXT, types.timestamp), types.Decimal(8, 6))
