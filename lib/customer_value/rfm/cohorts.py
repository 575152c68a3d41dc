"""Cohorts: customers by the month of their first purchase, and what they did in each month after.

A cell that lies after the report's date, or in a month that was not over then, is unknown: it stays
blank. Zero means that the month is known and nobody bought.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import ibis
import pandas as pd

from customer_value.expressions import as_table, exact_sum
from customer_value.rfm.portfolio import year_end

__all__ = ["Cohorts", "cohorts"]

SHOWN = 24
"""Cohorts and months after the first that a figure shows."""

_BACK_WITHIN = 3


@dataclass(frozen=True)
class Cohorts:
    """What each monthly cohort did.

    Attributes
    ----------
    currency, as_of
        Unit of money, and last day that is known.
    cells
        cohort (first day of the month of the first purchase), month, months_since (0 is the month of
        the first purchase; below zero, returns before it), customers (of the cohort), active
        (customers with an order in the month), retention (active / customers), net_revenue,
        [margin], net_revenue_per_customer, whole (whether the month was over on ``as_of``). Months
        after ``as_of`` have no row.
    returns_only
        Net money of customers that never bought and so are in no cohort.
    """

    currency: str
    as_of: dt.date
    cells: pd.DataFrame
    returns_only: float

    @property
    def sizes(self) -> pd.Series:
        """Customers of each cohort."""
        return self.cells.groupby("cohort")["customers"].first()

    def triangle(self, figure: str = "retention", most: int | None = SHOWN) -> pd.DataFrame:
        """One figure by cohort (rows) and months since (columns), unknown cells missing.

        Parameters
        ----------
        figure
            ``retention``, ``active``, ``net_revenue`` or ``net_revenue_per_customer``.
        most
            Only the latest cohorts and the first months; None: all.
        """
        known = self.cells[self.cells["whole"] & (self.cells["months_since"] >= 0)]
        wide = known.pivot_table(
            index="cohort", columns="months_since", values=figure, aggfunc="sum", dropna=False
        )
        wide = wide if most is None else wide.iloc[-most:, : most + 1]
        return wide.dropna(axis="columns", how="all")

    def retention_after(self, months: int) -> tuple[float, int] | None:
        """Share of customers that bought in that month after their first, and how many were observed."""
        known = self.cells[self.cells["whole"] & (self.cells["months_since"] == months)]
        number = int(known["customers"].sum())
        return (float(known["active"].sum()) / number, number) if number else None

    @property
    def halves(self) -> tuple[tuple[float, int, int], tuple[float, int, int]] | None:
        """Mean monthly retention of months 1 to 3, cohorts and customers of the older and newer half."""
        known = self.cells[self.cells["whole"] & self.cells["months_since"].between(1, _BACK_WITHIN)]
        full = known.groupby("cohort")["months_since"].count()
        months = sorted(full[full == _BACK_WITHIN].index)
        if len(months) < 4:
            return None
        middle = len(months) // 2
        older, newer = months[:middle], months[middle:]
        return _mean_retention(known, older), _mean_retention(known, newer)


def cohorts(
    customers: ibis.Table | pd.DataFrame,
    months: ibis.Table | pd.DataFrame,
    *,
    as_of: dt.date,
    currency: str,
    cells: pd.DataFrame | None = None,
) -> Cohorts | None:
    """Retention and revenue by month of the first purchase.

    Parameters
    ----------
    customers
        customer_id, first_order (missing without a purchase).
    months
        customer_id, month, orders, net_revenue, [margin].
    as_of
        Last day of the data.
    currency
        ISO code of the money.
    cells
        The sums of active, net_revenue and [margin] by cohort and month (first days; no cohort without a
        purchase), where they are known; ``months`` is then not read.

    Returns
    -------
    Cohorts
        None where nobody bought.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a", "b"], "first_order": [dt.date(2024, 1, 5)] * 2})
    >>> rows = {"customer_id": ["a", "b", "a"], "orders": [1, 1, 2], "net_revenue": [10.0, 20.0, 5.0],
    ...         "month": [dt.date(2024, 1, 1), dt.date(2024, 1, 1), dt.date(2024, 2, 1)]}
    >>> found = cohorts(people, pd.DataFrame(rows), as_of=dt.date(2024, 3, 31), currency="EUR")
    >>> found.triangle().values.tolist()
    [[1.0, 0.5, 0.0]]
    """
    first = as_table(customers, needs=("customer_id", "first_order"))
    first = first.select("customer_id", cohort=first.first_order.cast("date").truncate("M").cast("date"))
    found = _cells(first, months) if cells is None else cells
    money = [name for name in ("net_revenue", "margin") if name in found.columns]
    never = found["cohort"].isna()
    sizes = first.filter(first.cohort.notnull()).group_by("cohort").aggregate(customers=ibis._.count())
    held = sizes.to_pyarrow().to_pandas()
    if not len(held):
        return None
    dated = found[~never].assign(cohort=lambda f: pd.to_datetime(f["cohort"]))
    filled = _filled(dated.assign(month=pd.to_datetime(dated["month"])), held, as_of, money)
    return Cohorts(currency, as_of, filled, round(float(found.loc[never, "net_revenue"].sum()), 4))


def _cells(first: ibis.Table, months: ibis.Table | pd.DataFrame) -> pd.DataFrame:
    """Sums by cohort and month, on the engine."""
    rows = as_table(months, needs=("customer_id", "month", "orders", "net_revenue"))
    joined = rows.inner_join(first, "customer_id")
    joined = joined.mutate(month=joined.month.cast("date"))
    money = [name for name in ("net_revenue", "margin") if name in joined.columns]
    cells = joined.group_by("cohort", "month").aggregate(
        active=(joined.orders > 0).sum(), **{name: exact_sum(joined[name]) for name in money}
    )
    found: pd.DataFrame = cells.to_pyarrow().to_pandas()
    return found


def _filled(found: pd.DataFrame, sizes: pd.DataFrame, as_of: dt.date, money: list[str]) -> pd.DataFrame:
    """Every month from a cohort's first to the last one begun, and earlier ones with returns."""
    size = sizes.assign(cohort=pd.to_datetime(sizes["cohort"])).set_index("cohort")["customers"].sort_index()
    last = pd.Timestamp(as_of).to_period("M").to_timestamp()
    grid = [(cohort, month) for cohort in size.index for month in pd.date_range(cohort, last, freq="MS")]
    early = found[found["month"] < found["cohort"]]
    keys = pd.MultiIndex.from_tuples(
        sorted({*grid, *zip(early["cohort"], early["month"], strict=True)}), names=["cohort", "month"]
    )
    cells = found.set_index(["cohort", "month"]).reindex(keys, fill_value=0).reset_index()
    since = (cells["month"].dt.year - cells["cohort"].dt.year) * 12 + (
        cells["month"].dt.month - cells["cohort"].dt.month
    )
    customers = cells["cohort"].map(size).astype("int64")
    active = cells["active"].astype("int64")
    return pd.DataFrame(
        {
            "cohort": cells["cohort"].dt.date,
            "month": cells["month"].dt.date,
            "months_since": since.astype("int64"),
            "customers": customers,
            "active": active,
            "retention": active / customers,
            **{name: cells[name].astype("float64") for name in money},
            "net_revenue_per_customer": cells["net_revenue"].astype("float64") / customers,
            "whole": cells["month"] < pd.Timestamp(year_end(as_of)),
        }
    )


def _mean_retention(known: pd.DataFrame, cohort: list[dt.date]) -> tuple[float, int, int]:
    own = known[known["cohort"].isin(cohort)]
    customers = int(own["customers"].sum())
    return float(own["active"].sum()) / customers, len(cohort), customers // _BACK_WITHIN
