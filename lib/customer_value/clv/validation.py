"""Would the models have been right? Fit on the past, predict the rest, compare with what happened.

All models and the simple rules predict each customer's purchases between the calibration date and
the report's date. The models are compared by mean absolute error; differences that chance explains
go to the simpler model, and to a simple rule before any model.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from customer_value import words
from customer_value.clv.assumptions import LEAST_REPEATERS
from customer_value.clv.bg_nbd import BetaGeoNBD
from customer_value.clv.fitting import Fit
from customer_value.clv.inputs import Array
from customer_value.clv.mbg_nbd import ModifiedBetaGeoNBD
from customer_value.clv.pareto_nbd import ParetoNBD
from customer_value.clv.purchases import PurchaseModel
from customer_value.clv.rules import RULES, rule_predictions
from customer_value.clv.scores import Score, paired_interval, score
from customer_value.clv.simulation import replicates_for, simulate_totals
from customer_value.clv.units import DAYS, in_time_unit
from customer_value.errors import FitError

__all__ = ["MODELS", "Holdout", "label_of", "validate"]

MODELS: tuple[type[PurchaseModel], ...] = (BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD)
"""Models to compare, the simplest first."""


@dataclass(frozen=True)
class Holdout:
    """Predictions against what happened after the calibration date.

    Parameters
    ----------
    days
        Length of the time that was kept back.
    customers
        Customers acquired up to the calibration date.
    newcomers
        Customers acquired later; no model can predict them.
    actual
        Purchase days of the customers in the time kept back.
    fits
        Models fitted on the calibration period, by name.
    failures
        Models that could not be fitted, with the reason.
    scores
        Figures by model or rule name.
    predictions
        customer_id, frequency, actual and one column per model and rule.
    model
        The model chosen for valuation.
    winner
        The model or rule that predicts best; the simpler one where chance explains the difference.
    because
        Why the model was chosen, and whether a rule does better, in plain words.
    total_low, total_high
        95 % interval of the chosen model's total.
    hiatus_months
        Silence after which the hiatus rule gives a customer up.
    """

    days: int
    customers: int
    newcomers: int
    actual: float
    fits: Mapping[str, Fit[PurchaseModel]]
    failures: Mapping[str, str]
    scores: Mapping[str, Score]
    predictions: pd.DataFrame
    model: str
    winner: str
    because: str
    total_low: float
    total_high: float
    hiatus_months: int | None

    @property
    def table(self) -> pd.DataFrame:
        """One row per model and rule: method, kind, actual, predicted, bias and the other figures."""
        rows = [
            {"method": label_of(name), "kind": "rule" if name in RULES else "model", "actual": self.actual}
            | asdict(figures)
            for name, figures in self.scores.items()
        ]
        return pd.DataFrame(rows)

    @property
    def missed(self) -> bool:
        """Whether what happened lies outside the chosen model's interval."""
        return not self.total_low <= self.actual <= self.total_high


