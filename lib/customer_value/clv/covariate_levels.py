"""Categories of customers, as a fit can tell them apart: base, small ones together, no duplicates.

A group of customers whose effect is estimated needs customers who bought again. Levels that have
too few of them count together as "other"; a covariate that follows from another one is left out.
Every such decision is a sentence for the reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from customer_value import words
from customer_value.clv.inputs import Array
from customer_value.errors import InputError

__all__ = ["LEAST", "NOT_STATED", "OTHER", "Covariate", "cells", "dummies", "read_covariates"]

NOT_STATED, OTHER = "not stated", "other"
LEAST = 30
"""Customers who bought again that a level needs to stand alone."""

_MOST_LEVELS = 20


@dataclass(frozen=True)
class Covariate:
    """A categorical column and the levels that a fit tells apart.

    Parameters
    ----------
    name
        The column.
    levels
        Levels, the base first and the others by number of customers.
    customers
        Customers of each level.
    merged
        Levels of the data that count together as "other".
    silent
        Levels whose effect another covariate already holds; they have none of their own.
    """

    name: str
    levels: tuple[str, ...]
    customers: tuple[float, ...]
    merged: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        """The level that the others are compared with."""
        return self.levels[0]

    @property
    def effects(self) -> tuple[str, ...]:
        """The levels that have an effect against the base."""
        return tuple(level for level in self.levels[1:] if level not in self.silent)

    def level_of(self, value: str) -> str:
        """The level as which a value of the column counts.

        Raises
        ------
        InputError
            If the fit knows neither the value nor a level "other".
        """
        if value in self.levels:
            return value
        if OTHER in self.levels:
            return OTHER
        raise InputError(
            f"{self.name} '{words.plain(value)}' is not among the levels of the fit: "
            f"{words.listing(words.plain(level) for level in self.levels)}."
        )

    def places(self, table: pd.DataFrame) -> Array:
        """The place of each row's level among ``levels``."""
        codes, values = _values(table, self.name)
        place = {level: number for number, level in enumerate(self.levels)}
        return np.array([place[self.level_of(value)] for value in values], dtype=np.int64)[codes]


def read_covariates(
    table: pd.DataFrame,
    names: Sequence[str],
    weight: Array,
    *,
    least: int,
    base: Mapping[str, str],
) -> tuple[tuple[Covariate, ...], tuple[str, ...]]:
    """The usable covariates of a table, and what was decided about them in sentences.

    Parameters
    ----------
    table
        Columns ``names`` and ``frequency``, one row per customer or distinct history.
    names
        The categorical columns; a missing or blank value counts as "not stated".
    weight
        Customers per row.
    least
        Customers who bought again that a level needs to stand alone.
    base
        Base levels by covariate; by default the most frequent one that is stated, ties by name.

    Raises
    ------
    InputError
        If a column is missing or named twice, or a base is not among the levels.
    """
    _check_names(table, names, base)
    again = np.where(table["frequency"].to_numpy(float) > 0, weight, 0.0)
    found: list[Covariate] = []
    notes: list[str] = []
    for name in names:
        covariate, note = _grouped(table, name, weight, again, least)
        notes += [note] if note else []
        if covariate is not None:
            found.append(_with_base(covariate, base.get(name)))
    combinations = table.iloc[[rows[0] for _, rows in cells(table, found)]]
    kept, left_out = _without_repetition(combinations, tuple(found))
    settled, silent = _with_silent_levels(combinations, kept)
    return settled, (*notes, *left_out, *silent)


def cells(table: pd.DataFrame, covariates: Sequence[Covariate]) -> list[tuple[tuple[str, ...], Array]]:
    """The combinations of levels that occur, in order, each with the numbers of its rows."""
    if table.empty:
        return []
    key = np.zeros(len(table), dtype=np.int64)
    for covariate in covariates:
        key = np.unique(key * len(covariate.levels) + covariate.places(table), return_inverse=True)[1]
    order = np.argsort(key, kind="stable")
    rows = np.split(order, np.flatnonzero(np.diff(key[order])) + 1)
    firsts = table.iloc[[part[0] for part in rows]]
    levels = [[c.levels[place] for place in c.places(firsts)] for c in covariates]
    named = list(zip(*levels, strict=True)) if levels else [()]
    return list(zip(named, rows, strict=True))


def dummies(levels: Sequence[str], covariates: Sequence[Covariate]) -> Array:
    """Zeros and ones: which of the effects of all covariates a combination of levels has."""
    return np.array(
        [
            float(level == own)
            for covariate, own in zip(covariates, levels, strict=True)
            for level in covariate.effects
        ]
    )


def _check_names(table: pd.DataFrame, names: Sequence[str], base: Mapping[str, str]) -> None:
    for name in [*names, *base]:
        if name not in table.columns:
            raise InputError(
                f"The table has no column {name}; it has {words.listing(map(str, table.columns), most=20)}."
            )
    if len(set(names)) < len(names):
        raise InputError(f"The covariates {words.listing(names)} must differ from each other.")


def _values(table: pd.DataFrame, name: str) -> tuple[Array, list[str]]:
    """Row codes and the values they stand for, as text; missing and blank are "not stated"."""
    if name not in table.columns:
        raise InputError(f"The table has no column {name}, which the model needs to know.")
    codes, values = pd.factorize(table[name].astype(object))
    blank = [NOT_STATED] if (codes < 0).any() else []
    return np.where(codes < 0, len(values), codes), [*map(_text, values), *blank]


