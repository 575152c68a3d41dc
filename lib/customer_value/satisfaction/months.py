"""What customers bought in windows of whole months before and after a month."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import pandas as pd

from customer_value.row_order import by_content

__all__ = ["WINDOWS", "data_span", "fits", "window"]

WINDOWS = (12, 6, 3)
"""Lengths tried for the time before and after, in months; the longest that the data hold."""


def data_span(months: ibis.Table) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """First and last month of the data, None if there are none."""
    first, last = months.aggregate(a=months.month.min(), b=months.month.max()).to_pandas().iloc[0]
    return None if pd.isna(first) else (pd.Timestamp(first), pd.Timestamp(last))


def fits(month: Any, length: int, as_of: dt.date) -> Any:
    """Whether ``length`` whole months after a month (or a column of them) are over on a day."""
    over = (month + pd.DateOffset(months=length + 1)) if isinstance(month, pd.Timestamp) else None
    if over is None:
        over = month.dt.to_period("M").dt.to_timestamp() + pd.DateOffset(months=length + 1)
    return over <= pd.Timestamp(as_of) + pd.Timedelta(days=1)


def window(months: ibis.Table, month: pd.Timestamp, before: int, after: int) -> pd.DataFrame:
    """Purchases of each customer before and after a month, which itself counts on neither side.

    Parameters
    ----------
    months
        ``customer_id``, ``month`` (first day), ``purchase_days``, ``net_revenue``.
    month
        First day of the month.
    before, after
        Length of the two windows in months.

    Returns
    -------
    pandas.DataFrame
        Customers who bought before, indexed by ``customer_id``: ``spend_before``, ``days_before``,
        ``recent`` (bought in the last three months before), ``spend_after``, ``days_after``,
        ``days_late`` (purchase days in the second half of the time after).
    """
    start, end = month - pd.DateOffset(months=before), month + pd.DateOffset(months=after)
    near = months.filter((months.month >= start.date()) & (months.month <= end.date()))
    earlier, later = near.month < month.date(), near.month > month.date()
    middle = month + pd.DateOffset(months=after // 2)
    last_quarter = earlier & (near.month >= (month - pd.DateOffset(months=3)).date())

    def total(column: Any, condition: Any) -> Any:
        return ibis.ifelse(condition, column, 0).sum()

    table = near.group_by("customer_id").aggregate(
        spend_before=total(near.net_revenue, earlier),
        days_before=total(near.purchase_days, earlier),
        recent_days=total(near.purchase_days, last_quarter),
        spend_after=total(near.net_revenue, later),
        days_after=total(near.purchase_days, later),
        days_late=total(near.purchase_days, near.month > middle.date()),
    )
    frame = by_content(table.filter(table.days_before > 0).to_pandas(), "customer_id")
    frame = frame.assign(recent=frame["recent_days"] > 0).drop(columns="recent_days")
    frame["customer_id"] = frame["customer_id"].astype("str")
    return frame.set_index("customer_id").round({"spend_before": 6, "spend_after": 6})
