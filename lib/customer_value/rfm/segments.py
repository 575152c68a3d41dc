"""The eleven segments of the recency × frequency grid, and what to do for each."""

from __future__ import annotations

from typing import Any

import ibis

__all__ = ["GRID", "SEGMENTS", "TREATMENTS", "segment_of", "with_segment"]

SEGMENTS = (
    "Champion",
    "Loyal",
    "Potential loyalist",
    "New",
    "Promising",
    "Need attention",
    "About to sleep",
    "At risk",
    "Can't lose",
    "Hibernating",
    "Lost",
)
"""All segments, in the order in which tables show them."""

_SLIPPING = ("Hibernating", "Hibernating", "At risk", "At risk", "Can't lose")
GRID = {
    5: ("New", "Potential loyalist", "Potential loyalist", "Champion", "Champion"),
    4: ("Promising", "Potential loyalist", "Potential loyalist", "Loyal", "Loyal"),
    3: ("About to sleep", "About to sleep", "Need attention", "Loyal", "Loyal"),
    2: _SLIPPING,
    1: ("Lost", *_SLIPPING[1:]),
}
"""Recency score to the segments of frequency scores 1 to 5."""

TREATMENTS = {
    "Champion": "Thank them, ask for referrals and for their view on new products; no discounts needed.",
    "Loyal": "Offer them more of the range and agreements that make ordering easier.",
    "Potential loyalist": "Lead them to the next order: remind, recommend, offer a small bonus for a regular order.",
    "New": "Welcome them well: check that the first order went right and propose the second one.",
    "Promising": "They came lately and once: stay in sight with an offer that fits the first order.",
    "Need attention": "Ask how things go and make a time-limited offer before they slip.",
    "About to sleep": "Send a reminder with a reason to come back; stop after two without an answer.",
    "At risk": "Call or write in person, find out why the orders stopped, and settle what went wrong.",
    "Can't lose": "Visit or call each one now: they ordered most and have gone quiet.",
    "Hibernating": "Keep contact cheap: catalogue or newsletter, a win-back offer once a year.",
    "Lost": "Try one last win-back offer, then spend nothing more on them.",
}
"""What is usually done for a segment; a starting point for a company's own rules."""


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
    cell = scored.recency_score * 10 + scored.frequency_score
    branches: list[tuple[Any, str]] = [
        (r * 10 + f, segment_of(r, f)) for r in sorted(GRID, reverse=True) for f in range(1, 6)
    ]
    return scored.mutate(segment=cell.cases(*branches))
