"""Charts: one function per chart, each takes a result and an axes and returns the axes.

Every function gives its figure a text alternative (`customer_value.plots.style.describe`) that states
what the chart shows with its numbers, and raises `NotEnoughData` where there is nothing to draw.
"""

from customer_value.plots.clv import (
    alive_map,
    conditional_expectation,
    equity_by_assumption,
    repeat_histogram,
    spend_distribution,
    top_accounts,
    tracking_cumulative,
    tracking_weekly,
    value_by_decile,
)
from customer_value.plots.data_load import buyers_by_month, revenue_by_month
from customer_value.plots.loyalty import (
    matrix_counts,
    matrix_scatter,
    repeat_purchase_only,
    respondents_vs_rest,
)
from customer_value.plots.pareto import (
    abc_bars,
    concentration_by_period,
    lorenz_curve,
    pareto_chart,
    tier_map,
    whale_curve,
)
from customer_value.plots.rfm import score_distribution, score_map, segment_bars

__all__ = [
    "abc_bars",
    "alive_map",
    "buyers_by_month",
    "concentration_by_period",
    "conditional_expectation",
    "equity_by_assumption",
    "lorenz_curve",
    "matrix_counts",
    "matrix_scatter",
    "pareto_chart",
    "repeat_histogram",
    "repeat_purchase_only",
    "respondents_vs_rest",
    "revenue_by_month",
    "score_distribution",
    "score_map",
    "segment_bars",
    "spend_distribution",
    "tier_map",
    "top_accounts",
    "tracking_cumulative",
    "tracking_weekly",
    "value_by_decile",
    "whale_curve",
]
