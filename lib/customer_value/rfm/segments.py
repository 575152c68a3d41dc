"""The eleven segments of the recency × frequency grid, and what to do for each."""

from __future__ import annotations

from typing import Any

import ibis

from customer_value.expressions import chosen
from customer_value.rfm.names import SEGMENTS
from customer_value.rfm.policy import standard_policy

__all__ = ["GRID", "SEGMENTS", "TREATMENTS", "named", "segment_of", "with_segment"]

_SLIPPING = ("Hibernating", "Hibernating", "At risk", "At risk", "Can't lose")
GRID = {
    5: ("New", "Potential loyalist", "Potential loyalist", "Champion", "Champion"),
    4: ("Promising", "Potential loyalist", "Potential loyalist", "Loyal", "Loyal"),
    3: ("About to sleep", "About to sleep", "Need attention", "Loyal", "Loyal"),
    2: _SLIPPING,
    1: ("Lost", *_SLIPPING[1:]),
}
"""Recency score to the segments of frequency scores 1 to 5."""

TREATMENTS = dict(standard_policy()["segment"])
"""What is usually done for a segment; a starting point for a company's own policy."""


def segment_of(recency_score: int, frequency_score: int) -> str:
    """The segment of a cell of the grid.

    Examples
    --------
    >>> segment_of(5, 5), segment_of(1, 1), segment_of(2, 5)
    ('Champion', 'Lost', "Can't lose")
    """
    return GRID[recency_score][frequency_score - 1]


def with_segment(scored: ibis.Table) -> ibis.Table:
    """Add the column ``segment`` to a table with recency_score and frequency_score."""
    return scored.mutate(segment=named(scored.recency_score, scored.frequency_score))


def named(recency_score: Any, frequency_score: Any) -> Any:
    """The segment of two scores, as an Ibis expression.

    A list is looked into once, where branches would compute both scores again for each.
    """
    names = [segment_of(r, f) for r in range(1, 6) for f in range(1, 6)]
    return chosen(names, (recency_score - 1) * 5 + frequency_score - 1)
