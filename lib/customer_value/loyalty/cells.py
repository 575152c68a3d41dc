"""The four cells: who is in which, how firmly, with what money, and who matters most."""

from __future__ import annotations

import numpy as np
import pandas as pd

from customer_value.loyalty.attitude import FIXED_CUTS
from customer_value.loyalty.repeat_purchase import AGAIN, RATE
from customer_value.row_order import by_content
from customer_value.settings import LoyaltySettings
from customer_value.survey import MINIMUM

__all__ = ["CELLS", "FOUR", "alternative_splits", "cells_of", "place", "priority"]

CELLS = ("true", "latent", "inert", "none", "not_surveyed")
"""High attitude and high repeat purchase, attitude only, repeat purchase only, neither; and the rest."""

FOUR = CELLS[:-1]
"""The cells of the matrix itself."""

_STEP = 0.1


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
        "fixed": table["attitude_source"].map(FIXED_CUTS).astype(float),
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


def alternative_splits(placed: pd.DataFrame, source: str, options: LoyaltySettings) -> pd.DataFrame:
    """How many customers stand in each cell under other splits, and how many change their cell.

    Parameters
    ----------
    placed
        The customers in the matrix, as `place` returns them.
    source
        Measure of repeat purchase.
    options
        Which cuts count.

    Returns
    -------
    pandas.DataFrame
        Per ``split``: customers that are ``true``, ``latent``, ``inert``, ``none``, and how many
        ``changed`` their cell. The first row is the split in use; the others take the other kind of
        cuts on both axes and on each alone, then a nearby cut of repeat purchase (0.1 lower and higher,
        or at least two repeat purchase days), then attitudes one standard error lower and higher.

    Examples
    --------
    >>> from customer_value.loyalty.attitude import RELATIVE
    >>> placed = pd.DataFrame({"cell": ["true", "none"], "attitude": [0.3, -0.2], "attitude_cut": 0.0,
    ...     "attitude_source": RELATIVE, "standard_error": 0.25, "repeat_purchase": [0.9, 0.1],
    ...     "repeat_cut": 0.5})
    >>> table = alternative_splits(placed, "share of wallet", LoyaltySettings())
    >>> table[table["split"] == "attitude one standard error higher"]["changed"].tolist()
    [1]
    """
    if placed.empty:
        return pd.DataFrame(columns=["split", *FOUR, "changed"])
    attitude, repeat = placed["attitude_cut"], float(placed["repeat_cut"].iloc[0])
    other, medians = ("median", True) if options.cuts == "fixed" else ("fixed", False)
    by_source = placed.groupby("attitude_source")["attitude"].transform("median")
    attitude_other = by_source if medians else placed["attitude_source"].map(FIXED_CUTS).astype(float)
    fixed = _FIXED_REPEAT.get(source, options.share_of_wallet_cut)
    repeat_other = float(placed["repeat_purchase"].median()) if medians else fixed
    error = placed["standard_error"].fillna(0.0)
    splits: dict[str, tuple[pd.Series, float]] = {
        "as used here": (attitude, repeat),
        f"{other} cuts on both axes": (attitude_other, repeat_other),
        f"{other} cut of attitude": (attitude_other, repeat),
        f"{other} cut of repeat purchase": (attitude, repeat_other),
        **{name: (attitude, cut) for name, cut in _nearby(source, repeat).items()},
        "attitude one standard error lower": (attitude + error, repeat),
        "attitude one standard error higher": (attitude - error, repeat),
    }
    rows = []
    for name, (attitude_cut, repeat_cut) in splits.items():
        cell = _cell(placed, attitude_cut, repeat_cut)
        sizes = {one: int((cell == one).sum()) for one in FOUR}
        rows.append({"split": name, **sizes, "changed": int((cell != placed["cell"]).sum())})
    return pd.DataFrame(rows)


def cells_of(customers: pd.DataFrame) -> pd.DataFrame:
    """Customers and money per cell, see `customer_value.loyalty.matrix.LoyaltyMatrix.cells`.

    Examples
    --------
    >>> customers = pd.DataFrame({"cell": ["true", "none"], "net_revenue": [30.0, 10.0], "frequency": 1.0,
    ...                           "attitude": 0.5, "near_border": False})
    >>> cells_of(customers)[["cell", "customers", "revenue_share"]].values.tolist()[:2]
    [['true', 1, 0.75], ['latent', 0, 0.0]]
    """
    customers = by_content(customers, "customer_id", "name")
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
        if "clv" in group.columns:
            row["clv"] = round(float(group["clv"].sum()), 2)
            row["mean_p_alive"] = float(group["p_alive"].mean()) if enough else None
        rows.append(row)
    table = pd.DataFrame(rows)
    figures = ["revenue_share", "mean_x", "mean_attitude", "mean_p_alive"]
    return table.astype({name: float for name in figures if name in table.columns})


def priority(customers: pd.DataFrame, cell: str) -> pd.DataFrame:
    """The customers of a cell that matter most, largest first.

    Parameters
    ----------
    customers
        As in the loyalty matrix.
    cell
        Latent ones are ranked by yearly potential if known, true ones by lifetime value, else margin
        if known, others by net revenue.

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
    elif cell == "true":
        known = (name for name in ("clv", "margin") if name in customers.columns)
        by = next((name for name in known if group[name].notna().any()), by)
    peers = customers if cell == "not_surveyed" else customers[customers["cell"] != "not_surveyed"]
    high = group[group[by] >= peers[by].median()] if len(peers) else group
    ordered = high.sort_values([by, "customer_id"], ascending=[False, True], ignore_index=True)
    return ordered.assign(ranked_by=by)


_FIXED_REPEAT = {AGAIN: 0.0, RATE: 1.0}


def _nearby(source: str, cut: float) -> dict[str, float]:
    if source == AGAIN:
        return {"at least two repeat purchase days": 1.0}
    shift = {"lower": cut - _STEP, "higher": cut + _STEP}
    return {f"cut of repeat purchase {_STEP:g} {way}": at for way, at in shift.items()}


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
