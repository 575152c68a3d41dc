"""The whole way from order rows to the files of the reduced tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from customer_value.reduce import EXACT, Dates
from customer_value.reduction.customers import (
    Column,
    History,
    history_of,
    months_of,
    snapshot_of,
    weeks_of,
    window_of,
)
from customer_value.reduction.days import Noticed, days_of
from customer_value.reduction.money import DECIMALS, scaled, split_sum
from customer_value.reduction.partitions import ROWS_PER_PART, Parts, read_parts
from customer_value.reduction.survey import Survey
from customer_value.reduction.totals import Patterns, Totals, patterns_of, patterns_table, weeks_table
from customer_value.reduction.writing import LayeredOutlet, Outlet, Stopped

__all__ = ["Reduced", "Seen", "look_at_orders", "reduce_orders"]

Array = NDArray[Any]

BYTES_PER_ROW = 400
"""Memory that a task needs at most for each row of its part."""

_DATES = ("first_order", "last_order", "as_of")
_COUNTS = (
    "orders",
    "purchase_days",
    "frequency",
    "recency",
    "T",
    "window_orders",
    "last_gap",
)
_MONEY = ("gross", "returns", "net_revenue", "margin")
_CUSTOMERS = (
    *("customer_id", "first_order", "last_order", "orders", "purchase_days"),
    *_MONEY,
    *("frequency", "recency", "T", "monetary_value", "window_orders", "window_gross"),
    *("window_net_revenue", "gap_mean", "gap_median", "gap_std", "gap_log_mean", "last_gap"),
)
_MONTHS = ("customer_id", "month", "orders", "purchase_days", *_MONEY)


@dataclass(frozen=True)
class Seen:
    """What was seen of order rows beside their sums.

    Attributes
    ----------
    surplus_rows, surplus_amount
        Exact copies of an earlier row and what they amount to; None if rows were not hashed.
    numbers_again, orders_again
        Order numbers of a customer that start again, and how many orders more they stand for.
    """

    surplus_rows: int | None
    surplus_amount: Decimal | None
    numbers_again: int
    orders_again: int


@dataclass(frozen=True)
class Reduced(Seen):
    """The account of what was reduced.

    Attributes
    ----------
    rows
        Order rows up to ``as_of``.
    net_revenue
        The sum of their amounts.
    """

    rows: int
    net_revenue: Decimal


def reduce_orders(
    rows: ibis.Table,
    *,
    survey: Survey | None = None,
    dates: Dates,
    window_start: dt.date | None,
    snapshot_windows: Mapping[dt.date, dt.date | None],
    one_order_is: str | None,
    free_orders: str,
    order_number_days: int | None = None,
    folder: Path,
    scratch: Path,
    threads: int,
    memory_bytes: int,
    meanwhile: Callable[[], None] = lambda: None,
) -> Reduced:
    """Write the reduced tables of order rows that DuckDB can read.

    Parameters
    ----------
    rows
        Kept order rows: customer_id (text, never null), order_date, amount and maybe cost (DECIMAL(18, 4)),
        order_id (null: none), ``_hash`` (64 bits of the whole source row), ``_number`` and
        ``_order_number`` (customer_id and order_id where they are whole numbers in the source); other
        columns are ignored.
    survey
        Of the rows, if they have been looked at already and none is later than ``dates.as_of``; it spares a pass.
    dates
        The report's dates; ``origin`` is the first date of the rows.
    window_start
        ``customers`` counts window_orders, window_gross and window_net_revenue on days after it; None: on all.
    snapshot_windows
        The same for each date of ``dates.snapshots()``, the last of which is ``dates.as_of``.
    one_order_is, free_orders
        As in `customer_value.reduce.customer_days`.
    order_number_days
        An order number of a customer starts again, and is another order, on a day more than so many days after the
        first day of its order; None: it never does.
    folder
        Gets customers, snapshots, purchase_patterns, customer_months and weekly_purchases as Parquet.
    scratch
        Folder for intermediate files, about as large as the rows; the caller removes it.
    threads
        Tasks at once, the engine's own not counted.
    memory_bytes
        How much memory to use here, the engine's not counted. All rows of one customer are held at
        once, however many (about 400 bytes each).
    meanwhile
        Called in another thread once all tables but the snapshots are there, and waited for.

    Returns
    -------
    Reduced
        Rows, money, exact copies and order numbers that start again, for the ledger and its warnings.
    """
    tasks = _tasks(threads, memory_bytes)
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(tasks, thread_name_prefix="reduce") as pool:
        parts = read_parts(rows, dates.as_of, survey, scratch, pool, tasks, memory_bytes)
        few = parts.in_memory and parts.rows * BYTES_PER_ROW < memory_bytes // 4
        schemas = _schemas("cost" in parts.layout.fields)
        with _outlet("snapshots", schemas, folder) as stacked:
            with (
                _outlet("customers", schemas, folder) as customers,
                _outlet("customer_months", schemas, folder) as months,
            ):
                job = _Job(
                    parts=parts,
                    gap_logs=_gap_logs(rows, (dates.as_of - dates.origin).days),
                    origin=_number(dates.origin),
                    snapshots=[_Snapshot.of(date, snapshot_windows[date]) for date in dates.snapshots()],
                    window_start=_maybe_number(window_start),
                    one_order_is=one_order_is,
                    free_orders=free_orders,
                    order_number_days=order_number_days,
                    customers=customers,
                    stacked=LayeredOutlet(stacked, len(parts), None if few else scratch),
                    months=months,
                    totals=Totals(),
                )
                _run(pool, job, [customers, stacked, months])
            reduced = _small_tables(job, folder)
            other = pool.submit(meanwhile)
            job.stacked.finish()
            other.result()
    return reduced


def look_at_orders(
    rows: ibis.Table,
    *,
    survey: Survey | None,
    as_of: dt.date,
    free_orders: str,
    order_number_days: int,
    scratch: Path,
    threads: int,
    memory_bytes: int,
) -> Seen:
    """What `reduce_orders` sees on the way, without any table; the parameters are its own."""
    tasks = _tasks(threads, memory_bytes)
    with ThreadPoolExecutor(tasks, thread_name_prefix="look") as pool:
        parts = read_parts(rows, as_of, survey, scratch, pool, tasks, memory_bytes)

        def look(part: int) -> Noticed:
            columns = parts.take(part)
            if not len(columns[0]):
                return Noticed()
            return days_of(columns, parts.layout, None, free_orders, order_number_days)[1]

        return _seen(sum(pool.map(look, range(len(parts))), Noticed()), parts)


@dataclass(frozen=True)
class _Snapshot:
    """A date and its window's start, in days since 1970."""

    as_of: int
    window_start: int | None

    @classmethod
    def of(cls, as_of: dt.date, window_start: dt.date | None) -> _Snapshot:
        return cls(_number(as_of), _maybe_number(window_start))


