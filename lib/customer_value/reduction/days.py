"""From the order rows of one part to its customers' days.

Rows are sorted by customer and date once; a day is then a stretch of rows and a customer a stretch of
days, and every figure is the sum of a stretch. Sums are of whole ten-thousandths and so exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customer_value.reduction.money import fits_int64, split_sum
from customer_value.reduction.order_starts import order_starts
from customer_value.reduction.partitions import Columns, Layout
from customer_value.reduction.sorting import changes, first_occurrences, running, sort_order

__all__ = ["Days", "Noticed", "days_of"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Noticed:
    """What is seen of the rows on the way.

    Attributes
    ----------
    copies, copies_amount
        Rows beyond the first of each set of identical ones, and their amount in ten-thousandths.
    numbers, orders
        Order numbers of a customer that start again, and orders that they stand for beyond the first.
    """

    copies: int = 0
    copies_amount: int = 0
    numbers: int = 0
    orders: int = 0

    def __add__(self, other: Noticed) -> Noticed:
        return Noticed(
            self.copies + other.copies,
            self.copies_amount + other.copies_amount,
            self.numbers + other.numbers,
            self.orders + other.orders,
        )


@dataclass(frozen=True)
class Days:
    """Customers and their days with any order row, in order.

    Attributes
    ----------
    names
        Words of the customers' ids, shape (customers, words).
    starts
        First day of each customer, and the number of all days; shape (customers + 1,).
    date
        Days since 1970, per day.
    bought
        Whether it is a purchase day.
    orders
        Orders with a sale, each counted on its first such day only; a number that starts again is another order.
    gross, returns, net_revenue, margin
        Ten-thousandths per day: int64 if no sum of a customer can exceed it, else Python's whole
        numbers. ``margin`` is None if cost is not known.
    """

    names: Array
    starts: Array
    date: Array
    bought: Array
    orders: Array
    gross: Array
    returns: Array
    net_revenue: Array
    margin: Array | None


def days_of(
    columns: Columns,
    layout: Layout,
    one_order_is: str | None,
    free_orders: str,
    order_number_days: int | None,
) -> tuple[Days, Noticed]:
    """The days of a part.

    Parameters
    ----------
    columns
        The part's rows, at least one.
    layout
        What they hold.
    one_order_is, free_orders
        As in `customer_value.reduce.customer_days`.
    order_number_days
        An order number starts again on a day more than so many days after the first day of its order; None: never.
    """
    order = sort_order([*layout.words(columns), _unsigned(layout.field(columns, "date"))])
    columns = [column.take(order) for column in columns]
    words, date = layout.words(columns), layout.field(columns, "date")
    new_customer = changes(*words)
    new_day = new_customer | changes(date)
    customer_start, day_start = np.flatnonzero(new_customer), np.flatnonzero(new_day)
    day = np.cumsum(new_day) - 1
    amount = layout.field(columns, "amount")
    sale = amount >= 0 if free_orders == "count" else amount > 0
    void = layout.field(columns, "void") if "void" in layout.fields else None
    sale = sale if void is None else sale & ~void
    bought: Array = _sums(sale, day_start) > 0
    begins, numbers, orders = sale, 0, 0
    if "order" in layout.fields:
        named = np.flatnonzero(sale & ~layout.field(columns, "blank"))
        whose, when, number = np.cumsum(new_customer), date, layout.field(columns, "order")
        if len(named) < len(sale):
            whose, when, number = whose[named], when[named], number[named]
        starts, numbers, orders = order_starts(whose, when, number, order_number_days)
        begins = _order_begins(sale, named, day, starts)
    each_day = "order" not in layout.fields and one_order_is == "day"
    cost = layout.field(columns, "cost") if "cost" in layout.fields else None
    gross, returns, net_revenue, margin = _money_of_days(amount, cost, void, day_start, customer_start)
    days = Days(
        names=np.stack([word[customer_start] for word in words], axis=1),
        starts=np.append(day[customer_start], len(day_start)),
        date=date[day_start].astype(np.int64),
        bought=bought,
        orders=bought.astype(np.int64) if each_day else _sums(begins, day_start),
        gross=gross,
        returns=returns,
        net_revenue=net_revenue,
        margin=margin,
    )
    surplus = (
        _surplus(layout.field(columns, "copy"), day) if "copy" in layout.fields else np.empty(0, np.int64)
    )
    return days, Noticed(len(surplus), split_sum(amount[surplus]), numbers, orders)


def _unsigned(date: Array) -> Array:
    """Days as unsigned numbers in the same order."""
    days: Array = (date - date.min()).astype(np.uint64)
    return days


def _sums(values: Array, starts: Array) -> Array:
    """Of the stretches of rows that begin at ``starts``, the first at 0."""
    total = running(values)
    return np.diff(total[starts], append=total[-1:])


def _order_begins(sale: Array, named: Array, day: Array, starts: Array) -> Array:
    """Whether an order is counted at a row: where it starts, or the day's first sale without an order_id.

    ``named`` are the places of sales with an order_id, and ``starts`` tells of each whether an order does.
    """
    if len(named) == len(sale):
        return starts
    begins, nameless = np.zeros(len(sale), dtype=bool), sale.copy()
    nameless[named] = False
    begins[named] = starts
    rest = np.flatnonzero(nameless)
    begins[rest[changes(day[rest])]] = True
    return begins


def _money_of_days(
    amount: Array, cost: Array | None, void: Array | None, day_start: Array, customer_start: Array
) -> tuple[Array, Array, Array, Array | None]:
    """Gross, returns, net revenue and margin per day; what is void is in the last two only."""
    if not fits_int64(customer_start, amount, *([] if cost is None else [cost])):
        amount, cost = amount.astype(object), None if cost is None else cost.astype(object)
    net_revenue = _sums(amount, day_start)
    counted = amount if void is None else np.where(void, 0, amount)
    returns = -_sums(np.minimum(counted, 0), day_start)
    gross = (net_revenue if void is None else _sums(counted, day_start)) + returns
    margin = None if cost is None else _sums(amount - cost, day_start)
    return gross, returns, net_revenue, margin


def _surplus(row_hash: Array, day: Array) -> Array:
    """Places of rows that repeat one before; they are of one customer and day, so only days with several count."""
    several = np.zeros(len(day), dtype=bool)
    again = day[1:] == day[:-1]
    several[1:] |= again
    several[:-1] |= again
    rows = np.flatnonzero(several)
    surplus: Array = rows[~first_occurrences(day[rows], row_hash[rows])]
    return surplus
