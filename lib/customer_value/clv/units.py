"""Time units: tables are in days, a model works in its own unit, and rates are stated per year."""

from __future__ import annotations

import math

import pandas as pd

from customer_value.errors import InputError

__all__ = ["DAYS", "YEAR", "discount_rate_per_unit", "in_time_unit", "months_in_units", "unit_name"]

YEAR = 365.25
"""Days of a year, leap years included."""

DAYS = {"D": 1.0, "W": 7.0, "M": YEAR / 12}
"""Days of each time unit: day, week, month."""


def in_time_unit(table: pd.DataFrame, time_unit: str) -> pd.DataFrame:
    """Purchase histories counted in days, with their times in a model's unit.

    Parameters
    ----------
    table
        Columns ``recency`` and ``T`` in days; all other columns stay as they are.
    time_unit
        ``"D"``, ``"W"`` or ``"M"``.

    Returns
    -------
    pandas.DataFrame
        A copy of the table with ``recency`` and ``T`` in the unit.

    Raises
    ------
    InputError
        If the unit is not one of the three.

    Examples
    --------
    >>> days = pd.DataFrame({"frequency": [2], "recency": [213], "T": [272]})
    >>> in_time_unit(days, "W").round(2).to_dict("records")
    [{'frequency': 2, 'recency': 30.43, 'T': 38.86}]
    """
    length = _days(time_unit)
    return table.assign(recency=table["recency"] / length, T=table["T"] / length)


def discount_rate_per_unit(yearly: float, time_unit: str) -> float:
    """The effective discount rate per time unit that compounds to a yearly rate.

    Parameters
    ----------
    yearly
        Effective rate per year, 0.10 for 10 %.
    time_unit
        ``"D"``, ``"W"`` or ``"M"``.

    Returns
    -------
    float
        The rate per unit.

    Raises
    ------
    InputError
        If the rate is not above −1 or the unit is unknown.

    Examples
    --------
    >>> round(discount_rate_per_unit(0.10, "M"), 6)
    0.007974
    """
    if not (math.isfinite(yearly) and yearly > -1):
        raise InputError(f"The yearly discount rate {yearly} must be a number above -1.")
    return math.expm1(math.log1p(yearly) * _days(time_unit) / YEAR)


def months_in_units(months: float, time_unit: str) -> float:
    """Calendar months as a number of time units (a month is a twelfth of 365.25 days).

    Examples
    --------
    >>> round(months_in_units(36, "W"), 2)
    156.54
    """
    return months * DAYS["M"] / _days(time_unit)


def unit_name(time_unit: str) -> str:
    """The unit's name in a sentence: "day", "week" or "month".

    Examples
    --------
    >>> unit_name("W")
    'week'
    """
    _days(time_unit)
    return {"D": "day", "W": "week", "M": "month"}[time_unit]


def _days(time_unit: str) -> float:
    if time_unit not in DAYS:
        raise InputError(f"The time unit {time_unit!r} is unknown; use 'D', 'W' or 'M'.")
    return DAYS[time_unit]
