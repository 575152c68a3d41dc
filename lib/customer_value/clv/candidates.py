"""The models that are compared on the time kept back, and what each of them can do.

A candidate is a name and five functions: whether it suits these customers at all, how it is fitted,
what it predicts, which parameters are plausible, and one random future under them. A new model joins
the comparison as one more entry of `CANDIDATES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from customer_value.clv.assumptions import regularity
from customer_value.clv.bg_nbd import BetaGeoNBD
from customer_value.clv.fitting import Fit
from customer_value.clv.inputs import Array
from customer_value.clv.mbg_cnbd import ModifiedBetaGeoCNBD, summary_with_gaps
from customer_value.clv.mbg_nbd import ModifiedBetaGeoNBD
from customer_value.clv.pareto_nbd import ParetoNBD
from customer_value.clv.purchases import PurchaseModel
from customer_value.clv.units import in_time_unit
from customer_value.display import written
from customer_value.errors import FitError
from customer_value.text import NOTHING, Number, Text, say

__all__ = ["CANDIDATES", "Candidate", "candidate_for", "fit_all", "fit_candidate", "histories_of"]

HISTORY = ("frequency", "recency", "T")
"""Columns that tell customers apart for the models; covariates add their own."""


@dataclass(frozen=True)
class Candidate:
    """A model in the comparison.

    Parameters
    ----------
    name, label
        In facts and tables, and in sentences.
    fit
        (customers, time unit) to a fit; times of the customers are in that unit.
    predict
        (fit, customers, ahead) to the expected purchases of each customer.
    draw
        (fit, number, random numbers) to that many plausible models.
    future
        (model, histories, places, ahead, random numbers) to one random number of purchases for each
        place, that is for each customer, as the row number of their history.
    unsuited
        Customers (times in days) to the reason why the model is not tried, or "".
    columns
        What tells two customers apart for this model.
    by_customer
        Whether the fit needs more of the customers than their distinct histories.
    """

    name: str
    label: str
    fit: Callable[[pd.DataFrame, str], Fit[Any]]
    predict: Callable[[Fit[Any], pd.DataFrame, float], Array]
    draw: Callable[[Fit[Any], int, np.random.Generator], Sequence[Any]]
    future: Callable[[Any, pd.DataFrame, Array, float, np.random.Generator], Array]
    unsuited: Callable[[pd.DataFrame], Text] = lambda customers: NOTHING
    columns: tuple[str, ...] = HISTORY
    by_customer: bool = False


def candidate_for(model: type[PurchaseModel]) -> Candidate:
    """The candidate of a model of purchases in continuous time."""

    def fit(customers: pd.DataFrame, time_unit: str) -> Fit[Any]:
        return model.fit(customers, time_unit=time_unit)

    return Candidate(model.title, model.label, fit, _predict, _draw, _future)


def fit_candidate(
    candidate: Candidate, customers: pd.DataFrame, time_unit: str, patterns: pd.DataFrame | None = None
) -> Fit[Any]:
    """Fit one candidate.

    Parameters
    ----------
    candidate
        One of `CANDIDATES`.
    customers
        frequency, recency, T (days), and gap_log_mean if known.
    time_unit
        Unit of the fit.
    patterns
        The distinct histories of the same customers with their weight, in days; saves grouping them.

    Raises
    ------
    FitError
        If the candidate does not suit the customers or finds no maximum.
    """
    reason = candidate.unsuited(customers)
    if reason:
        raise FitError(written(reason))
    if patterns is not None and not candidate.by_customer:
        return candidate.fit(in_time_unit(patterns, time_unit), time_unit)
    return candidate.fit(histories_of(customers, time_unit), time_unit)


def fit_all(
    customers: pd.DataFrame, time_unit: str, patterns: pd.DataFrame | None = None
) -> tuple[dict[str, Fit[Any]], dict[str, str], dict[str, Text]]:
    """Fit every candidate that suits the customers.

    Returns
    -------
    fits, failures, left_out
        Fits by name; why a fit failed; why a model was not tried.
    """
    fits: dict[str, Fit[Any]] = {}
    failures: dict[str, str] = {}
    left_out: dict[str, Text] = {}
    for name, candidate in CANDIDATES.items():
        reason = candidate.unsuited(customers)
        if reason:
            left_out[name] = reason
            continue
        try:
            fits[name] = fit_candidate(candidate, customers, time_unit, patterns)
        except FitError as error:
            failures[name] = str(error)
    return fits, failures, left_out


def histories_of(customers: pd.DataFrame, time_unit: str) -> pd.DataFrame:
    """Customers with their times in a model's unit.

    Parameters
    ----------
    customers
        frequency, recency, T (days); gap_log_mean (mean log of the gaps in days) if known.
    time_unit
        ``"D"``, ``"W"`` or ``"M"``.

    Returns
    -------
    pandas.DataFrame
        All columns; recency and T in the unit; gap_log_sum, the sum of the logs of each customer's
        gaps in the unit, if known.

    Examples
    --------
    >>> table = pd.DataFrame({"frequency": [2], "recency": [14], "T": [21], "gap_log_mean": [np.log(7)]})
    >>> histories_of(table, "W")[["recency", "T", "gap_log_sum"]].values.tolist()
    [[2.0, 3.0, 0.0]]
    """
    table = in_time_unit(customers, time_unit)
    if "gap_log_mean" not in table.columns:
        return table
    return table.assign(gap_log_sum=summary_with_gaps(customers, time_unit)["gap_log_sum"])


def _predict(fit: Fit[PurchaseModel], customers: pd.DataFrame, ahead: float) -> Array:
    x, t_x, T = (customers[name].to_numpy(float) for name in HISTORY)
    return fit.model.conditional_expected_purchases(ahead, x, t_x, T)


def _draw(fit: Fit[PurchaseModel], number: int, rng: np.random.Generator) -> list[PurchaseModel]:
    draws = fit.draw(number, rng)
    parameters = [{name: float(draws[name][r]) for name in fit.names} for r in range(number)]
    return [replace(fit.model, **values) for values in parameters]  # type: ignore[type-var]


def _future(
    model: PurchaseModel, histories: pd.DataFrame, places: Array, ahead: float, rng: np.random.Generator
) -> Array:
    x, t_x, T = (histories[name].to_numpy(float) for name in HISTORY)
    alive = model.p_alive(x, t_x, T)
    bought = model.simulate_ahead(rng, alive[places], x[places], T[places], ahead, t_x[places])
    return np.asarray(bought.number + bought.last)


def _regular_fit(customers: pd.DataFrame, time_unit: str) -> Fit[Any]:
    fit = ModifiedBetaGeoCNBD.fit(customers, time_unit=time_unit)
    if fit.model.k == 1:
        raise FitError("Random timing (k = 1) fits best, and that is MBG/NBD.")
    return fit


def _not_regular(customers: pd.DataFrame) -> Text:
    """Why a model for regular buyers is not tried, or `NOTHING`."""
    found = regularity(customers) if {"gap_mean", "gap_log_mean"} <= set(customers.columns) else None
    if found is None:
        return say("Too few gaps between purchases are known to tell whether customers buy regularly.")
    k, low, _ = found
    if low > 1:
        return NOTHING
    return say(
        "Customers do not buy more regularly than by chance (regularity {regularity}, lower bound {low}; it takes a "
        "lower bound above 1).",
        regularity=Number(k),
        low=Number(low),
    )


_REGULAR = Candidate(
    ModifiedBetaGeoCNBD.title,
    ModifiedBetaGeoCNBD.label,
    _regular_fit,
    _predict,
    _draw,
    _future,
    unsuited=_not_regular,
    by_customer=True,
)

CANDIDATES: Mapping[str, Candidate] = {
    candidate.name: candidate
    for candidate in (*map(candidate_for, (BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD)), _REGULAR)
}
"""By name, the simplest first."""
