"""Functions of the engine that Ibis does not name."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.datatypes as types

__all__ = ["at_time_zone", "parsed_time", "parsed_zoned_time", "replaced", "trimmed"]

_ASCII_BLANKS = " \t\r\n\v\f"
_BLANKS = " \t\r\n\v\f\u00a0\u1680\u2007\u202f\u2009\u3000\ufeff\u200b"
_INSTANT = types.Timestamp(timezone="UTC")


def parsed_time(text: Any, pattern: str) -> Any:
    """Text as a time by a pattern such as ``%d.%m.%Y``; NULL where it does not fit."""
    return _try_strptime(text, pattern)


def parsed_zoned_time(text: Any, pattern: str) -> Any:
    """As `parsed_time`, for a pattern with the offset ``%z``."""
    return _try_strptime_zoned(text, pattern)


def at_time_zone(zone: str, time: Any) -> Any:
    """The wall-clock time of an instant in a time zone."""
    return _timezone(zone, time)


def trimmed(text: Any) -> Any:
    """Text without outer blanks of any alphabet; NULL if nothing is left.

    Most text has none: where it is ASCII and neither begins nor ends with a blank, which is told by a
    glance at its first and last byte, it is left alone. Trimming all would take longer than grouping it.
    """
    ends = ibis.or_(*(text.endswith(blank) for blank in _ASCII_BLANKS))
    tidy = (text >= "!") & (_strlen(text) == text.length()) & ~ends
    return ibis.ifelse(tidy, text, _trim(text, _BLANKS).nullif(""))


def replaced(text: Any, pattern: str, replacement: str) -> Any:
    r"""Text with the first match of a pattern replaced (``\1`` is its first group)."""
    return _regexp_replace(text, pattern, replacement, "s")


def _of_one(value: Any) -> Any: ...


def _of_two(first: Any, second: Any) -> Any: ...


def _of_four(first: Any, second: Any, third: Any, fourth: Any) -> Any: ...


def _builtin(shape: Any, name: str, arguments: tuple[Any, ...], result: Any) -> Any:
    return ibis.udf.scalar.builtin(shape, name=name, signature=(arguments, result))


_TEXT = types.string
_strlen = _builtin(_of_one, "strlen", (_TEXT,), types.int64)
_trim = _builtin(_of_two, "trim", (_TEXT, _TEXT), _TEXT)
_regexp_replace = _builtin(_of_four, "regexp_replace", (_TEXT, _TEXT, _TEXT, _TEXT), _TEXT)
_try_strptime = _builtin(_of_two, "try_strptime", (_TEXT, _TEXT), types.timestamp)
_try_strptime_zoned = _builtin(_of_two, "try_strptime", (_TEXT, _TEXT), _INSTANT)
_timezone = _builtin(_of_two, "timezone", (_TEXT, _INSTANT), types.timestamp)
