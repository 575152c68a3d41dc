"""Parts of sentences about lifetime value that hold for any data."""

from __future__ import annotations

from customer_value.text import Interval, Money, Name, Number, Share, Text, say, say_for

__all__ = [
    "between",
    "customers",
    "days",
    "model",
    "money",
    "months",
    "numbers",
    "open_contracts",
    "reported",
    "shares",
]

_LONGEST_REASON = 4_000


def customers(number: float) -> Text:
    """A number of customers."""
    return say_for(number, "{n} customer", "{n} customers")


def open_contracts(number: float) -> Text:
    """A number of open contracts."""
    return say_for(number, "{n} open contract", "{n} open contracts")


def days(number: float) -> Text:
    """A number of days."""
    return say_for(number, "{n} day", "{n} days")


def months(number: float) -> Text:
    """A number of months."""
    return say_for(number, "{n} month", "{n} months")


def money(amount: float, currency: str) -> Money:
    """An amount in at most four digits."""
    return Money(amount, currency, short=True)


def between(low: float, high: float, currency: str) -> Interval:
    """The interval of an amount."""
    return Interval(money(low, currency), money(high, currency))


def shares(low: float, high: float) -> Interval:
    """The interval of a share."""
    return Interval(Share(low), Share(high))


def numbers(low: float, high: float) -> Interval:
    """The interval of a plain number."""
    return Interval(Number(low), Number(high))


def model(label: str) -> Name:
    """A model by its name."""
    return Name(label, most=200)


def reported(reason: object) -> Text:
    """The message of an error as a sentence."""
    return say("{reason}", reason=Name(str(reason), most=_LONGEST_REASON))