def validate(
    known: pd.DataFrame,
    later: pd.DataFrame,
    patterns: pd.DataFrame,
    months: Any | None,
    *,
    calibration_end: dt.date,
    as_of: dt.date,
    time_unit: str,
    seed: int,
) -> Holdout | None:
    """Compare all models and rules on the time after the calibration date.

    Parameters
    ----------
    known, later
        Customers with a purchase as of the calibration date and as of the report's date:
        customer_id, first_order, frequency, recency, T (days).
    patterns
        Distinct histories at the calibration date: frequency, recency, T (days), weight.
    months
        Buying months (customer_id, month, purchase_days), or None.
    calibration_end, as_of
        First and last day of the time kept back (the first not included).
    time_unit, seed
        Unit of the fits; seed of the bootstrap and the simulation.

    Returns
    -------
    Holdout or None
        None if no time was kept back, fewer than 30 customers had bought again before it, or no
        model can be fitted.
    """
    days = (as_of - calibration_end).days
    if days < 1 or (known["frequency"] > 0).sum() < LEAST_REPEATERS:
        return None
    fits, failures = _fit_all(in_time_unit(patterns, time_unit), time_unit)
    if not fits:
        return None
    history = in_time_unit(known, time_unit)
    x, t_x, T = (history[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    ahead = days / DAYS[time_unit]
    predicted: dict[str, Array] = {
        name: fit.model.conditional_expected_purchases(ahead, x, t_x, T) for name, fit in fits.items()
    }
    rules, hiatus = rule_predictions(known, months, calibration_end=calibration_end, days=days)
    predicted |= rules
    after = known["customer_id"].map(later.set_index("customer_id")["frequency"])
    actual = (after - known["frequency"]).fillna(0).to_numpy(float)
    scores = {name: score(actual, values) for name, values in predicted.items()}
    model, winner, because = _choose(actual, predicted, scores, list(fits), seed)
    totals = simulate_totals(
        fits[model], x, t_x, T, horizon=ahead, seed=seed, replicates=replicates_for(len(x))
    )
    low, high = np.quantile(totals, (0.025, 0.975))
    frame = known[["customer_id", "frequency"]].assign(actual=actual, **predicted)
    return Holdout(
        days, len(known), len(later) - len(known), float(actual.sum()), fits, failures, scores, frame,
        model, winner, because, float(low), float(high), hiatus,
    )  # fmt: skip


def label_of(name: str) -> str:
    """The name of a model or rule in sentences."""
    return RULES.get(name) or next(model.label for model in MODELS if model.title == name)


def _fit_all(summary: pd.DataFrame, time_unit: str) -> tuple[dict[str, Fit[PurchaseModel]], dict[str, str]]:
    fits: dict[str, Fit[PurchaseModel]] = {}
    failures: dict[str, str] = {}
    for model in MODELS:
        try:
            fits[model.title] = model.fit(summary, time_unit=time_unit)
        except FitError as reason:
            failures[model.title] = str(reason)
    return fits, failures


def _choose(
    actual: Array, predicted: dict[str, Array], scores: dict[str, Score], models: list[str], seed: int
) -> tuple[str, str, str]:
    errors = {name: np.abs(values - actual) for name, values in predicted.items()}
    means = {name: figures.mean_absolute_error for name, figures in scores.items()}
    best = min(models, key=lambda name: means[name])
    model = next(m for m in models if m == best or paired_interval(errors[m] - errors[best], seed)[0] <= 0)
    rule = min((name for name in scores if name in RULES), key=lambda name: means[name])
    low, high = paired_interval(errors[rule] - errors[model], seed)
    among = _among_models(model, best, means, len(models))
    if low > 0:
        against = (
            f"It beats the best simple rule, '{label_of(rule)}', which is off by "
            f"{means[rule]:.2f}: more than chance explains."
        )
        return model, model, f"{among} {against}"
    if high < 0:
        against = (
            f"The simple rule wins here: '{label_of(rule)}' is off by only {means[rule]:.2f} purchases, "
            "and chance does not explain the difference."
        )
    else:
        against = (
            f"The simple rule '{label_of(rule)}' is off by {means[rule]:.2f}; chance explains the "
            "difference, so by this measure the simple rule wins here as the simpler one."
        )
    return model, rule, f"{among} {against} {_beside(scores[model], scores[rule])}"


def _beside(model: Score, rule: Score) -> str:
    """What else tells a model from a rule, and why the model is kept."""
    parts = []
    if model.bias is not None and rule.bias is not None:
        parts.append(f"misses the total by {_signed(model.bias)} against {_signed(rule.bias)} for the rule")
    if model.gini is not None and rule.gini is not None:
        parts.append(f"orders the customers to {model.gini:.2f} against {rule.gini:.2f}, where 1 is perfect")
    kept = "The model is kept for values, which a rule cannot give"
    return f"{kept}; it {' and '.join(parts)}." if parts else f"{kept}."


def _signed(share: float) -> str:
    return ("+" if share > 0 else "") + words.percent(share)


def _among_models(model: str, best: str, means: dict[str, float], models: int) -> str:
    name, error = label_of(model), f"off by {means[model]:.2f} purchases per customer"
    if models == 1:
        return f"{name} is the only model that could be fitted; it was {error} on average."
    if model == best:
        return f"{name} has the smallest error of the models on the time kept back: {error} on average."
    return (
        f"{name} is the simplest of the models whose errors chance cannot tell apart: {error} on average, "
        f"against {means[best]:.2f} for {label_of(best)}."
    )
