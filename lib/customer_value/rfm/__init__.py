"""RFM: who bought lately, often and much, the segment of each customer, and what to do for it.

`rfm` takes the customer table, and the tables behind it for comparisons over time, and returns an
`Rfm` with scores, three segmentations, tables and sentences; `rfm_of` does the same for a workbook.
`base`, `cutoffs` and `score` are its steps, for scores at another date with the same cut-offs;
`from_orders` leads to them from orders without a report.
"""

from customer_value.rfm.analysis import Rfm, rfm, rfm_of
from customer_value.rfm.classes import class_of, thresholds, with_eight_class
from customer_value.rfm.cohorts import Cohorts, cohorts
from customer_value.rfm.migration import Migration
from customer_value.rfm.names import EIGHT_CLASSES, PORTFOLIO_GROUPS, SEGMENTATIONS, SEGMENTS, TEXTBOOK_GROUPS
from customer_value.rfm.orders import from_orders
from customer_value.rfm.policy import Policy, read_policy, standard_policy
from customer_value.rfm.prediction import Prediction
from customer_value.rfm.proposal import proposed_cutoffs
from customer_value.rfm.reading import (
    class_table,
    cohort_table,
    lift_table,
    migration_table,
    movers_table,
    portfolio_table,
    threshold_table,
    treatment_table,
)
from customer_value.rfm.remarks import remark
from customer_value.rfm.scores import base, cutoffs, score
from customer_value.rfm.segments import GRID, TREATMENTS, segment_of, with_segment
from customer_value.rfm.worth import clv_by_segment

__all__ = [
    "EIGHT_CLASSES",
    "GRID",
    "PORTFOLIO_GROUPS",
    "SEGMENTATIONS",
    "SEGMENTS",
    "TEXTBOOK_GROUPS",
    "TREATMENTS",
    "Cohorts",
    "Migration",
    "Policy",
    "Prediction",
    "Rfm",
    "base",
    "class_of",
    "class_table",
    "clv_by_segment",
    "cohort_table",
    "cohorts",
    "cutoffs",
    "from_orders",
    "lift_table",
    "migration_table",
    "movers_table",
    "portfolio_table",
    "proposed_cutoffs",
    "read_policy",
    "remark",
    "rfm",
    "rfm_of",
    "score",
    "segment_of",
    "standard_policy",
    "threshold_table",
    "thresholds",
    "treatment_table",
    "with_eight_class",
    "with_segment",
]
