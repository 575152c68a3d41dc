"""A column of text, looked at as a whole before one value of it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from customer_value import words
from customer_value.sources.source import Source, first_row

__all__ = ["Condition", "TextColumn", "place_of", "plain_signs", "text_column", "with_plain_signs"]

_SAMPLE = 1_000
_WIDE = "０１２３４５６７８９．，－＋／：（）％＄￥￦＇　"
_PLAIN = "0123456789.,-+/:()%$¥₩' "
_ARABIC, _WESTERN = "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,"
Condition = Callable[[Any], Any]
"""From a text expression to a boolean one."""


@dataclass(frozen=True)
class TextColumn:
    """A column of text and its distinct values.

    Parameters
    ----------
    source, name
        The column.
    text
        Its expression over ``source.table``; NULL where blank.
    values
        The distinct texts in one column, ``text``: what can be proved by a value is proved here,
        however many rows have it.
    """

    source: Source
    name: str
    text: Any
    values: Any

    @property
    def place(self) -> str:
        """The column in words, for a message."""
        return place_of(self.source, self.name)

    def count(self, among: Condition | None = None, **conditions: Condition) -> dict[str, int]:
        """How many distinct values fulfil each condition, all in one query."""
        values = self.values if among is None else self.values.filter(among(self.values["text"]))
        return _counted(values, conditions)

    def sample(self, **conditions: Condition) -> dict[str, int]:
        """As `count`, for some of the values."""
        return _counted(self.values.limit(_SAMPLE), conditions)

    def row(self, holds: Condition) -> str:
        """The first row that fulfils a condition: ``'03/04/2021' (row 2 of a.csv)``."""
        file, number, value = first_row(self.source, self.name, holds(self.text)) or ("", 0, "")
        return f"'{words.plain(value, 40)}' ({f'row {number:,} of ' if number else ''}{file})"


@contextmanager
def text_column(source: Source, name: str, text: Any) -> Iterator[TextColumn]:
    """Gather the distinct values of a text expression over a source, for the time of a block."""
    table = source.table.select(text=text)
    engine = source.table.get_backend()
    place = f"values_of_{source.name}_{list(source.table.columns).index(name)}"
    distinct = table.filter(table["text"].notnull()).distinct()
    engine.raw_sql(f"CREATE OR REPLACE TEMP TABLE {place} AS {engine.compile(distinct)}")
    try:
        yield TextColumn(source, name, text, engine.table(place))
    finally:
        engine.raw_sql(f"DROP TABLE {place}")


def plain_signs(text: Any) -> Any:
    """Text with the digits and signs of East Asian and Arabic writing as those of ASCII."""
    return text.translate(_WIDE + _ARABIC, _PLAIN + _WESTERN)


def with_plain_signs(texts: TextColumn) -> TextColumn:
    """The same column with plain signs if it has others."""
    other = f"[{re.escape(_WIDE + _ARABIC)}]"
    if not texts.count(other=lambda text: text.re_search(other))["other"]:
        return texts
    values = texts.values.select(text=plain_signs(texts.values["text"])).distinct()
    return replace(texts, text=plain_signs(texts.text), values=values)


def place_of(source: Source, column: str) -> str:
    """A column in words: the file if there is but one, else the input table."""
    name = source.files[0].name if len(source.files) == 1 else source.name
    return f"{name}, column '{words.plain(column)}'"


def _counted(values: Any, conditions: dict[str, Condition]) -> dict[str, int]:
    table = values.select(**{key: holds(values["text"]) for key, holds in conditions.items()})
    return _first(table.aggregate(**{key: table[key].sum() for key in conditions}))


def _first(table: Any) -> dict[str, int]:
    row = table.to_pyarrow().to_pylist()[0]
    return {key: int(value or 0) for key, value in row.items()}
