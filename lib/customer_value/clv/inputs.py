"""What a valid purchase history is, and the distinct weighted rows that models are fitted on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from customer_value.clv.grouping import counted, distinct, thinned
from customer_value.errors import InputError

__all__ = [
    "Array",
    "History",
    "Spend",
    "check_parameters",
    "checked_counts",
    "checked_history",
    "checked_times",
    "distinct",
]

Array = NDArray[Any]

_ROUNDING = 1e-9
_BLOCK = 1 << 12


@dataclass(frozen=True)
class History:
    """Distinct purchase histories with the number of customers that share each.

    Rows are sorted, so that a fit does not depend on the order of the input.

    Parameters
    ----------
    x
        Repeat purchases, whole numbers.
    t_x, T
        Time of the last purchase and of observation, both counted from the first purchase, in the
        model's time unit.
    weight
        Customers per row.
    """

    x: Array
    t_x: Array
    T: Array
    weight: Array

    @classmethod
    def of(cls, summary: pd.DataFrame) -> History:
        """The distinct rows of a table with columns frequency, recency, T [, weight]."""
        columns = [_column(summary, name) for name in ("frequency", "recency", "T")]
        rows, total = counted(columns, _weights(summary))
        try:
            x, t_x, T = checked_history(*rows)
        except InputError:
            checked_history(*columns)
            raise
        kept = total > 0
        return cls(x[kept], t_x[kept], T[kept], total[kept])

    @property
    def customers(self) -> float:
        """Customers in all rows."""
        return float(self.weight.sum())

    @property
    def repeaters(self) -> float:
        """Customers with at least one repeat purchase."""
        return float(self.weight[self.x > 0].sum())

    def scaled(self, factor: float) -> History:
        """The same histories with times divided by a factor."""
        return History(self.x, self.t_x / factor, self.T / factor, self.weight)

    def weighted(self, weight: Array) -> History:
        """The same rows with other weights, without those that weigh nothing."""
        kept = weight > 0
        return History(self.x[kept], self.t_x[kept], self.T[kept], weight[kept])

    def thinned(self, most: int) -> History:
        """At most so many of the rows of those who did and of those who did not buy again.

        They lie at even steps of the customers in their order, each with an equal share of the weight.
        """
        groups = (np.flatnonzero(self.x == 0), np.flatnonzero(self.x > 0))
        parts = [thinned(group, self.weight, most) for group in groups]
        rows, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
        return History(self.x[rows], self.t_x[rows], self.T[rows], weight)

    @cached_property
    def places(self) -> tuple[Array, Array, Array, Array, Array]:
        """Counts as indices; distinct t_x and T; each row's place among these."""
        (last,), last_at = distinct(self.t_x)
        (seen,), seen_at = distinct(self.T)
        return self.x.astype(np.int64), last, seen, last_at, seen_at

    @cached_property
    def pairs(self) -> tuple[Array, Array, Array, Array]:
        """Distinct (x, time) of all t_x and T; each row's place of (x, t_x) and of (x, T) among them."""
        (count, time), place = distinct(np.tile(self.x, 2), np.concatenate([self.t_x, self.T]))
        return count, time, place[: len(self.x)], place[len(self.x) :]


@dataclass(frozen=True)
class Spend:
    """Distinct (repeat purchases, mean spend) rows of customers who bought again, with weights."""

    x: Array
    mean: Array
    weight: Array

    @classmethod
    def of(cls, summary: pd.DataFrame) -> Spend:
        """The distinct rows of a table with columns frequency, monetary_value [, weight]."""
        x = checked_counts("frequency", _column(summary, "frequency"), least=1)
        mean = np.asarray(_column(summary, "monetary_value"), dtype=float)
        _refuse(~(np.isfinite(mean) & (mean > 0)), "monetary_value", mean, "must be a number above 0")
        (x, mean), total = counted([x, mean], _weights(summary))
        kept = total > 0
        return cls(x[kept], mean[kept], total[kept])

    def weighted(self, weight: Array) -> Spend:
        """The same rows with other weights, without those that weigh nothing."""
        kept = weight > 0
        return Spend(self.x[kept], self.mean[kept], weight[kept])

    def thinned(self, most: int) -> Spend:
        """At most so many rows, at even steps of the customers in their order, that stand for all."""
        rows, weight = thinned(np.arange(len(self.x)), self.weight, most)
        return Spend(self.x[rows], self.mean[rows], weight)


