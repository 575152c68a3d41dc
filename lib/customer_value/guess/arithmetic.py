"""What columns of numbers have to do with each other: which add up to which, and which grow with which."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd

from customer_value.guess.profile import Table, first
from customer_value.sources import id_column

__all__ = [
    "CENT",
    "HALF_PERCENT",
    "Level",
    "Sum",
    "equal",
    "explained",
    "is_running_total",
    "is_zero",
    "level_of",
    "near",
    "order_sums_agree",
    "price_grows",
    "ratio",
]

_NEARLY = 0.95
_MOST_PARTS = 5
"""Taxes, fees and discounts that are tried in a sum, the first of the file."""

CENT, HALF_PERCENT = 0.011, 0.005


@dataclass(frozen=True)
class Sum:
    """That a column is another one with some parts added or taken off: ``whole = base + Σ sign × part``.

    ``grows`` says whether it is the larger of the two, all rows taken together.
    """

    base: str
    whole: str
    parts: tuple[tuple[str, int], ...]
    grows: bool

    @property
    def told(self) -> str:
        """The sum as it is written: ``subtotal + tax − discount = total``."""
        parts = " ".join(f"{'+' if sign > 0 else '−'} {name}" for name, sign in self.parts)
        return f"{self.base} {parts} = {self.whole}"


@dataclass(frozen=True)
class Level:
    """Whether a column of money holds an order's total, and where it stands.

    Parameters
    ----------
    amount_is
        ``"row"``, ``"order_on_each_line"`` or ``"order_on_first_line"``, as the setting is called.
    orders
        Orders of several lines that say so.
    """

    amount_is: str
    orders: int = 0


def near(one: pd.Series, other: pd.Series, parts: int = 1) -> pd.Series:
    """Where two numbers agree to a cent for each part, or half a percent."""
    slack = np.maximum(CENT * parts, HALF_PERCENT * one.abs()) if parts == 1 else CENT * parts
    return (one - other).abs() <= slack


def equal(numbers: pd.DataFrame, one: str, other: str) -> bool:
    """Whether two columns hold the same."""
    both = numbers[[one, other]].dropna()
    same_rows = (numbers[one].isna() == numbers[other].isna()).mean() > 0.999
    return bool(len(both) and same_rows and near(both[one], both[other]).mean() > 0.999)


def is_zero(numbers: pd.DataFrame, column: str) -> bool:
    """Whether a column holds nothing but zeros and blanks."""
    return bool((numbers[column].fillna(0) == 0).all())


def explained(numbers: pd.DataFrame, base: str, whole: str, extras: Sequence[str]) -> Sum | None:
    """How a column comes from another by adding or taking off some of `extras`; None if it does not."""
    rows = numbers[[base, whole, *extras]].copy()
    rows = rows[rows[base].notna() & rows[whole].notna()].fillna(0)
    difference = rows[whole] - rows[base]
    moved = difference.abs() > CENT
    if not moved.any():
        return None
    grows = bool(difference.sum() > 0)
    used = [name for name in extras if (rows[name] != 0).any()]
    values = {name: rows[name].to_numpy() for name in used}
    wanted, changed = difference.to_numpy(), moved.to_numpy()
    for size in range(1, min(_MOST_PARTS, len(used)) + 1):
        if len(used) > 8 and size > 2:
            break
        for names in itertools.combinations(used, size):
            for signs in itertools.product((1, -1), repeat=size):
                if _adds_up([values[name] for name in names], wanted, signs, changed):
                    return Sum(base, whole, tuple(zip(names, signs, strict=True)), grows)
    return _by_least_squares(rows, base, whole, difference, used, moved) if len(used) > 2 else None


def is_running_total(table: Table, column: str, others: Sequence[str]) -> str | None:
    """The column of which another is the running total, row after row; None if there is none."""
    numbers = table.numbers
    if len(numbers) != table.rows or len(numbers) < 6:
        return None
    steps = numbers[column].diff().to_numpy()[1:, np.newaxis]
    names = [name for name in others if name != column]
    step = numbers[names].to_numpy()[1:]
    follows = np.abs(step - steps) <= np.maximum(CENT, HALF_PERCENT * np.abs(step))
    runs = (follows.mean(axis=0) > _NEARLY) & (step != step[0]).any(axis=0)
    return next((name for name, holds in zip(names, runs, strict=True) if holds), None)


def level_of(table: Table, amount: str, order_id: str | None, *, called_total: bool) -> Level:
    """Whether a column holds the money of a row or the total of its order.

    A total that is repeated has one value in every order of several lines, more often than chance would have
    it; a total on one line is blank on all others.
    """
    if order_id is None:
        return Level("row")
    lines = table.source.table.select(order=id_column(table.source, order_id), amount=table.number(amount))
    lines = lines.filter(lines["order"].notnull())
    orders = lines.group_by("order").aggregate(
        lines=lines.count(), filled=lines["amount"].count(), values=lines["amount"].nunique()
    )
    several = orders.filter(orders["lines"] > 1)
    full = (several["filled"] == several["lines"]) & (several["values"] == 1)
    seen = first(
        several.aggregate(
            orders=several.count(),
            same=full.sum(),
            single=(several["filled"] == 1).sum(),
            lines=several["lines"].sum(),
        )
    )
    count = int(seen["orders"] or 0)
    if count and seen["single"] >= 0.95 * count:
        return Level("order_on_first_line", count)
    if not count or seen["same"] < 0.98 * count:
        return Level("row", count)
    pairs = int(seen["lines"]) - count
    chance = float(_chance_of_a_pair(table.numbers[amount]) ** pairs)
    return Level("order_on_each_line" if chance < (0.6 if called_total else 0.01) else "row", count)


def order_sums_agree(table: Table, product: Any, amount: str, order_id: str) -> bool:
    """Whether the products of an order's lines add up to the total that stands on one or each of them."""
    lines = table.source.table.select(
        order=id_column(table.source, order_id), line=product, total=table.number(amount).cast("float64")
    )
    orders = lines.group_by("order").aggregate(lines=lines["line"].sum(), total=lines["total"].max())
    close = (orders["lines"] - orders["total"]).abs() <= 0.02
    seen = first(orders.aggregate(all=orders["total"].count(), close=close.sum()))
    return bool(seen["all"] and (seen["close"] or 0) >= 0.9 * seen["all"])


