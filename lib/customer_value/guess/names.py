"""What the name of a column says about its content, in the languages of common exports.

A name gets a weight for a role: 0 says nothing, and of two names the heavier one is meant. The words
themselves are in ``words/*.yml``.
"""

from __future__ import annotations

from collections.abc import Callable

from customer_value.guess.vocabulary import UNKNOWN, Heading, read_heading, tokens_of

__all__ = [
    "CODES",
    "SIGNS",
    "currency_in",
    "is_extra",
    "is_gross",
    "is_net",
    "is_tax",
    "tokens_of",
    "weight",
]

CODES = ("EUR", "USD", "GBP", "CHF", "CNY", "RMB", "JPY", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "CAD", "AUD",
         "NZD", "INR", "BRL", "MXN", "TRY", "ZAR", "SGD", "HKD", "TWD", "KRW", "THB", "AED", "ILS", "RON")  # fmt: skip
SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "฿": "THB", "₪": "ILS", "₫": "VND",
         "₴": "UAH", "₦": "NGN", "₱": "PHP",
         "US$": "USD", "$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "R$": "BRL", "HK$": "HKD",
         "NT$": "TWD", "S$": "SGD", "MX$": "MXN", "NZ$": "NZD",
         "元": "CNY", "円": "JPY", "원": "KRW", "zł": "PLN", "Kč": "CZK", "Ft": "HUF"}  # fmt: skip
"""Signs beside amounts."""

_IN_NAMES = sorted(
    (sign for sign in SIGNS if not sign.isalpha() or sign in "元円"), key=lambda sign: (-len(sign), sign)
)
"""Signs that may stand in a name, the longer ones first."""

_EXTRAS = ("tax", "shipping", "fee", "discount", "tip")
_NO_MONEY = (
    "cost", "margin", "discount", "shipping", "fee", "tip", "balance", "refund", "forecast", "quantity", "points",
    "measure", "id", "date", "status", "category", "place", "person", "phone", "email", "list", "not_buyer",
    "channel", "unit_cost", "unit_price", "list_price", "goods_cost", "text", "name", "no_date",
)  # fmt: skip
_SALE = ("order", "deal", "amount", "close")


def weight(role: str, name: str) -> int:
    """How surely a column name means a role.

    >>> [weight("customer_id", name) for name in ("CustomerID", "Kunden-Nr.", "N° client", "客户编号", "Country")]
    [3, 3, 3, 3, 0]
    >>> [weight("amount", name) for name in ("Net sales", "Betrag", "Total TTC", "Tax amount")]
    [3, 2, 1, 0]
    """
    heading = read_heading(name)
    return _WEIGHTS[role](heading) if heading.says else 0


def is_net(name: str) -> bool:
    """Whether a name says that tax is left out."""
    return read_heading(name).has("net")


def is_gross(name: str) -> bool:
    """Whether a name says that tax is included."""
    return not is_net(name) and read_heading(name).has("gross")


def is_tax(name: str) -> bool:
    """Whether a name says that the column is the tax itself.

    >>> is_tax("Sales Tax"), is_tax("Total excl. VAT"), is_tax("Tax ID"), is_tax("IGST Amount")
    (True, False, False, True)
    """
    return is_extra(name) and read_heading(name).has("tax")


def is_extra(name: str) -> bool:
    """Whether a column is what is added to the goods or taken off: tax, shipping, a fee, a tip, a discount."""
    heading = read_heading(name)
    if heading.has("net", "gross") and not heading.has("shipping", "fee", "discount", "tip"):
        return False
    return heading.has(*_EXTRAS) and not heading.has("id", "date", "status", "category", "name", "place")


def currency_in(name: str) -> str | None:
    """The currency that a column name mentions.

    >>> currency_in("amount_eur"), currency_in("Preis (€)"), currency_in("金额(元)"), currency_in("amount")
    ('EUR', 'EUR', 'CNY', None)
    >>> currency_in("Item Price ($)"), currency_in("Total (A$)"), currency_in("Total (R$)")
    ('USD', 'AUD', 'BRL')
    """
    found = [code for code in CODES if code.lower() in tokens_of(name)]
    if not found:
        found = [SIGNS[sign] for sign in _IN_NAMES if sign in name]
    return {"RMB": "CNY"}.get(found[0], found[0]) if found else None


def _customer(name: Heading) -> int:
    who = ("buyer", "account", "trade", "party", "contact", "ordering_account")
    kinds = ("id", "name", "username", "email")
    if not name.only(*who, *kinds, "filler", "order") or not name.has(*who, *kinds) or name.has("given_name"):
        return 0
    if (name.has("buyer", "account") and name.has("id", "username")) or name.has("ordering_account"):
        return 0 if name.has("order") and not name.has("ordering_account", "account") else 3
    if name.has("order"):
        return 3 if name.has("account") else 0
    if name.has("name", "email"):
        return 1
    return 2 if name.has("buyer", "account", "username") or (name.has("trade") and name.has("id")) else 1


