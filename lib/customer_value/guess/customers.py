"""Which column is the customer: its name makes it a candidate, its values must bear it out."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from customer_value import words
from customer_value.guess.choice import Choice, Found, Question, doubt, shown
from customer_value.guess.oddities import heads_groups, may_head_groups
from customer_value.guess.profile import Column, Table
from customer_value.guess.vocabulary import Heading, read_heading
from customer_value.guess.yaml_text import scalar

__all__ = ["WHAT", "guess_customer"]

WHAT = "the customer"
_ID, _EMAIL, _BARE, _NAME = "id", "email", "bare", "name"
_CLAIMS = {
    "buyer": {_ID: 60, _EMAIL: 56, _BARE: 55, _NAME: 50},
    "account": {_ID: 58, _EMAIL: 43, _NAME: 42, _BARE: 40},
    "username": {_ID: 45, _EMAIL: 45, _NAME: 45, _BARE: 45},
    "contact": {_ID: 29, _NAME: 29, _BARE: 29, _EMAIL: 27},
    "trade": {_ID: 35, _BARE: 33, _NAME: 32, _EMAIL: 31},
    "party": {_ID: 35, _NAME: 31, _BARE: 30, _EMAIL: 29},
    "": {_EMAIL: 28, _NAME: 25, _ID: 10, _BARE: 0},
}
"""Who is named, and by what: the greater figure is believed first."""

_CLERKS = (40, 43, 45)
"""Claims of columns called user or login, who may as well sell as buy."""

_IDS = 57
"""From here on two columns are both ids of customers, and a person has to say which counts."""

_ALONE = 33
"""Up to here a column must have values that come again."""

_EMAIL_ALONE = 28
_NEVER = {
    "not_buyer": "somebody who sells or receives",
    "person": "an age, a sex or another trait of people",
    "place": "a place",
    "phone": "a telephone number",
    "status": "a status",
    "category": "a kind or a note",
    "margin": "a profit",
    "payment": "a way of payment",
    "goods": "goods",
    "channel": "a channel",
    "currency": "a currency",
    "quantity": "a quantity",
    "order": "an order",
    "date": "a time",
}
_FEW_ROWS = 8
_FEWEST, _MOST = 5, 6
"""Values that a column must have to be offered where no name says anything, and columns that are offered."""

_MOST_NAMED = 40
"""Columns called like a customer, or blank where a date stands, that are compared; the likeliest first."""

_FEW_SHOPS = 20


@dataclass(frozen=True)
class _Candidate:
    column: Column
    claim: int
    kind: str


def guess_customer(
    table: Table, taken: Collection[str], order_id: str | None, date: str | None = None
) -> Found:
    """The customer of a row: the best claim by name among the columns whose values bear it out.

    A column of names is taken if nothing better is there. Where nothing is left, the question names the columns
    whose values come again as those of customers do, and says what else was looked at and why it fell out.
    """
    columns = [c for c in table.columns if c.name not in taken]
    named = [found for column in columns if (found := _claimed(column)) is not None]
    if len(named) > _MOST_NAMED:
        likely = sorted(named, key=lambda candidate: -candidate.claim)
        compared = table.first_few([c.column.name for c in likely], _MOST_NAMED, "called like a customer")
        named = likely[: len(compared)]
    fallen = {c.name: why for c in columns if (why := _by_name(table, c)) and c.kind in ("text", "number")}
    left = []
    for candidate in named:
        why = _fault(candidate, named, table, order_id)
        if why:
            fallen[candidate.column.name] = why
        else:
            left.append(candidate)
    if left:
        return _best(left, table)
    texts = [c.name for c in columns if c.kind == "text" and may_head_groups(table, c, date)]
    above = table.first_few(texts, _MOST_NAMED, "of text that may stand above a customer's rows")
    heads = next((name for name in above if heads_groups(table, name, date)), None)
    if heads is not None:
        return _heading_rows(table.column(heads))
    again = [c for c in columns if c.name not in fallen and _comes_again(c)]
    if again and not table.named and len(again) == 1:
        return Choice(again[0].name, f"values come again like ids: {_in_words(again[0], table)}")
    if len(again) > 1:
        return doubt(again[:6], WHAT)
    if again:
        sentence = (
            f"column {shown(again[0].name)} holds values that come again like ids ({again[0].told}), but its name "
            "does not say whose"
        )
        return Question(sentence, {scalar(again[0].name): again[0].told}, meanwhile=again[0].name)
    ruled_out = fallen.keys() - {candidate.column.name for candidate in named}
    return _last_resort(columns) or _nobody(fallen, _alike(columns, ruled_out))


def _claimed(column: Column) -> _Candidate | None:
    if column.kind not in ("text", "number") or column.decimals:
        return None
    heading = read_heading(column.name)
    who = _who(heading)
    if who is None:
        return None
    kind = _kind(heading)
    claim = _CLAIMS[who][kind]
    return _Candidate(column, claim, kind) if claim else None


def _who(name: Heading) -> str | None:
    """Which word for a customer a heading holds; None if it says anything else, too."""
    known = (
        "buyer",
        "account",
        "trade",
        "party",
        "contact",
        "ordering_account",
        "username",
        "payer",
        "id",
        "name",
        "email",
        "filler",
        "order",
        "deal",
    )
    if not name.says or not name.only(*known) or name.has("given_name"):
        return None
    if name.has("order") and name.has("email") and not name.has("party", "trade"):
        return "buyer"
    if name.has("order", "deal") and not name.has("account", "ordering_account"):
        if name.has("id"):
            return None
        return "party" if name.has("party", "trade") else "contact" if name.has("contact") else None
    if name.has("buyer", "payer", "ordering_account") or (name.has("order") and name.has("account")):
        return "buyer"
    found = [who for who in ("account", "trade", "party", "contact", "username") if name.has(who)]
    if found:
        return found[0]
    return "" if name.has("id", "name", "email") else None


def _kind(name: Heading) -> str:
    if name.has("email"):
        return _EMAIL
    if name.has("id", "username", "ordering_account"):
        return _ID
    return _NAME if name.has("name") else _BARE


def _by_name(table: Table, column: Column) -> str:
    """Why a name rules a column out, if it does: with what its values are."""
    heading = read_heading(column.name)
    why = next((told for key, told in _NEVER.items() if heading.has(key)), "")
    if not why or _who(heading) is not None or heading.has("amount", "discount", "price", "total"):
        return ""
    held = _range(table, column)
    return f"{held}, {why}" if held else why


def _range(table: Table, column: Column) -> str:
    if column.name in table.numbers:
        values = table.numbers[column.name].dropna()
        low, high = (f"{values.min():g}", f"{values.max():g}") if len(values) else ("", "")
        return f"numbers {low} to {high}" if low != high else f"{low} only"
    seen = [words.plain(value, 24) for value, _ in column.common]
    return f"values such as {words.listing(seen)}" if seen else ""


def _fault(one: _Candidate, named: list[_Candidate], table: Table, order_id: str | None) -> str:
    """Why the values of a candidate are not those of customers; empty if they may be."""
    column = one.column
    others = [other for other in named if other is not one and other.column.distinct > 1]
    if column.distinct == 1 and table.rows > 1:
        return f"holds one value only, {words.plain(column.common[0][0], 24)}"
    fuller = [other for other in others if other.column.filled > 0.9 * table.rows]
    if column.filled < 0.6 * table.rows and fuller and not _heads_groups(column):
        return f"blank in {words.percent(1 - column.filled / table.rows)} of rows"
    orders = table.column(order_id).distinct if order_id else table.rows
    again = [
        other for other in others if other.column.distinct < 0.999 * orders and other.claim >= _EMAIL_ALONE
    ]
    if (
        column.distinct >= 0.999 * orders
        and column.distinct >= 0.999 * column.filled * orders / table.rows
        and again
    ):
        return "a new value with every order"
    if one.claim <= _ALONE and column.distinct > 0.9 * column.filled and column.filled > _FEW_ROWS:
        return "a new value in nearly every row"
    if one.claim <= 10 and not _comes_again(column):
        return "few or no values that come again"
    if (
        one.claim in _CLAIMS["trade"].values()
        and column.distinct <= _FEW_SHOPS
        and column.filled >= 20 * column.distinct
    ):
        return f"few values{column.such_as}, as where these are the shops that sell"
    if one.claim in _CLERKS and _as_of_clerks(column):
        return f"few values{column.such_as}, as where these are clerks"
    if _is_ledger(one, [other for other in others if other.column.distinct < 0.9 * other.column.filled]):
        return f"few values{column.such_as}, as numbers of accounts in the books or of clerks"
    return ""


def _as_of_clerks(column: Column) -> bool:
    """Whether values come again so often as those of people who sell."""
    few = column.distinct <= 4 and column.filled >= 8 * column.distinct
    return few or (column.distinct <= 20 and column.filled >= 100 * column.distinct)


def _heads_groups(column: Column) -> bool:
    """Whether a value stands once, as at the head of a group of rows."""
    return column.distinct >= 0.9 * column.filled


def _is_ledger(one: _Candidate, others: list[_Candidate]) -> bool:
    """Whether a column called "account" has far fewer values than another that may be the customer."""
    if one.claim not in _CLAIMS["account"].values():
        return False
    if one.claim == _CLAIMS["account"][_ID] and one.column.distinct <= min(30, _most(others) / 10):
        return True
    digits = all(re.match(r"[0-9]{3,6}(?:\s|$)", value) for value, _ in one.column.common)
    bare = one.claim != _CLAIMS["account"][_ID]
    return (digits or bare) and one.column.distinct <= min(30, _most(others) / 2)


def _most(candidates: list[_Candidate]) -> int:
    return max((candidate.column.distinct for candidate in candidates), default=0)


def _best(left: list[_Candidate], table: Table) -> Found:
    ranked = _who_bought(sorted(left, key=lambda candidate: -candidate.claim))
    best = ranked[0]
    peers = [c for c in ranked[1:] if c.claim == best.claim or c.claim >= _IDS]
    if best.kind == _NAME:
        peers += [c for c in ranked[1:] if c.claim == _EMAIL_ALONE and c.column.filled > 0.95 * table.rows]
    apart = [c for c in peers if not table.same_partition(best.column.name, c.column.name)]
    if apart:
        return doubt([best.column, *(c.column for c in apart)], WHAT)
    fuller = [c for c in peers if c.column.filled > best.column.filled]
    best = max(fuller, key=lambda c: c.column.filled) if fuller else best
    return Choice(best.column.name, _in_words(best.column, table))


def _who_bought(ranked: list[_Candidate]) -> list[_Candidate]:
    """Without those who only pay, where another column of the same rank says who bought."""
    payers = [c for c in ranked if read_heading(c.column.name).has("payer")]
    buyers = [
        c for c in ranked if c not in payers and c.kind == ranked[0].kind and c.claim == ranked[0].claim
    ]
    return [c for c in ranked if c not in payers] if buyers else ranked


def _in_words(column: Column, table: Table) -> str:
    blank = table.rows - column.filled
    if not blank:
        return column.told
    return f"{column.told}; {words.count(blank, 'row')} without one {words.verb(blank, 'is', 'are')} left out"


def _comes_again(column: Column) -> bool:
    if column.kind not in ("text", "number") or column.decimals:
        return False
    return 20 < column.distinct < 0.9 * column.filled and column.distinct > 0.005 * column.filled


def _last_resort(columns: list[Column]) -> Question | None:
    """A telephone number or a card that comes again may stand for a customer, if a person says so."""
    told = [c for c in columns if read_heading(c.name).has("phone", "payment") and _comes_again(c)]
    if not told:
        return None
    options = {scalar(c.name): c.told for c in told}
    listed = words.listing([f"{shown(c.name)} ({c.told})" for c in told])
    return Question(
        f"no column names the customer, but {listed} may stand for it", options, meanwhile=told[0].name
    )


def _alike(columns: Sequence[Column], fallen: Collection[str]) -> list[Column]:
    """Columns that no name rules out and whose values come again: the ones with most values first."""
    fullest = max((column.filled for column in columns), default=0)
    again = [
        c for c in columns
        if c.kind in ("text", "number") and not c.decimals and c.name not in fallen and not _says_other(c.name)
        and _FEWEST <= c.distinct < 0.9 * c.filled and c.filled > 0.5 * fullest
    ]  # fmt: skip
    return sorted(again, key=lambda c: (c.kind == "number", -c.distinct))[:_MOST]


def _says_other(name: str) -> bool:
    """Whether a heading says what a column holds, and that is no customer."""
    heading = read_heading(name)
    return heading.has(
        "amount", "total", "price", "tax", "net", "gross", "discount", "shipping", "fee", "measure", "text"
    )


def _heading_rows(column: Column) -> Question:
    """A column that stands on rows of its own above the lines that belong to it."""
    name = shown(column.name) + (" (without a heading)" if column.name.isdigit() else "")
    sentence = (
        f"column {name} stands alone on a row above the lines that belong to it{column.such_as}; is it the "
        "customer?"
    )
    told = f"{column.told}; each stands on a row of its own above its lines, which fill_down takes it to"
    return Question(sentence, {scalar(column.name): told}, meanwhile=column.name)


def _nobody(fallen: dict[str, str], alike: Sequence[Column]) -> Question:
    looked = [f"{shown(name)}: {why}" for name, why in fallen.items()]
    told = f" (looked at {'; '.join(looked[:8])})" if looked else ""
    if alike:
        listed = words.listing([f"{shown(c.name)} ({c.told})" for c in alike])
        sentence = (
            f"no column is called like the customer{told}; values that come again as those of customers do have "
            f"{listed}"
        )
        return Question(sentence, {scalar(c.name): c.told for c in alike}, meanwhile=alike[0].name)
    return Question(
        f"no column looks like the customer{told}",
        hint="the column that tells who bought, if the file has one",
    )
