"""How satisfied customers are: satisfaction index, top-2-box, net promoter score, for all and by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from customer_value import words
from customer_value.bounds import effective_number, of_steady_answers, promoter_ends
from customer_value.codebook import rows_of
from customer_value.errors import InputError
from customer_value.satisfaction.panel import Panel
from customer_value.satisfaction.resampling import ends, estimates, resampled_means, weighted_means
from customer_value.survey import MINIMUM

__all__ = [
    "COLUMNS",
    "index_weights",
    "nps_items",
    "satisfaction_of_accounts",
    "scores_by_group",
    "scores_by_wave",
    "scores_of",
]

COLUMNS = ["by", "group", "measure", "value", "low", "high", "n"]
_STREAM = 61
_NO_WIDTH = 1e-9


def index_weights(overall: Sequence[str], given: Mapping[str, float] | None = None) -> pd.Series:
    """The weights of the items of the satisfaction index; they add up to 1.

    Parameters
    ----------
    overall
        The items on overall satisfaction.
    given
        Item to weight; an item that is not named weighs nothing. Equal weights if empty.

    Raises
    ------
    InputError
        If a weight is given for another item, or all of them are 0.

    Examples
    --------
    >>> index_weights(["a", "b"]).tolist(), index_weights(["a", "b"], {"a": 3, "b": 1}).tolist()
    ([0.5, 0.5], [0.75, 0.25])
    """
    if not given:
        return pd.Series(1 / max(len(overall), 1), index=list(overall), dtype=float)
    for name in given:
        if name not in overall:
            raise InputError(
                f"Settings, satisfaction.index_weights: {name!r} is not an item on overall satisfaction of this "
                f"company (aspect overall); there {words.verb(len(overall), 'is', 'are')} {words.listing(overall)}."
            )
    weights = pd.Series({name: float(given.get(name, 0.0)) for name in overall}, dtype=float)
    if not weights.sum() > 0:
        raise InputError("Settings, satisfaction.index_weights: the weights cannot all be zero.")
    return weights / weights.sum()


def nps_items(panel: Panel) -> list[str]:
    """The items that a net promoter score can be computed from: marked nps, about this company, 0 to 10."""
    items = panel.items
    kind = items["scale"].fillna("").str.casefold() == "nps"
    fits = (items["scale_min"] == 0) & (items["scale_max"] == 10) & (items["target"] == "own")
    return sorted(items.index[kind & fits])


def scores_of(panel: Panel, given: Mapping[str, float] | None = None, *, seed: int) -> pd.DataFrame:
    """Index, top-2-box and net promoter score of one group of respondents.

    Parameters
    ----------
    panel
        The respondents.
    given
        Weights of the index, see `index_weights`.
    seed
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``measure``, ``value``, ``low``, ``high`` (95 % interval), ``n`` (respondents). Measures:
        ``index`` (0 to 100), ``top_two`` (share of the answers on overall satisfaction that are one of
        the two best marks), ``nps`` (−100 to 100). A measure that the survey does not hold or that
        fewer than five answered has no row.

    Notes
    -----
    Index: 100·Σ wⱼ (meanⱼ − minⱼ)/(maxⱼ − minⱼ) over the overall items (Fornell et al. 1996, J. of
    Marketing 60). Net promoter score: share of 9 and 10 minus share of 0 to 6 (Reichheld 2003, Harvard
    Business Review 81). Where all answers are alike, or nobody warns or nobody recommends, the interval is that of
    `customer_value.bounds`.

    Examples
    --------
    >>> from customer_value.survey import score_answers
    >>> items = pd.DataFrame({"item": ["sat"], "construct": "satisfaction", "aspect": "overall",
    ...                       "scale_min": 1, "scale_max": 5})
    >>> answers = pd.DataFrame({"respondent_id": list("abcde"), "item": "sat", "score": [1, 3, 4, 5, 5]})
    >>> from customer_value.satisfaction.panel import panels_of
    >>> scores_of(panels_of(score_answers(answers, items))[0], seed=1)[["measure", "value"]].values.tolist()
    [['index', 65.0], ['top_two', 0.6]]
    """
    rows = [row for row in (_index(panel, given, seed), *_marks(panel, seed)) if row is not None]
    table = pd.DataFrame(rows, columns=COLUMNS[2:])
    return table[table["n"] >= MINIMUM].reset_index(drop=True)


def scores_by_group(
    panel: Panel, labels: pd.Series, by: str, given: Mapping[str, float] | None = None, *, seed: int
) -> tuple[pd.DataFrame, int]:
    """`scores_of` for each group of respondents, and how many groups are too small to show.

    Parameters
    ----------
    panel
        The respondents.
    labels
        Group of each respondent, missing where not known.
    by
        What the groups are, for instance ``industry``.
    given, seed
        As in `scores_of`.

    Returns
    -------
    tuple
        Table with the columns of `COLUMNS`; number of groups with fewer than five respondents, which are
        left out.
    """
    parts, hidden = [], 0
    for name in sorted(labels.dropna().unique()):
        group = panel.where(labels == name)
        if len(group) < MINIMUM:
            hidden += 1
        else:
            parts.append(scores_of(group, given, seed=seed).assign(by=by, group=name))
    return _together(parts), hidden


def scores_by_wave(
    panels: Sequence[Panel], given: Mapping[str, float] | None = None, *, seed: int
) -> tuple[pd.DataFrame, int]:
    """`scores_of` wave by wave, the oldest first, and how many waves are too small to show."""
    enough = [panel for panel in panels if len(panel) >= MINIMUM]
    parts = [
        scores_of(panel, _known(given, panel), seed=seed).assign(by="wave", group=panel.name)
        for panel in enough
    ]
    return _together(parts), len(panels) - len(enough)


def satisfaction_of_accounts(panel: Panel, given: Mapping[str, float] | None = None) -> pd.Series:
    """Satisfaction of each account from 0 to 100: the weighted mean over its respondents.

    Returns
    -------
    pandas.Series
        Indexed by ``customer_id``; accounts without an answer on overall satisfaction are left out.
    """
    overall = list(panel.of("overall").index)
    weights = index_weights(overall, given)
    scores = panel.scores[overall]
    size = scores.notna().to_numpy() @ weights.to_numpy()
    total = scores.fillna(0.0).to_numpy() @ weights.to_numpy()
    own = pd.Series(np.divide(100 * total, size, out=np.full(len(scores), np.nan), where=size > 0))
    people = panel.people.assign(own=own)[lambda t: t["own"].notna() & (t["customer_id"] != "")]
    people["part"] = people["own"] * people["weight"]
    sums = people.groupby("customer_id")[["part", "weight"]].sum()
    return (sums["part"] / sums["weight"]).round(9)


def _index(panel: Panel, given: Mapping[str, float] | None, seed: int) -> tuple[object, ...] | None:
    overall = list(panel.of("overall").index)
    weights = index_weights(overall, given)
    used = [name for name in overall if weights[name] > 0 and panel.scores[name].notna().any()]
    if not used:
        return None
    share = (weights[used] / weights[used].sum()).to_numpy()
    values, weight = panel.scores[used].to_numpy(), panel.weight.to_numpy()
    sampled = resampled_means(values, weight, seed=seed, stream=_STREAM) @ share
    low, high = ends(sampled)
    value = float(weighted_means(values, weight) @ share)
    if high - low < _NO_WIDTH:
        answered = panel.weight[np.isfinite(values).any(axis=1)]
        low, high = of_steady_answers(value, effective_number(answered))
    n = int(np.isfinite(values).any(axis=1).sum())
    return ("index", round(100 * value, 9), round(100 * low, 9), round(100 * high, 9), n)


def _marks(panel: Panel, seed: int) -> list[tuple[object, ...]]:
    """Top-2-box and net promoter score: means of what each respondent counts for."""
    overall = panel.of("overall")
    steps = overall["scale_max"] - overall["scale_min"]
    rated = overall[steps.between(3, 20) & (overall["scale"].fillna("").str.casefold() != "percentage")]
    counts = pd.DataFrame(index=panel.scores.index)
    if len(rated):
        best = [_top_two(panel.scores[row.Index], row.scale_max - row.scale_min) for row in rows_of(rated)]
        counts["top_two"] = pd.concat(best, axis=1).mean(axis=1)
    promoters = nps_items(panel)
    if promoters:
        marks = (10 * panel.scores[promoters[0]]).round(6)
        counts["nps"] = ((marks >= 9).astype(float) - (marks <= 6)).where(marks.notna()) * 100
    if counts.empty or not len(counts.columns):
        return []
    table = estimates(counts, panel.weight, seed=seed, stream=_STREAM)
    if "nps" in table.index:
        resampled = (float(table.loc["nps", end]) for end in ("low", "high"))
        table.loc["nps", ["low", "high"]] = np.round(
            promoter_ends(counts["nps"], panel.weight, *resampled), 12
        )
    if "top_two" in table.index and table.loc["top_two", "high"] - table.loc["top_two", "low"] < _NO_WIDTH:
        n = effective_number(panel.weight[counts["top_two"].notna()])
        table.loc["top_two", ["low", "high"]] = np.round(
            of_steady_answers(float(table.loc["top_two", "value"]), n), 12
        )
    return [tuple(row) for row in rows_of(table.dropna())]


def _top_two(scores: pd.Series, steps: float) -> pd.Series:
    return (scores * steps >= steps - 1 - 1e-9).astype(float).where(scores.notna())


def _known(given: Mapping[str, float] | None, panel: Panel) -> dict[str, float]:
    """Weights of the items that an older wave asked."""
    asked = set(panel.of("overall").index)
    kept = {name: value for name, value in (given or {}).items() if name in asked}
    return kept if sum(kept.values()) > 0 else {}


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)[COLUMNS] if parts else pd.DataFrame(columns=COLUMNS)
