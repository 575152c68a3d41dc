"""Where orders start: at the first sale of an order number, and again where the number is used anew.

For one customer and number a new order starts on a day more than so many days after the first day of the
current one, so that each start follows from the one before it. Sorted by number and day all of them are
known by one search, and only the starts themselves are followed, those of all numbers at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from customer_value.reduction.sorting import first_places

__all__ = ["order_starts"]

Array = NDArray[Any]


def order_starts(customer: Array, date: Array, order: Array, most: int | None) -> tuple[Array, int, int]:
    """Whether an order starts at a sale.

    Parameters
    ----------
    customer, date, order
        Of sales by customer and date: the customer's number, days, and hash (uint64) of the order number. Equal
        hashes of one customer are taken for the same number; with a million orders of one customer the chance that
        two differ is one in thirty million.
    most
        A number starts again on a day more than so many days after the first of its order; None: never.

    Returns
    -------
    tuple
        Whether, per row; how many numbers start again; and how often they do.

    Examples
    --------
    >>> customer, order = np.array([1, 1, 1, 2]), np.array([7, 7, 7, 7], dtype=np.uint64)
    >>> order_starts(customer, np.array([0, 30, 40, 90]), order, 31)
    (array([ True, False,  True,  True]), 1, 1)
    """
    first = first_places(customer, order)
    starts = first == np.arange(len(first))
    if most is None or starts.all():
        return starts, 0, 0
    later = np.flatnonzero(~starts)
    far = date[later] - date[first[later]] > most
    if not far.any():
        return starts, 0, 0
    wide = np.zeros(len(first), dtype=bool)
    wide[first[later[far]]] = True
    rows = np.flatnonzero(wide[first])
    rows = rows[np.argsort(first[rows], kind="stable")]
    again = rows[_followed(first[rows], date[rows].astype(np.int64), most)]
    starts[again] = True
    return starts, int(wide.sum()), len(again)


def _followed(number: Array, date: Array, most: int) -> Array:
    """Places where a number starts again, in rows by number and date."""
    new = np.append(True, number[1:] != number[:-1])
    rank, day = np.cumsum(new), date - date.min()
    room = int(day.max()) + most + 1
    key = rank * room + day
    following = np.searchsorted(key, key + most, side="right")
    reached, found = np.flatnonzero(new), []
    while len(reached):
        onward = following[reached]
        inside = onward < len(rank)
        reached, onward = reached[inside], onward[inside]
        reached = onward[rank[onward] == rank[reached]]
        found.append(reached)
    return np.concatenate(found)
