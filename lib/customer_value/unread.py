"""Dates and amounts of orders that cannot be read: which, how many, and what money is lost by them.

What is blank is no mistake of the settings, so it is counted and said; what is written and cannot be read stops a run
where it is more than `OrdersTable.max_unread` of the rows or, for dates, of the money.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from customer_value import words
from customer_value.errors import InputError
from customer_value.ledger import Ledger, LedgerLine
from customer_value.settings import OrdersTable, Settings
from customer_value.sources import Source, date_column, find_place, id_column, number_column
from customer_value.sources.engine import trimmed
from customer_value.sources.native import can_be_joined, native_id

__all__ = [
    "BLANK",
    "BLANK_AMOUNT",
    "BLANK_DATE",
    "NO_AMOUNT",
    "NO_DATE",
    "blank_fields",
    "refuse_unread",
    "unread_rules",
    "unread_warnings",
]

NO_DATE, NO_AMOUNT = "unreadable date", "unreadable amount"
BLANK_DATE, BLANK_AMOUNT = "blank date", "blank amount"
BLANK = {"date": "_blank_date", "amount": "_blank_amount"}
"""Columns of typed rows: whether the source has nothing there."""

_MOST = 0.5
"""Above this share of the values of a column the settings are wrong, not the rows."""

_TOO_LARGE = 1e14
"""Money that has no room, see `customer_value.sources.engine.MONEY`."""


def blank_fields(source: Source, spec: OrdersTable) -> dict[str, Any]:
    """The columns `BLANK` of a source; of several columns that make an amount any that is blank will do."""
    blank = ibis.or_(*(_is_blank(source, column) for column in _money(spec)))
    return {BLANK["date"]: _is_blank(source, spec.columns.order_date), BLANK["amount"]: blank}


def unread_rules(typed: ibis.Table) -> list[tuple[Any, str]]:
    """Conditions and the outcome of the rows that fulfil them, the first that applies."""
    return [
        (typed.order_date.isnull() & typed[BLANK["date"]], BLANK_DATE),
        (typed.order_date.isnull(), NO_DATE),
        (typed.amount.isnull() & typed[BLANK["amount"]], BLANK_AMOUNT),
        (typed.amount.isnull(), NO_AMOUNT),
    ]


def refuse_unread(source: Source, spec: OrdersTable, settings: Settings, account: pd.DataFrame) -> None:
    """Stop where dates or amounts that cannot be read lose more than the settings accept.

    Parameters
    ----------
    account
        What became of all rows: outcome, rows, amount.

    Raises
    ------
    InputError
        Quotes the first of them with its place.
    """
    read = int(account["rows"].sum())
    for reason in (NO_DATE, NO_AMOUNT):
        lost = account[account["outcome"] == reason]
        rows, money = int(lost["rows"].sum()), _sum(lost)
        kept = _sum(account[account["outcome"].isna()])
        of_money = float(abs(money) / (abs(money) + abs(kept))) if money else 0.0
        if max(rows / read, of_money) > spec.max_unread:
            raise InputError(_too_many(source, spec, settings, reason, rows, read, money, of_money))


def unread_warnings(source: Source, spec: OrdersTable, settings: Settings, ledger: Ledger) -> list[str]:
    """What a reader should know of each kind of rows that lack a date or an amount."""
    found = []
    for line in ledger.of("orders", "excluded"):
        if line.reason in (NO_DATE, NO_AMOUNT):
            place, shown, column = _first(source, spec, settings, line.reason)
            found.append(
                f"{words.count(line.rows or 0, 'row has', 'rows have')} {_what(line.reason)} that cannot be read, "
                f"such as '{shown}' ({place}, column '{words.plain(column)}'); {_lost(line, settings)}"
            )
        elif line.reason in (BLANK_DATE, BLANK_AMOUNT):
            what = line.reason.removeprefix("blank ")
            found.append(
                f"{words.count(line.rows or 0, 'row with a customer has', 'rows with a customer have')} no {what}; "
                f"{_lost(line, settings)}"
            )
    return found


def _is_blank(source: Source, column: str) -> Any:
    value = source.table[column]
    kind = value.type()
    if kind.is_string():
        text = trimmed(value) if source.engine == "duckdb" else native_id(source, column)
        return text.isnull()
    if kind.is_floating() and can_be_joined(source.table):
        return value.isnull() | value.isnan().fill_null(False)
    return value.isnull()


def _too_many(
    source: Source,
    spec: OrdersTable,
    settings: Settings,
    reason: str,
    rows: int,
    read: int,
    money: Decimal,
    of_money: float,
) -> str:
    place, shown, column = _first(source, spec, settings, reason)
    worth = (
        f", worth {words.money(float(money), settings.currency)}, {words.percent(of_money)}" if money else ""
    )
    accepted = min(1.0, max(rows / read, of_money) + 0.005)
    hint = "dates" if reason == NO_DATE else "decimal"
    mend = f"Check {hint} in the settings, or the column" if rows > _MOST * read else "Correct them"
    return (
        f"{place}, column '{words.plain(column)}': '{shown}' cannot be read as {_what(reason)} by the settings and the "
        f"other rows, and so {words.count(rows)} of {words.count(read, 'row')} ({words.percent(rows / read)}{worth}) "
        f"would be lost. {mend}; to leave them out, set max_unread: {accepted:.2f} under orders "
        f"(now {spec.max_unread:g})."
    )


def _first(source: Source, spec: OrdersTable, settings: Settings, reason: str) -> tuple[str, str, str]:
    """Place, text and column of a value that cannot be read, of a row with a customer.

    The first where rows have an order, else the least, so that it is always the same.
    """
    known = id_column(source, spec.columns.customer_id).notnull()
    if reason == NO_DATE:
        column = spec.columns.order_date
        value, _ = date_column(source, column, spec, settings.timezone)
        return *_found(source, column, known & value.isnull() & ~_is_blank(source, column)), column
    beside = [column for column in (spec.columns.refund, spec.columns.deduct) if column]
    numbers = {column: number_column(source, column, spec)[0] for column in [*_money(spec), *beside]}
    for column, value in numbers.items():
        found = _found(source, column, known & value.isnull() & ~_is_blank(source, column))
        if found[0]:
            return *found, column
    column, size = next(iter(numbers)), ibis.literal(1.0)
    for column_of_money in _money(spec):
        size = size * numbers[column_of_money].cast("float64").abs()
    place, shown = _found(source, column, known & (size >= _TOO_LARGE))
    return place or source.name, shown, column


def _found(source: Source, column: str, odd: Any) -> tuple[str, str]:
    if source.numbered:
        place, shown = find_place(source, column, odd)
        return place, words.plain(shown, 40)
    rows = source.table.filter(odd.fill_null(False))
    least = rows.aggregate(least=rows[column].cast("string").min()).to_pyarrow().to_pylist()[0]["least"]
    return ("", "") if least is None else (source.files[0].name, words.plain(least, 40))


def _lost(line: LedgerLine, settings: Settings) -> str:
    money = line.amount or Decimal(0)
    worth = f" with {words.money(float(money), settings.currency)} on them" if money else ""
    return f"the ledger counts them and the figures leave them out{worth}."


def _money(spec: OrdersTable) -> list[str]:
    columns = spec.columns
    named = [columns.amount] if columns.amount else [columns.quantity, columns.unit_price]
    return [column for column in named if column]


def _sum(account: pd.DataFrame) -> Decimal:
    known = (value for value in account["amount"] if isinstance(value, Decimal) and value.is_finite())
    return sum(known, Decimal(0))


def _what(reason: str) -> str:
    what = reason.removeprefix("unreadable ")
    return f"{_article(what)} {what}"


def _article(what: str) -> str:
    return "an" if what == "amount" else "a"
