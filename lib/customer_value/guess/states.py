"""What the words of a column say of the state of an order: no sale, a credit, or something a person has to judge.

A column is known by its values, whatever it is called: few different words, most of them known (``states.yml``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import ibis
import yaml

from customer_value.errors import InputError
from customer_value.guess.profile import Column, Table
from customer_value.guess.remarks import Exclusion
from customer_value.sources import id_column

__all__ = ["NOT_WON", "Meaning", "StateRules", "Value", "meaning_of", "state_key", "state_rules", "values_of"]

NOT_WON, PAYMENT = "not won", "payment or transfer"

MOST_WORDS, MOST_LISTED = 40, 12
"""A column with more different values holds no states; no more of them are listed in a draft."""

_MOSTLY = 0.8
_LONGEST_REASON = 60


@dataclass(frozen=True)
class Meaning:
    """What a word says: ``reason`` for the ledger, and how it ``counts`` (see ``states.yml``)."""

    reason: str
    counts: str


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
    """

    excluded: tuple[Exclusion, ...] = ()
    credits: tuple[Exclusion, ...] = ()
    listed: tuple[Exclusion, ...] = ()

    def __add__(self, other: StateRules) -> StateRules:
        return StateRules(
            self.excluded + other.excluded, self.credits + other.credits, self.listed + other.listed
        )


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
        rules = _flagged(table, column, money, won=won) or _worded(table, column, money)
        if rules is None or any(rule.rows >= table.rows for rule in rules.excluded):
            continue
        won = won or any(rule.reason == NOT_WON for rule in rules.excluded)
        found += rules
    return found


def values_of(table: Table, column: str, money: Any, most: int = MOST_WORDS) -> list[Value]:
    """The values of a column with rows and money, most rows first; none if there are more than ``most``."""
    amount = _amount(table, money)
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


def meaning_of(text: str) -> Meaning | None:
    """What a word says of an order, None if it is not known.

    >>> meaning_of("wc-cancelled"), meaning_of("交易关闭").reason, meaning_of("Net 30")
    (Meaning(reason='cancelled', counts='never'), 'cancelled', None)
    """
    key = state_key(text)
    exact, begins, holds = _meanings()
    if key in exact:
        return exact[key]
    found = next((meaning for start, meaning in begins if key.startswith(start)), None)
    return found or next((meaning for part, meaning in holds if part in key), None)


def state_key(text: str) -> str:
    """A word without capitals, accents, blanks and signs.

    >>> state_key("Closed - Won"), state_key("wc-on-hold"), state_key("Annulée")
    ('closedwon', 'onhold', 'annulee')
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "", re.sub(r"^wc[-_ ]", "", plain.strip())) or plain


def _worded(table: Table, column: Column, money: Any) -> StateRules | None:
    """The rules of a column of words."""
    if column.kind != "text" or column.distinct > MOST_WORDS:
        return None
    values = values_of(table, column.name, money)
    meanings = {value.text: meaning_of(value.text) for value in values}
    named = _heading_says(column.name, "headings")
    known = sum(value.rows for value in values if meanings[value.text] is not None)
    if known < _MOSTLY * sum(value.rows for value in values) and not (named and known):
        return None
    told = {text: meaning for text, meaning in meanings.items() if meaning is not None}
    counts = {meaning.counts for meaning in told.values()}
    if not named and counts <= {"other", "document", "payment"}:
        return None
    return _column_rules(column.name, values, told, table.rows)


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
            NOT_WON, column, "is_not", tuple(value.text for value in won), rows - kept, _money(others)
        )
        return StateRules((left_out,))
    documents = any(meaning.counts == "document" for meaning in told.values())
    is_status = _heading_says(column, "headings", only="holds") and not documents
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
    listed = [
        exclusion(value.text[:_LONGEST_REASON], column, [value]) for value in found.listed[:MOST_LISTED]
    ]
    return StateRules(excluded, negative, tuple(listed) if several else ())


def exclusion(reason: str, column: str, values: Sequence[Value], *, no_order: bool = False) -> Exclusion:
    """Rows with some values of a column."""
    rows = sum(value.rows for value in values)
    texts = tuple(value.text for value in values)
    return Exclusion(reason, column, "is", texts, rows, _money(values), no_order=no_order)


def _money(values: Sequence[Value]) -> Decimal | None:
    known = [value.money for value in values if value.money is not None]
    return sum(known, Decimal(0)) if known else None


def _flagged(table: Table, column: Column, money: Any, *, won: bool) -> StateRules | None:
    """The rules of a column that says yes or no, or when, under a heading that says what."""
    reason = next((reason for kind, reason in _FLAGS.items() if _heading_says(column.name, kind)), None)
    if reason is None:
        return None
    if column.kind == "date":
        return _dated(table, column, money) if reason == "cancelled" and column.filled < table.rows else None
    values = values_of(table, column.name, money)
    yes, no = (
        [value for value in values if state_key(value.text) in _listed(kind)] for kind in ("yes", "no")
    )
    if not values or len(yes) + len(no) < len(values):
        return None
    left_out = no if reason == NOT_WON else yes
    if not left_out or (reason == NOT_WON and (won or not yes)):
        return StateRules()
    return StateRules((exclusion(reason, column.name, left_out),))


def _dated(table: Table, column: Column, money: Any) -> StateRules:
    """Rows that have a day on which they were cancelled: their values begin with one of a few characters."""
    first = id_column(table.source, column.name).substr(0, 1)
    amount = _amount(table, money)
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


_FLAGS = {"won_flag": NOT_WON, "test_flag": "test", "cancel_flag": "cancelled"}


def _amount(table: Table, money: Any) -> Any:
    """The money of a row; None where it is not known, also because its decimal sign has yet to be asked for."""
    if not isinstance(money, str):
        return money
    try:
        return table.number(money)
    except InputError:
        return None


def _heading_says(name: str, kind: str, only: str | None = None) -> bool:
    key, entry = state_key(name), _words()[kind]
    said = {how: [state_key(word) for word in entry.get(how, [])] for how in ("words", "begins", "holds")}
    if only is not None:
        said = {how: words if how == only else [] for how, words in said.items()}
    return (
        key in said["words"]
        or any(key.startswith(word) for word in said["begins"])
        or any(word in key for word in said["holds"])
    )


@cache
def _listed(kind: str) -> frozenset[str]:
    return frozenset(state_key(word) for word in _words()[kind]["words"])


@cache
def _meanings() -> tuple[dict[str, Meaning], list[tuple[str, Meaning]], list[tuple[str, Meaning]]]:
    exact: dict[str, Meaning] = {}
    begins, holds = [], []
    for reason, entry in _words().items():
        if entry["counts"] == "heading":
            continue
        meaning = Meaning(reason, entry["counts"])
        for word in entry.get("words", []):
            exact.setdefault(state_key(word), meaning)
        begins += [(state_key(word), meaning) for word in entry.get("begins", [])]
        holds += [(state_key(word), meaning) for word in entry.get("holds", [])]
    return exact, begins, holds


@cache
def _words() -> dict[str, dict[str, Any]]:
    text = (resources.files("customer_value.guess") / "states.yml").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return found
