"""Scores for recency, frequency and money in which equal values always get equal scores.

A customer's place is q = (mid-rank − ½)/n among the customers that ordered in the window. Recency
(days since the last order, fewer is better) and money score 1 + ⌊5q⌋. Customers with one order have
frequency 1; repeaters score 2 + ⌊4q⌋ with q among repeaters, for in many bases half of the customers
ordered once. A score is a step function of the value, so the steps (cut-offs) are found once, by
counting equal values on the engine, and then give every customer a score by comparison. The same
cut-offs applied at another date make two periods comparable.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import ibis
import numpy as np
import pandas as pd

from customer_value.errors import InputError
from customer_value.expressions import as_table

__all__ = ["DIMENSIONS", "NEEDED", "SCORES", "base", "cutoffs", "score"]

SCORES = (5, 4, 3, 2, 1)
DIMENSIONS = {"recency": "recency_days", "frequency": "orders", "monetary": "net_revenue"}
"""Dimension to the column of the scored table that holds its value."""

NEEDED = ("customer_id", "last_order", "window_orders", "window_net_revenue")


def base(customers: ibis.Table | pd.DataFrame, as_of: dt.date) -> ibis.Table:
    """The customers that are scored: those with an order in the window.

    Parameters
    ----------
    customers
        One row per customer: customer_id, last_order, window_orders, window_net_revenue.
    as_of
        Date from which recency is counted back.

    Returns
    -------
    ibis.Table
        customer_id, recency_days (days from the last order to ``as_of``), orders (distinct orders
        in the window), net_revenue (net money in the window).

    Examples
    --------
    >>> rows = {"customer_id": ["a", "b"], "last_order": [dt.date(2024, 5, 1), None],
    ...         "window_orders": [2, 0], "window_net_revenue": [30.0, -5.0]}
    >>> base(pd.DataFrame(rows), dt.date(2024, 5, 31)).to_pyarrow().to_pandas().values.tolist()
    [['a', 30, 2, 30.0]]
    """
    table = as_table(customers, needs=NEEDED)
    bought = table.filter(table.last_order.notnull(), table.window_orders > 0)
    return bought.select(
        "customer_id",
        recency_days=ibis.literal(as_of).delta(bought.last_order.cast("date"), unit="day").cast("int64"),
        orders=bought.window_orders.cast("int64"),
        net_revenue=bought.window_net_revenue.cast("float64"),
    )


def cutoffs(scored_base: ibis.Table) -> pd.DataFrame:
    """The realised steps of each score.

    Parameters
    ----------
    scored_base
        As `base` returns it.

    Returns
    -------
    pandas.DataFrame
        dimension (recency, frequency, monetary), score (5 to 1), customers, lowest, highest (value
        among the customers with that score; missing where equal values leave a score empty). Always
        15 rows.

    Examples
    --------
    >>> table = as_table(pd.DataFrame({"recency_days": [9, 9, 2], "orders": [1, 1, 4],
    ...                                "net_revenue": [5.0, 6.0, 7.0]}))
    >>> found = cutoffs(table)
    >>> found[(found.dimension == "recency") & (found.customers > 0)].values.tolist()
    [['recency', 5, 1, 2.0, 2.0], ['recency', 2, 2, 9.0, 9.0]]
    """
    parts = [
        _steps(_scored_values(scored_base, "recency_days", worst_first=True), "recency"),
        _steps(_frequency_values(scored_base), "frequency"),
        _steps(_scored_values(scored_base, "net_revenue"), "monetary"),
    ]
    return pd.concat(parts, ignore_index=True)


def score(scored_base: ibis.Table, steps: pd.DataFrame) -> ibis.Table:
    """Give every customer its scores by comparison with cut-offs.

    Parameters
    ----------
    scored_base
        As `base` returns it, for this or another date.
    steps
        Cut-offs as `cutoffs` returns them, or written by hand with the same columns (``highest`` is
        what counts for recency, ``lowest`` for the others).

    Returns
    -------
    ibis.Table
        The base with recency_score, frequency_score, monetary_score (1 to 5) and rfm (text such
        as "543"). A value worse than every step scores 1.

    Raises
    ------
    InputError
        If the steps of a dimension do not rise with the score.
    """
    scores = {
        f"{name}_score": _by_comparison(scored_base[column], steps, name)
        for name, column in DIMENSIONS.items()
    }
    scored = scored_base.mutate(**scores)
    digits = [scored[name].cast("string") for name in scores]
    return scored.mutate(rfm=digits[0] + digits[1] + digits[2])


def _scored_values(table: ibis.Table, column: str, *, worst_first: bool = False) -> ibis.Table:
    """Distinct values with their number of customers and score, from the mid-rank in five."""
    return _ranked(table, column, worst_first, classes=5, lowest=1)


def _frequency_values(table: ibis.Table) -> ibis.Table:
    repeaters = _ranked(table.filter(table.orders > 1), "orders", False, classes=4, lowest=2)
    single = table.filter(table.orders <= 1).group_by("orders").aggregate(customers=ibis._.count())
    once = single.select(found=single.orders.cast("float64"), customers="customers", score=ibis.literal(1))
    return repeaters.union(once.cast({"score": "int64"}))


def _ranked(table: ibis.Table, column: str, worst_first: bool, *, classes: int, lowest: int) -> ibis.Table:
    """Score of a distinct value: lowest + ⌊classes · (behind + customers / 2) / n⌋, in whole numbers."""
    counted = table.group_by(column).aggregate(customers=table.count())
    order = ibis.desc(column) if worst_first else ibis.asc(column)
    upto = counted.customers.sum().over(ibis.cumulative_window(order_by=order))
    everyone = counted.customers.sum().over(ibis.window())
    twice_place = (2 * upto - counted.customers).cast("int64")
    place = (classes * twice_place).cast("float64") / (2 * everyone).cast("float64")
    return counted.select(
        found=counted[column].cast("float64"),
        customers="customers",
        score=(place.floor().cast("int64") + lowest),
    )


def _steps(values: ibis.Table, dimension: str) -> pd.DataFrame:
    grouped = values.group_by("score").aggregate(
        customers=values.customers.sum(), lowest=values.found.min(), highest=values.found.max()
    )
    frame = grouped.to_pyarrow().to_pandas().set_index("score").reindex(list(SCORES)).reset_index()
    frame["customers"] = frame["customers"].fillna(0).astype("int64")
    frame[["lowest", "highest"]] = frame[["lowest", "highest"]].astype("float64")
    frame.insert(0, "dimension", dimension)
    return frame


def _by_comparison(values: Any, steps: pd.DataFrame, dimension: str) -> Any:
    """The best score whose step the value reaches; recency has to be at most, others at least."""
    own = steps[steps["dimension"] == dimension].sort_values("score", ascending=False)
    column = "highest" if dimension == "recency" else "lowest"
    known = [(int(s), float(b)) for s, b in zip(own["score"], own[column], strict=True) if not math.isnan(b)]
    bounds = [bound for _, bound in known]
    _check_order(bounds if dimension == "recency" else bounds[::-1], dimension)
    branches = [(values <= b if dimension == "recency" else values >= b, s) for s, b in known]
    return ibis.cases(*branches, else_=1).cast("int64") if branches else ibis.literal(1, type="int64")


def _check_order(rising: list[float], dimension: str) -> None:
    if len(rising) > 1 and not bool(np.all(np.diff(rising) > 0)):
        raise InputError(f"The cut-offs for {dimension} must change in one direction with the score.")
