"""Order rows, read once from the engine and laid by in parts by range of customer id.

A row is a record of 64-bit words: the words of its customer id, its date, its amount and what else is
known. Parts hold about half a million rows, so that a part fits the processor's caches and the memory of
one task does not grow with the data; the parts themselves are kept in memory or, if they are many, in
files of the scratch folder. Which customer belongs to which part depends on the data alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from customer_value.reduction.identifiers import (
    MOST_WORDS,
    Identifiers,
    NumberedIdentifiers,
    WordIdentifiers,
    ZeroByte,
    shared_beginning,
)
from customer_value.reduction.money import scaled
from customer_value.reduction.sorting import changes
from customer_value.sources.engine import byte_length, hashed

__all__ = ["ROWS_PER_PART", "Layout", "Parts", "read_parts"]

Array = NDArray[Any]

ROWS_PER_PART = 2**19
"""Order rows per part, about; a customer's rows are never divided."""

SAMPLED = 1024
"""One row in so many tells where parts begin."""

_BATCH_ROWS = 2**18
_FIELDS = {"date": "_date", "amount": "_amount", "cost": "_cost", "order": "_order", "copy": "_hash"}


@dataclass(frozen=True)
class Layout:
    """Which word of a record holds what.

    Attributes
    ----------
    ids
        How ids are words; these come first.
    fields
        Names of the words that follow: ``date`` (days since 1970), ``amount`` and ``cost``
        (ten-thousandths; all three signed), ``order`` (hash of the order_id) and ``blank`` (1 if there is
        no order_id), ``copy`` (hash of the whole row).
    """

    ids: Identifiers
    fields: tuple[str, ...]

    @property
    def width(self) -> int:
        """Words of a record."""
        return self.ids.words + len(self.fields)

    def id_words(self, records: Array) -> list[Array]:
        """The words of the ids, each a contiguous array."""
        return [np.ascontiguousarray(records[:, place]) for place in range(self.ids.words)]

    def word(self, records: Array, name: str) -> Array:
        """A field as a contiguous array of uint64."""
        return np.ascontiguousarray(records[:, self.ids.words + self.fields.index(name)])

    def number(self, records: Array, name: str) -> Array:
        """A signed field as a contiguous array of int64."""
        return self.word(records, name).view(np.int64)


class Parts:
    """Records by part, in memory or in files; several threads may add at once.

    Parameters
    ----------
    layout
        The records' layout.
    bounds
        Words of the ids that parts begin with, but for the first part; ascending, shape (parts - 1, words).
    rows
        How many rows are expected.
    folder
        Where the parts' files go; None keeps them in memory.
    """

    def __init__(self, layout: Layout, bounds: Array, rows: int, folder: Path | None) -> None:
        parts = range(len(bounds) + 1)
        self.layout = layout
        self.rows = rows
        self._bounds = bounds
        self._files = None if folder is None else [folder / f"orders-{number}.part" for number in parts]
        self._memory: list[list[Array]] = [[] for _ in parts]
        self._locks = [Lock() for _ in parts]

    def __len__(self) -> int:
        return len(self._memory)

    @property
    def in_memory(self) -> bool:
        """Whether no files are used."""
        return self._files is None

    def add(self, records: Array) -> None:
        """Lay records by in the parts that their customers belong to."""
        part = _part_of(records[:, : self.layout.ids.words], self._bounds)
        ordered = records.take(np.argsort(part, kind="stable"), axis=0)
        ends = np.cumsum(np.bincount(part, minlength=len(self)))
        for number, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            if end > start:
                self._append(number, ordered[start:end])

    def take(self, number: int) -> Array:
        """The records of a part, shape (rows, width); they are forgotten here."""
        if self._files is None:
            pieces, self._memory[number] = self._memory[number], []
            return np.concatenate(pieces) if pieces else np.empty((0, self.layout.width), np.uint64)
        path = self._files[number]
        if not path.exists():
            return np.empty((0, self.layout.width), np.uint64)
        records = np.fromfile(path, dtype=np.uint64).reshape(-1, self.layout.width)
        path.unlink()
        return records

    def _append(self, number: int, records: Array) -> None:
        with self._locks[number]:
            if self._files is None:
                self._memory[number].append(records)
                return
            with self._files[number].open("ab") as file:
                records.tofile(file)


def read_parts(
    rows: ibis.Table, as_of: dt.date, scratch: Path, pool: Executor, tasks: int, memory_bytes: int
) -> Parts:
    """Read the order rows up to a date into parts.

    Parameters
    ----------
    rows
        Kept order rows, see `customer_value.reduction.reduce_orders`.
    as_of
        Later rows are left out.
    scratch
        Folder for what does not fit into memory.
    pool, tasks
        Where batches are divided while the engine reads on, and how many at once.
    memory_bytes
        A quarter of it may hold records; if they need more, they go to files.
    """
    rows = rows.filter(rows.order_date <= ibis.literal(as_of))
    survey = _survey(rows)
    room = memory_bytes // 4
    if survey.words <= MOST_WORDS:
        ids = WordIdentifiers(survey.prefix, survey.words)
        try:
            return _read(rows, rows.customer_id, ids, survey, scratch / "words", room, pool, tasks)
        except ZeroByte:
            pass
    numbers = _numbered(rows, scratch / "customer-numbers.parquet")
    numbered = rows.join(numbers.table, "customer_id")
    return _read(numbered, numbered["_number"], numbers.ids, survey, scratch / "numbers", room, pool, tasks)


