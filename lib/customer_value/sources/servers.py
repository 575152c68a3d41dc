"""Database servers: one read-only connection, one snapshot, computation on the server.

Rows leave a server only as the result of a query that groups them. Addresses come from environment
variables, so that no password is written down; no message repeats one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from customer_value import words
from customer_value.errors import ConfigError, InputError
from customer_value.settings import TableSource
from customer_value.sources.files import sql_text
from customer_value.sources.native import native_source
from customer_value.sources.source import Source

__all__ = ["Server", "connect_server"]

_BATCH = 100_000


class Server:
    """A connection to a database server, inside one read-only transaction from first to last query.

    Attributes
    ----------
    con
        Ibis backend.
    variable
        The environment variable that held the address.
    kind
        Name of the product for people.
    """

    def __init__(self, con: Any, variable: str, kind: str) -> None:
        self.con = con
        self.variable = variable
        self.kind = kind

    def open(self, name: str, spec: TableSource) -> Source:
        """A table or view of the server as a source, lazily.

        Raises
        ------
        InputError
            If it does not exist, may not be read, has no column, or is empty.
        """
        wanted = str(spec.table)
        *schema, table = wanted.split(".")
        shown = words.plain(wanted)
        with self.guarded(name):
            try:
                found = self.con.table(table, database=".".join(schema) or None)
            except ibis.common.exceptions.TableNotFound:
                raise InputError(self._missing(name, wanted)) from None
        for column, kind in found.schema().items():
            if kind.is_unknown():
                found = found.drop(column)
        return native_source(name, found, shown, self.kind, "table")

    def save(self, table: ibis.Table, path: Path, local: Any) -> None:
        """Run a query and leave its rows as Parquet on this machine."""
        with self.guarded(path.stem):
            if self.con.name == "postgres":
                _copy(self.con, table, path, local)
            else:
                _fetch(self.con, table, path)

    @contextmanager
    def guarded(self, name: str) -> Iterator[None]:
        """Say in a sentence what the server says, without the address."""
        try:
            yield
        except self.errors() as error:
            raise InputError(self._sentence(name, error)) from None

    def errors(self) -> tuple[type[Exception], ...]:
        """What the driver raises."""
        return _driver_errors(self.con.name)

    def close(self) -> None:
        """End the transaction and the connection."""
        with suppress(Exception):
            self.con.con.rollback()
        with suppress(Exception):
            self.con.disconnect()

    def _missing(self, name: str, wanted: str) -> str:
        there = sorted(self.con.list_tables())
        near = difflib.get_close_matches(wanted.split(".")[-1], there, n=1)
        hint = (
            f"did you mean '{words.plain(near[0])}'?"
            if near
            else "write SCHEMA.TABLE if it lies in a schema."
        )
        return f"{name}.table: the database of {self.variable} has no table '{words.plain(wanted)}'; {hint}"

    def _sentence(self, name: str, error: Exception) -> str:
        if _is_lost(self.con, error):
            return (
                f"{name}: the connection to the {self.kind} server was lost while it was read; nothing was "
                "published. Run again when the server is back."
            )
        return f"{name}: the {self.kind} server says: {_first_line(error)}."


def connect_server(variable: str, address: str) -> Server:
    """Connect to the server of an address and begin the snapshot.

    Parameters
    ----------
    variable
        The environment variable, for messages.
    address
        ``postgresql://user:password@host:port/database`` or ``mysql://...`` (MariaDB, too). What it
        leaves out is taken from the driver's own variables and files (``PGPASSWORD``, ``.pgpass``).

    Raises
    ------
    ConfigError
        If there is no address, it is of no known server, or the driver is not installed.
    InputError
        If the server cannot be reached or refuses.
    """
    if not address:
        raise InputError(f"database_env: the environment variable {variable} is not set.")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{variable} does not hold a valid address of a database server.") from None
    if parts.scheme in ("postgresql", "postgres"):
        return Server(_postgres(address, variable), variable, "PostgreSQL")
    if parts.scheme in ("mysql", "mariadb"):
        return Server(_mysql(parts, port, variable), variable, "MySQL")
    raise ConfigError(
        f"{variable} must hold an address that begins with postgresql:// or mysql://; "
        "for a SQLite or DuckDB file use path."
    )


def _postgres(address: str, variable: str) -> Any:
    try:
        import psycopg
    except ImportError:
        _missing_driver("PostgreSQL", "postgres")
    try:
        connection = psycopg.connect(
            address.replace("postgres://", "postgresql://", 1),
            autocommit=True,
            application_name="customer-value",
            connect_timeout=20,
        )
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SELECT 1")
    except psycopg.Error as error:
        raise InputError(_refused(variable, "PostgreSQL", error, address)) from None
    return ibis.postgres.from_connection(connection)


def _mysql(parts: SplitResult, port: int | None, variable: str) -> Any:
    try:
        import pymysql
    except ImportError:
        _missing_driver("MySQL", "mysql")
    pymysql.install_as_MySQLdb()
    options = dict(parse_qsl(parts.query))
    try:
        connection = pymysql.connect(
            host=parts.hostname or "localhost",
            port=port or 3306,
            user=unquote(parts.username or "") or None,
            password=unquote(parts.password or ""),
            database=parts.path.strip("/"),
            unix_socket=options.get("unix_socket"),
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=20,
        )
        with connection.cursor() as cursor:
            cursor.execute("SET time_zone = '+00:00'")
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    except pymysql.Error as error:
        raise InputError(_refused(variable, "MySQL", error, parts.password or "")) from None
    return ibis.mysql.from_connection(connection)


def _copy(con: Any, table: ibis.Table, path: Path, local: Any) -> None:
    """PostgreSQL's own export, several times faster than rows through Python."""
    text = path.with_suffix(".csv")
    try:
        with con.con.cursor() as cursor, text.open("wb") as file:
            query = f"COPY ({con.compile(table)}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"
            with cursor.copy(query) as rows:
                for block in rows:
                    file.write(block)
        kinds = {name: local.compiler.type_mapper.to_string(kind) for name, kind in table.schema().items()}
        columns = ", ".join(f"{sql_text(name)}: {sql_text(kind)}" for name, kind in kinds.items())
        local.raw_sql(
            f"COPY (SELECT * FROM read_csv({sql_text(text)}, header = false, columns = {{{columns}}}, "
            "quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, auto_detect = false, "
            f"max_line_size = 100000000)) TO {sql_text(path)} (FORMAT parquet)"
        )
    finally:
        text.unlink(missing_ok=True)


