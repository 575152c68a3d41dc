"""What the respondents think, wave by wave: the part of the page that needs no orders."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from customer_value.codebook import rows_of
from customer_value.loyalty.attitude import FIXED_CUTS, Attitudes
from customer_value.loyalty.representation import wilson
from customer_value.survey import MINIMUM

__all__ = ["COLUMNS", "mean_interval", "opinions"]

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
        rows.append((*head, *mean_interval(values), *share, error, near))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype(dict.fromkeys(COLUMNS[4:], float))


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
