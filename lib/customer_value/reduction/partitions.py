"""Order rows, read once from the engine and laid by in parts by range of customer id.

Rows are held as columns of numbers: the words of their customer ids, their dates, amounts and what else is
known. Parts hold about half a million rows, so that a part fits the processor's caches and the memory of
one task does not grow with the data; the parts themselves are kept in memory or, if they are many, in
files of the scratch folder. Which customer belongs to which part depends on the data alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from customer_value.reduce import VOID
from customer_value.reduction.identifiers import (
    MOST_DIGITS,
    MOST_WORDS,
    DigitIdentifiers,
    Identifiers,
    NumberedIdentifiers,
    WordIdentifiers,
    ZeroByte,
    shared_beginning,
)
from customer_value.reduction.money import scaled
from customer_value.reduction.sorting import changes
from customer_value.reduction.survey import NUMBER, ORDER_NUMBER, Survey, survey_of
from customer_value.sources.engine import hashed, streamed
from customer_value.sources.parquet import read_saved, save_parquet

__all__ = ["ROWS_PER_PART", "Layout", "Parts", "read_parts"]

Array = NDArray[Any]
Columns = list[Array]
"""Rows by column, in the order of a `Layout`."""

ROWS_PER_PART = 2**19
"""Order rows per part, about; a customer's rows are never divided."""

_FIELDS: dict[str, tuple[str, Any]] = {
    "date": ("_date", np.int32),
    "amount": ("_amount", np.int64),
    "cost": ("_cost", np.int64),
    "order": ("_order", np.uint64),
    "blank": ("_order", np.bool_),
    "copy": ("_hash", np.uint64),
    "void": (VOID, np.bool_),
}
"""Which column of the engine a field comes from, and what its numbers are."""


@dataclass(frozen=True)
class Layout:
    """Which column holds what.

    Attributes
    ----------
    ids
        How ids are words; these come first.
    fields
        Names of the columns that follow: ``date`` (days since 1970), ``amount`` and ``cost``
        (ten-thousandths), ``order`` (hash of the order_id) and ``blank`` (whether there is no order_id), ``copy``
        (hash of the whole row), ``void`` (whether it is neither sale nor return).
    """

    ids: Identifiers
    fields: tuple[str, ...]

    @property
    def kinds(self) -> list[Any]:
        """The numpy type of each column."""
        words = [np.dtype(np.uint64)] * self.ids.words
        return words + [np.dtype(_FIELDS[name][1]) for name in self.fields]

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return sum(kind.itemsize for kind in self.kinds)

    def words(self, columns: Columns) -> Columns:
        """The words of the ids."""
        return columns[: self.ids.words]

    def field(self, columns: Columns, name: str) -> Array:
        """The numbers of a field."""
        return columns[self.ids.words + self.fields.index(name)]


class Parts:
    """Rows by part, in memory or in files; several threads may add at once.

    Parameters
    ----------
    layout
        The rows' layout.
    bounds
        Words of the ids that parts begin with, but for the first part; ascending.
    rows
        How many rows are expected.
    folder
        Where the parts' files go; None keeps them in memory.
    """

    def __init__(self, layout: Layout, bounds: Columns, rows: int, folder: Path | None) -> None:
        parts = range(len(bounds[0]) + 1)
        self.layout = layout
        self.rows = rows
        self._bounds = bounds
        self._files = None if folder is None else [folder / f"orders-{number}.part" for number in parts]
        self._memory: list[list[Columns]] = [[] for _ in parts]
        self._locks = [Lock() for _ in parts]

    def __len__(self) -> int:
        return len(self._memory)

    @property
    def in_memory(self) -> bool:
        """Whether no files are used."""
        return self._files is None

    def add(self, columns: Columns) -> None:
        """Lay rows by in the parts that their customers belong to."""
        if len(self) == 1:
            self._append(0, columns)
            return
        part = _part_of(self.layout.words(columns), self._bounds)
        order = np.argsort(part, kind="stable")
        ordered = [column.take(order) for column in columns]
        ends = np.cumsum(np.bincount(part, minlength=len(self))).tolist()
        for number, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            if end > start:
                self._append(number, [column[start:end] for column in ordered])

    def take(self, number: int) -> Columns:
        """The rows of a part; they are forgotten here."""
        if self._files is None:
            pieces, self._memory[number] = self._memory[number], []
        else:
            pieces = _pieces(self._files[number], self.layout.kinds)
        if not pieces:
            return [np.empty(0, kind) for kind in self.layout.kinds]
        return [np.concatenate(column) for column in zip(*pieces, strict=True)]

    def _append(self, number: int, columns: Columns) -> None:
        with self._locks[number]:
            if self._files is None:
                self._memory[number].append(columns)
                return
            with self._files[number].open("ab") as file:
                np.array([len(columns[0])]).tofile(file)
                for column in columns:
                    column.tofile(file)


def _pieces(path: Path, kinds: Sequence[Any]) -> list[Columns]:
    """What was appended to a part's file, which is removed."""
    if not path.exists():
        return []
    data, place, pieces = np.fromfile(path, dtype=np.uint8), 0, []
    path.unlink()
    while place < len(data):
        rows = int(data[place : place + 8].view(np.int64)[0])
        place += 8
        ends = (place + np.cumsum([rows * kind.itemsize for kind in kinds])).tolist()
        starts = [place, *ends[:-1]]
        pieces.append([data[a:b].view(kind) for a, b, kind in zip(starts, ends, kinds, strict=True)])
        place = ends[-1]
    return pieces


