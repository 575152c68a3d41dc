"""What else a file shows: its currency, cancelled orders, codes that are no goods."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis

from customer_value import words
from customer_value.errors import InputError
from customer_value.guess.choice import Choice, heaviest, shown
from customer_value.guess.names import CODES, currency_in
from customer_value.guess.profile import Column, Table
from customer_value.sources import id_column
from customer_value.sources.engine import trimmed

__all__ = ["Currency", "Exclusion", "cancelled", "guess_currency", "no_goods", "prefixes"]

UNKNOWN = "XXX"
_SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "฿": "THB", "₪": "ILS", "₫": "VND",
          "US$": "USD", "$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "R$": "BRL", "HK$": "HKD",
          "NT$": "TWD", "S$": "SGD",
          "元": "CNY", "円": "JPY", "원": "KRW", "zł": "PLN", "Kč": "CZK", "Ft": "HUF"}  # fmt: skip
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
_CANCELLED = r"(?i)^(cancel|storn|annul|anul|geannul|abgebrochen|void)|取消|作废|作廢"
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Currency:
    """A currency code, why, and the column that holds it (if there is one)."""

    code: str
    reason: str
    column: str | None = None


@dataclass(frozen=True)
class Exclusion:
    """Rows to leave out: the reason, the source column, how it is compared and with which values.

    ``rows`` and ``money`` say how many that are; ``no_order`` that they are no orders at all.
    """

    reason: str
    column: str
    how: str
    values: tuple[str, ...]
    rows: int
    money: Decimal | None = None
    no_order: bool = False


def guess_currency(table: Table, money: list[str], taken: Collection[str]) -> Currency:
    """The currency of the amounts.

    A column of codes is found by its name or, if it is not taken by another field, by its values.

    Raises
    ------
    InputError
        If rows are in several currencies, because their rates are not in the file.
    """
    texts = table.of_kind("text")
    coded = [c for c in texts if c.name not in taken and _holds_currencies(table, c)]
    for column in [*heaviest("currency", texts), *sorted(coded, key=lambda c: -c.distinct)]:
        codes = _values(table, column.name, 12)
        if codes and all(re.fullmatch("[A-Za-z]{3}", code) for code in codes):
            if len({code.upper() for code in codes}) > 1:
                raise InputError(_several(table, column.name, codes))
            return Currency(codes[0].upper(), f"from column {shown(column.name)}", column.name)
    for name in money:
        sign = _sign(table, name)
        code = _SIGNS.get(sign, sign if re.fullmatch("[A-Z]{3}", sign) else None)
        if sign in ("¥", "￥"):
            code = "CNY" if any(_CHINESE.search(column.name) for column in table.columns) else None
        if code is not None:
            sure = "; change it if these are other dollars" if sign == "$" else ""
            return Currency(code, f"amounts are written with '{sign}'{sure}")
        code = currency_in(name)
        if code is not None:
            return Currency(code, f"named in column {shown(name)}")
    return Currency(UNKNOWN, "XXX means no currency: write the code of yours, for instance EUR")


def cancelled(table: Table) -> Exclusion | None:
    """Orders whose status says that they were cancelled."""
    for column in heaviest("status", table.of_kind("text")):
        value = id_column(table.source, column.name)
        found = [word for word in _values(table, column.name, 40) if re.search(_CANCELLED, word)]
        rows = round((table.share(value.isin(found)) or 0) * column.filled) if found else 0
        if found and rows < column.filled:
            return Exclusion("cancelled", column.name, "is", tuple(found), rows)
    return None


def no_goods(table: Table, product: Choice | None) -> Exclusion | None:
    """Product codes without a digit among codes with digits: postage, fees, adjustments."""
    if product is None:
        return None
    counts = _counted(table, product.column)
    total = sum(rows for _, rows in counts)
    odd = [(code, rows) for code, rows in counts if not re.search(r"\d", code)]
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
    if column.distinct > 12:
        return False
    codes = {code.upper() for code in _values(table, column.name, 12)}
    return codes <= _ISO_4217 and not codes.isdisjoint(CODES)


def _values(table: Table, column: str, most: int) -> list[str]:
    counts = _counted(table, column)
    return [value for value, _ in counts] if len(counts) <= most else []


def _counted(table: Table, column: str) -> list[tuple[str, int]]:
    source = table.source.table.select(value=id_column(table.source, column))
    source = source.filter(source["value"].notnull())
    counts = source.group_by("value").aggregate(rows=ibis._.count())
    rows = counts.order_by(ibis.desc("rows"), "value").limit(100_000).to_pyarrow().to_pylist()
    return [(row["value"], row["rows"]) for row in rows]


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


def _several(table: Table, column: str, codes: list[str]) -> str:
    rates = ", ".join(f"{code.upper()}: 1.0" for code in codes[1:])
    return (
        f"{table.source.files[0].name}: amounts are in {words.listing(sorted(codes))} (column {shown(column)}), "
        f"and their rates are not in the file. Write a settings file with currency: {codes[0].upper()}, "
        f"orders.columns.currency: {words.plain(column)} and orders.rates: {{{rates}}} (your rates)."
    )
