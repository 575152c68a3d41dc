"""Customers with the scores of their history and their money so far, put side by side.

Where customers and their months lie in the order of the customers, no join is needed; see
`customer_value.alignment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from customer_value.alignment import (
    InOrder,
    Range,
    Unordered,
    beside,
    kept_by_range,
    month_numbers,
    runs_of,
    ten_thousandths,
    whole_column,
)
from customer_value.reduction.money import as_double

__all__ = ["scored_in_order"]

Array = NDArray[Any]

_HISTORY = ("frequency", "recency", "T")
_DAY_BITS = 22


def scored_in_order(
    people: ibis.Table,
    months: ibis.Table,
    scores: pd.DataFrame,
    columns: Sequence[str],
    *,
    discount_rate: float,
    basis: str,
) -> ibis.Table:
    """Every customer with scores and earned money, kept by the engine in the order of the customers.

    Parameters
    ----------
    people
        customer_id, first_order, frequency, recency, T, and what else is to be kept.
    months
        customer_id, month, net_revenue, [margin].
    scores
        One row per distinct frequency, recency and T, with ``columns``.
    columns
        Which of its columns to take.
    discount_rate, basis
        As in `customer_value.clv.realised.earned_so_far`.

    Returns
    -------
    ibis.Table
        The columns of ``people``, ``columns`` and earned.

    Raises
    ------
    customer_value.alignment.Unordered
        If a table does not lie in the order of its customers, or a history has no score.
    """
    money = months["margin" if basis == "margin" else "net_revenue"].fill_null(0).cast("float64")
    dated = months.select("customer_id", day=months.month.cast("date"), money=money)
    here, there = InOrder(people), InOrder(dated, once=False)
    table = _Scores(scores, columns)
    factors = _Factors(people.get_backend(), discount_rate)
    return kept_by_range(people, lambda bounds: _range(here, there, table, factors, bounds))


class _Scores:
    """Scores by history, found by a search among histories as whole numbers."""

    def __init__(self, scores: pd.DataFrame, columns: Sequence[str]) -> None:
        key = _packed(*(scores[name].to_numpy() for name in _HISTORY))
        order = np.argsort(key, kind="stable")
        self._key = key[order]
        self._columns = {name: scores[name].to_numpy()[order] for name in columns}

    def of(self, rows: pa.Table) -> dict[str, Array]:
        """The columns for the histories of some customers."""
        key = _packed(*(rows[name].to_numpy() for name in _HISTORY))
        place = np.searchsorted(self._key, key)
        if not len(self._key) or not np.array_equal(self._key[np.minimum(place, len(self._key) - 1)], key):
            raise Unordered
        return {name: values[place] for name, values in self._columns.items()}


class _Factors:
    """What money is worth after some whole months, as the engine computes it."""

    def __init__(self, con: Any, discount_rate: float) -> None:
        self._con = con
        self._rate = discount_rate
        self._known = np.ones(0)

    def after(self, months: Array) -> Array:
        """For each number of months from 0."""
        most = int(months.max(initial=0))
        if most >= len(self._known):
            numbers = ibis.range(0, most + 1).unnest().name("n").as_table()
            years = numbers.n.cast("float64") / 12
            worth = numbers.select("n", worth=ibis.literal(1.0 + self._rate) ** (-years)).order_by("n")
            self._known = self._con.to_pyarrow(worth)["worth"].to_numpy()
        found: Array = self._known[months]
        return found


def _range(here: InOrder, there: InOrder, scores: _Scores, factors: _Factors, bounds: Range) -> pa.Table:
    rows, months = here.rows(bounds), there.rows(bounds)
    runs = runs_of(months)
    first = _month(beside(runs.ids, rows.select(["customer_id", "first_order"]))["first_order"])
    since = np.maximum(_month(months["day"]) - np.repeat(first, runs.sizes), 0)
    money = months["money"].to_numpy() * factors.after(since)
    units = ten_thousandths(pa.array(money))
    sums = np.add.reduceat(units, runs.starts) if len(runs.starts) else units
    earned = pa.table({"customer_id": runs.ids, "earned": as_double(sums)})
    columns = {name: rows[name] for name in rows.column_names} | scores.of(rows)
    return pa.table(columns | {"earned": beside(whole_column(rows, "customer_id"), earned)["earned"]})


def _packed(frequency: Array, recency: Array, age: Array) -> Array:
    """A history in one number."""
    code = frequency.astype(np.uint64) << np.uint64(_DAY_BITS)
    code = (code | recency.astype(np.uint64)) << np.uint64(_DAY_BITS)
    packed: Array = code | age.astype(np.uint64)
    return packed


def _month(dates: Any) -> Array:
    """Months since 1970-01; of a customer without a purchase, any."""
    days = dates.cast(pa.date32()).cast(pa.int32()).fill_null(0).to_numpy()
    return month_numbers(days)
