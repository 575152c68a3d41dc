"""Is concentration stable: the same figures per quarter or year, and who stays at the top."""

from __future__ import annotations

import datetime as dt

import ibis
import numpy as np
import pandas as pd

from customer_value.expressions import column_values, exact_sum
from customer_value.pareto.classes import top_bound
from customer_value.pareto.figures import Cells, Plan, compute, net_total

__all__ = ["by_period", "choose_period"]

_LENGTH = {"year": pd.DateOffset(years=1), "quarter": pd.DateOffset(months=3)}
_TRUNCATE = {"year": "Y", "quarter": "Q"}
_TOLERANCE = pd.Timedelta(days=7)


def choose_period(start: dt.date, as_of: dt.date) -> str:
    """``"year"`` where the data hold two complete calendar years or more, else ``"quarter"``.

    Examples
    --------
    >>> choose_period(dt.date(2021, 1, 4), dt.date(2022, 12, 30))
    'year'
    >>> choose_period(dt.date(1997, 1, 1), dt.date(1998, 6, 30))
    'quarter'
    """
    complete = [_complete(year, "year", start, as_of) for year in _starts("year", start, as_of)]
    return "year" if sum(complete) >= 2 else "quarter"


def by_period(
    months: ibis.Table,
    value: str,
    *,
    start: dt.date,
    as_of: dt.date,
    period: str,
    top_share: float = 0.2,
) -> pd.DataFrame:
    """Concentration of each calendar period among the customers active in it.

    Parameters
    ----------
    months
        One row per customer and month: customer_id, month and the value.
    value
        Name of the money column.
    start, as_of
        First and last date of the data; a period is complete if they miss at most a week of it.
    period
        ``"year"`` or ``"quarter"``.
    top_share
        The share of customers that counts as the top. Equal customers at its edge all belong.

    Returns
    -------
    pandas.DataFrame
        period (label), start, complete, customers, total, top_share_value, customers_for_80_share,
        gini, effective_customers, retained (share of the previous period's top customers that are
        in this period's top; missing in the first one). Figures that are not defined are missing.
    """
    spent = months.mutate(period=months.month.cast("date").truncate(_TRUNCATE[period]))
    spent = spent.group_by("customer_id", "period").aggregate(value=exact_sum(spent[value]))
    rows, previous = [], None
    for begin in _starts(period, start, as_of):
        values = column_values(spent.filter(spent.period == ibis.literal(begin.date())), "value")
        here = (begin, top_bound(values, top_share))
        rows.append(
            {
                "period": _label(begin, period),
                "start": begin,
                "complete": _complete(begin, period, start, as_of),
                **_figures(values, top_share),
                "retained": _retained(spent, previous, here),
            }
        )
        previous = here
    return pd.DataFrame(rows)


def _figures(values: np.ndarray, top_share: float) -> dict[str, float]:
    top, needed, gini, _, squares = (np.nan,) * 5
    if len(values):
        top, needed, gini, _, squares = compute(Cells.of(values), Plan((top_share,), (0.8,)))
    return {
        "customers": len(values),
        "total": net_total(values),
        "top_share_value": top,
        "customers_for_80_share": needed,
        "gini": gini,
        "effective_customers": 1 / squares if squares <= 1 + 1e-12 else np.nan,
    }


def _retained(
    spent: ibis.Table,
    before: tuple[pd.Timestamp, float | None] | None,
    now: tuple[pd.Timestamp, float | None],
) -> float:
    if before is None or before[1] is None or now[1] is None:
        return np.nan
    first, second = (_top(spent, *moment) for moment in (before, now))
    top_before = first.count().to_pyarrow().as_py()
    stayed = second.semi_join(first, "customer_id").count().to_pyarrow().as_py()
    return float(stayed / top_before)


def _top(spent: ibis.Table, begin: pd.Timestamp, bound: float | None) -> ibis.Table:
    chosen = spent.filter((spent.period == ibis.literal(begin.date())) & (spent["value"] >= bound))
    return chosen.select("customer_id")


def _starts(period: str, start: dt.date, as_of: dt.date) -> list[pd.Timestamp]:
    first = pd.Timestamp(start).to_period(_TRUNCATE[period]).start_time
    return list(pd.date_range(first, pd.Timestamp(as_of), freq={"year": "YS", "quarter": "QS"}[period]))


def _complete(begin: pd.Timestamp, period: str, start: dt.date, as_of: dt.date) -> bool:
    last = begin + _LENGTH[period] - pd.Timedelta(days=1)
    return bool(pd.Timestamp(start) - begin <= _TOLERANCE and last - pd.Timestamp(as_of) <= _TOLERANCE)


def _label(begin: pd.Timestamp, period: str) -> str:
    return str(begin.year) if period == "year" else f"{begin.year} Q{begin.quarter}"
