"""Whether behaviour drifts: what the same customers spend per purchase, and how newcomers come back."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from customer_value.expressions import exact_sum

__all__ = ["CohortChange", "SpendTrend", "cohort_change", "spend_trend"]

_LEAST_CUSTOMERS = 30
_LEAST_REPEATS = 30
_LEAST_COHORTS = 8


@dataclass(frozen=True)
class SpendTrend:
    """Change of gross spend per purchase within customers.

    Parameters
    ----------
    yearly, low, high
        Change per year as a share, with its 95 % interval.
    now
        Spend per purchase in the last half-year against the mean of all purchases (1 = the same).
    customers
        Customers who bought in more than one half-year; the others cannot tell a trend.
    """

    yearly: float
    low: float
    high: float
    now: float
    customers: int


@dataclass(frozen=True)
class CohortChange:
    """Repeat purchases per newcomer in their first weeks, of late newcomers against early ones."""

    weeks: int
    since: dt.date
    early: float
    late: float
    ratio: float
    low: float
    high: float


def spend_trend(months: Any) -> SpendTrend | None:
    """How fast gross spend per purchase grows within customers; when credits are booked changes nothing.

    Each customer has a level of their own, and all share one rate of growth g: the money of a customer
    is split over the half-years in proportion to purchases × exp(g × time). This is Poisson regression
    with a fixed effect per customer, which asks no more of the amounts than that; the interval takes
    customers, not purchases, as independent. Who comes and goes does not enter.

    Parameters
    ----------
    months
        customer_id, month (first day), purchase_days, gross (pandas or Ibis).

    Returns
    -------
    SpendTrend or None
        None with fewer than 30 customers who bought and spent in two half-years or more.
    """
    table = _half_years(months)
    spent = table.groupby("customer_id")["gross"].transform("sum")
    halves = table.groupby("customer_id")["half"].transform("size")
    table = table[(spent > 0) & (halves > 1)]
    if table["customer_id"].nunique() < _LEAST_CUSTOMERS:
        return None
    owner = table.groupby("customer_id", sort=True).ngroup().to_numpy()
    time = table["half"].to_numpy(float) / 2
    time = time - time.max()
    days, money = table["days"].to_numpy(float), table["gross"].to_numpy(float)
    whole = np.bincount(owner, weights=money)
    growth = 0.0
    for _ in range(100):
        weight = days * np.exp(growth * time)
        weight = weight / np.bincount(owner, weights=weight)[owner]
        middle = np.bincount(owner, weights=weight * time)
        scores = np.bincount(owner, weights=money * time) - whole * middle
        spread = np.bincount(owner, weights=weight * (time - middle[owner]) ** 2)
        information = float(np.sum(whole * spread))
        step = float(np.clip(scores.sum() / information, -1, 1))
        growth += step
        if abs(step) < 1e-10:
            break
    error = math.sqrt(float(np.sum(scores**2))) / information
    low, high = growth - 1.96 * error, growth + 1.96 * error
    if not math.isfinite(error) or abs(growth) > 5:
        return None
    average = float(np.sum(days * np.exp(growth * time)) / days.sum())
    return SpendTrend(
        math.expm1(growth), math.expm1(low), math.expm1(min(high, 50.0)), 1 / average, len(whole)
    )


def cohort_change(weekly: pd.DataFrame, as_of: dt.date | pd.Timestamp) -> CohortChange | None:
    """Compare the first weeks of late newcomers with those of early ones.

    Parameters
    ----------
    weekly
        acquired_week, week, customers, purchase_days (first purchases included).
    as_of
        Last day of the data.

    Returns
    -------
    CohortChange or None
        Of newcomers observed for a quarter of the data (at most 26 weeks), split where half of them had
        come; the interval allows for cohorts that differ more than by chance. None with fewer than eight
        weekly cohorts or 30 repeat purchases on either side.
    """
    cohort, week = pd.to_datetime(weekly["acquired_week"]), pd.to_datetime(weekly["week"])
    if len(cohort) == 0:
        return None
    total = ((pd.Timestamp(as_of) - cohort.min()).days + 1) // 7
    weeks = min(26, total // 4)
    seen = cohort + pd.Timedelta(weeks=weeks + 1) <= pd.Timestamp(as_of) + pd.Timedelta(days=1)
    age = (week - cohort).dt.days // 7
    kept = seen & (age <= weeks)
    if weeks < 2 or not kept.any():
        return None
    first = np.where(age == 0, weekly["customers"], 0)
    table = pd.DataFrame({"cohort": cohort, "new": first, "repeats": weekly["purchase_days"] - first})
    groups = table[kept].groupby("cohort")[["new", "repeats"]].sum().astype(float)
    late = (groups["new"].cumsum() - groups["new"] / 2 > groups["new"].sum() / 2).to_numpy()
    new, repeats = groups["new"].to_numpy(), groups["repeats"].to_numpy()
    sums = [(new[side].sum(), repeats[side].sum(), int(side.sum())) for side in (~late, late)]
    if min(s[1] for s in sums) < _LEAST_REPEATS or min(s[2] for s in sums) < _LEAST_COHORTS // 2:
        return None
    rates = [s[1] / s[0] for s in sums]
    expected = new * np.where(late, rates[1], rates[0])
    excess = max(float(np.sum((repeats - expected) ** 2 / expected)) / (len(new) - 2), 1.0)
    width = 1.96 * math.sqrt(excess * (1 / sums[0][1] + 1 / sums[1][1]))
    ratio = rates[1] / rates[0]
    return CohortChange(
        weeks, groups.index[late][0].date(), rates[0], rates[1],
        ratio, ratio * math.exp(-width), ratio * math.exp(width),
    )  # fmt: skip


def _half_years(months: Any) -> pd.DataFrame:
    """Purchase days and money by customer and half-year, half-years with a purchase only."""
    if isinstance(months, pd.DataFrame):
        month = pd.to_datetime(months["month"])
        half = month.dt.year * 2 + (month.dt.month > 6)
        table = months.assign(half=half.to_numpy()).groupby(["customer_id", "half"], as_index=False)
        found = table.agg(days=("purchase_days", "sum"), gross=("gross", "sum"))
    else:
        half = months.month.year() * 2 + (months.month.month() > 6).cast("int64")
        keyed = months.mutate(half=half).group_by("customer_id", "half")
        found = keyed.aggregate(days=months.purchase_days.sum(), gross=exact_sum(months.gross)).to_pandas()
    found = found.astype({"days": float, "gross": float, "half": int})
    return found[found["days"] > 0].sort_values(["customer_id", "half"], ignore_index=True)
