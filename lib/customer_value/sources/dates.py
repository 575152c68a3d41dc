"""Dates of a source column, however they are written; nothing is guessed.

All rows are looked at before one is read: what decides between day and month first is a number
above twelve, and what proves a mixture is one row that says otherwise.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass
from typing import Any

import duckdb
import ibis

from customer_value import words
from customer_value.errors import ConfigError, InputError
from customer_value.settings import TableSource
from customer_value.sources.engine import (
    at_time_zone,
    parsed_time,
    parsed_zoned_time,
    replaced,
    trimmed,
)
from customer_value.sources.notations import (
    ANY_DAY_MONTH,
    DAY_MONTH,
    NOTATIONS,
    ZONED,
    Notation,
    day_of,
    number_in,
)
from customer_value.sources.source import Reading, Source, first_row

__all__ = ["date_column"]

_SAMPLE = 1_000
_ORDERS = {"day-first": "dmy", "month-first": "mdy"}
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
        ``month-first``, ``excel-serial`` (days since 1899-12-30) or a pattern such as
        ``%d.%m.%Y``. Without it the notation is found in the rows.
    timezone
        The time zone in which times with an offset from UTC become dates.

    Returns
    -------
    tuple
        A DATE expression over ``source.table``, NULL where the value is blank, not written in the
        notation, no day of the calendar, or outside the years 1900 to 2200; and how it was read.

    Raises
    ------
    InputError
        If day and month cannot be told apart, rows are in different notations, no row is readable,
        or times carry an offset and no time zone is given.
    ConfigError
        If ``dates`` or the time zone is not a known one.
    """
    asked = _Asked(source, column, spec.dates, timezone)
    value = source.table[column]
    kind = value.type()
    _check_timezone(timezone)
    if spec.dates == "excel-serial":
        return _serial(asked)
    if kind.is_date():
        return _sane(value), Reading(f"date order of {column}", "none needed, a date type", declared=False)
    if kind.is_timestamp():
        return _from_times(asked, value)
    if kind.is_numeric():
        return _from_text(asked, value.round(0).try_cast("int64").cast("string"))
    if kind.is_string() and spec.dates is not None and "%" in spec.dates:
        return _by_pattern(asked, trimmed(value), spec.dates)
    if kind.is_string():
        return _from_text(asked, trimmed(value))
    raise InputError(f"{asked.place}: holds neither dates nor text.")


@dataclass(frozen=True)
class _Asked:
    source: Source
    column: str
    dates: str | None
    timezone: str | None

    @property
    def place(self) -> str:
        files = self.source.files
        name = files[0].name if len(files) == 1 else self.source.name
        return f"{name}, column '{words.plain(self.column)}'"

    def row(self, predicate: Any) -> str:
        """A row in words: ``'03/04/2021' (row 2 of a.csv)``."""
        file, number, value = first_row(self.source, self.column, predicate) or ("", 0, "")
        return f"'{words.plain(value, 40)}' (row {number:,} of {file})"

    def reading(self, value: str, *, declared: bool = False) -> Reading:
        return Reading(f"date order of {self.column}", value, declared)


def _check_timezone(timezone: str | None) -> None:
    if timezone is None:
        return
    try:
        zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"timezone: '{words.plain(timezone)}' is not known; write a name such as Europe/Berlin or UTC."
        ) from error


def _sane(date: Any) -> Any:
    return ibis.ifelse(date.year().between(1900, 2200), date, ibis.null("date"))


def _from_times(asked: _Asked, value: Any) -> tuple[Any, Reading]:
    if value.type().timezone is None:
        return _sane(value.date()), asked.reading("none needed, a time type")
    zone = _zone(asked, value.notnull())
    return _sane(at_time_zone(zone, value).date()), asked.reading(f"none needed, times in {zone}")


def _zone(asked: _Asked, carries_offset: Any) -> str:
    if asked.timezone is None:
        raise InputError(
            f"{asked.place}: times carry an offset from UTC, as {asked.row(carries_offset)}; "
            "state the time zone in which they become dates, for instance timezone: Europe/Berlin."
        )
    return asked.timezone


