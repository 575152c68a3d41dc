"""Order numbers that start again, next year or next month, and are other orders then.

For one customer and order number a new order starts on a day more than `OrdersTable.order_number_days` after the
first day of the current one. Only numbers whose days of sale lie further apart matter; there are usually none. On
DuckDB the sorted pass over the rows follows them (`customer_value.reduction`); the days of those on a server or on
Spark are followed here, order by order.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ibis

from customer_value import words
from customer_value.engines import Engine
from customer_value.ledger import LedgerLine
from customer_value.reduce import is_sale
from customer_value.settings import OrdersTable
from customer_value.sources.parquet import read_saved, save_parquet

__all__ = ["Restarts", "find_restarts", "with_later_orders"]

_KEY = ["customer_id", "order_id"]


@dataclass(frozen=True)
class Restarts:
    """Order numbers that start again.

    Attributes
    ----------
    numbers
        How many numbers of a customer, of one or several orders more each.
    orders
        How many orders more there are.
    """

    numbers: int = 0
    orders: int = 0

    def note(self, days: int) -> tuple[LedgerLine, ...]:
        """The line of the ledger; none if no number starts again."""
        if not self.numbers:
            return ()
        detail = (
            f"{self._again} more than {words.count(days, 'day')} after the first day of an order and start a new "
            f"one: {words.count(self.orders, 'order')} more"
        )
        return (LedgerLine("orders", "note", "order numbers", detail=detail),)

    def warning(self, days: int) -> tuple[str, ...]:
        """What a reader should know; nothing if no number starts again."""
        if not self.numbers:
            return ()
        return (
            f"{self._again} more than {words.count(days, 'day')} after the first day of an order, as numbers do that "
            f"are unique for a year only; each is taken for a new order then, {words.count(self.orders, 'order')} "
            "more in all. If an order may take longer, state order_number_days under orders.",
        )

    @property
    def _again(self) -> str:
        return words.count(
            self.numbers, "order number of a customer comes again", "order numbers of customers come again"
        )


def find_restarts(
    rows: ibis.Table, span: int, spec: OrdersTable, engine: Engine, scratch: Path
) -> tuple[Restarts, ibis.Table | None]:
    """Order numbers that start again, among rows that lie on a server or on Spark.

    Parameters
    ----------
    rows
        Kept order rows, void ones marked.
    span
        At most so many days lie between the first and the last of them.
    spec
        Of the orders.
    engine, scratch
        Where the days of such numbers are kept.

    Returns
    -------
    tuple
        What was found; and customers and days (order_date) on which so many orders more (``more``) start, where what
        was saved from the rows is read; None if every number is one order.
    """
    if "order_id" not in rows.columns or span <= spec.order_number_days:
        return Restarts(), None
    first, path = scratch / "order-days-0.parquet", scratch / "later_orders.parquet"
    engine.save(_days(rows, spec), first)
    pieces = _followed(first, spec.order_number_days, engine, scratch)
    if not pieces:
        return Restarts(), None
    starts = read_saved(engine.local, pieces)
    found = starts.aggregate(
        orders=starts.count(), numbers=starts.select(_KEY).distinct().count().as_scalar()
    )
    sums = found.to_pyarrow().to_pylist()[0]
    save_parquet(starts.group_by("customer_id", "order_date").aggregate(more=starts.count()), path)
    return Restarts(sums["numbers"], sums["orders"]), engine.read(path, like=rows)


def with_later_orders(days: ibis.Table, later: ibis.Table | None) -> ibis.Table:
    """Customers' days (`customer_value.reduce.customer_days`) with the orders that `find_restarts` adds."""
    if later is None:
        return days
    joined = days.left_join(later, ["customer_id", "order_date"])
    orders = (days.orders + later.more.fill_null(0)).cast(days.orders.type())
    return joined.select(**{name: orders if name == "orders" else days[name] for name in days.columns})


def _days(rows: ibis.Table, spec: OrdersTable) -> ibis.Table:
    """The days of sale of order numbers that may start again."""
    sales = rows.filter(is_sale(rows, spec.free_orders) & rows.order_id.notnull())
    spans = sales.group_by(_KEY).aggregate(first=sales.order_date.min(), last=sales.order_date.max())
    wide = spans.filter(spans["last"].delta(spans["first"], unit="day") > spec.order_number_days)
    return sales.semi_join(wide, _KEY).select(*_KEY, "order_date").distinct()


def _followed(days: Path, most: int, engine: Engine, scratch: Path) -> list[Path]:
    """Files of customer_id, order_id and order_date, the days on which an order starts beyond a number's first.

    There is one for the second orders of all numbers, one for the third, and so on.
    """
    pieces: list[Path] = []
    for nth in range(1, 100_000):
        left = read_saved(engine.local, days)
        told = left.mutate(started=left.order_date.min().over(ibis.window(group_by=_KEY)))
        since = told.order_date.delta(told.started, unit="day")
        if nth > 1:
            pieces.append(scratch / f"orders-{nth}.parquet")
            save_parquet(told.filter(since == 0).drop("started"), pieces[-1])
        days = scratch / f"order-days-{nth}.parquet"
        save_parquet(told.filter(since > most).drop("started"), days)
        if not read_saved(engine.local, days).count().execute():
            break
    return pieces
