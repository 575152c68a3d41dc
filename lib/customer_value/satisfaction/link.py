"""What satisfaction has to do with money: retention and lifetime value by level of satisfaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd

from customer_value.errors import NotEnoughData
from customer_value.row_order import by_content
from customer_value.satisfaction.months import WINDOWS, fits, window
from customer_value.satisfaction.resampling import draws, ends, estimates
from customer_value.satisfaction.shares import wilson
from customer_value.survey import MINIMUM
from customer_value.text import NOTHING, Count, Text, say

__all__ = ["MoneyLink", "WhatIf", "money_link"]

Floats = npt.NDArray[np.float64]

MOST_GROUPS = 10
PER_GROUP = 20
"""Accounts wanted in each group."""

_STREAM = 66
_MIDDLE = (0.3, 0.7)


@dataclass(frozen=True)
class WhatIf:
    """What the middle would be worth one step up, if lifetime value followed satisfaction.

    Parameters
    ----------
    accounts
        Accounts in the middle groups.
    groups
        Numbers of those groups.
    per_step
        Rise of lifetime value from one group to the next on the straight line through all accounts.
    value, low, high
        ``per_step`` × ``accounts`` with its 95 % interval.
    """

    accounts: int
    groups: tuple[int, ...]
    per_step: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class MoneyLink:
    """Groups of accounts by satisfaction, the lowest first.

    Parameters
    ----------
    table
        ``group`` (1 is the least satisfied), ``accounts``, ``satisfaction`` (mean, 0 to 100), ``active``
        (accounts that had bought in the twelve months before the month of the survey), ``retained`` (share of
        them that bought in the months after it) with ``retained_low``, ``retained_high``; ``clv``
        (mean) with ``clv_low``, ``clv_high``. Means of fewer than five accounts are missing.
    groups
        Number of groups: ten where there are enough accounts.
    months
        Length of the time after the survey; None if retention cannot be told.
    top, bottom
        Retention of the more and of the less satisfied half: share, number.
    difference
        Their difference with its 95 % interval; None where it cannot be told.
    why_no_retention, why_no_value
        Reasons as sentences; empty if there is none.
    what_if
        None where lifetime value or a middle is missing.
    """

    table: pd.DataFrame
    groups: int
    months: int | None
    top: tuple[float, int] | None
    bottom: tuple[float, int] | None
    difference: tuple[float, float, float] | None
    why_no_retention: Text
    why_no_value: Text
    what_if: WhatIf | None


def money_link(
    satisfaction: pd.Series,
    months: ibis.Table,
    values: pd.DataFrame | None,
    *,
    last_day: pd.Timestamp,
    as_of: dt.date,
    seed: int,
) -> MoneyLink:
    """Retention and lifetime value by satisfaction.

    Parameters
    ----------
    satisfaction
        From 0 to 100, by ``customer_id``.
    months
        ``customer_id``, ``month``, ``purchase_days``, ``net_revenue``.
    values
        ``customer_id``, ``clv`` (money), or None if not known.
    last_day
        Of the survey; missing without dates.
    as_of
        Date of the report.
    seed
        Of the intervals of lifetime value.

    Returns
    -------
    MoneyLink
        Groups of equal size, as many as there are twenty accounts for each, at most ten and at least
        two; equal satisfaction shares a group.

    Raises
    ------
    NotEnoughData
        With fewer than ten accounts.
    """
    n = len(satisfaction)
    if n < 2 * MINIMUM:
        raise NotEnoughData(
            f"The satisfaction of fewer than {2 * MINIMUM} accounts is known, so it is not set against money."
        )
    groups = max(2, min(MOST_GROUPS, n // PER_GROUP))
    table = satisfaction.sort_index().rename("satisfaction").rename_axis("customer_id").reset_index()
    table["place"] = (table["satisfaction"].rank() - 0.5) / n
    table["group"] = 1 + np.floor(groups * table["place"]).astype(int)
    length, why_not = _follow_up(last_day, as_of)
    table = _with_retention(table, months, last_day, length)
    table["clv"] = np.nan if values is None else table["customer_id"].map(_by_customer(values))
    table = by_content(table, "customer_id")
    known = table[table["clv"].notna()]
    why_no_value = NOTHING
    if len(known) < 2 * MINIMUM:
        why_no_value = say(
            "The lifetime value of too few surveyed accounts is known, so it is not set against satisfaction."
        )
    top, bottom, difference = _halves(table) if length else (None, None, None)
    if length and difference is None:
        why_not = say(
            "Too few surveyed accounts had bought in the year before the survey, so retention is not compared."
        )
    return MoneyLink(
        table=_by_group(table, groups, seed, with_value=not why_no_value),
        groups=groups,
        months=length,
        top=top,
        bottom=bottom,
        difference=difference,
        why_no_retention=why_not,
        why_no_value=why_no_value,
        what_if=None if why_no_value else _what_if(known, groups, seed),
    )


def _follow_up(last_day: pd.Timestamp, as_of: dt.date) -> tuple[int | None, Text]:
    if pd.isna(last_day):
        return None, say("The answers have no dates, so it cannot be told who stayed after the survey.")
    month = pd.Timestamp(last_day).to_period("M").to_timestamp()
    length = next((n for n in WINDOWS if fits(month, n, as_of)), None)
    if length:
        return length, NOTHING
    return None, say(
        "Less than {months} whole months have passed since the survey, too few to tell who stayed.",
        months=Count(WINDOWS[-1]),
    )


def _with_retention(
    table: pd.DataFrame, months: ibis.Table, last_day: pd.Timestamp, length: int | None
) -> pd.DataFrame:
    if length is None:
        return table.assign(active=False, retained=np.nan)
    month = pd.Timestamp(last_day).to_period("M").to_timestamp()
    bought = window(months, month, 12, length).reindex(table["customer_id"])
    active = bought["days_before"].notna().to_numpy()
    retained = np.where(active, (bought["days_after"] > 0).to_numpy(), np.nan)
    return table.assign(active=active, retained=retained.astype(float))


def _by_customer(values: pd.DataFrame) -> pd.Series:
    return values.drop_duplicates("customer_id").set_index("customer_id")["clv"].astype(float)


def _by_group(table: pd.DataFrame, groups: int, seed: int, *, with_value: bool) -> pd.DataFrame:
    rows = []
    for number in range(1, groups + 1):
        group = table[table["group"] == number]
        row: dict[str, float] = {
            "group": number,
            "accounts": len(group),
            "active": int(group["active"].sum()),
        }
        if len(group) >= MINIMUM:
            row["satisfaction"] = float(group["satisfaction"].mean())
        if row["active"] >= MINIMUM:
            share = float(group["retained"].mean())
            row |= {"retained": share} | dict(
                zip(("retained_low", "retained_high"), wilson(share, row["active"]), strict=True)
            )
        worth = group[["clv"]].dropna()
        if with_value and len(worth) >= MINIMUM:
            found = estimates(worth, pd.Series(1.0, index=worth.index), seed=seed, stream=_STREAM).loc["clv"]
            row |= {"clv": found["value"], "clv_low": found["low"], "clv_high": found["high"]}
        rows.append(row)
    columns = ["group", "accounts", "satisfaction", "active", "retained", "retained_low", "retained_high"]
    columns += ["clv", "clv_low", "clv_high"]
    whole = ["group", "accounts", "active"]
    return pd.DataFrame(rows, columns=columns).astype({c: int if c in whole else float for c in columns})


def _halves(
    table: pd.DataFrame,
) -> tuple[tuple[float, int] | None, tuple[float, int] | None, tuple[float, float, float] | None]:
    """Retention of the more and the less satisfied half, and the difference with its interval."""
    active = table[table["active"]]
    high = active["place"] > 0.5
    more, less = active.loc[high, "retained"], active.loc[~high, "retained"]
    if min(len(more), len(less)) < MINIMUM:
        return None, None, None
    top, bottom = float(more.mean()), float(less.mean())
    (top_low, top_high), (low, high_end) = wilson(top, len(more)), wilson(bottom, len(less))
    gap = top - bottom
    span = (
        gap,
        gap - float(np.hypot(top - top_low, high_end - bottom)),
        gap + float(np.hypot(top_high - top, bottom - low)),
    )
    return (top, len(more)), (bottom, len(less)), span


def _what_if(known: pd.DataFrame, groups: int, seed: int) -> WhatIf | None:
    middle = tuple(g for g in range(1, groups + 1) if _MIDDLE[0] < (g - 0.5) / groups < _MIDDLE[1])
    accounts = int(known["group"].isin(middle).sum())
    if not accounts or known["group"].nunique() < 2:
        return None
    step, worth = known["group"].to_numpy(dtype=float), known["clv"].to_numpy(dtype=float)
    slope = float(_slopes(np.ones((1, len(step))), step, worth)[0])
    blocks = draws(len(step), seed=seed, stream=_STREAM)
    low, high = ends(np.concatenate([_slopes(counts, step, worth) for counts in blocks]))
    return WhatIf(accounts, middle, slope, slope * accounts, low * accounts, high * accounts)


def _slopes(counts: npt.NDArray[np.int64] | Floats, x: Floats, y: Floats) -> Floats:
    """Slope of the line of least squares, a row of weights per line."""
    size = counts.sum(axis=1)
    mean_x, mean_y = counts @ x / size, counts @ y / size
    spread = counts @ x**2 / size - mean_x**2
    spread = np.where(spread > 1e-12, spread, np.nan)
    slopes: Floats = (counts @ (x * y) / size - mean_x * mean_y) / spread
    return slopes
