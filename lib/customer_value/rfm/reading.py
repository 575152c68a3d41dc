"""The tables of RFM as people read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from customer_value import words
from customer_value.display import Table

if TYPE_CHECKING:
    from customer_value.rfm.analysis import Rfm

__all__ = ["cutoff_table", "segment_table", "span", "treatment_table"]


def cutoff_table(result: Rfm) -> Table:
    """The range of values and the number of customers behind each score."""
    writers: dict[str, Callable[[float], str]] = {
        "recency": words.count,
        "frequency": words.count,
        "monetary": words.decimal,
    }
    titles = {
        "recency": "Days since last order",
        "frequency": "Orders",
        "monetary": f"Net revenue, {result.currency}",
    }
    columns: dict[str, list[object]] = {"Score": [5, 4, 3, 2, 1]}
    for name, write in writers.items():
        rows = result.cutoffs[result.cutoffs["dimension"] == name].to_dict("records")
        columns[titles[name]] = [
            _range(r["lowest"], r["highest"], write) if r["customers"] else "empty" for r in rows
        ]
        columns[f"Customers ({name})"] = [int(r["customers"]) for r in rows]
    return Table(pd.DataFrame(columns), caption=f"What each score means (5 is best){span(result)}")


def segment_table(result: Rfm) -> Table:
    """Size, money and means of each segment."""
    names = {
        "segment": "Segment",
        "customers": "Customers",
        "customer_share": "Share of customers",
        "net_revenue": "Net revenue",
        "revenue_share": "Share of revenue",
        "recency_days": "Days since last order (mean)",
        "orders": "Orders (mean)",
        "net_revenue_per_customer": "Net revenue per customer",
    }
    formats: dict[str, Callable[[float], str]] = {
        "Share of customers": words.percent,
        "Share of revenue": words.percent,
        "Net revenue": lambda v: words.money(v, result.currency),
        "Net revenue per customer": lambda v: words.money(v, result.currency),
        "Days since last order (mean)": words.count,
        "Orders (mean)": lambda v: words.decimal(v, 1),
    }
    shown = result.segments[list(names)].rename(columns=names)
    return Table(shown, formats, f"Segments of {words.count(result.customers, 'customer')}{span(result)}")


def treatment_table(result: Rfm) -> Table:
    """What to do for each segment that has customers."""
    held = result.segments[result.segments["customers"] > 0]
    shown = held[["segment", "customers", "treatment"]]
    shown = shown.rename(columns={"segment": "Segment", "customers": "Customers", "treatment": "What to do"})
    return Table(shown, caption="A starting point for each segment")


def span(result: Rfm) -> str:
    """The window and date of the scores, to end a caption."""
    if result.window_months is None:
        return f", all orders to {words.day(result.as_of)}"
    return f", orders of the {words.count(result.window_months, 'month')} to {words.day(result.as_of)}"


def _range(low: float, high: float, write: Callable[[float], str]) -> str:
    first, last = write(low), write(high)
    return first if first == last else f"{first} to {last}"
