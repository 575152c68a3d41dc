"""Order numbers that start again, next year or next month, and are other orders then.

For one customer and order number a new order starts on a day more than `OrdersTable.order_number_days` after the
first day of the current one. Only numbers whose days of sale lie further apart matter; there are usually none. Their
days are followed here, order by order, wherever the order lines lie.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis

from customer_value import words
from customer_value.engines import Engine
from customer_value.ledger import LedgerLine
from customer_value.reduce import is_sale
from customer_value.reduction import NUMBER, ORDER_NUMBER
from customer_value.settings import OrdersTable
from customer_value.sources.native import can_be_joined
from customer_value.sources.parquet import read_saved

__all__ = ["Restarts", "told_apart", "with_later_orders"]

_KEY = ["customer_id", "order_id"]
_AGAIN = "\x1f"


@dataclass(frozen=True)
class Restarts:
    """Order numbers that start again.

    Attributes
    ----------
    numbers
        How many numbers of a customer, of one or several orders more each.
    orders
        How many orders more there are.
    later
        Customers and days (order_date) on which so many orders more (``more``) start, where the order rows could
        not be told apart themselves: they lie on a server. Else None.
    """

    numbers: int
    orders: int
    later: ibis.Table | None

    def note(self, days: int) -> LedgerLine:
        """The line of the ledger."""
        detail = (
            f"{self._again} more than {words.count(days, 'day')} after the first day of an order and start a new "
            f"one: {words.count(self.orders, 'order')} more"
        )
        return LedgerLine("orders", "note", "order numbers", detail=detail)

    def warning(self, days: int) -> str:
        """What a reader should know."""
        return (
            f"{self._again} more than {words.count(days, 'day')} after the first day of an order, as numbers do that "
            f"are unique for a year only; each is taken for a new order then, {words.count(self.orders, 'order')} "
            "more in all. If an order may take longer, state order_number_days under orders."
        )

    @property
    def _again(self) -> str:
        return words.count(
            self.numbers, "order number of a customer comes again", "order numbers of customers come again"
        )


def told_apart(
    rows: ibis.Table, dates: Sequence[dt.date], spec: OrdersTable, engine: Engine, scratch: Path
) -> tuple[ibis.Table, Restarts | None]:
    """Give orders of their own to order numbers that start again.

    Parameters
    ----------
    rows
        Kept order rows, void ones marked.
    dates
        First and last date among them.
    spec
        Of the orders.
    engine, scratch
        Where the days of such numbers are kept.

    Returns
    -------
    tuple
        The rows, with another order_id from the second order of a number on (where they lie on a server, as they
        are, see `Restarts.later`); and what was found, None if every number is one order.
    """
    if "order_id" not in rows.columns or (dates[-1] - dates[0]).days <= spec.order_number_days:
        return rows, None
    first, path = scratch / "order-days-0.parquet", scratch / "later_orders.parquet"
    engine.save(_days(rows, spec), first)
    pieces = _followed(first, spec.order_number_days, engine, scratch)
    if not pieces:
        return rows, None
    engine.local.read_parquet([str(piece) for piece in pieces]).to_parquet(path)
    later = read_saved(engine.local, path)
    starts = later.filter(later.order_date == later.started)
    found = starts.aggregate(
        orders=starts.count(), numbers=starts.select(_KEY).distinct().count().as_scalar()
    )
    sums = found.to_pyarrow().to_pylist()[0]
    if can_be_joined(rows):
        return _renamed(rows, engine.read(path, like=rows)), Restarts(sums["numbers"], sums["orders"], None)
    more = starts.group_by("customer_id", "order_date").aggregate(more=starts.count())
    return rows, Restarts(sums["numbers"], sums["orders"], more)


def with_later_orders(days: ibis.Table, later: ibis.Table | None) -> ibis.Table:
    """Customers' days (`customer_value.reduce.customer_days`) with the orders that `Restarts.later` adds."""
    if later is None:
        return days
    joined = days.left_join(later, ["customer_id", "order_date"])
    orders = (days.orders + later.more.fill_null(0)).cast(days.orders.type())
    return joined.select(**{name: orders if name == "orders" else days[name] for name in days.columns})


def _days(rows: ibis.Table, spec: OrdersTable) -> ibis.Table:
    """The days of sale of order numbers that may start again."""
    sales = rows.filter(is_sale(rows, spec.free_orders) & rows.order_id.notnull())
    keys = [
        number if number in rows.columns else name
        for number, name in zip((NUMBER, ORDER_NUMBER), _KEY, strict=True)
    ]
    spans = sales.group_by(keys).aggregate(first=sales.order_date.min(), last=sales.order_date.max())
    wide = spans.filter(spans["last"].delta(spans["first"], unit="day") > spec.order_number_days)
    return sales.semi_join(wide, keys).select(*_KEY, "order_date").distinct()


def _followed(days: Path, most: int, engine: Engine, scratch: Path) -> list[Path]:
    """Files of customer_id, order_id, order_date and ``started``, the first day of the order that the day is of.

    There is one for the second orders of all numbers, one for the third, and so on.
    """
    pieces: list[Path] = []
    for nth in range(1, 100_000):
        left = read_saved(engine.local, days)
        told = left.mutate(started=left.order_date.min().over(ibis.window(group_by=_KEY)))
        since = told.order_date.delta(told.started, unit="day")
        if nth > 1:
            pieces.append(scratch / f"orders-{nth}.parquet")
            told.filter(since <= most).to_parquet(pieces[-1])
        days = scratch / f"order-days-{nth}.parquet"
        told.filter(since > most).drop("started").to_parquet(days)
        if not read_saved(engine.local, days).count().execute():
            break
    return pieces


def _renamed(rows: ibis.Table, later: ibis.Table) -> ibis.Table:
    keys = [*_KEY, "order_date"]
    joined = rows.left_join(later, keys)
    again = rows.order_id + _AGAIN + later.started.cast("string")
    order = ibis.ifelse(later.started.notnull(), again, rows.order_id)
    kept = [name for name in rows.columns if name != ORDER_NUMBER]
    return joined.select(**{name: order if name == "order_id" else rows[name] for name in kept})
