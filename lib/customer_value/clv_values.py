"""Lifetime value per customer for the analyses that need it, computed once per report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from customer_value.workbook import Workbook

__all__ = ["customer_values"]

_COLUMNS = ["customer_id", "clv", "p_alive"]


def customer_values(workbook: Workbook) -> pd.DataFrame | None:
    """Lifetime value and chance to be alive of each customer.

    Parameters
    ----------
    workbook
        Opened with `customer_value.open_workbook`.

    Returns
    -------
    pandas.DataFrame or None
        ``customer_id``, ``clv`` (money within the horizon of the settings), ``p_alive``; customers whose
        value is not known are left out. None without orders, or if nobody can be valued. In a report
        it is what the notebook on lifetime value recorded; else it is computed, which takes a while.
    """
    if not workbook.has("customers"):
        return None
    if workbook.has("clv"):
        table = workbook.frame("clv", _COLUMNS)
    else:
        from customer_value.clv import lifetime_value_of  # here: the models take a moment to import

        table = lifetime_value_of(workbook).tables["clv"]
        if not isinstance(table, pd.DataFrame):
            table = table.select(*_COLUMNS).to_pandas()
    table = table.reindex(columns=_COLUMNS)
    table = table[table["clv"].notna()].astype({"customer_id": "str", "clv": float, "p_alive": float})
    return table.sort_values("customer_id", ignore_index=True) if len(table) else None
