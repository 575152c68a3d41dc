"""One input table, where it came from and how it was read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ibis

from customer_value import words
from customer_value.errors import InputError
from customer_value.sources.engine import BLANKS, sql_name
from customer_value.sources.many import rows_of

__all__ = [
    "WHOLE_FLOAT",
    "Glance",
    "Reading",
    "Source",
    "SourceFile",
    "find_place",
    "find_rows",
    "first_row",
]

WHOLE_FLOAT = r"^-?[0-9]+\.0$"
"""A whole number as a data frame writes it that knows only floats."""

_GLANCE_ROWS = 200


@dataclass(frozen=True)
class SourceFile:
    """A file that was read.

    Parameters
    ----------
    name
        The name that people see: as written in the settings, or the file name alone. Never an
        absolute path and never the content of an environment variable.
    sha256
        Hash of the bytes as they were found; None for a table of a server.
    bytes
        Size of the file; None for a table of a server.
    """

    name: str
    sha256: str | None
    bytes: int | None


@dataclass(frozen=True)
class Reading:
    """How one aspect of a source was read.

    Parameters
    ----------
    aspect
        For instance ``"separator"`` or ``"date order of order_date"``.
    value
        In words, for instance ``"semicolon"``.
    declared
        True if the settings say so, False if it was detected.
    """

    aspect: str
    value: str
    declared: bool


@dataclass(frozen=True)
class Glance:
    """What the first rows show of a column of text.

    Parameters
    ----------
    holds
        Whether one of them has a value that is not blank.
    no_float
        Whether one of the values is not written like ``17850.0``, or there is none in the whole file.
    """

    holds: bool
    no_float: bool


@dataclass(frozen=True)
class Source:
    """An input table, lazily on the engine.

    Parameters
    ----------
    name
        The input table: ``"orders"``, ``"customers"``, …
    table
        The source columns under their own names, stripped of outer blanks, and ``_file``, the
        position in `files` of the file that a row came from.
    files
        The files in the order in which they were read.
    readings
        How the files were read.
    text
        True if the columns are text that has yet to be parsed.
    counts
        Rows of each file; what turns the position of a row into a row number of a file.
    header_rows
        For each file the rows before its first row of data: 1 if there is but a heading.
    engine
        The Ibis name of what holds the rows: ``"duckdb"`` for files, ``"postgres"``, ``"mysql"`` or
        ``"pyspark"`` for tables that are read where they lie.
    numbered
        Whether rows have numbers by which a person finds them again, as in a file.
    currency
        Code of the currency of its amounts if it is known, as some have no decimals.
    """

    name: str
    table: ibis.Table
    files: tuple[SourceFile, ...]
    readings: tuple[Reading, ...]
    text: bool
    counts: tuple[int, ...] = ()
    header_rows: tuple[int, ...] = ()
    engine: str = "duckdb"
    numbered: bool = True
    currency: str | None = None

    def require(self, columns: Mapping[str, str]) -> None:
        """Check that the source has the columns that the settings name.

        Parameters
        ----------
        columns
            Field of the input table to name of the source column.

        Raises
        ------
        InputError
            If one is missing; the message gives the nearest names that exist.
        """
        present = [str(name) for name in self.table.columns if name != "_file"]
        for field, column in columns.items():
            if column not in present:
                raise InputError(_missing(self, field, column, present))

    @cached_property
    def glance(self) -> Mapping[str, Glance]:
        """What the first rows show of each column of text, in one query; what they do not show is open.

        Tables that are read where they lie are not looked at.
        """
        if self.engine != "duckdb":
            return {}
        texts = [name for name, kind in self.table.schema().items() if kind.is_string()]
        first = rows_of(self.table, {name: sql_name(name) for name in texts}, most=_GLANCE_ROWS)
        found = {}
        for name in texts:
            values = [text for value in first[name] if value and (text := value.strip(BLANKS))]
            no_float = not all(re.search(WHOLE_FLOAT, text) for text in values)
            blank = not values and len(first[name]) < _GLANCE_ROWS
            found[name] = Glance(bool(values), no_float or blank)
        return found


def find_place(source: Source, column: str, predicate: Any) -> tuple[str, str]:
    """Find the first row for which a condition holds, to name it in an error.

    Parameters
    ----------
    source
        The source to look in.
    column
        The source column whose value is wanted.
    predicate
        A boolean expression over ``source.table``.

    Returns
    -------
    tuple
        The place, such as ``"a.csv, row 5"`` with the number that a spreadsheet shows (the header is
        row 1), or the name of the table alone where rows have no numbers; and the value as text.
        If no row is found: ``("", "")``.
    """
    file, row, value = first_row(source, column, predicate) or ("", 0, "")
    return (f"{file}, row {row}" if row else file), value


def first_row(source: Source, column: str, predicate: Any) -> tuple[str, int, str] | None:
    """File, number of the row (0 where rows have none) and value of the first such row, None if there is none."""
    return next(iter(find_rows(source, column, predicate, 1)), None)


def find_rows(
    source: Source, column: str, predicate: Any, most: int | None = None
) -> list[tuple[str, int, str]]:
    """All rows for which a condition holds, or the first few: file, number of the row (0: none), value."""
    table = source.table
    if not source.numbered:
        found = table.filter(predicate).select(value=table[column].cast("string")).limit(most)
        return [
            (source.files[0].name, 0, words.plain(row["value"] or ""))
            for row in found.to_pyarrow().to_pylist()
        ]
    flagged = table.select(
        row=ibis.row_number(),
        file=table["_file"],
        value=table[column].cast("string"),
        hit=predicate,
    )
    hits = flagged.filter(flagged["hit"]).order_by("row").limit(most).to_pyarrow().to_pylist()
    return [_place(source, hit) for hit in hits]


def _place(source: Source, hit: dict[str, Any]) -> tuple[str, int, str]:
    file = int(hit["file"])
    number = int(hit["row"]) - sum(source.counts[:file]) + source.header_rows[file] + 1
    return source.files[file].name, number, words.plain(hit["value"] or "")


def _missing(source: Source, field: str, column: str, present: list[str]) -> str:
    lowered = {name.casefold(): name for name in present}
    near = difflib.get_close_matches(column.casefold(), list(lowered), n=3, cutoff=0.5)
    numbered = [f"{column} ({n})" for n in range(1, 4)]
    names = [name for name in numbered if name in present] or [lowered[key] for key in near]
    if names:
        hint = f"did you mean {' or '.join(_quoted(name) for name in names)}?"
    else:
        hint = f"it has {words.listing([_quoted(name) for name in present], most=12)}."
    file = source.files[0].name if source.files else source.name
    key = field if "." in field else f"columns.{field}"
    return f"{source.name}.{key}: {file} has no column {_quoted(column)}; {hint}"


def _quoted(name: str) -> str:
    return f"'{words.plain(name)}'"
