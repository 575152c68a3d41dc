"""Concentration of one value (net revenue, margin or profit) over the customers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from customer_value.pareto.bootstrap import intervals
from customer_value.pareto.classes import (
    ABC,
    PYRAMID,
    Bounds,
    abc_bounds,
    class_table,
    pyramid_bounds,
)
from customer_value.pareto.figures import (
    HEAVY_PEAK,
    Cells,
    Plan,
    compute,
    net_total,
    shares_mean_something,
)
from customer_value.settings import ParetoSettings

__all__ = [
    "FEWEST",
    "LARGEST",
    "VALUE_NAMES",
    "Estimate",
    "Figures",
    "Measure",
    "figure_plan",
    "figures_of",
    "measure",
    "value_name",
]

FEWEST = 20
"""Customers below which nothing is said about a rule and no interval is drawn."""

LARGEST = (1, 3, 5, 10)
TOP_SHARES = (0.01, 0.05, 0.10, 0.20, 0.50)
VALUE_SHARES = (0.50, 0.80, 0.90, 0.95)
VALUE_NAMES = {"net_revenue": "net revenue", "margin": "margin", "profit": "profit"}
MOST_BARS = 30
MOST_POINTS = 400

Floats = npt.NDArray[np.float64]


def value_name(value: str) -> str:
    """A value column as it is called in a sentence.

    >>> value_name("net_revenue"), value_name("points_earned")
    ('net revenue', 'points earned')
    """
    return VALUE_NAMES.get(value, value.replace("_", " "))


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval; None where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Figures:
    """The figures of concentration of one value.

    Attributes
    ----------
    top, needed, largest
        Share of customers to share of the value; share of the value to share of customers;
        number of customers to share of the value.
    gains
        Share of what the customers above zero bring, to the share of those customers.
    gini, gini_not_negative, herfindahl, effective_customers, peak_multiple
        See `customer_value.pareto.figures`; the second Gini coefficient leaves out customers below
        zero, the last is `customer_value.pareto.figures.whale_peak`.
    """

    top: Mapping[float, Estimate]
    needed: Mapping[float, Estimate]
    largest: Mapping[int, Estimate]
    gains: Mapping[float, Estimate]
    gini: Estimate
    gini_not_negative: Estimate
    herfindahl: Estimate
    effective_customers: Estimate
    peak_multiple: Estimate


@dataclass(frozen=True)
class Measure(Figures):
    """How one value is spread over the customers; its figures and what else is known of it.

    Attributes
    ----------
    value
        Name of the value column.
    customers, missing
        Customers with a value, and without one (left out).
    total
        Net total, in the report's currency.
    negative_customers, negative_total, zero_customers
        Customers below and at zero, and the (negative) money of the former.
    all_equal
        Whether all customers have the same value.
    peak
        Highest point of the cumulative curve, in money.
    abc, pyramid
        Lowest value of each class (see `customer_value.pareto.classes`).
    abc_table, pyramid_table
        Size and money of each class: class, customers, customer_share, value, value_share, lowest.
    curve
        At most 400 points of the cumulative curve, best customers first: customers, cumulated.
    bars
        Bars of the classic chart: start and end (share of customers), value (money); a bar per
        customer where there are at most 30, else 20 groups.
    money_of_largest
        Money of the n largest customers together.
    """

    value: str
    customers: int
    missing: int
    total: float
    negative_customers: int
    negative_total: float
    zero_customers: int
    all_equal: bool
    peak: float
    abc: Bounds
    pyramid: Bounds
    abc_table: pd.DataFrame
    pyramid_table: pd.DataFrame
    curve: pd.DataFrame
    bars: pd.DataFrame
    money_of_largest: Mapping[int, float]

    @property
    def name(self) -> str:
        """The value as it is called in a sentence."""
        return value_name(self.value)

    @property
    def has_shares(self) -> bool:
        """Whether the net total is positive, so that shares of it mean something."""
        return self.total > 0

    @property
    def whale_peak(self) -> float | None:
        """Peak of the cumulative curve as a multiple of the total; None where that is not positive."""
        return self.peak / self.total if self.has_shares else None

    @property
    def positive_customers(self) -> int:
        """Customers above zero."""
        return self.customers - self.negative_customers - self.zero_customers

    @property
    def heavy_losses(self) -> bool:
        """Whether losses are larger than the total, so that shares of it mislead."""
        return (self.whale_peak or 0) > HEAVY_PEAK


def measure(values: Floats, value: str, options: ParetoSettings, *, missing: int = 0) -> Measure:
    """All figures of concentration for one value.

    Parameters
    ----------
    values
        One value per customer, from high to low, without missing ones; at least one.
    value
        Name of the value, for words.
    options
        Cuts, number of resamples and seed.
    missing
        Customers without a value.

    Examples
    --------
    >>> result = measure(np.array([80.0, 5.0, 5.0, 5.0, 5.0]), "net_revenue", ParetoSettings())
    >>> result.top[0.2].value, result.needed[0.8].value
    (0.8, 0.2)
    """
    plan = figure_plan(options)
    low, high = _interval(values, plan, options)
    cumulated = np.concatenate([[0.0], np.cumsum(values)])
    abc, pyramid = abc_bounds(values, options.abc_cuts), pyramid_bounds(values)
    return Measure(
        **vars(figures_of(values, plan, low, high)),
        value=value,
        customers=len(values),
        missing=missing,
        total=net_total(values),
        negative_customers=int((values < 0).sum()),
        negative_total=float(values[values < 0].sum()),
        zero_customers=int((values == 0).sum()),
        all_equal=bool(values[0] == values[-1]),
        peak=float(values[values > 0].sum()),
        abc=abc,
        pyramid=pyramid,
        abc_table=class_table(values, abc, ABC),
        pyramid_table=class_table(values, pyramid, PYRAMID),
        curve=_curve(values, cumulated),
        bars=_bars(cumulated),
        money_of_largest={n: float(cumulated[min(n, len(values))]) for n in LARGEST},
    )


def figure_plan(options: ParetoSettings) -> Plan:
    """The figures that every table of concentration has, and those that the settings ask for."""
    value_shares = tuple(sorted({*VALUE_SHARES, options.value_share}))
    return Plan(tuple(sorted({*TOP_SHARES, options.top_share})), value_shares, LARGEST, value_shares)


def figures_of(values: Floats, plan: Plan, low: Floats | None = None, high: Floats | None = None) -> Figures:
    """The figures of a plan for values from high to low, with their interval where there is one."""
    none = np.full(plan.size, np.nan)
    point = compute(Cells(values, np.ones(len(values))), plan) if len(values) else none
    rows = zip(point, none if low is None else low, none if high is None else high, strict=True)
    estimates = [Estimate(*map(_known, row)) for row in rows]
    edges = np.cumsum([0, *plan.lengths])
    top, needed, largest, gains, single = (estimates[a:b] for a, b in pairwise(edges))
    gini, gini_not_negative, squares, peak = single
    herfindahl, effective = _squares(squares, peak)
    return Figures(
        top=dict(zip(plan.top, top, strict=True)),
        needed=dict(zip(plan.needed, needed, strict=True)),
        largest=dict(zip(plan.largest, largest, strict=True)),
        gains=dict(zip(plan.gains, gains, strict=True)),
        gini=gini,
        gini_not_negative=gini_not_negative,
        herfindahl=herfindahl,
        effective_customers=effective,
        peak_multiple=peak,
    )


def _interval(values: Floats, plan: Plan, options: ParetoSettings) -> tuple[Floats, Floats]:
    if len(values) < FEWEST:
        return np.full(plan.size, np.nan), np.full(plan.size, np.nan)
    return intervals(values, plan, resamples=options.resamples, seed=options.seed)


def _squares(squares: Estimate, peak: Estimate) -> tuple[Estimate, Estimate]:
    """Herfindahl index and effective customers; neither where losses make shares meaningless."""
    if squares.value is None or peak.value is None or not shares_mean_something(squares.value, peak.value):
        return Estimate(None), Estimate(None)
    inverse = [None if v is None else 1 / v for v in (squares.value, squares.high, squares.low)]
    return squares, Estimate(*inverse)


def _curve(values: Floats, cumulated: Floats) -> pd.DataFrame:
    """Points even in customers and even in their logarithm (the top), and where values change sign."""
    number = len(values)
    even = np.linspace(0, number, MOST_POINTS - 100)
    head = np.geomspace(1, number, 97)
    turns = [int((values > 0).sum()), int((values >= 0).sum())]
    at = np.unique(np.concatenate([even.round(), head.round(), turns]).astype(np.int64))
    return pd.DataFrame({"customers": at, "cumulated": cumulated[at]})


def _bars(cumulated: Floats) -> pd.DataFrame:
    number = len(cumulated) - 1
    bars = number if number <= MOST_BARS else 20
    edges = np.linspace(0, 1, bars + 1)
    held = np.interp(edges * number, np.arange(number + 1), cumulated)
    return pd.DataFrame({"start": edges[:-1], "end": edges[1:], "value": np.diff(held)})


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
