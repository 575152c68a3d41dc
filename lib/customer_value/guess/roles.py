"""Which columns are the customer, the date, the order and the product."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from customer_value import words
from customer_value.guess.choice import Choice, doubt, heaviest, settled, shown
from customer_value.guess.names import tokens_of, weight
from customer_value.guess.profile import Column, Table
from customer_value.sources import id_column

__all__ = ["SERIAL", "guess_customer", "guess_date", "guess_id"]

SERIAL = "days counted by a spreadsheet"


def guess_date(table: Table) -> Choice | None:
    """The date of the order: by name among the columns that hold dates, else the only such column."""
    dates = table.of_kind("date")
    named = _ordered_first(heaviest("order_date", dates))
    if len(named) > 1 and not all(_same_days(table, named[0], other) for other in named[1:]):
        return doubt(named, "the date of the order")
    if named:
        return Choice(named[0].name, _dates_in_words(named[0]))
    serial = [c for c in table.of_kind("number") if weight("order_date", c.name) >= 2 and _serial(table, c)]
    if len(serial) == 1:
        return Choice(serial[0].name, SERIAL)
    usable = [column for column in dates if "birth" not in "".join(tokens_of(column.name))]
    if len(usable) == 1:
        return Choice(usable[0].name, f"the only column with dates; {_dates_in_words(usable[0])}")
    return doubt(usable, "the date of the order") if usable else None


def guess_id(role: str, table: Table, taken: Collection[str]) -> Choice | None:
    """The order or product of a row, by name only; None where none or several are meant."""
    columns = [
        c for c in table.columns if c.kind in ("text", "number") and not c.decimals and c.name not in taken
    ]
    named = heaviest(role, columns)
    if role == "order_id":
        named = _ordered_first(named)
    choice = settled(named, table, role, lambda column: column.told)
    return None if choice is None or choice.is_gamble else choice


def guess_customer(table: Table, taken: Collection[str], order_id: str | None) -> Choice | None:
    """The customer: by name, else the only column whose values look like ids that come again."""
    columns = [
        c for c in table.columns if c.kind in ("text", "number") and not c.decimals and c.name not in taken
    ]
    columns = [c for c in columns if weight("customer_id", c.name) != 1 or c.distinct < 0.9 * c.filled]
    named = _not_an_order(heaviest("customer_id", columns), columns, table, order_id)
    if named:
        return settled(named, table, "the customer", lambda column: _customers_in_words(column, table))
    again = [column for column in columns if _comes_again(column)]
    if len(again) > 1:
        return doubt(again, "the customer")
    if again and table.named:
        told = f"column {shown(again[0].name)} holds values that come again like ids, but its name does not say whose"
        return Choice(again[0].name, told, ("another column",))
    if again:
        return Choice(again[0].name, f"values come again like ids: {_customers_in_words(again[0], table)}")
    return None


def _same_days(table: Table, one: Column, other: Column) -> bool:
    values = (id_column(table.source, column.name) for column in (one, other))
    return (table.share(next(values) == next(values)) or 0) > 0.999


def _dates_in_words(column: Column) -> str:
    return words.count(column.distinct, "distinct value")


def _customers_in_words(column: Column, table: Table) -> str:
    blank = table.rows - column.filled
    if not blank:
        return column.told
    return f"{column.told}; {words.count(blank, 'row')} without one {words.verb(blank, 'is', 'are')} left out"


def _ordered_first(columns: Sequence[Column]) -> list[Column]:
    """Of several, those that name the order rather than an invoice or a payment."""
    ordered = [
        column for column in columns if {"order", "bestell", "订单", "pedido"} & set(tokens_of(column.name))
    ]
    return ordered if len(columns) > 1 and ordered else list(columns)


def _serial(table: Table, column: Column) -> bool:
    number = table.number(column.name)
    return table.share(number.between(20_000, 60_000)) == 1.0


def _not_an_order(
    named: list[Column], columns: Sequence[Column], table: Table, order_id: str | None
) -> list[Column]:
    """Without a customer id that changes with every order, where there is another."""
    everyone = [column for column in columns if weight("customer_id", column.name) >= 2]
    if order_id is None or len(everyone) < 2 or not named:
        return named
    kept = [column for column in everyone if not table.same_partition(column.name, order_id)]
    return heaviest("customer_id", kept) or named


def _comes_again(column: Column) -> bool:
    return 20 < column.distinct < 0.9 * column.filled and column.distinct > 0.005 * column.filled