def checked_history(x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> tuple[Array, Array, Array]:
    """Broadcast arrays of valid (x, t_x, T) as floats.

    Raises
    ------
    InputError
        Naming the first row (counted from 1) and value that cannot be: a missing, negative or
        fractional count, a time that is missing or negative, t_x after T, repeat purchases at time
        zero, or a time of a last repeat purchase without one.

    Examples
    --------
    >>> checked_history([1, 0], [2, 0], 3)
    (array([1., 0.]), array([2., 0.]), array([3., 3.]))
    >>> checked_history([1, 4], [2, 5], 3)
    Traceback (most recent call last):
    ...
    customer_value.errors.InputError: Row 2: recency 5 is after T 3.
    """
    columns = _numbers("frequency", x), _numbers("recency", t_x), _numbers("T", T)
    count, last, observed = np.broadcast_arrays(*columns)
    if not all(_possible(*part) for part in _parts(count, last, observed)):
        checked_counts("frequency", count)
        checked_times("recency", last)
        checked_times("T", observed)
        late = last > observed * (1 + _ROUNDING) + _ROUNDING
        _refuse(late, "recency", last, lambda row: f"is after T {observed.flat[row]:.10g}")
        _refuse((count > 0) & (last == 0), "recency", last, "although there are repeat purchases")
        _refuse((count == 0) & (last > 0), "recency", last, "although there is no repeat purchase")
    return count, np.minimum(last, observed), observed


def checked_counts(name: str, values: ArrayLike, least: int = 0) -> Array:
    """Whole numbers from ``least`` as floats, or an `InputError` with row and value."""
    numbers = _numbers(name, values)
    _refuse(~np.isfinite(numbers), name, numbers, "is not a number")
    _refuse(numbers < least, name, numbers, f"is below {least}")
    _refuse(numbers != np.floor(numbers), name, numbers, "is not a whole number")
    return numbers


def checked_times(name: str, values: ArrayLike) -> Array:
    """Non-negative finite times as floats, or an `InputError` with row and value."""
    numbers = _numbers(name, values)
    _refuse(~np.isfinite(numbers), name, numbers, "is not a number")
    _refuse(numbers < 0, name, numbers, "is negative")
    return numbers


def check_parameters(model: str, **parameters: float) -> None:
    """Refuse parameters that are not finite numbers above zero.

    Examples
    --------
    >>> check_parameters("BG/NBD", r=0.2, alpha=-1)
    Traceback (most recent call last):
    ...
    customer_value.errors.InputError: BG/NBD: alpha is -1, but must be a finite number above 0.
    """
    for name, value in parameters.items():
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{model}: {name} is {value:.10g}, but must be a finite number above 0.")


def _possible(x: Array, t_x: Array, T: Array) -> bool:
    """Whether all histories can be; missing values fail every comparison."""
    whole = (x >= 0) & (x == np.floor(x)) & (x < np.inf)
    return bool(np.all(whole & (t_x >= 0) & (t_x <= T) & np.isfinite(T) & ((x > 0) == (t_x > 0))))


def _parts(*columns: Array) -> Iterator[tuple[Array, ...]]:
    """Pieces of equally long columns that stay in the processor's cache."""
    flat = [column.reshape(-1) for column in columns]
    for start in range(0, len(flat[0]), _BLOCK):
        yield tuple(column[start : start + _BLOCK] for column in flat)


def _column(table: pd.DataFrame, name: str) -> Array:
    if name not in table.columns:
        raise InputError(f"The table has no column {name}; it has {', '.join(map(str, table.columns))}.")
    return _numbers(name, table[name])


def _weights(table: pd.DataFrame) -> Array | None:
    if "weight" not in table.columns:
        return None
    return checked_times("weight", table["weight"])


def _numbers(name: str, values: ArrayLike | Sequence[float]) -> Array:
    try:
        if isinstance(values, pd.Series) and values.dtype.kind not in "iuf":
            return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name} has values that are not numbers.") from None


def _refuse(wrong: Array, name: str, values: Array, why: str | Callable[[int], str]) -> None:
    if not np.any(wrong):
        return
    row = int(np.flatnonzero(wrong)[0])
    value = values.flat[row]
    written = "missing" if np.isnan(value) else f"{value:.10g}"
    reason = why if isinstance(why, str) else why(row)
    raise InputError(f"Row {row + 1}: {name} {written} {reason}.")
