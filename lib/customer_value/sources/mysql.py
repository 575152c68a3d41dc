"""Tables of a MySQL or MariaDB server."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote

import ibis
import ibis.expr.datatypes as types
import pyarrow as pa
import pyarrow.parquet as pq
import pymysql
import pymysql.cursors

from customer_value.errors import InputError
from customer_value.sources.parts import sql_name
from customer_value.sources.server import Column, Relation, Server, first_line

__all__ = ["MysqlServer", "connect_mysql"]

_BATCH = 100_000
_SETTINGS = (
    "SET time_zone = '+00:00'",
    "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
    "SET SESSION net_write_timeout = 3600",
    "SET SESSION sql_mode = 'NO_UNSIGNED_SUBTRACTION'",
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
_COLUMNS = """
    SELECT column_name, data_type, column_type, numeric_precision, numeric_scale
    FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""
_TABLES = """
    SELECT table_schema = DATABASE(), table_schema, table_name FROM information_schema.tables
    WHERE table_schema NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') ORDER BY 2, 3
"""
_WHOLE = ("tinyint", "smallint", "mediumint", "int", "bigint", "year")
_DATES = {"date": types.date, "datetime": types.timestamp, "timestamp": types.Timestamp(timezone="UTC")}
_BYTES = (
    "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "vector", "geometry", "point", "linestring",
    "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection",
)  # fmt: skip
_LOST = (2006, 2013, 2014, 2055, 1053, 1927, 4031)
_REFUSALS = {
    1045: "refuses the user or the password; check them in the address.",
    1698: "refuses the user or the password; check them in the address.",
    1044: "does not let this user into the database; grant it SELECT.",
    1049: "has no such database; check the address.",
    1046: "needs a database; write it at the end of the address, after the port: .../database.",
    1040: "has no connection to spare; try again later.",
    1130: "does not let this machine in; its administrator can.",
}
_UNREACHED = "cannot be reached; check host and port in the address, and that the server runs."
_TOO_LONG = (1969, 3024)
_SAID = {
    1142: "does not let this user read the table; grant it SELECT.",
    1143: "does not let this user read a column of the table; grant it SELECT.",
    1205: "keeps a table locked; run again when nobody changes it.",
    1412: "says that the table's definition changed while it was read; run again.",
    1317: "stopped a query; run again.",
    1969: "stopped a query (max_statement_time); allow this user more time, or run at a quiet hour.",
    3024: "stopped a query (max_execution_time); allow this user more time, or run at a quiet hour.",
    1021: "has no space left on its disk for sorting.",
}


class MysqlServer(Server):
    """A MySQL or MariaDB server."""

    product = "MySQL"
    errors = (pymysql.Error,)

    def _relation(self, wanted: str) -> Relation | None:
        schema, dot, table = wanted.partition(".")
        readings = [(None, wanted), *([(schema, table)] if dot else [])]
        for database, name in readings:
            place = database or self._rows("SELECT DATABASE()")[0][0]
            columns = tuple(_column(*row) for row in self._rows(_COLUMNS, place, name))
            if columns:
                return Relation(f"{self._quoted(place)}.{self._quoted(name)}", columns)
        return None

    def _tables(self) -> list[str]:
        return [table if here else f"{schema}.{table}" for here, schema, table in self._rows(_TABLES)]

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.con.con.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())

    def _quoted(self, name: str) -> str:
        return sql_name(name, "`")

    def save(self, table: Any, path: Path, local: Any, encoding: str | None = None) -> None:
        """Rows as they come from the server."""
        schema = table.schema().to_pyarrow()
        with (
            self.con.con.cursor(pymysql.cursors.SSCursor) as cursor,
            pq.ParquetWriter(path, schema) as writer,
        ):
            cursor.execute(self.con.compile(table))
            while rows := cursor.fetchmany(_BATCH):
                columns = [
                    pa.array([_value(row[place], field.type) for row in rows], type=field.type)
                    for place, field in enumerate(schema)
                ]
                writer.write_batch(pa.record_batch(columns, schema=schema))

    def _is_lost(self, error: Exception) -> bool:
        return _code(error) in _LOST or not self.con.con.open

    def _said(self, error: Exception) -> str:
        if _code(error) in _TOO_LONG and self._limit is not None:
            return self._took_too_long()
        return _SAID.get(_code(error), f"says: {first_line(error)}.")


