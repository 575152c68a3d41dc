"""Customer lifetime value: what customers are worth from now on, and how far that can be trusted.

Customers without a contract do not say goodbye. The models here infer from three numbers, the
purchases so far, the time of the last one and the time of observation, who is probably still a
customer and what they will buy. `lifetime_value` does the whole analysis of notebook 04; the models
can be used on their own::

    summary = clv.in_time_unit(customers, "W")                 # tables are in days
    fit = clv.BetaGeoNBD.fit(summary, time_unit="W")
    fit.model.p_alive(x=2, t_x=30.43, T=38.86)
"""

from customer_value.clv.analysis import LifetimeValue, lifetime_value, lifetime_value_of
from customer_value.clv.assumptions import Check, regularity
from customer_value.clv.bg_nbd import BetaGeoNBD
from customer_value.clv.fitting import Fit
from customer_value.clv.gamma_gamma import GammaGamma
from customer_value.clv.mbg_nbd import ModifiedBetaGeoNBD
from customer_value.clv.pareto_nbd import ParetoNBD
from customer_value.clv.reading import (
    checks_table,
    histories_table,
    holdout_table,
    parameters_table,
    sensitivity_table,
    top_accounts_table,
)
from customer_value.clv.units import discount_rate_per_unit, in_time_unit, months_in_units
from customer_value.clv.validation import Holdout, validate

__all__ = [
    "BetaGeoNBD",
    "Check",
    "Fit",
    "GammaGamma",
    "Holdout",
    "LifetimeValue",
    "ModifiedBetaGeoNBD",
    "ParetoNBD",
    "checks_table",
    "discount_rate_per_unit",
    "histories_table",
    "holdout_table",
    "in_time_unit",
    "lifetime_value",
    "lifetime_value_of",
    "months_in_units",
    "parameters_table",
    "regularity",
    "sensitivity_table",
    "top_accounts_table",
    "validate",
]
