"""Numbers and lists as people write them, for every sentence that the library prints.

All functions are pure and take no locale from the machine, so that the same input gives the
same text everywhere.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable

__all__ = [
    "NO_CURRENCY",
    "count",
    "day",
    "decimal",
    "first_line",
    "interval",
    "listing",
    "money",
    "month",
    "one_line",
    "percent",
    "plain",
    "short_money",
    "verb",
    "with_currency",
]

NO_CURRENCY = "XXX"
"""ISO 4217's code for "no currency", where a report has no money or nothing says which; it is never printed."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that are not seen, or that move or hide what stands around them."""

_LONG_RUN = re.compile(r"[^\s'\"/\\]{300,}")
_LONGEST_SENTENCE = 4_000

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def count(number: float, singular: str = "", plural: str = "") -> str:
    """A whole number with thousands separators and, where given, its noun.

    >>> count(1234), count(1, "customer"), count(2, "customer"), count(0, "loss", "losses")
    ('1,234', '1 customer', '2 customers', '0 losses')
    """
    text = f"{round(number):,}"
    if not singular:
        return text
    noun = singular if round(number) == 1 else (plural or singular + "s")
    return f"{text} {noun}"


def verb(number: float, singular: str, plural: str) -> str:
    """The form of a verb that agrees with a number.

    >>> verb(1, "is", "are"), verb(3, "is", "are")
    ('is', 'are')
    """
    return singular if round(number) == 1 else plural


def percent(share: float, digits: int | None = None) -> str:
    """A fraction as a percentage; small ones keep a digit so that they do not read as zero.

    >>> percent(0.2134), percent(0.0042), percent(0.0), percent(1.0), percent(0.00004)
    ('21%', '0.4%', '0%', '100%', 'under 0.1%')
    >>> percent(0.9999), percent(0.67423, 1), percent(-0.14)
    ('over 99.9%', '67.4%', '−14%')
    """
    value = share * 100
    size = abs(value)
    if digits is None and 0 < size < 0.05:
        return "under 0.1%"
    if digits is None and 99.95 < value < 100:
        return "over 99.9%"
    if digits is None:
        digits = 1 if 0 < size < 5 or 99 < value < 100 else 0
    text = f"{size:,.{digits}f}%"
    return f"−{text}" if value < 0 and text.strip("0.,%") else text


def money(amount: float, currency: str) -> str:
    """An amount with its currency code, in whole units (two decimals under 100).

    >>> money(1234567.891, "EUR"), money(12.5, "USD"), money(-3000, "EUR"), money(0, "EUR"), money(5, NO_CURRENCY)
    ('EUR 1,234,568', 'USD 12.50', '−EUR 3,000', 'EUR 0', '5.00')
    """
    sign = "−" if amount < 0 and round(abs(amount), 2) > 0 else ""
    size = abs(amount)
    digits = 2 if 0 < size < 99.995 else 0
    return f"{sign}{_code(currency)}{size:,.{digits}f}"


def short_money(amount: float, currency: str) -> str:
    """An amount in at most four digits, for headlines and axis labels.

    >>> short_money(1234567.891, "EUR"), short_money(48200, "EUR"), short_money(-950, "USD")
    ('EUR 1.23 million', 'EUR 48.2 thousand', '−USD 950')
    """
    size = abs(amount)
    sign = "−" if amount < 0 and round(size, 2) > 0 else ""
    for limit, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e4, "thousand")):
        if size >= limit * 0.9995:
            scale = 1e3 if name == "thousand" else limit
            return f"{sign}{_code(currency)}{significant(size / scale)} {name}"
    return money(amount, currency)


def with_currency(title: str, currency: str, form: str = ", {}") -> str:
    """A heading with the currency behind it, if there is one.

    >>> with_currency("Amount", "EUR", " ({})"), with_currency("Net revenue", NO_CURRENCY)
    ('Amount (EUR)', 'Net revenue')
    """
    return title if currency == NO_CURRENCY else title + form.format(currency)


def significant(value: float, digits: int = 3) -> str:
    """A positive number with that many significant digits and no exponent.

    >>> significant(1.2345), significant(123.4), significant(0.01234), significant(0.0)
    ('1.23', '123', '0.0123', '0')
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}"


def decimal(value: float, digits: int = 2) -> str:
    """A plain number with a fixed number of decimals, never "−0.00".

    >>> decimal(3.14159), decimal(-0.001), decimal(-1234.5, 1)
    ('3.14', '0.00', '−1,234.5')
    """
    text = f"{abs(value):,.{digits}f}"
    return f"−{text}" if value < 0 and text.strip("0.,") else text


def day(date: dt.date) -> str:
    """A date as people read it in any country.

    >>> day(dt.date(2025, 3, 1))
    '1 March 2025'
    """
    return f"{date.day} {month(date)}"


def month(date: dt.date) -> str:
    """The month of a date with its year.

    >>> month(dt.date(2025, 3, 1))
    'March 2025'
    """
    return f"{_MONTHS[date.month - 1]} {date.year}"


def listing(items: Iterable[str], most: int = 6, last: str = "and") -> str:
    """Items as a list in a sentence; a long one is cut and says how many are left.

    >>> listing(["a"]), listing(["a", "b", "c"]), listing([]), listing("abcdefgh", most=2)
    ('a', 'a, b and c', 'none', 'a, b and 6 more')
    >>> listing(["a", "b"], last="or")
    'a or b'
    """
    names = list(items)
    if not names:
        return "none"
    if len(names) > most:
        names = [*names[:most], f"{len(names) - most} more"]
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def interval(low: str, high: str, level: float = 0.95) -> str:
    """The usual bracket after a figure.

    >>> interval("15%", "19%")
    '95% interval 15% to 19%'
    """
    return f"{level * 100:.0f}% interval {low} to {high}"


def plain(text: object, most: int = 60) -> str:
    r"""Text from a customer's data on one line, without control or direction marks, cut if long.

    >>> plain("Acme\n Ltd"), plain("x" * 100, most=5)
    ('Acme Ltd', 'xxxx…')
    """
    kept = "".join(" " if c.isspace() else c for c in str(text) if c.isprintable() or c.isspace())
    line = " ".join(kept.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def one_line(text: str) -> str:
    r"""A sentence on one line, without what would steer a terminal or deceive a reader; what is endless in it is cut.

    >>> one_line("a \x1b[2J b\nc"), one_line("y" * 10_000) == "y" * 60 + "…"
    ('a [2J b c', True)
    """
    shown = "".join(
        sign if unicodedata.category(sign) not in _HIDDEN else " " if sign.isspace() else "" for sign in text
    )
    shown = _LONG_RUN.sub(lambda run: f"{run.group()[:60]}…", shown)
    return (
        shown if len(shown) <= _LONGEST_SENTENCE else f"{shown[: _LONGEST_SENTENCE - 500]} … {shown[-490:]}"
    )


def first_line(text: str, most: int = 200) -> str:
    r"""The first line of what another program says, without secrets, to be part of a sentence.

    >>> first_line("no space left.\nat line 3")
    'no space left'
    """
    return plain(next(iter(text.strip().splitlines()), "no reason given"), most).rstrip(".")


def _code(currency: str) -> str:
    return "" if currency == NO_CURRENCY else f"{currency} "
