"""Dates of a source column, however they are written; nothing is guessed.

All values are looked at before one is read: what decides between day and month first is a number
above twelve, and what proves a mixture is one row that says otherwise.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import replace
from typing import Any

import duckdb
import ibis
import ibis.expr.datatypes as types

from customer_value import words
from customer_value.errors import ConfigError, InputError
from customer_value.settings import TableSource
from customer_value.sources.calendars import CALENDARS, Calendar
from customer_value.sources.engine import (
    at_time_zone,
    parsed_time,
    parsed_zoned_time,
    replaced,
    sane,
    trimmed,
)
from customer_value.sources.mixtures import MIXTURES, mixture, refuse_serials, serial_day
from customer_value.sources.moments import (
    AS_WRITTEN,
    date_reading,
    from_dates,
    from_instants_of_engine,
    has_zone,
    no_zone,
    without_zones,
)
from customer_value.sources.native import native_date
from customer_value.sources.notations import (
    ANY_DAY_MONTH,
    DAY_MONTH,
    NOTATIONS,
    ZONED,
    Notation,
    day_of,
    number_in,
)
from customer_value.sources.source import Reading, Source
from customer_value.sources.textcolumn import TextColumn, place_of, text_column, with_plain_signs

__all__ = ["NAMED", "date_column"]

_ORDERS = {"day-first": "dmy", "month-first": "mdy"}
NAMED = ("iso", "year-month-day", "excel-serial", *_ORDERS, *MIXTURES, *CALENDARS)
"""What ``dates`` of the settings may be beside a pattern."""

_TOLD = {"dmy": "day first (31/12/2024)", "mdy": "month first (12/31/2024)"}
_YEAR_FIRST, _DIGITS = NOTATIONS[:2]


def date_column(source: Source, column: str, spec: TableSource, timezone: str | None) -> tuple[Any, Reading]:
    """The dates of a source column.

    Parameters
    ----------
    source
        The source.
    column
        Its column: text in one of the notations, dates, times, or numbers such as 20241231.
    spec
        ``spec.dates`` states the notation: ``iso``, ``year-month-day``, ``day-first``,
        ``month-first``, ``excel-serial`` (days since 1899-12-30), ``mixed`` (text and such days),
        ``minguo``, ``buddhist`` and ``reiwa`` (years of other calendars), or a pattern such as
        ``%d.%m.%Y``. Without it the notation is found in the rows.
    timezone
        The time zone in which times with an offset from UTC become dates; `AS_WRITTEN` keeps the days
        that are written, as where the offset is that of the shop and changes with summer time.

    Returns
    -------
    tuple
        A DATE expression over ``source.table``, NULL where the value is blank, not written in the
        notation, no day of the calendar, or outside the years 1900 to 2199; and how it was read.

    Raises
    ------
    InputError
        If day and month cannot be told apart, rows are in different notations, no row is readable,
        or times carry an offset and no time zone is given.
    ConfigError
        If ``dates`` or the time zone is not a known one.
    """
    _check_settings(source, spec.dates, timezone)
    if source.engine != "duckdb":
        return native_date(source, column, spec, timezone)
    value = source.table[column]
    kind = value.type()
    if kind.is_date() or (kind.is_timestamp() and kind.timezone is None):
        return from_dates(source, column, spec.dates)
    if kind.is_timestamp():
        return from_instants_of_engine(source, column, timezone)
    if not kind.is_numeric() and not kind.is_string():
        raise InputError(f"{place_of(source, column)}: holds neither dates nor text.")
    if kind.is_numeric() and spec.dates != "excel-serial":
        value = value.try_cast("int64").cast("string")
    with text_column(source, column, trimmed(value.cast("string"))) as written:
        texts = with_plain_signs(written)
        if timezone == AS_WRITTEN and texts.count(zoned=has_zone)["zoned"]:
            return _as_written(without_zones(texts), spec)
        if spec.dates == "excel-serial":
            return _from_serial(texts)
        if spec.dates in MIXTURES:
            return _from_mixture(texts, MIXTURES[spec.dates])
        if spec.dates in CALENDARS:
            return _from_calendar(texts, CALENDARS[spec.dates])
        if spec.dates is not None and "%" in spec.dates:
            return _by_pattern(texts, spec.dates, timezone)
        return _from_text(texts, spec.dates, timezone)


def _check_settings(source: Source, dates: str | None, timezone: str | None) -> None:
    if dates not in (None, *NAMED) and "%" not in str(dates):
        raise ConfigError(
            f"{source.name}.dates: '{words.plain(dates)}' is not known; write year-month-day, "
            "day-first, month-first, excel-serial, mixed, minguo, buddhist, reiwa or a pattern such as '%d.%m.%Y'."
        )
    try:
        zoneinfo.ZoneInfo("UTC" if timezone in (None, AS_WRITTEN) else timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"timezone: '{words.plain(timezone)}' is not known; write a name such as Europe/Berlin or UTC, "
            "or 'as written'."
        ) from None


def _as_written(texts: TextColumn, spec: TableSource) -> tuple[Any, Reading]:
    """The days of times without the zones behind them."""
    if spec.dates is not None and "%" in spec.dates:
        date, reading = _by_pattern(texts, re.sub(" ?%[zZ]$", "", spec.dates), None)
    else:
        date, reading = _from_text(texts, spec.dates, None)
    return date, replace(reading, value=f"{reading.value}, days as they are written, whatever the time zone")


def _from_serial(texts: TextColumn) -> tuple[Any, Reading]:
    _require_some(texts, serial_day, "as a number of days (excel-serial)")
    told = "days since 1899-12-30 (45657 is 2024-12-31)"
    return serial_day(texts.text), date_reading(texts.name, told, declared=True)


def _from_mixture(texts: TextColumn, order: str | None) -> tuple[Any, Reading]:
    date = mixture(texts, order)
    _require_some(texts, date, "as text or as a number of days (mixed)")
    told = "text, and days since 1899-12-30 where it is such a number"
    return date(texts.text), date_reading(texts.name, told, declared=True)


def _from_calendar(texts: TextColumn, calendar: Calendar) -> tuple[Any, Reading]:
    month_first = False
    if calendar.by_numbers is not None:
        pattern = calendar.by_numbers
        seen = texts.count(
            late=lambda text: text.re_extract(pattern, 2).try_cast("int16") > 12,
            early=lambda text: text.re_extract(pattern, 1).try_cast("int16") > 12,
        )
        month_first = seen["late"] > 0 and not seen["early"]

    def date(text: Any) -> Any:
        return calendar.day(text, month_first=month_first)

    _require_some(texts, date, f"in {calendar.told}")
    told = calendar.told + (", month first" if month_first else "")
    return date(texts.text), date_reading(texts.name, told, declared=True)


def _by_pattern(texts: TextColumn, pattern: str, timezone: str | None) -> tuple[Any, Reading]:
    zoned = "%z" in pattern.lower()
    if zoned and timezone is None:
        raise no_zone(texts.place, texts.row(lambda text: text.notnull()))

    def date(text: Any) -> Any:
        if zoned:
            return sane(at_time_zone(str(timezone), parsed_zoned_time(text, pattern)).date())
        return sane(parsed_time(text, pattern).date())

    try:
        _require_some(texts, date, f"by the pattern {pattern}")
    except duckdb.InvalidInputException:
        raise ConfigError(
            f"{texts.source.name}.dates: '{words.plain(pattern)}' is not a valid pattern; "
            "write for instance '%d.%m.%Y'."
        ) from None
    return date(texts.text), date_reading(texts.name, f"by the pattern {pattern}", declared=True)


def _from_text(texts: TextColumn, declared: str | None, timezone: str | None) -> tuple[Any, Reading]:
    found = _found(texts)
    if not found:
        return ibis.null("date"), date_reading(texts.name, "blank in every row")
    if declared in ("iso", "year-month-day"):
        notation = _DIGITS if found.get(_DIGITS, 0) > found.get(_YEAR_FIRST, 0) else _YEAR_FIRST
    elif declared is not None and any(notation in found for notation in DAY_MONTH):
        return _by_numbers(texts, ANY_DAY_MONTH, _ORDERS[declared], declared=True)
    elif len(found) > 1:
        raise _mixed(texts, list(found))
    else:
        notation = next(iter(found))
    if notation.order == "?":
        return _by_numbers(texts, notation, _order(texts, notation), declared=False)
    if notation is _YEAR_FIRST:
        _refuse_year_day_month(texts)
        if texts.count(zoned=_is_zoned)["zoned"]:
            return _from_instants(texts, timezone)
    _require_some(texts, notation.day, f"as {notation.name}")
    return notation.day(texts.text), date_reading(texts.name, notation.name, declared=declared is not None)


def _found(texts: TextColumn) -> dict[Notation, int]:
    """The notations of a column with how many values are written so; empty if it is blank.

    What a sample has most of is tried on all values, the other notations on what is left.
    """
    keys = {f"n{number}": notation for number, notation in enumerate(NOTATIONS)}
    fits = {key: notation.fits for key, notation in keys.items()}
    sample = texts.sample(**fits)
    usual = keys[max(keys, key=lambda key: sample[key])]
    seen = texts.count(filled=lambda text: text.notnull(), usual=usual.fits)
    found = {usual: seen["usual"]}
    if seen["usual"] < seen["filled"]:
        rest = texts.count(among=lambda text: ~usual.fits(text), **fits)
        read = seen["usual"] + sum(n for key, n in rest.items() if keys[key] is not usual)
        if 0 < read < seen["filled"]:
            refuse_serials(texts, seen["filled"])
        found |= {keys[key]: number for key, number in rest.items() if keys[key] is not usual}
    if seen["filled"] and not any(found.values()):
        raise _unreadable(texts, "as a date")
    return {notation: found[notation] for notation in NOTATIONS if found.get(notation)}


def _mixed(texts: TextColumn, found: list[Notation]) -> InputError:
    first, second = (texts.row(notation.fits) for notation in found[:2])
    both = ", or dates: mixed to read both" if _YEAR_FIRST in found[:2] else ""
    return InputError(
        f"{texts.place}: dates are written in different ways, {first} and {second}; write them in one way, "
        f"or state with dates which one counts (the others become unreadable){both}."
    )


def _refuse_year_day_month(texts: TextColumn) -> None:
    def late_second(text: Any) -> Any:
        return number_in(text, _YEAR_FIRST, 2) > 12

    seen = texts.count(second=late_second, third=lambda text: number_in(text, _YEAR_FIRST, 3) > 12)
    if seen["second"] > 1 and not seen["third"]:
        raise InputError(
            f"{texts.place}: dates seem to be written year-day-month, as {texts.row(late_second)}; "
            "if so, state dates: '%Y-%d-%m'."
        )


def _is_zoned(text: Any) -> Any:
    return text.re_search(ZONED)


def _from_instants(texts: TextColumn, timezone: str | None) -> tuple[Any, Reading]:
    def is_bare(text: Any) -> Any:
        return _YEAR_FIRST.fits(text) & ~_is_zoned(text)

    if texts.count(bare=is_bare)["bare"]:
        raise InputError(
            f"{texts.place}: some times carry an offset from UTC and some do not, as {texts.row(_is_zoned)} "
            f"and {texts.row(is_bare)}; write them in one way."
        )
    if timezone is None:
        raise no_zone(texts.place, texts.row(_is_zoned))
    instant = replaced(texts.text, f"{ZONED}|^.*$", r"\1-\2-\3 \4:\5:00\6")
    instant = replaced(instant, "(Z|z|UTC|GMT)$", "+00").try_cast(types.Timestamp(timezone="UTC"))
    told = f"{_YEAR_FIRST.name}, times as dates in {timezone}"
    return sane(at_time_zone(timezone, instant).date()), date_reading(texts.name, told)


def _by_numbers(texts: TextColumn, notation: Notation, order: str, *, declared: bool) -> tuple[Any, Reading]:
    short = texts.count(short=lambda text: number_in(text, notation, 3) < 100)["short"] > 0

    def date(text: Any) -> Any:
        return day_of(text, notation.pattern, order, short_years=short)

    told = _TOLD[order]
    _require_some(texts, date, f"with {told}")
    if short:
        told += ", years 69 to 99 are 19xx and 00 to 68 are 20xx"
    return date(texts.text), date_reading(texts.name, told, declared=declared)


def _order(texts: TextColumn, notation: Notation) -> str:
    """Whether day or month comes first, by the evidence of all values."""
    days = {"day": _day_first, "month": _month_first, "differ": _differ}
    found = {key: lambda text, holds=holds: holds(*_parts(text, notation)) for key, holds in days.items()}
    seen = texts.count(**found, short=lambda text: number_in(text, notation, 3) < 100)
    if seen["short"]:
        _refuse_short_years_first(texts, notation)
    if seen["day"] and seen["month"]:
        raise InputError(
            f"{texts.place}: day and month change places, {texts.row(found['day'])} and "
            f"{texts.row(found['month'])}; write them in one way, or state dates: day-first or dates: month-first "
            "(the others become unreadable)."
        )
    if not seen["day"] and not seen["month"] and seen["differ"]:
        raise InputError(
            f"{texts.place}: day and month cannot be told apart, as in {texts.row(found['differ'])}; "
            "state dates: day-first or dates: month-first."
        )
    return "mdy" if seen["month"] else "dmy"


def _parts(text: Any, notation: Notation) -> tuple[Any, Any]:
    return number_in(text, notation, 1), number_in(text, notation, 2)


def _day_first(one: Any, two: Any) -> Any:
    return (one > 12) & (two <= 12)


def _month_first(one: Any, two: Any) -> Any:
    return (two > 12) & (one <= 12)


def _differ(one: Any, two: Any) -> Any:
    return one != two


def _refuse_short_years_first(texts: TextColumn, notation: Notation) -> None:
    """With two digits the year may stand first; then the first part varies less than the last."""
    values = texts.values.select(
        first=number_in(texts.values["text"], notation, 1), last=number_in(texts.values["text"], notation, 3)
    )
    no_day = {key: (values[key] == 0) | (values[key] > 31) for key in ("first", "last")}
    varied = {f"{key}_varied": values[key].nunique() for key in ("first", "last")}
    seen = (
        values.aggregate(**{key: flag.any() for key, flag in no_day.items()}, **varied)
        .to_pyarrow()
        .to_pylist()[0]
    )
    if seen["last"]:
        return
    if seen["first"] or seen["last_varied"] > seen["first_varied"]:
        raise InputError(
            f"{texts.place}: in dates such as {texts.row(notation.fits)} the year may come first or last; "
            "state the pattern, for instance dates: '%y-%m-%d' or dates: '%d-%m-%y'."
        )


def _require_some(texts: TextColumn, date: Any, how: str) -> None:
    if texts.sample(read=lambda text: date(text).notnull())["read"]:
        return
    seen = texts.count(read=lambda text: date(text).notnull(), filled=lambda text: text.notnull())
    if seen["filled"] and not seen["read"]:
        raise _unreadable(texts, how)


def _unreadable(texts: TextColumn, how: str) -> InputError:
    calendars = {key: calendar.fits for key, calendar in CALENDARS.items()}
    seen = texts.count(
        **calendars, zoned=has_zone, number=lambda text: text.try_cast("float64").between(1, 109_939)
    )
    era = max(calendars, key=lambda key: seen[key])
    if seen[era]:
        hint = f"state dates: {era} if these are {CALENDARS[era].told}"
    elif seen["zoned"]:
        hint = "state timezone: as written to take the days as they stand"
    elif seen["number"]:
        hint = "state dates: excel-serial if these are days counted by a spreadsheet"
    else:
        hint = "check the column, or state how dates are written, for instance dates: '%d.%m.%Y'"
    example = texts.row(lambda text: text.notnull())
    return InputError(f"{texts.place}: no row can be read {how}, as {example}; {hint}.")
