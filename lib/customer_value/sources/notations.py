"""The notations of dates that are told apart, each as a pattern over text.

The groups of every pattern are taken as year, month and day by its `order`; a time of day may
follow and is not used unless it carries an offset from UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis

from customer_value.sources.engine import replaced

__all__ = ["ANY_DAY_MONTH", "DAY_MONTH", "NOTATIONS", "TIME", "ZONED", "Notation", "day_of", "number_in"]

_HALF = "(?:上午|下午|中午|晚上|凌晨|早上|午前|午後|오전|오후)"
TIME = (
    rf"(?:(?:(?:T|t| +|, *)(?:{_HALF} *)?|{_HALF} *)[0-2]?\d[:.h时時시]? ?[0-5]\d"
    r"(?:[:.分분]? ?[0-6]\d(?:[.,]\d{1,9})?)?[分분秒초]?(?: ?[AaPp]\.?[ \x{A0}\x{202F}]?[Mm]\.?)?)?"
)
"""A time of day, which may follow a date."""
_CLOCK = r"[ \d:时時分秒시분초]*"
_DAY_NAME = "(?: ?[(（][^()（）]{1,3}[)）])?"
_ZONE = r"(?: ?(?:Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
_YEAR = r"((?:19|20|21)\d\d)"
_ANY_YEAR = r"((?:19|20|21)\d\d|\d\d)"
_WEEKDAY = r"(?:[^\d\s.,/-]{2,10}\.?,? +)?"
_MONTH = r"([^\d\s.,/-]{3,10})\.?"
ZONED = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:T|t| +)(\d{1,2}):(\d{2})\S* ?(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
"""Date, hour, minute and offset of a time that is an instant."""

_MONTHS = (
    "jan|ene|gen|jän", "feb|fév|fev", "mar|mär|mrz|mrt|maa", "apr|avr|abr", "may|mai|mei|mag", "jun|juin|giu",
    "jul|juil|lug", "aug|aoû|aou|ago", "sep|set", "oct|okt|ott|out", "nov", "dec|dez|déc|dic",
)  # fmt: skip
"""How the names of months begin in English, German, French, Spanish, Italian, Dutch and Portuguese."""


@dataclass(frozen=True)
class Notation:
    """One way to write dates.

    Parameters
    ----------
    name
        In words, with an example of a 31st of December.
    pattern
        Matches a whole value; three groups.
    order
        What the groups are: ``"ymd"``, ``"dmy"``, ``"mdy"`` or ``"?"`` where day and month are
        told apart by evidence only. ``"dny"`` and ``"ndy"`` have the name of the month.
    """

    name: str
    pattern: str
    order: str

    def fits(self, text: Any) -> Any:
        """Whether a text is written so."""
        return text.re_search(self.pattern)

    def day(self, text: Any) -> Any:
        """The date that a text means, NULL if none."""
        return day_of(text, self.pattern, self.order)


def _numeric(sign: str, name: str) -> Notation:
    pattern = rf"^(\d{{1,2}}){sign}(\d{{1,2}}){sign}{_ANY_YEAR}{TIME}$"
    return Notation(name, pattern, "?")


DAY_MONTH = (
    _numeric("/", "day and month in numbers with slashes"),
    _numeric(r"\.", "day and month in numbers with dots"),
    _numeric("-", "day and month in numbers with dashes"),
)
ANY_DAY_MONTH = _numeric("[-/.]", "day and month in numbers")
NOTATIONS = (
    Notation(
        "year-month-day (2024-12-31)",
        rf"^{_YEAR}[-/.] ?(\d{{1,2}})[-/.] ?(\d{{1,2}})\.?{_DAY_NAME}{TIME}{_ZONE}$",
        "ymd",
    ),
    Notation(
        "digits only (20241231)", rf"^{_YEAR}(\d{{2}})(\d{{2}})(?:\.0)?(?:[T ]?\d{{4}}(?:\d{{2}})?)?$", "ymd"
    ),
    *DAY_MONTH,
    Notation(
        "day, name of month, year (31 Dec 2024)",
        rf"^{_WEEKDAY}(\d{{1,2}})(?:st|nd|rd|th|\.)?[ ./-]*(?:de )?{_MONTH}(?: de)?[ ,./-]*{_ANY_YEAR}{TIME}$",
        "dny",
    ),
    Notation(
        "name of month, day, year (Dec 31, 2024)",
        rf"^{_WEEKDAY}{_MONTH}[ ./-]*(\d{{1,2}})(?:st|nd|rd|th)?[ ,./-]+{_ANY_YEAR}{TIME}$",
        "ndy",
    ),
    Notation(
        "year, month, day in Chinese (2024年12月31日)",
        rf"^{_YEAR} ?[年년] ?(\d{{1,2}}) ?[月월] ?(\d{{1,2}}) ?[日号號일]{_DAY_NAME}(?: ?{_HALF})?{_CLOCK}$",
        "ymd",
    ),
)


def day_of(text: Any, pattern: str, order: str, *, short_years: bool = True) -> Any:
    """The date that a text means, NULL where it does not match or there is no such day.

    Years have four digits from 1900 to 2199, or two: 69 to 99 are 19xx and 00 to 68 are 20xx.

    Parameters
    ----------
    text
        Text expression.
    pattern
        Of a `Notation`.
    order
        Of a `Notation`, with ``"?"`` decided.
    short_years
        False if no year has two digits.
    """
    year, month, day = (f"\\{order.index(part) + 1}" for part in (("y", "n", "d") if "n" in order else "ymd"))
    written = replaced(
        text, f"^(?:{pattern.removeprefix('^').removesuffix('$')}|.*)$", f"{year}-{month}-{day}"
    )
    if "n" in order:
        written = _month_numbered(written)
    if short_years and order != "ymd":
        written = replaced(replaced(written, r"^(69|[789]\d)-", r"19\1-"), r"^(\d\d)-", r"20\1-")
    return written.try_cast("date")


def number_in(text: Any, notation: Notation, place: int) -> Any:
    """The number at a place (1 to 3) of a date."""
    return text.re_extract(notation.pattern, place).try_cast("int16")


def _month_numbered(written: Any) -> Any:
    """``2024-Dec-31`` to ``2024-12-31``; a name that is no month to something that is no date."""
    name = written.re_extract(r"-(\D+)-", 1).lower()
    cases = [(name.re_search(f"^({starts})"), str(number)) for number, starts in enumerate(_MONTHS, 1)]
    number = ibis.cases(*cases, else_="?")
    return replaced(written, r"-.*$", "") + "-" + number + "-" + replaced(written, r"^.*-", "")
