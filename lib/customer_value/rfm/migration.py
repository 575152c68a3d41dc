"""Migration: the segment of each customer now against the one a period earlier.

Both segments come from windows of the same length and from the same cut-offs: the fixed ones of the
settings, else the quantiles of the earlier date. With the yardstick of then, a change is a change of
the customers; with new quantiles at each date somebody would always have to be at the bottom.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import ibis
import pandas as pd

from customer_value.expressions import as_table, chosen, exact_sum
from customer_value.rfm.absence import is_away
from customer_value.rfm.names import BEST, NOT_YET, OUTSIDE, SEGMENTS
from customer_value.rfm.people import steps_of
from customer_value.rfm.portfolio import months_back
from customer_value.rfm.scores import score_of
from customer_value.rfm.segments import SEGMENTS_OF_CELLS, cell_of
from customer_value.settings import RfmSettings

__all__ = ["FROM", "TO", "Migration", "migrate", "with_segments_then_and_now"]

FROM = (*SEGMENTS, OUTSIDE, NOT_YET)
TO = (*SEGMENTS, OUTSIDE)
LISTED = 10


@dataclass(frozen=True)
class Migration:
    """Who moved between segments, and the money that moved with them.

    Attributes
    ----------
    previous, as_of, window_months
        The two dates, and the length of the window that ends with each.
    whole_window
        Whether the data reach back far enough to fill the earlier window.
    steps
        Cut-offs for both dates (dimensions recency and frequency).
    flows
        All pairs: segment_then, segment_now, customers, net_revenue_then, net_revenue_now (of the
        windows).
    leavers, newcomers
        The ten customers that lost, and gained, most money among those that left the best segments
        and that are new in them: customer_id, name, segment_then, segment_now, net_revenue_then,
        net_revenue_now, change.
    """

    previous: dt.date
    as_of: dt.date
    window_months: int
    whole_window: bool
    steps: pd.DataFrame
    flows: pd.DataFrame
    leavers: pd.DataFrame
    newcomers: pd.DataFrame

    @property
    def customers_then(self) -> int:
        """Customers with an order in the earlier window."""
        return int(self.flows.loc[self.flows["segment_then"].isin(SEGMENTS), "customers"].sum())

    @property
    def moves(self) -> dict[str, tuple[int, float, float]]:
        """Customers, money then and money now of those that left, joined or stayed in the best."""
        then, now = self.flows["segment_then"].isin(BEST), self.flows["segment_now"].isin(BEST)
        parts = {"left": then & ~now, "joined": ~then & now, "stayed": then & now}
        return {
            name: (
                int(self.flows.loc[which, "customers"].sum()),
                round(float(self.flows.loc[which, "net_revenue_then"].sum()), 4),
                round(float(self.flows.loc[which, "net_revenue_now"].sum()), 4),
            )
            for name, which in parts.items()
        }

    @property
    def lost_value(self) -> float:
        """Net revenue then less net revenue now of those that left the best segments."""
        _, then, now = self.moves["left"]
        return then - now

    def matrix(self, column: str = "customers") -> pd.DataFrame:
        """Segments then (rows) by segments now (columns)."""
        wide = self.flows.pivot_table(
            index="segment_then", columns="segment_now", values=column, aggfunc="sum"
        )
        return wide.reindex(index=list(FROM), columns=list(TO))


def migrate(
    people: ibis.Table,
    *,
    as_of: dt.date,
    previous: dt.date,
    options: RfmSettings,
    names: ibis.Table | pd.DataFrame | None = None,
    origin: dt.date | None = None,
) -> Migration | None:
    """Compare the segments of two dates.

    Parameters
    ----------
    people
        As `customer_value.rfm.people.gather` returns it, with snapshots.
    as_of, previous
        The two dates.
    options
        Fixed cut-offs, quantiles, and the length of the window.
    names
        customer_id and name, for the lists.
    origin
        Day of the first purchase of all.

    Returns
    -------
    Migration
        None where nobody ordered in the earlier window.
    """
    before = people.filter(people.then_orders > 0).select(
        recency_days="then_recency_days", orders="then_orders"
    )
    if not before.count().to_pyarrow().as_py():
        return None
    steps = steps_of(before, options, dimensions=("recency", "frequency"))
    table = people.mutate(**_places(people, steps))
    months = options.window_months or options.migration_months
    return Migration(
        previous=previous,
        as_of=as_of,
        window_months=months,
        whole_window=origin is None or origin <= months_back(previous, months) + dt.timedelta(days=1),
        steps=steps,
        flows=_flows(table),
        leavers=_largest(table, _best(table, "then") & ~_best(table, "now"), 1, names),
        newcomers=_largest(table, ~_best(table, "then") & _best(table, "now"), -1, names),
    )


def with_segments_then_and_now(people: ibis.Table, steps: pd.DataFrame | None) -> ibis.Table:
    """Add segment_then and segment_now to the gathered table.

    Without cut-offs (nobody ordered in the earlier window) there is no segment now to compare with.
    """
    if steps is None:
        then = ibis.ifelse(people.then_recency_days.isnull(), NOT_YET, OUTSIDE)
        return people.mutate(segment_then=then, segment_now=ibis.null("string"))
    places = _places(people, steps)
    return people.mutate(segment_then=chosen(FROM, places["_then"]), segment_now=chosen(FROM, places["_now"]))


def _places(people: ibis.Table, steps: pd.DataFrame) -> dict[str, Any]:
    """The segments then and now by their place in `FROM`: whole numbers are faster to group than text."""
    outside, not_yet = FROM.index(OUTSIDE), FROM.index(NOT_YET)
    then = _place(people.then_recency_days, people.then_orders, is_away(people, "then_"), steps)
    now = _place(people.recency_days, people.window_orders, is_away(people), steps)
    return {
        "_then": ibis.cases(
            (people.then_recency_days.isnull(), not_yet), (people.then_orders > 0, then), else_=outside
        ),
        "_now": ibis.ifelse(people.window_orders > 0, now, outside),
    }


def _place(recency: Any, orders: Any, away: Any, steps: pd.DataFrame) -> Any:
    places = [FROM.index(name) for name in SEGMENTS_OF_CELLS]
    cell = cell_of(score_of(recency, steps, "recency"), score_of(orders, steps, "frequency"), away)
    return ibis.array(places)[cell.cast("int32")].cast("int64")


def _best(table: ibis.Table, date: str) -> Any:
    place = table[f"_{date}"]
    first, second = (FROM.index(name) for name in BEST)
    return (place == first) | (place == second)


def _flows(table: ibis.Table) -> pd.DataFrame:
    keys = ["segment_then", "segment_now"]
    grouped = table.group_by("_then", "_now").aggregate(
        customers=table.count(),
        net_revenue_then=exact_sum(table.then_net_revenue.fill_null(0.0)),
        net_revenue_now=exact_sum(table.window_net_revenue.fill_null(0.0)),
    )
    grouped = grouped.mutate(
        segment_then=chosen(FROM, grouped["_then"]), segment_now=chosen(FROM, grouped["_now"])
    ).drop("_then", "_now")
    pairs = pd.MultiIndex.from_product([FROM, TO], names=keys)
    frame = grouped.to_pyarrow().to_pandas().set_index(keys).reindex(pairs, fill_value=0).reset_index()
    return frame.astype({"customers": "int64", "net_revenue_then": "float64", "net_revenue_now": "float64"})


def _largest(
    table: ibis.Table, which: Any, sign: int, names: ibis.Table | pd.DataFrame | None
) -> pd.DataFrame:
    then, now = table.then_net_revenue.fill_null(0.0), table.window_net_revenue.fill_null(0.0)
    rows = table.filter(which).select(
        "customer_id", "_then", "_now", net_revenue_then=then, net_revenue_now=now,
        change=(now - then).round(4),
    )  # fmt: skip
    order = [ibis.asc("change") if sign > 0 else ibis.desc("change"), "customer_id"]
    frame = rows.order_by(order).limit(LISTED).to_pyarrow().to_pandas()
    for column in ("_now", "_then"):
        frame.insert(1, f"segment{column}", [FROM[place] for place in frame.pop(column)])
    frame.insert(1, "name", _names(list(frame["customer_id"]), names))
    return frame


def _names(ids: list[str], names: ibis.Table | pd.DataFrame | None) -> list[str]:
    """Names where the customer file has them, else the ids."""
    if names is None or "name" not in names.columns or not ids:
        return ids
    table = as_table(names, needs=("customer_id",))
    rows = table.filter(table.customer_id.isin(ids)).select("customer_id", "name").to_pyarrow().to_pylist()
    known = {row["customer_id"]: row["name"] for row in rows if row["name"]}
    return [known.get(one, one) for one in ids]
