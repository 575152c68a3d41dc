"""Parts of sentences about satisfaction and delivered value that hold for any data."""

from __future__ import annotations

from collections.abc import Iterable

from customer_value.text import (
    Count,
    Listing,
    Name,
    Number,
    Text,
    say,
    say_for,
)

__all__ = [
    "COMPONENT_NAMES",
    "KINDS",
    "late",
    "names",
    "points",
    "score",
]

COMPONENT_NAMES = {
    "product": say("products"),
    "service": say("service"),
    "personnel": say("people"),
    "image": say("image"),
    "money": say("cost in money"),
    "time": say("cost in time"),
    "energy": say("effort"),
    "psychic": say("worry"),
}
"""Components of delivered value as they stand in a sentence."""

KINDS = {
    "industry": say("industry"),
    "region": say("region"),
    "abc": say("ABC class"),
    "wave": say("survey wave"),
}
"""What groups of respondents have in common."""


def late(months: int) -> Text:
    """The second half of the time after something, in which a customer who stayed still buys."""
    return say("{first} to {last} months", first=Count(months // 2 + 1), last=Count(months))


def names(listed: Iterable[object]) -> Listing:
    """Names from the survey in one list."""
    return Listing(tuple(Name(str(name)) for name in listed))


def points(share: float) -> Text:
    """A difference of shares in percentage points."""
    size = round(100 * float(share))
    if size > 0:
        return say_for(size, "+{n} point", "+{n} points")
    if size < 0:
        return say_for(-size, "−{n} point", "−{n} points")
    return say("0 points")


def score(value: float) -> Number:
    """A figure on a scale of 100."""
    return Number(float(value), 1)
