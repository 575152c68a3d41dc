"""Columns that say yes or no, or when, under a heading that says what: cancelled, refunded, test, won."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis

from customer_value.guess.profile import Column, Table
from customer_value.guess.remarks import Exclusion
from customer_value.guess.state_values import (
    MOST_WORDS,
    NOT_WON,
    StateRules,
    Value,
    exclusion,
    listed,
    money_of,
    values_of,
)
from customer_value.guess.state_words import heading_says, listed_words, state_key
from customer_value.guess.vocabulary import read_heading
from customer_value.sources import id_column

__all__ = ["flag_rules"]

_FLAGS = {
    "won_flag": NOT_WON,
    "test_flag": "test",
    "chargeback_flag": "charged back",
    "refund_flag": "refunded in full",
    "cancel_flag": "cancelled",
    "dispute_flag": "disputed",
}
_ONLY_LISTED = ("disputed",)
_UNLESS_NEGATIVE = ("refunded in full", "charged back")


def flag_rules(table: Table, column: Column, money: Any, *, won: bool) -> StateRules | None:
    """The rules of a column of flags; None if it is none.

    Parameters
    ----------
    money
        The amount of a row, as for `customer_value.guess.states.state_rules`.
    won
        Whether another column says already which deals were won.
    """
    reason = next((reason for kind, reason in _FLAGS.items() if heading_says(column.name, kind)), None)
    if reason is None or read_heading(column.name).has("quantity", "amount", "total"):
        return None
    if column.kind == "date":
        return _dated(table, column, money) if reason == "cancelled" and column.filled < table.rows else None
    if column.distinct > MOST_WORDS:
        return None
    values = values_of(table, column.name, money)
    yes, no = (
        [value for value in values if state_key(value.text) in listed_words(kind)] for kind in ("yes", "no")
    )
    if not values or len(yes) + len(no) < len(values):
        return _reasons(table, column, values) if reason == "cancelled" else None
    if reason == NOT_WON:
        return StateRules((exclusion(reason, column.name, no),)) if no and yes and not won else StateRules()
    if not yes:
        return StateRules()
    rule = exclusion(reason, column.name, yes)
    negative = reason in _UNLESS_NEGATIVE and any(value.negative for value in yes)
    partial = heading_says(column.name, "unsure", only="holds")
    return (
        StateRules(listed=(rule,)) if negative or partial or reason in _ONLY_LISTED else StateRules((rule,))
    )


def _reasons(table: Table, column: Column, values: Sequence[Value]) -> StateRules | None:
    """Why orders were cancelled, where most rows have no such reason."""
    if column.kind != "text" or column.filled > 0.5 * table.rows:
        return None
    return StateRules(listed=tuple(listed(column.name, values)))


def _dated(table: Table, column: Column, money: Any) -> StateRules:
    """Rows that have a day on which they were cancelled: their values begin with one of a few characters."""
    first = id_column(table.source, column.name).substr(0, 1)
    amount = money_of(table, money)
    source = table.source.table.select(
        first=first, amount=ibis.null("decimal(18, 4)") if amount is None else amount
    )
    source = source.filter(source["first"].notnull())
    groups = source.group_by("first").aggregate(rows=source.count(), money=source["amount"].sum())
    found = groups.order_by("first").to_pyarrow().to_pylist()
    values = [
        Value(row["first"], row["rows"], row["money"] if amount is not None else None, 0, 0) for row in found
    ]
    rule = exclusion("cancelled", column.name, values)
    return StateRules(
        (Exclusion(rule.reason, rule.column, "starts_with", rule.values, rule.rows, rule.money),)
    )
