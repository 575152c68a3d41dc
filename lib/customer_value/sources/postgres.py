"""Tables of a PostgreSQL server."""

from __future__ import annotations

import csv
import re
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as types
import psycopg

from customer_value import words
from customer_value.errors import InputError
from customer_value.settings import TableSource
from customer_value.sources.encodings import encoding_name, known_encoding
from customer_value.sources.files import sql_text
from customer_value.sources.parquet import sql_paths
from customer_value.sources.parts import sql_name
from customer_value.sources.server import Column, Relation, Server, first_line
from customer_value.sources.source import Reading, Source

__all__ = ["PostgresServer", "connect_postgres"]

_SETTINGS = (
    "SET TIME ZONE 'UTC'",
    "SET idle_in_transaction_session_timeout = 0",
    "SET extra_float_digits = 1",
    "SET DateStyle = 'ISO'",
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SELECT 1",
)
_LIMIT = """
    SELECT pg_catalog.set_config('statement_timeout', %(milliseconds)s::text, false) FROM pg_catalog.pg_settings
    WHERE name = 'statement_timeout' AND (setting = '0' OR setting::bigint > %(milliseconds)s)
"""
_RELATION = """
    SELECT c.oid::regclass::text FROM pg_catalog.pg_class c
    WHERE c.oid = pg_catalog.to_regclass(%s) AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
"""
_COLUMNS = """
    SELECT a.attname, b.typname, b.typtype,
           CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
    WHERE a.attrelid = pg_catalog.to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
      AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
    ORDER BY a.attnum
"""
_TABLES = """
    SELECT n.nspname, c.relname, pg_catalog.pg_table_is_visible(c.oid)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname NOT LIKE 'pg\\_%'
      AND n.nspname <> 'information_schema' ORDER BY 1, 2
"""
_BYTES = "SQL_ASCII"
"""How PostgreSQL calls the encoding of a database whose text it takes for bytes."""
_WHOLE = ("int2", "int4", "int8", "oid")
_DATES = {"date": types.date, "timestamp": types.timestamp, "timestamptz": types.Timestamp(timezone="UTC")}
_REFUSALS = (
    ("password", "refuses the user or the password; check them in the address."),
    ("authentication", "refuses the user or the password; check them in the address."),
    ("pg_hba", "does not let this user in from this machine; its administrator can."),
    ("does not exist", "has no such database or user; check the address."),
    ("permission denied", "does not let this user into the database; grant it CONNECT."),
    ("too many", "has no connection to spare; try again later."),
    ("starting up", "is starting or stopping; try again in a moment."),
    ("shutting down", "is starting or stopping; try again in a moment."),
    ("ssl", "and this machine do not agree on encryption (SSL); check sslmode in the address."),
)
_INVALID = "cannot be found: the address is not valid."
_UNREACHED = "cannot be reached; check host and port in the address, and that the server runs."
_SAID = {
    "57014": "stopped a query (statement_timeout, or somebody stopped it); allow this user more time, or run at a "
    "quiet hour.",
    "22021": "holds a name or text that is not in the encoding of its database; mend it there.",
    "55P03": "keeps a table locked; run again when nobody changes the table's definition.",
    "42501": "does not let this user read the table; grant it SELECT.",
    "53100": "has no space left on its disk for sorting.",
    "53200": "has too little memory for a query.",
    "40001": "is a replica that stopped the query to catch up; read from the main server, or set "
    "max_standby_streaming_delay or hot_standby_feedback there.",
}


class PostgresServer(Server):
    """A PostgreSQL server, or one that speaks its language."""

    product = "PostgreSQL"
    errors = (psycopg.Error,)

    @property
    def computes(self) -> bool:
        """As `Server.computes`: queries name characters that only Unicode has."""
        return self._encoding in ("", "UTF8", "UNICODE")

    @property
    def knows_encoding(self) -> bool:
        """As `Server.knows_encoding`."""
        return self._encoding != _BYTES

    @property
    def _encoding(self) -> str:
        return self.con.con.info.parameter_status("server_encoding") or ""

    def open(self, name: str, spec: TableSource) -> Source:
        """As `Server.open`; text that is but bytes has an encoding to tell of."""
        source = super().open(name, spec)
        if self.knows_encoding:
            return source
        told = Reading("encoding", encoding_name(_codec(spec.encoding, name)), spec.encoding is not None)
        return replace(source, readings=(*source.readings, told))

    def _relation(self, wanted: str) -> Relation | None:
        for name in _readings(wanted):
            found = self._rows(_RELATION, name)
            if found:
                columns = tuple(_column(*row) for row in self._rows(_COLUMNS, name))
                return Relation(found[0][0], columns)
        return None

    def _tables(self) -> list[str]:
        return [table if visible else f"{schema}.{table}" for schema, table, visible in self._rows(_TABLES)]

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.con.con.execute(query, values or None).fetchall()
        return found

    def _quoted(self, name: str) -> str:
        return sql_name(name)

    def save(self, table: Any, path: Path, local: Any, encoding: str | None = None) -> None:
        """By PostgreSQL's own export, several times faster than rows through Python."""
        text, raw = path.with_suffix(".csv"), path.with_suffix(".raw")
        try:
            if self.knows_encoding:
                self._export(table, text, "FORMAT csv, FORCE_QUOTE *")
            else:
                self._export(table, raw, f"FORMAT csv, FORCE_QUOTE *, ENCODING '{_BYTES}'")
                self._decode(raw, text, _codec(encoding), list(table.columns))
            _to_parquet(text, table, path, local)
        finally:
            text.unlink(missing_ok=True)
            raw.unlink(missing_ok=True)

    def _export(self, table: Any, path: Path, options: str) -> None:
        query = f"COPY ({self.con.compile(table)}) TO STDOUT ({options})"
        with self.con.con.cursor() as cursor, path.open("wb") as file, cursor.copy(query) as rows:
            for block in rows:
                file.write(block)

    def _decode(self, raw: Path, text: Path, encoding: str, columns: list[str]) -> None:
        """Bytes as UTF-8."""
        try:
            with (
                raw.open(encoding=encoding, newline="") as file,
                text.open("w", encoding="utf-8", newline="") as target,
            ):
                shutil.copyfileobj(file, target, 1 << 20)
        except UnicodeDecodeError:
            column, value = _undecodable(raw, encoding, columns)
            raise InputError(
                f"The database of {self.variable} does not know the encoding of its text ({_BYTES}), and column "
                f"'{words.plain(column)}' holds what is not {encoding_name(encoding)}, such as '{words.plain(value)}'; "
                "state the right one, for instance encoding: windows-1252."
            ) from None

    def _is_lost(self, error: Exception) -> bool:
        return bool(self.con.con.closed or self.con.con.broken)

    def _said(self, error: Exception) -> str:
        state = getattr(error, "sqlstate", None) or ""
        if state == "57014" and self._limit is not None:
            return self._took_too_long()
        said = getattr(getattr(error, "diag", None), "message_primary", None)
        return _SAID.get(state, f"says: {first_line(Exception(said)) if said else first_line(error)}.")


