"""What the items of a scale say together: means per respondent, account and wave, and how scales go together.

A respondent has a score on a scale if at least half of the scale's items that the wave asked were
answered; it is their plain mean, from 0 to 1. Several respondents of one account are averaged by their
weights. Waves are never mixed, and fewer than five respondents are never averaged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

if TYPE_CHECKING:
    from customer_value.survey import SurveyScores

__all__ = [
    "MINIMUM",
    "PERSON",
    "account_means",
    "construct_correlations",
    "respondent_means",
    "wave_means",
]

MINIMUM = 5
"""Fewer respondents than this are never averaged."""

PERSON = ["customer_id", "respondent_id"]
"""What identifies who answered: one person may answer for several accounts."""

_Floats = NDArray[np.float64]


def respondent_means(scores: pd.DataFrame) -> pd.DataFrame:
    """The score of every respondent on every scale.

    Parameters
    ----------
    scores
        `customer_value.survey.SurveyScores.scores`.

    Returns
    -------
    pandas.DataFrame
        ``wave``, ``scale`` (its name), ``customer_id``, ``respondent_id``, ``weight``, ``items``
        (answered), ``score`` (0 to 1); only where at least half of the items were answered.
    """
    asked = scores.groupby(["wave", "scale_name"])["item"].transform("nunique")
    means = (
        scores.assign(asked=asked)
        .groupby(["wave", "scale_name", *PERSON], dropna=False, as_index=False)
        .agg(
            weight=("weight", "first"),
            items=("item", "size"),
            score=("score", "mean"),
            asked=("asked", "first"),
        )
    )
    enough = means[2 * means["items"] >= means["asked"]].drop(columns="asked")
    return enough.rename(columns={"scale_name": "scale"}).reset_index(drop=True)


def account_means(survey: SurveyScores) -> pd.DataFrame:
    """The score of every account on every scale: its respondents averaged by their weights.

    Parameters
    ----------
    survey
        Checked answers.

    Returns
    -------
    pandas.DataFrame
        ``wave``, ``scale``, ``customer_id``, ``respondents``, ``score`` (0 to 1). Respondents without an
        account or with weight 0 do not count.
    """
    people = respondent_means(survey.scores)
    people = people[people["customer_id"].notna() & (people["weight"] > 0)]
    people = people.assign(product=people["weight"] * people["score"])
    sums = people.groupby(["wave", "scale", "customer_id"], as_index=False).agg(
        respondents=("respondent_id", "size"), product=("product", "sum"), weight=("weight", "sum")
    )
    return sums.assign(score=sums["product"] / sums["weight"]).drop(columns=["product", "weight"])


def wave_means(
    survey: SurveyScores, groups: Mapping[str, str] | None = None, level: float = 0.95
) -> pd.DataFrame:
    """The mean of every scale in every wave, and its change since the wave before.

    Parameters
    ----------
    survey
        Checked answers.
    groups
        Customer to its group (a class or segment), to tell them apart; who is in none is left out.
    level
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``group`` (if groups are given), ``scale``, ``wave``, ``name`` (of the wave), ``respondents``,
        ``mean`` (0 to 1, by weights), ``low``, ``high``, ``since`` (number of the wave before that has the
        scale), ``change``, ``change_low``, ``change_high``. Under five respondents the figures are missing,
        and so are changes to or from such a wave.

    Notes
    -----
    Intervals are those of a weighted mean by linearisation (Student's t). People who answered in both
    waves count as the same people, which makes the interval of a change narrower.
    """
    people = respondent_means(survey.scores)
    people = people[people["weight"] > 0]
    names = survey.waves.set_index("wave")["name"]
    keys = ["scale"]
    if groups is not None:
        people = people.assign(group=people["customer_id"].map(dict(groups)))
        people, keys = people[people["group"].notna()], ["group", "scale"]
    rows: list[dict[str, Any]] = []
    key: Any
    for key, of_scale in people.groupby(keys):
        before: Any = None
        for wave, asked in of_scale.groupby("wave"):
            row = {
                **dict(zip(keys, key, strict=True)),
                "wave": wave,
                "name": names[wave],
                "respondents": len(asked),
            }
            influence = _influence(asked)
            rows.append(
                row | _mean_cells(asked, influence, level) | _change_cells(before, asked, influence, level)
            )
            before = (wave, asked, influence)
    columns = [*keys, "wave", "name", "respondents", "mean", "low", "high", "since"]
    columns += ["change", "change_low", "change_high"]
    figures = ["mean", "low", "high", "change", "change_low", "change_high"]
    return (
        pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(figures, float)).astype({"since": "Int64"})
    )


def construct_correlations(scores: pd.DataFrame, by_scale: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """How the scales of a wave go together from respondent to respondent.

    Parameters
    ----------
    scores
        `customer_value.survey.SurveyScores.scores`.
    by_scale
        Reliability per wave and scale: ``wave``, ``scale``, ``reliability``, ``ave``.
    level
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        Per wave and pair of scales ``wave``, ``construct``, ``other``, ``r``, ``low``, ``high``, ``n``,
        ``disattenuated`` (r over the root of the product of the reliabilities: what it would be without
        chance slips; 1 or more means that these answers cannot tell the two apart), ``smaller_ave`` (of the
        two average variances extracted). Scales measure different things if ``smaller_ave`` is more than the
        square of ``r``. Missing under five respondents or where not defined.

    Notes
    -----
    Interval by Fisher's z. Spearman 1904 for the disattenuated figure, Fornell & Larcker 1981 (J. Marketing
    Research 18) for the comparison with the variance extracted. Respondents count alike, whatever their weight.
    """
    people = respondent_means(scores)
    known = zip(by_scale["wave"], by_scale["scale"], by_scale["reliability"], by_scale["ave"], strict=True)
    told = {(wave, name): (float(good), float(ave)) for wave, name, good, ave in known}
    rows = []
    for wave, of_wave in people.groupby("wave"):
        wide = of_wave.set_index([*PERSON, "scale"])["score"].unstack("scale").sort_index(axis=1)  # noqa: PD010
        values = wide.to_numpy(dtype=float)
        for (i, one), (j, other) in combinations(enumerate(wide.columns), 2):
            both = values[~np.isnan(values[:, [i, j]]).any(axis=1)][:, [i, j]]
            figures = _correlation_cells(both[:, 0], both[:, 1], level)
            (first, ave), (second, other_ave) = told[wave, one], told[wave, other]
            pure = figures[0] / math.sqrt(first * second) if first > 0 and second > 0 else math.nan
            rows.append((wave, one, other, *figures, len(both), pure, float(np.minimum(ave, other_ave))))
    columns = ["wave", "construct", "other", "r", "low", "high", "n", "disattenuated", "smaller_ave"]
    numbers = [*columns[3:6], *columns[7:]]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(numbers, float))


def _influence(people: pd.DataFrame) -> pd.Series:
    """How much each respondent moves the weighted mean."""
    share = people["weight"] / people["weight"].sum()
    mean = float((share * people["score"]).sum())
    keys = pd.MultiIndex.from_frame(people[PERSON])
    return pd.Series((share * (people["score"] - mean)).to_numpy(), index=keys)


def _mean(people: pd.DataFrame) -> float:
    return float((people["weight"] * people["score"]).sum() / people["weight"].sum())


def _half_width(influence: _Floats, level: float) -> float:
    people = len(influence)
    error = math.sqrt(people / (people - 1) * float((influence**2).sum()))
    return float(stdtrit(people - 1, (1 + level) / 2)) * error


def _mean_cells(people: pd.DataFrame, influence: pd.Series, level: float) -> dict[str, float]:
    if len(people) < MINIMUM:
        return {}
    mean, half = _mean(people), _half_width(influence.to_numpy(), level)
    return {"mean": mean, "low": max(mean - half, 0.0), "high": min(mean + half, 1.0)}


def _change_cells(before: Any, people: pd.DataFrame, influence: pd.Series, level: float) -> dict[str, Any]:
    if before is None:
        return {}
    wave, earlier, earlier_influence = before
    if min(len(people), len(earlier)) < MINIMUM:
        return {"since": wave}
    change = _mean(people) - _mean(earlier)
    together = influence.sub(earlier_influence, fill_value=0.0)
    half = _half_width(together.to_numpy(), level)
    return {"since": wave, "change": change, "change_low": change - half, "change_high": change + half}


def _correlation_cells(one: _Floats, other: _Floats, level: float) -> tuple[float, float, float]:
    if len(one) < MINIMUM or min(np.ptp(one), np.ptp(other)) <= 1e-12:
        return math.nan, math.nan, math.nan
    r = float(np.clip(np.corrcoef(one, other)[0, 1], -1, 1))
    if abs(r) > 1 - 1e-12:
        return r, r, r
    half = float(ndtri((1 + level) / 2)) / math.sqrt(len(one) - 3)
    return r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)
