"""The values of a column with their rows and money, and the rules that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis

from customer_value.errors import InputError
from customer_value.guess.profile import Table
from customer_value.guess.remarks import Exclusion
from customer_value.sources import id_column

__all__ = [
    "MOST_LISTED",
    "MOST_WORDS",
    "NOT_WON",
    "PAYMENT",
    "StateRules",
    "Value",
    "exclusion",
    "listed",
    "money_of",
    "sum_of",
    "values_of",
]

NOT_WON, PAYMENT = "not won", "payment or transfer"

MOST_WORDS, MOST_LISTED = 40, 12
"""A column with more different values holds no states; no more of them are listed in a draft."""

_LONGEST_REASON = 60


@dataclass(frozen=True)
class Value:
    """One value of a column with its rows, their money (None where unknown), and how many are credits or sales."""

    text: str
    rows: int
    money: Decimal | None
    negative: int
    positive: int


@dataclass(frozen=True)
class StateRules:
    """What the states of a file say.

    Attributes
    ----------
    excluded
        Rows that are plainly no sale.
    credits
        Rows that are credits though their amount is positive (``how`` is always ``"is"``).
    listed
        All other states, which a person may want to leave out.
    asked
        Rows of which only a person can say whether they are credits.
    """

    excluded: tuple[Exclusion, ...] = ()
    credits: tuple[Exclusion, ...] = ()
    listed: tuple[Exclusion, ...] = ()
    asked: tuple[Exclusion, ...] = ()

    def __add__(self, other: StateRules) -> StateRules:
        return StateRules(
            self.excluded + other.excluded,
            self.credits + other.credits,
            self.listed + other.listed,
            self.asked + other.asked,
        )


def values_of(table: Table, column: str, money: Any, most: int = MOST_WORDS) -> list[Value]:
    """The values of a column with rows and money, most rows first; none if there are more than ``most``."""
    amount = money_of(table, money)
    source = table.source.table.select(
        value=id_column(table.source, column),
        amount=ibis.null("decimal(18, 4)") if amount is None else amount,
    )
    source = source.filter(source["value"].notnull())
    groups = source.group_by("value").aggregate(
        rows=source.count(),
        money=source["amount"].sum(),
        negative=(source["amount"] < 0).sum(),
        positive=(source["amount"] > 0).sum(),
    )
    rows = groups.order_by(ibis.desc("rows"), "value").limit(most + 1).to_pyarrow().to_pylist()
    if len(rows) > most:
        return []
    return [
        Value(
            row["value"], row["rows"], row["money"] if amount is not None else None,
            int(row["negative"] or 0), int(row["positive"] or 0),
        )
        for row in rows
    ]  # fmt: skip


def exclusion(reason: str, column: str, values: Sequence[Value], *, no_order: bool = False) -> Exclusion:
    """Rows with some values of a column."""
    rows = sum(value.rows for value in values)
    texts = tuple(value.text for value in values)
    return Exclusion(reason, column, "is", texts, rows, sum_of(values), no_order=no_order)


def listed(column: str, values: Sequence[Value]) -> list[Exclusion]:
    """Rules that a person may want, one for each of the commonest values."""
    return [exclusion(value.text[:_LONGEST_REASON], column, [value]) for value in values[:MOST_LISTED]]


def sum_of(values: Sequence[Value]) -> Decimal | None:
    """The money of some values; None where none is known."""
    known = [value.money for value in values if value.money is not None]
    return sum(known, Decimal(0)) if known else None


def money_of(table: Table, money: Any) -> Any:
    """The money of a row; None where it is not known, also because its decimal sign has yet to be asked for."""
    if not isinstance(money, str):
        return money
    try:
        return table.number(money)
    except InputError:
        return None
