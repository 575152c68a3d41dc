"""Which columns hold the money of a row: one amount, or quantity and unit price.

A name makes a column a candidate; the sums between the columns decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from customer_value import words
from customer_value.errors import InputError
from customer_value.guess.arithmetic import (
    Level,
    Sum,
    equal,
    explained,
    is_running_total,
    is_zero,
    level_of,
    near,
    order_sums_agree,
    price_grows,
    ratio,
)
from customer_value.guess.choice import Choice, Found, Question, doubt, heaviest, shown
from customer_value.guess.names import is_extra, is_net, is_tax, weight
from customer_value.guess.products import Goods, holds_more, paid_of, price_by_sums
from customer_value.guess.profile import Column, Table
from customer_value.guess.sum_rules import SUM_RULES, discount_in
from customer_value.guess.vocabulary import read_heading
from customer_value.guess.yaml_text import scalar
from customer_value.sources.offers import offers

__all__ = ["WHAT", "Money", "guess_money"]

WHAT = "the amount of a row"
_PRODUCT = "the amount of a row is quantity × unit price"
_NEARLY = 0.95
_MOST, _MOST_EXTRAS = 12, 16
"""Columns called an amount that are compared with one another; a file with more leaves it to a person anyway."""

_MANY = 20
"""Different whole numbers that a column must hold to be offered where nothing is called an amount."""

_OTHER_ROLES = ("cost", "unit_cost", "margin", "discount", "list_price")


@dataclass
class Money:
    """The columns of money.

    Parameters
    ----------
    fields
        Of ``amount``, ``quantity`` and ``unit_price`` those that were found, or what is asked.
    amount_is
        Value of the setting and a comment, where an order's total stands on its lines.
    fallen
        Column that is called like an amount to why it is none.
    """

    fields: dict[str, Found] = field(default_factory=dict)
    amount_is: tuple[str, str] | None = None
    fallen: dict[str, str] = field(default_factory=dict)


def guess_money(
    table: Table, order_id: str | None, product_id: str | None, *, first_lines: bool = False
) -> Money:
    """Columns for ``amount``, ``quantity`` and ``unit_price``.

    An amount is wanted that can be added up: of one row (an order's total on its lines counts once), net of
    tax and shipping, after discounts and before fees. Without such a column it is quantity × unit price. Where an
    order's date stands on its first line only (``first_lines``), so does the money that is wanted.
    """
    return _Search(table, order_id, product_id, first_lines=first_lines).found()


@dataclass
class _Search:
    """Candidates for the money of a row, and what is known of them."""

    table: Table
    order_id: str | None
    product_id: str | None
    first_lines: bool = False
    money: Money = field(default_factory=Money)
    reasons: list[str] = field(default_factory=list)
    known_sums: list[Sum] = field(default_factory=list)

    @cached_property
    def numbers(self) -> pd.DataFrame:
        return self.table.numbers

    @cached_property
    def columns(self) -> list[Column]:
        """The columns of numbers that can be read and are not all 0."""
        found = []
        for column in self.table.of_kind("number"):
            if column.name not in self.numbers:
                continue
            if is_zero(self.numbers, column.name):
                if weight("amount", column.name) or weight("unit_price", column.name):
                    self.money.fallen[column.name] = "0 in all rows"
                continue
            found.append(column)
        return found

    @cached_property
    def _names(self) -> list[str]:
        return [column.name for column in self.columns]

    @cached_property
    def quantity(self) -> Column | None:
        return self._only(heaviest("quantity", self.columns))

    @cached_property
    def price(self) -> Column | None:
        priced = [c for c in self.columns if weight("amount", c.name) == 0 and c is not self.quantity]
        named = self._only(heaviest("unit_price", priced)) or self._only(self._unit_prices)
        return named or self._price_by_sums

    @cached_property
    def _price_by_sums(self) -> Column | None:
        """The column that the quantity makes an amount of, whatever it is called."""
        if self.quantity is None:
            return None
        return price_by_sums(self.numbers, self.quantity, self.columns, self.extras)

    @cached_property
    def _unit_prices(self) -> list[Column]:
        """Columns called the price of a line that do not grow with the quantity."""
        if self.quantity is None:
            return []
        of_lines = [c for c in self.columns if weight("amount", c.name) and read_heading(c.name).has("price")]
        quantity, product = self.quantity.name, self.product_id
        return [c for c in of_lines if price_grows(self.table, quantity, c.name, product) is False]

    @cached_property
    def grows(self) -> bool | None:
        """Whether the price grows with the quantity, whatever it is called."""
        if self.price is None or self.quantity is None:
            return None
        if self.price is self.__dict__.get("_price_by_sums"):
            return False
        return price_grows(self.table, self.quantity.name, self.price.name, self.product_id)

    @cached_property
    def product(self) -> pd.Series | None:
        if self.quantity is None or self.price is None or self.grows:
            return None
        return self.numbers[self.quantity.name] * self.numbers[self.price.name]

    @cached_property
    def extras(self) -> list[str]:
        """Taxes, shipping, fees and discounts as money, for sums."""
        extra = [(c.name, read_heading(c.name)) for c in self.columns if is_extra(c.name)]
        names = [name for name, said in extra if not said.has("measure") or said.has("shipping")]
        used = [name for name in names if not is_zero(self.numbers, name)]
        return self.table.first_few(used, _MOST_EXTRAS, "called like a tax, fee or discount")

    def found(self) -> Money:
        if self.quantity is not None:
            self.money.fields["quantity"] = Choice(self.quantity.name, self.quantity.told)
        others = [self.quantity, self.price, *self._unit_prices]
        amounts = [c for c in self.columns if weight("amount", c.name) and c not in others]
        if self.grows and self.price is not None:
            amounts.append(self.price)
        if len(amounts) > _MOST:
            likely = [c.name for c in sorted(amounts, key=lambda c: -weight("amount", c.name))]
            amounts = [
                self.table.column(n) for n in self.table.first_few(likely, _MOST, "called like an amount")
            ]
        left = self._narrowed(self._of_goods(self._unpaid(self._plausible(amounts))))
        if left:
            self._take(left)
        elif self.price is not None:
            self._by_price(self.price)
        else:
            self._by_content()
        return self.money

    def _only(self, columns: Sequence[Column]) -> Column | None:
        """The first column, if any others tell the same."""
        same = all(equal(self.numbers, columns[0].name, other.name) for other in columns[1:])
        return columns[0] if columns and same else None

    def _plausible(self, amounts: list[Column]) -> list[Column]:
        """Without columns that are mostly blank, hold one value or run on, where there are others."""
        left = list(amounts)
        for column in amounts:
            others = [c for c in left if c is not column]
            ran = is_running_total(self.table, column.name, self._names)
            sparse = column.filled < 0.5 * max((c.filled for c in others), default=0)
            if ran is not None and ran != column.name:
                why = f"the running total of {shown(ran)}"
            elif sparse and self._level(column).amount_is == "row":
                why = f"blank in {words.percent(1 - column.filled / self.table.rows)} of rows"
            elif column.distinct == 1 and any(c.distinct > 1 for c in others):
                why = f"holds one value only, {column.common[0][0]}"
            else:
                continue
            self.money.fallen[column.name] = why
            left = others
        return left

    def _unpaid(self, amounts: list[Column]) -> list[Column]:
        """Without what was paid of another amount, where that is all of it or nothing."""
        owed = [c for c in amounts if not read_heading(c.name).has("payment")]
        left = list(owed)
        for column in amounts:
            if column in owed:
                continue
            whole = paid_of(self.numbers, column.name, [c.name for c in owed])
            if whole is None:
                left.append(column)
            else:
                self.money.fallen[column.name] = f"what was paid of {shown(whole)}: all of it or nothing"
        return [c for c in amounts if c in left]

    def _of_goods(self, amounts: list[Column]) -> list[Column]:
        """Without what holds more than the price, or quantity × price, or what fees were taken off from."""
        goods = self._goods()
        if goods is None:
            return amounts
        more = {c.name: holds_more(self.numbers, goods, c.name, self.extras) for c in amounts}
        self.money.fallen |= {name: found[0] for name, found in more.items() if found}
        self.known_sums += [found[1] for found in more.values() if found]
        return [c for c in amounts if more[c.name] is None]

    def _goods(self) -> Goods | None:
        if self.price is None:
            return None
        if self.product is not None and self.quantity is not None:
            return Goods(f"{self.quantity.name} × {self.price.name}", self.product)
        return Goods(f"{self.price.name} ", self.numbers[self.price.name]) if self.quantity is None else None

    def _level(self, column: Column) -> Level:
        called = read_heading(column.name).has("total", "subtotal", "order")
        if self.product is not None and self._is_product(column):
            return Level("row")
        return level_of(self.table, column.name, self.order_id, called_total=called)

    def _is_product(self, column: Column) -> bool:
        assert self.product is not None
        both = pd.DataFrame({"one": self.numbers[column.name], "other": self.product}).dropna()
        return len(both) > 0 and bool(near(both["one"], both["other"]).mean() >= _NEARLY)

    def _narrowed(self, amounts: list[Column]) -> list[Column]:
        """The candidates that no sum rules out."""
        left = self._distinct(sorted(amounts, key=lambda c: -weight("amount", c.name)))
        sums = self._sums(left)
        self.known_sums += sums
        for rule in SUM_RULES:
            dropped = {name: why for found in sums if (fallen := rule(found)) for name, why in [fallen]}
            kept = [c for c in left if c.name not in dropped]
            if kept and len(kept) < len(left):
                self.money.fallen |= {c.name: dropped[c.name] for c in left if c.name in dropped}
                left = kept
                sums = [s for s in sums if {s.base, s.whole} <= {c.name for c in left}]
        for narrower, reason in self._preferences():
            kept = narrower(left)
            if kept and len(kept) < len(left):
                self.reasons += [reason] if reason else []
                left = kept
        return left

    def _distinct(self, columns: Sequence[Column]) -> list[Column]:
        kept: list[Column] = []
        for column in columns:
            if not any(equal(self.numbers, other.name, column.name) for other in kept):
                kept.append(column)
        return kept

    def _sums(self, columns: Sequence[Column]) -> list[Sum]:
        pairs = [(one.name, other.name) for one in columns for other in columns if one is not other]
        found = [explained(self.numbers, base, whole, self.extras) for base, whole in pairs]
        return sorted((one for one in found if one is not None), key=lambda one: -len(one.parts))

    def _preferences(self) -> list[tuple[Callable[[list[Column]], list[Column]], str]]:
        return [
            (self._rows_first, "" if self.first_lines else "of one row"),
            (lambda left: [c for c in left if weight("amount", c.name) > 1], ""),
            (self._net_by_ratio, "net of tax"),
            (self._products, ""),
            (lambda left: [c for c in left if weight("amount", c.name) == 3], "net by its name"),
        ]

    def _rows_first(self, left: list[Column]) -> list[Column]:
        wanted = "order_on_first_line" if self.first_lines else "row"
        return [c for c in left if self._level(c).amount_is == wanted] if len(left) > 1 else left

    def _products(self, left: list[Column]) -> list[Column]:
        return [c for c in left if self._is_product(c)] if self.product is not None else left

    def _net_by_ratio(self, left: list[Column]) -> list[Column]:
        """Without what is 1.03 to 1.3 times a column that is called net."""
        net = [c for c in left if is_net(c.name)]
        return [c for c in left if not any(_taxed(self.numbers, c, other) for other in net if other is not c)]

    def _take(self, left: list[Column]) -> None:
        best, level = left[0], self._level(left[0])
        if len(left) == 1 and level.amount_is != "row" and self._lines_do(best):
            assert self.price is not None
            self.money.fields["unit_price"] = Choice(self.price.name, _PRODUCT)
            self.money.fallen[best.name] = (
                "the total of the order, to which quantity × price of its lines adds up"
            )
            return
        if level.amount_is != "row":
            where = "on every line" if level.amount_is.endswith("each_line") else "on one line"
            self.money.amount_is = (
                level.amount_is,
                f"the total of an order stands {where} of it ({words.count(level.orders, 'order')} of several lines)",
            )
        if len(left) > 1:
            self.money.fields["amount"] = doubt(left, WHAT)
        else:
            self.money.fields["amount"] = Choice(best.name, "; ".join([*self.reasons, *self._remarks(best)]))
            self._deduct([s for s in self.known_sums if s.base == best.name and s.whole in self.money.fallen])
        if self.price is not None and best is not self.price and self._is_price_of(best):
            self.money.fields["unit_price"] = Choice(self.price.name, self.price.told)

    def _deduct(self, sums: list[Sum]) -> None:
        """The discount that the amount still holds, where a sum shows it."""
        off = {name: found.told for found in sums if (name := discount_in(found, self.numbers))}
        if len(off) == 1:
            self.money.fields["deduct"] = Choice(next(iter(off)), f"money off: {next(iter(off.values()))}")

    def _lines_do(self, total: Column) -> bool:
        """Whether the products of lines stand for an order's total."""
        if self.product is None or self.order_id is None or self.price is None or self.quantity is None:
            return False
        if self.first_lines:
            return False
        lines = self.table.number(self.quantity.name).cast("float64") * self.table.number(
            self.price.name
        ).cast("float64")
        return order_sums_agree(self.table, lines, total.name, self.order_id)

    def _is_price_of(self, amount: Column) -> bool:
        assert self.price is not None
        if self.product is None:
            return weight("unit_price", self.price.name) == 3
        return _share_near(self.numbers[amount.name], self.product) >= 0.5

    def _remarks(self, amount: Column) -> list[str]:
        remarks = []
        if amount is self.price:
            remarks.append("grows with the quantity, so it is the money of the row")
        if self.product is not None and amount is not self.price:
            share = _share_near(self.numbers[amount.name], self.product)
            if share >= 0.5:
                remarks.append(f"is quantity × unit price in {words.percent(share)} of rows")
        dropped = [f"{shown(name)} {why}" for name, why in self.money.fallen.items() if " = " in why]
        remarks += dropped[:2]
        if weight("amount", amount.name) == 1 and not any("after fees" in why for why in dropped):
            remarks.append("its name says that tax is included, and there is no other amount")
        return remarks or [amount.told]

    def _by_price(self, price: Column) -> None:
        fields = self.money.fields
        sure = weight("unit_price", price.name) == 3
        sums = "; ".join(f"{shown(name)} {why}" for name, why in self.money.fallen.items() if " = " in why)
        if sums:
            role, told = (
                ("amount", "one piece per row") if self.quantity is None else ("unit_price", _PRODUCT)
            )
            fields[role] = Choice(price.name, f"{told}; {sums}")
            self._deduct([found for found in self.known_sums if price.name in found.base])
        elif self.quantity is None:
            if sure:
                told = "the price of one piece, but no column looks like the quantity"
                options = {scalar(price.name): "if each row is one piece"}
                fields["amount"] = Question(
                    f"column {shown(price.name)} is {told}", options, meanwhile=price.name
                )
            else:
                fields["amount"] = Choice(price.name, f"one piece per row; {price.told}")
        elif sure or self.quantity.distinct == 1:
            fields["unit_price"] = Choice(price.name, _PRODUCT)
        elif self.grows is False:
            told = "does not grow with quantity, so it is the price of one piece"
            fields["unit_price"] = Choice(price.name, told)
        else:
            fields["unit_price"] = _price_asked(price)

    def _unread_amount(self) -> Question | None:
        """What keeps numbers that are called an amount from being read."""
        for column in self.table.of_numbers:
            if weight("amount", column.name) and column.name not in self.numbers:
                try:
                    self.table.number(column.name)
                except InputError as error:
                    told = str(error).split(": ", 1)[-1].removesuffix(".")
                    return Question(
                        f"column {shown(column.name)}: {told}", hint="the column with the money of a row"
                    )
        return None

    def _by_content(self) -> None:
        """The only column with decimals, where no name says anything; else a column that may become readable."""
        unknown = [
            c for c in self.columns if c is not self.quantity and not is_tax(c.name) and not is_extra(c.name)
        ]
        unknown = [c for c in unknown if not any(weight(r, c.name) for r in _OTHER_ROLES)]
        unknown = [
            c
            for c in unknown
            if not read_heading(c.name).has(
                "balance", "points", "measure", "place", "person", "refund", "forecast"
            )
        ]
        candidates = [c for c in unknown if c.decimals] or [c for c in self.columns if _of_another_kind(c)]
        candidates = candidates or self._last_resort(unknown)
        if len(candidates) == 1 and not self.table.named:
            told = f"the only column with decimals; {candidates[0].told}"
            self.money.fields["amount"] = Choice(candidates[0].name, told)
            return
        if not candidates and (problem := self._unread_amount()):
            self.money.fields["amount"] = problem
            return
        unread = [
            c for c in self.table.of_kind("text") if weight("amount", c.name) or weight("unit_price", c.name)
        ]
        self.money.fields["amount"] = _asked(self.table, candidates, unread, self.money.fallen)

    def _counts_on(self, column: Column) -> bool:
        """Whether numbers follow one another without gaps, as those of orders do."""
        values = self.numbers[column.name].dropna()
        return bool(values.max() - values.min() <= 2 * values.nunique())

    def _last_resort(self, unknown: list[Column]) -> list[Column]:
        """Numbers that may be money, if a person says so: whole ones of many values, and those called a cost."""
        if not self.table.named:
            return []
        many = [
            c for c in unknown if c.distinct >= _MANY and not read_heading(c.name).has("id", "goods", "date")
        ]
        many = [c for c in many if "#" not in c.name and not self._counts_on(c)]
        return many or [c for c in self.columns if weight("cost", c.name) or weight("unit_cost", c.name)]


def _of_another_kind(column: Column) -> bool:
    """Whether a column is called an amount, but an expected one, or what is owed; only a person can take it."""
    heading = read_heading(column.name)
    return heading.has("amount", "total") and heading.has("forecast", "balance", "payment")


def _price_asked(price: Column) -> Question:
    told = "if it is the price of one piece; if of the whole row, call this line amount"
    sentence = (
        f"column {shown(price.name)} may be the price of one piece or of the whole row{price.such_as}; write it as "
        "unit_price if of one piece, else as amount"
    )
    return Question(sentence, {scalar(price.name): told}, meanwhile=price.name)


def _asked(table: Table, candidates: list[Column], unread: list[Column], fallen: dict[str, str]) -> Found:
    offered = [
        c for c in unread if any(o.setting == "dr_cr" for o in offers(table.source, c.name, table.spec))
    ]
    if offered:
        return Choice(offered[0].name, "")
    if len(candidates) > 1:
        return doubt(candidates[:6], WHAT)
    if candidates:
        name = candidates[0].name
        sentence = (
            f"column {shown(name)} holds numbers, but its name does not say that it is the money of a sale"
        )
        return Question(sentence, {scalar(name): candidates[0].told}, meanwhile=name)
    if unread:
        seen = words.listing([f"'{words.plain(value, 24)}'" for value, _ in unread[0].common])
        return Question(
            f"column {shown(unread[0].name)} is called like an amount, but most of its values cannot be read as "
            f"numbers, such as {seen}",
            hint="the column with the money of a row",
        )
    told = "; ".join(f"{shown(name)}: {why}" for name, why in list(fallen.items())[:4])
    return Question(
        "no column looks like an amount, or like quantity and price"
        + (f"; looked at {told}" if told else ""),
        hint="the column with the money of a row",
    )


def _taxed(numbers: pd.DataFrame, whole: Column, base: Column) -> bool:
    found = ratio(numbers, whole.name, base.name)
    return found is not None and 1.03 <= found <= 1.3


def _share_near(one: pd.Series, other: pd.Series) -> float:
    both = pd.DataFrame({"one": one, "other": other}).dropna()
    return float(near(both["one"], both["other"]).mean()) if len(both) else 0.0
