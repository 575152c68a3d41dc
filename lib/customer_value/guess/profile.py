"""What the columns of a file hold, whatever they are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from customer_value import words
from customer_value.errors import InputError
from customer_value.guess.vocabulary import read_heading
from customer_value.settings import TableSource
from customer_value.sources import Source, id_column, number_column
from customer_value.sources.dialects import is_number
from customer_value.sources.engine import MONEY, hashed, trimmed
from customer_value.sources.notations import NOTATIONS
from customer_value.sources.parquet import read_saved, save_parquet

__all__ = ["Column", "Table", "counted", "first", "look_at"]

_SAMPLE = 2_000
_COMPARED = 20_000
"""Rows in which the numbers of two columns are compared; the same ones whatever their order."""

_MOSTLY = 0.9
_PLAIN = re.compile(r"-?[0-9]{1,13}(?:\.[0-9]{1,2})?")


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
    texts
        All values of each column as text, of a small file; None of others.
    """

    source: Source
    spec: TableSource
    rows: int
    columns: tuple[Column, ...]
    named: bool
    texts: Mapping[str, list[str]] | None = None

    def may_hold(self, column: str, pattern: re.Pattern[str]) -> bool:
        """Whether a value of a column may match, in small letters; False only where it is known without a query."""
        return self.texts is None or any(pattern.search(text.lower()) for text in self.texts[column])

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
            self._read[column] = number_column(self.source, column, self.spec)[0] if plain is None else plain
        return self._read[column]

    def _plain_number(self, column: str) -> Any:
        """A column of a small file in which all values are plain numbers, for which nothing has to be found out."""
        value = self.source.table[column]
        if self.texts is None or not value.type().is_string() or self.spec.decimal == "," or self.spec.dr_cr:
            return None
        texts = self.texts[column]
        return trimmed(value).try_cast(MONEY) if texts and all(map(_PLAIN.fullmatch, texts)) else None

    @cached_property
    def _read(self) -> dict[str, Any]:
        return {}

    def reading(self, **stated: Any) -> Table:
        """The same file, read as some settings of it say."""
        return replace(self, spec=self.spec.model_copy(update=stated))

    @cached_property
    def numbers(self) -> pd.DataFrame:
        """The columns of numbers, for at most some thousand rows that depend on no order; NaN where there is none."""
        table = self.source.table
        readable = {}
        for column in self.of_kind("number"):
            if self.named and _numbers_things(column.name):
                continue
            try:
                readable[column.name] = self.number(column.name).cast("float64")
            except InputError:
                continue
        if not readable:
            return pd.DataFrame()
        values = {f"c{n}": value for n, value in enumerate(readable.values())}
        chosen = table.select(**values)
        if self.rows > _COMPARED:
            every = ibis.struct({str(n): table[name] for n, name in enumerate(table.columns)})
            chosen = table.select(**values, _key=hashed(every)).order_by("_key").limit(_COMPARED).drop("_key")
        frame = chosen.to_pandas().astype("float64")
        return frame.set_axis(list(readable), axis=1)

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


def _numbers_things(name: str) -> bool:
    """Whether a heading says that a number is a key, a telephone number or the like, which nobody adds up."""
    heading = read_heading(name)
    return heading.has("id", "phone", "place") and not heading.has(
        "amount", "total", "price", "quantity", "unit_price"
    )


def look_at(source: Source, spec: TableSource, scratch: Path | None = None) -> Table:
    """Find the kinds and counts of the columns of a source.

    Parameters
    ----------
    source
        The source.
    scratch
        Folder into which it is read once, to be looked at there; None where it may be read again and again.

    Raises
    ------
    InputError
        If the file has but one or two columns.
    """
    names = [str(name) for name in source.table.columns if name != "_file"]
    if len(names) < 3:
        raise InputError(
            f"{source.files[0].name} has {words.count(len(names), 'column')}; orders need at least three: a customer, "
            "a date and an amount. If it has more, the separator was not recognised."
        )
    if scratch is not None:
        source = _read_once(source, scratch)
    head = _head(source, names)
    whole = all(source.table[name].type().is_string() for name in names) and head is not None
    counts = _counted_in(head) if whole and head is not None else _counts(source, names)
    sample = (
        _Sample(head.texts, whole=True) if whole and head is not None else _sampled(source, names, counts)
    )
    columns = tuple(_column(source, name, counts[name], sample) for name in names)
    named = bool(source.header_rows[0]) or not _numbered(names)
    return Table(source, spec, int(counts[""][0]), columns, named, sample.texts if whole else None)


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


def _read_once(source: Source, scratch: Path) -> Source:
    path = scratch / "looked-at.parquet"
    con = source.table.get_backend()
    save_parquet(source.table, path)
    return replace(source, table=read_saved(con, path))


def _numbered(names: Iterable[str]) -> bool:
    return all(name == str(position) for position, name in enumerate(names, 1))


@dataclass(frozen=True)
class _Head:
    """All values of each column of a small file that are not blank, as text, and the number of rows."""

    texts: Mapping[str, list[str]]
    rows: int


