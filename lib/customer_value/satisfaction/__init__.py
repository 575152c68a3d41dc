"""Satisfaction and delivered value: what customers expect, get, weigh up, and what follows from it.

Examples
--------
>>> import pandas as pd
>>> from customer_value import satisfaction
>>> items = pd.DataFrame({"item": ["sat"], "construct": "satisfaction", "aspect": "overall",
...                       "scale_min": 1, "scale_max": 5})
>>> answers = pd.DataFrame({"respondent_id": list("abcdef"), "item": "sat", "score": [5, 4, 4, 5, 4, 3]})
>>> satisfaction.satisfaction_and_value(answers, items).facts["satisfaction.index"]
79.166666667
"""

from __future__ import annotations

from customer_value.satisfaction.analysis import (
    Satisfaction,
    satisfaction_and_value,
    satisfaction_of,
)
from customer_value.satisfaction.delivered import COMPONENTS
from customer_value.satisfaction.importance import relative_weights

__all__ = [
    "COMPONENTS",
    "Satisfaction",
    "relative_weights",
    "satisfaction_and_value",
    "satisfaction_of",
]
