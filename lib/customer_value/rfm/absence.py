"""Names of absence are for customers who are silent for longer than they usually are.

A score of recency is a rank: somebody is always last, even if all ordered today. So the names that say that a
customer is away (about to sleep, need attention, at risk, can't lose, hibernating, lost, win-back) are given only
where the days since the last order exceed the customer's usual gap: the median of the days between its purchase
days, or the median of the others' where it has bought once. Nobody who bought on the day itself is away. Whoever is
not away has the name that recency 4, or high recency, gives.
"""

from __future__ import annotations

from typing import Any

import ibis

__all__ = ["USUAL_GAP", "is_away", "usual_gap"]

USUAL_GAP = "usual_gap_days"
"""Column of the days between a customer's purchases, as a rule."""


def usual_gap(customers: ibis.Table) -> dict[str, Any]:
    """The column `USUAL_GAP` of a customer table; none where it has no gap_median.

    For a customer without a gap it is the median over those with one that ordered in the window; missing if nobody
    has.
    """
    if "gap_median" not in customers.columns:
        return {}
    others = customers.filter(customers.last_order.notnull(), customers.window_orders > 0)
    known = others.filter(others.gap_median.notnull() & ~others.gap_median.cast("float64").isnan())
    median = known.gap_median.cast("float64").median().to_pyarrow().as_py()
    usual = ibis.literal(median, type="float64")
    own = customers.gap_median.cast("float64")
    return {USUAL_GAP: ibis.ifelse(own.isnull() | own.isnan(), usual, own)}


def is_away(table: ibis.Table, prefix: str = "") -> Any:
    """Whether the silence is longer than usual, as an Ibis expression.

    Examples
    --------
    >>> table = ibis.memtable({"recency_days": [0, 9, 31], "usual_gap_days": [30.0, 30.0, 30.0]})
    >>> is_away(table).to_pyarrow().to_pylist()
    [False, False, True]
    """
    usual = prefix + USUAL_GAP
    gap = table[usual].fill_null(0.0) if usual in table.columns else ibis.literal(0.0)
    return (table[prefix + "recency_days"] > gap).fill_null(False)
