"""What matters to customers and how well it is done: the importance-performance map.

Asked what is important, customers call everything important. So importance is not asked but measured:
how much of the differences in overall satisfaction each attribute explains. Attributes go together,
and a regression would give their common part to whichever comes first; relative weights (Johnson 2000)
share it out fairly and add up to R², the part of the differences that is explained at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from customer_value import words
from customer_value.errors import NotEnoughData
from customer_value.satisfaction.panel import Panel, row_means
from customer_value.satisfaction.resampling import draws, ends, weighted_means

__all__ = ["Importance", "importance_of", "relative_weights"]

Floats = npt.NDArray[np.float64]

FEWEST = 30
"""Respondents with complete answers below which no importance is measured."""

PER_ATTRIBUTE = 5
"""Respondents needed for each attribute."""

_REPLICATES = 400
_STREAM = 63
_SINGULAR = 1e-6


@dataclass(frozen=True)
class Importance:
    """What explains overall satisfaction.

    Parameters
    ----------
    table
        Per attribute, the most urgent first: ``attribute``, ``construct``, ``importance`` (part of R²),
        ``low``, ``high`` (95 % interval), ``share`` (of R²), ``performance`` (mean from 0 to 100, a burden
        turned round), ``correlation`` (with overall satisfaction), ``urgency`` (share × distance of the
        performance from 100), ``first`` (share of the resamples in which it is the most urgent), ``quadrant``.
    r_squared
        Part of the differences in overall satisfaction that the attributes explain together.
    n
        Respondents with an answer to every attribute.
    left_out
        Respondents without one.
    level
        ``attribute``, or ``construct`` if there are too few respondents for the single attributes.
    same
        Attributes that everybody rated alike, and which are therefore not weighed.
    """

    table: pd.DataFrame
    r_squared: float
    n: int
    left_out: int
    level: str
    same: tuple[str, ...]

    @property
    def first(self) -> pd.Series | None:
        """What to mend first: the most urgent attribute that goes up with satisfaction."""
        helpful = self.table[self.table["correlation"] > 0]
        return helpful.iloc[0] if len(helpful) else None


def relative_weights(correlations: Floats, with_outcome: Floats) -> Floats:
    """How much of the outcome's variance each predictor explains (Johnson 2000).

    Parameters
    ----------
    correlations
        Correlation matrix of the predictors.
    with_outcome
        Correlation of each predictor with the outcome.

    Returns
    -------
    numpy.ndarray
        One weight per predictor, none negative; their sum is R².

    Raises
    ------
    NotEnoughData
        If one predictor follows from the others.

    Notes
    -----
    With R = VΛVᵀ and L = VΛ^½Vᵀ the orthogonal variables closest to the predictors explain
    (L⁻¹r)², and predictor j takes Σₖ L²ⱼₖ (L⁻¹r)²ₖ. Johnson 2000, Multivariate Behavioral Research 35.

    Examples
    --------
    >>> relative_weights(np.eye(2), np.array([0.6, 0.5])).round(2).tolist()
    [0.36, 0.25]
    """
    values, vectors = np.linalg.eigh(correlations)
    if values[0] < _SINGULAR:
        raise NotEnoughData("One attribute follows from the others, so they cannot be weighed apart.")
    root = (vectors * np.sqrt(values)) @ vectors.T
    explained = np.linalg.solve(root, with_outcome) ** 2
    weights: Floats = root**2 @ explained
    return weights


def importance_of(panel: Panel, satisfaction: pd.Series, *, seed: int) -> Importance:
    """Weigh the perceived attributes of this company by what they explain of overall satisfaction.

    Parameters
    ----------
    panel
        The respondents of one wave.
    satisfaction
        Overall satisfaction of each respondent; missing where not answered.
    seed
        Of the intervals.

    Returns
    -------
    Importance
        With too few respondents for the attributes the constructs are weighed instead.

    Raises
    ------
    NotEnoughData
        With the reason as a sentence.
    """
    items = panel.of("perceived")
    if items.empty:
        raise NotEnoughData(
            "The survey does not ask how single attributes are perceived, so none can be weighed."
        )
    if satisfaction.notna().sum() == 0:
        raise NotEnoughData(
            "The survey does not ask for overall satisfaction, so nothing can be explained by it."
        )
    homes = items.drop_duplicates("key").set_index("key")["construct"]
    attributes = panel.by_key(items)
    constructs = row_means(attributes, homes.reindex(attributes.columns))
    levels = {"attribute": attributes, "construct": constructs}
    for level, predictors in levels.items():
        complete = predictors.notna().all(axis=1) & satisfaction.notna()
        enough = int(complete.sum()) >= max(FEWEST, PER_ATTRIBUTE * (predictors.shape[1] + 1))
        if enough:
            found = _weigh(predictors[complete], satisfaction[complete], panel.weight[complete], seed)
            names = homes.to_dict() if level == "attribute" else {}
            table = found[0].assign(construct=[names.get(a, a) for a in found[0]["attribute"]])
            n = int(complete.sum())
            return Importance(table, found[1], n, int(satisfaction.notna().sum()) - n, level, found[2])
    needed = max(FEWEST, PER_ATTRIBUTE * (constructs.shape[1] + 1))
    n = int((constructs.notna().all(axis=1) & satisfaction.notna()).sum())
    raise NotEnoughData(
        f"{words.count(n, 'respondent')} answered everything that is to be weighed; importance needs at least "
        f"{words.count(needed)}, so no map is drawn."
    )


def _weigh(
    predictors: pd.DataFrame, outcome: pd.Series, weight: pd.Series, seed: int
) -> tuple[pd.DataFrame, float, tuple[str, ...]]:
    varies = predictors.std(ddof=0) > 1e-9
    same = tuple(predictors.columns[~varies])
    x, y, w = predictors.loc[:, varies].to_numpy(), outcome.to_numpy(), weight.to_numpy()
    if not x.shape[1]:
        raise NotEnoughData("Everybody rated every attribute alike, so none can be told to matter more.")
    if np.ptp(y) <= 1e-9:
        raise NotEnoughData("Everybody is equally satisfied, so no attribute explains a difference.")
    _refuse_twins(predictors.loc[:, varies])
    matrix, column = _correlations(x, y, w)
    raw = relative_weights(matrix, column)
    performance = 100 * weighted_means(x, w)
    sampled, firsts = _resampled(x, y, w, seed)
    spans = [ends(sampled[:, i]) for i in range(len(raw))]
    total = float(raw.sum())
    share = raw / total if total > 0 else np.full(len(raw), 1 / len(raw))
    table = pd.DataFrame(
        {
            "attribute": predictors.columns[varies],
            "importance": raw.round(12),
            "low": [low for low, _ in spans],
            "high": [high for _, high in spans],
            "share": share.round(12),
            "performance": performance.round(9),
            "correlation": column.round(12),
            "urgency": (share * (100 - performance)).round(9),
            "first": firsts,
        }
    )
    table["quadrant"] = _quadrants(table)
    order = ["urgency", "attribute"]
    return table.sort_values(order, ascending=[False, True], ignore_index=True), total, same


def _correlations(x: Floats, y: Floats, w: Floats) -> tuple[Floats, Floats]:
    both = np.column_stack([x, y])
    centred = both - weighted_means(both, w)
    covariance = (centred * w[:, None]).T @ centred
    spread = np.sqrt(np.diag(covariance))
    spread = np.where(spread > 1e-12, spread, np.inf)
    found = covariance / np.outer(spread, spread)
    np.fill_diagonal(found, 1.0)
    return found[:-1, :-1], found[:-1, -1]


def _refuse_twins(predictors: pd.DataFrame) -> None:
    names = list(predictors.columns)
    matrix = np.atleast_2d(np.corrcoef(predictors.to_numpy(), rowvar=False))
    twins = np.argwhere(np.triu(np.abs(matrix), 1) > 1 - 1e-6)
    if len(twins):
        one, other = (words.plain(names[i]) for i in twins[0])
        raise NotEnoughData(
            f"{one} and {other} were answered alike by everybody, so their importance cannot be told apart. "
            "Give them one attribute in the codebook, or leave one out."
        )


def _resampled(x: Floats, y: Floats, w: Floats, seed: int) -> tuple[Floats, Floats]:
    """Weights of respondents drawn anew, and how often each attribute is the most urgent."""
    found, firsts = [], np.zeros(x.shape[1])
    for block in draws(len(x), seed=seed, stream=_STREAM, replicates=_REPLICATES):
        for counts in block:
            matrix, column = _correlations(x, y, counts * w)
            try:
                raw = relative_weights(matrix, column)
            except NotEnoughData:
                continue
            found.append(raw)
            urgency = raw * (1 - weighted_means(x, counts * w))
            firsts[int(np.argmax(np.where(column > 0, urgency, -1.0)))] += 1
    sampled = np.array(found) if found else np.full((1, x.shape[1]), np.nan)
    return sampled, firsts / max(len(found), 1)


def _quadrants(table: pd.DataFrame) -> list[str]:
    """Against an equal share of importance and the mean performance."""
    matters = table["share"] > 1 / len(table) + 1e-12
    good = table["performance"] >= table["performance"].mean() - 1e-9
    names = {
        (True, False): "important, weaker",
        (True, True): "important, stronger",
        (False, False): "less important, weaker",
        (False, True): "less important, stronger",
    }
    return [names[pair] for pair in zip(matters, good, strict=True)]
