"""From customers' days to the rows of the reduced tables, for a part.

Every figure of a customer up to a date is a sum over its first so many days, hence the difference of
two running sums; one sort serves all dates. The definitions are those of `customer_value.reduce`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from customer_value.reduction.days import Days
from customer_value.reduction.money import as_double
from customer_value.reduction.sorting import changes, running

__all__ = ["Figures", "History", "history_of", "months_of", "snapshot_of", "weeks_of", "window_of"]

Array = NDArray[Any]
Column = tuple[Array, Array | None]
"""Values, and where they are NULL (None: nowhere)."""

LOG_DECIMALS = 9


@dataclass(frozen=True)
class History:
    """The days of a part with their running sums; shapes (days + 1,) or (purchase days + 1,).

    ``buys`` counts purchase days; ``buy_date``, ``buy_gross`` and ``buy_net`` are their dates and money.
    ``gaps`` are the days since the purchase day before, a customer's least first, and ``gap_date`` when they end;
    sums of gaps take the first purchase day of a customer as one of zero.
    """

    days: Days
    sums: dict[str, Array]
    buys: Array
    buy_date: Array
    buy_gross: Array
    buy_gross_sum: Array
    buy_net: Array
    gaps: Array
    gap_date: Array
    gap_squares: Array
    gap_logs: Array


@dataclass(frozen=True)
class Figures:
    """A customer table of a part as known on a date, without its window.

    Attributes
    ----------
    customer
        Numbers of the customers known on the date.
    first, end
        Their first day and the day after their last known one.
    columns
        The table's columns by name.
    """

    customer: Array
    first: Array
    end: Array
    columns: dict[str, Column]


def history_of(days: Days, gap_logs: Array) -> History:
    """Running sums of a part's days.

    Parameters
    ----------
    days
        The part's days.
    gap_logs
        Logarithms of the gaps of 0, 1, 2, … days in billionths (int64), zero for no gap.
    """
    names = _money_names(days)
    buy = np.flatnonzero(days.bought)
    date = days.date[buy]
    buys = running(days.bought)
    gross = _part(days.gross, buy)
    gap = np.diff(date, prepend=date[:1])
    first = buys[days.starts]
    leading = first[:-1][first[:-1] < first[1:]]
    gap[leading] = 0
    gaps, gap_date = _by_length(gap, date, leading, np.diff(first))
    return History(
        days=days,
        sums={name: running(getattr(days, name)) for name in ("orders", *names)},
        buys=buys,
        buy_date=date,
        buy_gross=gross,
        buy_gross_sum=running(gross),
        buy_net=_part(days.net_revenue, buy),
        gaps=gaps,
        gap_date=gap_date,
        gap_squares=running(gap * gap),
        gap_logs=running(gap_logs[gap]),
    )


def snapshot_of(history: History, as_of: int) -> Figures:
    """The customers as known on a date (days since 1970); see `customer_value.reduce.customers_at`."""
    days = history.days
    first, end = days.starts[:-1], _days_until(history, as_of)
    customer = np.flatnonzero(end > first)
    first, end = first[customer], end[customer]
    buy, buy_end = history.buys[first], history.buys[end]
    count = buy_end - buy
    none, no_gap = count == 0, count < 2
    first_buy, last_buy = _at(history.buy_date, buy), _at(history.buy_date, buy_end - 1)
    recency, frequency, gaps = last_buy - first_buy, count - 1, np.maximum(count - 1, 0)
    sums = {name: total[end] - total[first] for name, total in history.sums.items()}
    repeated = history.buy_gross_sum[buy_end] - history.buy_gross_sum[buy] - _at(history.buy_gross, buy)
    squares = history.gap_squares[buy_end] - history.gap_squares[buy]
    logs = as_double(history.gap_logs[buy_end] - history.gap_logs[buy], LOG_DECIMALS)
    divisor = np.maximum(gaps, 1).astype(np.float64)
    columns: dict[str, Column] = {
        "first_order": (first_buy, none),
        "last_order": (last_buy, none),
        "orders": (sums.pop("orders"), None),
        "purchase_days": (count, None),
        **{name: (as_double(total), None) for name, total in sums.items()},
        "frequency": (frequency, none),
        "recency": (recency, none),
        "T": (as_of - first_buy, none),
        "monetary_value": (as_double(repeated) / divisor, no_gap),
        "gap_mean": (recency.astype(np.float64) / divisor, no_gap),
        "gap_median": (_medians(history, as_of, gaps), no_gap),
        "gap_std": (_standard_deviation(gaps, recency, squares), count < 3),
        "gap_log_mean": (logs / divisor, no_gap),
        "last_gap": (last_buy - _at(history.buy_date, buy_end - 2), no_gap),
    }
    return Figures(customer, first, end, columns)


def window_of(history: History, figures: Figures, start: int | None) -> dict[str, Column]:
    """Orders and money of a snapshot's customers on days after a date; None: on all days."""
    begin = figures.first
    if start is not None:
        begin = np.minimum(_days_until(history, start)[figures.customer], figures.end)
    orders, gross, net = (history.sums[name] for name in ("orders", "gross", "net_revenue"))
    return {
        "window_orders": (orders[figures.end] - orders[begin], None),
        "window_gross": (as_double(gross[figures.end] - gross[begin]), None),
        "window_net_revenue": (as_double(net[figures.end] - net[begin]), None),
    }


