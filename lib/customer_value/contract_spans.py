"""When contracts run: what cannot be, which rows continue one another, and how many renewals they saw.

A contract runs in periods of whole months from its first day. It pays at the start of each period: on
its first day, and again on each renewal day. An end on a renewal day or before it means that this
renewal did not happen; an end after it, that it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_value import words

__all__ = ["Fault", "add_months", "continued", "first_fault", "renewals_before", "renewals_until"]

Days = NDArray[np.datetime64]

_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Fault:
    """Rows (labels of the table's index) that cannot be, and why, as the end of a sentence."""

    rows: tuple[Any, ...]
    why: str


def first_fault(contracts: pd.DataFrame) -> Fault | None:
    """The first contract that ends before it starts, or overlaps another of its customer.

    Parameters
    ----------
    contracts
        customer_id, started_on and ended_on (missing while open).

    Examples
    --------
    >>> table = pd.DataFrame({"customer_id": ["a", "a"], "started_on": ["2020-01-01", "2021-01-01"],
    ...                       "ended_on": [None, None]})
    >>> first_fault(table).why
    'has a contract from 1 January 2021 although the one from 1 January 2020 is still open.'
    """
    order = _sorted(contracts)
    starts, ends = order["started_on"].to_numpy(), order["ended_on"].to_numpy()
    ids = order["customer_id"].to_numpy()
    wrong = np.flatnonzero(ends < starts)
    if len(wrong):
        row = int(wrong[0])
        return Fault(
            (order.index[row],),
            f"has a contract that ended on {_day(ends[row])}, before it started on {_day(starts[row])}.",
        )
    open_before = np.isnat(ends[:-1])
    overlap = np.flatnonzero((ids[1:] == ids[:-1]) & (open_before | (ends[:-1] > starts[1:])))
    if not len(overlap):
        return None
    row = int(overlap[0])
    until = "is still open" if open_before[row] else f"runs until {_day(ends[row])}"
    return Fault(
        (order.index[row], order.index[row + 1]),
        f"has a contract from {_day(starts[row + 1])} although the one from {_day(starts[row])} {until}.",
    )


def continued(contracts: pd.DataFrame) -> pd.DataFrame:
    """Contracts with the rows joined that continue one another.

    Parameters
    ----------
    contracts
        customer_id, started_on, ended_on and, optionally, cohort and value; without faults.

    Returns
    -------
    pandas.DataFrame
        customer_id, started_on, ended_on, cohort (of the first row), value (of the last) and rows
        (how many were joined), sorted by customer_id and started_on.

    Examples
    --------
    >>> table = pd.DataFrame({"customer_id": ["a", "a"], "started_on": ["2020-01-01", "2021-01-01"],
    ...                       "ended_on": ["2020-12-31", None]})
    >>> continued(table)[["customer_id", "started_on", "rows"]].to_dict("records")
    [{'customer_id': 'a', 'started_on': Timestamp('2020-01-01 00:00:00'), 'rows': 2}]
    """
    order = _sorted(contracts).reset_index(drop=True)
    for name in ("cohort", "value"):
        if name not in order.columns:
            order[name] = None
    same = order["customer_id"].eq(order["customer_id"].shift())
    follows = same & (order["started_on"] <= order["ended_on"].shift() + pd.Timedelta(days=1))
    chain = (~follows).cumsum()
    joined = order.groupby(chain, sort=True)
    table = joined.agg(
        customer_id=("customer_id", "first"),
        started_on=("started_on", "first"),
        cohort=("cohort", "first"),
        rows=("customer_id", "size"),
    )
    last = order[~chain.duplicated(keep="last")]
    table = table.assign(ended_on=last["ended_on"].to_numpy(), value=last["value"].astype(float).to_numpy())
    names = ["customer_id", "started_on", "ended_on", "cohort", "value", "rows"]
    return table[names].reset_index(drop=True)


def add_months(days: Days, months: NDArray[Any] | int) -> Days:
    """The same day so many months later, or the last day of a shorter month.

    Examples
    --------
    >>> add_months(np.array(["2024-01-31", "2024-01-15"], "M8[D]"), 1)
    array(['2024-02-29', '2024-02-15'], dtype='datetime64[D]')
    """
    month = days.astype("M8[M]")
    within = days - month.astype("M8[D]")
    target = month + np.asarray(months).astype("m8[M]")
    last = (target + np.timedelta64(1, "M")).astype("M8[D]") - _DAY
    return np.asarray(np.minimum(target.astype("M8[D]") + within, last))


def renewals_until(starts: Days, day: Days | np.datetime64, months: int) -> NDArray[np.int64]:
    """Renewal days of each contract up to and with a day; the first is one period after the start.

    Examples
    --------
    >>> renewals_until(np.array(["2020-01-01"], "M8[D]"), np.datetime64("2022-01-01"), 12)
    array([2])
    """
    between = (np.asarray(day).astype("M8[M]") - starts.astype("M8[M]")).astype(int)
    number = np.maximum(between // months, 0)
    return np.asarray(number - ((number > 0) & (add_months(starts, number * months) > day)), dtype=np.int64)


def renewals_before(starts: Days, day: Days | np.datetime64, months: int) -> NDArray[np.int64]:
    """Renewal days of each contract before a day."""
    return renewals_until(starts, day - _DAY, months)


def _sorted(contracts: pd.DataFrame) -> pd.DataFrame:
    table = contracts.assign(
        **{
            name: pd.to_datetime(contracts[name]).astype("datetime64[s]")
            for name in ("started_on", "ended_on")
        }
    )
    return table.sort_values(["customer_id", "started_on", "ended_on"], kind="stable", na_position="last")


def _day(value: np.datetime64) -> str:
    return words.day(pd.Timestamp(value).date())
