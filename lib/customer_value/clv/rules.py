"""Simple rules that any model has to beat before it deserves to be used.

Source of the comparison: Wübben & von Wangenheim 2008, Journal of Marketing 72(3).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from customer_value.clv.inputs import Array
from customer_value.clv.units import DAYS
from customer_value.text import say

__all__ = ["RULES", "rule_predictions"]

RULES = {
    "same_rate": say("same rate as before"),
    "last_period": say("last period repeated"),
    "hiatus": say("silent too long"),
}
"""Name in facts and tables, and in sentences."""

_MONTH = DAYS["M"]


def rule_predictions(
    customers: pd.DataFrame, months: Any | None, *, calibration_end: dt.date | None, days: int
) -> tuple[dict[str, Array], int | None]:
    """Purchase days that each rule predicts for each customer.

    Parameters
    ----------
    customers
        customer_id, frequency, recency, T (days), first_order, as known at ``calibration_end``.
    months
        customer_id, month, purchase_days (pandas or Ibis); None leaves out the rules that need it.
    calibration_end
        Last known day; None leaves out the same rules.
    days
        Length of the future.

    Returns
    -------
    predictions
        Rule to predicted purchase days, in the order of ``customers``. *same_rate*: own repeat rate
        so far. *last_period*: as many as in as long a time before (whole months). *hiatus*: nothing
        after a silence of more than X months, own rate otherwise.
    hiatus
        X, the months of silence that within the known time best told who came back; None if the
        rule is left out.
    """
    x, T = customers["frequency"].to_numpy(float), customers["T"].to_numpy(float)
    rate = np.divide(x, T, out=np.zeros(len(x)), where=T > 0)
    out = {"same_rate": rate * days}
    if months is None or calibration_end is None:
        return out, None
    known = _known_months(months, calibration_end)
    if len(known) == 0:
        return out, None
    recent = _last_period(customers, known, days)
    if recent is not None:
        out["last_period"] = recent
    limit = _hiatus(known)
    if limit is not None:
        silence = T - customers["recency"].to_numpy(float)
        out["hiatus"] = np.where(silence <= limit * _MONTH, rate * days, 0.0)
    return out, limit


def _known_months(months: Any, calibration_end: dt.date) -> pd.DataFrame:
    """Buying months up to the last whole one, numbered consecutively."""
    after = pd.Timestamp(calibration_end) + pd.Timedelta(days=1)
    limit = after.to_period("M").to_timestamp()
    if not isinstance(months, pd.DataFrame):
        kept = (months.month < limit.date()) & (months.purchase_days > 0)
        months = months.filter(kept).select("customer_id", "month", "purchase_days").to_pandas()
    month = pd.to_datetime(months["month"])
    kept = (month < limit) & (months["purchase_days"] > 0)
    number = month[kept].dt.year * 12 + month[kept].dt.month
    known = months.loc[kept, ["customer_id", "purchase_days"]].assign(number=number)
    known.attrs["limit"] = limit.year * 12 + limit.month
    return known


def _last_period(customers: pd.DataFrame, known: pd.DataFrame, days: int) -> Array | None:
    limit = int(known.attrs["limit"])
    length = round(days / _MONTH)
    start = limit - length
    if length < 1 or start < int(known["number"].min()):
        return None
    bought = known[known["number"] >= start].groupby("customer_id")["purchase_days"].sum()
    number = customers["customer_id"].map(bought).fillna(0).to_numpy(float)
    first = pd.to_datetime(customers["first_order"])
    first_number = (first.dt.year * 12 + first.dt.month).to_numpy()
    repeats = number - ((first_number >= start) & (first_number < limit))
    return np.asarray(np.maximum(repeats, 0.0) * days / (length * _MONTH))


def _hiatus(known: pd.DataFrame) -> int | None:
    """Months of silence after which customers are best called gone, tried at 70 % of the time."""
    first, limit = int(known["number"].min()), int(known.attrs["limit"])
    now = first + round(0.7 * (limit - first))
    before, after = known[known["number"] < now], known[known["number"] >= now]
    if len(before) == 0 or limit - now < 2:
        return None
    silence = now - 1 - before.groupby("customer_id")["number"].max()
    back = silence.index.isin(after["customer_id"])
    choices = np.arange(int(silence.max()) + 1)
    wrong = [int(((silence.to_numpy() <= limit) != back).sum()) for limit in choices]
    return int(choices[int(np.argmin(wrong))]) + 1
