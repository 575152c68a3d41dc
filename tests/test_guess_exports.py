"""Drafts for the layouts that shops, ledgers, CRMs and warehouses export: the right column, or a question."""

from decimal import Decimal

import pytest

from guess_kit import (
    NAMES,
    SALES,
    TOTAL,
    Case,
    customers_of,
    drafted,
    first_of,
    ledger,
    of_lines,
    of_sales,
    table,
    total_of,
)

TWO = Decimal("0.01")


def taxed(amount, rate="1.19"):
    return (amount * Decimal(rate)).quantize(TWO)


def comma(number):
    return f"{number:.2f}".replace(".", ",")


def us(day):
    return day.strftime("%m/%d/%Y")


def eu(day):
    return day.strftime("%d.%m.%Y")


RUNNING = {sale.n: sum(other.amount for other in SALES[: sale.n + 1]) for sale in SALES}

CASES = {
    # one value, few values, and somebody who sells are no customer
    "an account of the books": Case(
        of_sales(["invoice", "customer", "account", "date", "amount"],
                 lambda s: [s.n, f"c{s.who}", 4000, s.day, s.amount]),
        TOTAL, {"customer_id": "customer", "amount": "amount"}),
    "accounts of the books with names": Case(
        of_sales(["Date", "Document Number", "Name", "Account", "Amount (Net)", "Amount (Tax)", "Amount (Gross)"],
                 lambda s: [us(s.day), f"INV{s.n}", s.name, f"{4000 + s.n % 2} Sales", s.amount,
                            taxed(s.amount) - s.amount, taxed(s.amount)]),
        TOTAL, {"customer_id": "Name", "amount": "Amount (Net)"}),
    "a clerk called user": Case(
        of_sales(["order no", "customer name", "user", "date", "amount"],
                 lambda s: [s.n, s.name, f"clerk{s.n % 2}", s.day, s.amount]),
        TOTAL, {"customer_id": "customer name"}),
    "an account manager": Case(
        of_sales(["invoice", "Bill To", "Account Manager", "date", "amount"],
                 lambda s: [s.n, s.name, f"Clerk {s.n % 2}", s.day, s.amount]),
        TOTAL, {"customer_id": "Bill To"}),
    "terminal, cashier and a member card": Case(
        of_sales(["Store", "Terminal", "Cashier ID", "Receipt No", "Date", "Member Card No", "Item", "Qty",
                  "Unit Price", "Line Total"],
                 lambda s: ["Main St", s.n % 3, s.n % 5, 9000 + s.n, s.day, f"M{s.who:04d}", s.product, s.quantity,
                            s.price, s.amount]),
        TOTAL, {"customer_id": "Member Card No", "amount": "Line Total", "order_id": "Receipt No",
                  "product_id": "Item"}),
    "a marketplace with seller and buyer": Case(
        of_sales(["order_id", "seller_id", "seller_city", "buyer_username", "sale_date", "sold_for", "total_price",
                  "ship_by_date"],
                 lambda s: [s.n, f"s{s.n % 20}", "Ulm", f"b{s.who}", s.day, s.amount, s.amount + 4, s.day]),
        None, {"customer_id": "buyer_username", "order_date": "sale_date"}),
    "customers of a dealer's list": Case(
        of_sales(["Dealer", "Invoice Date", "Net Sales", "Region"], lambda s: [s.name, s.day, s.amount, s.who % 3]),
        TOTAL, {"customer_id": "Dealer", "amount": "Net Sales"}),
    "patients": Case(
        of_sales(["visit_date", "patient_number", "doctor", "charges billed", "amount"],
                 lambda s: [s.day, 500 + s.who, s.n % 3, 1, s.amount]),
        TOTAL, {"customer_id": "patient_number", "amount": "amount"}),
    "donors": Case(
        of_sales(["Gift Date", "Donor ID", "Donor Name", "Campaign", "Gift Amount"],
                 lambda s: [us(s.day), f"D{s.who}", s.name, "Spring", s.amount]),
        TOTAL, {"customer_id": "Donor ID", "amount": "Gift Amount", "order_date": "Gift Date"}),
    "people of the same name": Case(
        of_sales(["ID", "Purchase Date", "Bill-to Name", "Grand Total (Base)", "Customer Email", "Subtotal",
                  "Shipping and Handling", "Customer Name"],
                 lambda s: [f"{s.n:09d}", s.day, s.name[:1], s.amount + 7, s.mail, s.amount, 7, s.name[:1]]),
        TOTAL, {"customer_id": "Customer Email", "amount": "Subtotal", "order_id": "ID"}),
    # the customer of Chinese and Japanese shops
    "a simple Chinese list": Case(
        of_sales(["订单编号", "买家会员名", "实付金额", "下单时间"],
                 lambda s: [1600000000000 + s.n, f"买家{s.who}", s.amount, f"{s.day:%Y/%m/%d} 09:30"],
                 encoding="gb18030"),
        TOTAL, {"customer_id": "买家会员名", "amount": "实付金额", "order_date": "下单时间"}, currency="CNY"),
    "the account that ordered, not the recipient": Case(
        of_sales(["订单号", "商品ID", "订购数量", "下单时间", "京东价", "订单金额", "余额支付", "下单帐号", "客户姓名"],
                 lambda s: [27000 + s.n, s.product, s.quantity, f"{s.day} 09:30:00", s.price, s.amount, 0,
                 f"jd_{s.who}",
                            f"张{s.who // 2}"], encoding="gb18030"),
        TOTAL, {"customer_id": "下单帐号", "amount": "订单金额", "quantity": "订购数量"}, currency="CNY"),
    "a purchaser in traditional characters": Case(
        of_sales(["訂單編號", "採購方", "業務員", "訂單日期", "數量", "單價", "小計"],
                 lambda s: [s.n, s.name, s.n % 3, f"{s.day:%Y/%m/%d}", s.quantity, s.price, s.amount],
                 encoding="big5"),
        TOTAL, {"customer_id": "採購方", "amount": "小計", "unit_price": "單價"}, currency="XXX"),
    "yen with thousands": Case(
        of_sales(["注文番号", "注文日時", "顧客名", "数量", "単価", "小計", "送料", "消費税", "合計金額"],
                 lambda s: [f"EC-{s.n}", f"{s.day:%Y/%m/%d} 09:30", f"山田{s.who}", s.quantity, "1,480",
                            f"{1480 * s.quantity:,}", 550, 148 * s.quantity, f"{1628 * s.quantity + 550:,}"],
                 encoding="cp932"),
        Decimal(1480 * sum(s.quantity for s in SALES)), {"customer_id": "顧客名", "amount": "小計"}, currency="JPY"),
    # amounts
    "tax, shipping and total": Case(
        of_sales(["order_id", "order_date", "customer_id", "shipping_total", "tax_total", "order_total",
                  "order_subtotal"],
                 lambda s: [s.n, s.day, 100 + s.who, "4.90", taxed(s.amount) - s.amount,
                 taxed(s.amount) + Decimal("4.90"),
                            s.amount]),
        TOTAL, {"amount": "order_subtotal"}),
    "taxes of two kinds": Case(
        of_sales(["Voucher No.", "Date", "Party Name", "GSTIN/UIN", "Taxable Value", "IGST Amount", "CGST Amount",
                  "SGST Amount", "Invoice Value"],
                 lambda s: [f"S/{s.n:04d}/23-24", f"{s.day:%d-%b-%y}", f"Party {s.who}", f"29ABCDE{s.who}F1Z5",
                 f"₹{s.amount}", "0.00",
                            taxed(s.amount, "0.09"), taxed(s.amount, "0.09"),
                            f"₹{s.amount + 2 * taxed(s.amount, '0.09')}"]),
        TOTAL, {"customer_id": "Party Name", "amount": "Taxable Value"}, currency="INR"),
    "net, tax excluded": Case(
        of_sales(["Number", "Customer", "Invoice Date", "Due Date", "Tax Excluded Signed", "Total Signed"],
                 lambda s: [f"INV/{s.n}", s.name, s.day, s.day, s.amount, taxed(s.amount)]),
        TOTAL, {"amount": "Tax Excluded Signed", "order_date": "Invoice Date", "order_id": "Number"}),
    "what is left after fees is not revenue": Case(
        of_sales(["Date", "Name", "Currency", "Gross", "Fee", "Net", "Transaction ID"],
                 lambda s: [us(s.day), s.name, "USD", s.amount, -taxed(s.amount, "0.03"), s.amount - taxed(s.amount,
                 "0.03"),
                            f"T{s.n}"]),
        TOTAL, {"customer_id": "Name", "amount": "Gross"}, currency="USD"),
    "after discounts": Case(
        of_sales(["Customer", "Date", "List total", "Discount amount", "Order total"],
                 lambda s: [s.name, s.day, s.amount + s.n % 5, s.n % 5, s.amount]),
        TOTAL, {"amount": "Order total"}),
    "columns of zeros": Case(
        of_sales(["Sale Date", "Order ID", "Buyer User ID", "Buyer", "Order Value", "Sales Tax", "Order Total",
                  "Adjusted Net Order Amount"],
                 lambda s: [f"{s.day:%m/%d/%y}", s.n, f"u{s.who}", s.name, s.amount, taxed(s.amount, "0.07"),
                            s.amount + taxed(s.amount, "0.07"), 0]),
        TOTAL, {"amount": "Order Value", "customer_id": "Buyer User ID"}),
    "a running total": Case(
        of_sales(["Customer", "Date", "Amount", "Total"], lambda s: [s.name, s.day, s.amount, RUNNING[s.n]]),
        TOTAL, {"amount": "Amount"}),
    "a price that grows with the quantity": Case(
        of_sales(["order-id", "purchase-date", "buyer-email", "sku", "quantity-purchased", "item-price", "item-tax",
                  "recipient-name"],
                 lambda s: [f"111-{s.n}", f"{s.day}T00:00:00-08:00", s.mail, s.product, s.quantity, s.amount, "1.00",
                 s.name],
                 "\t"),
        TOTAL, {"amount": "item-price", "quantity": "quantity-purchased"}, name="orders.txt"),
    "a unit price that does not": Case(
        of_sales(["order", "date", "client", "item", "qty", "item price"],
                 lambda s: [s.n, s.day, s.who, s.product, s.quantity, s.price]),
        TOTAL, {"unit_price": "item price", "quantity": "qty"}),
    "a unit price by name that is the row's total": Case(
        of_sales(["order", "date", "client", "item", "qty", "unit price"],
                 lambda s: [s.n, s.day, s.who, s.product, s.quantity, s.amount]),
        TOTAL, {"amount": "unit price"}),
    "money that nobody can tell": Case(
        of_sales(["order", "customer", "date", "amount", "total"],
                 lambda s: [s.n, f"c{s.who}", s.day, s.amount, s.amount * 11 / 10 + 5]),
        TOTAL, asked="columns 'amount' (", answers={"amount": "amount"}),
    "opportunities": Case(
        of_sales(["Opportunity Owner", "Account Name", "Opportunity Name", "Amount", "Expected Revenue",
                  "Probability (%)", "Close Date", "Created Date"],
                 lambda s: ["Sam Sell", s.name, f"Deal {s.n}", s.amount, s.amount * 4 / 10, 40, us(s.day),
                 us(s.day)]),
        TOTAL, {"customer_id": "Account Name", "amount": "Amount", "order_date": "Close Date"}),
    "a deal closes on the day of the sale": Case(
        of_sales(["Deal Name", "Close Date", "Amount", "Create Date", "Associated Company"],
                 lambda s: [f"Deal {s.n}", f"{s.day} 09:30", s.amount, "2022-12-01 09:30", s.name]),
        TOTAL, {"order_date": "Close Date", "customer_id": "Associated Company"}),
    # totals of orders on their lines
    "an order's total on every line": Case(
        of_lines(["Name", "Email", "Created at", "Lineitem quantity", "Lineitem name", "Total"],
                 lambda o, s: [f"#{1000 + o}", first_of(o).mail, first_of(o).day, 1, s.product, total_of(o)]),
        TOTAL, {"order_id": "Name", "customer_id": "Email", "amount": "Total"}, {"amount_is": "order_on_each_line"}),
    "an order's total on its first line": Case(
        of_lines(["Name", "Email", "Created at", "Subtotal", "Shipping", "Total", "Lineitem quantity",
                  "Lineitem name"],
                 lambda o, s: [f"#{1000 + o}", first_of(o).mail, first_of(o).day,
                               *([total_of(o), 4, total_of(o) + 4] if s == first_of(o) else ["", "", ""]),
                               s.quantity, s.product]),
        TOTAL, {"amount": "Subtotal"}, {"amount_is": "order_on_first_line"}),
    "lines with their own money beside it": Case(
        of_lines(["ContactName", "InvoiceNumber", "InvoiceDate", "DueDate", "Total", "TaxTotal", "Quantity",
                  "UnitAmount", "LineAmount", "AccountCode", "TaxAmount"],
                 lambda o, s: [first_of(o).name, f"INV-{o}", first_of(o).day, first_of(o).day, taxed(total_of(o),
                 "1.1"),
                               taxed(total_of(o), "0.1"), s.quantity, s.price, s.amount, 200, taxed(s.amount,
                               "0.1")]),
        TOTAL, {"customer_id": "ContactName", "amount": "LineAmount", "order_id": "InvoiceNumber"}),
    "few orders": Case(
        table(["order id", "customer", "date", "item", "order total"],
              [[f"O{n // 2}", f"c{n // 2 % 3}", f"2024-01-0{n // 2 + 1}", f"Item {n % 2}",
                  f"{30 + n // 2}.5"] for n in range(8)]),
        Decimal("128.00"), {"amount": "order total"}, {"amount_is": "order_on_each_line"}),
    # warehouses
    "a fact table with keys": Case(
        of_sales(["ProductKey", "OrderDateKey", "DueDateKey", "ShipDateKey", "ResellerKey", "EmployeeKey",
                  "PromotionKey", "CurrencyKey",
                  "SalesTerritoryKey", "SalesOrderNumber", "SalesOrderLineNumber", "OrderQuantity", "UnitPrice",
                  "ExtendedAmount",
                  "UnitPriceDiscountPct", "DiscountAmount", "ProductStandardCost", "TotalProductCost", "SalesAmount",
                  "TaxAmt", "Freight"],
                 lambda s: [s.product[-1], f"{s.day:%Y%m%d}", f"{s.day:%Y%m%d}", f"{s.day:%Y%m%d}", 300 + s.who,
                 280 + s.n % 5, 1, 100, 4,
                            f"SO{43000 + s.n}", 1, s.quantity, s.price, s.amount, 0, 0, s.price / 2, s.amount / 2,
                            s.amount,
                            taxed(s.amount, "0.08"), taxed(s.amount, "0.02")]),
        TOTAL, {"customer_id": "ResellerKey", "order_date": "OrderDateKey", "order_id": "SalesOrderNumber",
                  "product_id": "ProductKey",
                "cost": "TotalProductCost"}),
    "keys of days that stand in another table": Case(
        of_sales(["customer_key", "order_date_key", "amount"], lambda s: [s.who, s.n + 1, s.amount]),
        asked="column 'order_date_key' is called like the date of an order, but its values cannot be read as dates"),
    "no customer at all": Case(
        table(["Year", "Customer_Age", "Country", "Order_Quantity", "Profit", "Revenue"],
              [[2024, 18 + n % 40, "DE", 1 + n % 3, n * 0.7 + 0.5, 50 + 3 * n] for n in range(120)]),
        asked="no column looks like the customer (looked at 'Year': 2024 only"),
    # Portuguese, Spanish, Italian, French, German, Dutch
    "Brazil": Case(
        of_sales(["Nº Pedido", "Data da Venda", "Vendedor", "Cliente", "CPF/CNPJ", "Cidade", "UF", "Qtd",
                  "Valor Unitário", "Valor Total", "Frete"],
                 lambda s: [s.n, f"{s.day:%d/%m/%Y}", f"V{s.n % 3}", s.name, f"{s.who:011d}", "Recife", "PE",
                 s.quantity,
                            comma(s.price), f"R$ {comma(s.amount)}", comma(5)], ";"),
        TOTAL, {"customer_id": "Cliente", "amount": "Valor Total", "order_date": "Data da Venda"}, currency="BRL"),
    "Brazil's shop": Case(
        of_sales(["order_id", "customer_id", "customer_unique_id", "order_purchase_timestamp",
                  "order_delivered_customer_date", "price", "freight_value"],
                 lambda s: [f"o{s.n}", f"k{s.n}", f"u{s.who}", f"{s.day} 10:00:00", f"{s.day} 10:00:00", s.amount,
                 10]),
        TOTAL, {"customer_id": "customer_unique_id", "amount": "price", "order_date": "order_purchase_timestamp"}),
    "Spain": Case(
        of_sales(["Nº factura", "Fecha factura", "Fecha vencimiento", "Razón social", "Base imponible", "IVA",
                  "Total factura"],
                 lambda s: [f"F{s.n}", f"{s.day:%d/%m/%Y}", f"{s.day:%d/%m/%Y}", s.name, comma(s.amount),
                            comma(taxed(s.amount, "0.21")), comma(s.amount + taxed(s.amount, "0.21"))], ";"),
        TOTAL, {"customer_id": "Razón social", "amount": "Base imponible", "order_date": "Fecha factura"}),
    "Italy": Case(
        of_sales(["Numero", "Data", "Ragione sociale", "Agente", "Imponibile", "IVA", "Totale"],
                 lambda s: [s.n, f"{s.day:%d/%m/%Y}", s.name, f"A{s.n % 2}", comma(s.amount), comma(taxed(s.amount,
                 "0.22")),
                            comma(s.amount + taxed(s.amount, "0.22"))], ";"),
        TOTAL, {"customer_id": "Ragione sociale", "amount": "Imponibile"}),
    "France": Case(
        of_sales(["N° commande", "Date commande", "Client", "Commercial", "Montant HT", "TVA", "Montant TTC"],
                 lambda s: [f"C{s.n}", f"{s.day:%d/%m/%Y}", s.name, "Luc", f"{comma(s.amount)} €",
                 f"{comma(taxed(s.amount, '0.2'))} €",
                            f"{comma(s.amount + taxed(s.amount, '0.2'))} €"], ";", "cp1252"),
        TOTAL, {"customer_id": "Client", "amount": "Montant HT"}, currency="EUR"),
    "Germany": Case(
        of_sales(["Belegnr.", "Belegdatum", "Lieferdatum", "Debitor", "Sachbearbeiter", "Artikel-Nr.", "Menge",
                  "Einzelpreis", "Nettobetrag", "MwSt", "Bruttobetrag"],
                 lambda s: [s.n, eu(s.day), eu(s.day), 10000 + s.who, f"SB{s.n % 2}", s.product, s.quantity,
                 comma(s.price), comma(s.amount),
                            comma(taxed(s.amount) - s.amount), comma(taxed(s.amount))], ";", "cp1252"),
        TOTAL, {"customer_id": "Debitor", "amount": "Nettobetrag", "order_date": "Belegdatum",
                  "order_id": "Belegnr."}),
    "the Netherlands": Case(
        of_sales(["Factuurnummer", "Factuurdatum", "Vervaldatum", "Klantnaam", "Bedrag excl. BTW", "BTW",
                  "Bedrag incl. BTW"],
                 lambda s: [s.n, f"{s.day:%d-%m-%Y}", f"{s.day:%d-%m-%Y}", s.name, comma(s.amount),
                 comma(taxed(s.amount, "0.21")),
                            comma(s.amount + taxed(s.amount, "0.21"))], ";"),
        TOTAL, {"customer_id": "Klantnaam", "amount": "Bedrag excl. BTW"}),
    # more shops, offices and warehouses
    "outlets that sell to cards": Case(
        of_sales(["TransactionID", "CardNumber", "Outlet", "Date", "BasketValue", "PointsEarned", "Age", "Gender"],
                 lambda s: [s.n, f"7000{s.n * 7 % 25:04d}", f"Shop {s.n % 2}", s.day, s.amount, 3, 20 + s.who, "F"]),
        TOTAL, asked="'CardNumber' (25 different values", answers={"customer_id": "CardNumber"}),
    "deals of organisations": Case(
        of_sales(["Deal - Title", "Deal - Value", "Deal - Weighted value", "Deal - Owner", "Deal - Organization",
                  "Deal - Contact person", "Deal - Deal created", "Deal - Won time", "Deal - Expected close date"],
                 lambda s: [f"D{s.n}", s.amount, s.amount / 2, "Sam", s.name, f"{s.name} {s.n % 3}", s.day, s.day,
                 s.day]),
        TOTAL, {"customer_id": "Deal - Organization", "order_date": "Deal - Won time", "amount": "Deal - Value"}),
    "a clerk with a number": Case(
        of_sales(["Posting Date", "Document No.", "Customer No.", "Amount", "Running Balance", "User ID"],
                 lambda s: [s.day, f"SI{s.n}", f"D{s.who:05d}", s.amount, RUNNING[s.n], "U1"]),
        TOTAL, {"customer_id": "Customer No.", "amount": "Amount", "order_id": "Document No."}),
    "a unit price with tax beside an amount without": Case(
        of_sales(["日期", "单据编号", "客户", "业务员", "物料编码", "数量", "含税单价", "价税合计", "税额", "金额",
                  "成本"],
                 lambda s: [s.day, f"X{s.n:04d}", f"{s.name}有限公司", f"业务{s.n % 4}", s.product, s.quantity,
                            taxed(s.price, "1.13"), s.quantity * taxed(s.price, "1.13"),
                            s.quantity * (taxed(s.price, "1.13") - s.price), s.amount, s.amount * 6 / 10],
                            encoding="gb18030"),
        TOTAL, {"customer_id": "客户", "amount": "金额", "unit_price": None, "cost": "成本"}, currency="CNY"),
    "dates on the first line of an order": Case(
        of_lines(["Order ID", "Email", "Paid at", "Subtotal", "Total", "Taxes", "Lineitem quantity",
                  "Lineitem price"],
                 lambda o, s: [1000 + o, first_of(o).mail,
                               *([first_of(o).day, total_of(o), total_of(o) + 4,
                               4] if s == first_of(o) else [""] * 4),
                               1, s.price]),
        TOTAL, {"amount": "Subtotal"}, {"amount_is": "order_on_first_line"}),
    "years only": Case(
        table(["Account", "Year", "Revenue"], [[f"K{k}", y, 100 + k + y % 7] for k in range(30) for y in range(2015,
                  2024)]),
        columns={"customer_id": "Account", "order_date": "Year"}, options={"dates": "%Y"}),
    "money in two currencies without a column that says so": Case(
        of_sales(["customer", "date", "amount"], lambda s: [s.name, s.day, f"{('€', '$')[s.n % 2]}{s.amount}"]),
        asked="column 'amount': amounts are in different currencies"),
    "an amount of no numbers": Case(
        of_sales(["customer", "date", "amount"], lambda s: [s.name, s.day, "to be billed"]),
        asked="column 'amount' is called like an amount, but most of its values cannot be read as numbers, such as"),
    "nobody but clerks": Case(
        of_sales(["user", "date", "amount"], lambda s: [f"u{s.n % 3}", s.day, s.amount]),
        asked="few values, such as u0 and u1, as where these are clerks"),
    # rows that are no orders
    "totals for each customer below its name": Case(
        table(["Customer", "Date", "Num", "Amount"],
              [row for who in range(12) for row in (
                  *([("" if k else NAMES[who]), us(s.day), s.n, s.amount]
                    for k, s in enumerate(x for x in SALES if x.who == who)),
                  [f"Total for {NAMES[who]}", "", "", sum(s.amount for s in SALES if s.who == who)])]),
        TOTAL, asked="does a blank mean the customer above it?", answers={"fill_down": "[Customer]"},
        excluded={"total of a group": 12}),
    "a dated total": Case(
        table(["customer", "date", "invoice", "amount"],
              [*([f"c{s.who}", s.day, s.n, s.amount] for s in SALES), ["Total", "2023-06-30", "", TOTAL]]),
        TOTAL, excluded={"total": 1}),
    "a German total at the year's end": Case(
        table(["Kunde", "Datum", "Rechnung", "Betrag"],
              [*([f"c{s.who}", eu(s.day), s.n, comma(s.amount)] for s in SALES), ["Gesamt", "31.12.2023", "",
                  comma(TOTAL)]], ";"),
        TOTAL, excluded={"total": 1}),
    "a total where the date should be": Case(
        table(["Date", "Name", "Invoice", "Amount"],
              [*([us(s.day), s.name, s.n, s.amount] for s in SALES), ["Overall Total", "", "", TOTAL]]),
        TOTAL, excluded={"total": 1}),
    "小计 of each customer": Case(
        table(["客户", "日期", "单号", "金额"],
              [row for who in range(12) for row in (
                  *([NAMES[who], s.day, s.n, s.amount] for s in SALES if s.who == who),
                  ["小计", "", "", sum(s.amount for s in SALES if s.who == who)])]),
        TOTAL, excluded={"total": 12}),
    "a customer called Total": Case(
        of_sales(["customer", "date", "invoice", "amount"], lambda s: [s.name.replace("Ash", "Total"), s.day, s.n,
                  s.amount]), TOTAL),
    "the heading once more": Case(
        table(["customer", "date", "invoice", "amount"],
              [*([s.name, s.day, s.n, s.amount] for s in SALES[:30]), ["customer", "date", "invoice", "amount"],
               *([s.name, s.day, s.n, s.amount] for s in SALES[30:])]),
        TOTAL, excluded={"repeated heading": 1}),
    "guests under one word": Case(
        of_sales(["Order ID", "Customer ID", "Order Date", "Amount"],
                 lambda s: [s.n, "GUEST" if s.n % 3 == 0 else f"C{s.who}", s.day, s.amount]),
        sum(s.amount for s in SALES if s.n % 3), excluded={"no customer of its own": 20}),
    "guests under 0 with addresses": Case(
        of_sales(["order_id", "order_date", "customer_id", "billing_email", "order_total"],
                 lambda s: [s.n, s.day, 0 if s.n % 2 else 100 + s.who, s.mail, s.amount]),
        TOTAL, {"customer_id": "billing_email"}, customers=12),
    "small numbers of customers are no guests": Case(
        of_sales(["order", "customer_id", "date", "amount"], lambda s: [s.n, s.who, s.day, s.amount]), TOTAL),
    "one id far above all others": Case(
        table(["order", "customer_id", "date", "amount"],
              [[n, "K1" if n % 2 else f"C{n % 40}", f"2023-{1 + n % 12:02d}-{1 + n % 28:02d}",
                  10 + n % 7] for n in range(120)]),
        asked="is it one customer, or does it stand for all who have no id?"),
    "customers on the first row of a group": Case(
        table(["Customer", "Order date", "Order no.", "Amount"],
              [["" if n else NAMES[who], s.day, s.n, s.amount] for who in range(12)
               for n, s in enumerate(x for x in SALES if x.who == who)]),
        TOTAL, asked="does a blank mean the customer above it?", answers={"fill_down": "[Customer]"}, customers=12),
    "names that differ in capitals": Case(
        of_sales(["Date", "Customer Name", "Invoice", "Amount"],
                 lambda s: [s.day, (f"{s.name} Ltd.", f"{s.name.upper()}  LTD")[s.n % 2], s.n, s.amount]),
        TOTAL, {"customer_id": "Customer Name"}),
    # states, refunds and credits
    "a refund column": Case(
        of_sales(["id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Status", "Customer ID"],
                 lambda s: [f"ch_{s.n}", f"{s.day} 04:00:00", s.amount, s.amount / 2 if s.n % 10 == 0 else 0, "usd",
                            "Failed" if s.n % 10 == 1 else "Paid", f"cus_{s.who}"]),
        sum(s.amount * (1 - Decimal("0.5") * (s.n % 10 == 0)) for s in SALES if s.n % 10 != 1),
        {"refund": "Amount Refunded", "customer_id": "Customer ID"}, excluded={"failed": 6}, currency="USD"),
    "a credit memo with a positive amount": Case(
        of_sales(["document no", "customer", "date", "type", "amount"],
                 lambda s: [s.n, f"c{s.who}", s.day, "Credit Memo" if s.n % 6 == 5 else "Invoice", s.amount]),
        sum(-s.amount if s.n % 6 == 5 else s.amount for s in SALES)),
    "a flag": Case(
        of_sales(["Order ID", "Customer ID", "Order Date", "Amount", "Cancelled"],
                 lambda s: [s.n, f"C{s.who}", s.day, s.amount, "Yes" if s.n % 10 == 0 else "No"]),
        sum(s.amount for s in SALES if s.n % 10), excluded={"cancelled": 6}),
    "won deals": Case(
        of_sales(["Account Name", "Stage", "Amount", "Close Date"],
                 lambda s: [s.name, "Closed Won" if s.n % 2 else "Negotiation", s.amount, s.day]),
        sum(s.amount for s in SALES if s.n % 2), excluded={"not won": 30}),
    # how things are written
    "minguo": Case(
        of_sales(["客戶編號", "訂單日期", "金額"], lambda s: [s.who, f"{s.day.year - 1911}/{s.day:%m/%d}", s.amount]),
        TOTAL, asked="dates: minguo", answers={"dates": "minguo"}),
    "Dr and Cr": Case(
        of_sales(["Customer ID", "Order Date", "Amount"], lambda s: [s.who, s.day,
                  f"{s.amount} {'Cr' if s.n % 9 == 0 else 'Dr'}"]),
        sum(-s.amount if s.n % 9 == 0 else s.amount for s in SALES), asked="amounts are marked, as in",
        answers={"dr_cr": "debit-positive"}),
    "days that another date tells from months": Case(
        of_sales(["customer", "order date", "due date", "amount"],
                 lambda s: [s.who, f"{1 + s.n % 12:02d}/{1 + s.n % 11:02d}/2023", f"{s.day:%d/%m/%Y}", s.amount]),
        TOTAL, options={"dates": "day-first"}),
    "several currencies": Case(
        of_sales(["customer", "date", "amount", "currency"], lambda s: [s.who, s.day, s.amount, ("EUR", "EUR",
                  "USD")[s.n % 3]]),
        sum(s.amount * (Decimal("0.9") if s.n % 3 == 2 else 1) for s in SALES), asked="amounts are in EUR and USD",
        answers={"USD": "0.9"}, currency="EUR"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_draft_reads_what_is_meant_or_asks(tmp_path, monkeypatch, case):
    monkeypatch.chdir(tmp_path)
    expected = CASES[case]
    draft, settings = drafted(tmp_path, expected)
    assert expected.asked in draft.question
    assert bool(expected.asked) == bool(draft.question), draft.question
    orders = settings["orders"]
    assert {role: orders["columns"].get(role) for role in expected.columns} == expected.columns
    assert {key: orders.get(key) for key in expected.options} == expected.options
    assert expected.currency in (None, settings["currency"])
    if expected.kept is not None:
        found = ledger(tmp_path, draft.text, expected.answers)
        assert round(found["kept"][1], 2) == round(expected.kept, 2)
        assert {reason: found[reason][0] for reason in expected.excluded} == expected.excluded
        assert expected.customers in (None, customers_of(tmp_path))
