"""Numbers of a source column, however they are written; nothing is guessed.

All rows are looked at before one is read: ``1.5`` proves a decimal point, ``1.234,5`` a decimal
comma, and ``1.234`` proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis

from customer_value import words
from customer_value.errors import InputError
from customer_value.settings import TableSource
from customer_value.sources.engine import replaced, trimmed
from customer_value.sources.source import Reading, Source, first_row

__all__ = ["MONEY", "number_column"]

MONEY = "decimal(18, 4)"
_PLAIN = r"^-?[0-9]+(?:\.[0-9]+)?$"
_PLAIN_UNSURE = r"^-?[1-9][0-9]{0,2}\.[0-9]{3}$"
_EXACT = r"^[+-]?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,3}$"
_BLANK = r"[ \x{00A0}\x{202F}\x{2009}\x{2007}]"
_GAP = r"[ \x{00A0}\x{202F}\x{2009}\x{2007}'’]"
_MARK = (
    r"(?:\p{Sc}|[A-Z]{1,2}\$|[A-Z]{3}|元|圓|円|원|kr\.?|Kč|zł|Ft|лв\.?|руб\.?|р\.|Fr\.?|lei|RM|Rs\.?|Rp\.?)"
)
_DIGITS = (
    rf"[0-9]{{1,3}}(?:{_GAP}[0-9]{{3}})+(?:[.,][0-9]*)?|[0-9]{{1,3}}(?:,[0-9]{{2,3}})*,[0-9]{{3}}(?:\.[0-9]*)?"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]*)?|[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+"
)
_SHAPE = (
    rf"^(\(?[+-]?){_BLANK}*(?:{_MARK}{_BLANK}*)?(\(?[+-]?){_BLANK}*({_DIGITS})((?:[eE][+-]?[0-9]{{1,3}})?)"
    rf"{_BLANK}*(-?\)?){_BLANK}*(?:{_MARK})?{_BLANK}*(-?\)?)$"
)
_PROOF = (
    r"^(?:[0-9{other}]+{other}[0-9]{{3}}{sign}[0-9]*|[0-9]{{1,3}}(?:{other}[0-9]{{3}}){{2,}}"
    r"|(?:0*|[0-9]{{4,}}){sign}[0-9]+|[0-9]+{sign}(?:[0-9]{{0,2}}|[0-9]{{4,}}))$"
)
_GROUPED = r"^(?:[0-9]*{sign}?[0-9]*|[0-9]{{1,3}}(?:{other}[0-9]{{2,3}})*{other}[0-9]{{3}}(?:{sign}[0-9]*)?)$"
_UNSURE = r"^[1-9][0-9]{0,2}[.,][0-9]{3}$"
_NAMES = {".": "point", ",": "comma"}


def number_column(source: Source, column: str, spec: TableSource) -> tuple[Any, Reading | None]:
    """The numbers of a source column.

    Parameters
    ----------
    source
        The source.
    column
        Its column: numbers, or text with or without thousands separators, currency signs and
        codes, minus in front, behind or as brackets.
    spec
        ``spec.decimal`` states the decimal sign; without it the rows decide.

    Returns
    -------
    tuple
        A DECIMAL(18, 4) expression over ``source.table``, NULL where the value is blank, not a
        number, or too large; and how it was read (None for whole numbers and number types).

    Raises
    ------
    InputError
        If the decimal sign cannot be told, rows use different ones, several currency signs occur
        without a currency column, or no row is readable.
    """
    value = source.table[column]
    place = (
        f"{source.files[0].name if len(source.files) == 1 else source.name}, column '{words.plain(column)}'"
    )
    if value.type().is_numeric():
        return value.try_cast(MONEY), None
    if not value.type().is_string():
        raise InputError(f"{place}: holds neither numbers nor text.")
    asked = _Asked(source, column, place, spec)
    text = trimmed(value)
    seen = _counts(source, plain=text.re_search(_PLAIN), unsure=text.re_search(_PLAIN_UNSURE),
                   point=text.contains("."), filled=text.notnull())  # fmt: skip
    if seen["plain"] == seen["filled"] and spec.decimal != ",":
        return _plain(asked, text, seen)
    return _written(asked, text)


@dataclass(frozen=True)
class _Asked:
    source: Source
    column: str
    place: str
    spec: TableSource

    def row(self, predicate: Any) -> str:
        file, number, value = first_row(self.source, self.column, predicate) or ("", 0, "")
        return f"'{words.plain(value, 40)}' (row {number:,} of {file})"

    def reading(self, sign: str) -> Reading:
        return Reading(f"decimal sign of {self.column}", _NAMES[sign], self.spec.decimal is not None)

    def unsure(self, predicate: Any) -> InputError:
        return InputError(
            f"{self.place}: the decimal sign cannot be told, as in {self.row(predicate)}; "
            "state decimal: '.' or decimal: ','."
        )


def _counts(source: Source, **flags: Any) -> dict[str, int]:
    table = source.table.select(**flags)
    row = table.aggregate(**{name: table[name].sum() for name in flags}).to_pyarrow().to_pylist()[0]
    return {name: int(count or 0) for name, count in row.items()}


def _plain(asked: _Asked, text: Any, seen: dict[str, int]) -> tuple[Any, Reading | None]:
    if asked.spec.decimal is None and seen["unsure"] and seen["unsure"] == seen["point"]:
        raise asked.unsure(text.contains("."))
    number = text.try_cast(MONEY)
    return number, asked.reading(".") if seen["point"] else None


def _written(asked: _Asked, text: Any) -> tuple[Any, Reading | None]:
    """Numbers with anything around them."""
    text = text.translate("−–‒", "---")
    exact = text.re_search(_EXACT)
    whole = f"(?:{_SHAPE}|^.*$)"
    digits = replaced(text, whole, r"\3").re_replace(_GAP, "").nullif("")
    sign = asked.spec.decimal or _decimal_sign(asked, ibis.ifelse(exact, ibis.null("string"), digits))
    _one_currency(asked, text, digits)
    other = "," if sign == "." else "."
    well_grouped = digits.re_search(_with_sign(_GROUPED, sign))
    plain = digits.replace(other, "").replace(sign, ".") + replaced(text, whole, r"\4")
    negative = replaced(text, whole, r"\1\2\5\6").re_search(r"[-(]")
    size = ibis.ifelse(exact, text, ibis.ifelse(well_grouped, plain, ibis.null("string"))).try_cast(MONEY)
    number = ibis.ifelse(negative & ~exact, -size, size).cast(MONEY)
    seen = _counts(asked.source, read=number.notnull(), filled=text.notnull(), signs=digits.re_search("[.,]"))
    if seen["filled"] and not seen["read"]:
        raise InputError(
            f"{asked.place}: no row can be read as a number, as {asked.row(text.notnull())}; check the column "
            "and the decimal sign."
        )
    return number, asked.reading(sign) if seen["signs"] else None


def _decimal_sign(asked: _Asked, digits: Any) -> str:
    point, comma = (digits.re_search(_with_sign(_PROOF, sign)) for sign in ".,")
    unsure = digits.re_search(_UNSURE)
    seen = _counts(asked.source, point=point, comma=comma, unsure=unsure)
    if seen["point"] and seen["comma"]:
        raise InputError(
            f"{asked.place}: some numbers have a decimal point and some a decimal comma, {asked.row(point)} and "
            f"{asked.row(comma)}; write them in one way, or state decimal (the others become unreadable)."
        )
    if seen["unsure"] and not seen["point"] and not seen["comma"]:
        raise asked.unsure(unsure)
    return "," if seen["comma"] else "."


def _one_currency(asked: _Asked, text: Any, digits: Any) -> None:
    """Euros and dollars in one column must not be added up."""
    if getattr(getattr(asked.spec, "columns", None), "currency", None):
        return
    mark = ibis.ifelse(digits.notnull(), text.re_extract(f"({_MARK})", 1).nullif(""), ibis.null("string"))
    table = asked.source.table.select(mark=mark)
    marks = (
        table.filter(table["mark"].notnull())
        .distinct()
        .order_by("mark")
        .limit(2)
        .to_pyarrow()["mark"]
        .to_pylist()
    )
    if len(marks) > 1:
        raise InputError(
            f"{asked.place}: amounts are in different currencies, {asked.row(mark == marks[0])} and "
            f"{asked.row(mark == marks[1])}; give each row's currency in a column of its own and map it."
        )


def _with_sign(pattern: str, sign: str) -> str:
    """A pattern for one decimal sign; the other sign separates thousands."""
    return pattern.format(sign=rf"\{sign}", other=r"\," if sign == "." else r"\.")