def months_of(history: History) -> tuple[Array, dict[str, Column]]:
    """Customer number and columns of `customer_value.reduce.customer_months`; months count from 1970-01."""
    days = history.days
    low = int(days.date.min())
    calendar = np.arange(low, int(days.date.max()) + 1).astype("datetime64[D]").astype("datetime64[M]")
    month = calendar.astype(np.int64)[days.date - low]
    customer = np.repeat(np.arange(len(days.names)), np.diff(days.starts))
    starts = np.flatnonzero(changes(customer, month))
    ends = np.append(starts[1:], len(month))
    sums = {name: total[ends] - total[starts] for name, total in history.sums.items()}
    return customer[starts], {
        "month": (month[starts], None),
        "orders": (sums.pop("orders"), None),
        "purchase_days": (history.buys[ends] - history.buys[starts], None),
        **{name: (as_double(total), None) for name, total in sums.items()},
    }


def weeks_of(history: History, origin: int) -> dict[str, Array]:
    """Purchases of a part by week of acquisition and week, both counted from ``origin``.

    Columns acquired_week, week, customers, purchase_days and net_revenue (whole ten-thousandths of any
    size), one row per pair of weeks with a purchase.
    """
    week = (history.buy_date - origin) // 7
    first = history.buys[history.days.starts]
    sizes = np.diff(first)
    buyer = np.repeat(np.arange(len(sizes)), sizes)
    acquired = np.repeat(_at(week, first[:-1]), sizes)
    span = int(week.max()) + 1 if len(week) else 1
    cells, cell = _cells(acquired * span + week, span * span)
    begins = changes(buyer, week)
    customers = np.bincount(cell[begins], minlength=len(cells))
    purchases = np.bincount(cell, minlength=len(cells))
    money = history.buy_net
    high, low = np.zeros(len(cells), dtype=np.int64), np.zeros(len(cells), dtype=np.int64)
    np.add.at(high, cell, (money >> 32).astype(np.int64))
    np.add.at(low, cell, (money & (2**32 - 1)).astype(np.int64))
    some = np.flatnonzero(purchases)
    return {
        "acquired_week": cells[some] // span,
        "week": cells[some] % span,
        "customers": customers[some],
        "purchase_days": purchases[some],
        "net_revenue": (high[some].astype(object) << 32) + low[some].astype(object),
    }


def _money_names(days: Days) -> list[str]:
    return ["gross", "returns", "net_revenue", *(["margin"] if days.margin is not None else [])]


def _part(values: Array, places: Array) -> Array:
    return values if len(places) == len(values) else values[places]


def _days_until(history: History, date: int) -> Array:
    """The day after each customer's last one on or before a date."""
    days = history.days
    known = running(days.date <= date)
    first = days.starts[:-1]
    until: Array = first + known[days.starts[1:]] - known[first]
    return until


def _at(values: Array, places: Array) -> Array:
    """Values at places, and anything where there is no such place."""
    if not len(values):
        return np.zeros(len(places), dtype=np.int64)
    found: Array = values[np.clip(places, 0, len(values) - 1)]
    return found


def _standard_deviation(count: Array, total: Array, squares: Array) -> Array:
    """From whole sums: the numerator is exact, as the engine's is."""
    if float(squares.max(initial=0)) * float(count.max(initial=0)) >= 2.0**62:
        count, total, squares = (values.astype(object) for values in (count, total, squares))
    spread = (squares * count - total * total).astype(np.float64)
    pairs = np.maximum((count * (count - 1)).astype(np.float64), 1.0)
    deviation: Array = np.sqrt(np.maximum(spread / pairs, 0.0))
    return deviation


def _by_length(gap: Array, date: Array, leading: Array, purchases: Array) -> tuple[Array, Array]:
    """Gaps and the dates that end them, each customer's by length.

    ``leading`` are the places of first purchase days, and ``purchases`` the purchase days of each customer. Days of any
    calendar fit into 17 bits, and the customers of a part into what is left.
    """
    low = int(date.min()) if len(date) else 0
    bits = np.uint64(max(int(date.max(initial=low)) - low, 1).bit_length())
    key = np.repeat(np.arange(len(purchases), dtype=np.uint64), purchases)
    for field in (gap, date - low):
        key <<= bits
        key |= field.astype(np.uint64)
    ends = np.ones(len(key), dtype=bool)
    ends[leading] = False
    key = key[ends]
    key.sort()
    mask = (np.uint64(1) << bits) - np.uint64(1)
    return (key >> bits & mask).astype(np.int64), (key & mask).astype(np.int64) + low


def _medians(history: History, as_of: int, count: Array) -> Array:
    """The median gap up to a date of each customer known on it, where it has gaps: so many."""
    values = history.gaps[history.gap_date <= as_of]
    start = np.cumsum(count) - count
    low, high = (_at(values, start + place) for place in ((np.maximum(count, 1) - 1) // 2, count // 2))
    middle: Array = (low + high) / 2
    return middle


def _cells(keys: Array, size: int) -> tuple[Array, Array]:
    """Cells of a table and the cell of each row: all cells if they are few, else those in use."""
    if size <= max(2**16, len(keys)):
        return np.arange(size), keys
    cells, cell = np.unique(keys, return_inverse=True)
    return cells, cell