def _head(source: Source, names: list[str]) -> _Head | None:
    """The values of a file of few rows; None of a longer one."""
    head = source.table.select(**{f"c{n}": id_column(source, name) for n, name in enumerate(names)})
    frame = head.limit(_SAMPLE + 1).to_pyarrow()
    if frame.num_rows > _SAMPLE:
        return None
    texts = {
        name: [text for text in frame[f"c{n}"].to_pylist() if text is not None]
        for n, name in enumerate(names)
    }
    return _Head(texts, frame.num_rows)


def _counted_in(head: _Head) -> Mapping[str, tuple[int, int]]:
    return {"": (head.rows, 0), **{name: (len(texts), len(set(texts))) for name, texts in head.texts.items()}}


def _counts(source: Source, names: list[str]) -> Mapping[str, tuple[int, int]]:
    table = source.table
    texts = table.select(**{f"c{n}": _filled(table[name]) for n, name in enumerate(names)})
    asked = {"rows": texts.count()}
    for column in texts.columns:
        asked |= {f"{column}_filled": texts[column].count(), f"{column}_distinct": texts[column].nunique()}
    seen = first(texts.aggregate(**asked))
    found = {name: (seen[f"c{n}_filled"], seen[f"c{n}_distinct"]) for n, name in enumerate(names)}
    return {"": (seen["rows"], 0), **found}


def _filled(value: Any) -> Any:
    """A value, NULL where it says nothing."""
    if value.type().is_floating():
        return ibis.ifelse(value.isnan(), ibis.null(value.type()), value)
    return trimmed(value) if value.type().is_string() else value


@dataclass(frozen=True)
class _Sample:
    """The first values of each column that are not blank, as text, and whether they are all of them."""

    texts: Mapping[str, list[str]]
    whole: bool


def _sampled(source: Source, names: list[str], counts: Mapping[str, tuple[int, int]]) -> _Sample:
    rows = counts[""][0]
    head = source.table.select(**{f"c{n}": id_column(source, name) for n, name in enumerate(names)})
    frame = head.limit(_SAMPLE).to_pyarrow()
    texts = {
        name: [text for text in frame[f"c{n}"].to_pylist() if text is not None]
        for n, name in enumerate(names)
    }
    for name, found in texts.items():
        if rows > _SAMPLE and len(found) < min(counts[name][0], _SAMPLE) / 2:
            more = source.table.select(text=id_column(source, name))
            texts[name] = more.filter(more["text"].notnull()).limit(_SAMPLE).to_pyarrow()["text"].to_pylist()
    return _Sample(texts, rows <= _SAMPLE)


def _column(source: Source, name: str, counts: tuple[int, int], sample: _Sample) -> Column:
    filled, distinct = counts
    value = source.table[name]
    kind = value.type()
    if not filled:
        return Column(name, "blank", 0, 0, decimals=False)
    texts = sample.texts[name]
    common = _common(texts) if sample.whole else tuple(counted(source, name, 2))
    if kind.is_date() or kind.is_timestamp():
        return Column(name, "date", filled, distinct, False, common)
    if _may_be_dates(texts) and _mostly_dates(source, name, texts, may_be_digits=not kind.is_decimal()):
        return Column(name, "date", filled, distinct, False, common)
    if kind.is_boolean() or sum(map(_is_number, texts)) < _MOSTLY * len(texts):
        return Column(name, "text", filled, distinct, False, common)
    decimals = sum("." in text.removesuffix(".0") or "," in text for text in texts) > 0
    return Column(name, "number", filled, distinct, decimals, common)


def _is_number(text: str) -> bool:
    return is_number(re.sub(r"^([-(]?)[A-Z]{1,3}(?=\$)", r"\1", text))


def _common(texts: list[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(texts).items(), key=lambda item: (-item[1], item[0]))[:2])


def _may_be_dates(texts: list[str]) -> bool:
    """Whether most texts are longer than a short number and hold three digits; others need not be tried."""
    likely = [len(text) > 5 and sum(map(str.isdigit, text)) > 2 for text in texts]
    return sum(likely) >= _MOSTLY * len(texts)


def _mostly_dates(source: Source, name: str, texts: list[str], *, may_be_digits: bool) -> bool:
    text = source.table.select(text=_filled(source.table[name]).cast("string"))
    sample = text.filter(text["text"].notnull()).limit(_SAMPLE)
    flags = {}
    for number, notation in enumerate(NOTATIONS):
        fits = notation.fits(sample["text"])
        if notation.order == "ymd":
            day = notation.day(sample["text"])
            fits &= day.notnull() & ((day.year() >= 1970) | (notation is not NOTATIONS[1]))
        if notation is not NOTATIONS[1] or may_be_digits:
            flags[f"n{number}"] = fits.sum()
    seen = first(sample.aggregate(**flags))
    return sum(count or 0 for count in seen.values()) >= _MOSTLY * len(texts)
