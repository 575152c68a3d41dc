"""Numbers of a source column, however they are written; nothing is guessed.

All rows are looked at before one is read: ``1.5`` proves a decimal point, ``1.234,5`` a decimal
comma, and ``1.234`` proves nothing, unless its currency does: yen have no decimals.
"""

from __future__ import annotations

import re
from typing import Any

import ibis

from customer_value.errors import InputError
from customer_value.settings import TableSource
from customer_value.sources.currencies import WITH_POINT, WITHOUT_CENTS, code_of
from customer_value.sources.debit_credit import refuse_sides, signed
from customer_value.sources.engine import MONEY, replaced, trimmed
from customer_value.sources.native import native_number
from customer_value.sources.source import Reading, Source
from customer_value.sources.textcolumn import Condition, TextColumn, place_of, text_column, with_plain_signs

__all__ = ["MONEY", "is_amount", "number_column"]

_PLAIN = r"^-?[0-9]+(?:[.,][0-9]+)?$"
_PLAIN_UNSURE = r"^-?[1-9][0-9]{0,2}[.,][0-9]{3}$"
_EXACT = r"^[+-]?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,3}$"
_BLANK = r"[ \x{00A0}\x{202F}\x{2009}\x{2007}]"
_GAP = r"[ \x{00A0}\x{202F}\x{2009}\x{2007}'’]"
_MARK = (
    r"(?:\p{Sc}|[A-Z]{1,2}\$|[A-Z]{3}|元|圓|円|원|kr\.?|Kč|zł|Ft|лв\.?|руб\.?|р\.|Fr\.?|lei|RM|Rs\.?|Rp\.?|đ)"
)
_DIGITS = (
    rf"[0-9]{{1,3}}(?:{_GAP}[0-9]{{3}})+(?:[.,][0-9]*)?|[0-9]{{1,3}}(?:,[0-9]{{2,3}})*,[0-9]{{3}}(?:\.[0-9]*)?"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]*)?|[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+"
)
_SHAPE = (
    rf"^(\(?[+-]?){_BLANK}*(?:{_MARK}{_BLANK}*)?(\(?[+-]?){_BLANK}*({_DIGITS})((?:[eE][+-]?[0-9]{{1,3}})?)"
    rf"{_BLANK}*(-?\)?)(?:/-)?{_BLANK}*(?:{_MARK})?{_BLANK}*(-?\)?)$"
)
_PROOF = (
    r"^(?:[0-9{other}]+{other}[0-9]{{3}}{sign}[0-9]*|[0-9]{{1,3}}(?:{other}[0-9]{{2,3}})+{other}[0-9]{{3}}"
    r"|(?:0*|[0-9]{{4,}}){sign}[0-9]+|[0-9]+{sign}(?:[0-9]{{0,2}}|[0-9]{{4,}}))$"
)
_GROUPED = r"^(?:[0-9]*{sign}?[0-9]*|[0-9]{{1,3}}(?:{other}[0-9]{{2,3}})*{other}[0-9]{{3}}(?:{sign}[0-9]*)?)$"
_UNSURE = r"^[1-9][0-9]{0,2}[.,][0-9]{3}$"
_NAMES = {".": "point", ",": "comma"}
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Where headings are Chinese, Japanese or Korean, numbers have a decimal point."""


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
        ``spec.decimal`` states the decimal sign; without it the rows decide, or the currency where it has
        no decimals or is that of a country that writes a point. ``spec.dr_cr`` states the sign of debit
        and credit.

    Returns
    -------
    tuple
        A DECIMAL(18, 4) expression over ``source.table``, NULL where the value is blank, not a
        number, or too large; and how it was read (None for whole numbers and number types).

    Raises
    ------
    InputError
        If the decimal sign cannot be told, rows use different ones, several currency signs occur
        without a currency column, amounts say debit or credit and nobody which is positive, or no row
        is readable.
    """
    if source.engine != "duckdb":
        return native_number(source, column, spec)
    value = source.table[column]
    if value.type().is_numeric():
        return value.try_cast(MONEY), None
    if not value.type().is_string():
        raise InputError(f"{place_of(source, column)}: holds neither numbers nor text.")
    with text_column(source, column, trimmed(value)) as texts:
        return _from_text(texts, spec)


