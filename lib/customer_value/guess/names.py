"""What the name of a column says about its content, in the languages of common exports.

A name gets a weight for a role: 0 says nothing, and of two names the heavier one is meant.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["CODES", "currency_in", "is_gross", "is_net", "is_tax", "tokens_of", "weight"]

_BUYER = (
    "customer|customers|cust|client|clients|account|acct|buyer|user|member|shopper|household|kunde|kunden|debitor|"
    "debitoren|klant|klanten|afnemer|cliente|clientes|kund|kunds|asiakas|klient|klienta|musteri|muesteri|клиент|клиента|"
    "покупатель|客户|客戶|顾客|顧客|会员|會員|用户|用戶|买家|買家|顧客|得意先|取引先|고객|회원"
)
_ID = (
    "id|no|nr|num|number|key|code|nummer|numero|codigo|codice|kod|cod|numer|numara|kennung|schluessel|ref|reference|"
    "uid|uuid|uniqueid|编号|編號|代码|代碼|编码|編碼|号|號|号码|帐号|账号|番号|コード|번호|номер|код"
)
_NAME = "name|nom|nombre|naam|nome|namn|nazwa|名称|名稱|姓名|名"
_ORDER = (
    "order|orders|salesorder|invoice|billing|billingdocument|transaction|trans|receipt|basket|ticket|purchase|document|doc|bestell|bestellung|"
    "bestellungs|rechnung|rechnungs|auftrag|auftrags|beleg|commande|facture|pedido|factura|compra|venta|bestelling|"
    "factuur|ordine|fattura|fatura|ordrenr|zamowienie|siparis|заказ|заказа|订单|訂單|发票|發票|交易|单据|注文|주문"
)
_DATE = "date|datum|datetime|day|time|timestamp|ts|dt|at|fecha|data|дата|日期|时间|時間|日時|日|날짜|일자"
_GOODS = (
    "product|item|stock|article|material|sku|part|produkt|artikel|produit|producto|articulo|prodotto|articolo|produto|"
    "产品|產品|商品|货品|物料|품목|상품|товар|товара"
)
_OTHER_DATES = {
    "due", "ship", "shipped", "shipping", "delivery", "delivered", "lieferdatum", "liefer", "faelligkeit", "faellig",
    "zahl", "zahlung", "zahlungs", "payment", "paid", "birth", "birthday", "geburt", "geburts", "geburtsdatum",
    "echeance", "livraison", "entrega", "vencimiento", "pago", "lever", "leverdatum", "required", "requested",
    "updated", "modified", "expiry", "expires", "valid", "since", "signup", "registered", "registration", "start",
    "end", "first", "last", "promised", "estimated", "approved", "return", "returned",
}  # fmt: skip
_OTHER_DATES_CJK = ("发货", "發貨", "到期", "生日", "付款", "送达", "送達", "更新", "注册", "收货", "交货")
_AMOUNT = {
    "amount", "amt", "revenue", "sales", "sale", "turnover", "value", "total", "subtotal", "spend", "spent", "gmv",
    "umsatz", "erloes", "betrag", "nettobetrag", "summe", "gesamt", "gesamtbetrag", "gesamtsumme", "wert", "umsaetze",
    "montant", "ca", "importe", "ventas", "ingresos", "monto", "valor", "omzet", "bedrag", "totaal", "fatturato",
    "importo", "totale", "receita", "belopp", "kwota", "wartosc", "tutar", "сумма", "выручка", "nettoumsatz",
    "bruttobetrag", "bruttoumsatz", "gesamtpreis", "warenwert", "positionswert", "nettowert", "bruttowert",
    "totalbedrag", "totaalbedrag", "netrevenue", "netsales", "salesamount", "linetotal", "lineamount", "totalprice",
    "extendedamount", "extendedprice", "totalamount", "ordertotal", "ordervalue", "nettosumme",
}  # fmt: skip
_AMOUNT_CJK = (
    "金额", "金額", "销售额", "銷售額", "营收", "營收", "总额", "總額", "総額", "売上", "合计", "合計", "实付",
    "成交额", "总价", "總價", "매출", "금액", "货款",
)  # fmt: skip
_NO_AMOUNT = {
    "tax", "vat", "gst", "mwst", "ust", "steuer", "tva", "taxe", "iva", "btw", "moms", "freight", "shipping",
    "fracht", "versand", "porto", "discount", "rabatt", "remise", "descuento", "korting", "sconto", "cost", "costs",
    "cogs", "kosten", "cout", "costo", "coste", "margin", "marge", "margen", "profit", "gewinn", "unit", "einzel",
    "unitaire", "unitario", "per", "quantity", "qty", "count", "limit", "balance", "points", "weight", "gewicht",
    "fee", "tip", "list", "refund", "refunded", "id", "code", "key", "rate", "pct", "percent", "type", "status",
    "number", "no", "nr", "num", "items", "units", "date", "channel", "person", "rep", "territory", "region", "country",
}  # fmt: skip
_NO_AMOUNT_CJK = (
    "税",
    "稅",
    "运费",
    "運費",
    "折扣",
    "优惠",
    "成本",
    "利润",
    "毛利",
    "单价",
    "單價",
    "数量",
    "數量",
    "编号",
    "类型",
)
_NET = {"net", "netto", "nett", "ht", "excl", "excluding", "exkl", "ohne", "ex", "exc", "neto", "netta", "sin", "hors",
        "before", "nettobetrag", "nettoumsatz", "nettowert", "nettosumme", "netrevenue", "netsales"}  # fmt: skip
_NET_CJK = ("不含税", "不含稅", "未税", "未稅", "税前", "税抜")
_GROSS = {"gross", "brutto", "ttc", "incl", "including", "inc", "inkl", "mit", "bruto", "con", "toutes", "with",
          "bruttobetrag", "bruttoumsatz", "bruttowert"}  # fmt: skip
_GROSS_CJK = ("含税", "含稅", "税込", "價稅合計", "价税合计")
_TAX = {"tax", "taxes", "taxamt", "vat", "gst", "mwst", "ust", "steuer", "tva", "iva", "btw", "moms"}
_PATTERNS: dict[str, tuple[tuple[int, str], ...]] = {
    "customer_id": (
        (3, rf"(?:{_BUYER})(?:{_ID})|(?:{_ID}|n)(?:de|du|del)?(?:{_BUYER})|customeruniqueid|"
            rf"soldto(?:party)?(?:{_ID})?"),
        (2, rf"{_BUYER}|debtor|customeraccount"),
        (1, rf"(?:{_BUYER})(?:{_NAME})|(?:{_NAME})(?:de|du|del)?(?:{_BUYER})|companyname|company|firma|firm|"
            r"raisonsociale|id|cid|empresa|bedrijf|e?mail|emailaddress|公司|公司名称|单位名称"),
    ),
    "order_date": (
        (3, rf"(?:{_ORDER}|sale|sales|kauf|achat|verkauf|posting|buchungs?|purchase|orderpurchase|"
            rf"下单|購買|购买|销售|銷售|订购|成交|消费)"
            rf"(?:{_DATE})|(?:{_DATE})(?:de|of|d|du|della?)?(?:{_ORDER}|achat|vente|acquisto|vendita)"),
        (2, rf"(?:{_DATE})|(?:order|invoice|sales)?datekey|createdat|created|createddate|creationdate"),
    ),
    "order_id": (
        (3, rf"(?:{_ORDER})(?:{_ID})|(?:{_ID}|n)(?:de|du|del|della)?(?:{_ORDER})|单号|單號|订单|訂單|小票号|流水号"),
        (2, rf"{_ORDER}"),
    ),
    "product_id": (
        (3, rf"(?:{_GOODS})(?:{_ID})|(?:{_ID})(?:de|du|del)?(?:{_GOODS})|asin|ean|gtin|upc|货号|貨號|款号"),
        (2, rf"{_GOODS}"),
        (1, rf"(?:{_GOODS})(?:{_NAME}|description|desc)|description|bezeichnung|artikelbezeichnung|designation|"
            r"descripcion|omschrijving|libelle|品名|title"),
    ),
    "quantity": (
        (3, r"[a-z]*(?:quantity|qty)(?:ordered|sold)?|menge|bestellmenge|stueck|"
            r"stueckzahl|quantite|qte|cantidad|cant|aantal|quantita|qta|quantidade|qtd|qtde|antal|ilosc|adet|"
            r"количество|数量|數量|件数|件數|销量|购买数量|수량|個数"),
        (2, r"units|unitssold|pieces|pcs|items|anzahl|numberofitems|nritems|numberof\w+"),
    ),
    "unit_price": (
        (3, r"(?:net)?(?:unit|item|piece)price(?:net)?|priceperunit|priceeach|einzelpreis|stueckpreis|nettopreis|"
            r"prixunitaire|prixunitaireht|pu|puht|preciounitario|preciounidad|eenheidsprijs|stukprijs|"
            r"prezzounitario|precounitario|单价|單價|단가|単価"),
        (2, r"(?:selling|sales?|sell)?price|preis|vkpreis|verkaufspreis|prix|precio|prijs|prezzo|preco|pris|cena|"
            r"fiyat|цена|价格|價格|售价|售價|가격"),
    ),
    "list_price": (
        (3, r"listprice|originalprice|catalogu?eprice|rrp|msrp|listenpreis|katalogpreis|prixcatalogue|preciolista|"
            r"catalogusprijs|原价|原價|标价|標價|吊牌价"),
    ),
    "unit_cost": (
        (3, r"unitcost|costperunit|(?:product)?standardcost|stueckkosten|einstandspreis|einkaufspreis|ekpreis|"
            r"coutunitaire|prixachat|prixdachat|costounitario|kostprijs|inkoopprijs|单位成本|單位成本|进价|進價"),
    ),
    "cost": (
        (3, r"total(?:product)?costs?|linecosts?|cogs|costofgoods(?:sold)?|costofsales|wareneinsatz|"
            r"gesamtkosten|couttotal|costototal|costetotal|totalekosten|总成本|總成本|销售成本"),
        (2, r"costs?|product?costs?|kosten|selbstkosten|cout|couts|costo|coste|kost|成本"),
    ),
    "margin": (
        (3, r"(?:gross)?margin(?:amount|value)?|grossprofit|profit|contribution|deckungsbeitrag|rohertrag|marge|"
            r"margebrute|margen|beneficio|brutomarge|winst|margine|毛利|毛利额|利润|利潤"),
    ),
    "discount": (
        (3, r"discount(?:rate|pct|percent|share)?|unitpricediscountpct|rabatt|rabattsatz|remise|tauxremise|"
            r"descuento|korting|sconto|desconto|折扣|折扣率"),
    ),
    "currency": (
        (3, r"[a-z]*currency(?:code|iso)?|curr|waehrung|waehrungscode|devise|moneda|divisa|"
            r"valuta|moeda|waluta|para birimi|валюта|币种|幣種|货币|貨幣|通貨"),
    ),
    "channel": (
        (3, r"(?:sales|order)?channel(?:name)?|(?:vertriebs|absatz)?kanal|canal(?:devente)?|(?:verkoop)?kanaal|"
            r"渠道|销售渠道|銷售渠道|통로"),
    ),
    "status": (
        (3, r"(?:order|invoice)?(?:status|state)|bestellstatus|auftragsstatus|statut|estado|stato|订单状态|状态|狀態"),
    ),
}  # fmt: skip
CODES = ("EUR", "USD", "GBP", "CHF", "CNY", "RMB", "JPY", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "CAD", "AUD",
          "NZD", "INR", "BRL", "MXN", "TRY", "ZAR", "SGD", "HKD", "TWD", "KRW", "THB", "AED", "ILS", "RON")  # fmt: skip
_TOTAL_PRICE = r"(?:line|total|extended|gesamt)(?:price|preis)|prixtotal(?:ht)?|preciototal|totaalprijs"
_SPELLING: dict[str, str | int | None] = {
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ł": "l",
}  # fmt: skip


def weight(role: str, name: str) -> int:
    """How surely a column name means a role.

    >>> [weight("customer_id", name) for name in ("CustomerID", "Kunden-Nr.", "N° client", "客户编号", "Country")]
    [3, 3, 3, 3, 0]
    >>> [weight("amount", name) for name in ("Net sales", "Betrag", "Total TTC", "Tax amount")]
    [3, 2, 1, 0]
    """
    if role == "amount":
        return _amount_weight(name)
    compact = "".join(tokens_of(name))
    if role == "order_date" and (
        _OTHER_DATES & set(tokens_of(name)) or any(w in name for w in _OTHER_DATES_CJK)
    ):
        return 0
    patterns = _PATTERNS[role]
    return next((points for points, pattern in patterns if re.fullmatch(pattern, compact)), 0)


def tokens_of(name: str) -> list[str]:
    """The words of a name: lower case, without accents, split at capitals and signs.

    >>> tokens_of("OrderDate"), tokens_of("Stück-Preis (EUR)"), tokens_of("CustomerPONumber")
    (['order', 'date'], ['stueck', 'preis', 'eur'], ['customer', 'po', 'number'])
    """
    spelt = unicodedata.normalize("NFKD", name.translate(str.maketrans(_SPELLING)))
    plain = "".join(c for c in spelt if not unicodedata.combining(c))
    parted = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", plain)
    return [part for part in re.split(r"[\W_]+", unicodedata.normalize("NFC", parted.lower())) if part]


def is_net(name: str) -> bool:
    """Whether a name says that tax is left out."""
    return bool(_NET & set(tokens_of(name))) or any(word in name for word in _NET_CJK)


def is_gross(name: str) -> bool:
    """Whether a name says that tax is included."""
    return not is_net(name) and (
        bool(_GROSS & set(tokens_of(name))) or any(word in name for word in _GROSS_CJK)
    )


def is_tax(name: str) -> bool:
    """Whether a name says that the column is the tax itself."""
    return bool(_TAX & set(tokens_of(name))) or "税额" in name or "稅額" in name


def currency_in(name: str) -> str | None:
    """The currency that a column name mentions.

    >>> currency_in("amount_eur"), currency_in("Preis (€)"), currency_in("金额(元)"), currency_in("amount")
    ('EUR', 'EUR', 'CNY', None)
    """
    found = [code for code in CODES if code.lower() in tokens_of(name)]
    if not found:
        found = [
            code for sign, code in (("€", "EUR"), ("£", "GBP"), ("₹", "INR"), ("元", "CNY")) if sign in name
        ]
    return {"RMB": "CNY"}.get(found[0], found[0]) if found else None


def _amount_weight(name: str) -> int:
    words = set(tokens_of(name))
    compact = "".join(tokens_of(name))
    known = words & _AMOUNT or compact in _AMOUNT or any(word in name for word in _AMOUNT_CJK)
    total_price = re.fullmatch(
        r"(?:line|total|extended|gesamt)(?:price|preis)|prixtotal(?:ht)?|preciototal|totaalprijs", compact
    )
    if not known and not total_price and not (words & {"netto", "net"} and len(words) == 1):
        return 0
    if is_net(name):
        return 3
    if (words & _NO_AMOUNT or any(word in name for word in _NO_AMOUNT_CJK)) and not is_gross(name):
        return 0
    return 1 if is_gross(name) else 2
