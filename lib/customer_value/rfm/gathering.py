"""The tables of `customer_value.rfm.people` put side by side, where they lie in the order of their customers.

The engine types and filters; what is added up over the months of a customer, and the cells of the cohorts, is
added up here, in whole ten-thousandths, so that the figures are those of the engine's own joins.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from customer_value.alignment import (
    InOrder,
    Range,
    Runs,
    beside,
    kept_by_range,
    month_numbers,
    rounded_units,
    runs_of,
    ten_thousandths,
    whole_column,
)
from customer_value.reduction.money import as_double
from customer_value.rfm.portfolio import months_back, year_end

__all__ = ["Activity", "joined_in_order"]

Array = NDArray[Any]

_SPLIT = 26
_NONE = np.iinfo(np.int32).min


@dataclass(frozen=True)
class Activity:
    """What `customer_value.rfm.portfolio.activity` adds up, for one date.

    Attributes
    ----------
    date, begun, prefix
        As there.
    """

    date: dt.date
    begun: bool
    prefix: str = ""


@dataclass
class _Cells:
    """Sums by month of the first purchase and month, over ranges of customers."""

    money: Sequence[str]
    frames: list[pd.DataFrame] = field(default_factory=list)

    def add(self, cohort: Array, month: Array, bought: Array, money: Mapping[str, Array]) -> None:
        """Rows of months: month numbers from 1970 (cohort `_NONE`: no purchase), and what they hold."""
        if not len(month):
            return
        low = month.min()
        span = int(month.max() - low) + 1
        none = cohort == _NONE
        base = cohort.min(where=~none, initial=low)
        key = np.where(none, 0, cohort - base + 1).astype(np.int64) * span + (month - low)
        sums = {
            "rows": np.bincount(key),
            "active": np.bincount(key, weights=bought).astype(np.int64),
            **{name: _exact_bincount(key, values) for name, values in money.items()},
        }
        some = np.flatnonzero(sums["rows"])
        place = some // span
        frame = pd.DataFrame({name: values[some] for name, values in sums.items() if name != "rows"})
        frame.insert(0, "cohort", np.where(place == 0, _NONE, place - 1 + base))
        frame.insert(1, "month", some % span + low)
        self.frames.append(frame)

    def frame(self) -> pd.DataFrame:
        """cohort, month (first days; no cohort without a purchase), active, and the sums of money."""
        names = ["active", *self.money]
        empty = pd.DataFrame({name: np.zeros(0, dtype=np.int64) for name in ("cohort", "month", *names)})
        summed = pd.concat([empty, *self.frames]).groupby(["cohort", "month"])[names].sum().reset_index()
        for name in self.money:
            summed[name] = as_double(summed[name].to_numpy(np.int64))
        return summed.assign(cohort=_first_days(summed["cohort"]), month=_first_days(summed["month"]))


def joined_in_order(
    found: ibis.Table,
    others: Sequence[ibis.Table],
    months: ibis.Table | None,
    activities: Sequence[Activity],
) -> tuple[ibis.Table, pd.DataFrame | None]:
    """One row per customer with the columns of all tables, kept by the engine in the order of the customers.

    Parameters
    ----------
    found
        customer_id and more; first_order where there are months. Its rows are those of the result.
    others
        Each with customer_id, a row per customer at most, and other columns, which are missing where it has
        no row.
    months
        customer_id, month, orders, net_revenue, [margin].
    activities
        What to add up over the months.

    Returns
    -------
    table
        The columns of all; of ``months`` those of `customer_value.rfm.portfolio.activity`, but for ``rest``
        its ``contribution``, recent + earlier + rest.
    cells
        What `customer_value.rfm.cohorts` needs of the months; None without months.

    Raises
    ------
    customer_value.alignment.Unordered
        If a table does not lie in the order of its customers.
    """
    money = [] if months is None else [n for n in ("net_revenue", "margin") if n in months.columns]
    cells = _Cells(money)
    people, sides = InOrder(found), [InOrder(other) for other in others]
    dated = None if months is None else InOrder(_months(months), once=False)
    table = kept_by_range(found, lambda bounds: _range(people, sides, dated, activities, bounds, cells))
    return table, None if months is None else cells.frame()


def _range(
    people: InOrder,
    sides: Sequence[InOrder],
    months: InOrder | None,
    activities: Sequence[Activity],
    bounds: Range,
    cells: _Cells,
) -> pa.Table:
    rows = people.rows(bounds)
    ids = whole_column(rows, "customer_id")
    parts = [rows, *(beside(ids, side.rows(bounds)) for side in sides)]
    if months is not None:
        parts.append(beside(ids, _summed(months.rows(bounds), rows, activities, cells)))
    columns = {name: part[name] for part in parts for name in part.column_names}
    return pa.table(columns)


def _months(months: ibis.Table) -> ibis.Table:
    money = {
        name: months[name].cast("float64") for name in ("net_revenue", "margin") if name in months.columns
    }
    return months.select(
        "customer_id", day=months.month.cast("date"), bought=(months.orders > 0).fill_null(False), **money
    )


def _summed(rows: pa.Table, people: pa.Table, activities: Sequence[Activity], cells: _Cells) -> pa.Table:
    """The activity of every customer with months; the cells of the cohorts grow."""
    runs = runs_of(rows)
    money = {name: ten_thousandths(whole_column(rows, name)) for name in cells.money}
    bought = whole_column(rows, "bought").to_numpy(zero_copy_only=False)
    day = whole_column(rows, "day").cast(pa.int32()).to_numpy()
    calendar = _Calendar.of(day)
    first = whole_column(beside(runs.ids, people.select(["customer_id", "first_order"])), "first_order")
    known = first.cast(pa.int32()).fill_null(_NONE).to_numpy()
    cohort = np.where(known == _NONE, _NONE, month_numbers(known))
    cells.add(np.repeat(cohort, runs.sizes), calendar.number - 12 * 1970 - 1, bought, money)
    value = money["margin" if "margin" in money else "net_revenue"]
    columns: dict[str, Any] = {"customer_id": runs.ids}
    for one in activities:
        columns |= _activity(one, runs, calendar, bought, value)
    return pa.table(columns)


@dataclass(frozen=True)
class _Calendar:
    """The days of some rows (since 1970), and what a month is numbered (year × 12 + month)."""

    day: Array
    low: int
    days: Array
    numbers: Array

    @classmethod
    def of(cls, day: Array) -> _Calendar:
        low, high = (int(day.min()), int(day.max())) if len(day) else (0, 0)
        days = np.arange(low, high + 1, dtype=np.int64)
        return cls(day - low, low, days, (month_numbers(days) + 12 * 1970 + 1).astype(np.int32))

    @property
    def number(self) -> Array:
        """Of the month of each row."""
        return self.of_rows(self.numbers)

    def of_rows(self, of_days: Array) -> Array:
        """A figure of each day, for each row."""
        found: Array = of_days[self.day]
        return found


def _activity(one: Activity, runs: Runs, calendar: _Calendar, bought: Array, value: Array) -> dict[str, Any]:
    """`customer_value.rfm.portfolio.activity`, for rows that lie in the order of their customers."""
    end = year_end(one.date)
    start, middle = months_back(end, 24), months_back(end, 12)
    last = one.date if one.begun else end - dt.timedelta(days=1)
    days = calendar.days
    recent, earlier = (
        (days >= _number(a)) & (days < _number(b)) for a, b in ((middle, end), (start, middle))
    )
    rest = (days >= _number(end)) & (days <= _number(last))
    inside = days >= _number(one.date - dt.timedelta(days=90))
    quarter = np.left_shift(1, ((calendar.numbers - 1) % 12) // 3).astype(np.int8)
    number = calendar.number

    def total(when: Array) -> Array:
        return _reduced(np.add, np.where(calendar.of_rows(when), value, 0), runs)

    def bits(when: Array) -> Array:
        return _reduced(np.bitwise_or, np.where(bought, calendar.of_rows(quarter * when), np.int8(0)), runs)

    money = {"recent": recent, "earlier": earlier, "rest": rest}
    sums = {name: as_double(total(when)) for name, when in money.items()}
    before = np.where(bought & ~calendar.of_rows(inside), number, _NONE)
    back = np.where(bought & calendar.of_rows(inside & (days <= _number(last))), -number, _NONE)
    before, back = (_reduced(np.maximum, values, runs) for values in (before, back))
    columns = {
        "recent": sums["recent"],
        "earlier": sums["earlier"],
        "recent_quarters": bits(recent | rest),
        "earlier_quarters": bits(earlier),
        "before_return": pa.array(before, mask=before == _NONE),
        "return_month": pa.array(-back, mask=back == _NONE),
        "contribution": rounded_units(sums["recent"] + sums["earlier"] + sums["rest"]) / 1e4,
    }
    return {one.prefix + name: column for name, column in columns.items()}


def _reduced(ufunc: Any, values: Array, runs: Runs) -> Array:
    if not len(runs.starts):
        return values[:0]
    found: Array = ufunc.reduceat(values, runs.starts)
    return found


def _exact_bincount(key: Array, values: Array) -> Array:
    """Sums of whole numbers by key: halves of them are exact as doubles."""
    high, low = values >> _SPLIT, values & (2**_SPLIT - 1)
    high, low = (np.bincount(key, weights=half).astype(np.int64) for half in (high, low))
    sums: Array = (high << _SPLIT) + low
    return sums


def _first_days(months: pd.Series) -> list[dt.date | None]:
    """The first day of months since 1970-01."""
    days = months.to_numpy().astype("datetime64[M]").astype("datetime64[D]")
    return [None if number == _NONE else day for number, day in zip(months, days.tolist(), strict=True)]


def _number(date: dt.date) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))
