"""Dates of other calendars: of the Republic of China, of the Buddhist era and of Japanese eras.

They are read where the settings state them, never by themselves: 113/05/06 may also be no date at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis

from customer_value.sources.engine import sane
from customer_value.sources.notations import TIME

__all__ = ["CALENDARS", "Calendar"]

_THAI_MONTHS = (
    "ม.ค|มกรา", "ก.พ|กุมภา", "มี.ค|มีนา", "เม.ย|เมษา", "พ.ค|พฤษภา", "มิ.ย|มิถุนา", "ก.ค|กรกฎา", "ส.ค|สิงหา",
    "ก.ย|กันยา", "ต.ค|ตุลา", "พ.ย|พฤศจิ", "ธ.ค|ธันวา",
)  # fmt: skip
_REPUBLIC = "中華民國|中华民国|民國|民国|ROC"
_THAI_YEAR = r"(24[5-9]\d|25\d\d|26[0-6]\d)"
_ERAS = {"令和|R|㋿": 2018, "平成|H|㍻": 1988, "昭和|S|㍼": 1925, "大正|T|㍽": 1911}
_ERA = f"({'|'.join(_ERAS)})"


@dataclass(frozen=True)
class Calendar:
    """A calendar with the ways in which its dates are written.

    Parameters
    ----------
    told
        In words, with an example.
    patterns
        Each with what its groups are: ``"ymd"``, ``"dmy"``, or ``"eymd"`` with the era; ``"dny"`` has the
        name of a Thai month.
    years
        What is added to a year, where no era says it.
    """

    told: str
    patterns: tuple[tuple[str, str], ...]
    years: int = 0

    def fits(self, text: Any) -> Any:
        """Whether a text is written so."""
        return ibis.or_(*(text.re_search(pattern) for pattern, _ in self.patterns))

    def day(self, text: Any, *, month_first: bool = False) -> Any:
        """The date that a text means, NULL if none."""
        return sane(ibis.coalesce(*(self._day(text, *shape, month_first) for shape in self.patterns)))

    @property
    def by_numbers(self) -> str | None:
        """The pattern in which day and month are numbers before the year, if there is one."""
        return next((pattern for pattern, order in self.patterns if order == "dmy"), None)

    def _day(self, text: Any, pattern: str, order: str, month_first: bool) -> Any:
        part = {letter: text.re_extract(pattern, place) for place, letter in enumerate(order, 1)}
        month, day = part["n" if "n" in order else "m"], part["d"]
        if month_first and order == "dmy":
            month, day = day, month
        if "n" in order:
            month = _thai_month(month)
        year = part["y"].replace("元", "1").try_cast("int32")
        year += _era(part["e"]) if "e" in order else ibis.ifelse(year < 100, 2500, 0) if "n" in order else 0
        return ((year + self.years).cast("string") + "-" + month + "-" + day).try_cast("date")


def _thai_month(name: Any) -> Any:
    cases = [(name.re_search(f"^(?:{starts})"), str(number)) for number, starts in enumerate(_THAI_MONTHS, 1)]
    return ibis.cases(*cases, else_="?")


def _era(name: Any) -> Any:
    cases = [(name.upper().isin(names.split("|")), years) for names, years in _ERAS.items()]
    return ibis.cases(*cases, else_=ibis.null("int32"))


CALENDARS = {
    "minguo": Calendar(
        "years of the Republic of China (113/05/06 is 2024-05-06)",
        (
            (
                rf"^(?:{_REPUBLIC})? ?(\d{{2,3}}) ?[-/.年] ?(\d{{1,2}}) ?[-/.月] ?(\d{{1,2}}) ?[日號号]?{TIME}$",
                "ymd",
            ),
            (rf"^([01]?\d\d)(\d\d)(\d\d){TIME}$", "ymd"),
        ),
        1911,
    ),
    "buddhist": Calendar(
        "years of the Buddhist era (2567-05-06 is 2024-05-06)",
        (
            (rf"^(?:พ\.ศ\. ?)?{_THAI_YEAR}[-/.](\d{{1,2}})[-/.](\d{{1,2}}){TIME}$", "ymd"),
            (rf"^{_THAI_YEAR}(\d\d)(\d\d)$", "ymd"),
            (rf"^(\d{{1,2}})[-/. ](\d{{1,2}})[-/. ]{_THAI_YEAR}{TIME}$", "dmy"),
            (rf"^(\d{{1,2}}) ?([ก-๙.]{{3,}}) ?(?:พ\.ศ\. ?)?({_THAI_YEAR[1:-1]}|\d\d){TIME}$", "dny"),
        ),
        -543,
    ),
    "reiwa": Calendar(
        "years of Japanese eras (R6.5.6 and 令和6年5月6日 are 2024-05-06)",
        (
            (
                rf"(?i)^{_ERA}[. ]?(\d{{1,2}}|元) ?[-/.年] ?(\d{{1,2}}) ?[-/.月] ?(\d{{1,2}}) ?日?{TIME}$",
                "eymd",
            ),
            (rf"(?i)^{_ERA}(\d\d)(\d\d)(\d\d)$", "eymd"),
        ),
    ),
}
"""Calendars by what the settings call them."""
