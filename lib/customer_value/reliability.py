"""How well the items of one questionnaire scale hang together.

People answer several questions about one thing so that chance slips in single answers cancel out.
That works only if the answers rise and fall together from person to person. Cronbach's alpha puts a
number on it: near 1 the items say the same, near 0 they have little in common and their mean says
little. A negative correlation of an item with the rest of its scale usually means a reversed
wording that nobody declared.

Alpha supposes that all items are equally good. McDonald's omega does not: it fits one common cause
with a loading of its own for each item, and tells which share of the sum's variance is due to it.

All functions take complete answers, a row per respondent and a column per item. Alpha and omega depend
on the units of the items; the workbook rescales each to 0-1 first.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import fdtri, ndtri

from customer_value import words

__all__ = [
    "GOOD",
    "Omega",
    "alpha_interval",
    "cronbach_alpha",
    "item_rest",
    "omega",
    "opposed",
    "spearman_brown",
]

GOOD = 0.70
"""Below this reliability (Nunnally's usual bar) the workbook warns."""

_HEYWOOD = 0.005
_STEEP = 1e-4


@dataclass(frozen=True)
class Omega:
    """McDonald's omega of one scale, or the sentence why there is none.

    Parameters
    ----------
    omega, low, high
        The figure and the ends of its 95 % interval; None if it cannot be had.
    ave
        Average variance extracted: the mean share of an item's variance that the common cause explains.
    loadings, noise
        By item, in the units of the items: loading on the common cause, and variance of the rest.
    problem
        Why there is no figure, as a sentence; blank if there is.
    """

    omega: float | None = None
    low: float | None = None
    high: float | None = None
    ave: float | None = None
    loadings: tuple[float, ...] = ()
    noise: tuple[float, ...] = ()
    problem: str = ""


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


def omega(answers: pd.DataFrame, level: float = 0.95) -> Omega:
    """McDonald's omega of three items or more, from a one-factor fit by maximum likelihood.

    Parameters
    ----------
    answers
        A row per respondent, a column per item, no missing values.
    level
        Share of such intervals that hold the true omega.

    Returns
    -------
    Omega
        (Σλ)² / ((Σλ)² + Σψ) with the loadings λ and the noise variances ψ in the units of the items, so
        that it speaks of the same sum of items as alpha does. No figure is given where an item does not
        vary or repeats others, where an item would have no noise at all (a Heywood case), or where the fit
        does not settle; `problem` then says so.

    Notes
    -----
    McDonald 1999, Test Theory. The interval follows from the information matrix of the fit for normal
    answers, by the delta method on the logit of omega (so that its ends stay between 0 and 1).

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 3, 4, 5, 3, 2], "b": [2, 2, 3, 5, 4, 1, 3], "c": [1, 3, 2, 3, 5, 2, 2]})
    >>> found = omega(answers)
    >>> round(found.omega, 2), found.low < found.omega < found.high
    (0.87, True)
    """
    values = _values(answers)
    respondents, items = values.shape
    if items < 3:
        return Omega(problem="Omega needs three items or more.")
    if respondents <= items:
        return Omega(problem=f"Omega needs more respondents than the {words.count(respondents)} there are.")
    spread = values.std(axis=0, ddof=1)
    still = [words.plain(name) for name, size in zip(answers.columns, spread, strict=True) if size <= 1e-9]
    if still:
        return Omega(
            problem=f"Omega is not given: all give the same answer to {words.listing(still)}.",
        )
    correlation = np.asarray(np.corrcoef(values, rowvar=False))
    if np.linalg.eigvalsh(correlation)[0] < 1e-8:
        return Omega(
            problem="Omega is not given: the answers to one item follow exactly from those to the others."
        )
    fitted = _one_factor(correlation, respondents)
    if fitted is None:
        return Omega(problem="Omega is not given: the fit of one common cause did not settle.")
    standard, noise = fitted
    if noise.min() < _HEYWOOD:
        worst = words.plain(answers.columns[int(noise.argmin())])
        return Omega(
            problem=f"Omega is not given: item {worst} would have no noise of its own, so the items do not share "
            "one cause, or there are too few respondents (a Heywood case)."
        )
    loadings, rest = standard * spread, noise * spread**2
    common, total = float(loadings.sum()) ** 2, float(loadings.sum()) ** 2 + float(rest.sum())
    figure = common / total
    low, high = _omega_ends(loadings, rest, respondents, level)
    ave = float((standard**2).mean())
    return Omega(figure, low, high, ave, tuple(map(float, loadings)), tuple(map(float, rest)))


def opposed(answers: pd.DataFrame, level: float = 0.95) -> tuple[str, ...]:
    """The items of a scale that run against the others, as reversed wordings do that nobody declared.

    Parameters
    ----------
    answers
        A row per respondent, a column per item, no missing values.
    level
        Of the interval that must lie off 0.

    Returns
    -------
    tuple of str
        The items on the smaller side of the first principal component of the correlations (of two equal sides, the one
        without the first item), as far as each clearly goes with the others once that side is turned round: the lower
        end of the interval of its correlation with their sum is above 0. Either these items or all others are turned
        round; the answers cannot tell which. Empty if all run the same way, or with fewer than two items that vary.

    Notes
    -----
    With some items turned round the sum of the others means nothing, so a negative correlation with it names the
    wrong ones; the first component does not depend on which side is turned. Interval by Fisher's z.

    Examples
    --------
    >>> opposed(pd.DataFrame({"a": [1, 2, 3, 4, 5, 5], "b": [5, 4, 3, 2, 1, 2], "c": [1, 2, 3, 4, 4, 5]}))
    ('b',)
    """
    values = _values(answers)
    vary = values.std(axis=0) > 1e-12
    names, values = [name for name, has in zip(answers.columns, vary, strict=True) if has], values[:, vary]
    if values.shape[0] <= 3 or values.shape[1] < 2:
        return ()
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    _, vectors = np.linalg.eigh(np.corrcoef(values, rowvar=False))
    sides = np.where(vectors[:, -1] < -1e-9, -1.0, 1.0)
    sides *= sides[0]
    if 2 * int((sides < 0).sum()) > len(sides):
        sides = -sides
    turned = standard * sides
    reach = float(ndtri((1 + level) / 2)) / math.sqrt(len(values) - 3)
    found = []
    for place in np.flatnonzero(sides < 0):
        r = _correlation(turned[:, place], turned.sum(axis=1) - turned[:, place])
        if r is not None and math.atanh(min(max(r, -1 + 1e-12), 1 - 1e-12)) > reach:
            found.append(str(names[place]))
    return tuple(found)


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


def _one_factor(
    correlation: NDArray[np.float64], respondents: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Loadings and noise variances of standardised items, or None if the fit does not settle."""
    from statsmodels.multivariate.factor import Factor

    sizes, vectors = np.linalg.eigh(correlation)
    first = np.clip(vectors[:, -1] * math.sqrt(sizes[-1]) * 0.9, -0.95, 0.95)
    start = (first[:, None], 1 - first**2)
    for search in ("BFGS", "L-BFGS-B"):
        model = Factor(corr=correlation, n_factor=1, method="ml", nobs=respondents)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                model.fit(start=start, opt_method=search, opt={"gtol": 1e-7, "maxiter": 1000})
            except (np.linalg.LinAlgError, ValueError):
                return None
        start = (np.asarray(model.loadings), np.asarray(model.uniqueness))
        loadings, noise = start[0][:, 0], start[1]
        if not np.isfinite([*loadings, *noise]).all():
            return None
        if noise.min() < _HEYWOOD or float(np.abs(model.mle_retvals.jac).max()) < _STEEP:
            return (-loadings if loadings.sum() < 0 else loadings), noise
    return None


def _omega_ends(
    loadings: NDArray[np.float64], noise: NDArray[np.float64], respondents: int, level: float
) -> tuple[float | None, float | None]:
    items = len(loadings)
    inverse = np.linalg.inv(np.outer(loadings, loadings) + np.diag(noise))
    slopes = []
    for i in range(items):
        unit = np.eye(items)[i]
        slopes.append(np.outer(unit, loadings) + np.outer(loadings, unit))
    slopes += [np.diag(row) for row in np.eye(items)]
    parts = [inverse @ slope for slope in slopes]
    information = np.array([[np.trace(one @ other) for other in parts] for one in parts]) * respondents / 2
    total, rest = float(loadings.sum()), float(noise.sum())
    figure = total**2 / (total**2 + rest)
    if not 0 < figure < 1 or np.linalg.cond(information) > 1e12:
        return None, None
    # The logit of omega is 2 log |Σλ| − log Σψ.
    gradient = np.concatenate([np.full(items, 2 / total), np.full(items, -1 / rest)])
    half = float(ndtri((1 + level) / 2)) * math.sqrt(float(gradient @ np.linalg.solve(information, gradient)))
    logit = math.log(figure / (1 - figure))
    return 1 / (1 + math.exp(half - logit)), 1 / (1 + math.exp(-half - logit))


def _values(answers: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(answers, dtype=np.float64)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    if len(one) < 2:
        return None
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return None if size <= 1e-12 else float(np.clip((a @ b) / size, -1, 1))
