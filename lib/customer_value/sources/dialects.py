"""How a text table is written: separator, quotes, header; found from its first lines."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from customer_value.errors import InputError

__all__ = [
    "SEPARATOR_NAMES",
    "WHITESPACE",
    "Dialect",
    "detect_dialect",
    "is_number",
    "looks_like_header",
    "names_typed_columns",
    "separator_of",
    "stated_separator",
]

WHITESPACE = "whitespace"
SEPARATOR_NAMES = {
    ",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", ":": "colon", " ": "space",
    WHITESPACE: "blanks",
}  # fmt: skip
_CANDIDATES = ("\t", ";", "|", ",")
_RECORDS = 300
_CURRENCY = r"(?:(?:EUR|USD|GBP|CHF|CNY|RMB|JPY|SEK|NOK|DKK|PLN|CZK|HUF|CAD|AUD|INR|BRL|kr|zł|Kč|Ft|元|円|원|Rs)\.? ?)?"
_NUMBER = re.compile(
    rf"{_CURRENCY}[^\w]{{0,2}}[+\-−(]?[^\w]{{0,2}}\d[\d.,' \u00a0\u202f]*([eE][+-]?\d+)?\)?[^\w]{{0,2}}-?{_CURRENCY}"
)
_DATE = re.compile(
    r"\d{1,4}([-/.年])\d{1,2}[-/.月]\d{1,4}日?([T ].*)?|\d{1,2}[ .-]+[^\W\d]{3,9}\.?[ .,-]+\d{2,4}([T ].*)?"
)


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Parameters
    ----------
    separator
        One character, `WHITESPACE`, or ``""`` if there is but one column.
    escape
        What makes a quote inside quotes a plain character: the quote itself or a backslash.
    records
        The first rows, split; without empty lines.
    rows, lines
        For each of them how many rows, and how many lines, stand above it in the file.
    """

    separator: str
    escape: str
    records: list[list[str]]
    rows: list[int]
    lines: list[int]


def separator_of(declared: str, file: str) -> str:
    r"""The separator that the settings name.

    >>> separator_of("tab", "a.csv"), separator_of("semicolon", "a.csv"), separator_of("|", "a.csv")
    ('\t', ';', '|')
    """
    named = {name: sign for sign, name in SEPARATOR_NAMES.items()} | {"whitespace": WHITESPACE, "\\t": "\t"}
    sign = named.get(declared.strip().lower(), declared)
    if sign != WHITESPACE and (len(sign) != 1 or not sign.isascii() or sign in '"\r\n'):
        raise InputError(f"{file}: separator must be one character, 'tab' or 'whitespace', not '{declared}'.")
    return sign


def detect_dialect(sample: str, declared: str | None, *, whole: bool) -> Dialect:
    """Find how a table is written.

    Parameters
    ----------
    sample
        The first lines of the file.
    declared
        The separator if it is known.
    whole
        False if the sample may end in the middle of a row.

    Returns
    -------
    Dialect
        The separator that splits the rows into the same number of columns, at least two; where
        several do, the one whose fields do not hold other separators.
    """
    escape = _escape(sample)
    if declared is not None:
        return _split(sample, declared, escape, whole=whole)
    options = [_split(sample, sign, escape, whole=whole) for sign in (*_CANDIDATES, WHITESPACE)]
    ranked = [(*_quality(option.records, option.separator), -rank) for rank, option in enumerate(options)]
    best = max(range(len(options)), key=ranked.__getitem__)
    if ranked[best][0] == 0:
        return replace(_split(sample, "\0", escape, whole=whole), separator="")
    return options[best]


def stated_separator(sample: str) -> str | None:
    r"""The separator that the first line of a table states for a spreadsheet, as in ``sep=;``.

    >>> stated_separator("sep=;\nid;day\n"), stated_separator("id;day\n")
    (';', None)
    """
    line = re.match(r'\ufeff?"?sep=([^\w\s"]|\t)"?[,;\t]*\r?\n', sample, re.IGNORECASE)
    return line[1] if line else None


def is_number(text: str) -> bool:
    """Whether a field looks like a number, with whatever currency around it.

    >>> is_number("€ 1.234,50"), is_number("(12.50)"), is_number("12 pcs")
    (True, True, False)
    """
    return _NUMBER.fullmatch(text.strip()) is not None


