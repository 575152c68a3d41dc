"""Who answered, and whether what they say goes with what they do.

A survey speaks for those who answered. If larger or more recent customers answer more readily, its
shares speak for them and not for the customer base; this module measures that. It also measures
how far repeat purchase goes with attitude at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from customer_value.survey import MINIMUM

__all__ = [
    "Link",
    "attitude_behaviour",
    "compare",
    "difference_of_shares",
    "response_by_fifth",
    "wilson",
]

_Z = 1.959963984540054


@dataclass(frozen=True)
class Link:
    """Share of high repeat purchase among those with a high attitude and among the others.

    Parameters
    ----------
    high, low
        Share that buys repeatedly among customers with a high and with a low attitude.
    difference, lower, upper
        ``high − low`` with its 95 % interval.
    """

    high: float
    low: float
    difference: float
    lower: float
    upper: float

    @property
    def verdict(self) -> str:
        """``together``, ``opposite`` or ``unclear`` (the interval holds 0)."""
        if self.lower > 0:
            return "together"
        return "opposite" if self.upper < 0 else "unclear"


def attitude_behaviour(placed: pd.DataFrame) -> Link | None:
    """Difference in repeat purchase between customers with a high and a low attitude.

    Parameters
    ----------
    placed
        ``cell`` of each customer in the matrix.

    Returns
    -------
    Link or None
        None if one of the two groups has fewer than five customers.

    Notes
    -----
    Interval of the difference of two shares after Newcombe 1998 (Statistics in Medicine 17, method 10).

    Examples
    --------
    >>> cells = ["true"] * 56 + ["latent"] * 14 + ["inert"] * 48 + ["none"] * 32
    >>> link = attitude_behaviour(pd.DataFrame({"cell": cells}))
    >>> link.high, link.low, round(link.lower, 4), round(link.upper, 4)
    (0.8, 0.6, 0.0524, 0.3339)
    """
    counts = placed["cell"].value_counts()
    true, latent, inert, none = (int(counts.get(name, 0)) for name in ("true", "latent", "inert", "none"))
    if true + latent < MINIMUM or inert + none < MINIMUM:
        return None
    return difference_of_shares(true, true + latent, inert, inert + none)


def difference_of_shares(
    first: int, of_first: int, second: int, of_second: int, comparisons: int = 1
) -> Link:
    """Two shares and the interval of their difference.

    Parameters
    ----------
    first, of_first
        Successes and size of the first group, at least 1.
    second, of_second
        Of the second group.
    comparisons
        How many such intervals are to hold together (Bonferroni).

    Returns
    -------
    Link
        ``high`` is the share of the first group, ``low`` that of the second.

    Notes
    -----
    Newcombe 1998 (Statistics in Medicine 17, method 10): 56 of 70 against 48 of 80 is its example.

    Examples
    --------
    >>> found = difference_of_shares(56, 70, 48, 80)
    >>> round(found.lower, 4), round(found.upper, 4)
    (0.0524, 0.3339)
    """
    high, low = first / of_first, second / of_second
    z = -float(ndtri(0.025 / comparisons))
    high_ends, low_ends = wilson(first, of_first, z), wilson(second, of_second, z)
    lower = high - low - math.hypot(high - high_ends[0], low_ends[1] - low)
    upper = high - low + math.hypot(high_ends[1] - high, low - low_ends[0])
    return Link(high, low, high - low, lower, upper)


def wilson(successes: int, n: int, z: float = _Z) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), or another one by its normal quantile.

    Parameters
    ----------
    successes, n
        How many of how many, ``n`` at least 1.
    z
        Normal quantile of the level.

    Examples
    --------
    >>> low, high = wilson(8, 10)
    >>> round(low, 3), round(high, 3)
    (0.49, 0.943)
    """
    share, z2 = successes / n, z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def compare(customers: pd.DataFrame) -> pd.DataFrame:
    """How customers who answered differ from the rest.

    Parameters
    ----------
    customers
        ``surveyed``, ``net_revenue``, ``days_since`` (the last purchase).

    Returns
    -------
    pandas.DataFrame
        Per ``measure`` (``net_revenue``, ``days_since``): ``respondents`` and ``rest`` (medians),
        ``chance`` (that a respondent has the larger value, ties half) with ``lower`` and ``upper``
        (95 % interval around it); empty if a group has fewer than five customers.

    Notes
    -----
    The chance is the Mann-Whitney statistic; its standard error is that of Hanley & McNeil 1982.

    Examples
    --------
    >>> customers = pd.DataFrame({"surveyed": [True] * 5 + [False] * 5, "days_since": 1.0,
    ...                           "net_revenue": [6.0, 7, 8, 9, 10, 1, 2, 3, 4, 5]})
    >>> compare(customers)[["measure", "respondents", "rest", "chance"]].values.tolist()
    [['net_revenue', 8.0, 3.0, 1.0], ['days_since', 1.0, 1.0, 0.5]]
    """
    ours, rest = customers[customers["surveyed"]], customers[~customers["surveyed"]]
    columns = ["measure", "respondents", "rest", "chance", "lower", "upper"]
    if min(len(ours), len(rest)) < MINIMUM:
        return pd.DataFrame(
            {name: pd.Series(dtype="str" if name == "measure" else float) for name in columns}
        )
    rows = []
    for measure in ("net_revenue", "days_since"):
        chance = _chance(ours[measure], rest[measure])
        error = _Z * _chance_error(chance, len(ours), len(rest))
        medians = (float(ours[measure].median()), float(rest[measure].median()))
        rows.append((measure, *medians, chance, max(0.0, chance - error), min(1.0, chance + error)))
    return pd.DataFrame(rows, columns=columns)


def response_by_fifth(customers: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Share of customers who answered, by fifths of a measure; equal values share a fifth.

    Parameters
    ----------
    customers
        ``surveyed`` and the measure.
    measure
        Column to sort by.

    Returns
    -------
    pandas.DataFrame
        ``fifth`` (1 lowest to 5 highest), ``customers``, ``surveyed``, ``response_rate``.

    Examples
    --------
    >>> customers = pd.DataFrame({"surveyed": [False] * 5 + [True] * 5, "net_revenue": range(10)})
    >>> response_by_fifth(customers, "net_revenue")["response_rate"].tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    share = (customers[measure].rank() - 0.5) / max(len(customers), 1)
    fifth = 1 + np.floor(5 * share).astype(int)
    grouped = customers["surveyed"].groupby(fifth).agg(["size", "sum"]).reindex(range(1, 6), fill_value=0)
    rate = grouped["sum"] / grouped["size"].where(grouped["size"] > 0)
    columns = {"fifth": grouped.index, "customers": grouped["size"], "surveyed": grouped["sum"]}
    return pd.DataFrame({**columns, "response_rate": rate}).reset_index(drop=True)


def _chance(ours: pd.Series, rest: pd.Series) -> float:
    ranks = pd.concat([ours, rest], ignore_index=True).rank()
    n = len(ours)
    return float((ranks.iloc[:n].sum() - n * (n + 1) / 2) / (n * len(rest)))


def _chance_error(chance: float, n: int, m: int) -> float:
    first, second = chance / (2 - chance), 2 * chance**2 / (1 + chance)
    variance = chance * (1 - chance) + (n - 1) * (first - chance**2) + (m - 1) * (second - chance**2)
    return math.sqrt(max(variance, 0.0) / (n * m))
