"""Weighted means with intervals: how far other respondents of the same kind might have answered otherwise.

Respondents are drawn anew with replacement, as many as there are, and each figure is computed again.
The middle 95 % of the results is the interval. The draws come from a seed, so that the same answers
give the same interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["REPLICATES", "draws", "ends", "estimates", "resampled_means", "weighted_means"]

Floats = npt.NDArray[np.float64]

REPLICATES = 1_000
_LEVELS = (0.025, 0.975)
_MOST_CELLS = 2_000_000


def draws(
    people: int, *, seed: int, stream: int, replicates: int = REPLICATES
) -> Iterator[npt.NDArray[np.int64]]:
    """How often each person is drawn, in blocks of replicates (rows) by persons (columns); not to be changed.

    The draws that were asked for last are kept, for many figures are of the same respondents.
    """
    if people * replicates <= _MOST_CELLS:
        yield _kept_draws(people, seed, stream, replicates)
        return
    yield from _fresh_draws(people, seed, stream, replicates)


@lru_cache(maxsize=4)
def _kept_draws(people: int, seed: int, stream: int, replicates: int) -> npt.NDArray[np.int64]:
    (block,) = _fresh_draws(people, seed, stream, replicates)
    block.flags.writeable = False
    return block


def _fresh_draws(people: int, seed: int, stream: int, replicates: int) -> Iterator[npt.NDArray[np.int64]]:
    rng = np.random.default_rng([seed, stream])
    block = max(1, _MOST_CELLS // max(people, 1))
    chances = np.full(people, 1 / people)
    for start in range(0, replicates, block):
        yield rng.multinomial(people, chances, size=min(block, replicates - start))


def weighted_means(values: Floats, weights: Floats) -> Floats:
    """Mean of each column over the rows that have a value.

    Parameters
    ----------
    values
        A row per respondent; missing values are NaN.
    weights
        One per respondent, or a row of them per replicate.

    Returns
    -------
    numpy.ndarray
        A mean per column (and replicate); NaN where nobody answered.

    Examples
    --------
    >>> weighted_means(np.array([[1.0, np.nan], [4.0, 2.0]]), np.array([1.0, 2.0])).tolist()
    [3.0, 2.0]
    """
    known = np.isfinite(values)
    sums = weights @ np.where(known, values, 0.0)
    size = weights @ known.astype(np.float64)
    means: Floats = np.divide(sums, size, out=np.full(np.shape(sums), np.nan), where=size > 0)
    return means


def resampled_means(
    values: Floats, weights: Floats, *, seed: int, stream: int, replicates: int = REPLICATES
) -> Floats:
    """`weighted_means` of respondents drawn anew, a row per replicate."""
    if not len(values):
        return np.full((replicates, values.shape[1]), np.nan)
    blocks = draws(len(values), seed=seed, stream=stream, replicates=replicates)
    return np.concatenate([weighted_means(values, counts * weights) for counts in blocks])


def ends(replicates: Floats) -> tuple[float, float]:
    """Lower and upper end of the 95 % interval of one figure; NaN where it is seldom defined.

    Examples
    --------
    >>> ends(np.arange(1001.0))
    (25.0, 975.0)
    """
    known = replicates[np.isfinite(replicates)]
    if 2 * len(known) < len(replicates) or not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, _LEVELS)
    return float(low), float(high)


def estimates(values: pd.DataFrame, weights: pd.Series, *, seed: int, stream: int) -> pd.DataFrame:
    """The weighted mean of each column with its interval.

    Parameters
    ----------
    values
        A row per respondent, NaN where not answered.
    weights
        Of the respondents, in the same order.
    seed, stream
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        Indexed by column: ``value``, ``low``, ``high``, ``n`` (respondents with a value).

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1.0, 0.0, 1.0, 0.0]})
    >>> estimates(answers, pd.Series([1.0] * 4), seed=1, stream=1).loc["a", ["value", "n"]].tolist()
    [0.5, 4.0]
    """
    matrix, weight = values.to_numpy(dtype=float), weights.to_numpy(dtype=float)
    sampled = resampled_means(matrix, weight, seed=seed, stream=stream)
    means = weighted_means(matrix, weight)
    spans = [ends(sampled[:, i]) for i in range(matrix.shape[1])]
    return pd.DataFrame(
        {
            "value": means.round(12),
            "low": np.round([low for low, _ in spans], 12),
            "high": np.round([high for _, high in spans], 12),
            "n": np.isfinite(matrix).sum(axis=0),
        },
        index=values.columns,
    )
