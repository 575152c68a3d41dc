"""Which money of an order counts where its amount is not simply that of each row.

An order's total may be repeated on each of its lines or stand on the first one only, money given back may stand in
a column of its own, and a credit note may be written with a positive amount.
"""

from __future__ import annotations

from typing import Any

import ibis

from customer_value import words
from customer_value.errors import InputError
from customer_value.settings import Credits, OrdersTable
from customer_value.sources import Source, find_place, id_column, number_column
from customer_value.sources.engine import MONEY, hashed
from customer_value.sources.native import row_key
from customer_value.unread import BLANK

__all__ = [
    "ADDED",
    "REFUND",
    "as_credits",
    "first_return",
    "less",
    "of_order",
    "order_totals",
    "totals_warnings",
    "with_refund",
    "with_refunds",
]

REFUND = "_refund"
"""Money given back on a row, never negative; NULL or 0 where nothing was."""

ADDED = "_added"
"""Whether a row was not read but stands for money given back on one that was."""

FEW = 0.05
"""Up to this share of the orders with several lines may contradict what the settings say of their total."""

_ORDER, _NTH, _TOTAL, _BACK = "_order", "_nth", "_total", "_back"


def less(source: Source, amount: Any, column: str, off: Any) -> Any:
    """An amount without the money off it, whatever sign that is written with; NULL where that cannot be read."""
    net = ibis.ifelse(amount < 0, amount + off.abs(), amount - off.abs())
    return ibis.ifelse(id_column(source, column).isnull(), amount, net).cast(MONEY)


def with_refund(source: Source, amount: Any, column: str, value: Any) -> dict[str, Any]:
    """Amount and money given back; where that cannot be read, what is left of the amount cannot either."""
    unread = id_column(source, column).notnull() & value.isnull()
    return {"amount": ibis.ifelse(unread, ibis.null(MONEY), amount), REFUND: value.abs()}


def of_order(source: Source, spec: OrdersTable, value: Any) -> Any:
    """A value of a row or, where it is blank and an order's fields stand on its first line, that of its order."""
    if spec.amount_is != "order_on_first_line" or spec.columns.order_id is None:
        return value
    order = id_column(source, spec.columns.order_id)
    known = value.min().over(ibis.window(group_by=order))
    return ibis.ifelse(value.isnull() & order.notnull(), known, value)


