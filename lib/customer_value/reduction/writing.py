"""Parquet files that several threads fill, part after part, row group by row group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Condition
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["ROWS_PER_GROUP", "LayeredOutlet", "Outlet", "Stopped"]

ROWS_PER_GROUP = 122_880
"""Rows of a row group; the engine's own number."""


class Stopped(Exception):
    """Another part failed, so this one need not go on."""


class Outlet:
    """A Parquet file that gets its final name when all parts are in it.

    Parameters
    ----------
    path
        The file.
    schema
        Its columns. A dictionary column is written as what its entries are.

    Notes
    -----
    Parts are written in the order of their numbers whatever the order in which they come: `write`
    waits for its turn. Parts must therefore be begun in that order, too.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.schema = schema
        self._path = path
        self._partial = path.with_name(f".{path.stem}.partial.parquet")
        plain = [field.name for field in schema if not _many_values(field)]
        self._writer = pq.ParquetWriter(
            self._partial, schema, compression="snappy", use_dictionary=plain, store_schema=False
        )
        self._turn = Condition()
        self._next = 0
        self._stopped = False

    def write(self, part: int, table: pa.Table) -> None:
        """Append the rows of a part when it is its turn; every part must be written once, also if empty.

        Raises
        ------
        Stopped
            If the file was given up meanwhile.
        """
        with self._turn:
            self._turn.wait_for(lambda: self._stopped or self._next == part)
            if self._stopped:
                raise Stopped
        for group in _groups(table):
            self._writer.write_table(group, row_group_size=ROWS_PER_GROUP)
        with self._turn:
            self._next += 1
            self._turn.notify_all()

    def stop(self) -> None:
        """Let no part wait any longer."""
        with self._turn:
            self._stopped = True
            self._turn.notify_all()

    def __enter__(self) -> Outlet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._writer.close()
            if kind is None:
                self._partial.replace(self._path)
        finally:
            self._partial.unlink(missing_ok=True)


class LayeredOutlet:
    """A Parquet file of several layers, each of which all parts contribute to.

    The first layer is written as it comes. What belongs to the others is kept until `finish`, in memory or
    in files.

    Parameters
    ----------
    outlet
        The file.
    parts
        Parts per layer.
    folder
        Where the later layers wait; None: in memory.
    """

    def __init__(self, outlet: Outlet, parts: int, folder: Path | None) -> None:
        self.schema = outlet.schema
        self._outlet = outlet
        self._parts = parts
        self._folder = folder
        self._kept: dict[tuple[int, int], pa.Table] = {}
        self._layers = 1

    def write(self, layer: int, part: int, table: pa.Table) -> None:
        """Contribute a part's rows to a layer."""
        self._layers = max(self._layers, layer + 1)
        if layer == 0:
            self._outlet.write(part, table)
        elif self._folder is None:
            self._kept[layer, part] = table
        else:
            with pa.ipc.new_file(self._path(layer, part), table.schema) as file:
                file.write_table(table)

    def finish(self) -> None:
        """Write the later layers."""
        for layer in range(1, self._layers):
            for part in range(self._parts):
                self._outlet.write(layer * self._parts + part, self._taken(layer, part))

    def _taken(self, layer: int, part: int) -> pa.Table:
        if self._folder is None:
            return self._kept.pop((layer, part))
        with pa.OSFile(self._path(layer, part)) as file:
            table = pa.ipc.open_file(file).read_all()
        Path(self._path(layer, part)).unlink()
        return table

    def _path(self, layer: int, part: int) -> str:
        assert self._folder is not None
        return str(self._folder / f"layer-{layer}-{part}.arrow")


def _many_values(field: Any) -> bool:
    """Whether a column's values are mostly different, so that a dictionary of them would not help."""
    return bool(
        pa.types.is_string(field.type) or (pa.types.is_floating(field.type) and field.name != "returns")
    )


def _groups(table: pa.Table) -> Iterator[pa.Table]:
    """Slices of a table whose dictionaries hold only the entries that are used.

    A dictionary column's indices ascend.
    """
    for start in range(0, table.num_rows, ROWS_PER_GROUP):
        group = table.slice(start, ROWS_PER_GROUP)
        for place, field in enumerate(group.schema):
            if pa.types.is_dictionary(field.type):
                group = group.set_column(place, field, _trimmed(group.column(place).chunk(0)))
        yield group


def _trimmed(column: pa.DictionaryArray) -> pa.DictionaryArray:
    indices = column.indices.to_numpy()
    low, high = int(indices[0]), int(indices[-1])
    return pa.DictionaryArray.from_arrays(
        pa.array(indices - low, pa.int32()), column.dictionary.slice(low, high - low + 1)
    )
