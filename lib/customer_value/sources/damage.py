"""Which file was it, when an error comes late: Parquet and DuckDB files are read only as queries need them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import ibis

from customer_value import words
from customer_value.errors import InputError, MachineError
from customer_value.faults import fault_of
from customer_value.settings import STATEMENT_SECONDS, TableSource
from customer_value.sources.archives import unzipped
from customer_value.sources.databases import read_duckdb, read_parquet
from customer_value.sources.files import Found, find_files, format_of
from customer_value.troubles import FOREIGN, said, told_plainly

__all__ = ["explained"]


@contextmanager
def explained(tables: Mapping[str, TableSource], base: Path, scratch: Path) -> Iterator[None]:
    """Tell an error inside the block as that of the file or of the machine that led to it.

    Only after an error, and unless the machine is at fault, every file that is read where it is is read to
    its end on an engine of its own, and the first that cannot be read is told.

    Parameters
    ----------
    tables
        The input tables that are read from files.
    base
        Folder that their paths are relative to.
    scratch
        Folder for copies.

    Raises
    ------
    InputError, MachineError
        In place of an error of the engine, the system or a library; errors of this library stay.
    """
    try:
        yield
    except FOREIGN as error:
        if what := fault_of(error):
            raise MachineError(f"{_listed(tables, base)} cannot be read: {what}.") from None
        if isinstance(error, OSError):
            raise MachineError(f"A file of the run cannot be written or read again: {said(error)}.") from None
        _read_to_the_end(tables, base, scratch / "read-again")
        raise InputError(f"{_listed(tables, base)} cannot be reduced: {said(error)}.") from None


def _read_to_the_end(tables: Mapping[str, TableSource], base: Path, folder: Path) -> None:
    folder.mkdir()
    con = ibis.duckdb.connect(temp_directory=str(folder / "_spilled"))
    try:
        for name, spec in tables.items():
            for number, file in enumerate(find_files(name, spec, base)):
                with told_plainly(file.name, file.path):
                    _read_all(file, number, name, spec, con, folder)
    finally:
        con.disconnect()


def _read_all(
    file: Found, number: int, name: str, spec: TableSource, con: ibis.BaseBackend, folder: Path
) -> None:
    plain, _ = unzipped(file, folder, number)
    kind = format_of(plain, spec)
    if kind in ("parquet", "duckdb"):
        part = (
            read_parquet(plain, con)
            if kind == "parquet"
            else read_duckdb(plain, number, name, spec, con, STATEMENT_SECONDS)
        )
        con.raw_sql(f"SELECT bit_xor(hash(held)) FROM {part.relation} AS held").fetchall()


def _listed(tables: Mapping[str, TableSource], base: Path) -> str:
    return words.listing(
        [file.name for name, spec in tables.items() for file in find_files(name, spec, base)], most=3
    )
