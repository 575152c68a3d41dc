"""How tables and facts are kept in a run's folder: Parquet for programs, CSV for people, JSON.

Text that a spreadsheet would take for a formula has an apostrophe before it in CSV; Parquet keeps it as it came.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from customer_value.display import written
from customer_value.people_csv import write_long_csv
from customer_value.result import Result
from customer_value.sources.parquet import parquet_files, read_saved, save_parquet, save_with_spark

__all__ = [
    "MOST_CSV_ROWS",
    "parquet_path",
    "tables_folder",
    "write_csv",
    "write_json",
    "write_result",
    "write_table",
]

MOST_CSV_ROWS = 1_048_575
"""Rows below a header that a sheet of Excel or LibreOffice holds."""


def tables_folder(run: Path) -> Path:
    """Where a run keeps its tables."""
    return run / "tables"


def parquet_path(run: Path, name: str) -> Path:
    """The Parquet file of a table."""
    return tables_folder(run) / f"{name}.parquet"


def write_table(run: Path, name: str, table: ibis.Table | pd.DataFrame) -> None:
    """Write ``tables/NAME.parquet`` and, for people, ``tables/NAME.csv``.

    A table that no spreadsheet can open, of more rows than `MOST_CSV_ROWS`, has no CSV. Spark writes
    a folder ``NAME.parquet`` of parts.

    Parameters
    ----------
    run
        The run's folder.
    name
        Name of the table, without folder or ending.
    table
        A frame, or a lazy Ibis table with its order stated.
    """
    tables_folder(run).mkdir(parents=True, exist_ok=True)
    target = parquet_path(run, name)
    if isinstance(table, ibis.Table) and table.get_backend().name == "pyspark":
        save_with_spark(table, target)
        write_csv(run, name)
        return
    with _replacing(target) as partial:
        if isinstance(table, pd.DataFrame):
            arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
            pq.write_table(arrow, partial)
        else:
            save_parquet(table, partial)
    write_csv(run, name)


def write_csv(run: Path, name: str) -> None:
    """Write ``tables/NAME.csv`` of a table whose Parquet is there, unless it is too long for a spreadsheet."""
    parquet = parquet_path(run, name)
    if sum(pq.read_metadata(file).num_rows for file in parquet_files(parquet)) > MOST_CSV_ROWS:
        return
    table = read_saved(_engine(), parquet)
    with _replacing(parquet.with_suffix(".csv")) as partial:
        write_long_csv(table, partial)


def write_json(path: Path, value: object) -> None:
    """Write JSON in one fixed form: sorted keys, indented, UTF-8, no NaN.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_plain(value), ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    with _replacing(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def write_result(run: Path, result: Result) -> None:
    """Keep the facts, sentences and tables of one analysis.

    The facts go to ``facts/PREFIX.json``, PREFIX being the part of their names before the dot.
    """
    prefix = next(iter(result.facts)).split(".")[0]
    content = {
        "facts": dict(result.facts),
        "findings": [written(sentence) for sentence in result.findings],
        "next_steps": [written(sentence) for sentence in result.next_steps],
        "warnings": [written(sentence) for sentence in result.warnings],
    }
    for name, table in result.tables.items():
        write_table(run, name, table)
    write_json(run / "facts" / f"{prefix}.json", content)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Another name to write a file under, which then takes the place of the one that is there, whole or not at all."""
    partial = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.partial{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@cache
def _engine() -> Any:
    """One connection for all CSV files of a process; each connection takes time to open."""
    return ibis.duckdb.connect()


def _plain(value: Any) -> Any:
    """JSON values from numpy and pandas scalars; whole objects by value."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a fact is not a finite number")
    return value
