"""ABC classes and the customer pyramid: who belongs to which class, whatever the order of rows.

Both classes depend on a customer's value alone, so equal customers share a class, and a class is
known by the lowest value in it. That makes the class of each customer one comparison on the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd

from customer_value.expressions import exact_sum, steps
from customer_value.pareto.figures import net_total

__all__ = [
    "ABC",
    "PYRAMID",
    "PYRAMID_CUTS",
    "abc_bounds",
    "class_table",
    "pyramid_bounds",
    "tier_matrix",
    "top_bound",
]

ABC = ("A", "B", "C")
PYRAMID = ("platinum", "gold", "iron", "lead")
PYRAMID_CUTS = (0.01, 0.05, 0.20)
"""Shares of customers strictly ahead, after Curry & Curry 2000."""

_UNITS = 10_000
Floats = npt.NDArray[np.float64]
Bounds = dict[str, float | None]


def abc_bounds(values: Floats | Sequence[float], cuts: Sequence[float] = (0.80, 0.95)) -> Bounds:
    """Lowest value of class A and of class B; all others are C.

    A customer's class goes by the share of the positive total that customers strictly ahead hold:
    below the first cut A, below the second B. The customer who crosses a cut is therefore in the
    better class, and equal values share one. Values that are not positive are C.

    Parameters
    ----------
    values
        One value per customer, in any order.
    cuts
        Rising shares of the positive total.

    Returns
    -------
    dict
        ``{"A": lowest value, "B": lowest value}``; None where nobody has a positive value.

    Examples
    --------
    >>> abc_bounds([80, 15, 3, 2])
    {'A': 80.0, 'B': 15.0}
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))[::-1]
    positive = ordered[ordered > 0]
    if not len(positive):
        return dict.fromkeys(ABC[:-1])
    held = np.concatenate([[0.0], np.cumsum(_whole_units(positive))])
    starts = _block_starts(positive)
    ahead = held[starts] / held[-1]
    return _lowest(positive[starts], ahead, dict(zip(ABC, cuts, strict=False)))


def pyramid_bounds(values: Floats | Sequence[float], cuts: Sequence[float] = PYRAMID_CUTS) -> Bounds:
    """Lowest value of platinum, gold and iron; all others are lead.

    A customer's tier goes by the share of customers strictly ahead; an account whose value is not
    positive is lead, however few are ahead of it. Names after Zeithaml, Rust & Lemon 2001, cuts
    after Curry & Curry 2000.

    Parameters
    ----------
    values
        One value (profit where it is known) per customer, in any order.
    cuts
        Rising shares of customers.

    Returns
    -------
    dict
        Tier to lowest value; None where nobody has a positive value.

    Examples
    --------
    >>> pyramid_bounds(range(1, 101))
    {'platinum': 100.0, 'gold': 96.0, 'iron': 81.0}
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))[::-1]
    return {tier: top_bound(ordered, cut) for tier, cut in zip(PYRAMID, cuts, strict=False)}


def top_bound(ordered: Floats, share: float) -> float | None:
    """Lowest positive value with less than a share of the customers strictly ahead of it.

    Parameters
    ----------
    ordered
        Values from high to low.
    share
        Share of customers.

    Returns
    -------
    float or None
        None where nobody has a positive value.

    Examples
    --------
    >>> top_bound(np.array([9.0, 7.0, 7.0, 1.0, 0.0]), 0.4)
    7.0
    """
    positive = ordered[ordered > 0]
    if not len(positive):
        return None
    starts = _block_starts(positive)
    return float(positive[starts][starts / len(ordered) < share][-1])


def class_table(values: Floats, bounds: Bounds, names: Sequence[str]) -> pd.DataFrame:
    """Size and money of each class, empty ones included.

    Parameters
    ----------
    values
        Values sorted from high to low.
    bounds
        Lowest value of each class, best first.
    names
        All classes, best first; the last one takes the rest.

    Returns
    -------
    pandas.DataFrame
        class, customers, customer_share, value (money), value_share (of the net total; missing
        where that is not positive), lowest (value in the class; missing if empty).
    """
    upto = [_reaching(values, bounds[name]) for name in names[:-1]] + [len(values)]
    edges = np.maximum.accumulate([0, *upto])
    total = net_total(values)
    parts = [values[a:b] for a, b in pairwise(edges)]
    money = [float(part.sum()) for part in parts]
    return pd.DataFrame(
        {
            "class": list(names),
            "customers": [len(part) for part in parts],
            "customer_share": [len(part) / max(1, len(values)) for part in parts],
            "value": money,
            "value_share": [amount / total if total > 0 else np.nan for amount in money],
            "lowest": [float(part[-1]) if len(part) else np.nan for part in parts],
        }
    )


def tier_matrix(customers: ibis.Table, rows: str, columns: str, bounds: Mapping[str, Bounds]) -> pd.DataFrame:
    """Customers by their tier in two values, for instance net revenue and profit.

    Parameters
    ----------
    customers
        Table with both value columns.
    rows, columns
        The two value columns.
    bounds
        Value column to its `pyramid_bounds`.

    Returns
    -------
    pandas.DataFrame
        All 16 cells: ``{rows}_tier``, ``{columns}_tier``, customers, the two sums of money, and
        losing (customers of the cell whose second value is negative) and loss (their sum of it).
    """
    names = [f"{rows}_tier", f"{columns}_tier"]
    tiers = {f"{v}_tier": steps(customers[v], bounds[v], PYRAMID[-1]) for v in (rows, columns)}
    labelled = customers.filter(customers[rows].notnull(), customers[columns].notnull()).mutate(**tiers)
    found = labelled.group_by(names).aggregate(
        customers=labelled.count(),
        losing=(labelled[columns] < 0).sum(),
        loss=exact_sum(ibis.least(labelled[columns], 0.0)),
        **{v: exact_sum(labelled[v]) for v in (rows, columns)},
    )
    cells = pd.MultiIndex.from_product([PYRAMID, PYRAMID], names=names)
    frame = found.to_pyarrow().to_pandas().set_index(names).reindex(cells, fill_value=0).reset_index()
    return frame.astype(
        {"customers": "int64", "losing": "int64", "loss": "float64", rows: "float64", columns: "float64"}
    )


def _lowest(values: Floats, ahead: Floats, cuts: Mapping[str, float]) -> Bounds:
    return {name: float(values[ahead < cut][-1]) for name, cut in cuts.items()}


def _block_starts(ordered: Floats) -> npt.NDArray[np.int64]:
    changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return np.concatenate([[0], changes]).astype(np.int64)


def _whole_units(values: Floats) -> Floats:
    """Money in ten-thousandths, whole where a double can hold it, so that shares meet cuts exactly."""
    return np.rint(values * _UNITS) if values.sum() * _UNITS < 2**53 else values


def _reaching(ordered: Floats, bound: float | None) -> int:
    return 0 if bound is None else int(np.searchsorted(-ordered, -bound, side="right"))
