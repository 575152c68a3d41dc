"""What parts add up to: the account of the rows, and the small tables over all customers."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from customer_value.reduction.customers import Figures
from customer_value.reduction.days import Noticed
from customer_value.reduction.money import as_double
from customer_value.reduction.sorting import changes

__all__ = ["Patterns", "Totals", "patterns_of", "patterns_table", "weeks_table"]

Array = NDArray[Any]
PATTERNS = pa.schema(
    [
        ("as_of", pa.date32()),
        ("frequency", pa.int64()),
        ("recency", pa.int64()),
        ("T", pa.int64()),
        ("customers", pa.int64()),
    ]
)
WEEKS = pa.schema(
    [
        ("acquired_week", pa.date32()),
        ("week", pa.date32()),
        ("customers", pa.int64()),
        ("purchase_days", pa.int64()),
        ("net_revenue", pa.float64()),
    ]
)

Patterns = tuple[Array, Array]
"""Distinct (frequency, recency, T) in one number each, ascending, and their customers."""

_DAY_BITS = 22


@dataclass
class Totals:
    """Sums over the parts that have been added; several threads may add at once.

    Attributes
    ----------
    rows
        Order rows.
    net_revenue
        Their amount in ten-thousandths.
    noticed
        What was seen of the rows on the way.
    weeks
        Per part, see `customer_value.reduction.customers.weeks_of`.
    patterns
        Per date (days since 1970) and part, see `patterns_of`.
    """

    rows: int = 0
    net_revenue: int = 0
    noticed: Noticed = field(default_factory=Noticed)
    weeks: list[dict[str, Array]] = field(default_factory=list)
    patterns: dict[int, list[Patterns]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(
        self,
        rows: int,
        net_revenue: int,
        noticed: Noticed,
        weeks: dict[str, Array],
        patterns: dict[int, Patterns],
    ) -> None:
        """Add what one part holds."""
        with self._lock:
            self.rows += rows
            self.net_revenue += net_revenue
            self.noticed += noticed
            self.weeks.append(weeks)
            for date, found in patterns.items():
                self.patterns.setdefault(date, []).append(found)


def patterns_of(figures: Figures) -> Patterns:
    """The distinct (frequency, recency, T) of a part's customers with a purchase.

    Days of any calendar fit into 22 bits each, and purchase days into what is left.
    """
    (frequency, none), (recency, _), (age, _) = (
        figures.columns[name] for name in ("frequency", "recency", "T")
    )
    bits = np.uint64(_DAY_BITS)
    code = frequency.astype(np.uint64) << bits
    code = (code | recency.astype(np.uint64)) << bits
    code |= age.astype(np.uint64)
    return np.unique(code if none is None else code[~none], return_counts=True)


def patterns_table(patterns: dict[int, list[Patterns]]) -> pa.Table:
    """The table `customer_value.reduce.purchase_patterns`."""
    tables = [PATTERNS.empty_table()]
    for date in sorted(patterns):
        code = np.concatenate([codes for codes, _ in patterns[date]])
        counts = np.concatenate([counts for _, counts in patterns[date]])
        order = np.argsort(code, kind="stable")
        code, counts = code[order], counts[order]
        starts = np.flatnonzero(changes(code))
        code = code[starts].astype(np.int64)
        low = 2**_DAY_BITS - 1
        columns = {
            "as_of": np.full(len(code), date, dtype=np.int32),
            "frequency": code >> (2 * _DAY_BITS),
            "recency": code >> _DAY_BITS & low,
            "T": code & low,
            "customers": _sums(counts, starts),
        }
        tables.append(pa.table(columns, schema=PATTERNS))
    return pa.concat_tables(tables)


def weeks_table(weeks: list[dict[str, Array]], origin: int) -> pa.Table:
    """The table `customer_value.reduce.weekly_purchases`; weeks are counted from ``origin``."""
    if not weeks:
        return WEEKS.empty_table()
    parts = {name: np.concatenate([part[name] for part in weeks]) for name in weeks[0]}
    order = np.lexsort((parts["week"], parts["acquired_week"]))
    sorted_parts = {name: values[order] for name, values in parts.items()}
    acquired, week = sorted_parts["acquired_week"], sorted_parts["week"]
    starts = np.flatnonzero(changes(acquired, week))
    return pa.table(
        {
            "acquired_week": _first_days(acquired[starts], origin),
            "week": _first_days(week[starts], origin),
            "customers": _sums(sorted_parts["customers"], starts),
            "purchase_days": _sums(sorted_parts["purchase_days"], starts),
            "net_revenue": as_double(_sums(sorted_parts["net_revenue"], starts)),
        },
        schema=WEEKS,
    )


def _sums(values: Array, starts: Array) -> Array:
    if not len(starts):
        return values[:0]
    sums: Array = np.add.reduceat(values, starts)
    return sums


def _first_days(week: Array, origin: int) -> Array:
    return (origin + 7 * week).astype(np.int32)
