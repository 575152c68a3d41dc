"""What a valid history in discrete time is: purchase opportunities and contract renewals, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from customer_value.clv.inputs import Array, checked_counts, checked_times, distinct
from customer_value.errors import InputError

__all__ = ["Opportunities", "Renewals", "checked_opportunities", "checked_truth"]


@dataclass(frozen=True)
class Opportunities:
    """Distinct histories over opportunities to buy, sorted, with the customers that share each.

    Parameters
    ----------
    x
        Purchases.
    t_x
        Number of the opportunity of the last purchase; 0 without one.
    n
        Opportunities since the customer was won.
    weight
        Customers per row.
    """

    x: Array
    t_x: Array
    n: Array
    weight: Array

    @classmethod
    def of(cls, summary: pd.DataFrame) -> Opportunities:
        """The distinct rows of a table with columns frequency, recency, opportunities [, weight]."""
        names = ("frequency", "recency", "opportunities")
        x, t_x, n = checked_opportunities(*(_column(summary, name) for name in names))
        (x, t_x, n), weight = _grouped(summary, x, t_x, n)
        return cls(x, t_x, n, weight)

    @property
    def customers(self) -> float:
        """Customers in all rows."""
        return float(self.weight.sum())

    def weighted(self, weight: Array) -> Opportunities:
        """The same rows with other weights, without those that weigh nothing."""
        kept = weight > 0
        return Opportunities(self.x[kept], self.t_x[kept], self.n[kept], weight[kept])


@dataclass(frozen=True)
class Renewals:
    """How many contracts faced each renewal, and how many ended there.

    This is all that a contract model needs: to be there at a renewal and to leave at it are the only
    events. A contract that is first seen at a later age counts from there on.

    Parameters
    ----------
    at_risk
        Contracts that came up for renewal 1, 2, …
    lost
        Contracts that ended at it.
    customers
        Contracts in all.
    """

    at_risk: Array
    lost: Array
    customers: float

    @classmethod
    def of(cls, summary: pd.DataFrame) -> Renewals:
        """Renewals from a table of contracts or of renewals.

        Parameters
        ----------
        summary
            Either one row per contract (or kind of contract): ``periods`` (renewals that it came up
            for), ``churned`` (whether it ended at the last of them), optionally ``entered`` (renewals
            passed before it was first seen; 0 if not given) and ``weight`` (contracts). Or one row per
            renewal, in as many cohorts as there are: ``periods`` (number of the renewal), ``at_risk``
            and ``lost``.
        """
        if {"at_risk", "lost"} & set(map(str, summary.columns)):
            return cls._of_renewals(summary)
        return cls._of_contracts(summary)

    @classmethod
    def _of_contracts(cls, table: pd.DataFrame) -> Renewals:
        periods = checked_counts("periods", _column(table, "periods"))
        churned = checked_truth("churned", _column(table, "churned"))
        entered = checked_counts("entered", _column(table, "entered", 0.0))
        _refuse(churned & (periods == 0), "periods", periods, "although the contract ended at a renewal")
        late = entered > periods - churned
        _refuse(late, "entered", entered, "leaves no renewal that could have been seen")
        weight = checked_times("weight", _column(table, "weight", 1.0))
        size = int(periods.max(initial=0)) + 2
        ended = np.bincount(periods.astype(int), weights=weight * churned, minlength=size)
        seen = np.bincount(entered.astype(int) + 1, weights=weight, minlength=size)
        gone = np.bincount(periods.astype(int) + 1, weights=weight, minlength=size)
        at_risk = np.cumsum(seen - gone)
        return cls(np.maximum(at_risk[1:-1], 0.0), ended[1:-1], float(weight.sum()))

    @classmethod
    def _of_renewals(cls, table: pd.DataFrame) -> Renewals:
        periods = checked_counts("periods", _column(table, "periods"), least=1)
        at_risk = checked_times("at_risk", _column(table, "at_risk"))
        lost = checked_times("lost", _column(table, "lost"))
        _refuse(lost > at_risk, "lost", lost, "is more than were at risk")
        size = int(periods.max(initial=0)) + 1
        faced, ended = (np.bincount(periods.astype(int), v, size)[1:] for v in (at_risk, lost))
        return cls(faced, ended, float(at_risk[periods == 1].sum()))


def checked_opportunities(x: ArrayLike, t_x: ArrayLike, n: ArrayLike) -> tuple[Array, Array, Array]:
    """Broadcast arrays of valid (x, t_x, n) as floats.

    Raises
    ------
    InputError
        Naming the first row (counted from 1) and value that cannot be: a number that is missing,
        negative or fractional, more purchases than opportunities up to the last of them, a last
        purchase after the last opportunity, or a last purchase without any.

    Examples
    --------
    >>> checked_opportunities([1, 4], [2, 5], 3)
    Traceback (most recent call last):
    ...
    customer_value.errors.InputError: Row 2: recency 5 is after the last of 3 opportunities.
    """
    parts = zip(("frequency", "recency", "opportunities"), (x, t_x, n), strict=True)
    raw = np.broadcast_arrays(*(np.asarray(checked_counts(name, values)) for name, values in parts))
    count, last, asked = (np.array(values, dtype=float) for values in raw)
    _refuse(last > asked, "recency", last, "is after the last of {} opportunities", asked)
    _refuse((count == 0) & (last > 0), "recency", last, "although there is no purchase")
    _refuse((count > 0) & (last == 0), "recency", last, "although there are purchases")
    _refuse(count > last, "frequency", count, "is more than the {} opportunities up to the last one", last)
    return count, last, asked


def checked_truth(name: str, values: ArrayLike) -> Array:
    """True and false, or 1 and 0, as an array of truth values."""
    numbers = checked_counts(name, values)
    _refuse(numbers > 1, name, numbers, "is neither 0 nor 1")
    return np.asarray(numbers == 1)


def _grouped(table: pd.DataFrame, *columns: Array) -> tuple[tuple[Array, ...], Array]:
    weight = checked_times("weight", _column(table, "weight", 1.0))
    rows, place = distinct(*columns)
    total = np.bincount(place, weights=weight, minlength=len(rows[0]))
    kept = total > 0
    return tuple(column[kept] for column in rows), total[kept]


def _column(table: pd.DataFrame, name: str, default: float | None = None) -> Array:
    if name in table.columns:
        try:
            return np.asarray(table[name].to_numpy(dtype=float, na_value=np.nan))
        except (TypeError, ValueError):
            raise InputError(f"{name} has values that are not numbers.") from None
    if default is None:
        raise InputError(f"The table has no column {name}; it has {', '.join(map(str, table.columns))}.")
    return np.full(len(table), default)


def _refuse(wrong: Array, name: str, values: Array, why: str, other: Array | None = None) -> None:
    if np.any(wrong):
        row = int(np.flatnonzero(wrong)[0])
        reason = why if other is None else why.format(f"{other.flat[row]:.10g}")
        raise InputError(f"Row {row + 1}: {name} {values.flat[row]:.10g} {reason}.")
