"""From what the columns hold to a draft of settings: every field, every option and every question of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from customer_value import words
from customer_value.errors import InputError
from customer_value.guess.choice import Choice, Found, Question, shown
from customer_value.guess.costs import guess_costs, guess_discount, guess_refund
from customer_value.guess.customers import guess_customer
from customer_value.guess.days import guess_date, read_dates
from customer_value.guess.layouts import FromLayout, Layout, apply_layout
from customer_value.guess.money import guess_money
from customer_value.guess.oddities import (
    blanks_from_above,
    guests,
    spellings,
    stands_once,
    totals,
    without_repeats,
)
from customer_value.guess.opening import Chosen
from customer_value.guess.order_ids import guess_id, guess_order
from customer_value.guess.profile import Table, first
from customer_value.guess.remarks import UNKNOWN, Currency, Exclusion, guess_currency, no_goods, prefixes
from customer_value.guess.states import StateRules, state_rules
from customer_value.guess.vocabulary import read_heading
from customer_value.guess.writing import Draft
from customer_value.sources import id_column
from customer_value.sources.offers import offers

__all__ = ["drafted"]

_NUMBERS = ("amount", "quantity", "unit_price", "cost", "unit_cost", "margin", "refund")
_WHOLE_MONEY = ("JPY", "KRW", "VND", "CLP", "ISK")
"""Currencies without decimals."""


def drafted(table: Table, chosen: Chosen, layout: Layout | None = None) -> Draft:
    """A draft for a file, with all its questions.

    Parameters
    ----------
    layout
        The export that the file is, if it is known; what it says comes before what is guessed.
    """
    draft = Draft(chosen.written, source=dict(chosen.stated))
    draft.options |= chosen.asked
    if not table.named:
        draft.options["header"] = (False, "the columns are called 1, 2, 3, … by their position")
    table = _with_decimal(table)
    known = None if layout is None else apply_layout(layout, table)
    if known is not None:
        _take_layout(known, draft)
    _find_fields(table, draft)
    table = _with_marks(table, draft)
    _find_currency(table, draft, known)
    _state_decimal(table, draft)
    _read_dates(table, draft)
    _find_more(table, draft, whole=known is None)
    _find_odd_rows(table, draft, known)
    _find_codes(table, draft)
    return draft


def _take_layout(known: FromLayout, draft: Draft) -> None:
    """What a known export says; its column of currencies is looked at like any other."""
    for role, column in known.columns.items():
        if role != "currency":
            draft.fields[role] = Choice(column, known.why.get(role, ""))
    draft.options |= known.options
    draft.timezone = known.timezone
    draft.said += known.remarks


def _find_fields(table: Table, draft: Draft) -> None:
    """The fields that are needed, and those that help to find them, as far as they are not known."""
    found, known = draft.fields, bool(draft.fields)
    if "order_date" not in found:
        found["order_date"] = guess_date(table)
    date = _column(found["order_date"])
    if "order_id" not in found and (order := guess_order(table, _taken(found), date)):
        found["order_id"] = order
    if not known and (goods := guess_id("product_id", table, _taken(found))):
        found["product_id"] = goods
    if "amount" not in found and not {"quantity", "unit_price"} <= found.keys():
        once = _stands_on_first_lines(table, date, _column(found.get("order_id")))
        product = _column(found.get("product_id"))
        money = guess_money(table, _column(found.get("order_id")), product, first_lines=once)
        found |= money.fields
        if money.amount_is is not None:
            draft.options["amount_is"] = money.amount_is
        elif once:
            told = "the date of an order stands on its first line only"
            draft.options["fill_down"] = ([date], told)
    if "customer_id" not in found:
        found["customer_id"] = guess_customer(table, _taken(found), _column(found.get("order_id")), date)


def _stands_on_first_lines(table: Table, date: str | None, order_id: str | None) -> bool:
    if date is None or order_id is None or table.column(date).filled > 0.95 * table.rows:
        return False
    return stands_once(table, date, order_id)


def _column(found: Found | None) -> str | None:
    if isinstance(found, Question):
        return found.meanwhile or None
    return None if found is None else found.column


def _taken(found: dict[str, Found]) -> set[str]:
    return {column for one in found.values() if (column := _column(one))}


def _with_decimal(table: Table) -> Table:
    """The table with a decimal sign by which every column of numbers is read, for the sums between them."""
    for column in table.of_numbers:
        try:
            table.require_number(column.name)
        except InputError as error:
            if "decimal" in str(error):
                return table.reading(decimal=_likely_sign(column.common))
    return table


def _likely_sign(common: tuple[tuple[str, int], ...]) -> str:
    """The decimal sign if the one that is seen parts thousands."""
    return "," if common and "." in common[0][0] else "."


def _state_decimal(table: Table, draft: Draft) -> None:
    """State the decimal sign, or ask for it, where a column that is used leaves it open."""
    if table.spec.decimal is None:
        return
    plain = table.reading(decimal=None)
    for role in _NUMBERS:
        column = draft.meanwhile().get(role)
        if column is None:
            continue
        try:
            plain.number(column)
        except InputError as error:
            if "decimal" not in str(error):
                continue
            seen = re.search(r"as in '([^']*)'", str(error))
            example = seen[1] if seen else table.column(column).common[0][0]
            if draft.currency.code in _WHOLE_MONEY:
                told = f"{draft.currency.code} has no decimals, so {example} is written with thousands"
                draft.options["decimal"] = (table.spec.decimal, told)
                return
            sentence = str(error).split(": ", 1)[-1].split(";")[0]
            options = {"'.'": "a point, as in 1,234.50", "','": "a comma, as in 1.234,50"}
            draft.options["decimal"] = Question(f"column {shown(column)}: {sentence}", options)
            return


def _with_marks(table: Table, draft: Draft) -> Table:
    """Ask what the letters of debit and credit mean, if amounts carry them."""
    column = draft.meanwhile().get("amount")
    if column is None or table.column(column).kind != "text":
        return table
    offered = [offer for offer in offers(table.source, column, table.spec) if offer.setting == "dr_cr"]
    if not offered:
        return table
    example = words.plain(offered[0].example)
    sentence = f"column {shown(column)}: amounts are marked, as in '{example}'; which marks are sales?"
    draft.options["dr_cr"] = Question(sentence, {offer.value: offer.told for offer in offered})
    return table.reading(dr_cr=offered[0].value)


def _find_currency(table: Table, draft: Draft, known: FromLayout | None) -> None:
    columns = draft.meanwhile()
    money = [columns[role] for role in ("amount", "unit_price") if role in columns]
    likely = None if known is None else known.columns.get("currency")
    draft.currency = guess_currency(table, money, set(columns.values()), likely)
    if draft.currency.code == UNKNOWN and known is not None and known.currency is not None:
        draft.currency = Currency(known.currency, f"the currency of {known.layout.name}")
    if draft.currency.column is not None:
        draft.fields["currency"] = Choice(draft.currency.column, "")


def _read_dates(table: Table, draft: Draft) -> None:
    column = draft.meanwhile().get("order_date")
    if column is None:
        return
    stated = draft.options.get("dates")
    if isinstance(stated, tuple):
        table = table.reading(dates=stated[0])
    reading = read_dates(table, column, draft.timezone)
    draft.options |= reading.options
    draft.options |= reading.questions
    draft.timezone = reading.timezone
    found = draft.fields["order_date"]
    if isinstance(found, Choice):
        draft.fields["order_date"] = Choice(column, "; ".join(filter(None, [reading.told, found.reason])))


def _find_more(table: Table, draft: Draft, *, whole: bool) -> None:
    """Cost, discount, channel, and rules that are offered as comments; of a known export only what it leaves open."""
    columns = draft.meanwhile()
    if not columns.keys() & {"cost", "unit_cost", "margin"}:
        costs, notes = guess_costs(table, columns, set(columns.values()))
        draft.fields |= costs
        draft.notes += notes
    if whole:
        _find_optional(table, draft)


def _find_optional(table: Table, draft: Draft) -> None:
    discount, more = guess_discount(table, set(draft.meanwhile().values()))
    if discount is not None:
        draft.fields["discount"] = discount
    amount = draft.columns().get("amount")
    if amount is not None and amount in table.numbers:
        refund = guess_refund(table, amount, set(draft.meanwhile().values()))
        draft.fields |= {"refund": refund} if refund is not None else {}
    channel = guess_id("channel", table, set(draft.meanwhile().values()))
    if channel is not None:
        draft.fields["channel"] = channel
    draft.notes += more


def _find_codes(table: Table, draft: Draft) -> None:
    """Codes that are no goods, and letters before the numbers of orders."""
    product, order = (draft.fields.get(role) for role in ("product_id", "order_id"))
    live = {value for rule in draft.excluded for value in rule.values if rule.column == _column(product)}
    codes = no_goods(table, product if isinstance(product, Choice) else None, live)
    draft.suggested += [codes] if codes else []
    money = draft.fields.get("amount") or draft.fields.get("quantity")
    rules, returns = prefixes(
        table, order if isinstance(order, Choice) else None, money if isinstance(money, Choice) else None
    )
    draft.suggested += rules
    draft.notes += returns


def _find_odd_rows(table: Table, draft: Draft, known: FromLayout | None) -> None:
    columns = draft.meanwhile()
    sure, unsure = totals(table, columns)
    states = _state_rules(table, draft, columns, known)
    draft.excluded += without_repeats(table, [*sure, *states.excluded])
    draft.credits += states.credits
    draft.asked_credits += [(rule, _are_credits(rule)) for rule in states.asked]
    draft.suggested += [*unsure, *states.listed]
    customer = columns.get("customer_id")
    if customer is None:
        return
    above = blanks_from_above(table, customer, columns.get("order_id"), columns.get("order_date"))
    if isinstance(above, Question):
        draft.options["fill_down"] = above
    elif above is not None and "amount_is" not in draft.options:
        before = draft.options.get("fill_down")
        others = before[0] if isinstance(before, tuple) else []
        draft.options["fill_down"] = ([*others, customer], above)
    _find_guests(table, draft, customer)
    told = spellings(table, customer)
    if told is not None:
        draft.offered["join_spellings"] = (True, f"{told}; take the '# ' in front away to count each as one")


def _are_credits(rule: Exclusion) -> Question:
    """Whether documents with positive amounts are credits."""
    told = words.listing([f"'{words.plain(value, 24)}'" for value in rule.values])
    money = f", {rule.money:,.2f}" if rule.money is not None else ""
    rows = words.count(rule.rows, "row")
    sentence = (
        f"column {shown(rule.column)}: do {told} ({rows}{money}) stand for credits, whose positive amounts count as "
        "negative?"
    )
    return Question(sentence, hint=f"if these are credits: {rows}{money}")


def _state_rules(
    table: Table, draft: Draft, columns: Mapping[str, str], known: FromLayout | None
) -> StateRules:
    """What the words of order states say, by a known export or by themselves."""
    rules = known.rules if known is not None else StateRules()
    if rules.excluded or rules.listed:
        return rules
    return rules + _rules_of_words(table, draft, columns)


def _rules_of_words(table: Table, draft: Draft, columns: Mapping[str, str]) -> StateRules:
    """Rules by the words of columns; without money where an order's total stands on each of its lines."""
    money: Any = columns.get("amount")
    if "amount_is" in draft.options:
        money = None
    elif money is None and {"quantity", "unit_price"} <= columns.keys():
        money = table.number(columns["quantity"]) * table.number(columns["unit_price"])
    return state_rules(table, money, set(columns.values()))


