"""Tables of SQLite and DuckDB files."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from customer_value import words
from customer_value.errors import InputError
from customer_value.settings import TableSource
from customer_value.sources.cells import write_rows
from customer_value.sources.files import Found, sql_text
from customer_value.sources.parts import Part, column_names, described, sql_name
from customer_value.sources.source import Reading

__all__ = ["read_duckdb", "read_parquet", "read_sqlite"]

_MOST_DIGITS = 38
_LAST_MILLISECOND = 2**63 // 1000


def read_parquet(file: Found, con: Any) -> Part:
    """A Parquet file, read where it is.

    Raises
    ------
    InputError
        If it is damaged or has no rows, or holds what DuckDB reads wrongly or stops at: decimals of more than 38
        digits, and times that microseconds since 1970 cannot tell.
    """
    relation = f"read_parquet({sql_text(file.path)})"
    try:
        columns = described(con, relation)
        rows = int(con.raw_sql(f"SELECT count(*) FROM {relation}").fetchone()[0])
        metadata = pq.read_metadata(file.path)
    except (duckdb.Error, pa.ArrowException):
        raise InputError(f"{file.name} cannot be read: it is damaged or not a Parquet file.") from None
    _refuse_what_the_engine_cannot_hold(metadata, file)
    if rows == 0:
        raise InputError(f"{file.name} has columns but no rows.")
    return Part(relation, columns, (), rows, 0)


def read_duckdb(file: Found, number: int, table: str, spec: TableSource, con: Any) -> Part:
    """A table or view of a DuckDB file, attached read-only.

    Raises
    ------
    InputError
        If the file cannot be attached, the table does not exist, or several exist and none is named.
    """
    alias = sql_name(f"{table} {number}")
    con.raw_sql(f"DETACH DATABASE IF EXISTS {alias}")
    try:
        con.raw_sql(f"ATTACH {sql_text(file.path)} AS {alias} (READ_ONLY)")
    except duckdb.Error:
        raise InputError(
            f"{file.name} cannot be opened as a DuckDB database: it is in use by another program, "
            "damaged, or of a newer version."
        ) from None
    found = con.raw_sql(
        "SELECT table_schema, table_name FROM information_schema.tables "
        f"WHERE table_catalog = {sql_text(f'{table} {number}')} ORDER BY 1, 2"
    ).fetchall()
    named = {name if schema == "main" else f"{schema}.{name}": (schema, name) for schema, name in found}
    chosen, reading = _chosen(list(named), spec.table, file)
    schema, name = named[chosen]
    relation = f"{alias}.{sql_name(schema)}.{sql_name(name)}"
    rows = int(con.raw_sql(f"SELECT count(*) FROM {relation}").fetchone()[0])
    if rows == 0:
        raise InputError(f"{file.name}, table '{words.plain(chosen)}' has no rows.")
    return Part(relation, described(con, relation), (reading,), rows, 0)


def read_sqlite(file: Found, number: int, spec: TableSource, con: Any, scratch: Path) -> Part:
    """A table or view of a SQLite file, copied to Parquet in one read transaction.

    SQLite has neither decimals nor dates, so its sums would be those of doubles; rows are therefore
    reduced exactly by DuckDB.

    Raises
    ------
    InputError
        If it is not a SQLite database, the table does not exist, several exist and none is named,
        or it has no rows.
    """
    target = scratch / f"{number}.parquet"
    try:
        with closing(sqlite3.connect(f"{file.path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.isolation_level = None
            database.execute("BEGIN")
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            query = (
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
            )
            names = sorted(row[0] for row in database.execute(query))
            chosen, reading = _chosen(names, spec.table, file)
            rows = _copied(database, chosen, file, target)
    except sqlite3.Error as error:
        raise InputError(f"{file.name} cannot be read as a SQLite database ({error}).") from None
    if rows == 0:
        raise InputError(f"{file.name}, table '{words.plain(chosen)}' has no rows.")
    relation = f"read_parquet({sql_text(target)})"
    return Part(relation, described(con, relation), (reading,), rows, 0)


def _refuse_what_the_engine_cannot_hold(metadata: Any, file: Found) -> None:
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    for place in range(metadata.num_columns):
        column = metadata.schema.column(place)
        named = f"{file.name}, column '{words.plain(column.path)}'"
        if column.logical_type.type == "DECIMAL" and column.precision > _MOST_DIGITS:
            raise InputError(
                f"{named}: decimals of {column.precision} digits cannot be read exactly; export it with "
                f"{_MOST_DIGITS} digits at most, or leave it out."
            )
        if column.logical_type.type == "TIMESTAMP" and '"milliseconds"' in column.logical_type.to_json():
            seen = [group.column(place).statistics for group in groups]
            known = [ends for ends in seen if ends is not None and ends.has_min_max]
            if any(abs(end) > _LAST_MILLISECOND for ends in known for end in (ends.min_raw, ends.max_raw)):
                raise InputError(
                    f"{named}: it holds a time more than 292,000 years away, which is none; correct it in the export."
                )


def _chosen(names: Sequence[str], wanted: str | None, file: Found) -> tuple[str, Reading]:
    listed = words.listing([f"'{words.plain(name)}'" for name in names], most=20)
    if wanted is not None:
        if wanted not in names:
            near = difflib.get_close_matches(wanted, names, n=1)
            hint = f"did you mean '{words.plain(near[0])}'?" if near else f"it has {listed}."
            raise InputError(f"{file.name} has no table '{words.plain(wanted)}'; {hint}")
        return wanted, Reading("table", words.plain(wanted), declared=True)
    if not names:
        raise InputError(f"{file.name} is empty: it holds no table.")
    if len(names) > 1:
        raise InputError(f"{file.name} holds several tables: {listed}; state which one with table.")
    return names[0], Reading("table", words.plain(names[0]), declared=False)


def _copied(database: sqlite3.Connection, table: str, file: Found, target: Path) -> int:
    quoted = sql_name(table)
    columns = [row[1] for row in database.execute(f"PRAGMA table_xinfo({quoted})") if row[6] != 1]
    names, _ = column_names(columns, file.name)
    kinds = [
        {row[0] for row in database.execute(f"SELECT DISTINCT typeof({sql_name(c)}) FROM {quoted}")}
        for c in columns
    ]
    listed = ", ".join(sql_name(column) for column in columns)
    cursor = database.execute(f"SELECT {listed} FROM {quoted}")
    return write_rows(_rows(cursor), names, [_type(kind - {"null"}) for kind in kinds], target)


def _rows(cursor: sqlite3.Cursor) -> Iterator[Sequence[Any]]:
    for row in cursor:
        yield [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell for cell in row]


def _type(kinds: set[str]) -> Any:
    if kinds == {"integer"}:
        return pa.int64()
    if kinds and kinds <= {"integer", "real"}:
        return pa.float64()
    return pa.string()