def as_credits(source: Source, spec: OrdersTable, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with amount, cost and quantity negative in the rows that are credits."""
    if not spec.credits:
        return fields
    credit = ibis.or_(*(_is_credit(source, spec, rule) for rule in spec.credits))
    signed = {
        name: ibis.ifelse(credit, -fields[name].abs(), fields[name]).cast(fields[name].type())
        for name in ("amount", "cost", "quantity")
        if name in fields
    }
    return fields | signed


def order_totals(typed: ibis.Table, spec: OrdersTable) -> ibis.Table:
    """The typed rows with each order's total on one of them and 0 on the others.

    An order is what one customer ordered under one number, until that comes again after a longer pause than an order
    takes. Which line keeps a repeated total depends on no order of rows: one that is kept if there is one, of the
    earliest day. Where the lines disagree, the largest counts. Rows without an order number stand for themselves.
    """
    if spec.amount_is == "row":
        return typed
    orders = _numbered(typed, spec)
    lines = _lines_of_order(orders)
    if spec.amount_is == "order_on_first_line":
        elsewhere = (
            orders.order_id.notnull() & orders[BLANK["amount"]] & (orders.amount.count().over(lines) > 0)
        )
        amount = ibis.ifelse(elsewhere, _zero(), orders.amount)
        return orders.mutate(amount=amount).drop(_ORDER)
    nth = ibis.row_number().over(
        ibis.window(group_by=["customer_id", "order_id", _ORDER], order_by=_by_weight(orders))
    )
    largest = ibis.greatest(orders.amount.abs().max().over(lines), _zero())
    positive = orders.amount.max().over(lines) == largest
    told = {_NTH: nth, _TOTAL: ibis.ifelse(positive, largest, -largest).cast(MONEY)}
    if REFUND in orders.columns:
        told[_BACK] = orders[REFUND].max().over(lines)
    known = orders.mutate(**told)
    several = known.order_id.notnull() & known[_TOTAL].notnull()
    counted = {"amount": _once(known, several, known[_TOTAL], known.amount)}
    if REFUND in orders.columns:
        counted[REFUND] = _once(known, several, known[_BACK], known[REFUND])
    return known.mutate(**counted).drop(_ORDER, *told)


def totals_warnings(typed: ibis.Table, spec: OrdersTable) -> list[str]:
    """What contradicts that the amount is the order's total, in the typed rows as they were read.

    Raises
    ------
    InputError
        If that is so in more than a few orders with several lines.
    """
    if spec.amount_is == "row":
        return []
    orders = _numbered(typed.filter(typed.order_id.notnull()), spec)
    groups = orders.group_by("customer_id", "order_id", _ORDER).aggregate(
        lines=orders.count(),
        amounts=orders.amount.count(),
        least=orders.amount.min(),
        most=orders.amount.max(),
    )
    groups = groups.filter(groups.lines > 1)
    each = spec.amount_is == "order_on_each_line"
    odd = groups.most > groups.least if each else groups.amounts > 1
    counts = groups.aggregate(n=groups.count(), odd=odd.sum(), order=groups.order_id.min(where=odd))
    found = counts.to_pyarrow().to_pylist()[0]
    if not found["odd"]:
        return []
    said = (
        f"orders, column '{words.plain(spec.columns.amount or '')}': {words.count(int(found['odd']))} of "
        f"{words.count(int(found['n']), 'order')} with several lines "
        f"{words.verb(int(found['odd']), 'has', 'have')} "
        f"{'different totals on them' if each else 'an amount on more than one of them'}, for instance order "
        f"'{words.plain(found['order'], 40)}'"
    )
    if found["odd"] > max(1, FEW * found["n"]):
        other = (
            "amount_is: row"
            if each
            else "amount_is: order_on_each_line if the order's total is repeated, or row"
        )
        raise InputError(f"{said}, so it is not what amount_is: {spec.amount_is} says. Set {other}.")
    return [f"{said}; {'the largest counts' if each else 'they are added up'}."]


def with_refunds(source: Source, judged: ibis.Table, spec: OrdersTable, dropped: str) -> ibis.Table:
    """The judged rows and, for each kept one on which money was given back, a return of the same day and order.

    A refund gives back money and no goods: it has no product, no quantity and no cost of its own.

    Parameters
    ----------
    source, judged, spec
        The orders; ``judged`` has the columns outcome and `REFUND` if one is mapped.
    dropped
        The outcome of returns where the settings leave them out.
    """
    if REFUND not in judged.columns:
        return judged
    rows = judged.mutate(**{ADDED: ibis.literal(False)})
    back = rows.filter(rows.outcome.isnull() & (rows[REFUND] > 0))
    changed: dict[str, Any] = {
        "amount": (-back[REFUND]).cast(MONEY),
        "_hash": _other_hash(source, back["_hash"]),
        ADDED: ibis.literal(True),
    }
    if spec.returns == "drop":
        changed["outcome"] = ibis.literal(dropped)
    if "cost" in rows.columns:
        changed["cost"] = _zero()
    for name in ("product_id", "quantity", "unit_price", "discount"):
        if name in rows.columns:
            changed[name] = ibis.null(rows[name].type())
    returns = back.mutate(**changed).select(*rows.columns)
    return ibis.union(rows, returns).drop(REFUND)


def first_return(source: Source, spec: OrdersTable) -> tuple[str, str, str]:
    """Column, place and value of the first return: a negative amount, money given back, or a credit."""
    amount = spec.columns.amount or spec.columns.quantity or ""
    looked = [(amount, number_column(source, amount, spec)[0] < 0)]
    if spec.columns.refund:
        looked.append((spec.columns.refund, number_column(source, spec.columns.refund, spec)[0] != 0))
    looked += [(rule.column, _is_credit(source, spec, rule)) for rule in spec.credits]
    for column, holds in looked:
        place, value = find_place(source, column, holds)
        if place:
            return column, place, value
    return amount, source.files[0].name, ""


def _is_credit(source: Source, spec: OrdersTable, rule: Credits) -> Any:
    text = of_order(source, spec, id_column(source, rule.column))
    return text.isin([str(value) for value in rule.is_]).fill_null(False)


def _numbered(typed: ibis.Table, spec: OrdersTable) -> ibis.Table:
    """The rows with the number of the order among those that its customer has under the same order id."""
    same = ["customer_id", "order_id"]
    day = ibis.coalesce(typed.order_date, typed.order_date.min().over(ibis.window(group_by=same)))
    dated = typed.mutate(_day=day)
    in_time = ibis.window(group_by=same, order_by="_day")
    pause = dated.mutate(_pause=dated["_day"].delta(dated["_day"].lag().over(in_time), unit="day"))
    new = ibis.ifelse(pause["_pause"] > spec.order_number_days, 1, 0)
    till_now = ibis.window(group_by=same, order_by="_day", range=(None, 0))
    steps = pause.mutate(_new=new)
    return steps.mutate(**{_ORDER: steps["_new"].sum().over(till_now)}).drop("_day", "_pause", "_new")


def _lines_of_order(orders: ibis.Table) -> Any:
    return ibis.window(group_by=["customer_id", "order_id", _ORDER])


def _by_weight(orders: ibis.Table) -> list[Any]:
    """In which order the lines of an order are asked to carry its total."""
    day = orders.order_date.fill_null(ibis.literal("2199-12-31").cast("date"))
    usable = orders["_excluded"].isnull() & orders.order_date.notnull() & orders.customer_id.notnull()
    lines = [ibis.ifelse(usable, 0, 1), day]
    lines += [
        orders[name].cast(MONEY).fill_null(_zero())
        for name in ("quantity", "discount")
        if name in orders.columns
    ]
    return [*lines, orders["_file"], orders["_hash"]]


def _once(known: ibis.Table, several: Any, total: Any, alone: Any) -> Any:
    """An order's money on its first line and 0 on the others; that of the row where it belongs to no order."""
    return ibis.ifelse(several, ibis.ifelse(known[_NTH] == 0, total, _zero()), alone).cast(MONEY)


def _zero() -> Any:
    return ibis.literal(0).cast(MONEY)


def _other_hash(source: Source, value: Any) -> Any:
    """A hash that differs from that of the row, and is equal for refunds of equal rows."""
    if source.engine != "duckdb":
        return row_key(source, [value, ibis.literal(REFUND)])
    return hashed(ibis.struct({"row": value, "what": ibis.literal(REFUND)}))
