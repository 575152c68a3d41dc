"""What follows a complaint: who stays and what they spend, against comparable accounts without one.

Accounts that complain differ from others before they complain: they buy more often, so that there is
more to complain about. So each is compared with accounts that bought about as much, as often and as
recently in the same months and did not complain. That makes the comparison fairer, not causal.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd

from customer_value import words
from customer_value.errors import NotEnoughData
from customer_value.expressions import as_table
from customer_value.row_order import by_content
from customer_value.satisfaction.months import WINDOWS, data_span, fits, window
from customer_value.satisfaction.resampling import REPLICATES, draws, ends
from customer_value.satisfaction.shares import wilson
from customer_value.survey import MINIMUM

__all__ = ["Complaints", "after_complaints"]

Floats = npt.NDArray[np.float64]

WORDS = frozenset({"complaint", "complaints", "投诉", "投訴", "抱怨"})
"""Kinds of feedback that are complaints."""

ENOUGH = 20
_STREAM = 65


@dataclass(frozen=True)
class Complaints:
    """Accounts after their first complaint of the time examined, against comparable ones.

    Parameters
    ----------
    effects
        Per group (``all``, ``resolved``, ``open``; ``resolved − open`` in the last row): ``accounts``,
        ``retained`` (share that still bought in the second half of the time after), ``comparable`` (the
        same among comparable accounts), ``difference`` with ``low``, ``high``; ``spend`` (money after per
        unit of money before), ``comparable_spend``, ``spend_difference`` with ``spend_low``, ``spend_high``. Groups
        under five accounts have counts only.
    cases
        The accounts behind it.
    months
        Length of the time before and after, in months.
    complaints
        Complaints in the feedback.
    unmatched
        Accounts that complained and have nobody like them.
    """

    effects: pd.DataFrame
    cases: pd.DataFrame
    months: int
    complaints: int
    unmatched: int

    def group(self, name: str) -> pd.Series:
        """One row of ``effects``."""
        return self.effects.set_index("group").loc[name]


def after_complaints(
    feedback: pd.DataFrame, customer_months: ibis.Table | pd.DataFrame, *, as_of: dt.date, seed: int
) -> Complaints:
    """Retention and spend after a complaint.

    Parameters
    ----------
    feedback
        ``customer_id``, ``date``, ``kind``, ``resolved_on`` (blank: not resolved).
    customer_months
        ``customer_id``, ``month``, ``purchase_days``, ``net_revenue``.
    as_of
        Date of the report.
    seed
        Of the intervals of spend.

    Returns
    -------
    Complaints

    Raises
    ------
    NotEnoughData
        With the reason as a sentence.

    Notes
    -----
    Who leaves over a complaint often orders once more, so that only purchases in the second half of the
    time after show who stayed. An account counts once, with its first complaint that leaves as many
    whole months before and after it (12, else 6, else 3), if it bought in the months before. The month
    of the complaint counts on neither side. Comparable: in the same months, the same fifth of money,
    the same third of purchase days, the same answer to "bought in the last three months", no complaint
    in all that time; where nobody is that alike, the same fifth of money. Interval of the difference of
    shares after Newcombe 1998 (Statistics in Medicine 17), the comparable accounts with their effective
    number.
    """
    months = as_table(customer_months, needs=("customer_id", "month", "purchase_days", "net_revenue"))
    told = _complaints(feedback, as_of)
    if told.empty:
        raise NotEnoughData("The feedback holds no complaint, so nothing can be said about complaints.")
    span = data_span(months)
    if span is None:
        raise NotEnoughData("There is no purchase, so nothing can be said about complaints.")
    tried = {length: _eligible(told, span[0], as_of, length) for length in WINDOWS}
    length = next((n for n in WINDOWS if len(tried[n]) >= ENOUGH), max(WINDOWS, key=lambda n: len(tried[n])))
    cases = _matched(tried[length], told, months, length)
    known = by_content(cases[cases["comparables"] > 0], "customer_id")
    if len(known) < MINIMUM:
        raise NotEnoughData(
            f"Only {words.count(len(known), 'account')} with a complaint bought before it and can be followed for "
            f"{length} months with comparable accounts beside it; under {MINIMUM} nothing is averaged."
        )
    return Complaints(_effects(known, seed), known, length, len(told), len(cases) - len(known))


def _complaints(feedback: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    kind = feedback["kind"] if "kind" in feedback.columns else pd.Series("", index=feedback.index)
    date = pd.to_datetime(feedback["date"])
    solved = feedback["resolved_on"] if "resolved_on" in feedback.columns else pd.NaT
    table = pd.DataFrame(
        {
            "customer_id": feedback["customer_id"].astype("str"),
            "date": date,
            "month": date.dt.to_period("M").dt.to_timestamp(),
            "resolved": pd.to_datetime(pd.Series(solved, index=feedback.index)) <= pd.Timestamp(as_of),
        }
    )
    is_complaint = kind.astype("str").fillna("").str.strip().str.casefold().isin(WORDS)
    table = table[is_complaint & (date <= pd.Timestamp(as_of))]
    return table.sort_values(["customer_id", "date", "resolved"], ignore_index=True)


def _eligible(told: pd.DataFrame, first: pd.Timestamp, as_of: dt.date, length: int) -> pd.DataFrame:
    early = told["month"] >= first + pd.DateOffset(months=length)
    return told[early & fits(told["month"], length, as_of)].drop_duplicates("customer_id")


def _matched(cases: pd.DataFrame, told: pd.DataFrame, months: ibis.Table, length: int) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for month, group in cases.groupby("month"):
        base = window(months, month, length, length)
        base = base.assign(spend_tier=_tier(base["spend_before"], 5), often=_tier(base["days_before"], 3))
        near = told["month"].between(
            month - pd.DateOffset(months=length), month + pd.DateOffset(months=length)
        )
        quiet = base[~base.index.isin(told.loc[near, "customer_id"])]
        for case in group[group["customer_id"].isin(base.index)].itertuples():
            own = base.loc[case.customer_id]
            rows.append(
                {"customer_id": case.customer_id, "month": month, "resolved": case.resolved}
                | _case(own, quiet)
            )
    columns = ["customer_id", "month", "resolved", *_case(None, None)]
    return pd.DataFrame(rows, columns=columns)


def _case(own: Any, quiet: Any) -> dict[str, Any]:
    """One account that complained, and the mean of those like it."""
    names = ["retained", "before", "after", "comparables", "like_retained", "like_before", "like_after"]
    if own is None:
        return dict.fromkeys(names)
    tier = quiet[quiet["spend_tier"] == own["spend_tier"]]
    like = tier[(tier["often"] == own["often"]) & (tier["recent"] == own["recent"])]
    like = tier if like.empty else like
    retained = float((like["days_late"] > 0).mean()) if len(like) else math.nan
    means = (float(like[c].mean()) if len(like) else math.nan for c in ("spend_before", "spend_after"))
    own_side = (float(own["days_late"] > 0), float(own["spend_before"]), float(own["spend_after"]))
    return dict(zip(names, [*own_side, len(like), retained, *means], strict=True))


def _tier(values: pd.Series, parts: int) -> pd.Series:
    """Part of the customers from the lowest; equal values share one."""
    return np.floor(parts * (values.rank() - 0.5) / max(len(values), 1)).astype(int)


def _effects(cases: pd.DataFrame, seed: int) -> pd.DataFrame:
    solved = cases["resolved"].astype(bool)
    groups = {"all": cases, "resolved": cases[solved], "open": cases[~solved]}
    rows = [{"group": name, **_effect(group, seed)} for name, group in groups.items()]
    table = pd.DataFrame(rows)
    table.loc[len(table)] = _resolved_minus_open(table)
    return table


def _effect(group: pd.DataFrame, seed: int) -> dict[str, float]:
    n = len(group)
    if n < MINIMUM:
        return {"accounts": n}
    retained, like = float(group["retained"].mean()), float(group["like_retained"].mean())
    effective = n**2 / float((1 / group["comparables"]).sum())
    (low, high), (like_low, like_high) = wilson(retained, n), wilson(like, effective)
    money = group[["after", "before", "like_after", "like_before"]].to_numpy(dtype=float)
    spend, comparable, gap = _spend(money.sum(axis=0)[None, :])
    sampled = np.concatenate(
        [_spend(counts @ money)[2] for counts in draws(n, seed=seed, stream=_STREAM, replicates=REPLICATES)]
    )
    spend_low, spend_high = ends(sampled)
    return {
        "accounts": n,
        "retained": retained,
        "comparable": like,
        "difference": retained - like,
        "low": retained - like - math.hypot(retained - low, like_high - like),
        "high": retained - like + math.hypot(high - retained, like - like_low),
        "spend": float(spend[0]),
        "comparable_spend": float(comparable[0]),
        "spend_difference": float(gap[0]),
        "spend_low": spend_low,
        "spend_high": spend_high,
    }


def _spend(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Money after per unit of money before, of both sides, and their difference."""
    known = np.where(sums > 0, sums, np.nan)
    own, like = sums[:, 0] / known[:, 1], sums[:, 2] / known[:, 3]
    return own, like, own - like


def _resolved_minus_open(table: pd.DataFrame) -> dict[str, float | str]:
    one, other = (table.set_index("group").loc[name] for name in ("resolved", "open"))
    row: dict[str, float | str] = dict.fromkeys(table.columns, math.nan)
    row |= {"group": "resolved − open", "accounts": one["accounts"] + other["accounts"]}
    for value, low, high in (("difference", "low", "high"), ("spend_difference", "spend_low", "spend_high")):
        if value in table.columns and pd.notna(one[value]) and pd.notna(other[value]):
            gap = float(one[value] - other[value])
            row[value] = gap
            row[low] = gap - math.hypot(one[value] - one[low], other[high] - other[value])
            row[high] = gap + math.hypot(one[high] - one[value], other[value] - other[low])
    return row
