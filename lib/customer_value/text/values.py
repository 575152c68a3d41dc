"""What stands at the places of a message: values with their kind, not yet written.

All are frozen, hashable and picklable. How each is written, a `customer_value.text.reader.Reader` decides.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from customer_value.text.message import Text

__all__ = [
    "Count",
    "Day",
    "Interval",
    "Listing",
    "Money",
    "Multiple",
    "Name",
    "Number",
    "Series",
    "Share",
    "Value",
]


@dataclass(frozen=True)
class Count:
    """How many there are of something; written as a whole number."""

    number: float


@dataclass(frozen=True)
class Share:
    """A fraction, written as a percentage; with a fixed number of digits where ``digits`` is given."""

    fraction: float
    digits: int | None = None


@dataclass(frozen=True)
class Multiple:
    """A multiple of a total: a percentage up to ten times, then a number of times."""

    times: float


@dataclass(frozen=True)
class Money:
    """An amount in a currency (ISO 4217); ``short`` writes at most four digits."""

    amount: float
    currency: str
    short: bool = False


@dataclass(frozen=True)
class Number:
    """A plain number with a fixed number of decimals."""

    value: float
    digits: int = 2


@dataclass(frozen=True)
class Day:
    """A date."""

    date: dt.date


@dataclass(frozen=True)
class Name:
    """Text from the user's data or settings: never translated, written on one line and cut if long."""

    text: str
    most: int = 60


@dataclass(frozen=True)
class Listing:
    """Several values in one list; of more than ``most`` it says how many are left."""

    items: tuple[Value, ...]
    most: int = 6
    either: bool = False
    """Whether the last is joined by "or" rather than "and"."""


@dataclass(frozen=True)
class Series:
    """Clauses of one sentence, one after the other, set apart by semicolons."""

    clauses: tuple[Text, ...]


@dataclass(frozen=True)
class Interval:
    """Both ends of an interval and its level of confidence."""

    low: Value
    high: Value
    level: float = 0.95


Value: TypeAlias = (
    "Count | Share | Multiple | Money | Number | Day | Name | Listing | Series | Interval | Text"
)
"""What may stand at a place of a message."""