@dataclass(frozen=True)
class _Job:
    """All that the work on one part needs."""

    parts: Parts
    gap_logs: Array
    origin: int
    snapshots: list[_Snapshot]
    window_start: int | None
    one_order_is: str | None
    free_orders: str
    order_number_days: int | None
    customers: Outlet
    stacked: LayeredOutlet
    months: Outlet
    totals: Totals

    def do(self, part: int) -> None:
        """Reduce one part and write what comes out."""
        layout, columns = self.parts.layout, self.parts.take(part)
        rows = len(columns[0])
        if not rows:
            self._skip(part)
            return
        days, noticed = days_of(columns, layout, self.one_order_is, self.free_orders, self.order_number_days)
        del columns
        history, names = history_of(days, self.gap_logs), layout.ids.names_of(days.names)
        patterns = self._write_customers(part, history, names)
        self._write_months(part, history, names)
        weeks = weeks_of(history, self.origin)
        self.totals.add(rows, split_sum(days.net_revenue), noticed, weeks, patterns)

    def _write_customers(self, part: int, history: History, names: Any) -> dict[int, Patterns]:
        """The rows of the customers at each date, and how many are alike."""
        patterns = {}
        for layer, snapshot in enumerate(self.snapshots):
            figures = snapshot_of(history, snapshot.as_of)
            patterns[snapshot.as_of] = patterns_of(figures)
            known = names if len(figures.customer) == len(names) else names.take(pa.array(figures.customer))
            columns = figures.columns | window_of(history, figures, snapshot.window_start)
            columns["as_of"] = np.full(len(known), snapshot.as_of), None
            self.stacked.write(layer, part, _table(self.stacked.schema, known, columns))
        columns = figures.columns | window_of(history, figures, self.window_start)
        self.customers.write(part, _table(self.customers.schema, known, columns))
        return patterns

    def _write_months(self, part: int, history: History, names: Any) -> None:
        customer, columns = months_of(history)
        coded = pa.DictionaryArray.from_arrays(pa.array(customer, pa.int32()), names)
        self.months.write(part, _table(self.months.schema, coded, columns))

    def _skip(self, part: int) -> None:
        for layer in range(len(self.snapshots)):
            self.stacked.write(layer, part, self.stacked.schema.empty_table())
        for outlet in (self.customers, self.months):
            outlet.write(part, outlet.schema.empty_table())


