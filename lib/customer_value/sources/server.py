"""What database servers have in common: one read-only connection, one snapshot, computation on the server.

Rows leave a server only as the result of a query that groups them; the small tables beside the orders
are read whole. No message repeats an address.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from customer_value import words
from customer_value.errors import InputError
from customer_value.settings import TableSource
from customer_value.sources.native import native_source
from customer_value.sources.source import Source

__all__ = ["Column", "Relation", "Server", "first_line"]


@dataclass(frozen=True)
class Column:
    """A column as it is read.

    Parameters
    ----------
    name
        Its name on the server.
    sql
        What is read: the column itself, or its value as text that compares byte by byte, or as a number.
    kind
        Ibis type of that.
    """

    name: str
    sql: str
    kind: Any


@dataclass(frozen=True)
class Relation:
    """A table or view: how SQL calls it, and the columns that may be read."""

    sql: str
    columns: tuple[Column, ...]


class Server(ABC):
    """A connection to a database server, inside one read-only transaction from first to last query.

    What its driver raises is left to `customer_value.engines.Engine`, which asks `sentence` what it means.

    Attributes
    ----------
    con
        Ibis backend.
    variable
        The environment variable that held the address.
    limit
        Seconds after which a query is ended; None if the server itself allows less, or cannot do it.
    product, errors
        Name of the product for people, and what its driver raises.
    """

    product: ClassVar[str]
    errors: tuple[type[Exception], ...]

    def __init__(self, con: Any, variable: str, limit: int | None) -> None:
        self.con = con
        self.variable = variable
        self._limit = limit

    @property
    def computes(self) -> bool:
        """Whether it can judge and sum rows; if its text is not of all alphabets, it cannot."""
        return True

    @property
    def knows_encoding(self) -> bool:
        """Whether text is more than bytes to it; if it is not, the settings may state its encoding."""
        return True

    def open(self, name: str, spec: TableSource) -> Source:
        """A table or view of the server as a source, lazily.

        Raises
        ------
        InputError
            If it does not exist, may not be read, has no column, or is empty.
        """
        if spec.encoding is not None and self.knows_encoding:
            raise InputError(
                f"{name}.encoding: the database of {self.variable} knows the encoding of its text; leave it out."
            )
        wanted = str(spec.table)
        relation = self._relation(wanted)
        if relation is None:
            raise InputError(self._missing(name, wanted))
        shown = words.plain(wanted)
        if not relation.columns:
            raise InputError(
                f"{name}.table: the user of {self.variable} may read no column of '{shown}'; grant it SELECT."
            )
        if not self._rows(f"SELECT 1 FROM {relation.sql} LIMIT 1"):
            raise InputError(f"{name}.table: '{shown}' of {self.variable} has no rows.")
        listed = ", ".join(f"{column.sql} AS {self._quoted(column.name)}" for column in relation.columns)
        schema = {column.name: column.kind for column in relation.columns}
        table = self.con.sql(f"SELECT {listed} FROM {relation.sql}", schema=schema)
        return native_source(name, table, shown, self.product, "table")

    @abstractmethod
    def save(self, table: Any, path: Path, local: Any, encoding: str | None = None) -> None:
        """Run a query and leave its rows as Parquet on this machine.

        Parameters
        ----------
        table
            The query, an Ibis table of `con`.
        path
            The file.
        local
            Ibis backend of DuckDB.
        encoding
            Of its text, where the server does not know it; UTF-8 if it is not stated.

        Raises
        ------
        InputError
            If a text is not in that encoding.
        """

    def sentence(self, error: Exception) -> str:
        """What happened, for people: the first error, not one that followed from it."""
        while isinstance(error.__context__, self.errors):
            error = error.__context__
        if self._is_lost(error):
            return (
                f"The connection to the {self.product} server of {self.variable} was lost while it was read; "
                "nothing was published. Run again when the server is back."
            )
        return f"The {self.product} server of {self.variable} {self._said(error)}"

    def _took_too_long(self) -> str:
        """That a query was ended by our limit, as the rest of a sentence."""
        return (
            f"stopped a query: it took longer than {words.count(self._limit or 0, 'second')} (an endless view?), or "
            "somebody stopped it; if it needs more time, raise engine.statement_timeout_seconds in the settings."
        )

    def close(self) -> None:
        """End the transaction and the connection."""
        with suppress(Exception):
            self.con.con.rollback()
        with suppress(Exception):
            self.con.con.close()

    def _missing(self, name: str, wanted: str) -> str:
        there = {table.casefold(): table for table in self._tables()}
        last = wanted.split(".")[-1].casefold()
        qualified = [table for key, table in there.items() if key.split(".")[-1] == last]
        near = [there[key] for key in difflib.get_close_matches(wanted.casefold(), sorted(there), n=1)]
        found = (qualified or near)[:1]
        hint = (
            f"did you mean '{words.plain(found[0])}'?"
            if found
            else "write SCHEMA.TABLE if it lies in another schema."
        )
        return f"{name}.table: the database of {self.variable} has no table '{words.plain(wanted)}'; {hint}"

    @abstractmethod
    def _relation(self, wanted: str) -> Relation | None:
        """The table or view that a name of the settings means, if there is one."""

    @abstractmethod
    def _tables(self) -> list[str]:
        """Names that the settings could give."""

    @abstractmethod
    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a small query."""

    @abstractmethod
    def _quoted(self, name: str) -> str:
        """A name in SQL."""

    @abstractmethod
    def _is_lost(self, error: Exception) -> bool:
        """Whether the server has gone away."""

    @abstractmethod
    def _said(self, error: Exception) -> str:
        """What the server did, as the rest of a sentence and what helps."""


def first_line(error: Exception) -> str:
    """What a driver says, on one line."""
    return words.first_line(str(error.args[-1]) if error.args else type(error).__name__)
