"""Intervals where drawing respondents anew gives none: everybody answered alike, or nobody gave one kind of answer.

Twelve of twelve would recommend this company: whoever is drawn again, it is twelve of twelve. Yet the next twelve
may hold others. How many others there may be at most is told by the exact interval of a share.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import betaincinv

__all__ = ["clopper_pearson", "effective_number", "of_steady_answers", "promoter_ends"]

_TAIL = 0.025


def clopper_pearson(share: float, n: float) -> tuple[float, float]:
    """Exact 95 % interval of a share of n; n may be an effective number.

    Notes
    -----
    Clopper & Pearson 1934 (Biometrika 26).

    Examples
    --------
    >>> [round(end, 4) for end in clopper_pearson(1.0, 12)], [round(end, 4) for end in clopper_pearson(0.8, 70)]
    ([0.7354, 1.0], [0.6873, 0.8861])
    """
    hits = share * n
    low = float(betaincinv(hits, n - hits + 1, _TAIL)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - _TAIL)) if hits < n else 1.0
    return low, high


def effective_number(weights: pd.Series) -> float:
    """How many respondents of equal weight tell as much: (Σw)² ÷ Σw².

    >>> effective_number(pd.Series([1.0, 1.0, 1.0])), round(effective_number(pd.Series([4.0, 1.0])), 2)
    (3.0, 1.47)
    """
    return float(weights.sum() ** 2 / (weights**2).sum())


def of_steady_answers(value: float, n: float, least: float = 0.0, most: float = 1.0) -> tuple[float, float]:
    """Interval of a mean where all n answers are the same: those not asked may have answered anything.

    Parameters
    ----------
    value
        The answer.
    n
        Number of respondents, perhaps an effective one.
    least, most
        Ends of the scale.

    Examples
    --------
    >>> [round(end, 3) for end in of_steady_answers(1.0, 12)], [round(end, 3) for end in of_steady_answers(0.5, 12)]
    ([0.735, 1.0], [0.368, 0.632])
    """
    alike = clopper_pearson(1.0, n)[0]
    return alike * value + (1 - alike) * least, alike * value + (1 - alike) * most


def promoter_ends(marks: pd.Series, weights: pd.Series, low: float, high: float) -> tuple[float, float]:
    """The interval of a net promoter score, made wide enough where one kind of answer was not given.

    Parameters
    ----------
    marks
        100 for a promoter, −100 for a detractor, 0 for those between; missing where not answered.
    weights
        Of the respondents.
    low, high
        Ends of the resampled interval.

    Returns
    -------
    tuple of float
        Without a detractor the lower end allows for as many as the exact interval of a share does, and without a
        promoter the upper end.

    Examples
    --------
    >>> [round(end, 1) for end in promoter_ends(pd.Series([100.0] * 12), pd.Series([1.0] * 12), 100.0, 100.0)]
    [47.1, 100.0]
    """
    known = marks.notna()
    weight = weights[known] / weights[known].sum()
    n = effective_number(weights[known])
    for_us, against = (float(np.clip(weight[marks[known] == mark].sum(), 0, 1)) for mark in (100, -100))
    promoters, detractors = clopper_pearson(for_us, n), clopper_pearson(against, n)
    if against <= 0:
        low = min(low, 100 * (promoters[0] - min(detractors[1], 1 - promoters[0])))
    if for_us <= 0:
        high = max(high, 100 * (min(promoters[1], 1 - detractors[0]) - detractors[0]))
    return low, high
