"""Parquet that a run writes and reads again: one file, or the folder of parts that Spark writes.

A path is put into SQL here, and nowhere by Ibis: that quotes it as Python does, and the engine takes ``*``, ``?`` and
``[`` for a pattern and a folder called ``year=2024`` for a column.
"""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis

from customer_value.errors import InputError
from customer_value.sources.files import sql_text

__all__ = [
    "in_parquet",
    "parquet_files",
    "read_saved",
    "save_parquet",
    "save_with_spark",
    "spark_frame",
    "sql_paths",
]

_PLAIN = {"timestamp": "timestamp_ntz"}


def parquet_files(path: Path) -> list[Path]:
    """The Parquet files of a table: one, or the parts that Spark wrote, in their order."""
    return sorted(path.glob("part-*.parquet")) if path.is_dir() else [path]


def sql_paths(*paths: Path) -> str:
    """Files to read, as DuckDB's SQL names them whatever is in their names.

    >>> sql_paths(Path("/it's/orders[1].csv"))
    "['/it''s/orders[[]1].csv']"
    """
    return f"[{', '.join(sql_text(_as_pattern(path.absolute())) for path in paths)}]"


def in_parquet(*paths: Path) -> str:
    """What DuckDB's SQL selects from to read Parquet files."""
    return f"read_parquet({sql_paths(*paths)}, hive_partitioning = false)"


def read_saved(con: Any, path: Path | Sequence[Path]) -> ibis.Table:
    """A saved table on DuckDB, or several such, lazily."""
    files = parquet_files(path) if isinstance(path, Path) else path
    name = ibis.util.gen_name("saved")
    con.raw_sql(f"CREATE TEMP VIEW {name} AS SELECT * FROM {in_parquet(*files)}")
    return con.table(name)


def save_parquet(table: ibis.Table, path: Path) -> None:
    """Let DuckDB compute a table and write it as one Parquet file."""
    _save(table, path, "FORMAT parquet")


def save_csv(table: ibis.Table, path: Path) -> None:
    """Let DuckDB compute a table and write it as CSV with a heading."""
    _save(table, path, "FORMAT csv, HEADER")


def _save(table: ibis.Table, path: Path, options: str) -> None:
    """Let DuckDB compute a table and write it to a file."""
    con = table.get_backend()
    con._run_pre_execute_hooks(table)
    con.raw_sql(f"COPY ({con.compile(table)}) TO {sql_text(path.absolute())} ({options})")


def spark_frame(table: ibis.Table) -> Any:
    """A table of Spark as Spark's own, what was made of frames included."""
    con = table.get_backend()
    con._run_pre_execute_hooks(table)
    return con._session.sql(con.compile(table))


def save_with_spark(table: ibis.Table, path: Path) -> None:
    """Let Spark write a table as a folder of Parquet files under names that do not change.

    Raises
    ------
    InputError
        If the folder is not one that this machine and Spark's both see.
    """
    partial = path.with_name(f"{path.name}-partial")
    shutil.rmtree(partial, ignore_errors=True)
    frame = spark_frame(table)
    plain = [frame[name].cast(_PLAIN.get(kind, kind)).alias(name) for name, kind in frame.dtypes]
    frame.select(*plain).write.mode("overwrite").parquet(f"file://{partial.absolute()}")
    parts = sorted(partial.glob("part-*.parquet"))
    if not (partial / "_SUCCESS").exists() or not parts:
        raise InputError(
            f"Spark wrote {path.stem} to a folder that this machine does not see; with Spark on other machines "
            "--output must lie on storage that all of them share."
        )
    for number, part in enumerate(parts):
        part.rename(partial / f"part-{number:05d}.parquet")
    for rest in (*partial.glob("_*"), *partial.glob(".*")):
        rest.unlink()
    shutil.rmtree(path, ignore_errors=True)
    partial.rename(path)


def _as_pattern(path: Path) -> str:
    """A pattern that only one file fits; the engine's patterns take a backslash for the end of a folder's name."""
    escaped = glob.escape(str(path))
    return escaped if os.sep == "\\" else escaped.replace("\\", "[[-]]")
