"""How good predictions were: error, order, level, and whether a difference is more than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2, rankdata

from customer_value.clv.inputs import Array

__all__ = ["Score", "calibration_by_group", "mean_count_interval", "paired_interval", "score"]

_BLOCKS = 20_000
_RESAMPLES = 1_000


@dataclass(frozen=True)
class Score:
    """Figures of one set of predictions against what happened.

    Parameters
    ----------
    predicted
        Sum of the predictions.
    bias
        Predicted minus actual total, as a share of the actual one (None if nothing happened).
    mean_absolute_error, root_mean_square_error
        Per customer, in purchases.
    rank_correlation
        Spearman's, None if predictions or outcomes are all equal.
    gini
        Order of the customers by prediction: 1 as good as hindsight, 0 as good as chance, None if
        there is no order to find.
    top_20_share
        Share of what happened that the predicted top 20 % of customers brought (None if nothing
        happened); equal predictions share their place.
    """

    predicted: float
    bias: float | None
    mean_absolute_error: float
    root_mean_square_error: float
    rank_correlation: float | None
    gini: float | None
    top_20_share: float | None


def score(actual: Array, predicted: Array) -> Score:
    """Score predictions of one number per customer.

    Examples
    --------
    >>> result = score(np.array([0.0, 1, 4]), np.array([0.5, 0.5, 3]))
    >>> result.predicted, round(result.mean_absolute_error, 3), round(result.gini, 2)
    (4.0, 0.667, 0.88)
    """
    error = predicted - actual
    total = float(actual.sum())
    best = _area(actual, actual) if total > 0 else 0.0
    return Score(
        predicted=float(predicted.sum()),
        bias=float(error.sum()) / total if total > 0 else None,
        mean_absolute_error=float(np.abs(error).mean()),
        root_mean_square_error=float(np.sqrt((error**2).mean())),
        rank_correlation=_spearman(actual, predicted),
        gini=_area(actual, predicted) / best if best > 1e-12 else None,
        top_20_share=_top_share(actual, predicted, 0.2) if total > 0 else None,
    )


def paired_interval(differences: Array, seed: int) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of paired differences.

    Above 20,000 customers blocks of them are drawn instead of single ones.

    Examples
    --------
    >>> paired_interval(np.array([1.0, 1.0, 1.0]), seed=1)
    (1.0, 1.0)
    """
    rng = np.random.default_rng([seed, 4])
    size = len(differences)
    parts = np.array_split(rng.permutation(differences), min(size, _BLOCKS))
    sums, counts = np.array([p.sum() for p in parts]), np.array([len(p) for p in parts])
    means = np.empty(_RESAMPLES)
    for i in range(_RESAMPLES):
        chosen = rng.integers(0, len(sums), len(sums))
        means[i] = sums[chosen].sum() / counts[chosen].sum()
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def calibration_by_group(actual: Array, predicted: Array, groups: int = 10) -> pd.DataFrame:
    """What customers were predicted to buy and what they bought, by tenths of the predictions.

    Parameters
    ----------
    actual, predicted
        Purchases of each customer.
    groups
        Number of groups. Equal predictions share one, so that groups can differ in size and one can
        be empty.

    Returns
    -------
    pandas.DataFrame
        group (1 the lowest predictions), customers, predicted_from, predicted_to, predicted, actual
        (means per customer), actual_low, actual_high (95 % interval of the mean: exact for counts that
        vary as by chance, wider where they vary more). Groups without customers are left out.

    Examples
    --------
    >>> table = calibration_by_group(np.array([0.0, 2, 4]), np.array([0.5, 0.5, 3]), groups=2)
    >>> table[["group", "customers", "predicted", "actual"]].values.tolist()
    [[1.0, 2.0, 0.5, 1.0], [2.0, 1.0, 3.0, 4.0]]
    """
    middle = (rankdata(predicted) - 0.5) / len(predicted)
    group = np.minimum((groups * middle).astype(int), groups - 1) + 1
    table = pd.DataFrame({"group": group, "predicted": predicted, "actual": actual})
    means = table.groupby("group").agg(
        customers=("actual", "size"),
        predicted_from=("predicted", "min"),
        predicted_to=("predicted", "max"),
        predicted=("predicted", "mean"),
        actual=("actual", "mean"),
        _variance=("actual", "var"),
    )
    low, high = mean_count_interval(
        means["actual"].to_numpy(), means["customers"].to_numpy(), means["_variance"].fillna(0).to_numpy()
    )
    return means.drop(columns="_variance").assign(actual_low=low, actual_high=high).reset_index()


def mean_count_interval(mean: Array, number: Array, variance: Array) -> tuple[Array, Array]:
    """95 % interval of the mean of counts: Garwood's, with as many purchases fewer as counts vary more.

    Examples
    --------
    >>> low, high = mean_count_interval(np.array([0.0, 2.0]), np.array([10, 50]), np.array([0.0, 2.0]))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 1.627], [0.369, 2.433])
    """
    excess = np.maximum(np.divide(variance, mean, out=np.ones(len(mean)), where=mean > 0), 1.0)
    total = mean * number / excess
    low = np.where(total > 0, chi2.ppf(0.025, 2 * np.maximum(total, 1e-9)) / 2, 0.0)
    high = chi2.ppf(0.975, 2 * (total + 1)) / 2
    return np.asarray(low * excess / number), np.asarray(high * excess / number)


def _curve(actual: Array, predicted: Array) -> tuple[Array, Array]:
    """Cumulative shares of customers and of the actual total, best predictions first."""
    _, group = np.unique(-predicted, return_inverse=True)
    customers = np.cumsum(np.bincount(group)) / len(actual)
    caught = np.cumsum(np.bincount(group, weights=actual)) / actual.sum()
    return np.append(0.0, customers), np.append(0.0, caught)


def _area(actual: Array, predicted: Array) -> float:
    customers, caught = _curve(actual, predicted)
    return float(np.sum(np.diff(customers) * (caught[1:] + caught[:-1]))) - 1


def _top_share(actual: Array, predicted: Array, share: float) -> float:
    return float(np.interp(share, *_curve(actual, predicted)))


def _spearman(actual: Array, predicted: Array) -> float | None:
    if len(actual) < 3 or np.ptp(actual) == 0 or np.ptp(predicted) == 0:
        return None
    return float(np.corrcoef(rankdata(actual), rankdata(predicted))[0, 1])