def is_amount(text: Any) -> Any:
    """Whether a text without outer blanks is written like a number, with whatever currency around it."""
    return text.re_search(_EXACT) | _digits(text).notnull()


def _from_text(texts: TextColumn, spec: TableSource) -> tuple[Any, Reading | None]:
    seen = texts.count(
        filled=lambda text: text.notnull(),
        plain=lambda text: text.re_search(_PLAIN),
        unsure=lambda text: text.re_search(_PLAIN_UNSURE),
        signed=lambda text: text.re_search("[.,]"),
    )
    if seen["plain"] < seen["filled"] or spec.decimal is not None:
        return _written(_with_signs(texts, spec), spec)
    if not seen["signed"]:
        return texts.text.try_cast(MONEY), None
    sign = _decimal_sign(texts, spec) if seen["unsure"] else _plain_sign(texts, spec)
    number = texts.text.replace("." if sign == "," else ",", "").replace(",", ".")
    return number.try_cast(MONEY), _reading(texts, spec, sign)


def _plain_sign(texts: TextColumn, spec: TableSource) -> str:
    """The sign of numbers that hold but one, and not before three digits."""
    seen = texts.count(point=lambda text: text.contains("."), comma=lambda text: text.contains(","))
    return _decimal_sign(texts, spec) if seen["point"] and seen["comma"] else "." if seen["point"] else ","


def _with_signs(texts: TextColumn, spec: TableSource) -> TextColumn:
    plain = with_plain_signs(texts)
    if spec.dr_cr is not None:
        return signed(plain, spec.dr_cr)
    refuse_sides(plain)
    return plain


def _written(texts: TextColumn, spec: TableSource) -> tuple[Any, Reading | None]:
    """Numbers with anything around them."""
    sign = spec.decimal or _decimal_sign(texts, spec)
    if not getattr(getattr(spec, "columns", None), "currency", None):
        _require_one_currency(texts)
    seen = texts.count(
        filled=lambda text: text.notnull(),
        read=lambda text: _number(text, sign).notnull(),
        signs=lambda text: _digits(text).re_search("[.,]"),
    )
    if seen["filled"] and not seen["read"]:
        raise InputError(
            f"{texts.place}: no row can be read as a number, as {texts.row(lambda text: text.notnull())}; "
            "check the column and the decimal sign."
        )
    return _number(texts.text, sign), _reading(texts, spec, sign) if seen["signs"] else None


def _reading(texts: TextColumn, spec: TableSource, sign: str) -> Reading:
    side = f"; {spec.dr_cr.replace('-', ' is ')}, as stated" if spec.dr_cr else ""
    return Reading(f"decimal sign of {texts.name}", _NAMES[sign] + side, spec.decimal is not None)


def _parts(text: Any) -> Any:
    """A number as ``signs|digits|exponent``; ``||`` for what is not a number."""
    return replaced(text.translate("−–‒", "---"), f"(?:{_SHAPE}|^.*$)", r"\1\2\5\6|\3|\4")


def _digits(text: Any) -> Any:
    """The digits and signs of a number without blanks; NULL for what is not a number or exact."""
    digits = _parts(text).split("|")[1].re_replace(_GAP, "").nullif("")
    return ibis.ifelse(text.re_search(_EXACT), ibis.null("string"), digits)


def _number(text: Any, sign: str) -> Any:
    parts = _parts(text).split("|")
    digits = parts[1].re_replace(_GAP, "")
    size = digits.replace("," if sign == "." else ".", "").replace(",", ".") + parts[2]
    right = digits.re_search(_with_sign(_GROUPED, sign)) & parts[0].isin(["", "+", "-", "()"])
    minus = ibis.ifelse(parts[0].isin(["-", "()"]), "-", "")
    written = ibis.ifelse(right, minus + size, ibis.null("string"))
    return ibis.ifelse(text.re_search(_EXACT), text, written).try_cast(MONEY)


