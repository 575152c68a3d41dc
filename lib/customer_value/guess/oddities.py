"""Rows that are no orders: totals, one id for all guests, groups whose customer stands on the first row only."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import ibis

from customer_value import words
from customer_value.guess.choice import Question, shown
from customer_value.guess.profile import Column, Table, counted, first
from customer_value.guess.remarks import Exclusion
from customer_value.guess.vocabulary import is_value_of, values_of, written_values_of
from customer_value.guess.yaml_text import scalar
from customer_value.sources import id_column
from customer_value.spellings import spelling_key

__all__ = [
    "Guests",
    "blanks_from_above",
    "guests",
    "heads_groups",
    "may_head_groups",
    "spellings",
    "stands_once",
    "totals",
    "without_repeats",
]

_CENT = Decimal("0.02")
_MOST_TOTALS = 0.5
_MOST_COLUMNS = 12
"""Columns with words for totals that are looked at, the first of the file."""

_NO_ID = (
    "0",
    "00",
    "000",
    "0000",
    "00000",
    "-",
    "--",
    "-1",
    "?",
    "n/a",
    "#n/a",
    "null",
    "none",
    "nan",
    "999999",
    "9999999",
)
_MANY, _TIMES, _FEW_CUSTOMERS = 0.2, 8, 10
_FEWEST_GROUPS = 2


@dataclass(frozen=True)
class Guests:
    """An id under which all those stand who have none.

    Parameters
    ----------
    rule
        The exclusion of their rows.
    sure
        False where the id may as well be one large customer.
    """

    rule: Exclusion
    sure: bool

    @property
    def told(self) -> str:
        """What was seen."""
        return f"{shown(self.rule.values[0])} in {words.count(self.rule.rows, 'row')}"


def totals(table: Table, columns: Mapping[str, str]) -> tuple[list[Exclusion], list[Exclusion]]:
    """Rows such as "Total" or "小计": those to leave out, and those that are left to a person.

    Parameters
    ----------
    columns
        Field to column, as far as they are found.

    Returns
    -------
    tuple
        Exclusions of rows whose amount is the sum of others, or that have hardly anything but an amount; and of
        those that are only called so, which may be a customer's name.
    """
    sure: list[Exclusion] = []
    unsure: list[Exclusion] = []
    likely = [
        column.name
        for column in table.columns
        if column.kind != "blank" and column.name != columns.get("amount") and column.distinct >= 2
        if any(table.may_hold(column.name, pattern) for pattern in _compiled())
    ]
    for column in map(table.column, table.first_few(likely, _MOST_COLUMNS, "with words for totals")):
        of_groups = _totals_of_groups(table, column) if column.kind == "text" else None
        sure += [of_groups] if of_groups else []
        found = _called_total(table, column)
        rows = sum(found.values())
        if not found or rows > _MOST_TOTALS * table.rows:
            continue
        rule = Exclusion("total", column.name, "is", tuple(found), rows, no_order=True)
        (sure if _adds_up(table, rule, columns) else unsure).append(rule)
    seen: list[Exclusion] = []
    for rule in sure:
        if not any(rule.rows == other.rows and rule.values == other.values for other in seen):
            seen.append(rule)
    return seen, [] if seen else unsure


def guests(table: Table, customer: str) -> Guests | None:
    """One id for all guests, or None.

    It is called so (guest, 0, 散客) and comes far more often than others do, or it is a third of all rows while
    others come again seldom; then it may be a large customer, too.
    """
    counts = counted(table.source, customer, 1_000)
    filled = table.column(customer).filled
    if len(counts) < 3:
        return None
    usual = counts[len(counts) // 2][1]
    for value, rows in counts:
        called = is_value_of("guests", value) or value.strip().casefold() in _NO_ID
        if called and (rows >= 3 * usual or not re.search(r"[0-9]", value)):
            return Guests(Exclusion("no customer of its own", customer, "is", (value,), rows), sure=True)
    value, rows = counts[0]
    if len(counts) >= _FEW_CUSTOMERS and rows >= _MANY * filled and rows >= _TIMES * counts[1][1]:
        return Guests(Exclusion("no customer of its own", customer, "is", (value,), rows), sure=False)
    return None


def blanks_from_above(
    table: Table, customer: str, order_id: str | None, date: str | None = None
) -> Question | str | None:
    """Whether the customer stands on the first row of a group only.

    A sentence where the rows below share the order of the one above, so that there is no doubt; a question
    where they may be sales without a customer as well; None where nothing says so.
    """
    column = table.column(customer)
    blank = 1 - column.filled / table.rows
    if blank < 0.3 or table.rows < 6 or not _starts_filled(table, customer):
        return None
    if heads_groups(table, customer, date):
        return "each stands on a row of its own above its lines"
    if order_id is not None and stands_once(table, customer, order_id):
        return (
            f"the customer stands on the first row of an order only; {words.percent(blank)} of rows are blank"
        )
    if column.distinct < 0.8 * column.filled:
        return None
    sentence = (
        f"column {shown(customer)} is blank in {words.percent(blank)} of rows, as where a customer's name stands on "
        "the first row of a group only; does a blank mean the customer above it?"
    )
    options = {
        f"[{scalar(customer)}]": "yes: a blank takes the customer above it",
        "[]": "no: these rows have no customer",
    }
    return Question(sentence, options, meanwhile="[]")


def spellings(table: Table, customer: str) -> str | None:
    """How many customers are written in several ways that differ in capitals, spaces and punctuation only."""
    ids = table.source.table.select(id=id_column(table.source, customer))
    ids = ids.filter(ids["id"].notnull()).distinct()
    keyed = ids.mutate(key=spelling_key(ids["id"], "duckdb"))
    groups = keyed.group_by("key").aggregate(n=keyed.count(), one=keyed["id"].min(), other=keyed["id"].max())
    groups = groups.filter(groups["n"] > 1)
    seen = first(groups.aggregate(groups=groups.count(), ids=groups["n"].sum()))
    if not seen["groups"]:
        return None
    example = groups.order_by("key").limit(1).to_pyarrow().to_pylist()[0]
    one, other = (f"'{words.plain(example[name], 40)}'" for name in ("other", "one"))
    return (
        f"{words.count(seen['groups'], 'customer is', 'customers are')} written in {words.count(seen['ids'])} ways "
        f"that differ in capitals, spaces and punctuation only, such as {one} and {other}"
    )


def without_repeats(table: Table, rules: Sequence[Exclusion]) -> list[Exclusion]:
    """Rules without those whose rows are all left out by the rules before them."""
    kept: list[Exclusion] = []
    before: Any = ibis.literal(False)
    for rule in rules:
        here = _rows_of(table, rule)
        if table.share(before, here) != 1.0:
            kept.append(rule)
            before |= here
    return kept


def _rows_of(table: Table, rule: Exclusion) -> Any:
    text = id_column(table.source, rule.column)
    if rule.how == "starts_with":
        return ibis.or_(*(text.startswith(value) for value in rule.values)).fill_null(False)
    named = text.isin(list(rule.values)).fill_null(False)
    return ~named if rule.how == "is_not" else named


def may_head_groups(table: Table, column: Column, date: str | None) -> bool:
    """Whether a column and that of dates can be filled on different rows, by how many these are."""
    if date is None or column.name == date or column.distinct < _FEWEST_GROUPS:
        return False
    return column.filled + table.column(date).filled <= 1.02 * table.rows


def heads_groups(table: Table, column: str, date: str | None) -> bool:
    """Whether a column is filled on rows without a date only, and there are at most as many as rows with one."""
    if date is None or not may_head_groups(table, table.column(column), date):
        return False
    filled, dated = (id_column(table.source, name).notnull() for name in (column, date))
    lines = table.share(filled, dated)
    return lines is not None and lines <= 0.02 and (table.share(dated, filled) or 0) <= 0.02


def stands_once(table: Table, column: str, order_id: str) -> bool:
    """Whether a column is filled on one line of an order, or says the same on several, and blank on others."""
    source = table.source.table
    lines = source.select(order=id_column(table.source, order_id), who=id_column(table.source, column))
    lines = lines.filter(lines["order"].notnull())
    orders = lines.group_by("order").aggregate(
        lines=lines.count(), filled=lines["who"].count(), values=lines["who"].nunique()
    )
    several = orders.filter(orders["lines"] > 1)
    once = (several["filled"] >= 1) & (several["values"] == 1)
    seen = first(several.aggregate(all=several.count(), once=once.sum()))
    blank = first(orders.aggregate(blank=(orders["filled"] == 0).sum(), all=orders.count()))
    return bool(
        seen["all"] and seen["once"] >= 0.95 * seen["all"] and (blank["blank"] or 0) <= 0.05 * blank["all"]
    )


def _totals_of_groups(table: Table, column: Column) -> Exclusion | None:
    """Rows such as "Total for Ash" below those of Ash."""
    text = id_column(table.source, column.name)
    source = table.source.table.select(value=text)
    named = source.filter(source["value"].lower().re_search(_pattern(whole=False)))
    counts = named.group_by("value").aggregate(rows=named.count()).order_by("value").limit(2_000)
    rest = {row["value"]: (_group_of(row["value"]), row["rows"]) for row in counts.to_pyarrow().to_pylist()}
    groups = {group for group, _ in rest.values() if group}
    if not groups:
        return None
    known = (
        source.filter(source["value"].lower().isin(sorted(groups)))
        .distinct()
        .to_pyarrow()["value"]
        .to_pylist()
    )
    lowered = {value.lower() for value in known}
    found = {value: rows for value, (group, rows) in rest.items() if group in lowered}
    if len(found) < 2:
        return None
    values = tuple(found)
    start = _common_start(values)
    alike = len(start) > 3 and all(value in found for value in rest if value.startswith(start))
    how, shown_values = ("starts_with", (start,)) if alike else ("is", values)
    return Exclusion("total of a group", column.name, how, shown_values, sum(found.values()), no_order=True)


def _common_start(values: Sequence[str]) -> str:
    alike = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*values, strict=False))
    return "".join(letters[0] for letters in alike)


def _group_of(text: str) -> str:
    """The group that a total is of, in small letters; empty if the text says no such thing.

    >>> _group_of("Total for Ash Ltd"), _group_of("Ash Ltd Total"), _group_of("Total")
    ('ash ltd', 'ash ltd', '')
    """
    lowered = text.lower()
    first = re.match(rf"(?:{_total_words()})(?:\s+(?:{_OF}))?[\s:：–-]+(.+)$", lowered)
    last = re.match(rf"(.+?)[\s:：–-]+(?:{_total_words()})$", lowered)
    found = first or last
    return found[1].strip() if found else ""


_OF = "for|of|für|von|pour|de|del|di|van|do|da"


def _called_total(table: Table, column: Column) -> dict[str, int]:
    """The values of a column that say no more than "total", and their rows."""
    text = id_column(table.source, column.name)
    source = table.source.table.select(value=text)
    source = source.filter(source["value"].lower().re_search(_pattern()))
    counts = source.group_by("value").aggregate(rows=source.count()).order_by("value").limit(20)
    return {row["value"]: row["rows"] for row in counts.to_pyarrow().to_pylist()}


@cache
def _total_words() -> str:
    listed = {word.lower() for word in written_values_of("total_rows")} | values_of("total_rows")
    return "|".join(map(re.escape, sorted(listed, key=lambda word: (-len(word), word))))


@cache
def _compiled() -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(_pattern()), re.compile(_pattern(whole=False))


@cache
def _pattern(*, whole: bool = True) -> str:
    """The words for totals alone, or at the beginning or end of something else."""
    if whole:
        return rf"^[\s:：.*=–-]*(?:{_total_words()})[\s:：.*=–-]*$"
    return rf"^(?:{_total_words()})[\s:：–-]|[\s:：–-](?:{_total_words()})$"


def _adds_up(table: Table, rule: Exclusion, columns: Mapping[str, str]) -> bool:
    """Whether the amounts of such rows are sums of the others, or the rows have no order and no other value."""
    amount = _amount(table, columns)
    if amount is None:
        return False
    called = id_column(table.source, rule.column).isin(list(rule.values)).fill_null(False)
    lines = table.source.table.select(called=called, amount=amount)
    seen = first(
        lines.aggregate(
            theirs=lines["amount"].sum(where=lines["called"]),
            others=lines["amount"].sum(where=~lines["called"]),
            largest=lines["amount"].max(where=lines["called"]),
        )
    )
    theirs, others, largest = (Decimal(str(seen[name] or 0)) for name in ("theirs", "others", "largest"))
    if others and any(abs(one - times * others) <= _CENT for one in (theirs, largest) for times in (1, 2)):
        return True
    key = next((columns[role] for role in ("order_id", "product_id", "order_date") if role in columns), None)
    if key is None or key == rule.column:
        return False
    blank = table.share(id_column(table.source, key).isnull(), called) or 0.0
    others_blank = table.share(id_column(table.source, key).isnull(), ~called) or 0.0
    return blank == 1.0 and others_blank < 0.5


def _amount(table: Table, columns: Mapping[str, str]) -> Any:
    if "amount" in columns:
        return table.number(columns["amount"])
    if "quantity" in columns and "unit_price" in columns:
        return table.number(columns["quantity"]) * table.number(columns["unit_price"])
    return None


def _starts_filled(table: Table, column: str) -> bool:
    numbered = table.source.table.select(row=ibis.row_number(), value=id_column(table.source, column))
    head = numbered.order_by("row").limit(1).to_pyarrow().to_pylist()
    return bool(head and head[0]["value"] is not None)
