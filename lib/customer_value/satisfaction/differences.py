"""Which groups of customers are more satisfied than others: every pair is tested, and all tests hold together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations

import pandas as pd
from scipy.special import comb, stdtr

from customer_value.survey import MINIMUM

__all__ = ["COLUMNS", "between_groups", "clear_differences", "holm"]

COLUMNS = ["by", "lower", "higher", "difference", "p_value"]
_CLEAR = 0.05


def between_groups(
    satisfaction: pd.Series, people: pd.DataFrame, labels: Mapping[str, pd.Series]
) -> pd.DataFrame:
    """The differences in mean satisfaction between the groups of each kind.

    Parameters
    ----------
    satisfaction
        Of each respondent, 0 to 1; missing where not answered.
    people
        ``customer_id`` (empty where no account is named) and ``weight``, in the same order.
    labels
        Kind of group (``industry``, …) to the group of each respondent.

    Returns
    -------
    pandas.DataFrame
        Per pair of groups of at least five respondents: ``by``, ``lower`` and ``higher`` (the groups by their mean),
        ``difference`` (in points of 100), ``p_value`` (adjusted for all pairs).

    Notes
    -----
    Welch's test of weighted means; the respondents of one account count as one observation, since they answer alike.
    Holm 1979 (Scandinavian J. of Statistics 6) over all pairs of all kinds.
    """
    rows: list[tuple[str, str, str, float, float]] = []
    for by, groups in labels.items():
        known = satisfaction.notna() & groups.notna()
        told = pd.DataFrame(
            {
                "value": satisfaction[known],
                "weight": people.loc[known, "weight"],
                "account": people.loc[known, "customer_id"],
                "group": groups[known].astype("str"),
            }
        )
        parts = {str(name): _mean(part) for name, part in told.groupby("group") if len(part) >= MINIMUM}
        for one, other in combinations(sorted(parts), 2):
            lower, higher = sorted((one, other), key=lambda name: (parts[name][0], name))
            gap = parts[higher][0] - parts[lower][0]
            rows.append((by, lower, higher, round(100 * gap, 9), _p_value(parts[lower], parts[higher])))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.assign(p_value=holm(table["p_value"].tolist())).astype(
        {"difference": float, "p_value": float}
    )


def holm(p_values: list[float]) -> list[float]:
    """P-values adjusted so that all hold together.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda number: p_values[number])
    adjusted, so_far = [0.0] * len(p_values), 0.0
    for place, number in enumerate(order):
        so_far = max(so_far, min(1.0, (len(order) - place) * p_values[number]))
        adjusted[number] = so_far
    return adjusted


def clear_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Of each kind of group the largest difference that is no chance, if there is one."""
    clear = table[table["p_value"] < _CLEAR].sort_values(["by", "difference"], ascending=[True, False])
    return clear.drop_duplicates("by")


def _mean(part: pd.DataFrame) -> tuple[float, float, int]:
    """Weighted mean, its variance and the number of observations: accounts, or people who name none."""
    share = part["weight"] / part["weight"].sum()
    mean = float((share * part["value"]).sum())
    alone = part["account"].where(part["account"] != "", "\0" + part.index.astype("str"))
    moved = (share * (part["value"] - mean)).groupby(alone.to_numpy()).sum()
    size = len(moved)
    return mean, math.fsum(moved**2) * size / max(size - 1, 1), size


def _p_value(one: tuple[float, float, int], other: tuple[float, float, int]) -> float:
    gap = abs(one[0] - other[0])
    if min(one[2], other[2]) < 2 or gap < 1e-12:
        return 1.0
    variance = one[1] + other[1]
    if variance < 1e-18:
        return float(min(1.0, 2 / comb(one[2] + other[2], one[2])))
    parts = [part[1] ** 2 / (part[2] - 1) for part in (one, other)]
    degrees = variance**2 / sum(parts)
    return float(2 * stdtr(degrees, -gap / math.sqrt(variance)))
