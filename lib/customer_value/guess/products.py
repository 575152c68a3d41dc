"""Which column is the price of one piece, by the sums: quantity × price, with tax and shipping, is the amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from customer_value.guess.arithmetic import CENT, HALF_PERCENT, Sum, explained, near
from customer_value.guess.names import is_extra, weight
from customer_value.guess.profile import Column
from customer_value.guess.sum_rules import SUM_RULES
from customer_value.guess.vocabulary import read_heading

__all__ = ["Goods", "holds_more", "paid_of", "price_by_sums"]

_NEARLY = 0.95
_MOST_AMOUNTS, _MOST_PRICES = 6, 6
_FEW = 5
_NO_PRICE = (
    "balance", "points", "measure", "place", "person", "refund", "forecast", "quantity", "id", "cost", "margin",
    "unit_cost", "goods_cost",
)  # fmt: skip


@dataclass(frozen=True)
class Goods:
    """The money of the goods of a row, without a column of its own: a price, or quantity × price.

    Parameters
    ----------
    told
        What it is called: ``Quantity × Sold For``.
    money
        One for each row.
    """

    told: str
    money: pd.Series


def price_by_sums(
    numbers: pd.DataFrame, quantity: Column, columns: Sequence[Column], extras: Sequence[str]
) -> Column | None:
    """The column that gives an amount once it is multiplied by the quantity, alone or with tax and shipping.

    None where the quantity is hardly ever more than 1, for then nothing tells a price from an amount.
    """
    pieces = numbers[quantity.name]
    several = (pieces.abs() > 1).to_numpy()
    if several.sum() < _FEW:
        return None
    amounts = [c for c in columns if c is not quantity and weight("amount", c.name)][:_MOST_AMOUNTS]
    prices = [c for c in columns if c is not quantity and _may_be_price(c)]
    for price in prices:
        product = (pieces * numbers[price.name]).to_numpy()
        if any(c is not price and _agree(product, numbers[c.name].to_numpy(), several) for c in amounts):
            return price
    named = sorted(prices, key=lambda c: not read_heading(c.name).has("price"))
    for price in named[:_MOST_PRICES]:
        goods = Goods("", pieces * numbers[price.name])
        sums = (_sum(numbers, goods, c.name, extras) for c in amounts if c is not price)
        if any(found is not None and found.grows and _of_several(numbers, pieces, found) for found in sums):
            return price
    return None


def holds_more(
    numbers: pd.DataFrame, goods: Goods, amount: str, extras: Sequence[str]
) -> tuple[str, Sum] | None:
    """Why an amount is not the money of the goods: it holds tax or shipping, or fees are taken off. Else None."""
    found = _sum(numbers, goods, amount, extras)
    fallen = next((fallen for rule in SUM_RULES if (fallen := rule(found))), None) if found else None
    return (fallen[1], found) if found and fallen and fallen[0] == amount else None


def paid_of(numbers: pd.DataFrame, paid: str, others: Sequence[str]) -> str | None:
    """The column of which another is what was paid: all of it, or nothing. None if there is none."""
    for other in others:
        both = numbers[[paid, other]].dropna(subset=[other]).fillna(0)
        full = near(both[paid], both[other])
        if full.mean() >= 0.5 and (full | (both[paid] == 0)).mean() >= _NEARLY:
            return other
    return None


def _may_be_price(column: Column) -> bool:
    heading = read_heading(column.name)
    return not is_extra(column.name) and not heading.has(*_NO_PRICE)


def _agree(product: Any, amount: Any, several: Any) -> bool:
    both = ~np.isnan(product) & ~np.isnan(amount) & (product != 0)
    alike = np.abs(product - amount) <= np.maximum(CENT, HALF_PERCENT * np.abs(product))
    enough = (both & several).sum() >= _FEW
    return bool(enough and all(alike[rows].mean() >= _NEARLY for rows in (both, both & several)))


def _sum(numbers: pd.DataFrame, goods: Goods, amount: str, extras: Sequence[str]) -> Sum | None:
    told = goods.told or "goods"
    if told in numbers:
        return None
    parts = [name for name in extras if name != amount]
    return explained(numbers.assign(**{told: goods.money}), told, amount, parts)


def _of_several(numbers: pd.DataFrame, pieces: pd.Series, found: Sum) -> bool:
    """Whether a sum with a product holds where there are several pieces, too."""
    several = numbers[pieces.abs() > 1]
    return len(several) >= _FEW and bool((several[found.whole] > 0).any())
