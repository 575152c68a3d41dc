"""What the sentences and charts of lifetime value need of all customers, added up once.

The same figures come from a table in memory and from one that stays on the engine, so that nothing
that is told of the customers depends on how many there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd

from customer_value.expressions import exact_sum

__all__ = ["Crowd", "Part", "ValueFigures", "figures_of", "figures_on"]

LISTED = 15
"""Customers in the longest list of names."""

_EVEN = 0.5
_NAMED = 5
_WORTH_SAVING = 0.01


@dataclass(frozen=True)
class Part:
    """Some of the customers: how many, and what they are expected to do and bring together.

    Of a part only the sums that are needed are taken; the others are missing (NaN).
    """

    customers: int
    clv: float = math.nan
    p_alive: float = math.nan
    value_at_risk: float = math.nan
    discounted_purchases: float = math.nan

    @property
    def mean(self) -> float:
        """Lifetime value per customer."""
        return self.clv / self.customers


@dataclass(frozen=True)
class ValueFigures:
    """Sums over customers and the customers to name.

    Parameters
    ----------
    parts
        ``everyone``, ``once``, ``again`` and ``twice`` by days with a purchase, ``losing`` (value below 0),
        ``known`` (value at risk is known) and ``likely`` (of these, still customers rather than not).
    least_alive
        Lowest P(alive) of the customers who bought again; None if nobody did.
    positive, top_positive
        Sum of the values above 0, and of those of the best tenth of the customers.
    tenths
        Value of each tenth of the customers, best first; empty with fewer than ten.
    best, worst, likely, gone
        The customers with the highest and the lowest value, and those with most value at risk who are
        probably still active and probably not: rows of the table of customers.
    """

    parts: Mapping[str, Part]
    least_alive: float | None
    positive: float
    top_positive: float
    tenths: tuple[float, ...]
    best: pd.DataFrame
    worst: pd.DataFrame
    likely: pd.DataFrame
    gone: pd.DataFrame

    def __getitem__(self, part: str) -> Part:
        return self.parts[part]

    @property
    def listed(self) -> list[str]:
        """The ids of all customers in the lists."""
        return sorted(
            {i for rows in (self.best, self.worst, self.likely, self.gone) for i in rows["customer_id"]}
        )


@dataclass(frozen=True)
class Crowd:
    """Customers who are too many to hold in memory.

    Parameters
    ----------
    customers, repeaters
        Number of customers with a purchase, and of those who bought on more than one day.
    purchase_days, net_revenue
        Their days with a purchase and their net sales.
    table
        One row per customer with all values, on the engine.
    figures
        What it adds up to.
    names
        Names of the customers in the lists, by customer_id; None where no names are known.
    """

    customers: int
    repeaters: int
    purchase_days: float
    net_revenue: float
    table: ibis.Table
    figures: ValueFigures
    names: Mapping[str, str] | None


def figures_of(table: pd.DataFrame) -> ValueFigures:
    """The figures of a table in memory.

    Parameters
    ----------
    table
        customer_id, frequency, p_alive, discounted_purchases, clv, value_at_risk.
    """
    parts = {}
    for name, (chosen, columns) in _PARTS.items():
        rows = table[chosen(table)]
        parts[name] = Part(len(rows), **{column: math.fsum(rows[column].dropna()) for column in columns})
    values = table["clv"].sort_values(ascending=False).to_numpy(float)
    positive = np.maximum(values, 0.0)
    again = table.loc[table["frequency"] > 0, "p_alive"]

    def listed(chosen: Any, order: str, most: int, ascending: bool = False) -> pd.DataFrame:
        rows = table if chosen is None else table[chosen]
        return rows.sort_values([order, "customer_id"], ascending=[ascending, True]).head(most)

    at_risk = table["value_at_risk"] > _WORTH_SAVING * math.fsum(table["clv"].abs()) / max(len(table), 1)
    return ValueFigures(
        parts=parts,
        least_alive=float(again.min()) if len(again) else None,
        positive=float(positive.sum()),
        top_positive=float(positive[: _tenth(len(values))].sum()),
        tenths=tuple(float(part.sum()) for part in np.array_split(values, 10)) if len(values) >= 10 else (),
        best=listed(None, "clv", LISTED),
        worst=listed(table["clv"] < 0, "clv", _NAMED, ascending=True),
        likely=listed(at_risk & (table["p_alive"] >= _EVEN), "value_at_risk", _NAMED),
        gone=listed(at_risk & (table["p_alive"] < _EVEN), "value_at_risk", _NAMED),
    )


def figures_on(table: ibis.Table) -> ValueFigures:
    """The same of a table on the engine; only sums and the listed customers leave it."""
    measures: dict[str, Any] = {"least_alive": table.p_alive.min(where=table.frequency > 0)}
    for name, (chosen, columns) in _PARTS.items():
        rows = chosen(table)
        measures[f"{name}.customers"] = rows.sum()
        for column in columns:
            measures[f"{name}.{column}"] = exact_sum(table[column], where=rows)
    measures["positive"] = exact_sum(table.clv, where=table.clv > 0)
    measures["size"] = exact_sum(table.clv.abs())
    row = _row(table.aggregate(**measures))
    parts = {}
    for name, (_, columns) in _PARTS.items():
        sums = {column: float(row[f"{name}.{column}"] or 0.0) for column in columns}
        parts[name] = Part(int(row[f"{name}.customers"] or 0), **sums)
    number = parts["everyone"].customers
    ends = np.cumsum([len(part) for part in np.array_split(np.zeros(number, dtype=bool), 10)])
    top, *highest = _sums_of_highest(table, [_tenth(number), *(int(end) for end in ends)])
    at_risk = table.value_at_risk > _WORTH_SAVING * float(row["size"] or 0.0) / max(number, 1)

    def listed(chosen: Any, order: str, most: int, ascending: bool = False) -> pd.DataFrame:
        rows = table if chosen is None else table.filter(chosen)
        by = rows[order] if ascending else rows[order].desc()
        return rows.order_by([by, rows.customer_id]).limit(most).to_pyarrow().to_pandas()

    return ValueFigures(
        parts=parts,
        least_alive=row["least_alive"],
        positive=float(row["positive"] or 0.0),
        top_positive=top,
        tenths=tuple(np.diff([0.0, *highest]).tolist()) if number >= 10 else (),
        best=listed(None, "clv", LISTED),
        worst=listed(table.clv < 0, "clv", _NAMED, ascending=True),
        likely=listed(at_risk & (table.p_alive >= _EVEN), "value_at_risk", _NAMED),
        gone=listed(at_risk & (table.p_alive < _EVEN), "value_at_risk", _NAMED),
    )


_PARTS: Mapping[str, tuple[Callable[[Any], Any], tuple[str, ...]]] = {
    "everyone": (lambda t: t["frequency"] >= 0, ("clv", "p_alive", "value_at_risk", "discounted_purchases")),
    "once": (lambda t: t["frequency"] == 0, ("clv",)),
    "again": (lambda t: t["frequency"] > 0, ("p_alive",)),
    "twice": (lambda t: t["frequency"] == 1, ("clv",)),
    "losing": (lambda t: t["clv"] < 0, ("clv",)),
    "known": (lambda t: t["value_at_risk"].notnull(), ("clv", "value_at_risk")),
    "likely": (lambda t: t["value_at_risk"].notnull() & (t["p_alive"] >= _EVEN), ("value_at_risk",)),
}


def _tenth(customers: int) -> int:
    return max(1, round(customers / 10))


def _sums_of_highest(table: ibis.Table, numbers: Sequence[int]) -> list[float]:
    """Sums of so many of the highest values, the first one of what is above 0 in them.

    Values equal to the last one are as many as are still missing, so that ties change nothing.
    """
    whole = max(*numbers, 1)
    ends = table.clv.quantile([1 - number / whole for number in numbers]).to_pyarrow().as_py() or [0.0] * len(
        numbers
    )
    measures: dict[str, Any] = {}
    for i, end in enumerate(ends):
        above = table.clv > end
        measures[f"n{i}"] = above.sum()
        measures[f"s{i}"] = exact_sum(table.clv, where=above if i else above & (table.clv > 0))
    found = _row(table.aggregate(**measures))
    rest = [
        (n - int(found[f"n{i}"] or 0)) * end for i, (n, end) in enumerate(zip(numbers, ends, strict=True))
    ]
    sums = [float(found[f"s{i}"] or 0.0) for i in range(len(numbers))]
    return [sums[0] + max(rest[0], 0.0), *(s + r for s, r in zip(sums[1:], rest[1:], strict=True))]


def _row(aggregates: ibis.Table) -> dict[str, Any]:
    row: dict[str, Any] = aggregates.to_pyarrow().to_pylist()[0]
    return row
