"""Why the two halves are only half: what hinders the latent loyal, what holds the inert loyal.

The survey itself gives a first answer. What the latent loyal rate lower than the truly loyal do may
keep them from buying. What the inert loyal find better here than at the best competitor may be what
holds them, and if that is the price, a cheaper offer ends it.
"""

from __future__ import annotations

import math

import pandas as pd
from scipy.special import stdtrit

from customer_value.codebook import COST_COMPONENTS, OWN
from customer_value.loyalty.opinions import mean_interval
from customer_value.row_order import by_content
from customer_value.survey import MINIMUM, SurveyScores

__all__ = ["held_by", "hindrances"]

_LEVEL = 0.95
_ASPECTS = ("perceived", "attitude", "overall")


def hindrances(survey: SurveyScores | None, placed: pd.DataFrame) -> pd.DataFrame:
    """How the latent loyal rate each attribute, against the truly loyal.

    Parameters
    ----------
    survey
        Checked answers, or None.
    placed
        ``customer_id``, ``cell``, ``wave`` (whose answers count) of the customers in the matrix.

    Returns
    -------
    pandas.DataFrame
        Per ``attribute`` (the item where no attribute is stated): ``latent`` and ``true`` (mean ratings
        of this company from 0 to 1, burdens such as price turned round, so that high is good),
        ``latent_n``, ``true_n`` (accounts), ``difference`` with ``low`` and ``high``; lowest difference
        first. Attributes with fewer than five accounts on either side are left out. The intervals hold
        for all attributes together (95 %, Bonferroni), by Welch's t.
    """
    rated = _own(survey, placed)
    rows = []
    for attribute, group in rated.groupby("attribute"):
        latent, true = (group.loc[group["cell"] == cell, "score"] for cell in ("latent", "true"))
        if min(len(latent), len(true)) >= MINIMUM:
            rows.append((str(attribute), latent, true))
    level = 1 - (1 - _LEVEL) / max(len(rows), 1)
    found = [
        (name, float(latent.mean()), float(true.mean()), len(latent), len(true), *_welch(latent, true, level))
        for name, latent, true in rows
    ]
    columns = ["attribute", "latent", "true", "latent_n", "true_n", "difference", "low", "high"]
    return pd.DataFrame(found, columns=columns).sort_values(["difference", "attribute"], ignore_index=True)


def held_by(survey: SurveyScores | None, placed: pd.DataFrame) -> pd.DataFrame:
    """What the inert loyal find better or worse here than at the best competitor.

    Parameters
    ----------
    survey, placed
        As for `hindrances`.

    Returns
    -------
    pandas.DataFrame
        Per ``attribute`` rated for this company and a competitor: ``component`` (if stated), ``n``
        (accounts), ``lead`` (own − best competitor on that attribute, −1 to 1) with ``low`` and ``high``
        (95 % for all attributes together, Bonferroni); highest lead first; five accounts or more.
    """
    leads = _leads(survey, placed[placed["cell"] == "inert"])
    kept = [(name, group) for name, group in leads.groupby("attribute") if len(group) >= MINIMUM]
    level = 1 - (1 - _LEVEL) / max(len(kept), 1)
    rows = [
        (str(name), str(group["component"].iloc[0]), len(group), *mean_interval(group["lead"], level))
        for name, group in kept
    ]
    columns = ["attribute", "component", "n", "lead", "low", "high"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["lead", "attribute"], ascending=[False, True], ignore_index=True)


def _answers(survey: SurveyScores | None, placed: pd.DataFrame) -> pd.DataFrame:
    """Answers of the placed accounts' own waves, burdens turned round, one aspect."""
    columns = ["customer_id", "respondent_id", "wave", "weight", "cell", "attribute", "component", "target"]
    if survey is None or placed.empty:
        return pd.DataFrame(columns=[*columns, "score"])
    scores = survey.scores.merge(placed[["customer_id", "wave", "cell"]], on=["customer_id", "wave"])
    own = scores.loc[scores["target"] == OWN, "aspect"]
    aspect = next((name for name in _ASPECTS if (own == name).any()), "")
    scores = scores[(scores["aspect"] == aspect) & (scores["weight"] > 0)]
    burden = scores["component"].isin(COST_COMPONENTS)
    return scores.assign(
        score=scores["score"].where(~burden, 1 - scores["score"]),
        attribute=scores["attribute"].where(scores["attribute"].fillna("") != "", scores["item"]),
        component=scores["component"].fillna(""),
    )[[*columns, "score"]]


def _own(survey: SurveyScores | None, placed: pd.DataFrame) -> pd.DataFrame:
    answers = _answers(survey, placed)
    own = answers[answers["target"] == OWN]
    return _by_account(own, "score", ["customer_id", "cell", "attribute"])


def _leads(survey: SurveyScores | None, placed: pd.DataFrame) -> pd.DataFrame:
    answers = _answers(survey, placed)
    person = ["customer_id", "respondent_id", "attribute"]
    rivals = answers[answers["target"] != OWN].groupby(person, as_index=False)["score"].max()
    own = answers[answers["target"] == OWN].groupby([*person, "component", "weight"], as_index=False)
    both = own["score"].mean().merge(rivals, on=person, suffixes=("_own", "_rival"))
    both["lead"] = both["score_own"] - both["score_rival"]
    return _by_account(both, "lead", ["customer_id", "attribute", "component"])


def _by_account(rows: pd.DataFrame, figure: str, keys: list[str]) -> pd.DataFrame:
    parts = rows.assign(part=rows[figure] * rows["weight"]).groupby(keys, as_index=False)
    sums = parts[["part", "weight"]].sum()
    found = sums.assign(**{figure: (sums["part"] / sums["weight"]).astype(float).round(12)})
    return by_content(found, "customer_id")


def _welch(first: pd.Series, second: pd.Series, level: float) -> tuple[float, float, float]:
    difference = float(first.mean()) - float(second.mean())
    parts = [float(group.var(ddof=1)) / len(group) for group in (first, second)]
    variance = sum(parts)
    if variance <= 0:
        return difference, difference, difference
    freedom = variance**2 / sum(
        part**2 / (len(group) - 1) for part, group in zip(parts, (first, second), strict=True)
    )
    reach = float(stdtrit(freedom, 0.5 + level / 2)) * math.sqrt(variance)
    return difference, difference - reach, difference + reach
