"""Distinct rows and their counts: few passes over many customers, and none that sorts all of them.

Counts are whole numbers and times are whole days in some unit, so that a row is usually one small
whole number. Values that are not are numbered first, and rows too many to count by are hashed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_value.clv.units import DAYS

__all__ = ["counted", "distinct", "thinned"]

Array = NDArray[Any]

_PER_DAY = tuple(DAYS.values())
_GLANCE = 64
_MOST = 1e6
_KEYS = 2**62
_DENSE = 4


def distinct(*columns: Array) -> tuple[tuple[Array, ...], Array]:
    """The distinct rows of parallel columns, sorted, and each input row's place among them.

    Examples
    --------
    >>> distinct(np.array([2.0, 1, 2]), np.array([5.0, 6, 5]))
    ((array([1., 2.]), array([6., 5.])), array([1, 0, 1]))
    """
    key, size, tables = _keys(columns)
    found, place = _places(key, size)
    return _rows(found, tables), place


def counted(columns: Sequence[Array], weight: Array | None) -> tuple[tuple[Array, ...], Array]:
    """The distinct rows, sorted, and the sum of weights of each (their number if there is none).

    Examples
    --------
    >>> counted([np.array([2.0, 1, 2])], None)
    ((array([1., 2.]),), array([1., 2.]))
    """
    key, size, tables = _keys(columns)
    if weight is None and size > _DENSE * len(key):
        key = np.sort(key)
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        return _rows(key[starts], tables), np.diff(np.append(starts, len(key))).astype(float)
    if weight is None:
        number = np.bincount(key, minlength=size)
        found = np.flatnonzero(number)
        return _rows(found, tables), number[found].astype(float)
    found, place = _places(key, size)
    if np.any(weight % 1):
        order = np.lexsort((weight, place))
        place, weight = place[order], weight[order]
    return _rows(found, tables), np.bincount(place, weights=weight, minlength=len(found))


def thinned(rows: Array, weight: Array, most: int) -> tuple[Array, Array]:
    """At most ``most`` of the rows, at even steps of their weight, with weights that stand for all.

    Examples
    --------
    >>> thinned(np.arange(6), np.ones(6), 3)
    (array([1, 3, 5]), array([2., 2., 2.]))
    """
    if len(rows) <= most:
        return rows, weight[rows]
    mass = np.cumsum(weight[rows])
    steps = (np.arange(most) + 0.5) * mass[-1] / most
    kept, times = np.unique(np.searchsorted(mass, steps, side="right"), return_counts=True)
    return rows[kept], times * mass[-1] / most


def _keys(columns: Sequence[Array]) -> tuple[Array, int, list[tuple[Array, ...]]]:
    """A whole number for each row, in the order of the rows; their bound; and what they stand for."""
    key, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    tables: list[tuple[Array, ...]] = []
    for column in columns:
        values, codes = _codes(column)
        if size * len(values) > _KEYS:
            found, key = _places(key, size)
            tables, size = [_rows(found, tables)], len(found)
        if len(values) > 1:
            key = key * len(values) + codes if size > 1 else codes
        size *= len(values)
        tables.append((values,))
    return key, size, tables


def _places(key: Array, size: int) -> tuple[Array, Array]:
    """The distinct keys, sorted, and each key's place among them."""
    if size > _DENSE * len(key):
        return _in_order(key) if np.all(key[1:] >= key[:-1]) else _numbered(key)
    there = np.zeros(size, dtype=bool)
    there[key] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[key]


def _in_order(key: Array) -> tuple[Array, Array]:
    new = np.diff(key, prepend=-1) > 0
    return key[new], np.cumsum(new) - 1


def _rows(keys: Array, tables: Sequence[tuple[Array, ...]]) -> tuple[Array, ...]:
    columns: tuple[Array, ...] = ()
    for table in reversed(tables):
        keys, code = np.divmod(keys, max(len(table[0]), 1))
        columns = (*(values[code] for values in table), *columns)
    return columns


def _codes(column: Array) -> tuple[Array, Array]:
    """Sorted values that include all of a column's, and the place of each of its rows among them."""
    if len(column) and column.strides == (0,):
        return column[:1], np.zeros(len(column), dtype=np.int64)
    for factor in _PER_DAY if len(column) else ():
        glance = column[:_GLANCE]
        if not np.array_equal(np.rint(glance * factor) / factor, glance):
            continue
        days = np.rint(column * factor)
        low, high = days.min(), days.max()
        if max(-low, high) < _MOST and np.array_equal(days / factor, column):
            return np.arange(low, high + 1) / factor, (days - low).astype(np.int64)
    return _numbered(column)


def _numbered(values: Array) -> tuple[Array, Array]:
    codes, found = pd.factorize(values, use_na_sentinel=False)
    order = np.argsort(found)
    rank = np.empty(len(found), dtype=np.int64)
    rank[order] = np.arange(len(found))
    return found[order], rank[codes]
