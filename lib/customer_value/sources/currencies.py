"""What a currency says of how its amounts are written."""

from __future__ import annotations

__all__ = ["WITHOUT_CENTS", "WITH_POINT", "code_of"]

WITH_POINT = {"JPY", "KRW", "CNY", "TWD", "HKD", "INR", "THB", "PKR", "LKR", "NPR", "BDT"}
"""Currencies of countries where a comma separates thousands and nothing else."""

WITHOUT_CENTS = {
    "BIF", "CLP", "COP", "DJF", "GNF", "HUF", "IDR", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UZS", "VND",
    "VUV", "XAF", "XOF", "XPF",
}  # fmt: skip
"""Currencies whose amounts have no decimals, by law or in practice: three digits behind a sign are thousands."""

_SIGNS = {
    "¥": "JPY", "￥": "JPY", "円": "JPY", "圓": "TWD", "元": "CNY", "₩": "KRW", "￦": "KRW", "원": "KRW", "₹": "INR",
    "Rs": "INR", "Rs.": "INR", "NT$": "TWD", "HK$": "HKD", "฿": "THB", "Rp": "IDR", "Rp.": "IDR", "₫": "VND",
    "đ": "VND", "Ft": "HUF", "₲": "PYG",
}  # fmt: skip


def code_of(mark: str | None) -> str | None:
    """The currency that a sign or code stands for, as far as it says how amounts are written.

    >>> code_of("円"), code_of("VND"), code_of("$")
    ('JPY', 'VND', None)
    """
    if mark is None:
        return None
    return _SIGNS.get(mark, mark if mark in WITH_POINT | WITHOUT_CENTS else None)
