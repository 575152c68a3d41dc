"""The tables that the order lines of a run are reduced to, written where the notebooks find them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from customer_value import reduce, reduction
from customer_value.contract import Copies, Orders, copies_warning, exact_copies
from customer_value.engines import Engine
from customer_value.errors import InputError
from customer_value.ledger import LedgerLine
from customer_value.machine import processors
from customer_value.order_numbers import Restarts, find_restarts, with_later_orders
from customer_value.reduce import Dates
from customer_value.reduction import Seen
from customer_value.settings import OrdersTable, Settings
from customer_value.sources.parquet import read_saved
from customer_value.tables import parquet_path, tables_folder, write_csv, write_table

__all__ = ["ORDER_TABLES", "Noticed", "OrderTables"]

ORDER_TABLES = (
    "customers",
    "snapshots",
    "purchase_patterns",
    "customer_months",
    "weekly_purchases",
    "customer_product_years",
    "customer_product_prices",
)
"""The reduced tables that orders are needed for."""


@dataclass(frozen=True)
class Noticed:
    """What is to be said of order lines once all of them have been looked at."""

    copies: Copies
    restarts: Restarts

    def notes(self, spec: OrdersTable) -> tuple[LedgerLine, ...]:
        """Lines of the ledger."""
        return self.restarts.note(spec.order_number_days)

    def warnings(self, spec: OrdersTable, currency: str) -> tuple[str, ...]:
        """What a reader should know."""
        return (*self.restarts.warning(spec.order_number_days), *copies_warning(self.copies, currency))


@dataclass(frozen=True)
class OrderTables:
    """The way from judged order lines to the tables of a run.

    Attributes
    ----------
    orders, dates
        The rows and the dates that tables are made for.
    settings, spec
        Of the run and of its orders.
    service_costs
        Cost to serve (_cost) of each customer_id, where it is known.
    engine
        Where the rows are, and where else queries can be run.
    run, scratch
        Folder of the run, and one for files that are of no use afterwards.
    """

    orders: Orders
    dates: Dates
    settings: Settings
    spec: OrdersTable
    service_costs: ibis.Table | None
    engine: Engine
    run: Path
    scratch: Path

    def look(self) -> Noticed:
        """What `write` notices, without a table."""
        rows, engine = self.orders.rows, self.settings.engine
        if self.orders.source.engine != "duckdb":
            restarts, _ = self._restarts()
            return Noticed(exact_copies(rows), restarts)
        seen = reduction.look_at_orders(
            rows,
            survey=self.orders.survey,
            as_of=self.dates.as_of,
            free_orders=self.spec.free_orders,
            order_number_days=self.spec.order_number_days,
            scratch=self.scratch,
            threads=engine.threads or processors(),
            memory_bytes=engine.memory_bytes,
        )
        return _noticed(seen)

    def write(self, kept: Decimal) -> Noticed:
        """Write every table, and say what was noticed on the way.

        Raises
        ------
        InputError
            If the rows are not worth ``kept``, as judged: the source changed while it was read.
        """
        rows, as_of = self.orders.rows, self.dates.as_of
        noticed = self._here(kept) if self.orders.source.engine == "duckdb" else self._there(kept)
        if "product_id" in rows.columns:
            self._from_rows("customer_product_years", reduce.customer_product_years(rows, as_of))
        if {"discount", "quantity"} <= set(rows.columns):
            self._from_rows("customer_product_prices", reduce.customer_product_prices(rows, as_of))
        return noticed

    def _here(self, kept: Decimal) -> Noticed:
        """Rows that DuckDB reads: one sorted pass in this process."""
        rows, engine = self.orders.rows, self.settings.engine
        final = [name for name in ORDER_TABLES if name != "snapshots"] if self.service_costs is None else []
        reduced = reduction.reduce_orders(
            rows,
            survey=self.orders.survey,
            dates=self.dates,
            window_start=self._window_start,
            snapshot_windows={date: self._snapshot_window(date) for date in self.dates.snapshots()},
            one_order_is=self._one_order_is,
            free_orders=self.spec.free_orders,
            order_number_days=self.spec.order_number_days,
            folder=tables_folder(self.run),
            scratch=self.scratch,
            threads=engine.threads or processors(),
            memory_bytes=engine.memory_bytes,
            meanwhile=lambda: self._for_people(final),
        )
        _require_all_money(reduced.net_revenue, kept)
        if self.service_costs is not None:
            bare = read_saved(rows.get_backend(), parquet_path(self.run, "customers"))
            write_table(self.run, "customers", _with_service_costs(bare, self.service_costs))
        self._for_people([name for name in ORDER_TABLES if name not in final])
        return _noticed(reduced)

    def _for_people(self, names: Sequence[str]) -> None:
        """Write those of the tables that are there once more, as CSV."""
        for name in names:
            if parquet_path(self.run, name).exists():
                write_csv(self.run, name)

    def _there(self, kept: Decimal) -> Noticed:
        """Rows of a server or of Spark: one row per customer and day there, the rest where that lands."""
        rows, as_of = self.orders.rows, self.dates.as_of
        copies = exact_copies(rows)
        restarts, later = self._restarts()
        path = self.scratch / "days.parquet"
        self.engine.save(reduce.customer_days(rows, self._one_order_is, self.spec.free_orders), path)
        days = with_later_orders(self.engine.read(path, like=rows), later)
        summed = days.net_revenue.sum().as_scalar().to_pyarrow().as_py()
        _require_all_money(Decimal(summed or 0), kept)
        customers = reduce.customers_at(days, as_of, self._window_start)
        if self.service_costs is not None:
            path = self.scratch / "costs.parquet"
            self.engine.save(self.service_costs, path)
            customers = _with_service_costs(customers, self.engine.read(path, like=days))
        write_table(self.run, "customers", customers)
        windows = {date: self._snapshot_window(date) for date in self.dates.snapshots()}
        write_table(self.run, "snapshots", reduce.snapshots_at(days, windows))
        snapshots = self.engine.read(parquet_path(self.run, "snapshots"), like=days)
        write_table(self.run, "purchase_patterns", reduce.purchase_patterns(snapshots))
        write_table(self.run, "customer_months", reduce.customer_months(days, as_of))
        weeks = reduce.weekly_purchases(days, self.dates.origin, as_of)
        write_table(self.run, "weekly_purchases", weeks)
        return Noticed(copies, restarts)

    def _restarts(self) -> tuple[Restarts, ibis.Table | None]:
        span = (self.dates.as_of - self.dates.origin).days
        return find_restarts(self.orders.rows, span, self.spec, self.engine, self.scratch)

    def _from_rows(self, name: str, table: ibis.Table) -> None:
        """Write a table that is reduced where the order lines lie."""
        if table.get_backend().name in ("duckdb", "pyspark"):
            write_table(self.run, name, table)
            return
        path = self.scratch / f"{name}.parquet"
        self.engine.save(table, path)
        here = read_saved(self.engine.local, path)
        keys = [key for key in ("customer_id", "product_id", "year") if key in here.columns]
        write_table(self.run, name, here.order_by(keys))

    @property
    def _one_order_is(self) -> str:
        return self.spec.one_order_is or ("day" if self.spec.columns.product_id else "row")

    @property
    def _window_start(self) -> dt.date | None:
        return _months_before(self.dates.as_of, self.settings.rfm.window_months)

    def _snapshot_window(self, date: dt.date) -> dt.date | None:
        rfm = self.settings.rfm
        return _months_before(date, rfm.window_months or rfm.migration_months)


def _noticed(seen: Seen) -> Noticed:
    copies = Copies(seen.surplus_rows or 0, seen.surplus_amount or Decimal(0))
    return Noticed(copies, Restarts(seen.numbers_again, seen.orders_again))


def _months_before(date: dt.date, months: int | None) -> dt.date | None:
    return None if months is None else (pd.Timestamp(date) - pd.DateOffset(months=months)).date()


def _require_all_money(reduced: Decimal, kept: Decimal) -> None:
    """What was reduced is what was judged, to the cent."""
    if reduced != kept:
        raise InputError(
            f"orders: rows worth {kept} were judged but {reduced} was reduced; the source changed while it was "
            "read. Nothing was published; run again when it is at rest."
        )


def _with_service_costs(table: ibis.Table, per_customer: ibis.Table) -> ibis.Table:
    joined = table.left_join(per_customer, "customer_id")
    served = joined["_cost"].cast("float64").fill_null(0.0)
    columns: dict[str, Any] = {"cost_to_serve": served}
    if "margin" in table.columns:
        columns["profit"] = table.margin - served
    return joined.select(*(table[name] for name in table.columns), **columns).order_by("customer_id")
