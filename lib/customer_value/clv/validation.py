"""Would the models have been right? Fit on the past, predict the rest, compare with what happened.

All models and the simple rules predict each customer's purchases between the calibration date and
the report's date. The models are compared by mean absolute error; differences that chance explains
go to the simpler model, and to a simple rule before any model. Whether the chosen model's intervals
hold is measured on the same customers.
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
from customer_value.clv.candidates import CANDIDATES, fit_all, fit_candidate, histories_of
from customer_value.clv.fitting import Fit
from customer_value.clv.forecast import Forecast, forecast
from customer_value.clv.inputs import Array
from customer_value.clv.mbg_nbd import ModifiedBetaGeoNBD
from customer_value.clv.pareto_nbd import ParetoNBD
from customer_value.clv.phrases import model as model_name
from customer_value.clv.purchases import PurchaseModel
from customer_value.clv.rules import RULES, rule_predictions
from customer_value.clv.scores import Score, calibration_by_group, paired_interval, score
from customer_value.clv.seasons import Season, season_note, season_of
from customer_value.clv.simulation import replicates_for
from customer_value.clv.units import DAYS
from customer_value.display import written
from customer_value.errors import FitError, InputError
from customer_value.text import NOTHING, Listing, Number, Share, Text, Value, say

__all__ = ["MODELS", "Holdout", "Newcomers", "fit_chosen", "label_of", "method", "validate"]

MODELS: tuple[type[PurchaseModel], ...] = (BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD)
"""Models of purchases at random times, the simplest first."""

_SEED = 20_240_101


@dataclass(frozen=True)
class Newcomers:
    """Customers who came after the calibration date, and what they brought; no model can foresee them.

    ``revenue`` is what they brought since, ``known_revenue`` what the customers known before brought
    in the same time (None if money is not known).
    """

    customers: int
    revenue: float | None
    known_revenue: float | None

    @property
    def share(self) -> float | None:
        """Share of the newcomers in the revenue of the time kept back; None if unknown or not positive."""
        if self.revenue is None or self.known_revenue is None:
            return None
        total = self.revenue + self.known_revenue
        return self.revenue / total if total > 0 and min(self.revenue, self.known_revenue) >= 0 else None


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
    left_out
        Models that were not tried, with the reason.
    came
        The newcomers and their revenue.
    forecast
        What the chosen model's futures say of each customer, beside what happened.
    season
        Purchases by month of the year over all the data, or None if months are not known.
    season_note
        What the season does to this comparison, as a sentence; empty if nothing.
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
    because: Text
    total_low: float
    total_high: float
    hiatus_months: int | None
    left_out: Mapping[str, Text]
    came: Newcomers
    forecast: Forecast
    season: Season | None
    season_note: Text

    @property
    def label(self) -> str:
        """The chosen model's name in sentences."""
        return label_of(self.model)

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
    def calibration(self) -> pd.DataFrame:
        """Predicted against actual purchases by tenths of the chosen model's predictions.

        The columns of `scores.calibration_by_group`; equal predictions share a tenth. With fewer than
        100 customers there are fewer groups, of ten or more.
        """
        return calibration_by_group(
            self.predictions["actual"].to_numpy(float),
            self.predictions[self.model].to_numpy(float),
            self.groups,
        )

    @property
    def groups(self) -> int:
        """Groups of the calibration table: ten, or fewer of few customers."""
        return min(max(self.customers // 10, 1), 10)

    @property
    def coverage(self) -> pd.DataFrame:
        """How often the chosen model's intervals held what happened, and whether the total's did.

        Returns
        -------
        pandas.DataFrame
            The columns of `forecast.Forecast.coverage` for customers, a row per nominal level, and
            total_low, total_high, total_inside of the interval of all customers' purchases.
        """
        found = self.forecast.coverage
        levels = found["nominal"].to_numpy()
        low = np.quantile(self.forecast.totals, (1 - levels) / 2)
        high = np.quantile(self.forecast.totals, (1 + levels) / 2)
        inside = (low <= self.actual) & (self.actual <= high)
        return found.assign(total_low=low, total_high=high, total_inside=inside)

    @property
    def missed(self) -> bool:
        """Whether what happened lies outside the chosen model's interval."""
        return not self.total_low <= self.actual <= self.total_high


def validate(
    known: pd.DataFrame,
    later: pd.DataFrame,
    patterns: pd.DataFrame | None = None,
    months: Any | None = None,
    *,
    days: int | None = None,
    calibration_end: dt.date | None = None,
    as_of: dt.date | None = None,
    time_unit: str = "W",
    seed: int = _SEED,
) -> Holdout | None:
    """Compare all models and rules on the time after the calibration date.

    Two tables are enough: the customers as known at the calibration date, and what they bought later.

    Parameters
    ----------
    known
        Customers with a purchase up to the calibration date: customer_id, frequency, recency, T (days);
        gap_mean and gap_log_mean (days) if the model for regular buyers is to be tried, net_revenue so
        far for the revenue of newcomers, first_order for the rules that look at months.
    later
        customer_id and either ``purchases``, the purchase days in the time kept back (whoever is not
        in it bought nothing), or ``frequency``, all repeat purchases up to its end; net_revenue up to
        its end if known. Customers who are not in ``known`` are newcomers.
    patterns
        The distinct histories of ``known``: frequency, recency, T (days), weight; saves grouping them.
    months
        Buying months (customer_id, month, purchase_days; pandas or Ibis), for two of the rules and the
        season; optional.
    days
        Length of the time kept back; not needed with both dates.
    calibration_end, as_of
        First and last day of the time kept back (the first not included); without them there are no
        rules that look at months and no word about the season.
    time_unit, seed
        Unit of the fits; seed of the bootstrap and the simulation.

    Returns
    -------
    Holdout or None
        None if no time was kept back, fewer than 30 customers had bought again before it, or no
        model can be fitted.

    Raises
    ------
    InputError
        If neither the length nor the dates of the time kept back are given, or a column is missing.

    Examples
    --------
    >>> known = pd.DataFrame({"customer_id": list("ab"), "frequency": [1, 0], "recency": [9, 0], "T": [20, 20]})
    >>> bought = pd.DataFrame({"customer_id": ["a"], "purchases": [2]})
    >>> validate(known, bought, days=20) is None          # two customers are not enough
    True
    """
    length = _length(days, calibration_end, as_of)
    if length < 1 or (known["frequency"] > 0).sum() < LEAST_REPEATERS:
        return None
    fits, failures, left_out = fit_all(known, time_unit, patterns)
    if not fits:
        return None
    history = histories_of(known, time_unit)
    ahead = length / DAYS[time_unit]
    predicted: dict[str, Array] = {
        name: CANDIDATES[name].predict(fit, history, ahead) for name, fit in fits.items()
    }
    rules, hiatus = rule_predictions(
        known, None if calibration_end is None else months, calibration_end=calibration_end, days=length
    )
    predicted |= rules
    actual = _bought(known, later)
    scores = {name: score(actual, values) for name, values in predicted.items()}
    model, winner, because = _choose(actual, predicted, scores, list(fits), seed)
    futures = forecast(
        CANDIDATES[model], fits[model], history, actual,
        ahead=ahead, seed=seed, replicates=replicates_for(len(known)),
    )  # fmt: skip
    low, high = np.quantile(futures.totals, (0.025, 0.975))
    came = _newcomers(known, later)
    season, season_told = None, NOTHING
    if months is not None and calibration_end and as_of and "first_order" in later.columns:
        season = season_of(months, later["first_order"], as_of)
        season_told = season_note(season, calibration_end, as_of)
    frame = known[["customer_id", "frequency"]].assign(actual=actual, **predicted)
    return Holdout(
        days=length,
        customers=len(known),
        newcomers=came.customers,
        actual=float(actual.sum()),
        fits=fits,
        failures=failures,
        scores=scores,
        predictions=frame,
        model=model,
        winner=winner,
        because=because,
        total_low=float(low),
        total_high=float(high),
        hiatus_months=hiatus,
        left_out=left_out,
        came=came,
        forecast=futures,
        season=season,
        season_note=season_told,
    )


def fit_chosen(
    holdout: Holdout | None, customers: pd.DataFrame, *, time_unit: str, patterns: pd.DataFrame | None = None
) -> tuple[str, Fit[Any]]:
    """Fit the model that the comparison chose, or the simplest, to customers as they are now.

    Parameters
    ----------
    holdout
        The comparison; None if there was none.
    customers
        frequency, recency, T (days); gap_mean and gap_log_mean if known.
    time_unit
        Unit of the fit.
    patterns
        The distinct histories of the customers with their weight, in days; saves grouping them.

    Returns
    -------
    name, fit
        Where the chosen model cannot be fitted, the simplest one that can.

    Raises
    ------
    FitError
        If none can; the message is that of the first one tried.
    """
    order = sorted(CANDIDATES, key=lambda name: holdout is None or name != holdout.model)
    reasons = []
    for name in order:
        try:
            return name, fit_candidate(CANDIDATES[name], customers, time_unit, patterns)
        except FitError as reason:
            reasons.append(str(reason))
    raise FitError(reasons[0])


def label_of(name: str) -> str:
    """The name of a model or rule in tables."""
    return written(RULES[name]) if name in RULES else CANDIDATES[name].label


def method(name: str) -> Value:
    """The name of a model or rule in sentences."""
    return RULES.get(name) or model_name(CANDIDATES[name].label)


def _length(days: int | None, calibration_end: dt.date | None, as_of: dt.date | None) -> int:
    if days is not None:
        return days
    if calibration_end is None or as_of is None:
        raise InputError("Give the length of the time kept back: either days, or calibration_end and as_of.")
    return (as_of - calibration_end).days


def _bought(known: pd.DataFrame, later: pd.DataFrame) -> Array:
    """Purchase days of each known customer in the time kept back."""
    ids = later["customer_id"]
    if ids.duplicated().any():
        raise InputError(
            f"The later purchases name customer {words.plain(ids[ids.duplicated()].iloc[0])} twice."
        )
    if "purchases" in later.columns:
        bought = known["customer_id"].map(later.set_index("customer_id")["purchases"])
    elif "frequency" in later.columns:
        bought = known["customer_id"].map(later.set_index("customer_id")["frequency"]) - known["frequency"]
    else:
        raise InputError("The later purchases need a column purchases, or frequency up to the later date.")
    return np.asarray(bought.fillna(0), dtype=float)


def _newcomers(known: pd.DataFrame, later: pd.DataFrame) -> Newcomers:
    new = ~later["customer_id"].isin(known["customer_id"])
    if not ("net_revenue" in known.columns and "net_revenue" in later.columns):
        return Newcomers(int(new.sum()), None, None)
    before = known["net_revenue"].sum()
    money = later["net_revenue"]
    return Newcomers(int(new.sum()), float(money[new].sum()), float(money[~new].sum() - before))


def _choose(
    actual: Array, predicted: dict[str, Array], scores: dict[str, Score], models: list[str], seed: int
) -> tuple[str, str, Text]:
    errors = {name: np.abs(values - actual) for name, values in predicted.items()}
    means = {name: figures.mean_absolute_error for name, figures in scores.items()}
    best = min(models, key=lambda name: means[name])
    model = next(m for m in models if m == best or paired_interval(errors[m] - errors[best], seed)[0] <= 0)
    rule = min((name for name in scores if name in RULES), key=lambda name: means[name])
    low, high = paired_interval(errors[rule] - errors[model], seed)
    among = _among_models(model, best, means, len(models))
    compared: dict[str, Value] = {"among": among, "rule": method(rule), "error": Number(means[rule])}
    if low > 0:
        because = say(
            "{among} It beats the best simple rule, '{rule}', which is off by {error}: more than chance explains.",
            **compared,
        )
        return model, model, because
    compared["kept"] = _beside(scores[model], scores[rule])
    if high < 0:
        because = say(
            "{among} The simple rule wins here: '{rule}' is off by only {error} purchases, and chance does not explain "
            "the difference. {kept}",
            **compared,
        )
    else:
        because = say(
            "{among} The simple rule '{rule}' is off by {error}; chance explains the difference, so by this measure "
            "the simple rule wins here as the simpler one. {kept}",
            **compared,
        )
    return model, rule, because


def _beside(model: Score, rule: Score) -> Text:
    """What else tells a model from a rule, and why the model is kept."""
    parts: list[Value] = []
    if model.bias is not None and rule.bias is not None:
        parts.append(
            say(
                "misses the total by {model} against {rule} for the rule",
                model=_signed(model.bias),
                rule=_signed(rule.bias),
            )
        )
    if model.gini is not None and rule.gini is not None:
        parts.append(
            say(
                "orders the customers to {model} against {rule}, where 1 is perfect",
                model=Number(model.gini),
                rule=Number(rule.gini),
            )
        )
    if not parts:
        return say("The model is kept for values, which a rule cannot give.")
    return say(
        "The model is kept for values, which a rule cannot give; it {parts}.", parts=Listing(tuple(parts))
    )


def _signed(share: float) -> Value:
    return say("+{share}", share=Share(share)) if share > 0 else Share(share)


def _among_models(model: str, best: str, means: dict[str, float], models: int) -> Text:
    told: dict[str, Value] = {"model": method(model), "error": Number(means[model])}
    if models == 1:
        return say(
            "{model} is the only model that could be fitted; it was off by {error} purchases per customer on average.",
            **told,
        )
    if model == best:
        return say(
            "{model} has the smallest error of the models on the time kept back: off by {error} purchases per customer "
            "on average.",
            **told,
        )
    return say(
        "{model} is the simplest of the models whose errors chance cannot tell apart: off by {error} purchases per "
        "customer on average, against {least} for {best}.",
        least=Number(means[best]),
        best=method(best),
        **told,
    )
