"""The figures of concentration, each for one column of values per customer.

Customers are sorted by value, highest first, and the cumulative curve is linear between them. All
shares are shares of the net total, so zero and negative customers count; where the total is not
positive there are no shares. No figure depends on the order of customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "HEAVY_PEAK",
    "Cells",
    "Plan",
    "compute",
    "customers_for_share",
    "effective_customers",
    "gini",
    "herfindahl",
    "net_total",
    "shares_mean_something",
    "top_share",
    "whale_peak",
]

NOISE = 1e-12
"""A total this small beside the amounts that it is made of is zero."""

HEAVY_PEAK = 2.0
"""Peak of the cumulative curve above which losses are larger than the total that they leave."""

Floats = npt.NDArray[np.float64]
Values = Sequence[float] | Floats


@dataclass(frozen=True)
class Plan:
    """Which figures `compute` returns, in this order: top, needed, largest, gains, and four more.

    The four are the Gini coefficient, the same without customers below zero, the sum of squared
    shares, and the peak of the cumulative curve as a multiple of the total.

    Attributes
    ----------
    top
        Shares of customers whose share of the value is wanted.
    needed
        Shares of the value for which the share of customers is wanted.
    largest
        Numbers of customers whose share of the value is wanted.
    gains
        Shares of what the customers above zero bring, for which the share of those customers is
        wanted; losses do not matter to it.
    """

    top: tuple[float, ...] = (0.2,)
    needed: tuple[float, ...] = (0.8,)
    largest: tuple[int, ...] = ()
    gains: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        """Number of figures."""
        return sum(self.lengths)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Number of figures in each group, the last four being one group."""
        return len(self.top), len(self.needed), len(self.largest), len(self.gains), 4


@dataclass(frozen=True)
class Cells:
    """Customers sorted by value, highest first; equal or nearly equal ones may share a cell.

    Attributes
    ----------
    values
        Value of a customer in each cell.
    counts
        Customers in each cell, as floats.
    """

    values: Floats
    counts: Floats

    @classmethod
    def of(cls, values: Values) -> Cells:
        """One cell per customer."""
        ordered = np.sort(np.asarray(values, dtype=np.float64))[::-1]
        return cls(ordered, np.ones(len(ordered)))


def top_share(values: Values, share: float = 0.2) -> float:
    """Share of the total that the top customers hold.

    Parameters
    ----------
    values
        One value per customer.
    share
        Share of customers, 0 to 1; linear between customers.

    Returns
    -------
    float
        Fraction of the net total (above 1 where the others are negative together); nan where the
        total is not positive.

    Examples
    --------
    >>> top_share([80, 5, 5, 5, 5])
    0.8
    """
    return float(compute(Cells.of(values), Plan((share,), ()))[0])


def customers_for_share(values: Values, share: float = 0.8) -> float:
    """Smallest share of customers that holds a share of the total, linear between customers.

    Returns
    -------
    float
        Fraction of customers; nan where the total is not positive.

    Examples
    --------
    >>> customers_for_share([80, 5, 5, 5, 5])
    0.2
    """
    return float(compute(Cells.of(values), Plan((), (share,)))[0])


def gini(values: Values) -> float:
    """Gini coefficient: 0 where all are equal, near 1 where one customer has everything.

    Half the mean absolute difference of two customers over the mean, computed from the sorted
    values. Not defined (nan) with negative values or a total of zero.

    Examples
    --------
    >>> gini([5, 5, 5, 5]), gini([0, 0, 0, 8])
    (0.0, 0.75)
    """
    return float(compute(Cells.of(values), Plan((), ()))[0])


def herfindahl(values: Values) -> float:
    """Herfindahl index: the sum of squared shares of the net total (1 = one customer).

    Where losses are larger than the total that they leave, shares of that total mean nothing, and
    the index is nan; so it is above 1.

    Examples
    --------
    >>> herfindahl([5, 5, 5, 5])
    0.25
    """
    squares, peak = compute(Cells.of(values), Plan((), ()))[2:]
    return float(squares) if shares_mean_something(squares, peak) else float("nan")


def effective_customers(values: Values) -> float:
    """How many equal customers would be as concentrated: one over the Herfindahl index.

    Examples
    --------
    >>> effective_customers([5, 5, 5, 5])
    4.0
    """
    return 1 / herfindahl(values)


def whale_peak(values: Values) -> float:
    """Highest point of the cumulative curve as a multiple of the total (1 without losses).

    Returns
    -------
    float
        1.25 means that the profitable customers make 125 % of the total and the others lose 25 %;
        nan where the total is not positive.

    Examples
    --------
    >>> whale_peak([100, 25, -25])
    1.25
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    total = net_total(ordered)
    return float(ordered[ordered > 0].sum()) / total if total > 0 else float("nan")


def shares_mean_something(squares: float, peak: float) -> bool:
    """Whether the squares of shares of the net total are an index of concentration."""
    return bool(squares <= 1 + NOISE and peak <= HEAVY_PEAK)


def net_total(ordered: Floats) -> float:
    """Sum of sorted values; a remainder of rounding beside large amounts that cancel is zero."""
    total = float(ordered.sum())
    return total if abs(total) > NOISE * float(np.abs(ordered).sum()) else 0.0


def compute(cells: Cells, plan: Plan) -> Floats:
    """All figures of a plan for customers in cells; nan for those that are not defined.

    The Gini coefficient is twice the area under the concentration curve less one.
    """
    values, weights = cells.values, cells.counts
    money = weights * values
    customers = _cumulated(weights)
    cumulated = _cumulated(money)
    rising = int(np.searchsorted(-values, 0.0)) + 1
    gains = _gains(cumulated[:rising], customers[:rising], plan)
    kept = int(np.searchsorted(-values, 0.0, side="right"))
    inequality = _inequality(values[:kept], weights[:kept], cumulated[: kept + 1], customers[kept])
    number, total = customers[-1], cumulated[-1]
    if not total > NOISE * float(np.abs(money).sum()):
        undefined = np.full(plan.size - 4 - len(gains), np.nan)
        return np.concatenate([undefined, gains, [np.nan, inequality, np.nan, np.nan]])
    top = np.interp(np.array(plan.top) * number, customers, cumulated) / total
    needed = np.interp(np.array(plan.needed) * total, cumulated[:rising], customers[:rising]) / number
    largest = np.interp(np.array(plan.largest, dtype=float), customers, cumulated) / total
    of_all = inequality if kept == len(values) else np.nan
    squares = float(money @ values) / total**2
    peak = cumulated[rising - 1] / total
    return np.concatenate([top, needed, largest, gains, [of_all, inequality, squares, peak]])


def _gains(cumulated: Floats, customers: Floats, plan: Plan) -> Floats:
    """Share of the customers above zero that brings each share of what they bring."""
    wanted = np.array(plan.gains)
    if not cumulated[-1] > 0:
        return np.full(len(wanted), np.nan)
    found: Floats = np.interp(wanted * cumulated[-1], cumulated, customers) / float(customers[-1])
    return found


def _inequality(values: Floats, weights: Floats, cumulated: Floats, number: float) -> float:
    """Gini coefficient of values that are not negative, from their cumulative curve."""
    if not cumulated[-1] > 0:
        return float("nan")
    if values[0] == values[-1]:
        return 0.0
    area = 2 * float(weights @ cumulated[1:]) - float(weights @ (weights * values))
    return max(0.0, area / (float(number) * float(cumulated[-1])) - 1)


def _cumulated(steps: Floats) -> Floats:
    result = np.empty(len(steps) + 1)
    result[0] = 0.0
    np.cumsum(steps, out=result[1:])
    return result
