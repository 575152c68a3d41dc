"""From orders straight to what is scored, without a report: one grouping on the engine.

Counting different order ids takes a database several times as long as adding up the rows of a customer. In
many order books each order is one row, and that can be proved quickly: if the 64-bit hashes of all order ids
differ, so do the ids, and the rows are the orders. Otherwise the engine counts the ids that differ.
Either way the figures are exact.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ibis
import numpy as np
import pandas as pd

from customer_value.expressions import EXACT_MONEY, as_table
from customer_value.reduction.sorting import changes
from customer_value.rfm.portfolio import months_back
from customer_value.sources.engine import hashed, streamed

__all__ = ["from_orders"]

MOST_ROWS = 2**26
"""Rows up to which they are looked at for repeated ids: 8 bytes of memory each, and twice as many to sort them."""

_MIDDLE = np.uint64(2**63)


def from_orders(
    orders: ibis.Table | pd.DataFrame, as_of: dt.date, *, window_months: int | None = None
) -> ibis.Table:
    """Last order, orders and money of each customer, ready for `customer_value.rfm.base`.

    Parameters
    ----------
    orders
        One row per order, or per line of one: customer_id, order_date, amount (returns below zero), and,
        where an order may have several rows, order_id. A row whose order_id is missing is an order.
    as_of
        Later rows are left out.
    window_months
        Orders and money are those of so many months before ``as_of``; None: of all history.

    Returns
    -------
    ibis.Table
        A row per customer, on the engine of ``orders``: customer_id, last_order (day of the last row
        with an amount above zero; missing where there is none), window_orders (different orders
        with such a row in the window) and window_net_revenue (the sum of all amounts in the window, exact to
        four places).

    Raises
    ------
    InputError
        If a column is missing.

    Examples
    --------
    >>> rows = {"customer_id": ["a", "a", "b"], "order_id": [1, 1, 2], "amount": [10.0, 5.0, 7.0],
    ...         "order_date": [dt.date(2024, 5, 1)] * 3}
    >>> customers = from_orders(pd.DataFrame(rows), dt.date(2024, 5, 31)).order_by("customer_id")
    >>> customers.to_pyarrow().to_pandas()[["customer_id", "window_orders"]].values.tolist()
    [['a', 1], ['b', 1]]
    """
    table = as_table(orders, needs=("customer_id", "order_date", "amount"))
    day = table.order_date.cast("date")
    table = table.filter(day <= ibis.literal(as_of)).mutate(order_date=day)
    every: Any = ibis.literal(True)
    inside = every
    if window_months is not None:
        inside = table.order_date > ibis.literal(months_back(as_of, window_months))
    rows, all_sales = _looked_at(table)
    bought = every if all_sales else table.amount > 0
    counted = _both(bought, inside)
    if "order_id" in table.columns and not (rows <= MOST_ROWS and _one_row_each(table.filter(counted))):
        named = table.order_id.nunique(where=counted)
        window_orders = named + table.count(where=counted & table.order_id.isnull())
    else:
        window_orders = table.count(where=_unless_all(counted))
    money = table.amount if table.amount.type().is_decimal() else table.amount.cast(EXACT_MONEY)
    return table.group_by("customer_id").aggregate(
        last_order=table.order_date.max(where=_unless_all(bought)),
        window_orders=window_orders.fill_null(0).cast("int64"),
        window_net_revenue=money.sum(where=_unless_all(inside)).fill_null(0).cast("float64"),
    )


def _looked_at(orders: ibis.Table) -> tuple[int, bool]:
    """How many rows, and whether every amount is above zero, so that no row needs to be asked."""
    amount = orders.amount
    found = orders.aggregate(rows=orders.count(), known=amount.count(), low=amount.min())
    row = found.to_pyarrow().to_pylist()[0]
    return row["rows"], row["low"] is not None and row["low"] > 0 and row["known"] == row["rows"]


def _both(one: Any, other: Any) -> Any:
    return other if _is_all(one) else one if _is_all(other) else one & other


def _unless_all(condition: Any) -> Any:
    return None if _is_all(condition) else condition


def _is_all(condition: Any) -> bool:
    return isinstance(condition, ibis.expr.types.Scalar)


def _one_row_each(orders: ibis.Table) -> bool:
    """Whether no order id stands in two rows; other engines than DuckDB count the ids at once."""
    if orders.get_backend().name != "duckdb":
        return False
    named = orders.filter(orders.order_id.notnull())
    hashes = [batch["hash"].to_numpy() for batch in streamed(named.select(hash=hashed(named.order_id)))]
    with ThreadPoolExecutor(2) as pool:
        low = pool.submit(_differ, hashes, lambda part: part < _MIDDLE)
        high = pool.submit(_differ, hashes, lambda part: part >= _MIDDLE)
        return low.result() and high.result()


def _differ(hashes: list[Any], chosen: Callable[[Any], Any]) -> bool:
    """Whether no two of the chosen hashes are equal."""
    some = np.concatenate([np.empty(0, np.uint64), *(part[chosen(part)] for part in hashes)])
    some.sort()
    return bool(changes(some).all())