def _find_guests(table: Table, draft: Draft, customer: str) -> None:
    found = guests(table, customer)
    if found is None:
        return
    other = _identifies_guests(table, draft, found.rule.values[0], customer)
    if other is not None:
        draft.fields["customer_id"] = Choice(
            other, f"{table.column(other).told}; {shown(customer)} is {found.told} for guests"
        )
    elif found.sure:
        told = "one id for all who have none; take this line away to count them as one customer"
        draft.excluded.append(replace(found.rule, told=told))
    else:
        sentence = (
            f"column {shown(customer)}: {found.told} far exceeds all others; is it one customer, or does it stand for "
            "all who have no id?"
        )
        draft.asked.append((found.rule, Question(sentence, hint="if it stands for all who have no id")))


def _identifies_guests(table: Table, draft: Draft, guest: str, customer: str) -> str | None:
    """Another column that tells guests apart: an address of e-mail, or else a name or number of the buyer."""
    source = table.source.table
    theirs = source.filter(id_column(table.source, customer) == guest)
    for column in table.columns:
        heading = read_heading(column.name)
        if column.kind != "text" or not heading.has("email") or heading.has("not_buyer", "unknown"):
            continue
        if column.name in set(draft.meanwhile().values()) or column.filled < 0.95 * table.rows:
            continue
        ids = theirs.select(id=id_column(table.source, column.name))
        seen = first(ids.aggregate(rows=ids.count(), filled=ids["id"].count(), distinct=ids["id"].nunique()))
        if seen["filled"] >= 0.95 * seen["rows"] and seen["distinct"] > 1 and column.distinct < column.filled:
            return column.name
    return None
