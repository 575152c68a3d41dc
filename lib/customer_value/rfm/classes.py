"""The eight classes: recency, frequency and money each above or below a threshold.

Customary in Chinese practice. The threshold of each is the mean over the scored customers, the
median, or a fixed number. High is *at least as good as* the threshold: no more days, no fewer orders, no
less money; but one order is never high. Money high is "important" (重要), low "ordinary" (一般); recency
and frequency then make value (价值), retention (保持), development (发展) and win-back (挽留), the last
only for customers that are away (`customer_value.rfm.absence`), else development.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import ibis

from customer_value.expressions import EXACT_MONEY, chosen
from customer_value.rfm.absence import is_away
from customer_value.rfm.names import EIGHT_CLASSES
from customer_value.rfm.scores import value_columns
from customer_value.settings import RfmSettings

__all__ = ["are_high", "class_of", "eight_class", "eight_place", "thresholds", "with_eight_class"]


def class_of(recency_high: bool, frequency_high: bool, monetary_high: bool) -> str:
    """The class of three answers.

    Examples
    --------
    >>> class_of(True, True, True), class_of(False, False, False)
    ('Important value', 'Ordinary win-back')
    """
    return EIGHT_CLASSES[(not recency_high) + 2 * (not frequency_high) + 4 * (not monetary_high)]


def thresholds(bought: ibis.Table, options: RfmSettings) -> dict[str, float | None]:
    """The threshold of each dimension: days, orders, money; None where nobody is scored.

    Parameters
    ----------
    bought
        As `customer_value.rfm.base` returns it.
    options
        ``thresholds`` (mean or median) and ``fixed_thresholds``.

    Examples
    --------
    >>> table = ibis.memtable({"recency_days": [1, 9], "orders": [1, 4], "net_revenue": [5.0, 6.0]})
    >>> thresholds(table, RfmSettings())
    {'recency': 5.0, 'frequency': 2.5, 'monetary': 5.5}
    """
    columns = value_columns(bought)
    if options.thresholds == "median":
        measures = {name: bought[column].median().cast("float64") for name, column in columns.items()}
        found = bought.aggregate(**measures).to_pyarrow().to_pylist()[0]
    else:
        measures = {name: bought[column].cast(EXACT_MONEY).sum() for name, column in columns.items()}
        sums = bought.aggregate(**measures, _customers=bought.count()).to_pyarrow().to_pylist()[0]
        found = {name: _mean(sums[name], sums["_customers"]) for name in columns}
    fixed = options.fixed_thresholds
    return {name: found[name] if getattr(fixed, name) is None else getattr(fixed, name) for name in columns}


def with_eight_class(bought: ibis.Table, limits: Mapping[str, float | None]) -> ibis.Table:
    """Add the column ``eight_class`` by comparison with thresholds."""
    return bought.mutate(eight_class=eight_class(bought, limits))


def eight_class(bought: ibis.Table, limits: Mapping[str, float | None]) -> Any:
    """The class of each customer by comparison with thresholds, as an Ibis expression."""
    return chosen(EIGHT_CLASSES, eight_place(bought, limits))


def eight_place(bought: ibis.Table, limits: Mapping[str, float | None]) -> Any:
    """Its place in `EIGHT_CLASSES`."""
    high = are_high(bought, limits)
    high["recency"] = high["recency"] | (~high["frequency"] & ~is_away(bought))
    place: Any = ibis.literal(0, type="int64")
    for name, step in (("recency", 1), ("frequency", 2), ("monetary", 4)):
        place = place + ibis.ifelse(high[name], 0, step)
    return place


def are_high(bought: ibis.Table, limits: Mapping[str, float | None]) -> dict[str, Any]:
    """Whether each customer is at least as good as the threshold of each dimension, as Ibis expressions."""
    columns = value_columns(bought)
    recency, orders, money = (bought[columns[name]] for name in ("recency", "frequency", "monetary"))
    days, least_orders, least_money = (float(limits[name] or 0.0) for name in columns)
    return {
        "recency": recency <= days,
        "frequency": (orders >= least_orders) & (orders > 1),
        "monetary": money >= least_money,
    }


def _mean(total: Decimal | None, number: int) -> float | None:
    """The nearest double to the exact mean, so that equal values equal it."""
    return None if total is None or not number else float(Fraction(total) / number)
