"""Single accounts: the largest, those that lose money, and what would leave with the largest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import numpy as np
import pandas as pd

from customer_value.pareto.measure import LARGEST, Measure

__all__ = ["largest_accounts", "losing_accounts", "loss_by_exit", "with_names"]

_LISTED = max(LARGEST)


def largest_accounts(
    customers: ibis.Table, value: str, values: Sequence[str], names: ibis.Table | None = None
) -> pd.DataFrame:
    """The ten largest customers by a value.

    Equal ones are ordered by the other values, highest first, and only then by id.

    Returns
    -------
    pandas.DataFrame
        customer_id, name (where known), and the value columns.
    """
    columns = list(dict.fromkeys([value, *values]))
    order = [*(ibis.desc(column) for column in columns), "customer_id"]
    return _first(customers.filter(customers[value].notnull()), columns, names, order)


def losing_accounts(
    customers: ibis.Table,
    revenue: str,
    earnings: str,
    lowest: float | None,
    names: ibis.Table | None = None,
) -> pd.DataFrame:
    """The ten largest losses among the customers that buy much.

    Parameters
    ----------
    customers
        Table with both values.
    revenue, earnings
        What is bought, and what is earned with it.
    lowest
        Revenue from which a customer buys much; None: all customers.
    names
        Customer file with customer_id and name.

    Returns
    -------
    pandas.DataFrame
        customer_id, name (where known), revenue and earnings, the largest loss first; no rows if
        no such customer loses money.
    """
    losing = customers.filter(customers[earnings] < 0)
    if lowest is not None:
        losing = losing.filter(losing[revenue] >= lowest)
    columns = list(dict.fromkeys([revenue, earnings]))
    order = [ibis.asc(earnings), ibis.desc(revenue), "customer_id"]
    return _first(losing, columns, names, order)


def loss_by_exit(largest: pd.DataFrame, measures: Mapping[str, Measure]) -> pd.DataFrame:
    """What would leave with the 1, 3, 5 and 10 largest customers.

    Parameters
    ----------
    largest
        As `largest_accounts` returns it.
    measures
        Value column to its measure, for the totals.

    Returns
    -------
    pandas.DataFrame
        leaving (customers), and per value its money, ``_share`` (of the net total; missing where
        that is not positive) and ``_remaining`` money. There is no row that leaves nobody.
    """
    rows: list[dict[str, Any]] = []
    everyone = max(found.customers for found in measures.values())
    for number in (n for n in LARGEST if n < everyone):
        row: dict[str, Any] = {"leaving": number}
        for value, found in measures.items():
            money = float(largest[value].head(number).sum())
            row[value] = money
            row[f"{value}_share"] = money / found.total if found.has_shares else np.nan
            row[f"{value}_remaining"] = found.total - money
        rows.append(row)
    endings = ("", "_share", "_remaining")
    return pd.DataFrame(rows, columns=["leaving", *(v + end for v in measures for end in endings)])


def with_names(accounts: pd.DataFrame, names: ibis.Table | None) -> pd.DataFrame:
    """A short list of accounts with their names from the customer file, where it has any.

    Returns
    -------
    pandas.DataFrame
        customer_id, name (where the file has names; missing for an account that it lacks), and the
        other columns as they are.
    """
    if names is None or "name" not in names.columns:
        return accounts
    wanted = names.filter(names.customer_id.isin(list(accounts["customer_id"])))
    known = wanted.group_by("customer_id").aggregate(name=wanted.name.min()).to_pyarrow().to_pandas()
    others = [column for column in accounts.columns if column != "customer_id"]
    return accounts.merge(known, on="customer_id", how="left")[["customer_id", "name", *others]]


def _first(
    customers: ibis.Table, columns: list[str], names: ibis.Table | None, order: list[Any]
) -> pd.DataFrame:
    frame = customers.select("customer_id", *columns).order_by(order).limit(_LISTED).to_pyarrow().to_pandas()
    return with_names(frame, names)
