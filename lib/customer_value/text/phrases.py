"""Parts of sentences that every page says: how many there are of something, intervals, sentences in a row."""

from __future__ import annotations

from customer_value.text.message import NOTHING, say, say_for
from customer_value.text.values import Interval, Number, Paragraph, Share, Text

__all__ = ["accounts", "customers", "days", "months", "numbers", "paragraph", "respondents", "shares"]


def customers(number: float) -> Text:
    """A number of customers."""
    return say_for(number, "{n} customer", "{n} customers")


def accounts(number: float) -> Text:
    """A number of accounts."""
    return say_for(number, "{n} account", "{n} accounts")


def respondents(number: float) -> Text:
    """A number of respondents."""
    return say_for(number, "{n} respondent", "{n} respondents")


def days(number: float) -> Text:
    """A number of days."""
    return say_for(number, "{n} day", "{n} days")


def months(number: float) -> Text:
    """A number of months."""
    return say_for(number, "{n} month", "{n} months")


def shares(low: float, high: float) -> Interval:
    """The interval of a share."""
    return Interval(Share(low), Share(high))


def numbers(low: float, high: float) -> Interval:
    """The interval of a plain number."""
    return Interval(Number(low), Number(high))


def paragraph(*sentences: Text) -> Text:
    """Whole sentences, one after the other; those that say nothing are left out.

    >>> from customer_value.text import ENGLISH
    >>> ENGLISH.read(paragraph(say("One."), NOTHING, say("Two.")))
    'One. Two.'
    >>> paragraph(NOTHING) == NOTHING
    True
    """
    told = tuple(filter(None, sentences))
    if len(told) > 1:
        return say("{sentences}", sentences=Paragraph(told))
    return told[0] if told else NOTHING
