"""One row per customer with everything that RFM measures, now and one period earlier.

The tables of a run are joined once, side by side where they lie in the order of their customers, else on
the engine. What comes out is kept by the engine; scores and segments are then comparisons with a few
numbers and need no further join.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import pandas as pd

from customer_value.alignment import Unordered
from customer_value.expressions import EXACT_MONEY, as_table, chosen, kept
from customer_value.rfm import portfolio
from customer_value.rfm.absence import is_away, usual_gap
from customer_value.rfm.classes import eight_place, thresholds
from customer_value.rfm.gathering import Activity, joined_in_order
from customer_value.rfm.names import EIGHT_CLASSES, LEVELS, OUTSIDE, STATES
from customer_value.rfm.scores import (
    DIMENSIONS,
    KEPT_SALES,
    NEEDED,
    applied_cutoffs,
    cutoffs,
    fixed_steps,
    joined_digits,
    kept_sales,
    lowest_values,
    scores_of,
    weighted,
    with_per_order,
)
from customer_value.rfm.segments import named
from customer_value.settings import RfmSettings

__all__ = ["Gathered", "Moment", "earlier", "gather", "moment", "steps_of"]

_EARLIER = "then_"


@dataclass(frozen=True)
class Gathered:
    """Every customer that ever bought.

    Attributes
    ----------
    table
        On the engine, see `gather`.
    in_order
        Whether it lies in the order of customer_id.
    cells
        What `customer_value.rfm.cohorts.cohorts` would group from the months, where it is known already.
    """

    table: ibis.Table
    in_order: bool = False
    cells: pd.DataFrame | None = None


@dataclass(frozen=True)
class Moment:
    """The three segmentations at one date.

    Attributes
    ----------
    steps
        Cut-offs that the scores were made with, and `cutoffs`: sizes and ranges that they gave.
    thresholds
        Of the eight classes.
    levels
        Lowest contribution of the levels middle and high; None where portfolio groups are unknown.
    bought
        The customers with an order in the window, without scores.
    summary
        In memory, for each combination of scores and segments: customers, one_order (of them), the sums
        of net_revenue, [margin], recency_days and orders, shrinking (customers in the portfolio state
        "stable" whose last 12 months brought less than 80 % of the 12 before) and shrinkage (by how
        much), and where there is a period after the date buyers, next_orders, next_net_revenue,
        squares (of the customers' next_net_revenue).
    everybody
        The gathered table with scores, rfm, weighted_score, segment, eight_class and, where known,
        portfolio_group. Without an order in the window scores are missing and the segment and class
        say so.
    """

    steps: pd.DataFrame
    cutoffs: pd.DataFrame
    thresholds: Mapping[str, float | None]
    levels: tuple[float | None, float | None] | None
    bought: ibis.Table
    summary: pd.DataFrame
    everybody: ibis.Table

    @property
    def scored(self) -> ibis.Table:
        """The customers with an order in the window."""
        return self.everybody.filter(self.everybody.orders > 0)


def gather(
    customers: ibis.Table | pd.DataFrame,
    as_of: dt.date,
    *,
    snapshots: ibis.Table | None = None,
    months: ibis.Table | None = None,
    previous: dt.date | None = None,
    window_months: int | None = None,
    per_order: bool = False,
) -> Gathered:
    """Join what is known of every customer that ever bought, and keep the result on the engine.

    Returns
    -------
    Gathered
        With the columns customer_id, recency_days, orders, net_revenue, [margin] (in the window),
        usual_gap_days, first_order, last_gap where known; with ``snapshots`` also window_orders and
        window_net_revenue (in the window of the snapshots) and, beginning with ``then_``, the same at ``previous`` with
        total_orders and total_net_revenue; with ``per_order`` kept_sales (what is kept of the gross money in
        the window), then_kept_sales and then_total_kept_sales where gross money is known; with
        ``months`` the columns of `portfolio.activity` and
        contribution, for both dates.
    """
    everyone = as_table(customers, needs=NEEDED)
    table = everyone.filter(everyone.last_order.notnull())
    sales = kept_sales(everyone, table) if per_order else {}
    found = table.select(**_now(table, as_of, window_months), **sales)
    others = []
    if snapshots is not None and previous is not None:
        others = _snapshots(snapshots, as_of, previous, per_order)
    activities = []
    if months is not None and "first_order" in found.columns:
        activities = [Activity(as_of, begun=True)]
        if previous is not None and others:
            activities.append(Activity(previous, begun=False, prefix=_EARLIER))
    if not others and not activities:
        return Gathered(found)
    try:
        return Gathered(*_in_order(found, others, months if activities else None, activities))
    except Unordered:
        return Gathered(kept(_joined(found, others, months, activities)))


def steps_of(
    bought: ibis.Table, options: RfmSettings, *, dimensions: Sequence[str] = tuple(DIMENSIONS)
) -> pd.DataFrame:
    """The cut-offs for some customers: fixed ones where the options have them, else their own quantiles."""
    fixed = fixed_steps(options.cutoffs)
    fixed = fixed[fixed["dimension"].isin(dimensions)]
    free = [name for name in dimensions if name not in set(fixed["dimension"])]
    parts = [part for part in (cutoffs(bought, options.quantiles, free), fixed) if len(part)]
    return pd.concat(parts, ignore_index=True)


def moment(
    people: ibis.Table,
    date: dt.date,
    options: RfmSettings,
    *,
    steps: pd.DataFrame | None = None,
    begun: bool = True,
) -> Moment:
    """Score and segment the customers of a table with the columns of `gather` (without prefix)."""
    table = with_per_order(people) if options.monetary_is == "per_order" else people
    bought = table.filter(table.orders > 0)
    chosen = steps_of(bought, options) if steps is None else steps
    limits = thresholds(bought, options)
    inside = table.orders > 0
    codes = scores_of(table, chosen) | {
        "away": is_away(table).cast("int64"),
        "eight": eight_place(table, limits),
    }
    codes = {name: ibis.ifelse(inside, value, 0) for name, value in codes.items()}
    levels = None
    if "contribution" in table.columns:
        low, high = lowest_values(people, "contribution", [options.low_share, 1 - options.high_share])
        levels = (low, high)
        codes["level"], codes["state"] = portfolio.level_and_state(table, date, levels, options.growth)
    marked = table.mutate(**_named(codes, options))
    fixed = steps is not None or bool(len(fixed_steps(options.cutoffs)))
    realised = applied_cutoffs(marked.filter(marked.orders > 0)) if fixed else chosen
    return Moment(chosen, realised, limits, levels, bought, _summary(table, codes, options), marked)


def earlier(people: ibis.Table, *, window: bool) -> ibis.Table:
    """The customers as they were at the earlier date, in the columns that `moment` reads.

    Parameters
    ----------
    people
        As `gather` returns it, with snapshots.
    window
        Whether orders and money are those of the snapshots' window, else those of all history.

    Returns
    -------
    ibis.Table
        The columns with ``then_`` without it, of those who had bought by then, and next_orders and
        next_net_revenue, from then to now.
    """
    known = people.filter(people[_EARLIER + "recency_days"].notnull())
    names = [name.removeprefix(_EARLIER) for name in people.columns if name.startswith(_EARLIER)]
    columns = {name: known[_EARLIER + name] for name in names}
    if not window:
        totals = [name for name in ("orders", "net_revenue", KEPT_SALES) if f"total_{name}" in columns]
        columns |= {name: columns[f"total_{name}"] for name in totals}
    return known.select(
        "customer_id",
        **columns,
        next_orders=known.total_orders - columns["total_orders"],
        next_net_revenue=(known.total_net_revenue - columns["total_net_revenue"]).round(4),
    )


_CODES = {
    "recency_score": 6, "frequency_score": 6, "monetary_score": 6, "away": 2, "eight": 8, "level": 4, "state": 8,
}  # fmt: skip
"""What tells all scores and segments of a customer: whole numbers from 0 to less than these."""


def _named(codes: Mapping[str, Any], options: RfmSettings) -> dict[str, Any]:
    """The columns of scores and segments from their codes; a score of 0 says that there is no order."""
    three = [codes[name] for name in ("recency_score", "frequency_score", "monetary_score")]
    inside = three[0] > 0
    scores = {name: codes[name] for name in ("recency_score", "frequency_score", "monetary_score")}
    scores |= {"rfm": joined_digits(three), "weighted_score": weighted(three, options.weights)}
    names = {
        "segment": named(three[0], three[1], codes["away"] == 1),
        "eight_class": chosen(EIGHT_CLASSES, codes["eight"]),
    }
    columns = {name: ibis.ifelse(inside, value, ibis.null(value.type())) for name, value in scores.items()}
    columns |= {name: ibis.ifelse(inside, value, OUTSIDE) for name, value in names.items()}
    if "level" in codes:
        level, state = codes["level"], codes["state"]
        columns |= {
            "level": chosen(LEVELS, level),
            "state": chosen(STATES, state),
            "portfolio_group": portfolio.portfolio_group(level, state),
        }
    return columns


def _summary(table: ibis.Table, codes: Mapping[str, Any], options: RfmSettings) -> pd.DataFrame:
    """One row per combination of scores and segments, so that every table adds to the same sums.

    Customers are grouped by one whole number that holds all codes.
    """
    packed: Any = ibis.literal(0, type="int64")
    for name, code in codes.items():
        packed = packed * _CODES[name] + code
    t = table.mutate(_packed=packed.cast("int32"))
    measures: dict[str, Any] = {
        "customers": t.count(),
        "one_order": (t.orders == 1).sum(),
        "net_revenue": _money_sum(t.net_revenue),
        "recency_days": t.recency_days.sum().cast("int64"),
        "orders": t.orders.sum().cast("int64"),
    }
    if "margin" in t.columns:
        measures["margin"] = _money_sum(t.margin)
    if "level" in codes:
        less = (t["_packed"] % _CODES["state"] == STATES.index("stable")) & (
            (t.recent * 5).round(4) < (t.earlier * 4).round(4)
        )
        measures["shrinking"] = less.sum()
        measures["shrinkage"] = _money_sum(t.earlier - t.recent, where=less)
    if "next_orders" in t.columns:
        measures["buyers"] = (t.next_orders > 0).sum()
        measures["next_orders"] = t.next_orders.sum().cast("int64")
        measures["next_net_revenue"] = _money_sum(t.next_net_revenue)
        measures["squares"] = _money_sum((t.next_net_revenue * t.next_net_revenue).round(4))
    return _summed(t.group_by("_packed").aggregate(**measures), list(codes), list(measures), options)


def _summed(
    packed: ibis.Table, codes: Sequence[str], measures: Sequence[str], options: RfmSettings
) -> pd.DataFrame:
    """The groups by name; those that differ in nothing that has a name are added up."""
    found, place = {}, 1
    for name in reversed(codes):
        found[name] = (packed["_packed"] // place) % _CODES[name]
        place *= _CODES[name]
    labelled = packed.mutate(**_named({name: found[name] for name in codes}, options))
    keys = ["recency_score", "frequency_score", "monetary_score", "weighted_score", "segment", "eight_class"]
    keys += [name for name in ("portfolio_group",) if name in labelled.columns]
    sums = {name: _summed_again(labelled[name]) for name in measures}
    frame = labelled.group_by(keys).aggregate(**sums).to_pyarrow().to_pandas()
    numbers = dict.fromkeys(set(measures) - {"customers"}, "float64")
    return frame.fillna(dict.fromkeys(numbers, 0.0)).astype(numbers).sort_values(keys, ignore_index=True)


def _money_sum(column: Any, **options: Any) -> Any:
    """As `exact_sum`, still exact."""
    return column.cast(EXACT_MONEY).sum(**options)


def _summed_again(sums: Any) -> Any:
    return sums.sum().cast("float64") if sums.type().is_decimal() else sums.sum().cast("int64")


def _now(table: ibis.Table, as_of: dt.date, window_months: int | None) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "customer_id": table.customer_id,
        "recency_days": _days(table.last_order, as_of),
        "orders": table.window_orders.cast("int32"),
        "net_revenue": table.window_net_revenue.cast("float64"),
        **usual_gap(table),
    }
    margin = "margin" if window_months is None else "window_margin"
    if margin in table.columns:
        columns["margin"] = table[margin].cast("float64")
    if {"first_order", "last_gap"} <= set(table.columns):
        columns |= {"first_order": table.first_order.cast("date"), "last_gap": table.last_gap.cast("int32")}
    return columns


def _in_order(
    found: ibis.Table, others: Sequence[ibis.Table], months: ibis.Table | None, activities: Sequence[Activity]
) -> tuple[ibis.Table, bool, pd.DataFrame | None]:
    table, cells = joined_in_order(found, others, months, activities)
    return table, True, cells


def _snapshots(snapshots: ibis.Table, as_of: dt.date, previous: dt.date, per_order: bool) -> list[ibis.Table]:
    """The customers in the snapshots of two dates, with the columns that `gather` adds."""
    date = snapshots.as_of.cast("date")
    now = snapshots.filter(date == ibis.literal(as_of))
    known = snapshots.filter(date == ibis.literal(previous))
    before = known.filter(known.last_order.notnull())
    sales = kept_sales(known, before) if per_order else {}
    if sales:
        sales[f"total_{KEPT_SALES}"] = kept_sales(known, before, "gross")[KEPT_SALES]
    earlier_measures = {
        "recency_days": _days(before.last_order, previous),
        "first_order": before.first_order.cast("date"),
        "last_gap": before.last_gap.cast("int32"),
        **usual_gap(before),
        **_measures(before),
        **sales,
    }
    renamed = {"window_orders": "orders", "window_net_revenue": "net_revenue"}
    return [
        now.select("customer_id", **_measures(now)),
        before.select(
            "customer_id",
            **{_EARLIER + renamed.get(name, name): value for name, value in earlier_measures.items()},
        ),
    ]


def _measures(snapshot: ibis.Table) -> dict[str, Any]:
    return {
        "total_orders": snapshot.orders.cast("int32"),
        "total_net_revenue": snapshot.net_revenue.cast("float64"),
        "window_orders": snapshot.window_orders.cast("int32"),
        "window_net_revenue": snapshot.window_net_revenue.cast("float64"),
    }


def _joined(
    found: ibis.Table, others: Sequence[ibis.Table], months: ibis.Table | None, activities: Sequence[Activity]
) -> ibis.Table:
    """The same as `joined_in_order`, by the engine."""
    parts = [*others, *([_activity(months, activities)] if months is not None and activities else [])]
    for part in parts:
        right = part.rename(_id="customer_id")
        found = found.left_join(right, found.customer_id == right["_id"]).drop("_id")
    return found


def _activity(months: ibis.Table, activities: Sequence[Activity]) -> ibis.Table:
    sums: dict[str, Any] = {}
    for one in activities:
        sums |= portfolio.activity(months, one.date, begun=one.begun, prefix=one.prefix)
    summed = months.group_by("customer_id").aggregate(**sums)
    total = {
        p + "contribution": summed[p + "recent"] + summed[p + "earlier"] + summed[p + "rest"]
        for p in (one.prefix for one in activities)
    }
    summed = summed.mutate(**{name: value.round(4) for name, value in total.items()})
    return summed.drop(*(one.prefix + "rest" for one in activities))


def _days(last_order: Any, date: dt.date) -> Any:
    return ibis.literal(date).delta(last_order.cast("date"), unit="day").cast("int32")
