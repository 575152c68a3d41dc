"""Settings that would make a column readable; offered with a value that was seen, never taken by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis

from customer_value.settings import TableSource
from customer_value.sources.amounts import is_amount
from customer_value.sources.calendars import CALENDARS
from customer_value.sources.debit_credit import CREDIT, DEBIT, has_side, on_side, without_side
from customer_value.sources.engine import trimmed
from customer_value.sources.mixtures import is_serial
from customer_value.sources.moments import AS_WRITTEN, has_zone
from customer_value.sources.notations import NOTATIONS
from customer_value.sources.source import Source, first_row
from customer_value.sources.textcolumn import Condition, TextColumn, plain_signs, text_column

__all__ = ["Offer", "offers"]

_NEARLY_ALL = 0.9
_FIRST_YEAR, _LAST_YEAR = 1980, 2100


@dataclass(frozen=True)
class Offer:
    """A setting under which nearly all values of a column read.

    Parameters
    ----------
    setting, value
        Key of the input table, or ``timezone`` of the settings, and what it would be: ``"dates"`` and
        ``"minguo"``.
    example
        A value of the column that reads so, and not without.
    share
        Share of the distinct values that read.
    told
        What it means, for the comment of a draft.
    """

    setting: str
    value: str
    example: str
    share: float
    told: str


def offers(source: Source, column: str, spec: TableSource) -> list[Offer]:
    """What could be stated to read a column that is not read, or not wholly, as it stands.

    Parameters
    ----------
    source
        The source; files only, others have types.
    column
        Its column.
    spec
        How it is read now; what it states is not offered.

    Returns
    -------
    list of Offer
        Dates before amounts, and of two for the sign of debit and credit first that under which more
        values are positive; empty for a column that reads without.
    """
    kind = source.table[column].type()
    if source.engine != "duckdb" or kind.is_boolean():
        return []
    if kind.is_date() or kind.is_timestamp():
        return [] if spec.dates else _of_dates(source, column)
    value = source.table[column]
    text = value if kind.is_string() else value.try_cast("int64").cast("string")
    with text_column(source, column, plain_signs(trimmed(text))) as texts:
        seen = texts.count(filled=_is_filled, read=_is_date, serial=is_serial, zoned=has_zone)
        if not seen["filled"]:
            return []
        dated = seen["read"] >= _NEARLY_ALL * seen["filled"]
        found = [] if spec.dates or dated else _calendars(texts, seen)
        found += ([] if spec.dates else _mixture(texts, seen)) + _zones(texts, seen)
        return found if spec.dr_cr or found or dated else _sides(texts, seen["filled"])


def _is_filled(text: Any) -> Any:
    return text.notnull()


def _day_of(key: str) -> Condition:
    """Whether a text is a date of a calendar, of years that somebody has orders of."""
    calendar = CALENDARS[key]

    def holds(text: Any) -> Any:
        days = [calendar.day(text, month_first=first) for first in (False, True)]
        return ibis.or_(*(day.year().between(_FIRST_YEAR, _LAST_YEAR).fill_null(False) for day in days))

    return holds


def _is_date(text: Any) -> Any:
    return ibis.or_(*(notation.fits(text) for notation in NOTATIONS))


def _calendars(texts: TextColumn, seen: dict[str, int]) -> list[Offer]:
    days = texts.count(**{key: _day_of(key) for key in CALENDARS})
    shares = {key: days[key] / seen["filled"] for key in CALENDARS}
    return [
        Offer("dates", key, _example(texts, _day_of(key)), share, CALENDARS[key].told)
        for key, share in shares.items()
        if share >= _NEARLY_ALL
    ]


def _mixture(texts: TextColumn, seen: dict[str, int]) -> list[Offer]:
    share = (seen["read"] + seen["serial"]) / seen["filled"]
    if not seen["read"] or share < _NEARLY_ALL:
        return []
    if seen["serial"] >= 2:
        told = "dates as text, and numbers of days as a spreadsheet counts them"
        return [Offer("dates", "mixed", _example(texts, is_serial), share, told)]
    days = texts.count(
        dashed=NOTATIONS[0].fits, others=lambda text: _is_date(text) & ~NOTATIONS[0].fits(text)
    )
    if not days["dashed"] or not days["others"]:
        return []
    other = _example(texts, lambda text: _is_date(text) & ~NOTATIONS[0].fits(text))
    return [Offer("dates", "mixed", other, share, "dates of a spreadsheet, and dates that stayed text")]


def _zones(texts: TextColumn, seen: dict[str, int]) -> list[Offer]:
    share = seen["zoned"] / seen["filled"]
    if share < _NEARLY_ALL:
        return []
    told = "days as they are written; the offset from UTC is not used"
    return [Offer("timezone", AS_WRITTEN, _example(texts, has_zone), share, told)]


def _sides(texts: TextColumn, filled: int) -> list[Offer]:
    seen = texts.count(
        amount=lambda text: is_amount(without_side(text)),
        debit=lambda text: has_side(text, DEBIT) & is_amount(without_side(text)),
        credit=lambda text: has_side(text, CREDIT) & is_amount(without_side(text)),
    )
    share = seen["amount"] / filled
    if share < _NEARLY_ALL or not (seen["debit"] and seen["credit"]):
        return []
    sides = {"debit-positive": (DEBIT, CREDIT), "credit-positive": (CREDIT, DEBIT)}
    likely = sorted(sides, key=lambda value: -seen[value.removesuffix("-positive")])
    examples = {side: _example(texts, on_side(side)) for side in (DEBIT, CREDIT)}
    return [
        Offer("dr_cr", value, examples[sides[value][1]], share, f"'{examples[sides[value][0]]}' is positive")
        for value in likely
    ]


def _of_dates(source: Source, column: str) -> list[Offer]:
    """Cells that are dates, of years that have not come."""
    value = source.table[column]
    late = value.year().between(2450, 2660)
    seen = source.table.aggregate(all=value.count(), late=late.sum()).to_pyarrow().to_pylist()[0]
    share = (seen["late"] or 0) / seen["all"] if seen["all"] else 0.0
    if share < _NEARLY_ALL:
        return []
    row = first_row(source, column, late)
    return [Offer("dates", "buddhist", row[2] if row else "", share, CALENDARS["buddhist"].told)]


def _example(texts: TextColumn, holds: Condition) -> str:
    row = first_row(texts.source, texts.name, holds(texts.text))
    return row[2] if row else ""
