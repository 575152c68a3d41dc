"""Parquet that a run writes and reads again: one file, or the folder of parts that Spark writes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import ibis

from customer_value.errors import InputError

__all__ = ["parquet_files", "read_saved", "save_with_spark", "spark_frame"]

_PLAIN = {"timestamp": "timestamp_ntz"}


def parquet_files(path: Path) -> list[Path]:
    """The Parquet files of a table: one, or the parts that Spark wrote, in their order."""
    return sorted(path.glob("part-*.parquet")) if path.is_dir() else [path]


def read_saved(con: Any, path: Path) -> ibis.Table:
    """A saved table on DuckDB, lazily."""
    return con.read_parquet([str(file) for file in parquet_files(path)])


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
