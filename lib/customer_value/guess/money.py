"""Which columns hold the money of a row: one amount, or quantity and unit price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis

from customer_value import words
from customer_value.guess.choice import Choice, doubt, heaviest, shown
from customer_value.guess.names import is_tax, tokens_of, weight
from customer_value.guess.profile import Column, Table, first
from customer_value.sources import id_column

__all__ = ["guess_costs", "guess_discount", "guess_money"]

_NEARLY = 0.95
_WHAT = "the amount of a row"


def guess_money(table: Table, order_id: str | None) -> dict[str, Choice]:
    """Columns for ``amount``, ``quantity`` and ``unit_price``.

    An amount is wanted that can be added up: of one row (not the total of its order on every
    line), net of tax and after discounts. Without such a column it is quantity × unit price.
    An empty result means that nothing looks like money.
    """
    numbers = table.of_kind("number")
    found: dict[str, Choice] = {}
    quantity = _only(heaviest("quantity", numbers), table)
    price = _only(heaviest("unit_price", [c for c in numbers if weight("amount", c.name) == 0]), table)
    if quantity is not None:
        found["quantity"] = Choice(quantity.name, quantity.told)
    product = _product(table, quantity, price)
    amounts = [c for c in numbers if weight("amount", c.name) and c not in (quantity, price)]
    amount = _best_amount(table, amounts, product, order_id)
    if amount is not None:
        found["amount"] = amount
        if price is not None and weight("unit_price", price.name) == 3:
            found["unit_price"] = Choice(price.name, price.told)
        return found
    if price is not None:
        return found | _from_price(table, quantity, price)
    return found | _by_content(table, numbers, quantity)


def guess_costs(table: Table, found: dict[str, Choice]) -> tuple[dict[str, Choice], list[str]]:
    """Columns for one of ``cost``, ``unit_cost`` and ``margin``, and remarks on what was left out."""
    numbers = [
        c for c in table.of_kind("number") if c.name not in {choice.column for choice in found.values()}
    ]
    for role in ("cost", "margin", "unit_cost"):
        column = _only([c for c in heaviest(role, numbers) if weight(role, c.name) == 3], table)
        if column is not None and (role != "unit_cost" or "quantity" in found):
            return {role: Choice(column.name, f"{role.replace('_', ' ')}, by its name")}, []
    column = _only(heaviest("cost", numbers), table)
    if column is None:
        return {}, []
    kind = _kind_of_cost(table, column.name, found)
    if kind is None:
        name = shown(column.name)
        return {}, [f"{name} may be the cost of a row (cost) or of one piece (unit_cost); add the right one."]
    told = "of one piece" if kind == "unit_cost" else "of the whole row"
    return {kind: Choice(column.name, f"{told}, compared with quantity and price")}, []


def guess_discount(table: Table, taken: Sequence[str]) -> tuple[Choice | None, list[str]]:
    """The column for ``discount`` if it holds fractions, and a remark if it holds something else."""
    numbers = [c for c in table.of_kind("number") if c.name not in taken]
    column = _only(heaviest("discount", numbers), table)
    if column is None or column.distinct < 2:
        return None, []
    if table.share(table.number(column.name).between(0, 1)) == 1.0:
        return Choice(column.name, "fractions of the list price"), []
    return None, [f"{shown(column.name)} is not used: a discount must be a fraction such as 0.15."]


def _only(columns: Sequence[Column], table: Table) -> Column | None:
    """The first column, if any others tell the same."""
    if not columns or not all(_equal(table, columns[0].name, other.name) for other in columns[1:]):
        return None
    return columns[0]


def _equal(table: Table, one: str, other: str) -> bool:
    return _near(table, table.number(one), table.number(other)) > 0.999


def _near(table: Table, one: Any, other: Any, among: Any = None) -> float:
    """Share of rows in which two numbers agree to a cent or half a percent."""
    one, other = one.cast("float64"), other.cast("float64")
    close = (one - other).abs() <= ibis.greatest(ibis.literal(0.011), 0.005 * one.abs())
    return table.share(close, among) or 0.0


def _product(table: Table, quantity: Column | None, price: Column | None) -> Any:
    if quantity is None or price is None:
        return None
    return table.number(quantity.name).cast("float64") * table.number(price.name).cast("float64")


def _best_amount(table: Table, amounts: list[Column], product: Any, order_id: str | None) -> Choice | None:
    if not amounts:
        return None
    left, reasons = amounts, []
    totals = [c for c in left if order_id is not None and _is_order_total(table, c.name, order_id, product)]
    if totals:
        left = [c for c in left if c not in totals]
        if not left and product is not None:
            return None
        if not left:
            return _total_on_each_line(totals[0])
    net = [c for c in left if weight("amount", c.name) > 1]
    left = _distinct(table, sorted(net or left, key=lambda c: -weight("amount", c.name)))
    for rule, reason in (
        (_without_tax, "net of tax"),
        (_after_discount, "after discounts"),
        (_called_net, "net by its name"),
    ):
        kept = rule(table, left)
        reasons += [reason] if len(kept) < len(left) else []
        left = kept
    if len(left) > 1 and product is not None:
        left = [c for c in left if _near(table, table.number(c.name), product) >= _NEARLY] or left
    if len(left) > 1:
        return doubt(left, _WHAT)
    return Choice(left[0].name, "; ".join([*reasons, *_remarks(table, left[0], product, net)]))


def _remarks(table: Table, amount: Column, product: Any, net: Sequence[Column]) -> list[str]:
    remarks = []
    if product is not None:
        share = _near(table, table.number(amount.name), product)
        if share >= 0.5:
            remarks.append(f"is quantity × unit price in {words.percent(share)} of rows")
    if not net:
        remarks.append("its name says that tax is included, and there is no other amount")
    return remarks or [amount.told]


def _total_on_each_line(column: Column) -> Choice:
    reason = (
        f"column {shown(column.name)} is the same on every line of an order, so it looks like the total of the "
        "order; adding it up would count it several times."
    )
    return Choice(column.name, reason, ("another column",))


def _is_order_total(table: Table, amount: str, order_id: str, product: Any) -> bool:
    """Whether a column has one value in every order of several lines (of which there are enough)."""
    if product is not None and _near(table, table.number(amount), product) >= _NEARLY:
        return False
    lines = table.source.table.select(order=id_column(table.source, order_id), amount=table.number(amount))
    lines = lines.filter(lines["order"].notnull() & lines["amount"].notnull())
    orders = lines.group_by("order").aggregate(lines=lines.count(), values=lines["amount"].nunique())
    several = orders.filter(orders["lines"] > 1)
    seen = first(several.aggregate(orders=several.count(), same=(several["values"] == 1).sum()))
    return bool(seen["orders"] >= 5 and seen["same"] >= 0.98 * seen["orders"])


def _distinct(table: Table, columns: Sequence[Column]) -> list[Column]:
    kept: list[Column] = []
    for column in columns:
        if not any(_equal(table, other.name, column.name) for other in kept):
            kept.append(column)
    return kept


def _without_tax(table: Table, columns: list[Column]) -> list[Column]:
    taxes = [c for c in table.of_kind("number") if is_tax(c.name) and c not in columns]
    return [c for c in columns if not any(_sums_to(table, net, tax, c) for net in columns for tax in taxes)]


def _after_discount(table: Table, columns: list[Column]) -> list[Column]:
    cuts = [
        c for c in table.of_kind("number") if "discount" in tokens_of(c.name) or weight("discount", c.name)
    ]
    return [c for c in columns if not any(_sums_to(table, net, cut, c) for net in columns for cut in cuts)]


def _sums_to(table: Table, one: Column, part: Column, whole: Column) -> bool:
    if one is whole or part.distinct < 2:
        return False
    added = table.number(part.name)
    return _near(table, table.number(whole.name), table.number(one.name) + added.abs(), added != 0) >= _NEARLY


def _called_net(table: Table, columns: list[Column]) -> list[Column]:
    return [c for c in columns if weight("amount", c.name) == 3] or columns


def _from_price(table: Table, quantity: Column | None, price: Column) -> dict[str, Choice]:
    sure = weight("unit_price", price.name) == 3
    if quantity is None:
        if sure:
            reason = f"column {shown(price.name)} is the price of one piece, but no column looks like the quantity."
            return {"amount": Choice(price.name, reason, ("a column of your own",))}
        return {"amount": Choice(price.name, f"one piece per row; {price.told}")}
    if sure or quantity.distinct == 1:
        return {"unit_price": Choice(price.name, "the amount of a row is quantity × unit price")}
    verdict = _price_of(table, quantity.name, price.name)
    if verdict == "unit":
        return {
            "unit_price": Choice(price.name, "does not grow with quantity, so it is the price of one piece")
        }
    if verdict == "row":
        return {"amount": Choice(price.name, "grows with quantity, so it is the amount of the row")}
    reason = (
        f"column {shown(price.name)} may be the price of one piece (unit_price) or of the whole row (amount)."
    )
    return {"unit_price": Choice(price.name, reason, ("as amount instead of unit_price",))}


def _price_of(table: Table, quantity: str, price: str) -> str | None:
    """Which repeats itself: the price, or the price divided by the quantity."""
    source = table.source.table.select(
        quantity=table.number(quantity), price=table.number(price).cast("float64")
    )
    source = source.filter((source["quantity"] > 1) & (source["price"] > 0))
    each = (source["price"] / source["quantity"].cast("float64")).round(3)
    seen = first(source.aggregate(prices=source["price"].nunique(), each=each.nunique(), n=source.count()))
    if seen["n"] < 5:
        return None
    if seen["prices"] < 0.7 * seen["each"]:
        return "unit"
    return "row" if seen["each"] < 0.7 * seen["prices"] else None


def _by_content(table: Table, numbers: Sequence[Column], quantity: Column | None) -> dict[str, Choice]:
    """The only column with decimals, where no name says anything."""
    roles = ("cost", "unit_cost", "margin", "discount", "list_price")
    unknown = [
        c
        for c in numbers
        if c is not quantity and not is_tax(c.name) and not any(weight(r, c.name) for r in roles)
    ]
    decimals = [c for c in unknown if c.decimals] if not table.named else []
    if len(decimals) == 1:
        return {"amount": Choice(decimals[0].name, f"the only column with decimals; {decimals[0].told}")}
    candidates = decimals or [c for c in unknown if c.decimals]
    if not candidates:
        return {}
    if len(candidates) == 1:
        reason = (
            f"column {shown(candidates[0].name)} has decimals, but its name does not say that it is money."
        )
        return {"amount": Choice(candidates[0].name, reason, ("another column",))}
    return {"amount": doubt(candidates, _WHAT)}


def _kind_of_cost(table: Table, cost: str, found: dict[str, Choice]) -> str | None:
    if "quantity" not in found:
        return "cost"
    quantity = table.number(found["quantity"].column)
    several = quantity >= 2
    if not table.share(several):
        return "cost"
    value = table.number(cost)
    if "unit_price" in found:
        price = table.number(found["unit_price"].column)
        whole = quantity * price
    elif "amount" in found:
        whole = table.number(found["amount"].column)
        price = whole.cast("float64") / quantity.cast("float64")
    else:
        return None
    below_price = table.share(value <= price, several) or 0.0
    if below_price >= 0.9:
        return "unit_cost"
    plausible = table.share(value.between(0, whole * 1.5), several) or 0.0
    return "cost" if below_price <= 0.1 and plausible >= 0.9 else None
