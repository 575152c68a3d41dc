"""Functions of the engine that Ibis does not name."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.datatypes as types

__all__ = ["at_time_zone", "parsed_time", "parsed_zoned_time", "replaced", "trimmed"]

_BLANKS = " \t\r\n\v\f\u00a0\u1680\u2007\u202f\u2009\u3000\ufeff\u200b"


@ibis.udf.scalar.builtin(name="trim", signature=((types.string, types.string), types.string))
def _trim(text: Any, characters: Any) -> Any: ...


@ibis.udf.scalar.builtin(
    name="regexp_replace", signature=((types.string, types.string, types.string, types.string), types.string)
)
def _regexp_replace(text: Any, pattern: Any, replacement: Any, options: Any) -> Any: ...


@ibis.udf.scalar.builtin(name="try_strptime", signature=((types.string, types.string), types.timestamp))
def parsed_time(text: Any, pattern: Any) -> Any:
    """Text as a time by a pattern such as ``%d.%m.%Y``; NULL where it does not fit."""


@ibis.udf.scalar.builtin(
    name="try_strptime", signature=((types.string, types.string), types.Timestamp(timezone="UTC"))
)
def parsed_zoned_time(text: Any, pattern: Any) -> Any:
    """As `parsed_time`, for a pattern with the offset ``%z``."""


@ibis.udf.scalar.builtin(
    name="timezone", signature=((types.string, types.Timestamp(timezone="UTC")), types.timestamp)
)
def at_time_zone(zone: Any, time: Any) -> Any:
    """The wall-clock time of an instant in a time zone."""


def trimmed(text: Any) -> Any:
    """Text without outer blanks of any alphabet; NULL if nothing is left."""
    return _trim(text, _BLANKS).nullif("")


def replaced(text: Any, pattern: str, replacement: str) -> Any:
    r"""Text with the first match of a pattern replaced (``\1`` is its first group)."""
    return _regexp_replace(text, pattern, replacement, "s")
