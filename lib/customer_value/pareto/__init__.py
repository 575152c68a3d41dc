"""Concentration of value: whether it is 80/20 here, who carries the company, what hangs on them.

`concentration` takes the customer table and returns a `Concentration` with figures, classes, tables
and sentences; `concentration_of` does so for an open workbook. The single figures
(`top_share`, `gini`, …) take plain values.
"""

from customer_value.pareto.analysis import Concentration, concentration, concentration_of
from customer_value.pareto.classes import abc_bounds, pyramid_bounds
from customer_value.pareto.figures import (
    customers_for_share,
    effective_customers,
    gini,
    herfindahl,
    top_share,
    whale_peak,
)
from customer_value.pareto.measure import Estimate, Measure

__all__ = [
    "Concentration",
    "Estimate",
    "Measure",
    "abc_bounds",
    "concentration",
    "concentration_of",
    "customers_for_share",
    "effective_customers",
    "gini",
    "herfindahl",
    "pyramid_bounds",
    "top_share",
    "whale_peak",
]
