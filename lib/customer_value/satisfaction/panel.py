"""The respondents of one survey wave as a table: a row per respondent, a column per item."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from customer_value.codebook import COST_COMPONENTS, OWN, rows_of
from customer_value.survey import MINIMUM, PERSON, SurveyScores

__all__ = ["Panel", "headline_panel", "panels_of"]


@dataclass(frozen=True)
class Panel:
    """One wave.

    Parameters
    ----------
    wave, name
        Number and name of the wave.
    last_day
        Day of its last answer; missing without dates.
    people
        ``customer_id`` (empty where no account is named), ``respondent_id``, ``weight``.
    scores
        A row per respondent in the same order, a column per item; 0 to 1, missing where not answered.
    items
        The codebook of these items, indexed by item; ``key`` names what an item is about: its
        attribute, or the item itself where it has none.
    """

    wave: int
    name: str
    last_day: pd.Timestamp
    people: pd.DataFrame
    scores: pd.DataFrame
    items: pd.DataFrame

    def __len__(self) -> int:
        return len(self.people)

    @property
    def weight(self) -> pd.Series:
        """The weight of each respondent."""
        return self.people["weight"]

    def where(self, mask: pd.Series) -> Panel:
        """The same wave with some of its respondents."""
        kept = mask.to_numpy(dtype=bool)
        people = self.people[kept].reset_index(drop=True)
        return replace(self, people=people, scores=self.scores[kept].reset_index(drop=True))

    def of(self, aspect: str, target: str = OWN) -> pd.DataFrame:
        """The codebook of the items of one aspect and target."""
        return self.items[(self.items["aspect"] == aspect) & (self.items["target"] == target)]

    def by_key(self, items: pd.DataFrame, *, good: bool = True) -> pd.DataFrame:
        """The mean of each respondent over the items on one thing, a column per thing.

        Parameters
        ----------
        items
            Rows of the codebook.
        good
            Turn burdens (cost components) round, so that more is always better.
        """
        names = list(items.index)
        scores = self.scores[names]
        if good:
            burden = items["component"].isin(COST_COMPONENTS)
            scores = scores.mask(np.broadcast_to(burden.to_numpy(), scores.shape), 1 - scores)
        return row_means(scores, items["key"])


def row_means(scores: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Mean of each row over groups of columns, leaving out what is missing."""
    names = sorted(groups.unique())
    columns = {name: scores.loc[:, (groups == name).to_numpy()].mean(axis=1).round(12) for name in names}
    return pd.DataFrame(columns, index=scores.index, columns=names, dtype=float)


def panels_of(survey: SurveyScores) -> list[Panel]:
    """The waves of a survey, the oldest first; respondents with weight 0 are left out.

    Respondents stand in the order of their answers, so that draws of them do not depend on what they are called.
    """
    items = survey.items.set_index("item")
    items["key"] = items["attribute"].where(items["attribute"].notna(), items.index.to_series())
    found = []
    for wave in rows_of(survey.waves.sort_values("wave")):
        rows = survey.scores[(survey.scores["wave"] == wave.wave) & (survey.scores["weight"] > 0)]
        rows = rows.assign(customer_id=rows["customer_id"].astype("str").fillna(""))
        wide = rows.set_index([*PERSON, "item"])["score"].unstack("item").sort_index()  # noqa: PD010
        people = wide.index.to_frame(index=False)
        weight = rows.drop_duplicates(PERSON).set_index(PERSON)["weight"]
        people["weight"] = weight.reindex(wide.index).to_numpy(dtype=float)
        asked = items.loc[[name for name in items.index if name in set(wide.columns)]]
        scores = wide.reset_index(drop=True)[list(asked.index)].astype(np.float64)
        order = np.lexsort([people["weight"], *scores.to_numpy().T])
        people, scores = (table.iloc[order].reset_index(drop=True) for table in (people, scores))
        found.append(Panel(int(wave.wave), str(wave.name), wave.last_day, people, scores, asked))
    return found


def headline_panel(panels: list[Panel]) -> Panel | None:
    """The latest wave with enough respondents to average."""
    enough = [panel for panel in panels if len(panel) >= MINIMUM]
    return enough[-1] if enough else None
