"""Pictures of the fit as tables: weekly tracking, repeat histogram, conditional expectation."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from customer_value.clv.forecast import Forecast
from customer_value.clv.inputs import Array
from customer_value.clv.purchases import PurchaseModel
from customer_value.clv.units import DAYS

__all__ = ["conditional_table", "holdout_histogram", "repeat_histogram", "tracking_table"]


def tracking_table(
    weekly: pd.DataFrame,
    acquired: pd.DataFrame,
    model: PurchaseModel,
    *,
    time_unit: str,
    calibration_end: dt.date,
    as_of: dt.date,
) -> pd.DataFrame:
    """Repeat purchases per week, as they were and as a model expects them.

    Parameters
    ----------
    weekly
        acquired_week, week, customers, purchase_days (as reduced; first purchases included).
    acquired
        Customers by day of first purchase: first_order, customers.
    model
        Fitted on the calibration period.
    time_unit
        The model's unit.
    calibration_end, as_of
        Customers acquired after the first are left out; weeks that end after the second too.

    Returns
    -------
    pandas.DataFrame
        week (its first day), week_end, actual, expected (repeat purchases in the week),
        actual_total, expected_total (since the beginning), in_holdout. The expectation follows each
        customer from the day of their own first purchase.
    """
    cohort, week = pd.to_datetime(weekly["acquired_week"]), pd.to_datetime(weekly["week"])
    last_known, last = pd.Timestamp(calibration_end), pd.Timestamp(as_of)
    kept = (cohort + pd.Timedelta(days=6) <= last_known) & (week + pd.Timedelta(days=6) <= last)
    if not kept.any():
        return pd.DataFrame(columns=_TRACKING)
    first_week = cohort.min()
    weeks = int((week[kept].max() - first_week).days) // 7 + 1
    repeats = weekly["purchase_days"] - np.where(cohort == week, weekly["customers"], 0)
    number = ((week[kept] - first_week).dt.days // 7).to_numpy()
    actual = np.bincount(number, weights=repeats[kept].to_numpy(float), minlength=weeks)
    expected_total = _expected_totals(acquired, model, time_unit, first_week, cohort[kept].max(), weeks)
    start = first_week + pd.to_timedelta(7 * np.arange(weeks), unit="D")
    end = start + pd.Timedelta(days=6)
    return pd.DataFrame(
        {
            "week": start,
            "week_end": end,
            "actual": actual,
            "expected": np.diff(expected_total, prepend=0.0),
            "actual_total": np.cumsum(actual),
            "expected_total": expected_total,
            "in_holdout": end > last_known,
        }
    )


def repeat_histogram(
    patterns: pd.DataFrame, model: PurchaseModel, time_unit: str, most: int = 7
) -> pd.DataFrame:
    """Customers by number of repeat purchases, as they are and as a model expects them.

    Parameters
    ----------
    patterns
        frequency, T (days), weight.
    model
        Fitted on the same patterns.
    time_unit
        The model's unit.
    most
        The last class holds this number and more.

    Returns
    -------
    pandas.DataFrame
        repeats ("0", …, "7+"), actual, expected (customers).
    """
    counts = np.minimum(patterns["frequency"].to_numpy(int), most)
    actual = np.bincount(counts, weights=patterns["weight"].to_numpy(float), minlength=most + 1)
    observed = patterns.groupby("T")["weight"].sum()
    times = observed.index.to_numpy(float) / DAYS[time_unit]
    chance = model.probability_of_purchases(np.arange(most)[:, None], times)
    expected = chance @ observed.to_numpy(float)
    rest = max(float(observed.sum() - expected.sum()), 0.0)
    labels = [*map(str, range(most)), f"{most}+"]
    return pd.DataFrame({"repeats": labels, "actual": actual, "expected": np.append(expected, rest)})


def conditional_table(predictions: pd.DataFrame, model: str, most: int = 7) -> pd.DataFrame:
    """Purchases in the time kept back by repeat purchases before it.

    Parameters
    ----------
    predictions
        frequency, actual and a column named as the model.
    model
        Which predictions to take.
    most
        The last class holds this number and more.

    Returns
    -------
    pandas.DataFrame
        repeats, customers, actual, expected (means per customer); classes without customers are
        left out.
    """
    classes = predictions["frequency"].clip(upper=most).astype(int)
    groups = predictions.groupby(classes)
    table = groups.agg(customers=("actual", "size"), actual=("actual", "mean"), expected=(model, "mean"))
    labels = [f"{most}+" if value == most else str(value) for value in table.index]
    return table.reset_index(drop=True).assign(repeats=labels)[["repeats", "customers", "actual", "expected"]]


def holdout_histogram(futures: Forecast) -> pd.DataFrame:
    """Customers by purchases in the time kept back, as they are and as a model expects them.

    Parameters
    ----------
    futures
        The model's futures of the customers, beside what happened.

    Returns
    -------
    pandas.DataFrame
        purchases ("0", …, "7+"), actual, expected, low, high (95 % interval of the model; customers).
    """
    most = futures.classes.shape[1] - 1
    actual = np.bincount(np.minimum(futures.actual.astype(int), most), minlength=most + 1)
    low, high = np.quantile(futures.classes, (0.025, 0.975), axis=0)
    return pd.DataFrame(
        {
            "purchases": [*map(str, range(most)), f"{most}+"],
            "actual": actual,
            "expected": futures.classes.mean(axis=0),
            "low": low,
            "high": high,
        }
    )


_TRACKING = ["week", "week_end", "actual", "expected", "actual_total", "expected_total", "in_holdout"]


def _expected_totals(
    acquired: pd.DataFrame,
    model: PurchaseModel,
    time_unit: str,
    first_week: pd.Timestamp,
    last_cohort: pd.Timestamp,
    weeks: int,
) -> Array:
    """Expected repeat purchases up to the end of each week, from counts by day of first purchase."""
    day = (pd.to_datetime(acquired["first_order"]) - first_week).dt.days.to_numpy()
    kept = day <= (last_cohort - first_week).days + 6
    days = 7 * weeks
    customers = np.bincount(day[kept], weights=acquired["customers"].to_numpy(float)[kept], minlength=days)
    by_age = model.expected_purchases(np.arange(days) / DAYS[time_unit])
    return np.asarray(np.convolve(customers[:days], by_age)[6:days:7])
