"""An order of rows that does not depend on what customers are called.

A sum of doubles differs in its last digit with the order of its parts, and a resample with the places from which it
draws. Where rows stand by their ids, new ids would change figures.
"""

from __future__ import annotations

import pandas as pd

__all__ = ["by_content"]


def by_content(table: pd.DataFrame, *ids: str) -> pd.DataFrame:
    """The rows sorted by all that they hold beside ids, and only where that is equal by the ids.

    Examples
    --------
    >>> table = pd.DataFrame({"customer_id": ["a", "b", "c"], "orders": [2, 1, 2]})
    >>> by_content(table, "customer_id")["customer_id"].tolist()
    ['b', 'a', 'c']
    """
    content = [name for name in table.columns if name not in ids]
    named = [name for name in ids if name in table.columns]
    return table.sort_values([*content, *named], ignore_index=True)
