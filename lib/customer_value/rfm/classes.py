"""The eight classes: recency, frequency and money each above or below a threshold.

Customary in Chinese practice. The threshold of each is the mean over the scored customers, the
median, or a fixed number. High is *better than* the threshold: fewer days, more orders, more money;
who equals it is low. Money high is "important" (重要), low "ordinary" (一般); recency and frequency
then make value (价值), retention (保持), development (发展) and win-back (挽留).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis

from customer_value.expressions import chosen, exact_sum
from customer_value.rfm.names import EIGHT_CLASSES
from customer_value.rfm.scores import value_columns
from customer_value.settings import RfmSettings

__all__ = ["class_of", "eight_class", "eight_place", "thresholds", "with_eight_class"]


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
    else:
        measures = {
            name: exact_sum(bought[column]) / bought.count().nullif(0) for name, column in columns.items()
        }
    found: dict[str, float | None] = bought.aggregate(**measures).to_pyarrow().to_pylist()[0]
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
    place: Any = ibis.literal(0, type="int64")
    for (name, column), step in zip(value_columns(bought).items(), (1, 2, 4), strict=True):
        bound = limits[name]
        limit = 0.0 if bound is None else float(bound)
        high = bought[column] < limit if name == "recency" else bought[column] > limit
        place = place + ibis.ifelse(high, 0, step)
    return place