def _serial(asked: _Asked) -> tuple[Any, Reading]:
    value = asked.source.table[asked.column]
    text = trimmed(value) if value.type().is_string() else value
    days = text.try_cast("float64").floor().try_cast("int32")
    date = (ibis.literal(dt.date(1899, 12, 30)) + days.clip(0, 200_000).as_interval("D")).date()
    known = ibis.ifelse(days.between(1, 200_000), _sane(date), ibis.null("date"))
    _require_some(asked, known, "as a number of days (excel-serial)")
    return known, asked.reading("days since 1899-12-30 (45657 is 2024-12-31)", declared=True)


def _by_pattern(asked: _Asked, text: Any, pattern: str) -> tuple[Any, Reading]:
    try:
        if "%z" in pattern or "%Z" in pattern:
            time = at_time_zone(_zone(asked, text.notnull()), parsed_zoned_time(text, pattern))
        else:
            time = parsed_time(text, pattern)
        date = _sane(time.date())
        _require_some(asked, date, f"by the pattern {pattern}")
    except duckdb.Error as error:
        raise ConfigError(
            f"{asked.source.name}.dates: '{words.plain(pattern)}' is not a valid pattern; "
            "write for instance '%d.%m.%Y'."
        ) from error
    return date, asked.reading(f"by the pattern {pattern}", declared=True)


def _from_text(asked: _Asked, text: Any) -> tuple[Any, Reading]:
    declared = asked.dates
    if declared not in (None, "iso", "year-month-day", *_ORDERS):
        raise ConfigError(
            f"{asked.source.name}.dates: '{words.plain(declared)}' is not known; write year-month-day, "
            "day-first, month-first, excel-serial or a pattern such as '%d.%m.%Y'."
        )
    found = _found(asked, text)
    if not found:
        return ibis.null("date"), asked.reading("blank in every row")
    if declared in ("iso", "year-month-day"):
        notation = _DIGITS if found.get(_DIGITS, 0) > found.get(_YEAR_FIRST, 0) else _YEAR_FIRST
        return _year_first(asked, text, notation, declared=True)
    if declared is not None and any(notation in found for notation in DAY_MONTH):
        return _day_month(asked, text, ANY_DAY_MONTH, _ORDERS[declared], declared=True)
    if len(found) > 1:
        first, second = [asked.row(text.re_search(notation.pattern)) for notation in list(found)[:2]]
        raise InputError(
            f"{asked.place}: dates are written in different ways, {first} and {second}; "
            "write them in one way, or state with dates which one counts (the others become unreadable)."
        )
    notation = next(iter(found))
    if notation is _YEAR_FIRST:
        return _year_first(asked, text, notation, declared=False)
    if notation.order == "?":
        order = _order(asked, text, notation)
        return _day_month(asked, text, notation, order, declared=False)
    date = day_of(text, notation.pattern, notation.order)
    _require_some(asked, date, f"as {notation.name}")
    return date, asked.reading(notation.name)


def _found(asked: _Asked, text: Any) -> dict[Notation, int]:
    """The notations of a column with their rows; empty if the column is blank."""
    table = asked.source.table.select(text=text)
    table = table.filter(table["text"].notnull())
    sample = _counts(table.limit(_SAMPLE))
    usual = max(NOTATIONS, key=lambda notation: sample.get(notation, 0))
    usual_rows = _single(table.aggregate(n=table["text"].re_search(usual.pattern).sum(), all=table.count()))
    if not usual_rows["all"]:
        return {}
    found = {usual: int(usual_rows["n"])} if usual_rows["n"] else {}
    if usual_rows["n"] < usual_rows["all"]:
        found |= _counts(table.filter(~table["text"].re_search(usual.pattern)))
    if not found:
        raise InputError(_nothing_readable(asked, text, "as a date"))
    return {notation: found[notation] for notation in NOTATIONS if notation in found}


def _counts(table: Any) -> dict[Notation, int]:
    hits = {f"n{n}": table["text"].re_search(notation.pattern).sum() for n, notation in enumerate(NOTATIONS)}
    counts = _single(table.aggregate(**hits))
    return {notation: int(counts[f"n{n}"]) for n, notation in enumerate(NOTATIONS) if counts[f"n{n}"]}


def _single(table: Any) -> dict[str, Any]:
    row: dict[str, Any] = table.to_pyarrow().to_pylist()[0]
    return row


