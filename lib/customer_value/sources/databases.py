"""Tables of SQLite and DuckDB files."""

from __future__ import annotations

import difflib
import shutil
import sqlite3
import threading
import time
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
from customer_value.sources.files import Found, beside, sql_text
from customer_value.sources.parquet import in_parquet, sql_paths
from customer_value.sources.parts import Part, column_names, described, sql_name
from customer_value.sources.source import Reading

__all__ = ["read_duckdb", "read_parquet", "read_sqlite"]

_MOST_DIGITS = 38
_LAST_MILLISECOND = 2**63 // 1000
_NOT_ATTACHED = {
    "it is in use by another program": "Conflicting lock",
    "it is of another version; export it with that, or update customer-value": "version number",
}
_NO_DAMAGE = (
    "NULL value in ",
    "CHECK constraint failed in ",
    "NUMERIC value in ",
    "TEXT value in ",
    "non-unique ",
)
_STEPS = 100_000
"""After how many instructions of SQLite the clock is looked at."""


def read_parquet(file: Found, con: Any) -> Part:
    """A Parquet file, read where it is.

    Raises
    ------
    InputError
        If it is damaged or has no rows, or holds what DuckDB reads wrongly or stops at: decimals of more than 38
        digits, and times that microseconds since 1970 cannot tell.
    """
    relation = f"read_parquet({sql_paths(file.path)})"  # its folders may hold columns, as in year=2024
    columns = described(con, relation)
    rows = int(con.raw_sql(f"SELECT count(*) FROM {relation}").fetchone()[0])
    try:
        metadata = pq.read_metadata(file.path)
    except pa.ArrowException:
        raise InputError(f"{file.name} cannot be read: it is damaged or not a Parquet file.") from None
    _refuse_what_the_engine_cannot_hold(metadata, file)
    if rows == 0:
        raise InputError(f"{file.name} has columns but no rows.")
    return Part(relation, columns, (), rows, 0)


def read_duckdb(file: Found, number: int, table: str, spec: TableSource, con: Any, limit: int) -> Part:
    """A table or view of a DuckDB file, attached read-only.

    Parameters
    ----------
    limit
        Seconds that it may take to count its rows.

    Raises
    ------
    InputError
        If the file cannot be attached, the table does not exist, several exist and none is named, or it has no end.
    """
    alias = sql_name(f"{table} {number}")
    con.raw_sql(f"DETACH DATABASE IF EXISTS {alias}")
    try:
        con.raw_sql(f"ATTACH {sql_text(file.path)} AS {alias} (READ_ONLY)")
    except duckdb.IOException as error:
        reason = next((told for told, found in _NOT_ATTACHED.items() if found in str(error)), None)
        if reason is None:
            raise
        raise InputError(f"{file.name} cannot be opened as a DuckDB database: {reason}.") from None
    found = con.raw_sql(
        "SELECT table_schema, table_name FROM information_schema.tables "
        f"WHERE table_catalog = {sql_text(f'{table} {number}')} ORDER BY 1, 2"
    ).fetchall()
    named = {name if schema == "main" else f"{schema}.{name}": (schema, name) for schema, name in found}
    chosen, reading = _chosen(list(named), spec.table, file)
    schema, name = named[chosen]
    relation = f"{alias}.{sql_name(schema)}.{sql_name(name)}"
    clock = threading.Timer(limit, con.con.interrupt)
    clock.start()
    try:
        rows = int(con.raw_sql(f"SELECT count(*) FROM {relation}").fetchone()[0])
    except duckdb.InterruptException:
        raise InputError(_endless(file, chosen, limit)) from None
    finally:
        clock.cancel()
    if rows == 0:
        raise InputError(f"{file.name}, table '{words.plain(chosen)}' has no rows.")
    return Part(relation, described(con, relation), (reading,), rows, 0)


def read_sqlite(file: Found, number: int, spec: TableSource, con: Any, scratch: Path, limit: int) -> Part:
    """A table or view of a SQLite file, copied to Parquet in one read transaction.

    SQLite has neither decimals nor dates, so its sums would be those of doubles; rows are therefore
    reduced exactly by DuckDB. Nothing is written beside the file: changes that stand in a log there (``-wal``,
    ``-journal``) are read from a copy of both.

    Parameters
    ----------
    limit
        Seconds that reading may take.

    Raises
    ------
    InputError
        If it is not a SQLite database, the table does not exist, several exist and none is named,
        it has no rows or no end.
    """
    target = scratch / f"{number}.parquet"
    address, logs = _address(file, scratch / f"{number}.sqlite")
    chosen, end = "", time.monotonic() + limit
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
            database.isolation_level = None
            database.execute("BEGIN")
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            query = (
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
            )
            names = sorted(row[0] for row in database.execute(query))
            chosen, reading = _chosen(names, spec.table, file)
            _refuse_damage(database, file)
            rows = _copied(database, chosen, file, target)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            raise InputError(_endless(file, chosen, limit)) from None
        raise
    if rows == 0:
        raise InputError(f"{file.name}, table '{words.plain(chosen)}' has no rows.")
    relation = in_parquet(target)
    return Part(relation, described(con, relation), (reading, *logs), rows, 0)


def _address(file: Found, copy: Path) -> tuple[str, tuple[Reading, ...]]:
    """How a SQLite file is opened so that nothing is written beside it, and what was read with it.

    In WAL mode SQLite makes files there even to read, unless it is told that the file does not change; that it
    did not is checked at the end.
    """
    path = file.path.resolve()
    logs = beside(file)
    if logs:
        for part in (path, *logs):
            shutil.copyfile(part, copy.with_name(part.name.replace(path.name, copy.name, 1)))
        told = words.listing([part.name.removeprefix(path.name) for part in logs])
        return copy.as_uri(), (Reading("log of changes beside the file", told, declared=False),)
    with path.open("rb") as stream:
        in_wal_mode = stream.read(20)[18:] == b"\x02\x02"
    return f"{path.as_uri()}?mode=ro{'&immutable=1' if in_wal_mode else ''}", ()


def _endless(file: Found, table: str, limit: int) -> str:
    return (
        f"{file.name}, table '{words.plain(table)}': reading took longer than {words.count(limit, 'second')} (an "
        "endless view?); if it needs more time, raise engine.statement_timeout_seconds in the settings."
    )


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


def _refuse_damage(database: sqlite3.Connection, file: Found) -> None:
    """Refuse pages that SQLite would read with rows lost or doubled; values against a rule of a table are no damage."""
    for (said,) in database.execute("PRAGMA quick_check"):
        if said != "ok" and not said.startswith(_NO_DAMAGE):
            what = words.first_line(said.removeprefix("*** in database main ***"))
            raise InputError(f"{file.name} cannot be read: it is damaged ({what}); export it again.")


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
