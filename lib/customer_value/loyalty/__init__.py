"""Loyalty: who prefers this company, who buys repeatedly, and who does both (Dick & Basu 1994).

Examples
--------
>>> import datetime as dt
>>> import pandas as pd
>>> from customer_value import loyalty
>>> customers = pd.DataFrame({"customer_id": ["a", "b"], "first_order": "2024-01-05",
...     "last_order": ["2024-06-01", "2024-01-05"], "net_revenue": [900.0, 50.0],
...     "frequency": [4, 0], "T": [360, 360]})
>>> loyalty.matrix(customers, as_of=dt.date(2024, 12, 30), currency="EUR").repeat.source
'bought again'
"""

from __future__ import annotations

from customer_value.loyalty.cells import CELLS
from customer_value.loyalty.matrix import LoyaltyMatrix, matrix, matrix_of

__all__ = ["CELLS", "LoyaltyMatrix", "matrix", "matrix_of"]
