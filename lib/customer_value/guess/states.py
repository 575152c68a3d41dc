"""What the words of a column say of the state of an order: no sale, a credit, or something a person has to judge.

A column is known by its values, whatever it is called: few different words, most of them known (``states.yml``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from customer_value.guess.profile import Column, Table
from customer_value.guess.remarks import Exclusion
from customer_value.guess.state_flags import flag_rules
from customer_value.guess.state_values import (
    MOST_LISTED,
    MOST_WORDS,
    NOT_WON,
    PAYMENT,
    StateRules,
    Value,
    exclusion,
    listed,
    sum_of,
    values_of,
)
from customer_value.guess.state_words import Codes, Meaning, codes_of, heading_says, meaning_of, state_key
from customer_value.guess.vocabulary import read_heading

__all__ = [
    "NOT_WON",
    "Meaning",
    "StateRules",
    "Value",
    "exclusion",
    "meaning_of",
    "state_key",
    "state_rules",
    "values_of",
]

_MOSTLY = 0.8
_SHORT = 3


def state_rules(table: Table, money: Any, taken: Collection[str] = ()) -> StateRules:
    """The rules that the columns of states of a table suggest.

    Parameters
    ----------
    table
        The table.
    money
        The amount of a row: a column, an expression over ``table.source.table``, or None if it is not known.
    taken
        Columns that mean something else (customer, date, amount, …).

    Returns
    -------
    StateRules
        Never rules that would leave out every row.
    """
    found, won = StateRules(), False
    for column in table.columns:
        if column.name in taken or not column.filled:
            continue
        rules = flag_rules(table, column, money, won=won) or _worded(table, column, money)
        if rules is None or any(rule.rows >= table.rows for rule in rules.excluded):
            continue
        won = won or any(rule.reason == NOT_WON for rule in rules.excluded)
        found += rules
    return found


def _worded(table: Table, column: Column, money: Any) -> StateRules | None:
    """The rules of a column of words."""
    named = heading_says(column.name, "headings")
    if column.distinct > MOST_WORDS or not _may_hold_states(column, named=named):
        return None
    values = values_of(table, column.name, money)
    codes = codes_of([value.text for value in values]) if named else None
    if codes is not None:
        return _coded(column.name, values, codes)
    meanings = {value.text: meaning_of(value.text) for value in values}
    known = sum(value.rows for value in values if meanings[value.text] is not None)
    if named and (not known or _of_people(column.name)):
        others = () if _may_be_a_place(column, values) else tuple(listed(column.name, values))
        return StateRules(listed=others if len(values) > 1 else ())
    if known < _MOSTLY * sum(value.rows for value in values) and not named:
        return None
    told = {text: meaning for text, meaning in meanings.items() if meaning is not None}
    counts = {meaning.counts for meaning in told.values()}
    if not named and counts <= {"other", "document", "payment"}:
        return None
    return _column_rules(column.name, values, told, table.rows)


def _may_hold_states(column: Column, *, named: bool) -> bool:
    """Whether the commonest values of a column do not speak against states already."""
    if column.kind != "text":
        named = heading_says(column.name, "headings", only="holds")
        return column.kind == "number" and named and column.distinct <= MOST_LISTED and not column.decimals
    if named:
        return True
    unknown = sum(rows for value, rows in column.common if meaning_of(value) is None)
    again = column.distinct <= 0.5 * column.filled or column.filled <= MOST_LISTED
    return again and unknown <= (1 - _MOSTLY) * column.filled


def _of_people(name: str) -> bool:
    """Whether a heading speaks of the state of a customer, which says nothing of an order."""
    heading = read_heading(name)
    return heading.has("buyer", "account", "person") and not heading.has(
        "order", "deal", "payment", "shipping"
    )


def _may_be_a_place(column: Column, values: Sequence[Value]) -> bool:
    """Whether a column called "state" without a known word may hold states of a country, or too much for states."""
    if not heading_says(column.name, "state_headings"):
        return len(values) > MOST_LISTED and not heading_says(column.name, "headings", only="holds")
    return len(values) > MOST_LISTED / 2 or all(len(value.text) <= _SHORT for value in values)


def _coded(column: str, values: Sequence[Value], codes: Codes) -> StateRules:
    """The rules of a column of codes for documents."""
    payments = [value for value in values if value.text in codes.payments]
    negative = [value for value in values if value.text in codes.credits and value.positive]
    excluded = (exclusion(PAYMENT, column, payments, no_order=True),) if payments else ()
    if not negative:
        return StateRules(excluded)
    rule = exclusion("credit", column, negative)
    sure = codes.whole and rule.rows < 0.5 * sum(value.rows for value in values)
    return StateRules(excluded, (rule,)) if sure else StateRules(excluded, asked=(rule,))


@dataclass
class _Rules:
    """The rules of one column in the making: reason to its values."""

    excluded: dict[str, list[Value]] = field(default_factory=dict)
    credits: list[Value] = field(default_factory=list)
    listed: list[Value] = field(default_factory=list)


def _column_rules(column: str, values: Sequence[Value], told: dict[str, Meaning], rows: int) -> StateRules:
    won = _won(values, told)
    if won and len(won) < len(values):
        kept = sum(value.rows for value in won)
        others = [value for value in values if value not in won]
        left_out = Exclusion(
            NOT_WON, column, "is_not", tuple(value.text for value in won), rows - kept, sum_of(others)
        )
        return StateRules((left_out,))
    documents = any(meaning.counts == "document" for meaning in told.values())
    is_status = heading_says(column, "headings", only="holds") and not documents
    found = _Rules()
    for value in values:
        _place(found, value, told.get(value.text), documents=documents, is_status=is_status)
    return _as_rules(column, found)


def _won(values: Sequence[Value], told: dict[str, Meaning]) -> list[Value]:
    """The values that say that a deal was won."""
    lost = any(meaning.reason == "lost" for meaning in told.values())
    ways = {"won", "won_beside_lost"} if lost else {"won"}
    return [value for value in values if value.text in told and told[value.text].counts in ways]


def _place(found: _Rules, value: Value, meaning: Meaning | None, *, documents: bool, is_status: bool) -> None:
    counts, reason = ("other", "") if meaning is None else (meaning.counts, meaning.reason)
    if counts == "credit" and is_status:
        counts, reason = "unless_negative", "refunded in full"
    if counts == "credit":
        if value.positive:
            found.credits.append(value)
        return
    no_sale = counts == "never" or (counts == "payment" and documents)
    if no_sale or (counts == "unless_negative" and not value.negative):
        found.excluded.setdefault(reason, []).append(value)
    elif counts != "document":
        found.listed.append(value)


def _as_rules(column: str, found: _Rules) -> StateRules:
    excluded = tuple(
        exclusion(reason, column, values, no_order=reason == PAYMENT)
        for reason, values in found.excluded.items()
    )
    negative = (exclusion("credit", column, found.credits),) if found.credits else ()
    several = len(found.listed) > 1 or excluded or negative
    return StateRules(excluded, negative, tuple(listed(column, found.listed)) if several else ())