def _year_first(asked: _Asked, text: Any, notation: Notation, *, declared: bool) -> tuple[Any, Reading]:
    zoned = text.re_search(ZONED)
    dated = text.re_search(notation.pattern)
    month, day = number_in(text, notation, 2), number_in(text, notation, 3)
    table = asked.source.table.select(zoned=zoned, dated=dated, month=month > 12, day=day > 12)
    seen = _single(table.aggregate(**{name: table[name].sum() for name in table.columns}))
    if seen["month"] > 1 and not seen["day"]:
        raise InputError(
            f"{asked.place}: dates seem to be written year-day-month, as {asked.row(month > 12)}; "
            "if so, state dates: '%Y-%d-%m'."
        )
    if not seen["zoned"]:
        date = day_of(text, notation.pattern, notation.order)
        _require_some(asked, date, f"as {notation.name}")
        return date, asked.reading(notation.name, declared=declared)
    if seen["zoned"] < seen["dated"]:
        raise InputError(
            f"{asked.place}: some times carry an offset from UTC and some do not, "
            f"as {asked.row(zoned)} and {asked.row(dated & ~zoned)}; write them in one way."
        )
    zone = _zone(asked, zoned)
    instant = replaced(text, f"{ZONED}|^.*$", r"\1-\2-\3 \4:\5:00\6")
    instant = replaced(instant, "(Z|z|UTC|GMT)$", "+00").try_cast(ibis.expr.datatypes.Timestamp("UTC"))
    return _sane(at_time_zone(zone, instant).date()), asked.reading(f"{notation.name}, times in {zone}")


def _day_month(
    asked: _Asked, text: Any, notation: Notation, order: str, *, declared: bool
) -> tuple[Any, Reading]:
    date = day_of(text, notation.pattern, order)
    _require_some(asked, date, f"with {_TOLD[order]}")
    short = asked.source.table.select(year=text.re_extract(notation.pattern, 3))
    has_short = _single(short.aggregate(n=(short["year"].length() == 2).any()))["n"]
    told = f"{_TOLD[order]}, years 69 to 99 are 19xx and 00 to 68 are 20xx" if has_short else _TOLD[order]
    return date, asked.reading(told, declared=declared)


def _order(asked: _Asked, text: Any, notation: Notation) -> str:
    """Whether day or month comes first, by the evidence of all rows."""
    one, two, year = (number_in(text, notation, place) for place in (1, 2, 3))
    table = asked.source.table.select(
        day=(one > 12) & (two <= 12), month=(two > 12) & (one <= 12), same=one == two,
        one=one, year=year, short=year < 100, dated=one.notnull(),
    )  # fmt: skip
    seen = _single(
        table.aggregate(
            **{name: table[name].sum() for name in ("day", "month", "same", "dated", "short")},
            ones=table["one"].nunique(),
            years=table["year"].nunique(),
        )
    )
    if seen["short"] == seen["dated"] and seen["years"] > seen["ones"]:
        raise InputError(
            f"{asked.place}: in dates such as {asked.row(one.notnull())} the year may come first or last; "
            "state the pattern, for instance dates: '%y-%m-%d' or dates: '%d-%m-%y'."
        )
    if seen["day"] and seen["month"]:
        raise InputError(
            f"{asked.place}: day and month change places, {asked.row((one > 12) & (two <= 12))} and "
            f"{asked.row((two > 12) & (one <= 12))}; write them in one way, or state dates: day-first or "
            "dates: month-first (the others become unreadable)."
        )
    if not seen["day"] and not seen["month"] and seen["same"] < seen["dated"]:
        raise InputError(
            f"{asked.place}: day and month cannot be told apart, as in {asked.row(one != two)}; "
            "state dates: day-first or dates: month-first."
        )
    return "mdy" if seen["month"] else "dmy"


def _require_some(asked: _Asked, date: Any, how: str) -> None:
    table = asked.source.table.select(date=date, value=asked.source.table[asked.column].cast("string"))
    seen = _single(table.aggregate(dates=table["date"].count(), values=table["value"].count()))
    if seen["values"] and not seen["dates"]:
        raise InputError(_nothing_readable(asked, table["value"], how))


def _nothing_readable(asked: _Asked, text: Any, how: str) -> str:
    value = asked.source.table[asked.column]
    example = asked.row(value.notnull())
    serial = value.type().is_numeric() or text.type().is_numeric()
    hint = (
        "state dates: excel-serial if these are days counted by a spreadsheet"
        if serial
        else ("check the column, or state how dates are written, for instance dates: '%d.%m.%Y'")
    )
    return f"{asked.place}: no row can be read {how}, as {example}; {hint}."
