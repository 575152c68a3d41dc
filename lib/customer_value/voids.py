"""Sales that were taken back as if they had never been: neither a purchase nor a return.

A sale and a credit of one customer, the same product and exactly opposite amount cancel each other where the
credit follows within `OrdersTable.void_days` (0: on the same day) and, if times are known, not before the sale.
Each credit, in order of time, takes the latest sale that is still free. That is how brackets match: with +1 for a
sale and −1 for a credit, a sale that lifts the running sum to some level is taken by the next event at that level,
so that two window functions do what a loop would.

Where the product is not known, a credit takes a sale of the same order, or one whose amount occurs once among
the customer's sales of that day. Money given back in a column of its own has no day of its own, and so is no void.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from customer_value import words
from customer_value.engines import Engine
from customer_value.ledger import LedgerLine
from customer_value.order_money import ADDED
from customer_value.reduce import VOID
from customer_value.reduction import NUMBER, ORDER_NUMBER
from customer_value.settings import OrdersTable
from customer_value.sources.native import can_be_joined

__all__ = ["TIME", "VOID_NOTE", "Voids", "void_note", "with_voids"]

TIME = "_time"
"""Column of order rows: microseconds after midnight, NULL where the time of day is not known."""

VOID_NOTE = "void"
"""What the ledger calls void rows."""

_AFTER_ALL = 86_400 * 1_000_000
_HELPERS = ("_size", "_open", "_kind", "_when", "_alone", "_pool", "_level", "_edge", "_before", "_after")


@dataclass(frozen=True)
class Voids:
    """Void rows, and what was sold by them before it was taken back."""

    rows: int
    gross: Decimal


def with_voids(
    judged: ibis.Table,
    account: pd.DataFrame,
    spec: OrdersTable,
    dropped: str,
    engine: Engine,
    scratch: Path,
) -> tuple[ibis.Table, Voids | None]:
    """Mark the void ones among judged order rows.

    Parameters
    ----------
    judged
        Order rows with ``outcome`` (NULL: kept) and perhaps `TIME`, which is used up.
    account
        What became of all rows, with the columns outcome and returns.
    spec
        Of the orders.
    dropped
        The outcome of returns that are left out only because they are returns; void ones are kept.
    engine, scratch
        Where rows that may be void are kept.

    Returns
    -------
    tuple
        The rows, with the boolean column `VOID` if there are void ones, and what these amount to.
    """
    relevant = account["outcome"].isna() | (account["outcome"] == dropped)
    if not account.loc[relevant, "returns"].sum():
        return _without_time(judged), None
    is_open = judged.outcome.isnull() | (judged.outcome == dropped)
    if ADDED in judged.columns:
        is_open &= ~judged[ADDED]
    sized = judged.mutate(_size=judged.amount.abs(), _open=is_open)
    keys = [_customer(judged), "_size", *(["order_date"] if spec.void_days == 0 else [])]
    credited = sized.filter(sized["_open"] & (sized.amount < 0)).select(*keys).distinct()
    told = _told(_joined(sized, credited, keys), keys, spec.void_days, dropped)
    if can_be_joined(judged):
        path = scratch / "voids.parquet"
        engine.save(told, path)
        told = engine.read(path, like=judged)
        credited = told.filter(told[VOID]).select(*keys).distinct()
        told = told.semi_join(credited, keys)
    found = told.aggregate(rows=told[VOID].sum(), gross=told.amount.sum(where=told[VOID] & (told.amount > 0)))
    sums = found.to_pyarrow().to_pylist()[0]
    if not sums["rows"]:
        return _without_time(judged), None
    rest = sized.anti_join(credited, keys).mutate(**{VOID: ibis.literal(False)})
    columns = [*(name for name in judged.columns if name != TIME), VOID]
    marked = ibis.union(told.select(columns), rest.select(columns))
    return marked, Voids(int(sums["rows"]), Decimal(str(sums["gross"])))


def void_note(voids: Voids | None, void_days: int, money: Callable[[Decimal], str]) -> tuple[LedgerLine, ...]:
    """The ledger line of the void rows, which are among the kept ones."""
    if voids is None:
        return ()
    within = "on the same day" if void_days == 0 else f"within {words.count(void_days, 'day')}"
    detail = f"{money(voids.gross)} was sold and taken back {within}: neither purchases nor returns"
    return (LedgerLine("orders", "note", VOID_NOTE, voids.rows, voids.gross, detail),)


def _joined(sized: ibis.Table, credited: ibis.Table, keys: list[str]) -> ibis.Table:
    """The rows with such keys. Numbers become texts after the join: the engine would make them of all rows before."""
    known = {
        text: number
        for text, number in (("customer_id", NUMBER), ("order_id", ORDER_NUMBER))
        if number in sized.columns
    }
    found = sized.drop(*known).semi_join(credited, keys)
    return found.mutate(**{text: found[number].cast("string") for text, number in known.items()})


def _told(candidates: ibis.Table, keys: list[str], void_days: int, dropped: str) -> ibis.Table:
    """The rows with `VOID`; void ones are kept even if they were dropped as returns."""
    sale = candidates.amount > 0
    kind = ibis.ifelse(sale, ibis.literal(0, "int8"), ibis.literal(1, "int8"))
    unknown = ibis.ifelse(sale, ibis.literal(-1, "int64"), ibis.literal(_AFTER_ALL, "int64"))
    when = ibis.coalesce(candidates[TIME], unknown) if TIME in candidates.columns else unknown
    table = candidates.mutate(_kind=kind, _when=when)
    own = [*keys, "_open"]
    table = _with_pools(table, own, void_days)
    order = _order(table)
    step = ibis.ifelse(table["_kind"] == 0, 1, -1).cast("int64")
    pools = [*own, "_pool"]
    level = step.sum().over(ibis.window(group_by=pools, order_by=order, preceding=None, following=0))
    table = table.mutate(_level=level.cast("int64"))
    table = table.mutate(_edge=table["_level"] + table["_kind"].cast("int64"))
    beside = {"_before": -1, "_after": 1}
    group = [*pools, "_edge"]
    table = table.mutate(**{name: _neighbour(table, group, step) for name, step in beside.items()})
    since = table.order_date.delta(table["_before"], unit="day")
    until = table["_after"].delta(table.order_date, unit="day")
    taken, takes = (table["_kind"] == 0) & (until <= void_days), (table["_kind"] == 1) & (since <= void_days)
    void = (table["_open"] & table["_pool"].notnull() & (taken | takes)).fill_null(False)
    table = table.mutate(**{VOID: void})
    kept = table[VOID] & (table.outcome == dropped)
    outcome = ibis.ifelse(kept.fill_null(False), ibis.null("string"), table.outcome)
    return table.mutate(outcome=outcome).drop(*(name for name in _HELPERS if name not in keys))


def _with_pools(table: ibis.Table, own: list[str], void_days: int) -> ibis.Table:
    """Add the ``_pool`` within which a credit may take a sale: a product, an order, or all; NULL for none."""
    day = list(dict.fromkeys([*own, "order_date"]))
    sales = ibis.ifelse(table["_kind"] == 0, 1, 0).sum().over(ibis.window(group_by=day))
    table = table.mutate(_alone=sales == 1)
    if "order_id" in table.columns:
        order = ibis.literal("order ") + table.order_id
        crowded = ibis.ifelse((table["_kind"] == 0) & ~table["_alone"], 1, 0)
        its_own = crowded.max().over(ibis.window(group_by=[*own, "order_id"])) == 1
    else:
        order, its_own = ibis.null("string"), ibis.literal(False)
    by_order = (
        ~table["_alone"] if void_days == 0 else ibis.ifelse(table["_kind"] == 0, ~table["_alone"], its_own)
    )
    pool = ibis.ifelse(by_order, order, ibis.literal("any"))
    if "product_id" in table.columns:
        pool = ibis.coalesce(ibis.literal("product ") + table.product_id, pool)
    return table.mutate(_pool=pool)


def _neighbour(table: ibis.Table, group: list[str], step: int) -> Any:
    """The date of the row before (−1) or after (1) in its group, where sales and credits take turns."""
    beside = ibis.window(group_by=group, order_by=_order(table), rows=(step, step))
    return table.order_date.max().over(beside)


def _order(table: ibis.Table) -> list[Any]:
    """Time, and then whatever tells rows apart, so that the order of rows in the source never decides."""
    first = ["order_date", "_when", "_kind"]
    others = ("order_id", "product_id", "quantity", "unit_price", "cost", "discount", "channel", "_hash")
    told = [ibis.asc(table[name], nulls_first=True) for name in others if name in table.columns]
    return [*first, *told]


def _customer(rows: ibis.Table) -> str:
    return NUMBER if NUMBER in rows.columns else "customer_id"


def _without_time(rows: ibis.Table) -> ibis.Table:
    return rows.drop(TIME) if TIME in rows.columns else rows
