"""Expectation and perceived performance: where customers get more or less than they expected.

A customer is satisfied when what is perceived reaches what was expected. The gap is the one minus the
other, on scales stretched to run from 0 to 100; below 0 the promise is not kept.
"""

from __future__ import annotations

import pandas as pd

from customer_value.satisfaction.panel import Panel, row_means
from customer_value.satisfaction.resampling import estimates
from customer_value.survey import MINIMUM

__all__ = ["COLUMNS", "gaps_of"]

COLUMNS = ["level", "name", "construct", "expected", "perceived", "gap", "low", "high", "n"]
_STREAM = 62


def gaps_of(panel: Panel, *, seed: int) -> pd.DataFrame:
    """Perceived minus expected, by attribute, by construct and over all.

    Parameters
    ----------
    panel
        The respondents of one wave.
    seed
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``level`` (``attribute``, ``construct``, ``all``), ``name``, ``construct``, ``expected``,
        ``perceived`` (means from 0 to 100 of those who answered both), ``gap``, ``low``, ``high`` (95 %
        interval), ``n``. Rows that fewer than five respondents answered are left out. No rows if the
        survey does not ask for both.

    Notes
    -----
    Only the same attribute is compared with itself. A construct without common attributes compares the
    mean of its expected with that of its perceived items; if no construct has both, the row ``all``
    compares all that was expected with all that was perceived. A burden (a cost component) counts
    turned round, so that a gap above 0 is always good.
    """
    expected, perceived = panel.of("expected"), panel.of("perceived")
    if expected.empty or perceived.empty:
        return pd.DataFrame(columns=COLUMNS)
    pairs = _attribute_pairs(panel, expected, perceived)
    homes = perceived.drop_duplicates("key").set_index("key")["construct"]
    rows = [("attribute", key, str(homes[key]), pair) for key, pair in pairs.items()]
    constructs = _construct_pairs(panel, expected, perceived, pairs, homes)
    rows += [("construct", name, name, pair) for name, pair in constructs.items()]
    rows.append(("all", "all", "", _over_all(panel, expected, perceived, pairs or constructs)))
    table = pd.DataFrame([_row(*row, panel=panel, seed=seed) for row in rows], columns=COLUMNS)
    return table[table["n"] >= MINIMUM].reset_index(drop=True)


def _row(
    level: str, name: str, construct: str, pair: pd.DataFrame, *, panel: Panel, seed: int
) -> dict[str, object]:
    both = 100 * pair.where(pair.notna().all(axis=1))
    both["gap"] = both["perceived"] - both["expected"]
    table = estimates(both, panel.weight, seed=seed, stream=_STREAM)
    gap = table.loc["gap"]
    means = {side: table.loc[side, "value"] for side in ("expected", "perceived")}
    ends = {"gap": gap["value"], "low": gap["low"], "high": gap["high"], "n": int(gap["n"])}
    return {"level": level, "name": name, "construct": construct, **means, **ends}


def _attribute_pairs(
    panel: Panel, expected: pd.DataFrame, perceived: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    hoped, got = panel.by_key(expected), panel.by_key(perceived)
    named = set(expected["attribute"].dropna()) & set(perceived["attribute"].dropna())
    return {key: pd.DataFrame({"expected": hoped[key], "perceived": got[key]}) for key in sorted(named)}


def _construct_pairs(
    panel: Panel,
    expected: pd.DataFrame,
    perceived: pd.DataFrame,
    pairs: dict[str, pd.DataFrame],
    homes: pd.Series,
) -> dict[str, pd.DataFrame]:
    found = {}
    for name in sorted(set(homes)):
        own = {key: pair for key, pair in pairs.items() if homes[key] == name}
        if own:
            found[name] = _mean_pair(own)
        elif name in set(expected["construct"]):
            sides = [items[items["construct"] == name] for items in (expected, perceived)]
            found[name] = _sides(panel, *sides)
    return found


def _over_all(
    panel: Panel, expected: pd.DataFrame, perceived: pd.DataFrame, pairs: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    return _mean_pair(pairs) if pairs else _sides(panel, expected, perceived)


def _mean_pair(pairs: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Mean over the attributes that a respondent answered on both sides."""
    complete = [pair.where(pair.notna().all(axis=1)) for pair in pairs.values()]
    return pd.DataFrame(
        {side: pd.concat([pair[side] for pair in complete], axis=1).mean(axis=1) for side in complete[0]}
    )


def _sides(panel: Panel, expected: pd.DataFrame, perceived: pd.DataFrame) -> pd.DataFrame:
    columns = {}
    for side, items in (("expected", expected), ("perceived", perceived)):
        means = panel.by_key(items)
        columns[side] = row_means(means, pd.Series("all", index=means.columns))["all"]
    return pd.DataFrame(columns)