def _decimal_sign(texts: TextColumn, spec: TableSource) -> str:
    seen = texts.count(point=_proves_point, comma=_proves_comma, unsure=_proves_nothing)
    if seen["point"] and seen["comma"]:
        raise InputError(
            f"{texts.place}: some numbers have a decimal point and some a decimal comma, "
            f"{texts.row(_proves_point)} and {texts.row(_proves_comma)}; write them in one way, "
            "or state decimal (the others become unreadable)."
        )
    if seen["unsure"] and not seen["point"] and not seen["comma"]:
        return _sign_of_currency(texts, spec) or _sign_of_neighbours(texts)
    return "," if seen["comma"] else "."


def _sign_of_currency(texts: TextColumn, spec: TableSource) -> str | None:
    """The decimal sign of numbers with three digits behind a sign, where the currency or the country says it.

    A quantity may have three decimals in any country but those that write a decimal point.
    """
    columns = getattr(spec, "columns", None)
    one_currency = getattr(columns, "currency", None) is None
    code = code_of(_only_mark(texts)) or (code_of(texts.source.currency) if one_currency else None)
    if code in WITH_POINT or _EAST_ASIAN.search(texts.name):
        return "."
    if code not in WITHOUT_CENTS or texts.name == getattr(columns, "quantity", None):
        return None
    seen = texts.count(point=lambda text: text.contains("."), comma=lambda text: text.contains(","))
    return None if seen["point"] and seen["comma"] else "," if seen["point"] else "."


def _only_mark(texts: TextColumn) -> str | None:
    table = texts.values.select(mark=_mark(texts.values["text"]))
    found = table.filter(table["mark"].notnull()).distinct().limit(2).to_pyarrow()["mark"].to_pylist()
    return found[0] if len(found) == 1 else None


def _sign_of_neighbours(texts: TextColumn) -> str:
    """The decimal sign that the other columns of numbers prove, if they agree."""
    source, proofs = texts.source, set()
    for name, kind in source.table.schema().items():
        if not kind.is_string() or name == texts.name:
            continue
        with text_column(source, str(name), trimmed(source.table[name])) as other:
            seen = other.count(
                filled=lambda text: text.notnull(),
                number=lambda text: _digits(text).notnull(),
                point=_proves_point,
                comma=_proves_comma,
            )
        if seen["number"] > 0.9 * seen["filled"]:
            proofs |= {sign for sign, proof in ((".", "point"), (",", "comma")) if seen[proof]}
    if len(proofs) == 1:
        return proofs.pop()
    raise InputError(
        f"{texts.place}: the decimal sign cannot be told, as in {texts.row(_proves_nothing)}; "
        "state decimal: '.' or decimal: ','."
    )


def _proves_point(text: Any) -> Any:
    return _digits(text).re_search(_with_sign(_PROOF, "."))


def _proves_comma(text: Any) -> Any:
    return _digits(text).re_search(_with_sign(_PROOF, ","))


def _proves_nothing(text: Any) -> Any:
    return _digits(text).re_search(_UNSURE)


def _require_one_currency(texts: TextColumn) -> None:
    """Euros and dollars in one column must not be added up."""
    table = texts.values.select(mark=_mark(texts.values["text"]))
    found = table.filter(table["mark"].notnull()).distinct().order_by("mark").limit(2)
    marks = found.to_pyarrow()["mark"].to_pylist()
    if len(marks) > 1:
        first, second = (texts.row(_carries(mark)) for mark in marks)
        raise InputError(
            f"{texts.place}: amounts are in different currencies, {first} and {second}; "
            "give each row's currency in a column of its own and map it."
        )


def _carries(mark: str) -> Condition:
    return lambda text: _mark(text) == mark


def _mark(text: Any) -> Any:
    """The currency sign or code of a number."""
    mark = text.re_extract(f"({_MARK})", 1).nullif("")
    return ibis.ifelse(_digits(text).notnull(), mark, ibis.null("string"))


def _with_sign(pattern: str, sign: str) -> str:
    """A pattern for one decimal sign; the other sign separates thousands."""
    return pattern.format(sign=rf"\{sign}", other=r"\," if sign == "." else r"\.")