def connect_postgres(address: str, variable: str, seconds: int) -> PostgresServer:
    """Connect and begin the snapshot; a query ends after some seconds unless the server allows less.

    Raises
    ------
    InputError
        If the server cannot be reached or refuses.
    """
    try:
        connection = psycopg.connect(
            address.replace("postgres://", "postgresql://", 1),
            autocommit=True,
            application_name="customer-value",
            client_encoding="utf8",
            connect_timeout=20,
        )
        limited = connection.execute(_LIMIT, {"milliseconds": 1000 * seconds}).fetchone() is not None
        for statement in _SETTINGS:
            connection.execute(statement)
        backend = ibis.postgres.from_connection(connection)
        return PostgresServer(backend, variable, seconds if limited else None)
    except psycopg.Error as error:
        said = re.sub(r"\"[^\"]*\"|'[^']*'", "", str(error)).casefold()
        why = next((why for sign, why in _REFUSALS if sign in said), _UNREACHED)
        why = _INVALID if isinstance(error, psycopg.ProgrammingError) else why
        raise InputError(f"The PostgreSQL server of {variable} {why}") from None


def _readings(wanted: str) -> list[str]:
    """What a name can mean, quoted: the whole a table's name, or what is before a dot its schema."""
    parts = wanted.split(".")
    split = [(".".join(parts[:place]), ".".join(parts[place:])) for place in range(1, len(parts))]
    return [sql_name(wanted), *(f"{sql_name(schema)}.{sql_name(table)}" for schema, table in split)]


def _column(name: str, base: str, form: str, modifier: int) -> Column:
    """How a column is read: money as a number, what is no number, date or truth value as text."""
    sql = sql_name(name)
    if form == "b" and base in _WHOLE:
        return Column(name, sql, types.int64)
    if form == "b" and base in ("float4", "float8"):
        return Column(name, f"CAST({sql} AS DOUBLE PRECISION)", types.float64)
    if form == "b" and base in ("numeric", "money"):
        number = sql if base == "numeric" else f"CAST({sql} AS DECIMAL)"
        return Column(name, number, _decimal(modifier if base == "numeric" else -1))
    if form == "b" and base == "bool":
        return Column(name, sql, types.boolean)
    if form == "b" and base in _DATES:
        return Column(name, f"CASE WHEN isfinite({sql}) THEN {sql} END", _DATES[base])
    return Column(name, f'CAST({sql} AS TEXT) COLLATE "C"', types.string)


def _decimal(modifier: int) -> Any:
    precision, scale = ((modifier - 4) >> 16) & 0xFFFF, (modifier - 4) & 0x7FF
    known = modifier >= 4 and precision <= 38 and scale <= precision
    return types.Decimal(precision, scale) if known else types.Decimal(38, 9)


def _codec(encoding: str | None, name: str = "") -> str:
    return known_encoding(encoding or "utf-8", name)


def _undecodable(raw: Path, encoding: str, columns: list[str]) -> tuple[str, str]:
    """The first value of an export that is not in an encoding: its column, and how it looks."""
    with raw.open(encoding="latin-1", newline="") as file, suppress(csv.Error):
        for row in csv.reader(file):
            for column, cell in zip(columns, row, strict=False):
                try:
                    cell.encode("latin-1").decode(encoding)
                except UnicodeDecodeError:
                    return column, cell
    return "?", "?"


def _to_parquet(text: Path, table: Any, path: Path, local: Any) -> None:
    """The exported text as Parquet; a number that no engine here holds becomes NULL."""
    kinds = {name: local.compiler.type_mapper.to_string(kind) for name, kind in table.schema().items()}
    columns = ", ".join(f"{sql_text(name)}: 'VARCHAR'" for name in kinds)
    listed = ", ".join(
        f"TRY_CAST({sql_name(name)} AS {kind}) AS {sql_name(name)}" for name, kind in kinds.items()
    )
    local.raw_sql(
        f"COPY (SELECT {listed} FROM read_csv({sql_paths(text)}, header = false, columns = {{{columns}}}, "
        "hive_partitioning = false, "
        "quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, auto_detect = false, "
        f"max_line_size = 100000000)) TO {sql_text(path)} (FORMAT parquet)"
    )
