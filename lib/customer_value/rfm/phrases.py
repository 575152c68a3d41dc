"""Parts of sentences about recency, frequency and money, and the segments by their names."""

from __future__ import annotations

from collections.abc import Iterable

from customer_value.text import Count, Listing, Text, say

__all__ = [
    "DIMENSION_NAMES",
    "label",
    "labels",
    "scores",
]

DIMENSION_NAMES = {"recency": say("recency"), "frequency": say("frequency"), "monetary": say("money")}
"""Dimension to what it is called within a sentence."""

_LABELS = {
    "Champion": say("Champion"),
    "Loyal": say("Loyal"),
    "Potential loyalist": say("Potential loyalist"),
    "New": say("New"),
    "Promising": say("Promising"),
    "Need attention": say("Need attention"),
    "About to sleep": say("About to sleep"),
    "At risk": say("At risk"),
    "Can't lose": say("Can't lose"),
    "Hibernating": say("Hibernating"),
    "Lost": say("Lost"),
    "Important value": say("Important value"),
    "Important retention": say("Important retention"),
    "Important development": say("Important development"),
    "Important win-back": say("Important win-back"),
    "Ordinary value": say("Ordinary value"),
    "Ordinary retention": say("Ordinary retention"),
    "Ordinary development": say("Ordinary development"),
    "Ordinary win-back": say("Ordinary win-back"),
    "Top decile stable": say("Top decile stable"),
    "High and growing": say("High and growing"),
    "High new": say("High new"),
    "High seasonal": say("High seasonal"),
    "High reactivated": say("High reactivated"),
    "High lost": say("High lost"),
    "High long lost": say("High long lost"),
    "Middle stable": say("Middle stable"),
    "Middle growing": say("Middle growing"),
    "Middle new": say("Middle new"),
    "Middle seasonal": say("Middle seasonal"),
    "Middle reactivated": say("Middle reactivated"),
    "Middle lost in the last six months": say("Middle lost in the last six months"),
    "Middle long lost": say("Middle long lost"),
    "Low active": say("Low active"),
    "Low growing": say("Low growing"),
    "Low new": say("Low new"),
    "Low seasonal": say("Low seasonal"),
    "Low just reactivated": say("Low just reactivated"),
    "Low lost in the last six months": say("Low lost in the last six months"),
    "Low long lost": say("Low long lost"),
}


def label(segment: str) -> Text:
    """A segment of any segmentation as it is called in a sentence."""
    return _LABELS[segment]


def labels(segments: Iterable[str], most: int = 6, *, either: bool = False) -> Listing:
    """Several segments in one list."""
    return Listing(tuple(map(label, segments)), most, either)


def scores(found: Iterable[tuple[str, int]]) -> Listing:
    """Dimensions with a score each, any of which is meant."""
    items = [
        say("{dimension} {score}", dimension=DIMENSION_NAMES[name], score=Count(score))
        for name, score in found
    ]
    return Listing(tuple(items), most=15, either=True)
