"""The address of a database server, and the driver that it needs.

Addresses come from environment variables, so that no password is written down.
"""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import urlsplit

from customer_value.errors import ConfigError, InputError
from customer_value.sources.server import Server

__all__ = ["connect_server"]


def connect_server(variable: str, address: str, seconds: int) -> Server:
    """Connect to the server of an address and begin the snapshot.

    Parameters
    ----------
    variable
        The environment variable, for messages.
    address
        ``postgresql://user:password@host:port/database`` or ``mysql://...`` (MariaDB, too). What it
        leaves out of PostgreSQL's is taken from the driver's own variables and files (``PGPASSWORD``,
        ``.pgpass``).
    seconds
        Longest time for one query, unless the server allows less.

    Raises
    ------
    ConfigError
        If the address is of no known server, or the driver is not installed.
    InputError
        If there is no address, or the server cannot be reached or refuses.
    """
    if not address:
        raise InputError(f"database_env: the environment variable {variable} is not set.")
    try:
        parts = urlsplit(address)
        scheme, _ = parts.scheme, parts.port
    except ValueError:
        raise ConfigError(f"{variable} does not hold a valid address of a database server.") from None
    if scheme in ("postgresql", "postgres"):
        try:
            from customer_value.sources.postgres import connect_postgres
        except ImportError:
            _missing_driver("PostgreSQL", "postgres")
        return connect_postgres(address, variable, seconds)
    if scheme in ("mysql", "mariadb"):
        try:
            from customer_value.sources.mysql import connect_mysql
        except ImportError:
            _missing_driver("MySQL", "mysql")
        return connect_mysql(parts, variable, seconds)
    raise ConfigError(
        f"{variable} must hold an address that begins with postgresql:// or mysql://; "
        "for a SQLite or DuckDB file use path."
    )


def _missing_driver(product: str, extra: str) -> NoReturn:
    raise ConfigError(
        f"{product} needs a driver; install it with: pip install 'customer-value[{extra}]'."
    ) from None
