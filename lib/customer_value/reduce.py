"""From order lines to the tables that every analysis reads.

The engine does the work: each function returns an Ibis expression, and `write_tables` runs them
and leaves Parquet. After this step nothing reads order lines again.

A *purchase day* is a day with positive sales before returns; orders for nothing count only where the
settings say so. Void rows (`customer_value.voids`) stay in the net money, where they come to nothing, and are
neither sales nor returns. Returns change money, never the frequency, recency or T of a customer. Money is
DECIMAL until it has been summed and logarithms are rounded to DECIMAL before they are, so that no
sum depends on the order of its rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import pandas as pd

from customer_value.settings import ClvSettings, Settings

__all__ = [
    "EXACT",
    "VOID",
    "Dates",
    "customer_days",
    "customer_months",
    "customer_product_prices",
    "customer_product_years",
    "customers_at",
    "is_sale",
    "not_void",
    "purchase_patterns",
    "reduction_dates",
    "snapshots_at",
    "weekly_purchases",
]

EXACT = "decimal(18, 9)"
"""Logarithms and discounts are rounded to this before they are summed."""

VOID = "_void"
"""Boolean column of order rows, where there are void ones: see `customer_value.voids`."""


@dataclass(frozen=True)
class Dates:
    """The dates that the reduction looks back from.

    Attributes
    ----------
    origin
        First date with an order.
    as_of
        The report's date.
    calibration_end
        Last day of the calibration period of the lifetime-value models.
    previous
        One migration period before ``as_of``.
    """

    origin: dt.date
    as_of: dt.date
    calibration_end: dt.date
    previous: dt.date

    def snapshots(self) -> tuple[dt.date, ...]:
        """The distinct dates, earliest first."""
        return tuple(sorted({self.as_of, self.calibration_end, self.previous}))


def reduction_dates(origin: dt.date, as_of: dt.date, settings: Settings) -> Dates:
    """The dates for one report, from its first order date and its settings.

    The calibration period ends on a whole week after ``origin`` nearest to the share asked for,
    unless the settings state a date.

    Examples
    --------
    >>> from customer_value.settings import OrdersTable
    >>> columns = {"customer_id": "c", "order_date": "d", "amount": "a"}
    >>> settings = Settings(currency="EUR", orders=OrdersTable(path="o.csv", columns=columns))
    >>> reduction_dates(dt.date(2024, 1, 1), dt.date(2024, 12, 29), settings).calibration_end
    datetime.date(2024, 9, 8)
    """
    calibration_end = settings.clv.calibration_end or _default_calibration_end(origin, as_of, settings.clv)
    months = pd.DateOffset(months=settings.rfm.migration_months)
    return Dates(origin, as_of, calibration_end, (pd.Timestamp(as_of) - months).date())


def not_void(rows: ibis.Table, condition: Any) -> Any:
    """A condition on order rows that no void one fulfils."""
    return condition & ~rows[VOID] if VOID in rows.columns else condition


def is_sale(rows: ibis.Table, free_orders: str = "ignore") -> Any:
    """Whether an order row is a sale: not void, and positive or, with ``"count"``, not negative."""
    return not_void(rows, rows.amount >= 0 if free_orders == "count" else rows.amount > 0)


def customer_days(
    rows: ibis.Table, one_order_is: str | None = None, free_orders: str = "ignore"
) -> ibis.Table:
    """One row per customer and day with any order line.

    Parameters
    ----------
    rows
        Kept order rows (`customer_value.contract.Orders.rows`).
    one_order_is
        What counts as one order where there is no order_id: ``"row"`` or ``"day"``.
    free_orders
        ``"count"`` if a row with amount zero is a sale, too.

    Returns
    -------
    ibis.Table
        customer_id, order_date, gross, returns (positive), net_revenue, margin (if cost is known),
        bought (whether it is a purchase day), orders (with a sale, each on its first such day), gap
        (days since the customer's previous purchase day; NULL on the first and on days without a
        purchase).
    """
    sale = is_sale(rows, free_orders)
    measures = {
        "bought": sale.any(),
        "gross": rows.amount.sum(where=not_void(rows, rows.amount > 0)).fill_null(0),
        "returns": (-rows.amount).sum(where=not_void(rows, rows.amount < 0)).fill_null(0),
        "net_revenue": rows.amount.sum(),
    }
    if "cost" in rows.columns:
        measures["margin"] = (rows.amount - rows["cost"]).sum()
    if "order_id" not in rows.columns and one_order_is != "day":
        measures["orders"] = rows.count(where=sale)
    days = rows.group_by("customer_id", "order_date").aggregate(**measures)
    if "order_id" in rows.columns:
        days = _with_order_counts(days, rows.filter(sale))
    elif one_order_is == "day":
        days = days.mutate(orders=days.bought.cast("int64"))
    previous = ibis.ifelse(days.bought, days.order_date, ibis.null("date"))
    before = ibis.window(group_by="customer_id", order_by="order_date", rows=(None, -1))
    last_buy = previous.max().over(before)
    gap = ibis.ifelse(days.bought, days.order_date.delta(last_buy, unit="day"), ibis.null("int64"))
    return days.mutate(gap=gap)


def customers_at(days: ibis.Table, as_of: dt.date, window_start: dt.date | None = None) -> ibis.Table:
    """One row per customer as known on a date.

    Parameters
    ----------
    days
        As `customer_days` returns it.
    as_of
        Later days are not looked at.
    window_start
        ``window_orders``, ``window_gross`` and ``window_net_revenue`` count days after this one; None: all.

    Returns
    -------
    ibis.Table
        customer_id, first_order, last_order, orders, purchase_days, gross, returns, net_revenue,
        margin (if known), frequency, recency, T (days), monetary_value (mean gross money of the
        purchase days after the first), window_orders, window_gross, window_net_revenue, gap_mean,
        gap_median, gap_std, gap_log_mean, last_gap (days). Customers with returns only have NULL where
        a purchase would be needed.
    """
    return _customers_at(days, as_of, window_start).order_by("customer_id")


def snapshots_at(days: ibis.Table, window_starts: Mapping[dt.date, dt.date | None]) -> ibis.Table:
    """`customers_at` of several dates one below the other, behind a column as_of.

    Parameters
    ----------
    days
        As `customer_days` returns it.
    window_starts
        Date to the start of its window, in the order of the dates.
    """
    parts = []
    for date, start in window_starts.items():
        table = _customers_at(days, date, start)
        columns = {name: table[name] for name in table.columns}
        parts.append(table.select(as_of=ibis.literal(date), **columns))
    return (parts[0] if len(parts) == 1 else ibis.union(*parts)).order_by("as_of", "customer_id")


def customer_months(days: ibis.Table, as_of: dt.date) -> ibis.Table:
    """One row per customer and calendar month with any order line.

    Columns customer_id, month (its first day), orders, purchase_days, gross, returns,
    net_revenue, margin (if known).
    """
    known = days.filter(days.order_date <= ibis.literal(as_of))
    known = known.mutate(month=known.order_date.truncate("M"))
    table = known.group_by("customer_id", "month").aggregate(
        orders=_whole(known.orders.sum()),
        purchase_days=_whole(known.bought.sum()),
        **{name: _money(known[name].sum()) for name in _money_columns(known)},
    )
    return table.order_by("customer_id", "month")


def weekly_purchases(days: ibis.Table, origin: dt.date, as_of: dt.date) -> ibis.Table:
    """Purchases per week and week of acquisition; weeks are counted from ``origin``.

    Columns acquired_week, week (first days of 7-day blocks), customers (that bought),
    purchase_days (each customer's first one included), net_revenue.
    """
    bought = days.filter(days.bought & (days.order_date <= ibis.literal(as_of)))
    first = bought.order_date.min().over(ibis.window(group_by="customer_id"))
    weeks = bought.mutate(acquired_week=_week(first, origin), week=_week(bought.order_date, origin))
    table = weeks.group_by("acquired_week", "week").aggregate(
        customers=weeks.customer_id.nunique(),
        purchase_days=weeks.count(),
        net_revenue=_money(weeks.net_revenue.sum()),
    )
    return table.order_by("acquired_week", "week")


def purchase_patterns(snapshots: ibis.Table) -> ibis.Table:
    """The distinct (frequency, recency, T) of each snapshot, in days, with their customers."""
    keys = ["as_of", "frequency", "recency", "T"]
    bought = snapshots.filter(snapshots.frequency.notnull())
    return bought.group_by(keys).aggregate(customers=bought.count()).order_by(keys)


def customer_product_years(rows: ibis.Table, as_of: dt.date) -> ibis.Table:
    """One row per customer, product and calendar year.

    Columns customer_id, product_id (NULL where blank), year, lines, quantity (if known),
    net_revenue, margin (if known).
    """
    known = rows.filter(not_void(rows, rows.order_date <= ibis.literal(as_of)))
    known = known.mutate(year=known.order_date.year().cast("int64"))
    measures: dict[str, Any] = {"lines": known.count()}
    if "quantity" in rows.columns:
        measures["quantity"] = _money(known.quantity.sum())
    measures["net_revenue"] = _money(known.amount.sum())
    if "cost" in rows.columns:
        measures["margin"] = _money((known.amount - known["cost"]).sum())
    keys = ["customer_id", "product_id", "year"]
    return known.group_by(keys).aggregate(**measures).order_by(keys)


def customer_product_prices(rows: ibis.Table, as_of: dt.date) -> ibis.Table:
    """Sums that a regression of log quantity on discount within customer and product needs.

    Columns customer_id, product_id (if known), lines, discount_sum, discount_square_sum,
    log_quantity_sum, log_quantity_square_sum, discount_log_quantity_sum; sales lines only.
    """
    bought = (rows.order_date <= ibis.literal(as_of)) & (rows.amount > 0) & (rows.quantity > 0)
    sales = rows.filter(not_void(rows, bought))
    sales = sales.filter(sales.discount.notnull())
    log_quantity = sales.quantity.cast("float64").ln().cast(EXACT)
    discount = sales.discount.cast(EXACT)
    terms = {
        "discount_sum": discount,
        "discount_square_sum": _rounded(discount * discount),
        "log_quantity_sum": log_quantity,
        "log_quantity_square_sum": _rounded(log_quantity * log_quantity),
        "discount_log_quantity_sum": _rounded(discount * log_quantity),
    }
    keys = [key for key in ("customer_id", "product_id") if key in rows.columns]
    sums = {name: _money(term.sum()) for name, term in terms.items()}
    return sales.group_by(keys).aggregate(lines=sales.count(), **sums).order_by(keys)


def _default_calibration_end(origin: dt.date, as_of: dt.date, options: ClvSettings) -> dt.date:
    days = (as_of - origin).days + 1
    weeks = max(1, round(days * (1 - options.holdout_share) / 7))
    return min(as_of, origin + dt.timedelta(days=7 * weeks - 1))


def _with_order_counts(days: ibis.Table, sales: ibis.Table) -> ibis.Table:
    """Add the number of orders, each counted once, on its first day with a sale.

    Sales without an order_id are one order a day.
    """
    day_if_blank = ibis.ifelse(sales.order_id.isnull(), sales.order_date, ibis.null("date"))
    orders = sales.mutate(_blank=day_if_blank).group_by("customer_id", "order_id", "_blank")
    first_days = orders.aggregate(order_date=sales.order_date.min())
    counts = first_days.group_by("customer_id", "order_date").aggregate(orders=ibis._.count())
    joined = days.left_join(counts, ["customer_id", "order_date"])
    return joined.select(*(days[name] for name in days.columns), orders=counts.orders.fill_null(0))


def _customers_at(days: ibis.Table, as_of: dt.date, window_start: dt.date | None) -> ibis.Table:
    """The table of `customers_at`, in no order: an engine sorts what it is told to, also below another order."""
    known = days.filter(days.order_date <= ibis.literal(as_of))
    buys = known.bought
    in_window = known.order_date > ibis.literal(window_start) if window_start else ibis.literal(True)
    has_margin = "margin" in days.columns
    sums = {name: known[name].sum() for name in ("gross", "returns", "net_revenue")}
    if has_margin:
        sums["margin"] = known.margin.sum()
    table = known.group_by("customer_id").aggregate(
        first_order=known.order_date.min(where=buys),
        last_order=known.order_date.max(where=buys),
        orders=known.orders.sum(),
        purchase_days=buys.sum(),
        **sums,
        **_repeat_sums(known, buys),
        window_orders=known.orders.sum(where=in_window).fill_null(0),
        window_gross=known.gross.sum(where=in_window).fill_null(0),
        window_net_revenue=known.net_revenue.sum(where=in_window).fill_null(0),
        **_gap_sums(known),
    )
    return _finished(table, as_of)


def _repeat_sums(known: ibis.Table, buys: Any) -> dict[str, Any]:
    """Gross money on all purchase days and on the first one, to take their difference.

    Credits are left out, for the day on which they are booked says nothing of what a purchase brought.
    """
    return {
        "_days_gross": known.gross.sum(where=buys),
        "_first_gross": known.gross.argmin(known.order_date, where=buys),
    }


def _gap_sums(known: ibis.Table) -> dict[str, Any]:
    gap = known.gap
    return {
        "_gaps": gap.count(),
        "_gap_sum": gap.sum(),
        "_gap_square_sum": (gap * gap).sum(),
        "_gap_log_sum": gap.cast("float64").ln().cast(EXACT).sum(),
        "_gap_median": gap.median(),
        "last_gap": gap.argmax(known.order_date, where=gap.notnull()),
    }


def _finished(table: ibis.Table, as_of: dt.date) -> ibis.Table:
    bought = table.purchase_days > 0
    repeats = _whole(table.purchase_days) - 1
    gaps, gap_sum = table["_gaps"], table["_gap_sum"]
    variance = (table["_gap_square_sum"] * gaps - gap_sum * gap_sum).cast("float64") / (
        gaps * (gaps - 1)
    ).cast("float64").nullif(0)
    columns: dict[str, Any] = {
        name: _money(table[name])
        for name in ("gross", "returns", "net_revenue", "margin")
        if name in table.columns
    }
    repeated = _money(table["_days_gross"] - table["_first_gross"]) / repeats.cast("float64").nullif(0)
    return table.select(
        "customer_id",
        "first_order",
        "last_order",
        orders=_whole(table.orders),
        purchase_days=_whole(table.purchase_days),
        **columns,
        frequency=ibis.ifelse(bought, repeats, ibis.null("int64")),
        recency=table.last_order.delta(table.first_order, unit="day").cast("int64"),
        T=ibis.literal(as_of).delta(table.first_order, unit="day").cast("int64"),
        monetary_value=ibis.ifelse(bought, repeated, ibis.null("float64")),
        window_orders=_whole(table.window_orders),
        window_gross=_money(table.window_gross),
        window_net_revenue=_money(table.window_net_revenue),
        gap_mean=gap_sum.cast("float64") / gaps.cast("float64").nullif(0),
        gap_median=table["_gap_median"].cast("float64"),
        gap_std=ibis.ifelse(variance > 0, variance, variance * 0).sqrt(),
        gap_log_mean=_money(table["_gap_log_sum"]) / gaps.cast("float64").nullif(0),
        last_gap=table.last_gap.cast("int64"),
    )


def _money_columns(table: ibis.Table) -> list[str]:
    return [name for name in ("gross", "returns", "net_revenue", "margin") if name in table.columns]


def _money(summed: Any) -> Any:
    return summed.cast("float64")


def _whole(summed: Any) -> Any:
    """A sum of whole numbers as int64; DuckDB sums into 128 bits, which Parquet does not have."""
    return summed.cast("float64").cast("int64")


def _rounded(product: Any) -> Any:
    return product.cast("decimal(36, 12)").cast("decimal(24, 9)")


def _week(date: Any, origin: dt.date) -> Any:
    start = ibis.literal(origin)
    weeks = (date.delta(start, unit="day") // 7).cast("int64")
    return (start + (weeks * 7).as_interval("D")).cast("timestamp").cast("date")
