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
from customer_value.contract import Copies, Orders, exact_copies
from customer_value.engines import Engine
from customer_value.errors import InputError
from customer_value.machine import processors
from customer_value.order_numbers import with_later_orders
from customer_value.reduce import Dates
from customer_value.settings import OrdersTable, Settings
from customer_value.sources.parquet import read_saved
from customer_value.tables import parquet_path, tables_folder, write_csv, write_table

__all__ = ["ORDER_TABLES", "OrderTables"]

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

    def write(self, kept: Decimal) -> Copies:
        """Write every table, and say what was found of exact copies.

        Raises
        ------
        InputError
            If the rows are not worth ``kept``, as judged: the source changed while it was read.
        """
        rows, as_of = self.orders.rows, self.dates.as_of
        copies = self._here(kept) if self.orders.source.engine == "duckdb" else self._there(kept)
        if "product_id" in rows.columns:
            self._from_rows("customer_product_years", reduce.customer_product_years(rows, as_of))
        if {"discount", "quantity"} <= set(rows.columns):
            self._from_rows("customer_product_prices", reduce.customer_product_prices(rows, as_of))
        return copies

    def _here(self, kept: Decimal) -> Copies:
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
        return Copies(reduced.surplus_rows or 0, reduced.surplus_amount or Decimal(0))

    def _for_people(self, names: Sequence[str]) -> None:
        """Write those of the tables that are there once more, as CSV."""
        for name in names:
            if parquet_path(self.run, name).exists():
                write_csv(self.run, name)

    def _there(self, kept: Decimal) -> Copies:
        """Rows of a server or of Spark: one row per customer and day there, the rest where that lands."""
        rows, as_of = self.orders.rows, self.dates.as_of
        copies = exact_copies(rows)
        path = self.scratch / "days.parquet"
        self.engine.save(reduce.customer_days(rows, self._one_order_is, self.spec.free_orders), path)
        days = with_later_orders(self.engine.read(path, like=rows), self.orders.later)
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
        return copies

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