@dataclass(frozen=True)
class _Survey:
    """What one look at the ids tells: how many rows, how the ids look, and a sample of them."""

    rows: int
    prefix: bytes
    words: int
    sample: list[str]

    def bounds(self) -> list[str]:
        """First ids of all parts but the first."""
        parts = -(-self.rows // ROWS_PER_PART)
        step = len(self.sample) / parts if parts else 0
        drawn = {self.sample[int(part * step)] for part in range(1, parts)} if step >= 1 else set()
        return sorted(drawn)


@dataclass(frozen=True)
class _Numbers:
    """Customers numbered by the engine: as a table of it, and as identifiers."""

    table: ibis.Table
    ids: NumberedIdentifiers


def _survey(rows: ibis.Table) -> _Survey:
    """Rows are sampled by what they hold, so that the same data always make the same parts."""
    name = rows.customer_id
    drawn = hashed(name, rows.order_date, rows.amount) % SAMPLED == 0
    figures = {
        "rows": rows.count(),
        "first": name.min(),
        "last": name.max(),
        "longest": byte_length(name).max(),
    }
    found = rows.aggregate(**figures, sample=name.collect(where=drawn)).to_pyarrow().to_pylist()[0]
    if not found["rows"]:
        return _Survey(0, b"", 1, [])
    prefix = shared_beginning(found["first"], found["last"])
    words = max(1, -(-(found["longest"] - len(prefix)) // 8))
    return _Survey(found["rows"], prefix, words, sorted(found["sample"] or []))


def _numbered(rows: ibis.Table, path: Path) -> _Numbers:
    names = rows.select("customer_id").distinct()
    number = ibis.row_number().over(ibis.window(order_by="customer_id"))
    names.mutate(_number=number).order_by("_number").to_parquet(path)
    table = rows.get_backend().read_parquet(path)
    return _Numbers(table, NumberedIdentifiers(path))


def _read(
    rows: ibis.Table,
    identifier: Any,
    ids: Identifiers,
    survey: _Survey,
    folder: Path,
    room: int,
    pool: Executor,
    tasks: int,
) -> Parts:
    columns = {"_id": identifier, "_date": rows.order_date, "_amount": rows.amount}
    if "cost" in rows.columns:
        columns["_cost"] = rows["cost"]
    if "order_id" in rows.columns:
        columns["_order"] = ibis.ifelse(rows.order_id.isnull(), ibis.null("uint64"), hashed(rows.order_id))
    if "_hash" in rows.columns:
        columns["_hash"] = rows["_hash"]
    fields = [name for name, column in _FIELDS.items() if column in columns]
    layout = Layout(ids, tuple(fields + (["blank"] if "order" in fields else [])))
    spilled = 8 * layout.width * survey.rows > room
    if spilled:
        folder.mkdir(parents=True, exist_ok=True)
    parts = Parts(layout, _bounds(survey, ids), survey.rows, folder if spilled else None)
    batches = _stream(rows.select(**columns))
    _in_parallel(pool, tasks, lambda batch: parts.add(_records(batch, layout)), batches)
    return parts


def _stream(table: ibis.Table) -> Any:
    """Record batches as the engine makes them."""
    con = table.get_backend()
    result = con.raw_sql(con.compile(table))
    reader = result.to_arrow_reader if hasattr(result, "to_arrow_reader") else result.fetch_record_batch
    return reader(_BATCH_ROWS)


def _bounds(survey: _Survey, ids: Identifiers) -> Array:
    bounds = survey.bounds()
    if not bounds:
        return np.empty((0, ids.words), dtype=np.uint64)
    return ids.words_of_names(pa.array(bounds, pa.string()))


def _records(batch: pa.RecordBatch, layout: Layout) -> Array:
    """One record per row of a batch, shape (rows, width)."""
    records = np.empty((batch.num_rows, layout.width), dtype=np.uint64)
    records[:, : layout.ids.words] = layout.ids.words_of(batch["_id"])
    for place, name in enumerate(layout.fields, start=layout.ids.words):
        if name == "blank":
            records[:, place] = batch["_order"].is_null().to_numpy(zero_copy_only=False)
        else:
            records[:, place] = _word(batch[_FIELDS[name]])
    return records


def _word(column: Any) -> Array:
    """A column of dates, money or hashes as uint64; NULL is as good as anything."""
    if pa.types.is_decimal(column.type):
        return scaled(column).view(np.uint64)
    if pa.types.is_date(column.type):
        column = column.view(pa.int32()).cast(pa.int64())
    numbers: Array = column.fill_null(0).to_numpy(zero_copy_only=False)
    return numbers.view(np.uint64)


def _part_of(words: Array, bounds: Array) -> Array:
    """How many bounds are at or below each id: its part (uint16)."""
    low = np.searchsorted(bounds[:, 0], words[:, 0], side="left")
    part = np.searchsorted(bounds[:, 0], words[:, 0], side="right")
    if words.shape[1] > 1:
        for start, stop in _equal_runs(bounds[:, 0]):
            rows = np.flatnonzero((low == start) & (part == stop))
            part[rows] = start + _part_of(words[rows, 1:], bounds[start:stop, 1:])
    return part.astype(np.uint16)


def _equal_runs(values: Array) -> list[tuple[int, int]]:
    starts = np.flatnonzero(changes(values))
    return list(zip(starts.tolist(), np.append(starts, len(values))[1:].tolist(), strict=True))


def _in_parallel(pool: Executor, tasks: int, work: Any, items: Iterable[Any]) -> None:
    """Do the work for each item in the pool, with no more than so many waiting."""
    running: set[Future[None]] = set()
    for item in items:
        running.add(pool.submit(work, item))
        if len(running) > tasks:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for task in done:
                task.result()
    for task in running:
        task.result()
