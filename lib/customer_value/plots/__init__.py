"""Charts: one function per chart, each takes a result and an axes and returns the axes.

Every function gives its figure a text alternative (`customer_value.plots.style.describe`) that states
what the chart shows with its numbers, and raises `NotEnoughData` where there is nothing to draw.
"""

from customer_value.plots.clv import (
    alive_map,
    category_effects,
    conditional_expectation,
    contract_renewals,
    equity_by_assumption,
    equity_by_class,
    expected_purchases_map,
    iso_value_curves,
    repeat_histogram,
    spend_distribution,
    top_accounts,
    tracking_cumulative,
    tracking_weekly,
    value_by_decile,
)
from customer_value.plots.contracts import contract_survival
from customer_value.plots.covariates import covariate_effects
from customer_value.plots.data_load import buyers_by_month, revenue_by_month
from customer_value.plots.loyalty import (
    attitude_spread,
    cell_moves,
    cell_retention,
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
    pyramid_bars,
    tier_map,
    whale_curve,
)
from customer_value.plots.pareto_outlook import (
    accounts_and_groups,
    contracts_by_month,
    cumulative_curves,
    loss_by_exit,
    top_moves,
)
from customer_value.plots.rfm import score_distribution, score_map, segment_bars
from customer_value.plots.rfm_periods import (
    cohort_map,
    lift_bars,
    migration_flows,
    migration_matrix,
    portfolio_map,
    score_lifts,
)
from customer_value.plots.satisfaction import (
    delivered_value_bridge,
    expectation_gaps,
    importance_performance,
    retention_by_satisfaction,
    satisfaction_by_group,
    satisfaction_over_waves,
    win_win_map,
)
from customer_value.plots.validation import (
    calibration_by_decile,
    holdout_repeats,
    pit_histogram,
    seasonality,
)

__all__ = [
    "abc_bars",
    "accounts_and_groups",
    "alive_map",
    "attitude_spread",
    "buyers_by_month",
    "calibration_by_decile",
    "category_effects",
    "cell_moves",
    "cell_retention",
    "cohort_map",
    "concentration_by_period",
    "conditional_expectation",
    "contract_renewals",
    "contract_survival",
    "contracts_by_month",
    "covariate_effects",
    "cumulative_curves",
    "delivered_value_bridge",
    "equity_by_assumption",
    "equity_by_class",
    "expectation_gaps",
    "expected_purchases_map",
    "holdout_repeats",
    "importance_performance",
    "iso_value_curves",
    "lift_bars",
    "lorenz_curve",
    "loss_by_exit",
    "matrix_counts",
    "matrix_scatter",
    "migration_flows",
    "migration_matrix",
    "pareto_chart",
    "pit_histogram",
    "portfolio_map",
    "pyramid_bars",
    "repeat_histogram",
    "repeat_purchase_only",
    "respondents_vs_rest",
    "retention_by_satisfaction",
    "revenue_by_month",
    "satisfaction_by_group",
    "satisfaction_over_waves",
    "score_distribution",
    "score_lifts",
    "score_map",
    "seasonality",
    "segment_bars",
    "spend_distribution",
    "tier_map",
    "top_accounts",
    "top_moves",
    "tracking_cumulative",
    "tracking_weekly",
    "value_by_decile",
    "whale_curve",
    "win_win_map",
]
