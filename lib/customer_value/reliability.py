"""How well the items of one questionnaire scale hang together.

People answer several questions about one thing so that chance slips in single answers cancel out.
That works only if the answers rise and fall together from person to person. Cronbach's alpha puts a
number on it: near 1 the items say the same, near 0 they have little in common and their mean says
little. A negative correlation of an item with the rest of its scale usually means a reversed
wording that nobody declared.

All functions take complete answers, a row per respondent and a column per item. Alpha depends on
the units of the items; the workbook rescales each to 0-1 first.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import fdtri

__all__ = ["GOOD", "alpha_interval", "cronbach_alpha", "item_rest", "spearman_brown"]

GOOD = 0.70
"""Below this reliability (Nunnally's usual bar) the workbook warns."""


def cronbach_alpha(answers: pd.DataFrame) -> float | None:
    """Cronbach's alpha of two items or more.

    Parameters
    ----------
    answers
        A row per respondent, a column per item, no missing values.

    Returns
    -------
    float or None
        k/(k−1) · (1 − Σ item variances / variance of the sum), at most 1; it can be negative. None
        for fewer than two items or respondents, or when all respondents have the same sum.

    Notes
    -----
    Cronbach 1951 (Psychometrika 16).

    Examples
    --------
    >>> cronbach_alpha(pd.DataFrame({"a": [1, 2, 3], "b": [1, 3, 2], "c": [2, 2, 5]}))
    0.6666666666666666
    """
    values = _values(answers)
    respondents, items = values.shape
    if respondents < 2 or items < 2:
        return None
    total = float(values.sum(axis=1).var(ddof=1))
    if total <= 1e-12:
        return None
    return float(items / (items - 1)) * (1 - float(values.var(axis=0, ddof=1).sum()) / total)


def alpha_interval(alpha: float, respondents: int, items: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of Cronbach's alpha for normal, equally good items.

    Parameters
    ----------
    alpha
        The measured alpha.
    respondents, items
        What it was measured on; at least two of each.
    level
        Share of such intervals that hold the true alpha.

    Returns
    -------
    tuple of float
        Lower and upper end.

    Notes
    -----
    Feldt 1965 (Psychometrika 30).

    Examples
    --------
    >>> [round(end, 3) for end in alpha_interval(0.8, 101, 5)]
    [0.731, 0.856]
    """
    degrees = respondents - 1
    tail = (1 - level) / 2
    ends = [
        1 - (1 - alpha) * float(fdtri(degrees, degrees * (items - 1), share)) for share in (1 - tail, tail)
    ]
    return ends[0], ends[1]


def spearman_brown(answers: pd.DataFrame) -> float | None:
    """Reliability of a scale of exactly two items: 2r/(1+r) from their correlation r.

    Parameters
    ----------
    answers
        A row per respondent, two columns, no missing values.

    Returns
    -------
    float or None
        None if there are not two items, or an item does not vary, or r = −1.

    Notes
    -----
    Eisinga, te Grotenhuis & Pelzer 2013 (Int. J. Public Health 58).

    Examples
    --------
    >>> spearman_brown(pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, 4]}))
    0.888888888888889
    """
    values = _values(answers)
    if values.shape[1] != 2:
        return None
    r = _correlation(values[:, 0], values[:, 1])
    return None if r is None or r <= -1 + 1e-12 else 2 * r / (1 + r)


def item_rest(answers: pd.DataFrame) -> pd.DataFrame:
    """How each item goes with the rest of its scale, and alpha without it.

    Parameters
    ----------
    answers
        A row per respondent, a column per item, no missing values.

    Returns
    -------
    pandas.DataFrame
        ``item``, ``item_rest`` (correlation with the sum of the other items), ``alpha_if_dropped``;
        missing where it is not defined.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 3, 4], "b": [1, 3, 2, 4], "c": [4, 3, 2, 2]})
    >>> item_rest(answers)["item_rest"].round(2).tolist()
    [0.13, 0.77, -0.85]
    """
    values = _values(answers)
    total = values.sum(axis=1)
    rows = [
        {
            "item": str(name),
            "item_rest": _correlation(values[:, i], total - values[:, i]),
            "alpha_if_dropped": cronbach_alpha(answers.drop(columns=[name])),
        }
        for i, name in enumerate(answers.columns)
    ]
    frame = pd.DataFrame(rows, columns=["item", "item_rest", "alpha_if_dropped"])
    return frame.astype({"item_rest": float, "alpha_if_dropped": float})


def _values(answers: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(answers, dtype=np.float64)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    if len(one) < 2:
        return None
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return None if size <= 1e-12 else float(np.clip((a @ b) / size, -1, 1))
