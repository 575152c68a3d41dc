"""Sentences as data: an English message with named places and typed values, written where people read it.

``say("{part} of customers bring {share} of {value}", …)`` is a `Text`. It knows what it says and with
which values, but not in which language or form; a `Reader` knows that. So code can sort, compare and
keep sentences without ever looking at English.
"""

from customer_value.text.message import NOTHING, say, say_for
from customer_value.text.reader import ENGLISH, Reader
from customer_value.text.values import (
    Count,
    Day,
    Interval,
    Listing,
    Money,
    Month,
    Multiple,
    Name,
    Number,
    Paragraph,
    Series,
    Share,
    Signed,
    Text,
    Value,
)

__all__ = [
    "ENGLISH",
    "NOTHING",
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
    "Reader",
    "Series",
    "Share",
    "Signed",
    "Text",
    "Value",
    "say",
    "say_for",
]
