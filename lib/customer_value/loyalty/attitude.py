"""Relative attitude: how much better an account rates this company than its best competitor.

A high rating alone says little: a customer may think well of every supplier. What binds is the
*difference* to the best alternative on the same attributes (Dick & Basu 1994). Where a survey did
not ask about competitors the mean rating stands in for it, for the whole wave, and the result says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from customer_value.codebook import COST_COMPONENTS, OWN, rows_of
from customer_value.reliability import cronbach_alpha
from customer_value.row_order import by_content
from customer_value.survey import PERSON, SurveyScores

__all__ = ["FIXED_CUTS", "MEAN", "RELATIVE", "Attitudes", "account_attitudes"]

RELATIVE = "own minus best competitor"
"""Attitude from −1 to 1; above 0 this company is preferred."""

MEAN = "mean attitude"
"""Attitude from 0 to 1; 0.5 is the middle of the scales."""

FIXED_CUTS = {RELATIVE: 0.0, MEAN: 0.5}
"""Above its cut an attitude is high."""

_ORDER = ("attitude", "perceived", "overall")
_NO_ACCOUNT = ""
_KEYS = ["customer_id", "wave"]


@dataclass(frozen=True)
class Attitudes:
    """Attitudes of accounts, wave by wave.

    Parameters
    ----------
    by_wave
        Per account and wave: ``customer_id``, ``wave``, ``respondents``, ``attitude`` (on the scale
        that ``attitude_source`` names), ``relative_attitude`` (missing if the wave has no competitor
        ratings), ``mean_attitude``, ``attitude_source``, ``standard_error``.
    waves
        Per wave: ``wave``, ``name``, ``attitude_source``, ``aspect`` (which items were used),
        ``respondents`` (with an attitude), ``without`` (respondents whose answers give none), ``sd``
        (between respondents), ``alpha`` (of the attitude score).
    people
        Per respondent and wave: ``customer_id`` (empty where the survey names no account),
        ``respondent_id``, ``wave``, ``weight``, ``relative_attitude``, ``mean_attitude``, ``attitude``.
    """

    by_wave: pd.DataFrame
    waves: pd.DataFrame
    people: pd.DataFrame

    @property
    def latest(self) -> pd.DataFrame:
        """One row per account: its latest wave with an attitude."""
        ordered = self.by_wave.sort_values(["customer_id", "wave"])
        return ordered.drop_duplicates("customer_id", keep="last").reset_index(drop=True)


def account_attitudes(survey: SurveyScores) -> Attitudes:
    """The attitude of each surveyed account, per wave.

    Parameters
    ----------
    survey
        Checked answers from `customer_value.survey.score_answers`.

    Returns
    -------
    Attitudes
        Within a wave the items of one aspect are used: attitude, else perceived, else overall.
        *Relative attitude* of a respondent is the smallest, over competitors, of the mean difference
        own − competitor on the attributes rated for both; a competitor counts where at least half of
        the shared attributes were rated. It is used for a wave if at least half of its respondents
        have one; else the *mean attitude* (mean of the own items, at least half of them answered)
        stands in for the whole wave. Items on a cost component (money, time, energy, psychic) measure a
        burden and count turned round. Respondents of one account are averaged by their weights.

    Notes
    -----
    Standard error of a single respondent: sd·√(1 − α), with the sd between respondents and α of the
    attitude score (0 where it cannot be measured, which errs on the side of caution). For several
    respondents of an account it is the larger of that error, shrunk by their number, and the error
    that their disagreement shows. Source: Dick & Basu 1994 (J. Academy of Marketing Science 22).
    """
    people, infos = [], []
    scores = survey.scores.assign(customer_id=survey.scores["customer_id"].fillna(_NO_ACCOUNT))
    burden = scores["component"].isin(COST_COMPONENTS)
    scores["score"] = scores["score"].where(~burden, 1 - scores["score"])
    for row in rows_of(survey.waves):
        found, info = _wave_attitudes(scores[scores["wave"] == row.wave])
        people.append(found.assign(wave=row.wave))
        infos.append({"wave": row.wave, "name": row.name, **info})
    columns = ["wave", "name", "attitude_source", "aspect", "respondents", "without", "sd", "alpha"]
    waves = pd.DataFrame(infos, columns=columns).astype({"sd": float, "alpha": float})
    everyone = pd.concat(people, ignore_index=True) if people else _nobody().assign(wave=0)
    return Attitudes(_by_account(everyone, waves), waves, everyone)


def _nobody() -> pd.DataFrame:
    names = [*PERSON, "weight", "relative_attitude", "mean_attitude", "attitude"]
    return pd.DataFrame({name: pd.Series(dtype="str" if name in PERSON else float) for name in names})


def _wave_attitudes(answers: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, object]]:
    """Respondents of one wave with their attitude, and how it was measured."""
    asked = answers.drop_duplicates(PERSON)[[*PERSON, "weight"]]
    by_aspect = {aspect: answers[answers["aspect"] == aspect] for aspect in _ORDER}
    own = {aspect: rows[rows["target"] == OWN] for aspect, rows in by_aspect.items()}
    counts = {aspect: len(rows.drop_duplicates(PERSON)) for aspect, rows in own.items() if len(rows)}
    if not counts:
        return _nobody(), {"attitude_source": "", "aspect": "", "respondents": 0, "without": len(asked)}
    usual = [aspect for aspect in counts if 2 * counts[aspect] >= len(asked)]
    relative = {aspect: _relative(by_aspect[aspect]) for aspect in usual}
    compared = [aspect for aspect in usual if 2 * len(relative[aspect][0]) >= counts[aspect]]
    aspect = (compared or usual or sorted(counts, key=lambda name: -counts[name]))[0]
    best, table = (
        relative[aspect]
        if compared
        else (_nobody()[[*PERSON, "relative_attitude"]], _wide(own[aspect], "item"))
    )
    people = asked.merge(_mean(own[aspect]), on=PERSON, how="left").merge(best, on=PERSON, how="left")
    people["attitude"] = people["relative_attitude" if compared else "mean_attitude"]
    found = by_content(people[people["attitude"].notna() & (people["weight"] > 0)], *PERSON)
    return found, {
        "attitude_source": RELATIVE if compared else MEAN,
        "aspect": aspect,
        "respondents": len(found),
        "without": len(people) - len(found),
        "sd": float(found["attitude"].std(ddof=1)),
        "alpha": cronbach_alpha(table.dropna()),
    }


def _mean(own: pd.DataFrame) -> pd.DataFrame:
    items = own["item"].nunique()
    means = own.groupby(PERSON)["score"].agg(["mean", "size"])
    means = means[2 * means["size"] >= items]
    return means["mean"].round(12).rename("mean_attitude").reset_index()


def _relative(answers: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Relative attitude per respondent, and the differences by attribute that it is the mean of."""
    rated = answers.groupby([*PERSON, "target", "attribute"], as_index=False)["score"].mean()
    own, rivals = rated[rated["target"] == OWN], rated[rated["target"] != OWN]
    pairs = rivals.merge(own.drop(columns="target"), on=[*PERSON, "attribute"], suffixes=("_rival", "_own"))
    pairs["score"] = pairs["score_own"] - pairs["score_rival"]
    pairs["shared"] = pairs.groupby("target")["attribute"].transform("nunique").astype(int)
    grouped = pairs.groupby([*PERSON, "target"], as_index=False)
    lead = grouped.agg(
        relative_attitude=("score", "mean"), rated=("score", "size"), shared=("shared", "first")
    )
    lead = lead[2 * lead["rated"] >= lead["shared"]].round({"relative_attitude": 12})
    best = lead.sort_values([*PERSON, "relative_attitude", "target"]).drop_duplicates(PERSON)
    against_best = pairs.merge(best[[*PERSON, "target"]], on=[*PERSON, "target"])
    return best[[*PERSON, "relative_attitude"]], _wide(against_best, "attribute")


