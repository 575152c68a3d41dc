"""Which columns hold the cost, the margin and the discount of a row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from customer_value import words
from customer_value.guess.arithmetic import equal, price_grows
from customer_value.guess.choice import Choice, heaviest, shown
from customer_value.guess.names import weight
from customer_value.guess.profile import Column, Table
from customer_value.guess.vocabulary import read_heading

__all__ = ["guess_costs", "guess_discount", "guess_refund"]

_MOSTLY = 0.95


def guess_costs(
    table: Table, columns: Mapping[str, str], taken: Collection[str]
) -> tuple[dict[str, Choice], list[str]]:
    """Columns for one of ``cost``, ``unit_cost`` and ``margin``, and remarks on what was left out.

    Parameters
    ----------
    columns
        Field to column, of those that are found.
    taken
        Columns that hold something else.
    """
    numbers = [c for c in table.of_kind("number") if c.name not in taken and _is_money(table, c)]
    for role in ("cost", "margin", "unit_cost"):
        column = _only([c for c in heaviest(role, numbers) if weight(role, c.name) == 3], table)
        if column is not None and (role != "unit_cost" or "quantity" in columns):
            return {role: Choice(column.name, f"{role.replace('_', ' ')}, by its name")}, []
    column = _only(heaviest("cost", numbers), table)
    if column is None:
        return {}, []
    kind = _kind_of_cost(table, column.name, columns)
    if kind is None:
        name = shown(column.name)
        return {}, [f"{name} may be the cost of a row (cost) or of one piece (unit_cost); add the right one."]
    told = "of one piece" if kind == "unit_cost" else "of the whole row"
    return {kind: Choice(column.name, f"{told}, compared with the quantity")}, []


def guess_discount(table: Table, taken: Collection[str]) -> tuple[Choice | None, list[str]]:
    """The column for ``discount`` if it holds fractions, and a remark if it holds something else."""
    numbers = [c for c in table.of_kind("number") if c.name not in taken]
    column = _only(heaviest("discount", numbers), table)
    if column is None or column.distinct < 2:
        return None, []
    value = table.number(column.name)
    fractions = table.share((value > 0) & (value < 1), value != 0)
    if table.share(value.between(0, 1)) == 1.0 and fractions:
        return Choice(column.name, "fractions of the list price"), []
    return None, [f"{shown(column.name)} is not used: a discount must be a fraction such as 0.15."]


def guess_refund(table: Table, amount: str, taken: Collection[str]) -> Choice | None:
    """The column with money given back on a row's amount: called so, not all 0, never more than was paid."""
    money = [c.name for c in table.of_kind("number") if weight("amount", c.name) and c.name in table.numbers]
    for column in table.of_kind("number"):
        if column.name in taken or not _is_money(table, column) or not _is_refund(column.name):
            continue
        given = table.numbers[column.name].abs()
        rows = table.numbers[given > 0]
        paid = rows[[amount, *money]].abs().max(axis=1)
        fits = rows[column.name].abs() <= paid + 0.01
        if len(rows) and fits.mean() >= _MOSTLY:
            told = f"money given back, a return of its own; in {words.percent(len(rows) / len(table.numbers))} of rows"
            return Choice(column.name, told)
    return None


def _is_refund(name: str) -> bool:
    heading = read_heading(name)
    kept = ("refund", "amount", "total", "other_date", "filler", "order", "payment", "currency")
    return heading.names("refund", beside=kept)


def _only(columns: Sequence[Column], table: Table) -> Column | None:
    """The first column, if any others tell the same."""
    if not columns or not all(equal(table.numbers, columns[0].name, other.name) for other in columns[1:]):
        return None
    return columns[0]


def _is_money(table: Table, column: Column) -> bool:
    """Whether a column holds more than zeros and fractions such as 0.35."""
    if column.name not in table.numbers:
        return False
    values = table.numbers[column.name].dropna().abs()
    return bool(len(values) and values.max() > 1)


def _kind_of_cost(table: Table, cost: str, columns: Mapping[str, str]) -> str | None:
    if "quantity" not in columns:
        return "cost"
    quantity = table.number(columns["quantity"])
    several = quantity >= 2
    if not table.share(several):
        return "cost"
    value = table.number(cost)
    grows = price_grows(table, columns["quantity"], cost, columns.get("product_id"))
    if grows is not None:
        return "cost" if grows else "unit_cost"
    if "unit_price" in columns:
        price = table.number(columns["unit_price"])
        whole = quantity * price
    elif "amount" in columns:
        whole = table.number(columns["amount"])
        price = whole.cast("float64") / quantity.cast("float64")
    else:
        return None
    below_price = table.share(value <= price, several) or 0.0
    if below_price >= 0.9:
        return "unit_cost"
    plausible = table.share(value.between(0, whole * 1.5), several) or 0.0
    return "cost" if below_price <= 0.1 and plausible >= 0.9 else None
