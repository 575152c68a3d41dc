"""Where a `Text` becomes words: in the language of whoever reads it."""

from __future__ import annotations

from dataclasses import dataclass

from customer_value import words
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

__all__ = ["ENGLISH", "Reader"]

_TIMES = 10
"""Multiple of a total from which a percentage is hard to read."""


@dataclass(frozen=True)
class Reader:
    """Writes texts and values for readers of one language."""

    language: str = "en"

    def read(self, text: Text) -> str:
        """The words of a text, with all its values written.

        >>> from customer_value.text import Money, say
        >>> ENGLISH.read(say("They brought {money}.", money=Money(1234.0, "EUR")))
        'They brought EUR 1,234.'
        """
        several = text.plural and text.number is not None and round(text.number) != 1
        message = text.plural if several else text.message
        return message.format_map({name: self.write(value) for name, value in text.values})

    def write(self, value: Value) -> str:
        """One value as it stands in a sentence."""
        match value:
            case Text():
                return self.read(value)
            case Count(number):
                return words.count(number)
            case Share(fraction, digits):
                return words.percent(fraction, digits)
            case Multiple(times):
                return self._multiple(times)
            case Money(amount, currency, short):
                return words.short_money(amount, currency) if short else words.money(amount, currency)
            case Number(number, digits):
                return words.decimal(number, digits)
            case Day(date):
                return words.day(date)
            case Name(text, most):
                return words.plain(text, most)
            case Listing(items, most, either):
                return words.listing(map(self.write, items), most, "or" if either else "and")
            case Series(clauses):
                return "; ".join(map(self.read, clauses))
            case Interval(low, high, level):
                return words.interval(self.write(low), self.write(high), level)
            case Signed(number, digits):
                size = words.decimal(number, digits)
                return f"+{size}" if number > 0 and size.strip("0.,") else size
            case Paragraph(sentences):
                return " ".join(map(self.read, sentences))
            case Month(date):
                return words.month(date)

    def _multiple(self, times: float) -> str:
        if abs(times) < _TIMES:
            return words.percent(times)
        return f"{'−' if times < 0 else ''}{words.count(abs(times))} times"


ENGLISH = Reader("en")
