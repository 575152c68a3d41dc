"""Small helpers for the tests of sources: write a file, open it, read a column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis

from customer_value.settings import TableSource
from customer_value.sources import Source, date_column, id_column, number_column, open_source

CON = ibis.duckdb.connect()


def opened(folder: Path, files: dict[str, str | bytes], **spec: Any) -> Source:
    """Write files and open them as the orders; without `path` all of them in this order."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        raw = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(raw)
    spec = {"path": list(files), **spec} if "path_env" not in spec else spec
    return open_source("orders", TableSource(**spec), folder, CON, folder / "scratch")


def of_values(folder: Path, values: list[str], **spec: Any) -> Source:
    """A source with one text column, ``x``."""
    quoted = "\n".join('"' + value.replace('"', '""') + '"' for value in values)
    return opened(folder, {"a.csv": f"x\n{quoted}\n"}, separator=",", header=True, **spec)


def dates(source: Source, column: str = "x", timezone: str | None = None, **spec: Any) -> list[str | None]:
    value, _ = date_column(source, column, TableSource(path="a.csv", **spec), timezone)
    return [None if day is None else day.isoformat() for day in listed(source, value)]


def numbers(source: Source, column: str = "x", **spec: Any) -> list[float | None]:
    value, _ = number_column(source, column, TableSource(path="a.csv", **spec))
    return [None if number is None else float(number) for number in listed(source, value)]


def ids(source: Source, column: str = "x") -> list[str | None]:
    return listed(source, id_column(source, column))


def rows(source: Source) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in source.table.drop("_file").to_pyarrow().to_pylist()]


def listed(source: Source, value: Any) -> list[Any]:
    return source.table.select(value=value).to_pyarrow()["value"].to_pylist()


def told(source: Source) -> dict[str, str]:
    return {reading.aspect: reading.value for reading in source.readings}


def message_of(call: Callable[[], object], error: type[Exception]) -> str:
    try:
        call()
    except error as raised:
        return str(raised)
    raise AssertionError("nothing was raised")
