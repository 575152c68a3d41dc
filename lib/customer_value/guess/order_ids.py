"""Which columns number the order and name the product, and which say through which channel it came."""

from __future__ import annotations

import re
from collections.abc import Collection

from customer_value.guess.choice import Choice, heaviest
from customer_value.guess.names import weight
from customer_value.guess.profile import Column, Table
from customer_value.guess.vocabulary import read_heading

__all__ = ["guess_id", "guess_order"]

_NUMBERED = re.compile(r"[^\d\s]{0,12}[-/#_ ]?\d[\d/_.-]*[A-Za-z]?")
_ONE_CUSTOMER = 0.98


def guess_id(role: str, table: Table, taken: Collection[str]) -> Choice | None:
    """The product or channel of a row, by name only; None where none or several are meant."""
    columns = [c for c in _ids(table, taken) if c.distinct > 1 or role == "channel"]
    named = heaviest(role, columns)
    if not named or not all(table.same_partition(named[0].name, other.name) for other in named[1:]):
        return None
    return Choice(named[0].name, named[0].told)


def guess_order(table: Table, taken: Collection[str], date: str | None) -> Choice | None:
    """The number of the order: by name, else a number or code of which each belongs to one day.

    None where no column, or several that tell the rows apart differently, number the orders.
    """
    columns = [c for c in _ids(table, taken) if c.distinct > 1 or table.rows == 1]
    named = [c for c in heaviest("order_id", columns) if _fits(table, c, date)]
    if len(named) > 1:
        named = _of_orders(named)
    if len(named) > 1 and not all(table.same_partition(named[0].name, other.name) for other in named[1:]):
        return None
    if named:
        return Choice(named[0].name, named[0].told)
    coded = [c for c in columns if _may_number(c) and date is not None and _fits(table, c, date)]
    coded = [c for c in coded if c.distinct > 0.2 * c.filled and c.filled > 0.9 * table.rows]
    if len(coded) > 1:
        coded = [c for c in coded if c.distinct < c.filled] or coded[:1]
    return Choice(coded[0].name, coded[0].told) if len(coded) == 1 else None


def _ids(table: Table, taken: Collection[str]) -> list[Column]:
    return [
        c for c in table.columns if c.kind in ("text", "number") and not c.decimals and c.name not in taken
    ]


def _of_orders(columns: list[Column]) -> list[Column]:
    """Of several, those that name the order rather than an invoice or a payment; then those of no reference."""
    ordered = [
        c for c in columns if re.search(r"(?i)order|bestell|auftrag|pedido|commande|订单|訂單|注文", c.name)
    ]
    left = ordered or columns
    plain = [c for c in left if not re.search(r"(?i)ref|extern|parent|orig", c.name)]
    left = plain or left
    best = max(weight("order_id", c.name) for c in left)
    return [c for c in left if weight("order_id", c.name) == best]


def _fits(table: Table, column: Column, date: str | None) -> bool:
    """Whether the rows of an order share their day, as far as it has several."""
    return date is None or column.distinct == column.filled or table.has_one(column.name, date) >= 0.8


def _may_number(column: Column) -> bool:
    """Whether a column that is called no more than number, id, name or reference holds codes with digits."""
    heading = read_heading(column.name)
    if not heading.says or not heading.only("id", "name", "filler") or heading.has("given_name"):
        return False
    return all(_NUMBERED.fullmatch(value) for value, _ in column.common)
