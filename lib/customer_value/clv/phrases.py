"""Parts of sentences about lifetime value that hold for any data."""

from __future__ import annotations

from customer_value.text import Interval, Money, Name, Text, say, say_for

__all__ = [
    "between",
    "model",
    "money",
    "open_contracts",
    "reported",
]

_LONGEST_REASON = 4_000


def open_contracts(number: float) -> Text:
    """A number of open contracts."""
    return say_for(number, "{n} open contract", "{n} open contracts")


def money(amount: float, currency: str) -> Money:
    """An amount in at most four digits."""
    return Money(amount, currency, short=True)


def between(low: float, high: float, currency: str) -> Interval:
    """The interval of an amount."""
    return Interval(money(low, currency), money(high, currency))


def model(label: str) -> Name:
    """A model by its name."""
    return Name(label, most=200)


def reported(reason: object) -> Text:
    """The message of an error as a sentence."""
    return say("{reason}", reason=Name(str(reason), most=_LONGEST_REASON))
