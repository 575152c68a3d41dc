"""Customer equity by class: who holds the value to come, group by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from customer_value import words
from customer_value.clv.inputs import Array
from customer_value.pareto.classes import ABC, PYRAMID, abc_bounds, pyramid_bounds

__all__ = ["CLASSES", "class_equity", "customer_classes", "membership", "written_groups"]

CLASSES = {
    "abc": "ABC class",
    "tier": "pyramid tier",
    "cohort": "year won",
    "region": "region",
    "industry": "industry",
}
"""Column of a classification and its name in sentences and tables."""

MOST_COHORTS = 10
_MOST_GROUPS = 7
_LEVELS = (0.025, 0.975)


def customer_classes(
    customers: pd.DataFrame,
    values: pd.DataFrame,
    *,
    abc_cuts: Sequence[float] = (0.80, 0.95),
    customer_file: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The classes of each customer, as known so far.

    Parameters
    ----------
    customers
        customer_id and first_order of the customers to classify.
    values
        customer_id, net_revenue and, where known, margin and profit of *all* customers, those with
        returns only included, since the cuts are made among all of them.
    abc_cuts
        Shares of the positive total at which classes A and B end.
    customer_file
        customer_id with acquired_on, region and industry, where known.

    Returns
    -------
    pandas.DataFrame
        A row per customer, in their order: abc (by net revenue), tier (by profit, else margin, else
        net revenue), cohort (year in which the customer was won; the quarter if all were won in one
        year), region and industry (the largest seven, the others together). Ordered categories; a
        classification that would put everyone into one class is left out.
    """
    known = values.drop_duplicates("customer_id").set_index("customer_id").reindex(customers["customer_id"])
    earnings = next(name for name in ("profit", "margin", "net_revenue") if name in values.columns)
    found = {
        "abc": _stepped(known["net_revenue"], abc_bounds(_numbers(values["net_revenue"]), abc_cuts), ABC),
        "tier": _stepped(known[earnings], pyramid_bounds(_numbers(values[earnings])), PYRAMID),
        "cohort": _cohorts(customers, customer_file),
        "region": _largest(_stated(customers, customer_file, "region")),
        "industry": _largest(_stated(customers, customer_file, "industry")),
    }
    kept = {name: column for name, column in found.items() if column is not None and len(column.unique()) > 1}
    return pd.DataFrame({name: column.array for name, column in kept.items()}, index=range(len(customers)))


def membership(classes: pd.DataFrame) -> tuple[pd.DataFrame, Array]:
    """Every class as a row of true and false over the customers.

    Parameters
    ----------
    classes
        A row per customer, a column of ordered categories per classification.

    Returns
    -------
    labels
        by, class: one row per class that has customers.
    groups
        True where a customer is in the class; a row per class, a column per customer.
    """
    labels, rows = [], []
    for name in classes.columns:
        codes = classes[name].cat.codes.to_numpy()
        for code in np.unique(codes[codes >= 0]):
            labels.append((name, str(classes[name].cat.categories[code])))
            rows.append(codes == code)
    groups = np.array(rows) if rows else np.zeros((0, len(classes)), dtype=bool)
    return pd.DataFrame(labels, columns=["by", "class"], dtype=object), groups


def class_equity(labels: pd.DataFrame, groups: Array, clv: Array, totals: Array) -> pd.DataFrame:
    """Customer equity of each class with its 95 % interval.

    Parameters
    ----------
    labels, groups
        As `membership` returns them.
    clv
        Value of each customer.
    totals
        Simulated totals of each class, a column per replicate.

    Returns
    -------
    pandas.DataFrame
        by, class, customers, equity, low, high, share (of the equity of all classes; missing where
        that is not positive). The classes of one classification add up to customer equity.
    """
    equity = groups.astype(float) @ clv
    whole = float(clv.sum())
    low, high = np.quantile(totals, _LEVELS, axis=1) if len(labels) else (equity, equity)
    return labels.assign(
        customers=groups.sum(axis=1),
        equity=equity,
        low=low,
        high=high,
        share=equity / whole if whole > 0 else np.nan,
    )


def written_groups(sizes: Mapping[str, int]) -> tuple[dict[str, str], list[str]]:
    """What to call each of many groups: the largest seven by name, the others together.

    Returns
    -------
    written, order
        Group to its name, and the names in order.

    Examples
    --------
    >>> written_groups({"north": 1, "south": 2})
    ({'south': 'south', 'north': 'north'}, ['south', 'north'])
    """
    groups = sorted(sizes, key=lambda group: (-sizes[group], group))
    few = len(groups) <= _MOST_GROUPS + 1
    named = groups if few else groups[:_MOST_GROUPS]
    rest = f"{len(groups) - len(named)} others"
    written = {group: group if group in named else rest for group in groups}
    return written, list(dict.fromkeys([*named, *([] if few else [rest])]))


def _stepped(values: pd.Series, lowest: dict[str, float | None], names: Sequence[str]) -> pd.Series:
    """The class of each value from the lowest value of each class."""
    number = values.to_numpy(float)
    codes = np.full(len(number), len(names) - 1)
    for code, name in reversed(list(enumerate(names[:-1]))):
        bound = lowest[name]
        codes = codes if bound is None else np.where(number >= bound, code, codes)
    return pd.Series(pd.Categorical.from_codes(codes, categories=list(names), ordered=True))


def _cohorts(customers: pd.DataFrame, customer_file: pd.DataFrame | None) -> pd.Series:
    first = pd.to_datetime(customers["first_order"])
    if customer_file is not None and "acquired_on" in customer_file.columns:
        dates = customer_file.drop_duplicates("customer_id").set_index("customer_id")["acquired_on"]
        acquired = pd.to_datetime(customers["customer_id"].map(dates))
        first = first.where(~(acquired < first), acquired)
    year = first.dt.year
    if len(year.unique()) <= 1:
        return _ordered(year.astype(str) + " Q" + first.dt.quarter.astype(str))
    oldest = int(year.max()) - MOST_COHORTS + 1
    early = year <= oldest
    merged = year.astype(str).where(~early | (year[early].nunique() < 2), f"{oldest} and before")
    return _ordered(merged)


def _stated(customers: pd.DataFrame, customer_file: pd.DataFrame | None, column: str) -> pd.Series | None:
    if customer_file is None or column not in customer_file.columns:
        return None
    known = customer_file.drop_duplicates("customer_id").set_index("customer_id")[column]
    found = customers["customer_id"].map(known)
    return found.map(lambda v: words.plain(v, most=40), na_action="ignore").replace("", np.nan)


def _largest(groups: pd.Series | None) -> pd.Series | None:
    """The largest groups by name, the others together, and who has none."""
    if groups is None or groups.notna().sum() == 0:
        return None
    written, order = written_groups(groups.value_counts().to_dict())
    order = [*order, *(["not stated"] if groups.isna().any() else [])]
    names = groups.map(written, na_action="ignore").fillna("not stated")
    return pd.Series(pd.Categorical(names, categories=list(dict.fromkeys(order)), ordered=True))


def _ordered(labels: pd.Series) -> pd.Series:
    first = sorted(labels.unique(), key=lambda text: (not text.endswith("before"), text))
    return pd.Series(pd.Categorical(labels, categories=first, ordered=True))


def _numbers(values: pd.Series) -> Array:
    return np.asarray(values.dropna(), dtype=float)
