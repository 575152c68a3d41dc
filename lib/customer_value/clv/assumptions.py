"""What the models assume, and whether these customers keep to it: a verdict and a remedy each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import polygamma, psi
from scipy.stats import rankdata

from customer_value import words
from customer_value.clv.fitting import Fit
from customer_value.clv.gamma_gamma import GammaGamma
from customer_value.clv.inputs import Array

__all__ = [
    "LEAST_REPEATERS",
    "Check",
    "check_first_dates",
    "check_independence",
    "check_regularity",
    "check_repeaters",
    "check_spend_mean",
    "correlation_interval",
    "regularity",
    "worst",
]

LEAST_REPEATERS = 30
"""Customers who bought again, below which no model is fitted."""

_ENOUGH = 200
_REGULAR = 1.5
_ALIKE = 100
_RATHER_REGULAR = 1.25
_BURSTY = 0.7

Verdict = Literal["holds", "doubtful", "fails", "cannot tell"]


@dataclass(frozen=True)
class Check:
    """One assumption: its name, whether it holds, what shows it, and what to do if not."""

    name: str
    verdict: Verdict
    evidence: str
    remedy: str = ""


def check_repeaters(repeaters: int) -> Check:
    """Whether enough customers bought again for a model to learn from."""
    evidence = f"{words.count(repeaters, 'customer')} bought again."
    if repeaters >= _ENOUGH:
        return Check("enough repeat customers", "holds", evidence)
    if repeaters >= LEAST_REPEATERS:
        return Check(
            "enough repeat customers",
            "doubtful",
            f"{evidence} Under {_ENOUGH} the parameters are rough.",
            "Read the intervals, not the single figures, and take in more history if there is any.",
        )
    short = f"{evidence} It takes {LEAST_REPEATERS} for any model."
    return Check("enough repeat customers", "fails", short, "Take in more history if there is any.")


def check_independence(x: Array, mean: Array) -> Check:
    """Whether spend per purchase is unrelated to how often a customer buys.

    Parameters
    ----------
    x, mean
        Repeat purchases and mean spend of the customers who bought again and spent.
    """
    name = "spend independent of frequency"
    if len(x) < 10 or np.ptp(x) == 0 or np.ptp(mean) == 0:
        return Check(name, "cannot tell", "Too few customers, or all alike, to see a relation.")
    pearson = float(np.corrcoef(x, mean)[0, 1])
    spearman = float(np.corrcoef(rankdata(x), rankdata(mean))[0, 1])
    low, high = correlation_interval(spearman, len(x))
    bounds = words.interval(words.decimal(low), words.decimal(high))
    evidence = (
        f"Rank correlation {words.decimal(spearman)} ({bounds}) and plain correlation "
        f"{words.decimal(pearson)} over {words.count(len(x), 'customer')}."
    )
    remedy = (
        f"Customers who buy often spend {'more' if spearman > 0 else 'less'} per purchase than the spend "
        f"model thinks, so the value of the best customers is rather too {'low' if spearman > 0 else 'high'}. "
        "Value large and small accounts apart."
    )
    if low <= 0 <= high or abs(spearman) < 0.1:
        return Check(name, "holds", evidence)
    return Check(name, "fails" if abs(spearman) >= 0.3 else "doubtful", evidence, remedy)


def check_spend_mean(fit: Fit[GammaGamma] | None) -> Check:
    """Whether the spend model has a mean (q > 1)."""
    name = "average spend defined"
    if fit is None:
        return Check(name, "cannot tell", "The spend model could not be fitted.")
    if fit.model.q > _ALIKE:
        return Check(name, "holds", "Customers hardly differ in what they spend per purchase.")
    low, _ = fit.interval()["q"]
    evidence = f"q is {words.decimal(fit.model.q)} (lower bound {words.decimal(low)}); it must be above 1."
    remedy = "Look for a few huge orders and value those accounts by hand."
    if fit.model.q <= 1:
        return Check(name, "fails", evidence, remedy)
    return Check(name, "holds", evidence) if low > 1 else Check(name, "doubtful", evidence, remedy)


def check_regularity(customers: pd.DataFrame) -> Check:
    """Whether customers buy at random times, as the models assume, or like clockwork."""
    name = "random timing of purchases"
    found = regularity(customers)
    if found is None:
        return Check(name, "cannot tell", "Too few customers with three or more purchases.")
    k, low, high = found
    if math.isinf(k):
        evidence = "All customers buy at the same distance in time, again and again."
    else:
        bounds = words.interval(words.decimal(low), words.decimal(high))
        evidence = f"Regularity {words.decimal(k)} ({bounds}); 1 is random timing, more is regular."
    if k > _RATHER_REGULAR:
        return Check(
            name,
            "fails" if k > _REGULAR else "doubtful",
            evidence,
            "A customer who is late is more surely lost than the model thinks. Watch overdue accounts by "
            "their own rhythm, or use a model for regular buyers.",
        )
    if k < _BURSTY:
        return Check(
            name,
            "doubtful",
            f"{evidence} Purchases come in bursts.",
            "A quiet customer may be between two bursts, not lost. Merge orders of one project into one.",
        )
    return Check(name, "holds", evidence)


def check_first_dates(
    first_orders: pd.Series, acquired_on: pd.Series | None, origin: pd.Timestamp, as_of: pd.Timestamp
) -> Check:
    """Whether the first purchase in the data is really the first ever.

    Parameters
    ----------
    first_orders
        First purchase day by customer_id.
    acquired_on
        When each customer was won, by customer_id, where known.
    origin, as_of
        First and last day of the data.
    """
    name = "first purchase in the data is the first ever"
    remedy = (
        "Take in older orders. Until then the model takes old customers for new ones and may underrate them."
    )
    if acquired_on is not None:
        known = pd.to_datetime(acquired_on.reindex(first_orders.index)).dropna()
        if len(known):
            earlier = int((first_orders[known.index] - known > pd.Timedelta(days=30)).sum())
            share = earlier / len(known)
            evidence = (
                f"{words.count(earlier)} of {words.count(len(known), 'customer')} with a known date "
                f"({words.percent(share)}) {words.verb(earlier, 'was', 'were')} won more than 30 days before "
                "the first order in the data."
            )
            return Check(name, "holds", evidence) if share < 0.05 else Check(name, "fails", evidence, remedy)
    return _guess_first_dates(name, first_orders, origin, as_of, remedy)


def regularity(customers: pd.DataFrame) -> tuple[float, float, float] | None:
    """Shape k of the gaps between purchases: 1 for random timing, large for clockwork.

    Gaps of one customer are taken as gamma distributed with a mean of their own and one common
    shape; given their sum they no longer depend on that mean, which gives an exact conditional
    likelihood for k. Same purpose as the estimator of Wheat & Morrison 1990.

    Parameters
    ----------
    customers
        frequency (gaps), gap_mean, gap_log_mean (days).

    Returns
    -------
    tuple or None
        k with its 95 % interval; infinite if every customer's gaps are all alike; None with fewer
        than 30 gaps in customers with two or more.
    """
    many = customers[customers["frequency"] >= 2]
    n = many["frequency"].to_numpy(float)
    if len(n) == 0 or n.sum() < 30:
        return None
    spread = np.log(many["gap_mean"].to_numpy(float)) - many["gap_log_mean"].to_numpy(float)
    target = float(np.sum(n * spread))

    def slope(k: float) -> float:
        return float(np.sum(n * (psi(n * k) - np.log(n) - psi(k)))) - target

    most = 1e4
    if slope(most) >= 0:
        return math.inf, math.inf, math.inf
    if slope(1e-3) <= 0:
        return None
    k = float(brentq(slope, 1e-3, most))
    information = float(np.sum(n * (polygamma(1, k) - n * polygamma(1, n * k))))
    factor = math.exp(1.96 / math.sqrt(information) / k)
    return k, k / factor, k * factor


def correlation_interval(correlation: float, customers: int) -> tuple[float, float]:
    """95 % interval of a rank correlation (Fisher's z with the variance of Bonett & Wright 2000)."""
    width = 1.96 * math.sqrt((1 + correlation**2 / 2) / (customers - 3))
    z = math.atanh(min(max(correlation, -0.999999), 0.999999))
    return math.tanh(z - width), math.tanh(z + width)


def _guess_first_dates(
    name: str, first_orders: pd.Series, origin: pd.Timestamp, as_of: pd.Timestamp, remedy: str
) -> Check:
    stretch = (as_of - origin).days / 8
    if stretch < 14:
        return Check(name, "cannot tell", "The data cover too short a time.")
    day = (first_orders - origin).dt.days
    at_once, next_ones = int((day < stretch).sum()), int(((day >= stretch) & (day < 2 * stretch)).sum())
    evidence = (
        f"{words.count(at_once)} of {words.count(len(day), 'customer')} "
        f"{words.verb(at_once, 'appears', 'appear')} within the first {words.count(stretch, 'day')} of the "
        f"data and {words.count(next_ones)} within as long a time after that."
    )
    if at_once <= 3 * max(next_ones, 3):
        return Check(name, "holds", evidence)
    doubt = f"{evidence} Unless sales began on {words.day(origin.date())}, many of them are older customers."
    return Check(name, "doubtful", doubt, f"Give the true dates (acquired_on). {remedy}")


def worst(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks that do not hold, failed ones first."""
    order = {"fails": 0, "doubtful": 1}
    return tuple(sorted((c for c in checks if c.verdict in order), key=lambda c: order[c.verdict]))