def looks_like_header(records: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns rather than being data.

    It is data if, in columns of numbers or dates, it holds numbers or dates as well.

    >>> looks_like_header([["id", "day"], ["1", "2024-01-31"]])
    True
    >>> looks_like_header([["7", "2024-01-30"], ["1", "2024-01-31"]])
    False
    """
    if not records[1:]:
        return not any(_typed(cell) for cell in records[0])
    named, like_data = _named(records)
    return named > 0 or like_data == 0


def names_typed_columns(records: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is text over a column of numbers or dates, which a row of data is not."""
    named, like_data = _named(records)
    return named > like_data


def _named(records: Sequence[Sequence[str]]) -> tuple[int, int]:
    """In how many columns of numbers or dates the first row holds none, and in how many it does."""
    first, rest = records[0], records[1:]
    named = like_data = 0
    for position, cell in enumerate(first):
        below = [row[position].strip() for row in rest if position < len(row) and row[position].strip()]
        if below and sum(map(_typed, below)) >= 0.9 * len(below) and cell.strip():
            like_data += _typed(cell)
            named += not _typed(cell)
    return named, like_data


def _typed(cell: str) -> bool:
    text = cell.strip()
    return bool(_NUMBER.fullmatch(text) or _DATE.fullmatch(text))


def _escape(sample: str) -> str:
    backslashed = len(re.findall(r'[^\\",;\t|\n]\\"[^",;\t|\r\n]', sample))
    doubled = len(re.findall(r'[^",;\t|\n]""[^",;\t|\r\n]', sample))
    return "\\" if backslashed > doubled else '"'


def _split(sample: str, sign: str, escape: str, *, whole: bool) -> Dialect:
    found = (
        _by_blanks(sample, whole=whole) if sign == WHITESPACE else _by_sign(sample, sign, escape, whole=whole)
    )
    found = found[:_RECORDS]
    return Dialect(sign, escape, [f[0] for f in found], [f[1] for f in found], [f[2] for f in found])


def _by_blanks(sample: str, *, whole: bool) -> list[tuple[list[str], int, int]]:
    lines = [(line.split(), number, number) for number, line in enumerate(sample.split("\n"))]
    return [line for line in (lines if whole else lines[:-1]) if line[0]]


def _by_sign(sample: str, sign: str, escape: str, *, whole: bool) -> list[tuple[list[str], int, int]]:
    backslash = escape == "\\"
    reader = csv.reader(
        io.StringIO(sample, newline=""),
        delimiter=sign,
        doublequote=not backslash,
        escapechar="\\" if backslash else None,
    )
    found = []
    above = 0
    try:
        for number, record in enumerate(itertools.islice(reader, _RECORDS + 1)):
            found.append((record, number, above))
            above = reader.line_num
    except csv.Error:
        whole = False
    if not whole and len(found) > 1 and len(found) <= _RECORDS:
        found.pop()
    return [one for one in found if one[0]]


def _quality(records: Sequence[Sequence[str]], sign: str) -> tuple[int, bool, float, float, int]:
    """How well a separator fits; the first figure is 0 if it does not split the rows at all."""
    widths = Counter(len(record) for record in records)
    usual, times = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    if usual < 2:
        split = [(width, n) for width, n in widths.items() if width > 1]
        usual, times = max(split, key=lambda item: (item[1], item[0]), default=(0, 0))
    if usual < 2:
        return (0, False, 0.0, 0.0, 0)
    share = times / len(records)
    if sign == WHITESPACE and share < 1:
        return (0, False, 0.0, 0.0, 0)
    fits = 1 if sign == WHITESPACE or share < 0.5 else 2
    return (fits, len(records[0]) == usual, round(share, 2), _well_formed(records, sign), usual)


def _well_formed(records: Sequence[Sequence[str]], sign: str) -> float:
    others = [other for other in _CANDIDATES if other != sign]
    fields = [cell for record in records for cell in record]
    good = sum(
        not any(other in cell for other in others) or _NUMBER.fullmatch(cell.strip()) is not None
        for cell in fields
    )
    return round(good / len(fields), 3) if fields else 0.0
