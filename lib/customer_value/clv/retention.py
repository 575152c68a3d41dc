"""Retention of contracts: measured by cohort and by year, and the value that one constant rate implies."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
from scipy.stats import norm

from customer_value.clv.inputs import Array
from customer_value.contract_spans import add_months
from customer_value.errors import InputError

__all__ = ["churn_by_year", "constant_value", "retention_by_cohort", "wilson"]


def constant_value(margin: float, retention: float, discount_rate: float, *, pays_now: bool = False) -> float:
    """Value without end of a customer who stays with the same chance in every period.

    Parameters
    ----------
    margin
        Money per period.
    retention
        Chance to stay from one period to the next, from 0 to 1.
    discount_rate
        Effective rate per period.
    pays_now
        Whether a first payment is due at once, m·(1+i)/(1+i−r). If not, the first one comes in one
        period and only if the customer stays, m·r/(1+i−r).

    Returns
    -------
    float
        Present value in the unit of the margin.

    Raises
    ------
    InputError
        If a number is out of range, or a customer who never leaves is not discounted.

    Examples
    --------
    >>> round(constant_value(100, 0.8, 0.1), 2), round(constant_value(100, 0.8, 0.1, pays_now=True), 2)
    (266.67, 366.67)
    """
    if not (0 <= retention <= 1 and math.isfinite(discount_rate) and discount_rate >= 0):
        raise InputError(
            f"Retention {retention} must be from 0 to 1 and the discount rate {discount_rate} 0 or more."
        )
    if not math.isfinite(margin):
        raise InputError(f"The margin {margin} must be a number.")
    gap = 1 + discount_rate - retention
    if gap <= 0:
        raise InputError("A customer who never leaves and is not discounted has no finite value.")
    return margin * ((1 + discount_rate) if pays_now else retention) / gap


def wilson(successes: Array, trials: Array, level: float = 0.95) -> tuple[Array, Array]:
    """Wilson's interval of a share; from 0 to 1 where there was no trial.

    Source: Wilson 1927, Journal of the American Statistical Association 22.

    Examples
    --------
    >>> low, high = wilson(np.array([8]), np.array([10]))
    >>> low.round(3), high.round(3)
    (array([0.49]), array([0.943]))
    """
    z = norm.ppf(0.5 + level / 2)
    number = np.maximum(np.asarray(trials, float), 1e-300)
    share = np.asarray(successes, float) / number
    middle = (share + z**2 / (2 * number)) / (1 + z**2 / number)
    half = z / (1 + z**2 / number) * np.sqrt(share * (1 - share) / number + z**2 / (4 * number**2))
    low = np.where(np.asarray(successes) == 0, 0.0, np.maximum(middle - half, 0.0))
    high = np.where(np.asarray(successes) == np.asarray(trials), 1.0, np.minimum(middle + half, 1.0))
    return low, high


def retention_by_cohort(contracts: pd.DataFrame) -> pd.DataFrame:
    """Renewal rates by cohort and number of the renewal.

    Parameters
    ----------
    contracts
        cohort, periods (renewals that came up), churned (whether the last of them was the end).

    Returns
    -------
    pandas.DataFrame
        cohort, period (number of the renewal), at_risk, renewed, rate, low, high (Wilson's 95 %
        interval), survival (share of a cohort that passes this renewal, the product of its rates).
        The cohort ``all`` comes first.

    Examples
    --------
    >>> seen = pd.DataFrame({"cohort": "2020", "periods": [1, 2, 2, 2], "churned": [True, True, False, False]})
    >>> retention_by_cohort(seen)[["cohort", "period", "at_risk", "renewed", "survival"]].values.tolist()
    [['all', 1, 4, 3, 0.75], ['all', 2, 3, 2, 0.5], ['2020', 1, 4, 3, 0.75], ['2020', 2, 3, 2, 0.5]]
    """
    parts = [_rates("all", contracts)]
    parts += [_rates(str(name), rows) for name, rows in contracts.groupby("cohort", sort=True)]
    return pd.concat(parts, ignore_index=True)


def churn_by_year(contracts: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Contracts ended in each of the years that end with ``as_of`` or an anniversary before it.

    Parameters
    ----------
    contracts
        started_on, ended_on (missing while open).
    as_of
        Last day of the last year.

    Returns
    -------
    pandas.DataFrame
        from_day, to_day, open_at_start (contracts open on the day before from_day), ended (those of
        them that ended within the year), churn, low, high (Wilson's 95 % interval); the latest
        first, years without an open contract left out.
    """
    starts, ends = (contracts[name].to_numpy().astype("M8[D]") for name in ("started_on", "ended_on"))
    last = np.datetime64(as_of, "D")
    rows = []
    while len(starts) and (first := add_months(np.array([last]), -12)[0]) >= starts.min():
        there = (starts <= first) & (np.isnat(ends) | (ends > first))
        ended = there & (ends <= last)
        if there.any():
            rows.append((first + np.timedelta64(1, "D"), last, int(there.sum()), int(ended.sum())))
        last = first
    table = pd.DataFrame(rows, columns=["from_day", "to_day", "open_at_start", "ended"])
    low, high = wilson(table["ended"].to_numpy(), table["open_at_start"].to_numpy())
    return table.assign(churn=table["ended"] / table["open_at_start"], low=low, high=high)


def _rates(cohort: str, contracts: pd.DataFrame) -> pd.DataFrame:
    periods, churned = contracts["periods"].to_numpy(int), contracts["churned"].to_numpy(bool)
    period = np.arange(1, int(periods.max(initial=0)) + 1)
    ended = np.bincount(periods[churned], minlength=len(period) + 1)[1:]
    at_risk = np.array([np.sum(periods >= t) for t in period], dtype=int)
    renewed = at_risk - ended
    low, high = wilson(renewed, at_risk)
    rate = renewed / np.maximum(at_risk, 1)
    return pd.DataFrame(
        {
            "cohort": cohort,
            "period": period,
            "at_risk": at_risk,
            "renewed": renewed,
            "rate": rate,
            "low": low,
            "high": high,
            "survival": np.cumprod(rate),
        }
    )
