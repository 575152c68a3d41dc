"""What the respondents think, wave by wave: the part of the page that needs no orders."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from customer_value.bounds import clopper_pearson, of_steady_answers
from customer_value.codebook import rows_of
from customer_value.loyalty.attitude import FIXED_CUTS, RELATIVE, Attitudes
from customer_value.loyalty.representation import wilson
from customer_value.survey import MINIMUM, PERSON

__all__ = ["COLUMNS", "change_between", "mean_interval", "opinions"]

_NO_WIDTH = 1e-9
COLUMNS = [
    "wave",
    "name",
    "attitude_source",
    "respondents",
    "mean",
    "low",
    "high",
    "high_share",
    "high_share_low",
    "high_share_high",
    "standard_error",
    "near_cut",
]


def opinions(attitudes: Attitudes | None) -> pd.DataFrame:
    """The attitude of respondents per wave, each person counted once.

    Parameters
    ----------
    attitudes
        Of one survey, or None without any.

    Returns
    -------
    pandas.DataFrame
        Per wave in which an attitude was asked for: ``wave``, ``name``, ``attitude_source``,
        ``respondents``, ``mean`` with ``low`` and ``high`` (95 % interval, t distribution),
        ``high_share`` (above the fixed cut) with ``high_share_low`` and ``high_share_high`` (Wilson),
        ``standard_error`` of a single respondent (sd·√(1 − α)) and ``near_cut`` (respondents within it
        of the cut). Under five respondents the figures are missing.
    """
    rows = []
    for wave in [] if attitudes is None else rows_of(attitudes.waves):
        if not wave.attitude_source or attitudes is None:
            continue
        people = attitudes.people
        values = people.loc[people["wave"] == wave.wave, "attitude"]
        head = (wave.wave, wave.name, wave.attitude_source, len(values))
        if len(values) < MINIMUM:
            rows.append((*head, *[math.nan] * 8))
            continue
        cut = FIXED_CUTS[wave.attitude_source]
        above = int((values > cut).sum())
        alpha = 0.0 if math.isnan(wave.alpha) else min(max(wave.alpha, 0.0), 1.0)
        error = wave.sd * math.sqrt(1 - alpha)
        near = int(((values - cut).abs() <= error).sum())
        share = (above / len(values), *wilson(above, len(values)))
        rows.append((*head, *_mean_with_width(values, wave.attitude_source), *share, error, near))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype(dict.fromkeys(COLUMNS[4:], float))


def _mean_with_width(values: pd.Series, source: str) -> tuple[float, float, float]:
    """As `mean_interval`; where all answer alike, those not asked may have answered otherwise."""
    mean, low, high = mean_interval(values)
    if high - low < _NO_WIDTH:
        low, high = of_steady_answers(mean, len(values), -1.0 if source == RELATIVE else 0.0)
    return mean, low, high


def change_between(
    people: pd.DataFrame, before: int, after: int, level: float = 0.95
) -> tuple[float, float, float]:
    """By how much the mean attitude changed between two waves, with its interval.

    Parameters
    ----------
    people
        `Attitudes.people`.
    before, after
        Two waves with five respondents or more each.
    level
        Of the interval.

    Notes
    -----
    By linearisation: each person moves the mean of a wave by its distance from it, divided by the number of
    respondents; who answered both times counts once with both. Student's t, with the degrees of freedom of the smaller
    wave. Where all answers of each wave are alike, as far as those not asked may lie from them.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": "", "respondent_id": list("abcde") * 2, "wave": [1] * 5 + [2] * 5,
    ...     "attitude": [0.1, 0.2, 0.3, 0.4, 0.5, 0.2, 0.3, 0.4, 0.5, 0.6]})
    >>> [round(end, 6) for end in change_between(people, 1, 2)]
    [0.1, 0.1, 0.1]
    """
    waves = [
        people[people["wave"] == wave].set_index(PERSON)["attitude"].sort_values() for wave in (before, after)
    ]
    moved = [(values - values.mean()) / len(values) for values in waves]
    together = moved[1].sub(moved[0], fill_value=0.0).to_numpy()
    size = min(map(len, waves))
    error = math.sqrt(size / (size - 1) * math.fsum(together**2))
    reach = float(stdtrit(size - 1, 0.5 + level / 2)) * error
    change = float(waves[1].mean() - waves[0].mean())
    if error < _NO_WIDTH and all(np.ptp(values) < _NO_WIDTH for values in waves):
        reach = 2.0 * (1 - clopper_pearson(1.0, size)[0])
    return change, change - reach, change + reach


def mean_interval(values: pd.Series, level: float = 0.95) -> tuple[float, float, float]:
    """Mean with its interval by the t distribution.

    Parameters
    ----------
    values
        Two values or more, none missing.
    level
        Of the interval.

    Examples
    --------
    >>> mean, low, high = mean_interval(pd.Series([1.0, 2.0, 3.0]))
    >>> mean, round(low, 3), round(high, 3)
    (2.0, -0.484, 4.484)
    """
    numbers = np.sort(values.to_numpy(float))
    mean = float(numbers.mean())
    error = float(numbers.std(ddof=1)) / math.sqrt(len(numbers))
    reach = float(stdtrit(len(numbers) - 1, 0.5 + level / 2)) * error
    return mean, mean - reach, mean + reach