def connect_mysql(parts: SplitResult, variable: str, seconds: int) -> MysqlServer:
    """Connect and begin the snapshot.

    Parameters
    ----------
    parts
        The address, ``mysql://user:password@host:port/database``; ``?unix_socket=...`` for a socket,
        ``?ssl_ca=...`` for encryption.
    variable
        The environment variable, for messages.
    seconds
        Longest time for one query, unless the server allows less.

    Raises
    ------
    InputError
        If the server cannot be reached or refuses.
    """
    pymysql.install_as_MySQLdb()
    options = dict(parse_qsl(parts.query))
    secured = {key: value for key, value in options.items() if key in ("ssl_ca", "ssl_cert", "ssl_key")}
    try:
        connection = pymysql.connect(
            host=parts.hostname or "localhost",
            port=parts.port or 3306,
            user=unquote(parts.username or "") or None,
            password=unquote(parts.password or ""),
            database=unquote(parts.path.strip("/")) or None,
            unix_socket=options.get("unix_socket"),
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=20,
            **secured,
        )
        with connection.cursor() as cursor:
            limited = _limit(cursor, seconds)
            for statement in _SETTINGS:
                cursor.execute(statement)
        with warnings.catch_warnings():  # of a server without names of time zones
            warnings.simplefilter("ignore", UserWarning)
            return MysqlServer(ibis.mysql.from_connection(connection), variable, seconds if limited else None)
    except (pymysql.Error, RuntimeError, OSError) as error:
        raise InputError(
            f"The MySQL server of {variable} {_REFUSALS.get(_code(error), _UNREACHED)}"
        ) from None


def _limit(cursor: Any, seconds: int) -> bool:
    """End queries after some seconds, unless the server does it earlier or cannot."""
    cursor.execute("SHOW VARIABLES WHERE Variable_name IN ('max_statement_time', 'max_execution_time')")
    for name, value in cursor.fetchall():
        ours = (
            seconds if name == "max_statement_time" else 1000 * seconds
        )  # MariaDB counts seconds, MySQL milliseconds
        if not 0 < float(value) <= ours:
            cursor.execute(f"SET SESSION {name} = {ours}")
            return True
    return False


def _column(name: str, kind: str, written: str, precision: Any, scale: Any) -> Column:
    """How a column is read: text compares byte by byte, what is no number or date becomes text."""
    sql, kind = sql_name(name, "`"), kind.lower()
    if kind == "bigint" and "unsigned" in str(written):
        return Column(name, f"CAST({sql} AS DECIMAL(20, 0))", types.Decimal(20, 0))
    if kind in _WHOLE:
        return Column(name, sql, types.int64)
    if kind == "bit":
        return Column(name, f"CAST({sql} AS UNSIGNED)", types.int64)
    if kind in ("decimal", "numeric") and int(precision) <= 38:
        return Column(name, sql, types.Decimal(int(precision), int(scale)))
    if kind in ("decimal", "numeric", "float", "double"):
        return Column(name, f"CAST({sql} AS DOUBLE)", types.float64)
    if kind in _DATES:
        return Column(name, sql, _DATES[kind])
    text = f"HEX({sql})" if kind in _BYTES else sql
    return Column(name, f"CAST({text} AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_bin", types.string)


def _code(error: Exception) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def _value(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_boolean(kind):
        return bool(value)
    return int(value) if pa.types.is_integer(kind) else value
