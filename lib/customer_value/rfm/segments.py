"""The eleven segments of the recency × frequency grid, and what to do for each."""

from __future__ import annotations

from typing import Any

import ibis

from customer_value.expressions import chosen
from customer_value.rfm.absence import is_away
from customer_value.rfm.names import SEGMENTS
from customer_value.rfm.policy import standard_policy

__all__ = [
    "GRID",
    "SEGMENTS",
    "SEGMENTS_OF_CELLS",
    "TREATMENTS",
    "cell_of",
    "named",
    "segment_of",
    "with_segment",
]

_SLIPPING = ("Hibernating", "Hibernating", "At risk", "At risk", "Can't lose")
GRID = {
    5: ("New", "Potential loyalist", "Potential loyalist", "Champion", "Champion"),
    4: ("Promising", "Potential loyalist", "Potential loyalist", "Loyal", "Loyal"),
    3: ("About to sleep", "About to sleep", "Need attention", "Loyal", "Loyal"),
    2: _SLIPPING,
    1: ("Lost", *_SLIPPING[1:]),
}
"""Recency score to the segments of frequency scores 1 to 5, of customers that are away where the name says so."""

_HERE = 4
"""Recency score whose names hold for all that are not away, see `customer_value.rfm.absence`."""

TREATMENTS = dict(standard_policy()["segment"])
"""What is usually done for a segment; a starting point for a company's own policy."""


def segment_of(recency_score: int, frequency_score: int, *, away: bool = True) -> str:
    """The segment of a cell of the grid, for customers that are away for longer than usual or are not.

    Examples
    --------
    >>> segment_of(5, 5), segment_of(1, 1), segment_of(2, 5), segment_of(2, 5, away=False)
    ('Champion', 'Lost', "Can't lose", 'Loyal')
    """
    return GRID[recency_score if away else max(recency_score, _HERE)][frequency_score - 1]


def with_segment(scored: ibis.Table) -> ibis.Table:
    """Add the column ``segment`` to a table with recency_days, recency_score and frequency_score."""
    return scored.mutate(segment=named(scored.recency_score, scored.frequency_score, is_away(scored)))


def named(recency_score: Any, frequency_score: Any, away: Any) -> Any:
    """The segment of two scores, as an Ibis expression."""
    return chosen(SEGMENTS_OF_CELLS, cell_of(recency_score, frequency_score, away))


SEGMENTS_OF_CELLS = tuple(
    segment_of(r, f, away=away) for away in (True, False) for r in range(1, 6) for f in range(1, 6)
)
"""The segments of all cells, of customers that are away and that are not; see `cell_of`."""


def cell_of(recency_score: Any, frequency_score: Any, away: Any) -> Any:
    """The place in `SEGMENTS_OF_CELLS`, as an Ibis expression.

    A list is looked into once, where branches would compute both scores again for each.
    """
    return (recency_score - 1) * 5 + frequency_score - 1 + ibis.ifelse(away, 0, 25)