def read_parts(
    rows: ibis.Table,
    as_of: dt.date,
    survey: Survey | None,
    scratch: Path,
    pool: Executor,
    tasks: int,
    memory_bytes: int,
) -> Parts:
    """Read the order rows up to a date into parts.

    Parameters
    ----------
    rows
        Kept order rows, see `customer_value.reduction.reduce_orders`.
    as_of
        Later rows are left out.
    survey
        Where somebody has looked at the rows before, and none is later than ``as_of``.
    scratch
        Folder for what does not fit into memory.
    pool, tasks
        Where batches are divided while the engine reads on, and how many at once.
    memory_bytes
        A quarter of it may hold rows; if they need more, they go to files.
    """
    if survey is None:
        rows = rows.filter(rows.order_date <= ibis.literal(as_of))
        survey = survey_of(rows)
    room = memory_bytes // 4
    if survey.of_numbers:
        if survey.first >= 0 and len(str(survey.last)) <= MOST_DIGITS:
            ids = DigitIdentifiers(len(str(survey.last)))
            return _read(rows, rows[NUMBER], ids, survey, scratch / "digits", room, pool, tasks)
        rows = rows.drop(NUMBER)
        survey = survey_of(rows)
    prefix = shared_beginning(survey.first or "", survey.last or "")
    words = max(1, -(-(survey.longest - len(prefix)) // 8))
    if words <= MOST_WORDS:
        try:
            named = WordIdentifiers(prefix, words)
            return _read(rows, rows.customer_id, named, survey, scratch / "words", room, pool, tasks)
        except ZeroByte:
            pass
    path = scratch / "customer-numbers.parquet"
    numbered = rows.join(_numbered(rows, path), "customer_id")
    numbers = NumberedIdentifiers(path)
    return _read(numbered, numbered[NUMBER], numbers, survey, scratch / "numbers", room, pool, tasks)


def _first_ids(survey: Survey) -> list[Any]:
    """First ids of all parts but the first."""
    parts = -(-survey.rows // ROWS_PER_PART)
    step = len(survey.sample) / parts if parts else 0
    return sorted({survey.sample[int(part * step)] for part in range(1, parts)} if step >= 1 else set())


def _numbered(rows: ibis.Table, path: Path) -> ibis.Table:
    """Customers numbered by the engine in their order, in a file for `NumberedIdentifiers`."""
    names = rows.select("customer_id").distinct()
    number = ibis.row_number().over(ibis.window(order_by="customer_id"))
    save_parquet(names.mutate(**{NUMBER: number}).order_by(NUMBER), path)
    return read_saved(rows.get_backend(), path)


def _read(
    rows: ibis.Table,
    identifier: Any,
    ids: Identifiers,
    survey: Survey,
    folder: Path,
    room: int,
    pool: Executor,
    tasks: int,
) -> Parts:
    columns = {"_id": identifier, "_date": rows.order_date, "_amount": rows.amount}
    if "cost" in rows.columns:
        columns["_cost"] = rows["cost"]
    if "order_id" in rows.columns:
        order = rows[ORDER_NUMBER] if ORDER_NUMBER in rows.columns else rows.order_id
        columns["_order"] = ibis.ifelse(order.isnull(), ibis.null("uint64"), hashed(order))
    columns |= {name: rows[name] for name in ("_hash", VOID) if name in rows.columns}
    layout = Layout(ids, tuple(name for name, (column, _) in _FIELDS.items() if column in columns))
    spilled = layout.row_bytes * survey.rows > room
    if spilled:
        folder.mkdir(parents=True, exist_ok=True)
    first = _first_ids(survey)
    bounds = ids.words_of_names(first) if first else [np.empty(0, np.uint64)] * ids.words
    parts = Parts(layout, bounds, survey.rows, folder if spilled else None)
    batches = streamed(rows.select(**columns))
    _in_parallel(pool, tasks, lambda batch: parts.add(_columns(batch, layout)), batches)
    return parts


def _columns(batch: pa.RecordBatch, layout: Layout) -> Columns:
    """The rows of a batch."""
    columns = layout.ids.words_of(batch["_id"])
    for name in layout.fields:
        source, kind = _FIELDS[name]
        if name == "blank":
            columns.append(batch[source].is_null().to_numpy(zero_copy_only=False))
        else:
            columns.append(_numbers(batch[source]).view(kind))
    return columns


def _numbers(column: Any) -> Array:
    """A column of dates, money, hashes or truths; NULL is as good as anything."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    if pa.types.is_decimal(column.type):
        return scaled(column)
    if pa.types.is_date(column.type):
        column = column.view(pa.int32())
    numbers: Array = column.fill_null(0).to_numpy(zero_copy_only=False)
    return numbers


def _part_of(words: Columns, bounds: Columns) -> Array:
    """How many bounds are at or below each id: its part, in the least type that is sorted fast."""
    part = np.searchsorted(bounds[0], words[0], side="right")
    if len(words) > 1:
        low = np.searchsorted(bounds[0], words[0], side="left")
        for start, stop in _equal_runs(bounds[0]):
            rows = np.flatnonzero((low == start) & (part == stop))
            further = [word[rows] for word in words[1:]]
            part[rows] = start + _part_of(further, [bound[start:stop] for bound in bounds[1:]])
    return part.astype(np.uint8 if len(bounds[0]) < 2**8 else np.uint16)


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
