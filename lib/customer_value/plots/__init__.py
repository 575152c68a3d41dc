"""Charts: one function per chart, each takes a result and an axes and returns the axes.

Every function gives its figure a text alternative (`customer_value.plots.style.describe`) that states
what the chart shows with its numbers, and raises `NotEnoughData` where there is nothing to draw.
"""

from customer_value.plots.data_load import buyers_by_month, revenue_by_month

__all__ = ["buyers_by_month", "revenue_by_month"]
