"""What stands at the places of a message: values with their kind, not yet written.

All are frozen, hashable and picklable. How each is written, a `customer_value.text.reader.Reader` decides.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "Count",
    "Day",
    "Interval",
    "Listing",
    "Money",
    "Month",
    "Multiple",
    "Name",
    "Number",
    "Paragraph",
    "Series",
    "Share",
    "Signed",
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


@dataclass(frozen=True)
class Signed:
    """A plain number with its sign, for a change or a difference; nothing has none."""

    value: float
    digits: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Whole sentences, one after the other."""

    sentences: tuple[Text, ...]


@dataclass(frozen=True)
class Month:
    """The month of a date, with its year."""

    date: dt.date


@dataclass(frozen=True)
class Text:
    """A sentence, or part of one, that has not been written yet.

    Made by `say` and `say_for`. Equal texts are equal; a text without a message is false.

    Attributes
    ----------
    message
        English, with a place such as ``{customers}`` for each value.
    values
        Place to value, in the order in which they were named.
    plural
        The message for other numbers than one; empty where the form does not depend on a number.
    number
        The number that decides between both.
    """

    message: str
    values: tuple[tuple[str, Value], ...] = ()
    plural: str = ""
    number: float | None = None

    def __bool__(self) -> bool:
        return bool(self.message)

    def __str__(self) -> str:
        raise TypeError("a Text has no words of its own; a reader writes it: ENGLISH.read(text)")

    def value(self, place: str) -> Value:
        """The value at a place.

        >>> Text("{gone} left", (("gone", Count(3)),)).value("gone")
        Count(number=3)
        """
        return dict(self.values)[place]


Value: TypeAlias = (
    "Count | Share | Multiple | Money | Number | Day | Name | Listing | Series | Interval | Text"
    " | Signed | Paragraph | Month"
)
"""What may stand at a place of a message."""
