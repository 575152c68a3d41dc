"""Purchase histories with what they tell about regularity: the times between purchases."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import gammaln

from customer_value.clv.inputs import Array, History, distinct
from customer_value.clv.units import DAYS, in_time_unit
from customer_value.errors import InputError

__all__ = ["Rhythm", "check_regularity", "summary_with_gaps"]

_ROUNDED = 0.01


@dataclass(frozen=True)
class Rhythm(History):
    """Distinct histories, the regularity k at which they are looked at, and their gaps.

    Parameters
    ----------
    k
        Hidden events that lead to a purchase.
    gap_logs
        Sum of the logarithms of the times between purchases of one customer, a mean over the customers
        of each row; None if not known.
    """

    k: int = 1
    gap_logs: Array | None = None

    @classmethod
    def of(cls, summary: pd.DataFrame, k: int = 1) -> Rhythm:
        """The distinct rows of a table with columns frequency, recency, T [, weight] [, gap_log_sum]."""
        check_regularity(k)
        history = History.of(summary)
        if "gap_log_sum" not in summary.columns:
            return cls(history.x, history.t_x, history.T, history.weight, k)
        x, t_x, T, logs = (_floats(summary[name]) for name in ("frequency", "recency", "T", "gap_log_sum"))
        weight = _floats(summary["weight"]) if "weight" in summary.columns else np.ones(len(x))
        logs = _checked_gaps(x, t_x, weight, logs)
        rows, place = distinct(x, np.minimum(t_x, T), T)
        order = np.lexsort((logs, place))
        sums = np.bincount(place[order], weights=logs[order], minlength=len(rows[0]))
        total = np.bincount(place[order], weights=weight[order], minlength=len(rows[0]))
        kept = total > 0
        x, t_x, T = (column[kept] for column in rows)
        return cls(x, t_x, T, total[kept], k, sums[kept] / total[kept])

    def scaled(self, factor: float) -> Rhythm:
        """The same histories with times divided by a factor."""
        logs = None if self.gap_logs is None else self.gap_logs - self.x * math.log(factor)
        return replace(self, t_x=self.t_x / factor, T=self.T / factor, gap_logs=logs)

    def weighted(self, weight: Array) -> Rhythm:
        """The same rows with other weights, without those that weigh nothing."""
        return self._of_rows(np.flatnonzero(weight > 0), weight[weight > 0])

    def thinned(self, most: int) -> Rhythm:
        """At most so many rows that stand for all; see `History.thinned`."""
        places = replace(self, t_x=np.arange(len(self.x), dtype=float))
        few = History.thinned(places, most)
        return self._of_rows(few.t_x.astype(np.int64), few.weight)

    @cached_property
    def timing(self) -> float:
        """What the likelihood owes to when purchases were, whatever the parameters.

        With gaps it is that of all purchase times; without, that of the last one, on the same scale:
        what k = 1 gives is the same either way.
        """
        again = self.x > 0
        x, t_x, weight = self.x[again], self.t_x[again], self.weight[again]
        if self.gap_logs is not None:
            return float(weight @ ((self.k - 1) * self.gap_logs[again] - math.lgamma(self.k) * x))
        return float(weight @ ((self.k - 1) * x * np.log(t_x) - gammaln(self.k * x) + gammaln(x)))

    def _of_rows(self, rows: Array, weight: Array) -> Rhythm:
        logs = None if self.gap_logs is None else self.gap_logs[rows]
        return Rhythm(self.x[rows], self.t_x[rows], self.T[rows], weight, self.k, logs)


def summary_with_gaps(customers: pd.DataFrame, time_unit: str) -> pd.DataFrame:
    """The table that `ModifiedBetaGeoCNBD.fit` takes to find k, from the customers of a run.

    Parameters
    ----------
    customers
        Columns ``frequency``, ``recency``, ``T`` and ``gap_log_mean`` (mean logarithm of the gaps
        between purchase days), in days.
    time_unit
        ``"D"``, ``"W"`` or ``"M"``.

    Returns
    -------
    pandas.DataFrame
        frequency, recency, T, gap_log_sum in the unit; one row per customer.

    Raises
    ------
    InputError
        If the unit is unknown or a column is missing.

    Examples
    --------
    >>> days = pd.DataFrame({"frequency": [2], "recency": [28], "T": [35], "gap_log_mean": [np.log(14)]})
    >>> summary_with_gaps(days, "W").round(3).to_dict("records")
    [{'frequency': 2, 'recency': 4.0, 'T': 5.0, 'gap_log_sum': 1.386}]
    """
    names = ["frequency", "recency", "T", "gap_log_mean"]
    for name in names:
        if name not in customers.columns:
            has = ", ".join(map(str, customers.columns))
            raise InputError(f"The table has no column {name}; it has {has}.")
    table = in_time_unit(customers[names], time_unit)
    logs = table["frequency"] * (table["gap_log_mean"] - math.log(DAYS[time_unit]))
    return table.drop(columns="gap_log_mean").assign(gap_log_sum=logs.where(table["frequency"] > 0, 0.0))


def check_regularity(k: int) -> None:
    """Refuse a regularity that is not a whole number of 1 or more.

    Examples
    --------
    >>> check_regularity(1.5)
    Traceback (most recent call last):
    ...
    customer_value.errors.InputError: MBG/CNBD-k: k is 1.5, but must be a whole number of 1 or more.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise InputError(f"MBG/CNBD-k: k is {k}, but must be a whole number of 1 or more.")


def _floats(column: pd.Series) -> Array:
    return np.asarray(pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan))


def _checked_gaps(x: Array, t_x: Array, weight: Array, logs: Array) -> Array:
    """Sums of log gaps, 0 where there is no gap; refuses those that the other columns rule out."""
    again = (x > 0) & (weight > 0)
    even = weight * x * np.log(np.where(again, t_x / np.maximum(x, 1), 1.0))
    slack = _ROUNDED * weight * x
    wrongs = (
        (~np.isfinite(logs), "is not a number."),
        (logs > even + slack, "is more than equal gaps give: {:.10g}. Is it in the unit of recency?"),
        ((x == 1) & (logs < even - slack), "is less than its one gap gives: {:.10g}. Is it in its unit?"),
    )
    for wrong, why in wrongs:
        rows = np.flatnonzero(wrong & again)
        if len(rows):
            row = int(rows[0])
            value = "missing" if np.isnan(logs[row]) else f"{logs[row]:.10g}"
            raise InputError(f"Row {row + 1}: gap_log_sum {value} {why.format(even[row])}")
    return np.where(again, logs, 0.0)
