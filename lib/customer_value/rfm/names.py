"""The names of all segments, in the order in which tables show them."""

from __future__ import annotations

__all__ = [
    "BEST",
    "CHINESE",
    "EIGHT_CLASSES",
    "LEVELS",
    "NOT_YET",
    "OUTSIDE",
    "PORTFOLIO",
    "PORTFOLIO_GROUPS",
    "SEGMENTATIONS",
    "SEGMENTS",
    "STATES",
    "TEXTBOOK_GROUPS",
]

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
"""The eleven of the recency × frequency grid."""

BEST = ("Champion", "Loyal")
"""Recent and frequent: the segments that a company would hate to see anybody leave."""

OUTSIDE = "No order in the window"
NOT_YET = "Not yet a customer"

CHINESE = {
    "Important value": ("重要价值客户", "重要價值客戶"),
    "Important retention": ("重要保持客户", "重要保持客戶"),
    "Important development": ("重要发展客户", "重要發展客戶"),
    "Important win-back": ("重要挽留客户", "重要挽留客戶"),
    "Ordinary value": ("一般价值客户", "一般價值客戶"),
    "Ordinary retention": ("一般保持客户", "一般保持客戶"),
    "Ordinary development": ("一般发展客户", "一般發展客戶"),
    "Ordinary win-back": ("一般挽留客户", "一般挽留客戶"),
}
"""Eight classes to their names in simplified and traditional Chinese."""

EIGHT_CLASSES = tuple(CHINESE)

LEVELS = ("High", "Middle", "Low")
STATES = ("stable", "growing", "new", "seasonal", "reactivated", "lost", "long lost")

_TEXTBOOK = {
    ("High", "stable"): "Top decile stable",
    ("High", "growing"): "High and growing",
    ("Middle", "stable"): "Middle stable",
    ("Middle", "lost"): "Middle lost in the last six months",
    ("Low", "seasonal"): "Low seasonal",
    ("Low", "lost"): "Low lost in the last six months",
    ("Low", "reactivated"): "Low just reactivated",
}
TEXTBOOK_GROUPS = tuple(_TEXTBOOK.values())
"""The seven that the textbook names."""

PORTFOLIO = {
    (level, state): _TEXTBOOK.get((level, state), f"{level} {state}") for level in LEVELS for state in STATES
} | {("Low", "stable"): "Low active"}
"""Level and state to the name of the group: the textbook's, or a plain one."""

PORTFOLIO_GROUPS = (*TEXTBOOK_GROUPS, *(name for name in PORTFOLIO.values() if name not in TEXTBOOK_GROUPS))

SEGMENTATIONS = {
    "segment": SEGMENTS,
    "eight_class": EIGHT_CLASSES,
    "portfolio_group": PORTFOLIO_GROUPS,
}
"""Column of the table ``rfm`` to its segments."""
