"""RFM: who bought lately, often and much, the segment of each customer, and what to do for it.

`rfm` takes the customer table and returns an `Rfm` with scores, segments, tables and sentences;
`base`, `cutoffs` and `score` are its steps, for scores at another date with the same cut-offs.
"""

from customer_value.rfm.analysis import Rfm, rfm
from customer_value.rfm.scores import base, cutoffs, score
from customer_value.rfm.segments import GRID, SEGMENTS, TREATMENTS, segment_of, with_segment

__all__ = [
    "GRID",
    "SEGMENTS",
    "TREATMENTS",
    "Rfm",
    "base",
    "cutoffs",
    "rfm",
    "score",
    "segment_of",
    "with_segment",
]
