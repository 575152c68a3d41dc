"""How recency, frequency and money are spread, counted on the engine into few bins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import ibis
import numpy as np
import pandas as pd

from customer_value.rfm.scores import value_columns

__all__ = ["distributions"]

_BINS = 40


def distributions(scored_base: ibis.Table, steps: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    """Histograms of the three dimensions.

    Parameters
    ----------
    scored_base
        Customers with recency_days, orders and net_revenue.
    steps
        Cut-offs; frequency is drawn up to three times the lowest value of its best score.

    Returns
    -------
    dict
        ``recency`` (days) and ``frequency`` (orders; the last bin has no end and holds all higher
        ones) in bins of equal width, ``monetary`` (positive money, for RFA per order) in bins of equal ratio, each
        with start, end (missing: open) and customers.
    """
    if not _single(scored_base.count()):
        nothing = _frame(np.array([]), np.array([]), np.array([], dtype=np.int64))
        return dict.fromkeys(("recency", "frequency", "monetary"), nothing)
    return {
        "recency": _recency(scored_base),
        "frequency": _frequency(scored_base, steps),
        "monetary": _monetary(scored_base),
    }


def _recency(table: ibis.Table) -> pd.DataFrame:
    longest = int(_single(table.recency_days.max()))
    width = max(1, math.ceil((longest + 1) / _BINS))
    bins = _counted(table, (table.recency_days // width).cast("int64"), math.ceil((longest + 1) / width))
    return _frame(np.arange(len(bins)) * width, np.arange(1, len(bins) + 1) * width, bins)


def _frequency(table: ibis.Table, steps: pd.DataFrame) -> pd.DataFrame:
    best = steps.loc[steps["dimension"] == "frequency", "lowest"].max()
    most = int(_single(table.orders.max()))
    cap = min(most, 3 * int(best) + 1)
    width = max(1, math.ceil(cap / _BINS))
    number = math.ceil(cap / width)
    place = ibis.least((table.orders - 1) // width, number - 1).cast("int64")
    bins = _counted(table, place, number)
    ends = 1.0 + np.arange(1, number + 1) * width
    if most >= ends[-1]:
        ends[-1] = np.nan
    return _frame(1 + np.arange(number) * width, ends, bins)


def _monetary(table: ibis.Table) -> pd.DataFrame:
    positive = table.select(money=table[value_columns(table)["monetary"]])
    positive = positive.filter(positive.money > 0)
    ends = positive.aggregate(low=positive.money.min(), high=positive.money.max())
    row = ends.to_pyarrow().to_pylist()[0]
    if row["low"] is None:
        return _frame(np.array([]), np.array([]), np.array([], dtype=np.int64))
    low, high = math.log10(row["low"]), math.log10(row["high"])
    width = max((high - low) / _BINS, 0.01)
    place = ((positive.money.log10() - low) / width).floor().cast("int64")
    place = ibis.greatest(0, ibis.least(place, _BINS - 1))
    bins = _counted(positive, place, _BINS)
    edges = 10 ** (low + width * np.arange(_BINS + 1))
    return _frame(edges[:-1], edges[1:], bins)


def _counted(table: ibis.Table, place: Any, number: int) -> np.ndarray:
    found = table.group_by(place=place).aggregate(customers=table.count()).to_pyarrow().to_pandas()
    counts = found.set_index("place")["customers"].reindex(range(number), fill_value=0)
    return np.asarray(counts, dtype=np.int64)


def _single(expression: Any) -> Any:
    return expression.to_pyarrow().as_py()


def _frame(start: np.ndarray, end: np.ndarray, customers: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {"start": start.astype("float64"), "end": end.astype("float64"), "customers": customers}
    )
