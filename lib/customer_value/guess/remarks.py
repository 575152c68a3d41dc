"""What else a file shows: its currency, codes that are no goods, letters before order numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Container
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis

from customer_value import words
from customer_value.guess.choice import Choice, heaviest, shown
from customer_value.guess.names import CODES, SIGNS, currency_in, is_extra, weight
from customer_value.guess.profile import Column, Table, counted
from customer_value.guess.vocabulary import read_heading
from customer_value.sources import id_column
from customer_value.sources.engine import trimmed

__all__ = ["UNKNOWN", "Currency", "Exclusion", "guess_currency", "no_goods", "prefixes"]

UNKNOWN = "XXX"
_ISO_4217 = {
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY",
    "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP",
    "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS",
    "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD",
    "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU",
    "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN",
    "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK",
    "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP",
    "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF",
    "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
}  # fmt: skip
_FEW = 6
_KANA = re.compile(r"[\u3041-\u30ff]")
_JAPANESE = ("注文", "単", "税込", "税抜", "売上", "得意先", "円", "数量合計", "伝票")
_SIMPLIFIED = frozenset("订单编额价买卖东产对账户实应时间货问题费员顾发门销购")
"""Characters that are written so in simplified Chinese only, of those that headings of orders hold."""


@dataclass(frozen=True)
class Currency:
    """A currency code, why, the column that holds it (if there is one), and other codes in that column."""

    code: str
    reason: str
    column: str | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exclusion:
    """Rows to leave out: the reason, the source column, how it is compared and with which values.

    ``rows`` and ``money`` say how many that are, ``told`` why, ``no_order`` that they are no orders at all.
    """

    reason: str
    column: str
    how: str
    values: tuple[str, ...]
    rows: int
    money: Decimal | None = None
    no_order: bool = False
    told: str = ""


def guess_currency(
    table: Table, money: list[str], taken: Collection[str], likely: str | None = None
) -> Currency:
    """The currency of the amounts: by a column of codes, a sign, a name, or the language of the headings.

    A column of codes is found by its name or, if it is not taken by another field, by its values. Where rows
    are in several currencies, their rates are asked for, because they are not in the file. ``likely`` is the
    column where a known export has them.
    """
    texts = [c for c in table.of_kind("text") if not read_heading(c.name).has("total")]
    coded = [c for c in texts if c.name not in taken and _holds_currencies(table, c)]
    known = [c for c in table.columns if c.name == likely]
    for column in [*known, *heaviest("currency", texts), *sorted(coded, key=lambda c: -c.distinct)]:
        codes = [value for value, _ in counted(table.source, column.name, 13)]
        if codes and len(codes) < 13 and all(re.fullmatch("[A-Za-z]{3}", code) for code in codes):
            several = tuple(dict.fromkeys(code.upper() for code in codes))
            told = f"from column {shown(column.name)}"
            if len(several) > 1:
                told += "; the commonest of several, to which the others are converted"
            mapped = column.name if len(several) > 1 or column.filled == table.rows else None
            return Currency(several[0], told, mapped, several[1:])
    others = [c.name for c in table.of_kind("number") if weight("amount", c.name) or is_extra(c.name)]
    return _written_currency(table, [*money, *others[:_FEW]]) or _currency_of_language(table)


def _written_currency(table: Table, money: list[str]) -> Currency | None:
    """The currency that stands beside the amounts or in their headings."""
    for name in money:
        sign = _sign(table, name)
        code = SIGNS.get(sign, sign if re.fullmatch("[A-Z]{3}", sign) else None)
        if sign in ("¥", "￥", "\\"):
            code = _by_headings(table)
        if code is not None:
            sure = "; change it if these are other dollars" if sign == "$" else ""
            return Currency(code, f"amounts are written with '{sign}'{sure}")
        code = currency_in(name)
        if code is not None:
            sure = "; change it if these are other dollars" if code == "USD" and "$" in name else ""
            return Currency(code, f"named in column {shown(name)}{sure}")
    return None


def _currency_of_language(table: Table) -> Currency:
    code = _by_headings(table)
    if code is None:
        return Currency(UNKNOWN, "write the code of yours, for instance EUR, or none")
    language = "Japanese" if code == "JPY" else "simplified Chinese"
    return Currency(
        code, f"because the headings are {language}; change it if amounts are in another currency"
    )


def _by_headings(table: Table) -> str | None:
    """The yen or the renminbi where headings are in kana or in simplified characters."""
    headings = "".join(column.name for column in table.columns)
    if _KANA.search(headings) or any(word in headings for word in _JAPANESE):
        return "JPY"
    return "CNY" if any(character in _SIMPLIFIED for character in headings) else None


def no_goods(table: Table, product: Choice | None, known: Container[str] = ()) -> Exclusion | None:
    """Product codes without a digit among codes with digits, but for those known: postage, fees, adjustments."""
    if product is None:
        return None
    counts = counted(table.source, product.column)
    total = sum(rows for _, rows in counts)
    odd = [(code, rows) for code, rows in counts if code not in known and not re.search(r"\d", code)]
    rows = sum(number for _, number in odd)
    if not odd or rows > 0.1 * total or len(odd) > 0.1 * len(counts):
        return None
    most = sorted(odd, key=lambda item: (-item[1], item[0]))[:12]
    return Exclusion("service code", product.column, "is", tuple(code for code, _ in most), rows)


def prefixes(table: Table, order: Choice | None, money: Choice | None) -> tuple[list[Exclusion], list[str]]:
    """Letters before some order numbers: a remark where the rows are returns, else a rule to leave them out."""
    if order is None:
        return [], []
    value = id_column(table.source, order.column)
    letters = value.re_extract("^([A-Za-z]{1,4})-?[0-9]+$", 1)
    source = table.source.table.select(letters=letters, known=value.notnull())
    counts = source.filter(source["known"]).group_by("letters").aggregate(rows=ibis._.count())
    found = {row["letters"]: row["rows"] for row in counts.to_pyarrow().to_pylist()}
    if found.pop("", 0) < 4 * sum(found.values()) or len(found) > 5:
        return [], []
    rules, notes = [], []
    for prefix, rows in sorted(found.items()):
        negative = table.number(money.column) < 0 if money is not None else ibis.literal(False)
        if (table.share(negative, letters == prefix) or 0) > 0.95:
            notes.append(
                f"Orders that begin with {prefix} ({words.count(rows, 'row')}) are returns; they are netted."
            )
        else:
            rules.append(Exclusion(f"order {prefix}…", order.column, "starts_with", (prefix,), rows))
    return rules, notes


def _holds_currencies(table: Table, column: Column) -> bool:
    if column.distinct > 12 or any(value.upper() not in _ISO_4217 for value, _ in column.common):
        return False
    codes = {code.upper() for code, _ in counted(table.source, column.name, 13)}
    return codes <= _ISO_4217 and not codes.isdisjoint(CODES)


def _sign(table: Table, column: str) -> str:
    """The commonest mark around the numbers of a column."""
    value: Any = table.source.table[column]
    if not value.type().is_string():
        return ""
    mark = trimmed(value).re_extract(r"^-?\(?([^0-9\s.,()'+-]*)", 1)
    after = trimmed(value).re_extract(r"([^0-9\s.,()'+-]*)\)?-?$", 1)
    source = table.source.table.select(mark=mark.nullif("").fill_null(after).nullif(""))
    source = source.filter(source["mark"].notnull())
    counts = source.group_by("mark").aggregate(rows=ibis._.count())
    rows = counts.order_by(ibis.desc("rows"), "mark").limit(1).to_pyarrow().to_pylist()
    return str(rows[0]["mark"]) if rows else ""
