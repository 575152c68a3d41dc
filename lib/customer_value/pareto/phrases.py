"""Parts of sentences about concentration that hold for any data."""

from __future__ import annotations

import pandas as pd

from customer_value.pareto.measure import FEWEST, Estimate, Measure
from customer_value.text import (
    ENGLISH,
    NOTHING,
    Interval,
    Listing,
    Money,
    Multiple,
    Name,
    Share,
    Text,
    Value,
    say,
)

__all__ = [
    "bracket",
    "multiple",
    "names",
    "part",
    "ranks",
    "rule",
    "share",
    "value_label",
]

_VALUES = {"net_revenue": say("net revenue"), "margin": say("margin"), "profit": say("profit")}


def value_label(value: str) -> Value:
    """A value column as it is called in a sentence; a column of the user's has its own name."""
    return _VALUES.get(value) or Name(value.replace("_", " "))


def multiple(times: float) -> str:
    """A multiple of a total: as a percentage up to ten times, then as a number of times.

    >>> multiple(1.347), multiple(5.2), multiple(48.3), multiple(-12)
    ('135%', '520%', '48 times', '−12 times')
    """
    return ENGLISH.write(Multiple(times))


def share(estimate: Estimate) -> Value:
    """A share as it stands in a sentence."""
    return say("an unknown share") if estimate.value is None else Multiple(estimate.value)


def bracket(estimate: Estimate) -> Text:
    """The interval after a share, with a space before it; nothing where there is none."""
    if estimate.low is None or estimate.high is None:
        return NOTHING
    return say(" ({interval})", interval=Interval(Multiple(estimate.low), Multiple(estimate.high)))


def part(found: Measure, amount: float, currency: str) -> Text:
    """An amount as a share of the total; as money where shares of the total mislead."""
    shares = found.has_shares and not found.heavy_losses
    size = Share(amount / found.total) if shares else Money(amount, currency)
    return say("{part} of {value}", part=size, value=value_label(found.value))


def ranks(found: Measure) -> bool:
    """Whether there are enough different customers for a top group to mean something."""
    return found.has_shares and found.customers >= FEWEST and not found.all_equal


def rule(found: Measure, value_share: float) -> Estimate:
    """Share of customers that brings a share of the value.

    Where losses blur the total, it is the share of the customers above zero for what these bring.
    """
    if found.has_shares and not found.heavy_losses:
        return found.needed[value_share]
    return found.gains[value_share]


def names(listed: pd.DataFrame, most: int = 3) -> Listing:
    """The first accounts of a list by name, or by id where they have none."""
    first = listed.head(most)
    labels = first["name"].fillna(first["customer_id"]) if "name" in first else first["customer_id"]
    return Listing(tuple(Name(str(label)) for label in labels))
