"""Tables that lie in the order of their customers, put side by side a range of customers at a time.

An engine joins and groups by looking every customer up in a table of all of them. The reduced tables lie in
the order of customer_id, so equal ids can be put side by side instead, range after range, in memory that does
not grow with the customers. Order is not taken on trust: a table that turns out to lie otherwise raises
`Unordered`, and the caller lets the engine join.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from customer_value.reduction.writing import ROWS_PER_GROUP

__all__ = [
    "CUSTOMERS_PER_RANGE",
    "InOrder",
    "Range",
    "Runs",
    "Unordered",
    "beside",
    "kept_by_range",
    "month_numbers",
    "ranges",
    "rounded_units",
    "runs_of",
    "ten_thousandths",
    "whole_column",
]

Array = NDArray[Any]
Range = tuple[str | None, str | None]
"""First id of a range and of the next one; None: no bound."""

CUSTOMERS_PER_RANGE = 2 * ROWS_PER_GROUP
"""Whole row groups, so that none is read twice; small enough for memory to be used again."""

_KEY = "customer_id"
_SAFE = 1e11


class Unordered(Exception):
    """A table does not lie in the order of its customers."""


class InOrder:
    """A table that is read a range of customers at a time, in the order in which it lies.

    Parameters
    ----------
    table
        With a column customer_id; it is compiled once.
    once
        Whether each customer has one row at most.
    """

    def __init__(self, table: ibis.Table, *, once: bool = True) -> None:
        self._con = table.get_backend()
        self._con._run_pre_execute_hooks(table)
        self._kept_alive = table
        self._query = self._con.compile(table)
        self._follows = pc.less if once else pc.less_equal

    def rows(self, bounds: Range) -> pa.Table:
        """The rows of one of `ranges`, in memory.

        Raises
        ------
        Unordered
            If they do not lie in the order of customer_id.
        """
        sides = zip((">=", "<"), bounds, strict=True)
        limits = [f"{_KEY} {sign} {_quoted(bound)}" for sign, bound in sides if bound is not None]
        where = f" WHERE {' AND '.join(limits)}" if limits else ""
        rows = self._con.raw_sql(f"SELECT * FROM ({self._query}){where}").to_arrow_table().combine_chunks()
        ids = whole_column(rows, _KEY)
        follows = self._follows(ids.slice(0, max(len(ids) - 1, 0)), ids.slice(1))
        if ids.null_count or pc.all(follows).as_py() is False:
            raise Unordered
        return rows


@dataclass(frozen=True)
class Runs:
    """Neighbouring rows of one customer each.

    Attributes
    ----------
    ids
        The customers, ascending.
    starts
        First row of each customer (int64).
    sizes
        Rows of each customer (int64).
    """

    ids: Any
    starts: Array
    sizes: Array


def ranges(customers: ibis.Table) -> Iterator[Range]:
    """Ranges of customers that together are all of them, about `CUSTOMERS_PER_RANGE` each.

    Parameters
    ----------
    customers
        One row per customer, with a column customer_id, in the order of it.

    Raises
    ------
    Unordered
        If the table is seen to lie in another order, or on another engine than DuckDB, or ids are not text.
    """
    if customers.get_backend().name != "duckdb" or not customers[_KEY].type().is_string():
        raise Unordered
    placed = customers.select(_KEY, _place=ibis.row_number())
    first = placed.filter(placed["_place"] % CUSTOMERS_PER_RANGE == 0, placed["_place"] > 0)
    bounds = first.order_by("_place")[_KEY].to_pyarrow().to_pylist()
    if None in bounds or any(one >= other for one, other in pairwise(bounds)):
        raise Unordered
    return zip([None, *bounds], [*bounds, None], strict=True)


def kept_by_range(customers: ibis.Table, work: Callable[[Range], pa.Table]) -> ibis.Table:
    """What comes out of the work on each of `ranges`, one after the other, kept by the engine.

    It is kept for as long as it is referred to; nothing is kept if the work fails.

    Parameters
    ----------
    customers
        As for `ranges`.
    work
        From a range to rows, always with the same columns.

    Raises
    ------
    Unordered
        As `ranges`, or as the work does.
    """
    con, name, made = customers.get_backend(), ibis.util.gen_name("by_range"), False
    try:
        for bounds in ranges(customers):
            rows = work(bounds)
            if made:
                con.insert(name, rows)
            else:
                con.create_table(name, rows, temp=True)
                made = True
    except BaseException:
        _let_go(con, name)
        raise
    table = con.table(name)
    weakref.finalize(table.op(), _let_go, con, name).atexit = False
    return table


def runs_of(rows: pa.Table) -> Runs:
    """The customers of rows that lie in their order."""
    ids = whole_column(rows, _KEY)
    encoded = pc.run_end_encode(ids)
    ends = encoded.run_ends.to_numpy().astype(np.int64)
    starts = np.append(np.int64(0), ends)[:-1]
    return Runs(encoded.values, starts, ends - starts)


def beside(ids: Any, rows: pa.Table) -> pa.Table:
    """The rows of some customers in their order, missing where a customer has none; without customer_id."""
    others, values = whole_column(rows, _KEY), rows.drop_columns([_KEY])
    if others.type != ids.type:
        others = others.cast(ids.type)
    if others.equals(ids):
        return values
    return values.take(pc.index_in(ids, value_set=others))


def ten_thousandths(money: Any) -> Array:
    """Money as whole ten-thousandths (int64), rounded as the engine rounds it to four places.

    Raises
    ------
    Unordered
        If money is missing, or so large that sums could overflow: then the engine has to add it.

    Examples
    --------
    >>> ten_thousandths(pa.array([0.1, -2.00005]))
    array([  1000, -20001])
    """
    values = money.to_numpy(zero_copy_only=False)
    if money.null_count or not bool(np.all(np.abs(values) < _SAFE)):
        raise Unordered
    return np.asarray(rounded_units(values).astype(np.int64))


def rounded_units(values: Array) -> Array:
    """Money in ten-thousandths, rounded to whole ones as the engine rounds to four places; still doubles."""
    scaled = values * 1e4
    whole = np.trunc(scaled)
    scaled -= whole
    scaled *= 2
    whole += np.trunc(scaled)
    return np.asarray(whole)


def month_numbers(days: Array) -> Array:
    """Months since 1970-01 of days since 1970-01-01."""
    months = np.asarray(days).astype("datetime64[D]").astype("datetime64[M]")
    return np.asarray(months.astype(np.int64))


def whole_column(rows: pa.Table, name: str) -> Any:
    """A column as one array."""
    column = rows[name]
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.array([], column.type) if column.num_chunks == 0 else column.combine_chunks()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _let_go(con: Any, name: str) -> None:
    """Drop a table; an engine that is gone, or a table that is not there, is no matter."""
    with suppress(Exception):
        con.drop_table(name, force=True)