def _text(value: object) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return (str(int(value)) if whole else str(value).strip()) or NOT_STATED  # type: ignore[call-overload]


def _grouped(
    table: pd.DataFrame, name: str, weight: Array, again: Array, least: int
) -> tuple[Covariate | None, str]:
    codes, values = _values(table, name)
    level, names = pd.factorize(np.array(values, dtype=object), sort=True)
    customers = np.bincount(level[codes], weight, len(names))
    repeaters = np.bincount(level[codes], again, len(names))
    present = [i for i in range(len(names)) if customers[i] > 0]
    ranked = sorted(present, key=lambda i: (-repeaters[i], names[i]))
    merged = _small(ranked, repeaters, [str(n) for n in names], least)
    kept = [i for i in present if i not in merged]
    if len(kept) + bool(merged) < 2:
        return None, _unusable(name, len(present), least)
    sizes = {str(names[i]): float(customers[i]) for i in kept}
    if merged:
        sizes[OTHER] = float(sum(customers[i] for i in merged))
    order = sorted(sizes, key=lambda level: (level in (NOT_STATED, OTHER), -sizes[level], level))
    others = sorted(str(names[i]) for i in merged if names[i] != OTHER)
    covariate = Covariate(name, tuple(order), tuple(sizes[level] for level in order), tuple(others))
    return covariate, _merger(name, others, least)


def _small(ranked: list[int], repeaters: Array, names: list[str], least: int) -> set[int]:
    """Levels that count as "other": the small ones, and the next smallest if these are still few."""
    alone = [i for i in ranked if repeaters[i] >= least and names[i] != OTHER][: _MOST_LEVELS - 1]
    if len(alone) == len(ranked):
        return set()
    merged = set(ranked) - set(alone)
    while alone and sum(repeaters[i] for i in merged) < least:
        merged.add(alone.pop())
    return merged


def _unusable(name: str, levels: int, least: int) -> str:
    if levels < 2:
        return f"{name} is left out: it is the same for all customers."
    return (
        f"{name} is left out: a level needs {words.count(least, 'customer')} who bought again, and fewer than two "
        "levels have as many."
    )


def _merger(name: str, others: list[str], least: int) -> str:
    if not others:
        return ""
    shown = words.listing(words.plain(other) for other in others)
    return (
        f"{name}: {shown} {words.verb(len(others), 'counts', 'count together')} as '{OTHER}', because a level needs "
        f"{words.count(least, 'customer')} who bought again and at most {_MOST_LEVELS} levels are told apart."
    )


def _with_base(covariate: Covariate, base: str | None) -> Covariate:
    if base is None:
        return covariate
    if base not in covariate.levels:
        shown = words.listing(words.plain(level) for level in covariate.levels)
        raise InputError(f"{covariate.name}: the base '{words.plain(base)}' is not one of {shown}.")
    order = [base, *(level for level in covariate.levels if level != base)]
    sizes = dict(zip(covariate.levels, covariate.customers, strict=True))
    return replace(covariate, levels=tuple(order), customers=tuple(sizes[level] for level in order))


def _without_repetition(
    table: pd.DataFrame, covariates: tuple[Covariate, ...]
) -> tuple[tuple[Covariate, ...], tuple[str, ...]]:
    """Leave out every covariate that follows from the others, the coarser one first."""
    notes = []
    kept = list(covariates)
    for covariate in sorted(covariates, key=lambda c: (len(c.levels), -covariates.index(c))):
        others = [other for other in kept if other is not covariate]
        if not others or _rank(table, [*others, covariate]) > _rank(table, others):
            continue
        single = [other for other in others if _rank(table, [other, covariate]) == _rank(table, [other])]
        because = words.listing(other.name for other in (single[:1] or others))
        notes.append(
            f"{covariate.name} is left out: it follows from {because}, so their effects cannot be told apart."
        )
        kept = others
    return tuple(kept), tuple(notes)


def _with_silent_levels(
    table: pd.DataFrame, covariates: tuple[Covariate, ...]
) -> tuple[tuple[Covariate, ...], tuple[str, ...]]:
    """Take away single effects that follow from those before, such as both columns being blank."""
    notes: list[str] = []
    settled: list[Covariate] = []
    for covariate in covariates:
        tried = replace(covariate, silent=covariate.levels[1:])
        for level in covariate.levels[1:]:
            more = replace(tried, silent=tuple(other for other in tried.silent if other != level))
            if _rank(table, [*settled, more]) > _rank(table, [*settled, tried]):
                tried = more
        settled.append(tried)
        notes += [
            f"{covariate.name} '{words.plain(level)}' has no effect of its own: these customers are already told "
            f"apart by {words.listing(other.name for other in settled[:-1])}."
            for level in tried.silent
        ]
    return tuple(settled), tuple(notes)


def _rank(table: pd.DataFrame, covariates: Sequence[Covariate]) -> int:
    rows = [np.append(1.0, dummies(levels, covariates)) for levels, _ in cells(table, covariates)]
    return int(np.linalg.matrix_rank(np.array(rows)))
