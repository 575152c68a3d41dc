"""A model with covariates in the comparison on the time kept back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from customer_value.clv.candidates import HISTORY, Candidate
from customer_value.clv.covariates import CovariateFit, CovariateModel, fit_with_covariates
from customer_value.clv.inputs import Array
from customer_value.clv.purchases import PurchaseModel

__all__ = ["covariate_candidate"]


def covariate_candidate(model: type[PurchaseModel], covariates: Sequence[str]) -> Candidate:
    """The candidate of a model with these covariates.

    Parameters
    ----------
    model
        The purchase model.
    covariates
        Columns of the customers that the candidate is fitted on (`with_categories` adds them).
    """
    names = tuple(covariates)

    def fit(customers: pd.DataFrame, time_unit: str) -> Any:
        return fit_with_covariates(model, customers, covariates=names, time_unit=time_unit)

    return Candidate(
        f"{model.title}Covariates",
        f"{model.label} with covariates",
        fit,
        _predict,
        _draw,
        _future,
        columns=(*HISTORY, *names),
        by_customer=True,
    )


def _predict(fit: Any, customers: pd.DataFrame, ahead: float) -> Array:
    known: CovariateFit = fit
    return known.model.conditional_expected_purchases(ahead, customers)


def _draw(fit: Any, number: int, rng: np.random.Generator) -> list[CovariateModel]:
    known: CovariateFit = fit
    return known.draw(number, rng)


def _future(
    model: CovariateModel, histories: pd.DataFrame, places: Array, ahead: float, rng: np.random.Generator
) -> Array:
    return model.simulate_ahead(rng, histories, ahead, places)
