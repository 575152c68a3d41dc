"""A column that holds dates as text and dates as days counted by a spreadsheet, and what that may hide."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis

from customer_value.errors import InputError
from customer_value.sources.engine import floored, sane
from customer_value.sources.notations import ANY_DAY_MONTH, DAY_MONTH, NOTATIONS, day_of, number_in
from customer_value.sources.textcolumn import TextColumn

__all__ = ["MIXTURES", "is_serial", "mixture", "refuse_serials", "serial_day"]

MIXTURES = {"mixed": None, "mixed-day-first": "dmy", "mixed-month-first": "mdy"}
"""What the settings may say of such a column, and the order of day and month that it states."""

_FIRST_DAY, _LAST_DAY = 14_611, 73_050
_SERIAL = r"^[1-7]\d{4}(?:[.,]\d+)?(?:e0)?$"
_ENOUGH, _SHARE = 5, 0.01


def serial_day(text: Any) -> Any:
    """The date of a number of days since 1899-12-30, NULL where it is none."""
    days = floored(text.try_cast("float64")).try_cast("int32")
    known = ibis.ifelse(days.between(1, 109_939), days, ibis.null("int32"))
    moment = ibis.literal(dt.date(1899, 12, 30)) + known.as_interval(
        "D"
    )  # a timestamp to DuckDB, a date to Ibis
    return moment.cast("string").try_cast("date")


def is_serial(text: Any) -> Any:
    """Whether a text is a number of days that means a date of the years 1940 to 2099."""
    return text.re_search(_SERIAL) & text.try_cast("float64").between(_FIRST_DAY, _LAST_DAY).fill_null(False)


def mixture(texts: TextColumn, stated: str | None) -> Any:
    """The dates of a column with both, as an expression for its texts.

    Parameters
    ----------
    texts
        The column.
    stated
        The order of day and month in text, ``"dmy"`` or ``"mdy"``; None if the values decide.

    Raises
    ------
    InputError
        If day and month cannot be told apart, or a spreadsheet seems to have taken one for the other.
    """
    order = stated or _order(texts)
    plain = [notation for notation in NOTATIONS if notation not in DAY_MONTH]

    def date(text: Any) -> Any:
        numbered = day_of(text, ANY_DAY_MONTH.pattern, order)
        days = ibis.ifelse(is_serial(text), serial_day(text), ibis.null("date"))
        return sane(ibis.coalesce(days, numbered, *(notation.day(text) for notation in plain)))

    return date


def refuse_serials(texts: TextColumn, filled: int) -> None:
    """Say that some dates of a column are days counted by a spreadsheet, which would be left out.

    Raises
    ------
    InputError
        If more than a stray one is.
    """
    seen = texts.count(serial=is_serial)["serial"]
    if seen >= max(2, _SHARE * filled):
        raise InputError(
            f"{texts.place}: some dates are text and some are days counted by a spreadsheet, "
            f"{texts.row(lambda text: ~is_serial(text))} and {texts.row(is_serial)}; state dates: mixed to read both."
        )


def _order(texts: TextColumn) -> str:
    def part(place: int) -> Any:
        return lambda text: number_in(text, ANY_DAY_MONTH, place)

    one, two = part(1), part(2)
    seen = texts.count(
        day=lambda text: (one(text) > 12) & (two(text) <= 12),
        month=lambda text: (two(text) > 12) & (one(text) <= 12),
        open=lambda text: (one(text) <= 12) & (two(text) <= 12) & (one(text) != two(text)),
        early=lambda text: _spreadsheet_day(text).day() <= 12,
        late=lambda text: _spreadsheet_day(text).day() > 12,
    )
    proofs = seen["day"] + seen["month"]
    if seen["day"] and seen["month"]:
        raise InputError(
            f"{texts.place}: day and month change places in the dates that are text; write them in one way, or state "
            "dates: mixed-day-first or dates: mixed-month-first (the others become unreadable)."
        )
    if proofs >= _ENOUGH and not seen["open"] and seen["early"] >= _ENOUGH and not seen["late"]:
        raise InputError(
            f"{texts.place}: all dates that are text have a day above 12 and none that is a date of the spreadsheet "
            "has, so it seems to have taken days for months; export the column again as text, or state dates: "
            "mixed-day-first or dates: mixed-month-first if its dates are right."
        )
    if seen["open"] and not proofs:
        example = texts.row(lambda text: one(text) != two(text))
        raise InputError(
            f"{texts.place}: day and month cannot be told apart, as in {example}; "
            "state dates: mixed-day-first or dates: mixed-month-first."
        )
    return "mdy" if seen["month"] else "dmy"


def _spreadsheet_day(text: Any) -> Any:
    """The date of what was a date of the spreadsheet: its number, or year, month and day as this library writes it."""
    days = ibis.ifelse(is_serial(text), serial_day(text), ibis.null("date"))
    return ibis.coalesce(days, NOTATIONS[0].day(text))
