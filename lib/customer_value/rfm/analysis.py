"""Recency, frequency and money: who bought lately, often and much, and what to do for each group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd

from customer_value.display import Prose, Table
from customer_value.expressions import as_fact, as_table, exact_sum
from customer_value.result import Fact, warning_list
from customer_value.rfm import reading, story
from customer_value.rfm.distribution import distributions
from customer_value.rfm.scores import DIMENSIONS, NEEDED, base, cutoffs, score
from customer_value.rfm.segments import GRID, SEGMENTS, TREATMENTS, segment_of, with_segment
from customer_value.settings import RfmSettings

__all__ = ["Rfm", "rfm"]


@dataclass(frozen=True)
class Rfm:
    """Scores, segments and what follows from them.

    Attributes
    ----------
    currency, as_of, window_months
        Unit of money, date, and length of the window (None: all history).
    customers
        Customers that are scored.
    never_bought, outside_window
        Customers left out: without any purchase, and without an order in the window.
    total
        Net revenue of the scored customers in the window.
    one_order
        Scored customers with a single order in the window.
    median_recency
        Half of the scored customers ordered within this many days.
    cutoffs
        Realised steps of the scores (`customer_value.rfm.scores.cutoffs`).
    grid
        All 25 cells: recency_score, frequency_score, segment, customers, net_revenue,
        recency_days and orders (sums).
    segments
        All eleven: segment, customers, customer_share, net_revenue, revenue_share, recency_days,
        orders, net_revenue_per_customer (means), treatment.
    distributions
        Dimension to a histogram: start, end, customers.
    scored
        Lazy table, one row per scored customer: customer_id, recency_days, orders, net_revenue, the
        three scores, rfm, segment.
    """

    currency: str
    as_of: dt.date
    window_months: int | None
    customers: int
    never_bought: int
    outside_window: int
    total: float
    one_order: int
    median_recency: float | None
    cutoffs: pd.DataFrame
    grid: pd.DataFrame
    segments: pd.DataFrame
    distributions: Mapping[str, pd.DataFrame]
    scored: ibis.Table

    def segment(self, name: str) -> dict[str, Any]:
        """The row of one segment."""
        found = self.segments[self.segments["segment"] == name]
        return {str(key): value for key, value in found.to_dict("records")[0].items()}

    @property
    def empty_scores(self) -> tuple[tuple[str, int], ...]:
        """Dimensions and scores that nobody has, because equal values share a score."""
        empty = self.cutoffs[self.cutoffs["customers"] == 0]
        return tuple((str(d), int(s)) for d, s in zip(empty["dimension"], empty["score"], strict=True))

    @property
    def facts(self) -> Mapping[str, Fact]:
        """Headline figures, keyed ``rfm.figure``."""
        names = self.segments["segment"]
        return {
            "rfm.customers": self.customers,
            "rfm.never_bought": self.never_bought,
            "rfm.outside_window": self.outside_window,
            "rfm.window_months": self.window_months,
            "rfm.total": as_fact(self.total),
            "rfm.one_order_share": as_fact(self.one_order / self.customers) if self.customers else None,
            "rfm.median_recency_days": as_fact(self.median_recency),
            "rfm.segments": dict(zip(names, map(int, self.segments["customers"]), strict=True)),
            "rfm.segments_revenue": dict(zip(names, map(as_fact, self.segments["net_revenue"]), strict=True)),
            "rfm.cutoffs": {name: _cutoff_fact(self.cutoffs, name) for name in DIMENSIONS},
        }

    @property
    def tables(self) -> Mapping[str, Any]:
        """Tables of the run: rfm (lazy, per customer), rfm_segments, rfm_cutoffs, rfm_grid."""
        return {
            "rfm": self.scored.order_by("customer_id"),
            "rfm_segments": self.segments,
            "rfm_cutoffs": self.cutoffs,
            "rfm_grid": self.grid,
        }

    @property
    def findings(self) -> tuple[str, ...]:
        """What this means here."""
        return story.findings(self)

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What to do next."""
        return story.next_steps(self)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know before believing the scores."""
        return story.warnings(self)

    @property
    def warnings_list(self) -> Prose:
        """The warnings to read, or the sentence that there are none."""
        return warning_list(self)

    @property
    def cutoff_table(self) -> Table:
        """The range of values and the number of customers behind each score."""
        return reading.cutoff_table(self)

    @property
    def segment_table(self) -> Table:
        """Size, money and means of each segment."""
        return reading.segment_table(self)

    @property
    def treatment_table(self) -> Table:
        """What to do for each segment that has customers."""
        return reading.treatment_table(self)


def rfm(
    customers: ibis.Table | pd.DataFrame,
    *,
    as_of: dt.date,
    currency: str,
    options: RfmSettings | None = None,
    steps: pd.DataFrame | None = None,
) -> Rfm:
    """Score customers by recency, frequency and money and name the segment of each.

    Parameters
    ----------
    customers
        One row per customer: customer_id, last_order (missing without a purchase), window_orders,
        window_net_revenue.
    as_of
        Date from which recency is counted back, in days.
    currency
        ISO code of the money.
    options
        States the length of the window that the columns were made for.
    steps
        Fixed cut-offs (`customer_value.rfm.cutoffs` of another date); by default the customers' own.

    Returns
    -------
    Rfm

    Where no customer ordered in the window, all counts are zero and the findings say so.

    Examples
    --------
    >>> rows = {"customer_id": ["a", "b"], "last_order": [dt.date(2024, 5, 1), dt.date(2023, 1, 9)],
    ...         "window_orders": [4, 1], "window_net_revenue": [90.0, 10.0]}
    >>> result = rfm(pd.DataFrame(rows), as_of=dt.date(2024, 5, 31), currency="EUR")
    >>> [name for name, n in result.facts["rfm.segments"].items() if n]
    ['Loyal', 'Hibernating']
    """
    table = as_table(customers, needs=NEEDED)
    months = options.window_months if options else None
    bought = base(table, as_of)
    totals = _totals(bought)
    realised = cutoffs(bought)
    scored = with_segment(score(bought, realised if steps is None else steps))
    grid = _grid(scored)
    return Rfm(
        currency=currency,
        as_of=as_of,
        window_months=months,
        **totals,
        **_left_out(table),
        cutoffs=realised if steps is None else _applied(scored),
        grid=grid,
        segments=_segments(grid),
        distributions=distributions(bought, realised),
        scored=scored,
    )


def _totals(bought: ibis.Table) -> dict[str, Any]:
    row = bought.aggregate(
        customers=bought.count(),
        total=exact_sum(bought.net_revenue).fill_null(0.0),
        one_order=(bought.orders == 1).sum().fill_null(0),
        median_recency=bought.recency_days.median().cast("float64"),
    )
    found: dict[str, Any] = row.to_pyarrow().to_pylist()[0]
    return found


def _left_out(table: ibis.Table) -> dict[str, int]:
    never = table.last_order.isnull()
    row = table.aggregate(
        never_bought=never.sum().fill_null(0).cast("int64"),
        outside_window=(~never & ~(table.window_orders > 0).fill_null(False))
        .sum()
        .fill_null(0)
        .cast("int64"),
    )
    found: dict[str, int] = row.to_pyarrow().to_pylist()[0]
    return found


def _grid(scored: ibis.Table) -> pd.DataFrame:
    keys = ["recency_score", "frequency_score"]
    found = scored.group_by(keys).aggregate(
        customers=scored.count(),
        net_revenue=exact_sum(scored.net_revenue),
        recency_days=scored.recency_days.sum().cast("int64"),
        orders=scored.orders.sum().cast("int64"),
    )
    cells = pd.MultiIndex.from_product([sorted(GRID, reverse=True), range(1, 6)], names=keys)
    frame = found.to_pyarrow().to_pandas().set_index(keys).reindex(cells, fill_value=0).reset_index()
    places = zip(frame["recency_score"], frame["frequency_score"], strict=True)
    frame.insert(2, "segment", [segment_of(int(r), int(f)) for r, f in places])
    return frame.astype({"net_revenue": "float64"})


def _segments(grid: pd.DataFrame) -> pd.DataFrame:
    summed = grid.groupby("segment")[["customers", "net_revenue", "recency_days", "orders"]].sum()
    summed = summed.reindex(list(SEGMENTS))
    number = summed["customers"].where(summed["customers"] > 0)
    total = summed["net_revenue"].sum()
    frame = pd.DataFrame(
        {
            "customers": summed["customers"],
            "customer_share": summed["customers"] / max(summed["customers"].sum(), 1),
            "net_revenue": summed["net_revenue"],
            "revenue_share": summed["net_revenue"] / total if total > 0 else np.nan,
            "recency_days": summed["recency_days"] / number,
            "orders": summed["orders"] / number,
            "net_revenue_per_customer": summed["net_revenue"] / number,
            "treatment": [TREATMENTS[name] for name in SEGMENTS],
        }
    )
    return frame.reset_index()


def _applied(scored: ibis.Table) -> pd.DataFrame:
    """Group sizes and ranges of scores that came from given cut-offs."""
    parts = []
    for name, column in DIMENSIONS.items():
        grouped = scored.group_by(score=scored[f"{name}_score"]).aggregate(
            customers=scored.count(), lowest=scored[column].min(), highest=scored[column].max()
        )
        frame = grouped.to_pyarrow().to_pandas().set_index("score").reindex([5, 4, 3, 2, 1]).reset_index()
        frame["customers"] = frame["customers"].fillna(0).astype("int64")
        frame[["lowest", "highest"]] = frame[["lowest", "highest"]].astype("float64")
        frame.insert(0, "dimension", name)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def _cutoff_fact(steps: pd.DataFrame, dimension: str) -> dict[str, Any]:
    own = steps[steps["dimension"] == dimension]
    return {
        str(row["score"]): {
            "customers": int(row["customers"]),
            "lowest": as_fact(row["lowest"]),
            "highest": as_fact(row["highest"]),
        }
        for row in own.to_dict("records")
    }
