"""Exports that are known: what the columns of a shop's, bank's or office's file hold (``layouts/*.yml``).

A layout is recognised by headings that must all be there; what it says of a column counts only where the values
bear it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis

from customer_value import words
from customer_value.errors import ConfigError, InputError
from customer_value.guess.layout_files import Layout, Status, Words, heading_key, known_layouts, load_layout
from customer_value.guess.profile import Column, Table
from customer_value.guess.remarks import Exclusion
from customer_value.guess.states import StateRules, Value, exclusion, meaning_of, state_key, values_of
from customer_value.sources import date_column, id_column

__all__ = [
    "FromLayout",
    "Layout",
    "apply_layout",
    "known_layouts",
    "load_layout",
    "missing_headings",
    "recognised",
    "require_headings",
]

_MANY, _TOO_MUCH = 20, 0.2
_GUESTS = frozenset(
    ("0", "guest", "gast", "invite", "invitado", "ospite", "convidado", "ゲスト", "游客", "匿名")
)
_MONEY = (
    "amount",
    "refund",
    "cost",
    "unit_cost",
    "margin",
    "unit_price",
    "quantity",
    "list_price",
    "discount",
)
_OFFSET = r"([+-][0-9]{2}:?[0-9]{2}|Z)$"


@dataclass(frozen=True)
class FromLayout:
    """What a layout says of a table, as far as the columns bear it out.

    Attributes
    ----------
    layout
        The layout.
    columns
        Field of ``orders.columns`` to its column. A field whose columns fell out is missing.
    why
        Field to a comment.
    options
        Key of ``orders`` to a value and a comment.
    timezone
        A time zone and a comment, where times carry an offset.
    currency
        A code, where the export implies one.
    rules
        Rows to leave out, credits, and what else may be left out.
    remarks
        What a reader should know; the first says which export it is.
    """

    layout: Layout
    columns: dict[str, str]
    why: dict[str, str] = field(default_factory=dict)
    options: dict[str, tuple[Any, str]] = field(default_factory=dict)
    timezone: tuple[str, str] | None = None
    currency: str | None = None
    rules: StateRules = field(default_factory=StateRules)
    remarks: tuple[str, ...] = ()


def recognised(table: Table, more: Iterable[Layout] = ()) -> Layout | None:
    """The known layout of a table: of those whose headings are all there, the one with most of them.

    Parameters
    ----------
    table
        The table.
    more
        Layouts of the user, which win over those of the package.
    """
    for layouts in (tuple(more), known_layouts()):
        fitting = [layout for layout in layouts if not missing_headings(layout, table)]
        if fitting:
            return max(
                fitting, key=lambda layout: (len(layout.headings), _present(layout, table), layout.told)
            )
    return None


def missing_headings(layout: Layout, table: Table) -> list[str]:
    """The headings of a layout that a table lacks."""
    present = _headings(table)
    return [names[0] for names in layout.headings if not any(heading_key(name) in present for name in names)]


def require_headings(layouts: Sequence[Layout], table: Table, name: str) -> Layout:
    """The layout of a user's file that a table has.

    Raises
    ------
    InputError
        If it has none; the sentence names what is missing.
    """
    found = recognised(table, layouts)
    if found is not None and found in layouts:
        return found
    lacks = min((missing_headings(layout, table) for layout in layouts), key=len)
    listed = words.listing([f"'{words.plain(heading, 40)}'" for heading in lacks], most=6)
    raise InputError(
        f"{table.source.files[0].name} is no file of {name}: it lacks "
        f"{words.verb(len(lacks), 'the column', 'the columns')} {listed}."
    )


def apply_layout(layout: Layout, table: Table) -> FromLayout:
    """What a layout says of a table.

    A column that the layout names is taken only if it bears that out: an amount is a number and not 0 throughout, a
    customer is not one value for all guests, a day can be read.
    """
    present = _headings(table)
    columns = {
        role: column.name
        for role, names in layout.columns.items()
        if (column := _chosen(role, names, table, present))
    }
    off = present.get(heading_key(layout.deduct.get(columns.get("amount", ""), "")))
    if off is not None and _not_zero(table, off):
        columns["deduct"] = off.name
    options: dict[str, tuple[Any, str]] = {}
    if layout.amount_is != "row" and {"amount", "order_id"} <= columns.keys():
        options["amount_is"] = (layout.amount_is, _TOLD[layout.amount_is])
    if (dates := _dates(layout, table, columns.get("order_date"))) is not None:
        options["dates"] = (dates, f"as {layout.name} writes them")
    return FromLayout(
        layout,
        columns,
        why={role: why for role, why in layout.why.items() if role in columns},
        options=options,
        timezone=_timezone(layout, table, columns.get("order_date")),
        currency=layout.currency,
        rules=_rules(layout, table, columns, present),
        remarks=(f"Recognised as an export of {layout.told}", *layout.remarks),
    )


_TOLD = {
    "order_on_each_line": "an order's total stands on each of its rows, and counts once",
    "order_on_first_line": "an order's status and money stand on its first row only",
}


def _headings(table: Table) -> dict[str, Column]:
    return {heading_key(column.name): column for column in table.columns}


def _present(layout: Layout, table: Table) -> int:
    present = _headings(table)
    return sum(any(heading_key(name) in present for name in names) for names in layout.columns.values())


def _chosen(role: str, names: Sequence[str], table: Table, present: Mapping[str, Column]) -> Column | None:
    """The first of several columns that bears out its role."""
    named = [present[heading_key(name)] for name in names if heading_key(name) in present]
    columns = [column for column in named if column.filled]
    if role == "customer_id":
        return _customer(table, columns)
    if role in _MONEY:
        columns = [column for column in columns if _not_zero(table, column)]
    if role == "order_date":
        columns = sorted(columns, key=lambda column: column.kind != "date")
    return columns[0] if columns else None


def _customer(table: Table, columns: Sequence[Column]) -> Column | None:
    """The first column that is filled as well as any and has no value for all who have no id of their own."""
    full = [column for column in columns if column.filled >= 0.9 * max(other.filled for other in columns)]
    own = [column for column in full if column.distinct > 1 and not _holds_guests(table, column)]
    return next(iter([*own, *columns]), None)


def _holds_guests(table: Table, column: Column) -> bool:
    value = id_column(table.source, column.name)
    source = table.source.table.select(value=value)
    source = source.filter(source["value"].notnull())
    most = source.group_by("value").aggregate(rows=source.count())
    row = most.order_by([ibis.desc("rows"), "value"]).limit(1).to_pyarrow().to_pylist()[0]
    share = row["rows"] / column.filled
    return state_key(row["value"]) in _GUESTS or (column.distinct >= _MANY and share > _TOO_MUCH)


def _not_zero(table: Table, column: Column) -> bool:
    """Whether a column holds numbers that are not all 0."""
    if column.kind == "date":
        return False
    try:
        return bool(table.share(table.number(column.name).fill_null(0) != 0))
    except InputError:
        return column.kind == "number"


def _dates(layout: Layout, table: Table, column: str | None) -> str | None:
    """The first notation of the layout by which all dates can be read."""
    if column is None:
        return None
    return next((dates for dates in layout.dates if _reads(table, column, dates)), None)


def _reads(table: Table, column: str, dates: str) -> bool:
    written = id_column(table.source, column).notnull()
    try:
        day, _ = date_column(table.source, column, table.spec.model_copy(update={"dates": dates}), "UTC")
    except (InputError, ConfigError):
        return False
    return (table.share(day.notnull(), written) or 0) > 0.99


def _timezone(layout: Layout, table: Table, column: str | None) -> tuple[str, str] | None:
    if layout.timezone is None or column is None:
        return None
    zoned = id_column(table.source, column).re_search(_OFFSET)
    if not table.share(zoned):
        return None
    return layout.timezone, f"the offset in the times is the one that {layout.name} writes"


def _rules(
    layout: Layout, table: Table, columns: Mapping[str, str], present: Mapping[str, Column]
) -> StateRules:
    money = _money_of(table, columns)
    found = StateRules()
    for status in layout.status:
        column = _filled(status.column, present)
        if column is not None:
            found += _of_status(status, column, values_of(table, column, money))
    negative = [rule for words_ in layout.credits for rule in _credits(words_, table, money, present)]
    excluded = [rule for words_ in layout.exclude for rule in _excluded(words_, table, present)]
    return found + StateRules(tuple(excluded), tuple(negative))


def _of_status(status: Status, column: str, values: Sequence[Value]) -> StateRules:
    if status.only:
        won = [value for value in values if state_key(value.text) in set(map(state_key, status.only))]
        others = [value for value in values if value not in won]
        if not won or not others:
            return StateRules()
        rule = exclusion(status.reason, column, others)
        kept = tuple(value.text for value in won)
        return StateRules((Exclusion(rule.reason, column, "is_not", kept, rule.rows, rule.money),))
    reasons: dict[str, list[Value]] = {}
    listed = []
    for value in values:
        reason = _reason(status, value)
        if reason:
            reasons.setdefault(reason, []).append(value)
        else:
            listed.append(exclusion(value.text[:60], column, [value]))
    excluded = tuple(
        exclusion(reason, column, found, no_order=reason in status.no_order)
        for reason, found in reasons.items()
    )
    return StateRules(excluded, (), tuple(listed) if len(listed) > 1 or excluded else ())


def _reason(status: Status, value: Value) -> str | None:
    """Why rows with a value are no sale; None if they may be one."""
    key = state_key(value.text)
    for reason, no_sale in status.no_sale.items():
        if key in map(state_key, no_sale):
            return reason
    if key in map(state_key, status.sale):
        return None
    meaning = meaning_of(value.text)
    if meaning is None or meaning.counts not in ("never", "unless_negative"):
        return None
    return None if meaning.counts == "unless_negative" and value.negative else meaning.reason


def _credits(rule: Words, table: Table, money: Any, present: Mapping[str, Column]) -> list[Exclusion]:
    column = _filled(rule.column, present)
    if column is None:
        return []
    wanted = set(map(state_key, rule.is_))
    values = [
        value
        for value in values_of(table, column, money)
        if state_key(value.text) in wanted and value.positive
    ]
    return [exclusion(rule.reason, column, values)] if values else []


def _excluded(rule: Words, table: Table, present: Mapping[str, Column]) -> list[Exclusion]:
    column = _filled(rule.column, present)
    if column is None:
        return []
    found = []
    for how, wanted in (("is", rule.is_), ("starts_with", rule.starts_with)):
        counts = {value: _count(table, column, how, value) for value in wanted}
        values = tuple(value for value, rows in counts.items() if rows)
        if values:
            rows = sum(counts.values())
            found.append(Exclusion(rule.reason, column, how, values, rows, no_order=rule.no_order))
    return found


def _count(table: Table, column: str, how: str, value: str) -> int:
    text = id_column(table.source, column)
    holds = text == value if how == "is" else text.startswith(value)
    source = table.source.table.select(holds=holds.fill_null(False))
    return int(source["holds"].sum().as_scalar().to_pyarrow().as_py() or 0)


def _filled(names: Sequence[str], present: Mapping[str, Column]) -> str | None:
    columns = (present.get(heading_key(name)) for name in names)
    return next((column.name for column in columns if column is not None and column.filled), None)


def _money_of(table: Table, columns: Mapping[str, str]) -> Any:
    try:
        if "amount" in columns:
            return table.number(columns["amount"])
        if {"quantity", "unit_price"} <= columns.keys():
            return table.number(columns["quantity"]) * table.number(columns["unit_price"])
    except InputError:
        return None
    return None
