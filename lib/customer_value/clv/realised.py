"""What customers have brought so far, as the value of money on the day they were won.

Lifetime value looks ahead from the report's date; realised value looks back. Both discount, but to
different days: the one to the report's date, the other to each customer's first purchase, when the
money for winning them was spent. They answer different questions and are not added up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd

from customer_value.expressions import as_table, exact_sum

__all__ = ["Realised", "earned_so_far", "realised_value"]

SURELY_EARLIER = pd.Timedelta(days=30)


@dataclass(frozen=True)
class Realised:
    """Realised value of each customer and what stands behind it.

    Parameters
    ----------
    table
        customer_id, earned (discounted money so far), realised_value (that less acquisition cost
        where known), acquisition_cost (missing where not known). A lazy Ibis table where the customers
        are too many to hold in memory.
    basis
        ``"margin"`` or ``"revenue"``.
    customers
        Number of customers.
    earned, total, cost
        Discounted money so far, realised value and known acquisition cost of all customers.
    costed
        Customers whose acquisition cost is known.
    judged, behind
        Customers whose acquisition cost is known and whose purchases are all in the data, and how
        many of them have not earned it back yet.
    """

    table: Any
    basis: str
    customers: int
    earned: float
    total: float
    cost: float
    costed: int
    judged: int
    behind: int


def realised_value(
    customers: pd.DataFrame,
    months: Any,
    *,
    discount_rate: float,
    basis: str = "revenue",
    customer_file: pd.DataFrame | None = None,
) -> Realised:
    """Discounted money so far, less acquisition cost where known.

    Parameters
    ----------
    customers
        customer_id and first_order of the customers with a purchase.
    months
        customer_id, month (its first day), purchase_days, net_revenue [, margin], up to the
        report's date (pandas or Ibis).
    discount_rate
        Effective rate per year. Money is discounted by whole months to the month of the customer's
        first purchase; a credit before it counts as of that month.
    basis
        ``"margin"`` or ``"revenue"``: which money counts.
    customer_file
        customer_id with acquisition_cost and acquired_on, where known. The cost is taken as spent
        when the customer first bought.

    Returns
    -------
    Realised
        In the order of ``customers``.

    Examples
    --------
    >>> customers = pd.DataFrame({"customer_id": ["a"], "first_order": pd.to_datetime(["2023-01-15"])})
    >>> months = pd.DataFrame({"customer_id": "a", "month": pd.to_datetime(["2023-01-01", "2024-01-01"])})
    >>> months = months.assign(purchase_days=1, net_revenue=[100.0, 110.0])
    >>> realised_value(customers, months, discount_rate=0.10).total
    200.0
    """
    earned = (
        earned_so_far(customers[["customer_id", "first_order"]], months, discount_rate, basis)
        .to_pyarrow()
        .to_pandas()
    )
    earned = earned.set_index("customer_id")["earned"]
    table = customers[["customer_id"]].assign(earned=customers["customer_id"].map(earned).fillna(0.0))
    cost = _from_file(customers, customer_file, "acquisition_cost").astype(float)
    table = table.assign(realised_value=table["earned"] - cost.fillna(0.0), acquisition_cost=cost)
    acquired = pd.to_datetime(_from_file(customers, customer_file, "acquired_on"))
    whole = ~(pd.to_datetime(customers["first_order"]) - acquired > SURELY_EARLIER)
    judged = table[cost.notna() & whole]
    return Realised(
        table=table,
        basis=basis,
        customers=len(table),
        earned=math.fsum(table["earned"]),
        total=math.fsum(table["realised_value"]),
        cost=math.fsum(cost.dropna()),
        costed=int(cost.notna().sum()),
        judged=len(judged),
        behind=int((judged["realised_value"] < 0).sum()),
    )


def earned_so_far(customers: Any, months: Any, discount_rate: float, basis: str) -> ibis.Table:
    """Money of each customer with a purchase, each month's discounted to the month of the first purchase.

    Columns customer_id, earned; the arguments are those of `realised_value`, customers as a frame or lazily.
    """
    column = "margin" if basis == "margin" else "net_revenue"
    buyers = as_table(customers, needs=("customer_id", "first_order"))
    first = buyers.first_order.cast("date")
    buyers = buyers.select("customer_id", _first=first.year() * 12 + first.month())
    table = as_table(months, needs=("customer_id", "month", column))
    number = table.month.cast("date").year() * 12 + table.month.cast("date").month()
    table = table.select("customer_id", _number=number, _money=table[column].fill_null(0))
    table = table.inner_join(buyers, "customer_id")
    years = ibis.greatest(table["_number"] - table["_first"], 0).cast("float64") / 12
    worth = table["_money"] * (ibis.literal(1.0 + discount_rate) ** (-years))
    return table.group_by("customer_id").aggregate(earned=exact_sum(worth))


def _from_file(customers: pd.DataFrame, customer_file: pd.DataFrame | None, column: str) -> pd.Series:
    if customer_file is None or column not in customer_file.columns:
        return pd.Series(np.nan, index=customers.index)
    known = customer_file.drop_duplicates("customer_id").set_index("customer_id")[column]
    return customers["customer_id"].map(known)
