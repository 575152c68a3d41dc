"""Order rows to reduced tables in one sorted pass: `customer_value.reduce` on DuckDB, made fast.

A database groups rows by looking each key up in a table of all groups; with millions of customers
that table lies far from the processor, and it is built again for every question. Here the engine
only reads, types and filters. Its rows are divided once by range of customer id; each part is sorted
once by customer and date as whole numbers; and every table, for every date, is then sums of
neighbouring rows. The results are those of `customer_value.reduce`, to the last bit.
"""

from customer_value.reduction.reducing import Reduced, Seen, look_at_orders, reduce_orders
from customer_value.reduction.survey import NUMBER, ORDER_NUMBER, Survey, id_figures, survey_from

__all__ = [
    "NUMBER",
    "ORDER_NUMBER",
    "Reduced",
    "Seen",
    "Survey",
    "id_figures",
    "look_at_orders",
    "reduce_orders",
    "survey_from",
]
