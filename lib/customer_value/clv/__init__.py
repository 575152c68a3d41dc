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
from customer_value.clv.assumptions import Check, assumptions, regularity, with_true_first_dates
from customer_value.clv.bg_bb import BetaGeoBetaBinomial
from customer_value.clv.bg_nbd import BetaGeoNBD
from customer_value.clv.contracts import ContractValue, contract_value, contract_value_of
from customer_value.clv.covariate_candidate import covariate_candidate
from customer_value.clv.covariate_story import covariate_findings, covariate_table
from customer_value.clv.covariates import CovariateFit, covariate_fits, fit_with_covariates
from customer_value.clv.coverage import coverage_study
from customer_value.clv.fitting import Fit
from customer_value.clv.gamma_gamma import GammaGamma
from customer_value.clv.mbg_cnbd import ModifiedBetaGeoCNBD
from customer_value.clv.mbg_nbd import ModifiedBetaGeoNBD
from customer_value.clv.pareto_nbd import ParetoNBD
from customer_value.clv.reading import (
    checks_table,
    classes_table,
    histories_table,
    holdout_table,
    parameters_table,
    sensitivity_table,
    top_accounts_table,
)
from customer_value.clv.retention import constant_value
from customer_value.clv.rhythm import summary_with_gaps
from customer_value.clv.sbg import ShiftedBetaGeometric
from customer_value.clv.standalone import clv
from customer_value.clv.units import discount_rate_per_unit, in_time_unit, months_in_units
from customer_value.clv.validation import Holdout, validate
from customer_value.clv.validation_tables import (
    calibration_table,
    coverage_table,
    holdout_histogram_table,
    holdout_notes,
    season_table,
)

__all__ = [
    "BetaGeoBetaBinomial",
    "BetaGeoNBD",
    "Check",
    "ContractValue",
    "CovariateFit",
    "Fit",
    "GammaGamma",
    "Holdout",
    "LifetimeValue",
    "ModifiedBetaGeoCNBD",
    "ModifiedBetaGeoNBD",
    "ParetoNBD",
    "ShiftedBetaGeometric",
    "assumptions",
    "calibration_table",
    "checks_table",
    "classes_table",
    "clv",
    "constant_value",
    "contract_value",
    "contract_value_of",
    "covariate_candidate",
    "covariate_findings",
    "covariate_fits",
    "covariate_table",
    "coverage_study",
    "coverage_table",
    "discount_rate_per_unit",
    "fit_with_covariates",
    "histories_table",
    "holdout_histogram_table",
    "holdout_notes",
    "holdout_table",
    "in_time_unit",
    "lifetime_value",
    "lifetime_value_of",
    "months_in_units",
    "parameters_table",
    "regularity",
    "season_table",
    "sensitivity_table",
    "summary_with_gaps",
    "top_accounts_table",
    "validate",
    "with_true_first_dates",
]
