"""Results by class of customer, with their number and interval; small groups are not shown."""

from __future__ import annotations

import math

import pandas as pd

from customer_value.loyalty.opinions import mean_interval
from customer_value.loyalty.representation import wilson
from customer_value.survey import MINIMUM

__all__ = ["by_class"]

_COLUMNS = ["by", "class", "customers", "surveyed", "response_rate", "placed", "attitude"]
_COLUMNS += ["attitude_low", "attitude_high", "true_share", "true_low", "true_high"]


def by_class(customers: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Response, attitude and true loyalty of each class.

    Parameters
    ----------
    customers
        ``surveyed``, ``cell``, ``attitude`` and ``attitude_source`` of each customer.
    classes
        A column of ordered categories per classification, in the same order of rows.

    Returns
    -------
    pandas.DataFrame
        ``by``, ``class``, ``customers``, ``surveyed``, ``response_rate`` (missing under five customers),
        ``placed``, ``attitude`` (mean, with ``attitude_low`` and ``attitude_high``; missing also where
        waves measured it differently), ``true_share`` (of the placed, with ``true_low`` and
        ``true_high``); all intervals 95 %. Figures of fewer than five placed customers are missing.

    Examples
    --------
    >>> customers = pd.DataFrame({"surveyed": True, "cell": ["true"] * 4 + ["none"] * 6,
    ...                           "attitude": [0.1 * i for i in range(10)], "attitude_source": "mean attitude"})
    >>> classes = pd.DataFrame({"abc": pd.Categorical(["A"] * 8 + ["B"] * 2, ordered=True)})
    >>> by_class(customers, classes)[["class", "placed", "true_share"]].values.tolist()
    [['A', 8, 0.5], ['B', 2, nan]]
    """
    rows = []
    alike = len(customers.loc[customers["cell"] != "not_surveyed", "attitude_source"].unique()) == 1
    for name in classes.columns:
        column = classes[name].reset_index(drop=True)
        for category in column.cat.categories:
            group = customers[(column == category).to_numpy()]
            if len(group):
                rows.append((name, str(category), *_figures(group, alike)))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.astype(dict.fromkeys([_COLUMNS[4], *_COLUMNS[6:]], float))


def _figures(group: pd.DataFrame, alike: bool) -> tuple[float, ...]:
    placed = group[group["cell"] != "not_surveyed"]
    answered, n = int(group["surveyed"].sum()), len(placed)
    rate = answered / len(group) if len(group) >= MINIMUM else math.nan
    unknown = (math.nan,) * 3
    if n < MINIMUM:
        return (len(group), answered, rate, n, *unknown, *unknown)
    true = int((placed["cell"] == "true").sum())
    attitude = mean_interval(placed["attitude"]) if alike else unknown
    return (len(group), answered, rate, n, *attitude, true / n, *wilson(true, n))