def _fetch(con: Any, table: ibis.Table, path: Path) -> None:
    """Rows through an unbuffered cursor."""
    import pymysql.cursors

    schema = table.schema().to_pyarrow()
    with con.con.cursor(pymysql.cursors.SSCursor) as cursor, pq.ParquetWriter(path, schema) as writer:
        cursor.execute(con.compile(table))
        while rows := cursor.fetchmany(_BATCH):
            columns = [
                pa.array([_value(row[place], field.type) for row in rows], type=field.type)
                for place, field in enumerate(schema)
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _value(value: Any, kind: pa.DataType) -> Any:
    return bool(value) if value is not None and pa.types.is_boolean(kind) else value


def _driver_errors(backend: str) -> tuple[type[Exception], ...]:
    if backend == "postgres":
        import psycopg

        return (psycopg.Error,)
    import pymysql

    return (pymysql.Error,)


def _is_lost(con: Any, error: Exception) -> bool:
    if con.name == "postgres":
        return bool(con.con.closed or con.con.broken)
    return bool(error.args and error.args[0] in (2006, 2013, 2055))


def _missing_driver(product: str, extra: str) -> NoReturn:
    raise ConfigError(f"{product} needs a driver; install it with: pip install 'customer-value[{extra}]'.")


def _refused(variable: str, product: str, error: Exception, secret: str) -> str:
    said = _first_line(error).replace(secret, "…") if secret else _first_line(error)
    return f"The {product} server of {variable} cannot be used: {said}. Check the address, the user and the server."


def _first_line(error: Exception) -> str:
    said = str(error.args[-1]) if error.args else type(error).__name__
    lines = said.strip().splitlines()
    return words.plain(lines[0] if lines else type(error).__name__, 200).rstrip(".")
