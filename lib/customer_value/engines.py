"""Where a run computes: DuckDB in this process, a database server, or Spark.

Order lines are judged and reduced where they lie. DuckDB always runs, in this process and within its
memory limit: it reads files, and whatever a server sends, which is never more than one row per
customer and day. With Spark the reduced tables are written by Spark itself.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import ibis

from customer_value.errors import InputError
from customer_value.machine import processors
from customer_value.secrecy import secret
from customer_value.settings import EngineSettings
from customer_value.sources.parquet import read_saved, save_parquet, save_with_spark
from customer_value.sources.server import Server
from customer_value.sources.servers import connect_server
from customer_value.sources.spark import connect_spark, spark_address, spark_sentence

__all__ = ["Engine", "local_engine", "saved_table"]


class Engine:
    """What a run computes with; leaving the block closes all of it.

    Parameters
    ----------
    settings
        The ``engine`` section of the settings.
    scratch
        Folder for what does not fit into memory and for rows on their way; with Spark on several
        machines it must be one that all of them see.

    Attributes
    ----------
    settings, scratch
        As given.
    """

    def __init__(self, settings: EngineSettings, scratch: Path) -> None:
        self.settings = settings
        self.scratch = scratch
        self._servers: dict[str, Server] = {}
        self._spark_is_ours = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            sentence = self._explained(error)
            if sentence is not None:
                raise InputError(sentence) from None
        finally:
            self.close()

    @cached_property
    def local(self) -> Any:
        """Ibis backend of DuckDB."""
        return local_engine(self.settings, self.scratch)

    @cached_property
    def spark(self) -> Any:
        """Ibis backend of Spark, started at first use; one that was open before stays open."""
        con, self._spark_is_ours = connect_spark(self.settings)
        return con

    @property
    def uses_spark(self) -> bool:
        """Whether orders are reduced by Spark."""
        return self.settings.kind == "spark"

    def server(self, variable: str) -> Server:
        """The database server whose address an environment variable holds.

        All tables of one address are read in one snapshot.

        Raises
        ------
        InputError
            If the variable is not set, its address is not one of a known server, or the server
            cannot be reached.
        """
        if variable not in self._servers:
            self._servers[variable] = connect_server(
                variable, secret(variable), self.settings.statement_timeout_seconds
            )
        return self._servers[variable]

    def save(self, table: ibis.Table, path: Path, encoding: str | None = None) -> None:
        """Compute a table where its rows are and leave it as Parquet: a file, or with Spark a folder.

        ``encoding`` is that of text on a server that does not know it.
        """
        backend = table.get_backend()
        if backend.name == "duckdb":
            save_parquet(table, path)
        elif backend.name == "pyspark":
            save_with_spark(table, path)
        else:
            server = next(server for server in self._servers.values() if server.con is backend)
            server.save(table, path, self.local, encoding)

    def read(self, path: Path, like: ibis.Table) -> ibis.Table:
        """A saved table, on Spark if ``like`` is a table of Spark, else on DuckDB."""
        return saved_table(self.spark if like.get_backend().name == "pyspark" else self.local, path)

    def close(self) -> None:
        """Give up connections, and the cluster's machines."""
        for server in self._servers.values():
            server.close()
        if self._spark_is_ours:
            with suppress(Exception):
                self.spark.disconnect()
        if "local" in self.__dict__:
            self.local.disconnect()

    def _explained(self, error: BaseException | None) -> str | None:
        """What an error of a server or of Spark means; None for others."""
        for server in self._servers.values():
            if isinstance(error, server.errors):
                return server.sentence(error)
        return spark_sentence(error) if "spark" in self.__dict__ else None


def local_engine(settings: EngineSettings, scratch: Path) -> Any:
    """DuckDB in this process, within the memory limit of the settings, on no more threads than there are processors.

    Parameters
    ----------
    settings
        The ``engine`` section.
    scratch
        Where it puts what does not fit, in a folder of its own: engines that share one overwrite each
        other's files.

    Returns
    -------
    ibis.backends.duckdb.Backend
    """
    threads = {} if settings.threads is None else {"threads": min(settings.threads, processors())}
    own = scratch / f"_spilled-{os.getpid()}-{secrets.token_hex(4)}"
    return ibis.duckdb.connect(memory_limit=settings.memory_limit, temp_directory=str(own), **threads)


def saved_table(con: Any, path: Path) -> ibis.Table:
    """A table that a run wrote, lazily.

    Parameters
    ----------
    con
        Ibis backend of DuckDB or of Spark.
    path
        Parquet file, or folder of such.
    """
    if con.name != "pyspark":
        return read_saved(con, path)
    place = spark_address(path)
    name = f"{path.stem}_{hashlib.sha256(place.encode()).hexdigest()[:12]}"
    return con.read_parquet(place, table_name=name)
