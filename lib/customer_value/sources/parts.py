"""What every reader hands over: rows on the engine, and how they were read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from customer_value.errors import InputError
from customer_value.sources.engine import sql_name
from customer_value.sources.source import Reading

__all__ = ["Part", "column_names", "described", "sql_name", "without_blank_columns"]

LONGEST_NAME = 10_000
"""Characters of a column's name; the wording of a question may be one."""


@dataclass(frozen=True)
class Part:
    """The rows of one file on the engine.

    Parameters
    ----------
    relation
        What follows FROM in SQL.
    columns
        Column names as stored to the engine's types.
    readings
        How the file was read.
    rows
        Number of rows.
    header_rows
        Rows of the file before the first row of data: 1 if there is but a heading.
    path
        The copy in Parquet whose rows are in the order of the file, if there is one.
    """

    relation: str
    columns: dict[str, str]
    readings: tuple[Reading, ...]
    rows: int
    header_rows: int = 1
    path: Path | None = None


def described(con: Any, relation: str) -> dict[str, str]:
    """Columns of a relation with their types."""
    rows = con.raw_sql(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {row[0]: row[1] for row in rows}


def without_blank_columns(
    con: Any, relation: str, names: Sequence[str], columns: dict[str, str]
) -> dict[str, str]:
    """Columns without those that have neither a name nor a value, as beside an indented table."""
    unnamed = [name for position, name in enumerate(names, 1) if name == str(position)]
    if not unnamed or len(unnamed) == len(names):
        return columns
    counts = ", ".join(f"count({sql_name(name)})" for name in unnamed)
    held = con.raw_sql(f"SELECT {counts} FROM {relation}").fetchone()
    blank = {name for name, count in zip(unnamed, held, strict=True) if not count}
    return {name: kind for name, kind in columns.items() if name not in blank}


def column_names(header: Sequence[str], file: str) -> tuple[list[str], tuple[Reading, ...]]:
    """Names for the columns of a header row: stripped, none empty, none twice.

    An empty name becomes the position of the column; equal names (whatever their case, as engines
    do not tell them apart) get a number, so that none of them is taken for the other by chance.

    >>> column_names(["", "id", "Total", "total "], "a.csv")[0]
    ['1', 'id', 'Total (1)', 'total (2)']
    """
    cleaned = [" ".join(name.replace("\ufeff", "").split()) for name in header]
    if not any(cleaned):
        raise InputError(f"{file}: the header row is blank.")
    for position, name in enumerate(cleaned, 1):
        if len(name) > LONGEST_NAME:
            raise InputError(
                f"{file}: the name of column {position} has {len(name):,} characters, at most {LONGEST_NAME:,} can be "
                "read; is a quotation mark missing?"
            )
    filled = [name or str(position) for position, name in enumerate(cleaned, 1)]
    times = Counter(name.casefold() for name in filled)
    seen: Counter[str] = Counter()
    names = []
    for name in filled:
        key = name.casefold()
        seen[key] += 1
        names.append(f"{name} ({seen[key]})" if times[key] > 1 or key == "_file" else name)
    if len({name.casefold() for name in names}) < len(names):
        raise InputError(f"{file}: column names of the header row occur more than once; make them differ.")
    return names, _renamed(cleaned, names)


def _renamed(cleaned: Sequence[str], names: Sequence[str]) -> tuple[Reading, ...]:
    notes = []
    if "" in cleaned:
        notes.append("a column without a name is called by its position, or left out if it is blank")
    if any(name and name != new for name, new in zip(cleaned, names, strict=True)):
        notes.append("columns of the same name are numbered, as in 'name (1)' and 'name (2)'")
    return (Reading("column names", "; ".join(notes), declared=False),) if notes else ()