def _order_date(name: Heading) -> int:
    if not name.has("date", "created", "close") or name.has(
        "other_date", "no_date", "person", "not_buyer", "category", "forecast"
    ):
        return 0
    if name.has("quantity", "price", "goods", "status", "email", "tax", "measure", "buyer"):
        return 0
    if not name.has("date"):
        return 2 if name.has("created") and not name.has("id", "place") else 0
    sale = any(not word.isdisjoint(_SALE) for word in name.says)
    if name.has(UNKNOWN) and not sale:
        return 1
    return 3 if sale else 2


def _order_id(name: Heading) -> int:
    if name.has("goods", "line", "date", "quantity", "status", "category", "payment", "price", "buyer", "account",
                "not_buyer", "total", "subtotal", "channel", "refund", "email", "party", "place", "discount", "tax",
                "cost", "margin", "person", "name", UNKNOWN):  # fmt: skip
        return 0
    if name.has("order", "deal") and name.has("id"):
        return 3
    orders = [word for word in name.says if "order" in word]
    return (
        2 if orders and not all("amount" in word for word in orders) and name.only("order", "filler") else 0
    )


def _product_id(name: Heading) -> int:
    if not name.has("goods", "goods_id", "text"):
        return 0
    kept = ("goods", "goods_id", "text", "id", "name", "filler", "line", "username")
    if not name.only(*kept):
        return 0
    if name.has("goods_id") or (name.has("goods") and name.has("id")) or tokens_of(name.name)[-1] in _CODED:
        return 3
    return 1 if name.has("name", "text") else 2


_CODED = ("asin", "ean", "gtin", "upc", "sku", "jan")


def _quantity(name: Heading) -> int:
    if name.has(
        "price", "amount", "refund", "cost", "place", "person", "status", "category", "balance", "measure"
    ):
        return 0
    if not name.has("quantity"):
        return 0
    exact = name.only("quantity", "order", "goods", "line", "filler", "unit", "many", "total", "payment")
    return 3 if exact and not name.only("many", "unit", "id") else 2


def _unit_price(name: Heading) -> int:
    if name.has("cost", "unit_cost", "list", "list_price", "discount", "shipping", "fee", "tax", "measure", "id",
                "refund", "category") or (is_gross(name.name) and not name.has("unit", "unit_price")):  # fmt: skip
        return 0
    if name.has("unit_price") or (name.has("unit") and name.has("price", "amount")):
        return 3
    if not name.has("price") or name.has("total", "amount", "balance") or _of_a_line(name):
        return 0
    return 2


def _of_a_line(name: Heading) -> bool:
    """Whether a price is called that of a line, as in "line price", and not that of an article in it."""
    return any(word == {"line"} for word in name.says) and not name.has("goods")


def _amount(name: Heading) -> int:
    money = name.has("amount", "total", "subtotal") or (name.has("price") and _of_a_line(name))
    alone = name.only("net", "gross", "tax", "filler", "currency") and name.has("net", "gross")
    if not money and not alone:
        return 0
    if name.has("unit") and not name.has("total", "subtotal"):
        return 0
    if name.has(*_NO_MONEY):
        return 0
    if name.has("net"):
        return 3 if money or name.has("tax") else 2
    if name.has("gross"):
        return 1 if money or name.has("tax") else 2
    return 0 if name.has("tax") else 2


def _list_price(name: Heading) -> int:
    return 3 if name.has("list_price") or (name.has("list") and name.has("price")) else 0


def _unit_cost(name: Heading) -> int:
    if name.has("unit_cost") and not name.has("total"):
        return 3
    return 3 if name.has("cost") and name.has("unit") and not name.has("total") else 0


def _cost(name: Heading) -> int:
    if name.has("shipping", "fee", "measure", "id", "category", "tax", "unit", "margin") or _unit_cost(name):
        return (
            3
            if name.has("total") and name.has("cost", "unit_cost") and not name.has("shipping", "fee", "tax")
            else 0
        )
    if name.has("goods_cost"):
        return 3
    if not name.has("cost"):
        return 0
    return (
        3
        if name.has("total", "line") and name.only("total", "line", "cost", "goods", "amount", "filler")
        else 2
    )


def _margin(name: Heading) -> int:
    if not name.has("margin") or name.has("measure", "id", "category", "forecast", "place"):
        return 0
    return 3


def _discount(name: Heading) -> int:
    return 3 if name.names("discount", beside=("measure", "filler", "unit", "price", "line")) else 0


def _channel(name: Heading) -> int:
    return 3 if name.names("channel", beside=("name", "amount", "order", "filler")) else 0


def _status(name: Heading) -> int:
    return 3 if name.has("status") and not name.has("place", "date", "id") else 0


def _currency(name: Heading) -> int:
    return 3 if name.has("currency") and not name.has("amount", "total", "price") else 0


_WEIGHTS: dict[str, Callable[[Heading], int]] = {
    "customer_id": _customer,
    "order_date": _order_date,
    "order_id": _order_id,
    "product_id": _product_id,
    "quantity": _quantity,
    "unit_price": _unit_price,
    "amount": _amount,
    "list_price": _list_price,
    "unit_cost": _unit_cost,
    "cost": _cost,
    "margin": _margin,
    "discount": _discount,
    "channel": _channel,
    "status": _status,
    "currency": _currency,
}
