"""Charts of what was loaded."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from customer_value import words
from customer_value.data_load import DataLoad
from customer_value.errors import NotEnoughData
from customer_value.plots import style

__all__ = ["buyers_by_month", "revenue_by_month"]


def revenue_by_month(result: DataLoad, ax: Axes) -> Axes:
    """Net revenue per calendar month; months that the data cover in part are pale.

    Parameters
    ----------
    result
        What was loaded.
    ax
        Where to draw.
    """
    months = _several(result)
    colors = [style.ACCENT if complete else style.LIGHT for complete in months["complete"]]
    ax.bar(months["month"], months["net_revenue"], width=25, color=colors)
    ax.axhline(0, color=style.GREY, linewidth=0.8)
    style.money_axis(ax, result.currency)
    ax.set_ylabel(words.with_currency("Net revenue per month", result.currency, " ({})"))
    best = months.loc[months["net_revenue"].idxmax()]
    worst = months.loc[months["net_revenue"].idxmin()]
    low, high = (words.short_money(month["net_revenue"], result.currency) for month in (worst, best))
    ax.set_title(f"Revenue by month: {low} to {high}")
    pale = int((~months["complete"]).sum())
    note = f" {words.count(pale, 'month')} at the edges, drawn pale, covered in part." if pale else ""
    return style.describe(
        ax,
        f"Bar chart of net revenue in {words.count(len(months), 'month')} from {months['month'].iloc[0]:%B %Y} "
        f"to {months['month'].iloc[-1]:%B %Y}. Most: {words.money(best['net_revenue'], result.currency)} in "
        f"{best['month']:%B %Y}; least: {words.money(worst['net_revenue'], result.currency)} in "
        f"{worst['month']:%B %Y}.{note}",
    )


def buyers_by_month(result: DataLoad, ax: Axes) -> Axes:
    """Customers with a purchase per calendar month.

    Parameters
    ----------
    result
        What was loaded.
    ax
        Where to draw.
    """
    months = _several(result)
    ax.plot(months["month"], months["customers"], color=style.ACCENT, marker="o", markersize=3)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("Customers with a purchase")
    low, high = int(months["customers"].min()), int(months["customers"].max())
    ax.set_title(f"Buyers by month: between {words.count(low)} and {words.count(high)}")
    return style.describe(
        ax,
        f"Line chart of customers with a purchase per month from {months['month'].iloc[0]:%B %Y} to "
        f"{months['month'].iloc[-1]:%B %Y}: between {words.count(low)} and {words.count(high)}, "
        f"{words.count(int(months['customers'].iloc[-1]))} in the last month.",
    )


def _several(result: DataLoad) -> pd.DataFrame:
    if len(result.months) < 2:
        raise NotEnoughData("All orders fall into one month, so there is no course over time to draw.")
    return result.months