def _run(pool: ThreadPoolExecutor, job: _Job, outlets: list[Outlet]) -> None:
    """Do all parts; the first failure stops the others and is raised."""

    def stop() -> None:
        for outlet in outlets:
            outlet.stop()

    def attempt(part: int) -> None:
        try:
            job.do(part)
        except BaseException:
            stop()
            raise

    tasks = [pool.submit(attempt, part) for part in range(len(job.parts))]
    try:
        wait(tasks, return_when=FIRST_EXCEPTION)
    finally:
        if any(not task.done() for task in tasks):
            stop()
            for task in tasks:
                task.cancel()
            wait(tasks)
    errors = [task.exception() for task in tasks if not task.cancelled()]
    for error in sorted(filter(None, errors), key=lambda error: isinstance(error, Stopped)):
        raise error


def _outlet(name: str, schemas: Mapping[str, pa.Schema], folder: Path) -> Outlet:
    return Outlet(folder / f"{name}.parquet", schemas[name])


def _small_tables(job: _Job, folder: Path) -> Reduced:
    totals = job.totals
    _write(weeks_table(totals.weeks, job.origin), folder / "weekly_purchases.parquet")
    _write(patterns_table(totals.patterns), folder / "purchase_patterns.parquet")
    seen = _seen(totals.noticed, job.parts)
    return Reduced(**vars(seen), rows=totals.rows, net_revenue=_decimal(totals.net_revenue))


def _seen(noticed: Noticed, parts: Parts) -> Seen:
    hashed = "copy" in parts.layout.fields
    return Seen(
        surplus_rows=noticed.copies if hashed else None,
        surplus_amount=_decimal(noticed.copies_amount) if hashed else None,
        numbers_again=noticed.numbers,
        orders_again=noticed.orders,
    )


def _tasks(threads: int, memory_bytes: int) -> int:
    return max(1, min(threads, memory_bytes // 2 // (ROWS_PER_PART * BYTES_PER_ROW)))


def _write(table: pa.Table, path: Path) -> None:
    with Outlet(path, table.schema) as outlet:
        outlet.write(0, table)


def _gap_logs(rows: ibis.Table, longest: int) -> Array:
    """Logarithms of 0 (as zero), 1, 2, … days in billionths, computed and rounded by the engine."""
    gaps = ibis.range(1, longest + 1).unnest().name("gap").as_table()
    logs = gaps.select("gap", log=gaps.gap.cast("float64").ln().cast(EXACT)).order_by("gap")
    found = rows.get_backend().to_pyarrow(logs)["log"].combine_chunks()
    return np.concatenate([np.zeros(1, dtype=np.int64), scaled(found)])


def _schemas(with_margin: bool) -> dict[str, pa.Schema]:
    def fields(names: tuple[str, ...]) -> list[tuple[str, pa.DataType]]:
        return [(name, _type(name)) for name in names if with_margin or "margin" not in name]

    coded = pa.dictionary(pa.int32(), pa.string())
    months = [(name, coded if name == "customer_id" else kind) for name, kind in fields(_MONTHS)]
    return {
        "customers": pa.schema(fields(_CUSTOMERS)),
        "snapshots": pa.schema(fields(("as_of", *_CUSTOMERS))),
        "customer_months": pa.schema(months),
    }


def _type(name: str) -> pa.DataType:
    if name == "customer_id":
        return pa.string()
    if name in _DATES:
        return pa.date32()
    if name == "month":
        return pa.timestamp("us")
    return pa.int64() if name in _COUNTS else pa.float64()


def _table(schema: pa.Schema, names: Any, columns: dict[str, Column]) -> pa.Table:
    arrays = [
        names if field.name == "customer_id" else _arrow(field.type, *columns[field.name]) for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _arrow(kind: pa.DataType, values: Array, null: Array | None) -> Any:
    if null is not None and not null.any():
        null = None
    if pa.types.is_date(kind):
        values = values.astype(np.int32)
    elif pa.types.is_timestamp(kind):
        values = values.astype("datetime64[M]").astype("datetime64[us]")
    return pa.array(values, type=kind, mask=null)


def _number(date: dt.date) -> int:
    """Days since 1970."""
    return int(np.datetime64(date, "D").astype(np.int64))


def _maybe_number(date: dt.date | None) -> int | None:
    return None if date is None else _number(date)


def _decimal(amount: int) -> Decimal:
    """Money from ten-thousandths, of any size."""
    return Decimal(amount).scaleb(-DECIMALS, context=Context(prec=60))
