"""Parts of sentences about concentration that hold for any data."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from customer_value import words
from customer_value.pareto.measure import FEWEST, Estimate, Measure

__all__ = ["bracket", "multiple", "names", "part", "ranks", "rule", "share"]

_TIMES = 10
"""Multiple of a total from which a percentage is hard to read."""


def multiple(times: float) -> str:
    """A multiple of a total: as a percentage up to ten times, then as a number of times.

    >>> multiple(1.347), multiple(5.2), multiple(48.3), multiple(-12)
    ('135%', '520%', '48 times', '−12 times')
    """
    if abs(times) < _TIMES:
        return words.percent(times)
    return f"{'−' if times < 0 else ''}{words.count(abs(times))} times"


def share(estimate: Estimate) -> str:
    """A share as it stands in a sentence."""
    return "an unknown share" if estimate.value is None else multiple(estimate.value)


def bracket(estimate: Estimate) -> str:
    """The interval after a share, with a space before it; nothing where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f" ({words.interval(multiple(estimate.low), multiple(estimate.high))})"


def part(found: Measure, amount: float, currency: str) -> str:
    """An amount as a share of the total; as money where shares of the total mislead."""
    if not found.has_shares or found.heavy_losses:
        return f"{words.money(amount, currency)} of {found.name}"
    return f"{words.percent(amount / found.total)} of {found.name}"


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


def names(accounts: pd.DataFrame, most: int = 3) -> str:
    """The first accounts of a list by name, or by id where they have none."""
    first = accounts.head(most)
    labels = first["name"].fillna(first["customer_id"]) if "name" in first else first["customer_id"]
    return words.listing(_plain(labels))


def _plain(labels: Iterable[object]) -> list[str]:
    return [words.plain(label) for label in labels]