def price_grows(table: Table, quantity: str, price: str, product_id: str | None) -> bool | None:
    """Whether a price grows with the quantity, so that it is the money of the row; None if nothing tells.

    Which of the two comes again, for one product or in all rows: the price, or the price by the quantity?
    """
    columns = {"quantity": table.number(quantity), "price": table.number(price).cast("float64")}
    product = id_column(table.source, product_id) if product_id else ibis.literal("")
    source = table.source.table.select(**columns, product=product.fill_null(""))
    source = source.filter((source["quantity"] > 1) & (source["price"] > 0))
    each = (source["price"] / source["quantity"].cast("float64")).round(3).cast("string")
    prices = ibis.literal("/").join([source["product"], source["price"].cast("string")])
    single = ibis.literal("/").join([source["product"], each])
    seen = first(source.aggregate(prices=prices.nunique(), each=single.nunique(), n=source.count()))
    if seen["n"] < 5:
        return None
    if seen["prices"] < 0.7 * seen["each"]:
        return False
    return True if seen["each"] < 0.7 * seen["prices"] else None


def ratio(numbers: pd.DataFrame, whole: str, base: str) -> float | None:
    """What a column is of another, where that is the same in nearly all rows."""
    rows = numbers[[whole, base]].dropna()
    rows = rows[rows[base].abs() >= 1]
    if len(rows) < 3:
        return None
    shares = rows[whole] / rows[base]
    usual = float(shares.median())
    return usual if ((shares - usual).abs() < 0.006).mean() >= _NEARLY else None


def _adds_up(parts: Sequence[Any], difference: Any, signs: Sequence[int], moved: Any) -> bool:
    added = sum(sign * part for part, sign in zip(parts, signs, strict=True))
    fits = np.abs(difference - added) <= CENT * (len(parts) + 1)
    return bool(fits.mean() >= _NEARLY and fits[moved].mean() >= _NEARLY)


def _by_least_squares(
    rows: pd.DataFrame, base: str, whole: str, difference: pd.Series, used: Sequence[str], moved: pd.Series
) -> Sum | None:
    weights, *_ = np.linalg.lstsq(rows[list(used)].to_numpy(), difference.to_numpy(), rcond=None)
    parts = tuple((name, round(w)) for name, w in zip(used, weights, strict=True) if abs(round(w)) == 1)
    names, signs = [name for name, _ in parts], [sign for _, sign in parts]
    given = [rows[name].to_numpy() for name in names]
    fits = parts and _adds_up(given, difference.to_numpy(), signs, moved.to_numpy())
    return Sum(base, whole, parts, bool(difference.sum() > 0)) if fits else None


def _chance_of_a_pair(values: pd.Series) -> float:
    """How likely two rows hold the same amount by chance."""
    shares = values.dropna().value_counts(normalize=True)
    return float((shares**2).sum()) if len(shares) else 1.0