def _wide(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    table = rows.pivot_table(index=PERSON, columns=column, values="score")
    return table.sort_values(list(table.columns))


def _by_account(people: pd.DataFrame, waves: pd.DataFrame) -> pd.DataFrame:
    """Weighted means over the respondents of each account and wave, with their standard error."""
    told = ["wave", "attitude_source", "sd", "alpha"]
    linked = people[people["customer_id"] != _NO_ACCOUNT].merge(waves[told], on="wave")
    grouped = linked.groupby(_KEYS)
    table = grouped[["attitude_source", "sd", "alpha"]].first().assign(respondents=grouped.size())
    for name in ("attitude", "relative_attitude", "mean_attitude"):
        weight = linked["weight"].where(linked[name].notna())
        sums = pd.DataFrame({"part": linked[name] * weight, "weight": weight})
        sums = sums.groupby([linked[key] for key in _KEYS]).sum(min_count=1)
        table[name] = (sums["part"] / sums["weight"]).round(12)
    table["standard_error"] = _standard_error(linked, table)
    order = [
        "respondents",
        "attitude",
        "relative_attitude",
        "mean_attitude",
        "attitude_source",
        "standard_error",
    ]
    return table[order].reset_index().sort_values(_KEYS, ignore_index=True)


def _standard_error(linked: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    means = linked[_KEYS].merge(table["attitude"], left_on=_KEYS, right_index=True, how="left")["attitude"]
    parts = pd.DataFrame(
        {
            "weight": linked["weight"],
            "square": linked["weight"] ** 2,
            "spread": (linked["weight"] * (linked["attitude"] - means.to_numpy())) ** 2,
        }
    )
    sums = parts.groupby([linked[key] for key in _KEYS]).sum()
    single = table["sd"] * np.sqrt(1 - table["alpha"].fillna(0.0).clip(0, 1))
    of_scale = single * np.sqrt(sums["square"]) / sums["weight"]
    several = table["respondents"].where(table["respondents"] > 1)
    of_people = np.sqrt(sums["spread"] * several / (several - 1)) / sums["weight"]
    return of_scale.combine(of_people, np.fmax)
