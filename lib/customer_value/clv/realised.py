"""What customers have brought so far, as the value of money on the day they were won.

Lifetime value looks ahead from the report's date; realised value looks back. Both discount, but to
different days: the one to the report's date, the other to each customer's first purchase, when the
money for winning them was spent. They answer different questions and are not added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd

from customer_value.expressions import as_table, exact_sum

__all__ = ["Realised", "realised_value"]

_SURELY_EARLIER = pd.Timedelta(days=30)


@dataclass(frozen=True)
class Realised:
    """Realised value of each customer and what stands behind it.

    Parameters
    ----------
    table
        customer_id, earned (discounted money so far), realised_value (that less acquisition cost
        where known), acquisition_cost (missing where not known).
    basis
        ``"margin"`` or ``"revenue"``.
    judged, behind
        Customers whose acquisition cost is known and whose purchases are all in the data, and how
        many of them have not earned it back yet.
    """

    table: pd.DataFrame
    basis: str
    judged: int
    behind: int

    @property
    def total(self) -> float:
        """Realised value of all customers."""
        return float(self.table["realised_value"].sum())

    @property
    def cost(self) -> float:
        """Known acquisition cost of all customers."""
        return float(self.table["acquisition_cost"].sum())

    @property
    def costed(self) -> int:
        """Customers whose acquisition cost is known."""
        return int(self.table["acquisition_cost"].notna().sum())


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
    column = "margin" if basis == "margin" else "net_revenue"
    earned = _earned(months, column, discount_rate)
    table = customers[["customer_id"]].assign(earned=customers["customer_id"].map(earned).fillna(0.0))
    cost = _from_file(customers, customer_file, "acquisition_cost").astype(float)
    table = table.assign(realised_value=table["earned"] - cost.fillna(0.0), acquisition_cost=cost)
    acquired = pd.to_datetime(_from_file(customers, customer_file, "acquired_on"))
    whole = ~(pd.to_datetime(customers["first_order"]) - acquired > _SURELY_EARLIER)
    judged = table[cost.notna() & whole]
    return Realised(table, basis, len(judged), int((judged["realised_value"] < 0).sum()))


def _earned(months: Any, column: str, discount_rate: float) -> pd.Series:
    """Money by customer_id, each month's discounted to the month of the first purchase."""
    table = as_table(months, needs=("customer_id", "month", "purchase_days", column))
    table = table.mutate(_number=table.month.cast("date").year() * 12 + table.month.cast("date").month())
    bought = ibis.ifelse(table.purchase_days > 0, table["_number"], ibis.null("int64"))
    table = table.mutate(_first=bought.min().over(ibis.window(group_by="customer_id")))
    table = table.filter(table["_first"].notnull())
    years = ibis.greatest(table["_number"] - table["_first"], 0).cast("float64") / 12
    worth = table[column].fill_null(0) * (ibis.literal(1.0 + discount_rate) ** (-years))
    found = table.group_by("customer_id").aggregate(earned=exact_sum(worth)).to_pyarrow().to_pandas()
    return found.set_index("customer_id")["earned"]


def _from_file(customers: pd.DataFrame, customer_file: pd.DataFrame | None, column: str) -> pd.Series:
    if customer_file is None or column not in customer_file.columns:
        return pd.Series(np.nan, index=customers.index)
    known = customer_file.drop_duplicates("customer_id").set_index("customer_id")[column]
    return customers["customer_id"].map(known)
