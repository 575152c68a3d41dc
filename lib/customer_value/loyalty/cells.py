"""The four cells: who is in which, how firmly, with what money, and who matters most."""

from __future__ import annotations

import numpy as np
import pandas as pd

from customer_value.loyalty.attitude import MEAN, RELATIVE
from customer_value.settings import LoyaltySettings
from customer_value.survey import MINIMUM

__all__ = ["CELLS", "cells_of", "place", "priority"]

CELLS = ("true", "latent", "inert", "none", "not_surveyed")
"""High attitude and high repeat purchase, attitude only, repeat purchase only, neither; and the rest."""

_FIXED_CUTS = {RELATIVE: 0.0, MEAN: 0.5}


def place(table: pd.DataFrame, fixed: float, options: LoyaltySettings, *, usable: bool) -> pd.DataFrame:
    """Put each customer into its cell and say how firmly it stands there.

    Parameters
    ----------
    table
        ``attitude``, ``attitude_source``, ``standard_error``, ``repeat_purchase``, ``surveyed``.
    fixed
        Fixed cut of repeat purchase.
    options
        Which cuts count.
    usable
        Whether there are enough respondents to place anybody.

    Returns
    -------
    pandas.DataFrame
        The table with ``attitude_cut``, ``repeat_cut``, ``cell``, ``changes_by_cuts`` (another cell
        under the other kind of cuts), ``within_one_error`` (of the attitude cut), ``near_border``
        (either), ``why_not``. A value is high when it is above its cut; median cuts are those of the
        placed customers, of attitude within each of its sources.
    """
    inside = table["attitude"].notna() & table["repeat_purchase"].notna() & usable
    placed = table[inside]
    by_source = placed.groupby("attitude_source")["attitude"].median()
    attitude_cuts = {
        "fixed": table["attitude_source"].map(_FIXED_CUTS).astype(float),
        "median": table["attitude_source"].map(by_source).astype(float),
    }
    repeat_cuts = {"fixed": fixed, "median": placed["repeat_purchase"].median() if len(placed) else fixed}
    other = "median" if options.cuts == "fixed" else "fixed"
    cell = _cell(table, attitude_cuts[options.cuts], repeat_cuts[options.cuts])
    elsewhere = _cell(table, attitude_cuts[other], repeat_cuts[other])
    close = (table["attitude"] - attitude_cuts[options.cuts]).abs() <= table["standard_error"]
    table = table.assign(
        attitude_cut=attitude_cuts[options.cuts].where(inside),
        repeat_cut=float(repeat_cuts[options.cuts]),
        cell=cell.where(inside, "not_surveyed"),
        changes_by_cuts=(cell != elsewhere) & inside,
        within_one_error=close & inside,
        why_not=_why_not(table).where(~inside),
    )
    return table.assign(near_border=table["changes_by_cuts"] | table["within_one_error"])


def cells_of(customers: pd.DataFrame) -> pd.DataFrame:
    """Customers and money per cell, see `customer_value.loyalty.matrix.LoyaltyMatrix.cells`.

    Examples
    --------
    >>> customers = pd.DataFrame({"cell": ["true", "none"], "net_revenue": [30.0, 10.0], "frequency": 1.0,
    ...                           "attitude": 0.5, "near_border": False})
    >>> cells_of(customers)[["cell", "customers", "revenue_share"]].values.tolist()[:2]
    [['true', 1, 0.75], ['latent', 0, 0.0]]
    """
    groups = {cell: customers[customers["cell"] == cell] for cell in CELLS}
    revenue = {cell: round(float(group["net_revenue"].sum()), 2) for cell, group in groups.items()}
    total = sum(revenue.values())
    rows = []
    for cell, group in groups.items():
        enough = len(group) >= MINIMUM
        row = {
            "cell": cell,
            "customers": len(group),
            "share": len(group) / len(customers) if len(customers) else 0.0,
            "net_revenue": revenue[cell],
            "revenue_share": revenue[cell] / total if total > 0 else None,
            "mean_x": float(group["frequency"].mean()) if enough else None,
            "mean_attitude": float(group["attitude"].mean()) if enough and cell != "not_surveyed" else None,
            "near_border": int(group["near_border"].sum()),
        }
        if "margin" in group.columns:
            row["margin"] = round(float(group["margin"].sum()), 2)
        rows.append(row)
    return pd.DataFrame(rows).astype({"revenue_share": float, "mean_x": float, "mean_attitude": float})


def priority(customers: pd.DataFrame, cell: str) -> pd.DataFrame:
    """The customers of a cell that matter most, largest first.

    Parameters
    ----------
    customers
        As in the loyalty matrix.
    cell
        Latent ones are ranked by yearly potential if known, true ones by margin if known, others by
        net revenue.

    Returns
    -------
    pandas.DataFrame
        Those at or above the median of all placed customers (of all customers, for the not
        surveyed), with ``ranked_by``.
    """
    group = customers[customers["cell"] == cell]
    by = "net_revenue"
    if cell == "latent" and group["annual_potential"].notna().any():
        by = "annual_potential"
    elif cell == "true" and "margin" in customers.columns:
        by = "margin"
    peers = customers if cell == "not_surveyed" else customers[customers["cell"] != "not_surveyed"]
    high = group[group[by] >= peers[by].median()] if len(peers) else group
    ordered = high.sort_values([by, "customer_id"], ascending=[False, True], ignore_index=True)
    return ordered.assign(ranked_by=by)


def _cell(table: pd.DataFrame, attitude_cut: pd.Series, repeat_cut: float) -> pd.Series:
    prefers, buys = table["attitude"] > attitude_cut, table["repeat_purchase"] > repeat_cut
    cells = np.select([prefers & buys, prefers, buys], ["true", "latent", "inert"], "none")
    return pd.Series(cells, index=table.index, dtype="str")


def _why_not(table: pd.DataFrame) -> pd.Series:
    reasons = np.select(
        [~table["surveyed"], table["attitude"].isna(), table["repeat_purchase"].isna()],
        ["no answer", "answers give no attitude", "repeat purchase not known"],
        f"fewer than {MINIMUM} respondents in all",
    )
    return pd.Series(reasons, index=table.index, dtype="str")
