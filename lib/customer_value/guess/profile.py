"""What the columns of a file hold, whatever they are called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import ibis
import pandas as pd

from customer_value import words
from customer_value.errors import InputError
from customer_value.guess.number_ways import Way, as_it_is, way_of, ways_of_all
from customer_value.guess.vocabulary import read_heading
from customer_value.settings import TableSource
from customer_value.sources import Source, id_column, number_column
from customer_value.sources.engine import hashed
from customer_value.sources.files import sql_text
from customer_value.sources.many import aggregated, formulas, rows_of, sql_of

__all__ = ["Column", "Table", "counted", "first"]

_COMPARED = 20_000
"""Rows in which the numbers of two columns are compared; the same ones whatever their order."""

_MOST_BY_HAND = 12
"""Columns of numbers with signs around them that are read for the sums between columns; each takes some queries."""

_OF_MONEY = (
    "amount",
    "total",
    "subtotal",
    "price",
    "unit_price",
    "quantity",
    "net",
    "gross",
    "tax",
    "discount",
    "cost",
)


@dataclass(frozen=True)
class Column:
    """A column of the file.

    Parameters
    ----------
    name
        Its name, or its position if the file has no header.
    kind
        ``"date"``, ``"number"``, ``"text"`` or ``"blank"``: what nearly all of its values are.
    filled, distinct
        Rows with a value and how many different values there are.
    decimals
        Whether numbers have digits after the decimal sign.
    common
        Its commonest values, two at most, and the rows of each.
    """

    name: str
    kind: str
    filled: int
    distinct: int
    decimals: bool
    common: tuple[tuple[str, int], ...] = ()

    @property
    def told(self) -> str:
        """The column in numbers: ``12 different values in 40 rows, such as A and B``."""
        if self.distinct == 1 and self.common:
            return f"'{words.plain(self.common[0][0], 24)}' in {words.count(self.filled, 'row')}"
        values = words.count(self.distinct, "different value")
        return f"{values} in {words.count(self.filled, 'row')}{self.such_as}"

    @property
    def such_as(self) -> str:
        """One or two of its values, to be added to a phrase."""
        seen = [words.plain(value, 24) for value, _ in self.common]
        return f", such as {words.listing(seen)}" if seen else ""


@dataclass(frozen=True)
class Table:
    """A source with what is known of its columns.

    Parameters
    ----------
    source
        The file.
    spec
        How it is read.
    rows
        Number of rows.
    columns
        Its columns in order.
    named
        False if the file has no header.
    ids
        Column to the SQL of its values as text.
    texts
        All values of each column as text, of a small file; None of others.
    left_out
        What was too much to be compared, in words such as ``called like a customer``, to the columns left out.
    """

    source: Source
    spec: TableSource
    rows: int
    columns: tuple[Column, ...]
    named: bool
    ids: Mapping[str, str]
    texts: Mapping[str, list[str]] | None = None
    left_out: dict[str, list[str]] = field(default_factory=dict)

    def first_few(self, names: Sequence[str], most: int, what: str) -> list[str]:
        """The columns to compare, the first of many; the others are noted as left out."""
        if len(names) > most:
            self.left_out[what] = list(names[most:])
        return list(names[:most])

    def may_hold(self, column: str, pattern: re.Pattern[str]) -> bool:
        """Whether a value of a column matches, in small letters."""
        if self.texts is not None:
            return any(pattern.search(text.lower()) for text in self.texts[column])
        return column in self._holding(pattern)

    def _holding(self, pattern: re.Pattern[str]) -> set[str]:
        """The columns of a long file with such a value, for all of them at once."""
        if pattern.pattern not in self._searched:
            wanted = sql_text(pattern.pattern)
            held = [f"bool_or(regexp_matches(lower({text}), {wanted}))" for text in self.ids.values()]
            found = aggregated(self.source.table, held)
            self._searched[pattern.pattern] = {
                name for name, holds in zip(self.ids, found, strict=True) if holds
            }
        return self._searched[pattern.pattern]

    @cached_property
    def _searched(self) -> dict[str, set[str]]:
        return {}

    def of_kind(self, *kinds: str) -> list[Column]:
        """The columns of some kinds."""
        return [column for column in self.columns if column.kind in kinds]

    def column(self, name: str) -> Column:
        """A column by its name."""
        return next(column for column in self.columns if column.name == name)

    def number(self, column: str) -> Any:
        """A column as numbers; how they are written is found out once."""
        if column not in self._read:
            plain = self._plain_number(column)
            value = self.source.table[column]
            self._read[column] = (
                number_column(self.source, column, self.spec)[0] if plain is None else plain(value)
            )
        return self._read[column]

    def require_number(self, column: str) -> None:
        """Find out how the numbers of a column are written.

        Raises
        ------
        InputError
            If that cannot be told.
        """
        if self._plain_number(column) is None:
            self.number(column)

    @property
    def unread(self) -> list[str]:
        """Columns of numbers that are written with signs and left out of all sums, as there are too many of them."""
        return self._by_hand[_MOST_BY_HAND:]

    @property
    def of_numbers(self) -> list[Column]:
        """The columns of numbers that are read."""
        unread = set(self.unread)
        return [column for column in self.of_kind("number") if column.name not in unread]

    @cached_property
    def _by_hand(self) -> list[str]:
        """Columns of numbers that take queries of their own to be read, those first whose names speak of money."""
        names = [c.name for c in self.of_kind("number") if self._plain_number(c.name) is None]
        if len(names) > _MOST_BY_HAND:
            names.sort(key=lambda name: not read_heading(name).has(*_OF_MONEY))
        return names

    def _plain_number(self, column: str) -> Way | None:
        """How a column is read of which that is known without a query of its own; None of others."""
        if column not in self._plain and self.texts is None and self._many_texts:
            self._plain.update(ways_of_all(self.source.table, self._many_texts, self.spec.decimal))
        if column not in self._plain:
            value = self.source.table[column]
            known = self.texts is not None and value.type().is_string()
            texts = self.texts[column] if known and self.texts is not None else []
            self._plain[column] = as_it_is if value.type().is_numeric() else way_of(texts, self.spec.decimal)
        return (
            None if self.spec.dr_cr and self.source.table[column].type().is_string() else self._plain[column]
        )

    @cached_property
    def _many_texts(self) -> list[str]:
        """The columns of numbers that are text, of a file with too many for a query each."""
        names = [c.name for c in self.of_kind("number") if self.source.table[c.name].type().is_string()]
        return names if len(names) > _MOST_BY_HAND else []

    @cached_property
    def _plain(self) -> dict[str, Way | None]:
        return {}

    @cached_property
    def _read(self) -> dict[str, Any]:
        return {}

    def reading(self, **stated: Any) -> Table:
        """The same file, read as some settings of it say."""
        return replace(self, spec=self.spec.model_copy(update=stated))

    @cached_property
    def numbers(self) -> pd.DataFrame:
        """The columns of numbers, for at most some thousand rows that depend on no order; NaN where there is none."""
        columns = [c.name for c in self.of_numbers if not (self.named and _numbers_things(c.name))]
        readable = self._number_formulas(columns)
        if not readable:
            return pd.DataFrame()
        table = self.source.table
        if self.rows > _COMPARED:
            every = ibis.struct({str(n): table[name] for n, name in enumerate(table.columns)})
            rows = rows_of(table, readable, order=sql_of(table, hashed(every)), most=_COMPARED)
        else:
            rows = rows_of(table, readable)
        return pd.DataFrame(rows, dtype="float64")

    def _number_formulas(self, columns: Sequence[str]) -> dict[str, str]:
        """Columns to the SQL of their numbers, without those that cannot be read."""
        table = self.source.table
        found: dict[str, str] = {}
        ways = {name: self._plain_number(name) for name in columns}
        for way in dict.fromkeys(way for way in ways.values() if way is not None):
            alike = [name for name in columns if ways[name] is way]
            found |= formulas(table, alike, _as_float(way))
        for name in columns:
            if ways[name] is None:
                with suppress(InputError):
                    found[name] = sql_of(table, self.number(name).cast("float64"))
        return {name: found[name] for name in columns if name in found}

    def share(self, holds: Any, among: Any = None) -> float | None:
        """Share of the rows for which a condition over the source holds, among those of another."""
        flags = self.source.table.select(holds=holds, among=ibis.literal(True) if among is None else among)
        flags = flags.filter(flags["among"].fill_null(False) & flags["holds"].notnull())
        seen = first(flags.aggregate(n=flags["holds"].sum(), all=flags.count()))
        return float(seen["n"] or 0) / seen["all"] if seen["all"] else None

    def same_partition(self, one: str, other: str) -> bool:
        """Whether two columns group the rows alike, value by value, where both are filled."""
        pairs = self.source.table.select(a=id_column(self.source, one), b=id_column(self.source, other))
        pairs = pairs.filter(pairs["a"].notnull() & pairs["b"].notnull()).distinct()
        seen = first(pairs.aggregate(n=pairs.count(), a=pairs["a"].nunique(), b=pairs["b"].nunique()))
        return bool(seen["n"] == seen["a"] == seen["b"])

    def has_one(self, many: str, one: str) -> float:
        """Share of the values of a column, among those of several rows, that come with one value of another."""
        table = self.source.table
        pairs = table.select(many=id_column(self.source, many), one=id_column(self.source, one))
        pairs = pairs.filter(pairs["many"].notnull() & pairs["one"].notnull())
        groups = pairs.group_by("many").aggregate(rows=pairs.count(), values=pairs["one"].nunique())
        groups = groups.filter(groups["rows"] > 1)
        seen = first(groups.aggregate(all=groups.count(), one=(groups["values"] == 1).sum()))
        return float(seen["one"] or 0) / seen["all"] if seen["all"] else 1.0


def first(table: Any) -> dict[str, Any]:
    """The only row of a table."""
    row: dict[str, Any] = table.to_pyarrow().to_pylist()[0]
    return row


def counted(source: Source, column: str, most: int = 100_000) -> list[tuple[str, int]]:
    """The values of a column and their rows, the commonest first."""
    values = source.table.select(value=id_column(source, column))
    values = values.filter(values["value"].notnull())
    counts = values.group_by("value").aggregate(rows=ibis._.count())
    rows = counts.order_by(ibis.desc("rows"), "value").limit(most).to_pyarrow().to_pylist()
    return [(row["value"], row["rows"]) for row in rows]


def _numbers_things(name: str) -> bool:
    """Whether a heading says that a number is a key, a telephone number or the like, which nobody adds up."""
    heading = read_heading(name)
    return heading.has("id", "phone", "place") and not heading.has(
        "amount", "total", "price", "quantity", "unit_price"
    )


def _as_float(way: Way) -> Way:
    """From a column to its numbers as floats."""
    return lambda value: way(value).cast("float64")
