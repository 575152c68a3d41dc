"""Columns that hold dates or times already, of years or offsets that still have to be understood."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis

from customer_value.errors import InputError
from customer_value.sources.calendars import CALENDARS
from customer_value.sources.engine import at_time_zone, replaced, sane
from customer_value.sources.source import Reading, Source, find_place
from customer_value.sources.textcolumn import TextColumn, place_of

__all__ = [
    "AS_WRITTEN",
    "date_reading",
    "from_dates",
    "from_instants_of_engine",
    "has_zone",
    "no_zone",
    "without_zones",
]

AS_WRITTEN = "as written"
"""The time zone of the settings that keeps the day of every time as it is written, whatever its offset from UTC."""
_ZONED = (
    r"(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?) ?"
    r"(?:[Zz]|[A-Z]{3,4}|(?:GMT|UTC)?[+-]\d{2}(?::?\d{2})?)(?: ?\([^()]*\))?$"
)
_LATEST_YEAR, _GLANCE = 2399, 1_000


def date_reading(column: str, value: str, *, declared: bool = False) -> Reading:
    """How the dates of a column were read."""
    return Reading(f"date order of {column}", value, declared)


def has_zone(text: Any) -> Any:
    """Whether a time has an offset from UTC or the short name of a zone behind it, as ``PST`` has."""
    return text.re_search(_ZONED)


def without_zones(texts: TextColumn) -> TextColumn:
    """The same column without what follows the time of day."""
    bare = replaced(texts.text, _ZONED, r"\1")
    values = texts.values.select(text=replaced(texts.values["text"], _ZONED, r"\1")).distinct()
    return replace(texts, text=bare, values=values)


def from_dates(source: Source, column: str, dates: str | None) -> tuple[Any, Reading]:
    """Dates of the source, of the Buddhist era where the settings say so."""
    value = source.table[column]
    told = "none needed, the column holds " + ("dates" if value.type().is_date() else "times")
    if dates == "buddhist":
        years = ibis.ifelse(value.year() > _LATEST_YEAR, -CALENDARS["buddhist"].years, 0)
        written = (value.year() - years).cast("string") + value.strftime("-%m-%d")
        return sane(written.try_cast("date")), date_reading(column, CALENDARS["buddhist"].told, declared=True)
    known = source.table.select(year=value.year())
    some = known.filter(known["year"].notnull()).limit(_GLANCE)
    seen = (
        some.aggregate(all=some.count(), late=some["year"].between(2450, 2660).sum())
        .to_pyarrow()
        .to_pylist()[0]
    )
    if seen["all"] and (seen["late"] or 0) > 0.5 * seen["all"]:
        place, example = find_place(source, column, value.year() > _LATEST_YEAR)
        raise InputError(
            f"{place_of(source, column)}: the years are those of the Buddhist era, as '{example}' ({place}); "
            "state dates: buddhist."
        )
    return sane(value.date() if value.type().is_timestamp() else value), date_reading(column, told)


def from_instants_of_engine(source: Source, column: str, timezone: str | None) -> tuple[Any, Reading]:
    """Instants as the dates of a time zone."""
    value = source.table[column]
    if timezone in (None, AS_WRITTEN):
        place, example = find_place(source, column, value.notnull())
        raise no_zone(place_of(source, column), f"'{example}' ({place})", written=False)
    told = f"none needed, the column holds times; as dates in {timezone}"
    return sane(at_time_zone(timezone, value).date()), date_reading(column, told)


def no_zone(place: str, example: str, *, written: bool = True) -> InputError:
    """Say that times have an offset from UTC and nobody says which day they belong to."""
    return InputError(
        f"{place}: times carry an offset from UTC, as {example}; state the time zone in which they "
        "become dates, for instance timezone: Europe/Berlin"
        + (", or timezone: as written to take the days as they stand." if written else ".")
    )
