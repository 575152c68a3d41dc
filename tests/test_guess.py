"""First settings for files of many kinds, and the rows and money that a report would read with them."""

import datetime as dt
from decimal import Decimal

import openpyxl
import pytest
import yaml

from customer_value.errors import InputError
from customer_value.guess import first_settings
from customer_value.guess.names import weight
from customer_value.inputs import check_inputs

# customer, day, order, product, quantity, unit price
LINES = [
    (
        f"{7000 + n % 37}",
        dt.date(2023, 1, 1) + dt.timedelta(days=5 * (n // 2)),
        f"{90000 + n // 2}",
        f"P-{n % 11:03d}",
        1 + n % 4,
        Decimal(250 + 75 * (n % 11)) / 100,
    )
    for n in range(160)
]
TOTAL = sum(quantity * price for *_, quantity, price in LINES)


def comma(number):
    return f"{number:.2f}".replace(".", ",")


def german(number):
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


def day_first(day):
    return day.strftime("%d.%m.%Y")


def rows_of(*makers):
    """A row of text per line; a maker gets (customer, day, order, product, quantity, price)."""
    return [[str(maker(*line)) for maker in makers] for line in LINES]


def customer(c, *_):
    return c


def day(_, d, *__):
    return d


def order(_, __, o, *___):
    return o


def product(_, __, ___, p, *____):
    return p


def quantity(*line):
    return line[4]


def price(*line):
    return line[5]


def amount(*line):
    return line[4] * line[5]


def next_day(_, d, *__):
    return d + dt.timedelta(1)


def order_total(*line):
    return sum(amount(*other) for other in LINES if other[2] == line[2])


def times(factor):
    return lambda *line: amount(*line) * Decimal(factor)


def csv_of(header, rows, sign=","):
    lines = (
        [sign.join(header), *(sign.join(row) for row in rows)] if header else [sign.join(row) for row in rows]
    )
    return "\n".join(lines) + "\n"


DIALECTS = {
    "english amount": csv_of(["CustomerID", "OrderDate", "Amount"], rows_of(customer, day, amount)),
    "english quantity and price": csv_of(
        ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"],
        rows_of(order, product, quantity, lambda _, d, *__: d.strftime("%-m/%-d/%Y 8:26"), price, customer),
    ),
    "german": csv_of(
        ["Kundennr.", "Bestelldatum", "Umsatz (€)"],
        rows_of(customer, lambda _, d, *__: day_first(d), lambda *line: german(amount(*line))),
        ";",
    ).encode("cp1252"),
    "german quantity and price": csv_of(
        ["Kunden-Nr", "Rechnungsdatum", "Artikelnummer", "Menge", "Einzelpreis"],
        rows_of(customer, lambda _, d, *__: day_first(d), product, quantity, lambda *line: comma(price(*line))),
        ";",
    ),
    "french": csv_of(
        ["N° client", "Date de commande", "Montant HT", "Montant TTC"],
        rows_of(
            customer,
            lambda _, d, *__: d.strftime("%d/%m/%Y"),
            lambda *line: comma(amount(*line)),
            lambda *line: comma(amount(*line) * Decimal("1.2")),
        ),
        ";",
    ).encode("cp1252"),
    "spanish": csv_of(
        ["id_cliente", "fecha_pedido", "importe"],
        rows_of(customer, lambda _, d, *__: d.strftime("%d-%m-%Y"), lambda *line: comma(amount(*line))),
        "\t",
    ),
    "dutch": csv_of(
        ["Klantnummer", "Orderdatum", "Omzet excl. BTW"],
        rows_of(customer, lambda _, d, *__: d.strftime("%d-%m-%Y"), lambda *line: "€ " + german(amount(*line))),
        ";",
    ),
    "chinese": csv_of(
        ["客户编号", "下单日期", "订单编号", "销售金额(元)"],
        rows_of(customer, lambda _, d, *__: f"{d.year}年{d.month}月{d.day}日", order, amount),
    ).encode("gb18030"),
    "traditional chinese": csv_of(
        ["客戶編號", "訂單日期", "金額"], rows_of(customer, lambda _, d, *__: d.strftime("%Y/%m/%d"), amount)
    ).encode("big5"),
    "dollars in quotes": csv_of(
        ["Customer", "Date", "Total"],
        rows_of(customer, lambda _, d, *__: d.strftime('"%b %d, %Y"'), lambda *line: f'"${amount(*line):,.2f}"'),
    ),
    "digits only, blanks, no header": "".join(
        f" {c:>6} {d:%Y%m%d} {q:>2} {q * p:>8}\r\n" for c, d, _, _, q, p in LINES
    ),
    "bars and utf-16": csv_of(["client", "date", "revenue"], rows_of(customer, day, amount), "|").encode("utf-16"),
    "customer ids as floats": csv_of(
        ["customer_id", "date", "amount"], rows_of(lambda c, *_: f"{c}.0", day, amount)
    ),
    "net and gross": csv_of(
        ["cust_id", "order_date", "gross_amount", "net_amount", "tax"],
        rows_of(customer, day, times("1.19"), amount, times("0.19")),
    ),
    "total with and without tax": csv_of(
        ["cust_id", "order_date", "total", "vat", "sales"],
        rows_of(customer, day, times("1.2"), times("0.2"), amount),
    ),
    "total of the order on every line": csv_of(
        ["customer_id", "order_id", "order_date", "order_total", "quantity", "unit_price"],
        rows_of(customer, order, day, order_total, quantity, price),
    ),
    "several dates": csv_of(
        ["Customer ID", "Ship Date", "Order Date", "Due Date", "Sales"],
        rows_of(customer, lambda _, d, *__: d + dt.timedelta(3), day, lambda _, d, *__: d + dt.timedelta(9), amount),
    ),
    "id and name": csv_of(
        ["Customer Name", "Customer ID", "Date", "Amount"],
        rows_of(lambda c, *_: f"Shop {int(c) % 5}", customer, day, amount),
    ),
    "customer id that changes with the order": csv_of(
        ["order_id", "customer_id", "customer_unique_id", "order_purchase_timestamp", "price"],
        rows_of(order, lambda *line: f"x{order(*line)}", customer, lambda _, d, *__: f"{d} 10:00:00", amount),
    ),
    "price of a row": csv_of(
        ["client_id", "date", "qty", "price"],
        rows_of(customer, day, quantity, amount),
    ),
    "utc times": csv_of(
        ["user_id", "created_at", "total"], rows_of(customer, lambda _, d, *__: f"{d}T23:30:00Z", amount)
    ),
}  # fmt: skip


def settings_for(folder, name, content, monkeypatch):
    monkeypatch.chdir(folder)
    raw = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(raw)
    return written(folder, name)


_DRAFTS = {}
"""Drafts by name and content of the file, on which alone they depend."""


def written(folder, name):
    key = name, (folder / name).read_bytes()
    if key not in _DRAFTS:
        _DRAFTS[key] = first_settings(folder / name)
    draft = _DRAFTS[key]
    text = draft.text
    (folder / "my.yml").write_text(text, encoding="utf-8")
    if draft.question:
        raise InputError(draft.question + "\n\n" + text)
    return yaml.safe_load(text)


def kept_money(folder):
    kept = [line for line in check_inputs(folder / "my.yml").ledger.of("orders") if line.status == "kept"]
    return sum(line.rows for line in kept), round(sum(Decimal(str(line.amount)) for line in kept), 2)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_settings_read_every_row_and_all_the_money(tmp_path, monkeypatch, dialect):
    settings_for(tmp_path, "orders.csv", DIALECTS[dialect], monkeypatch)
    assert kept_money(tmp_path) == (len(LINES), TOTAL)


@pytest.mark.parametrize(
    ("dialect", "columns"),
    [
        ("english quantity and price", {"customer_id": "CustomerID", "order_date": "InvoiceDate",
                                        "quantity": "Quantity", "unit_price": "UnitPrice",
                                        "order_id": "InvoiceNo", "product_id": "StockCode"}),
        ("french", {"customer_id": "N° client", "order_date": "Date de commande", "amount": "Montant HT"}),
        ("several dates", {"customer_id": "Customer ID", "order_date": "Order Date", "amount": "Sales"}),
        ("id and name", {"customer_id": "Customer ID", "order_date": "Date", "amount": "Amount"}),
        ("digits only, blanks, no header", {"customer_id": "1", "order_date": "2", "amount": "4"}),
        ("price of a row", {"customer_id": "client_id", "order_date": "date", "quantity": "qty", "amount": "price"}),
    ],
)  # fmt: skip
def test_columns_are_mapped(tmp_path, monkeypatch, dialect, columns):
    assert (
        settings_for(tmp_path, "orders.csv", DIALECTS[dialect], monkeypatch)["orders"]["columns"] == columns
    )


@pytest.mark.parametrize(
    ("header", "value", "currency"),
    [
        ("amount", "€ 1.50", "EUR"), ("amount", "£1.50", "GBP"), ("amount", "1.50 CHF", "CHF"),
        ("amount", "$1.50", "USD"), ("amount_usd", "1.50", "USD"), ("金额", "￥1.50", "CNY"), ("amount", "1.50", "XXX"),
    ],
)  # fmt: skip
def test_currency(tmp_path, monkeypatch, header, value, currency):
    rows = rows_of(customer, day, lambda *_: value)
    text = csv_of(["customer", "date", header], rows)
    assert settings_for(tmp_path, "a.csv", text, monkeypatch)["currency"] == currency


@pytest.mark.parametrize("name", ["currency", "cur", "x"])
def test_currency_column(tmp_path, monkeypatch, name):
    rows = rows_of(customer, day, amount, lambda *_: "SEK")
    found = settings_for(tmp_path, "a.csv", csv_of(["customer", "date", "amount", name], rows), monkeypatch)
    assert (found["currency"], found["orders"]["columns"]["currency"]) == ("SEK", name)


@pytest.mark.parametrize(
    ("name", "values"), [("plan", ("ALL", "TOP")), ("country", ("USA", "GBR")), ("product", ("EUR", "USD"))]
)
def test_other_words_of_three_letters_are_no_currencies(tmp_path, monkeypatch, name, values):
    rows = rows_of(customer, day, amount, lambda c, *_: values[int(c) % 2])
    found = settings_for(tmp_path, "a.csv", csv_of(["customer", "date", "amount", name], rows), monkeypatch)
    assert (found["currency"], "currency" in found["orders"]["columns"]) == ("XXX", False)


@pytest.mark.parametrize(
    ("header", "makers", "words"),
    [
        (["customer_id", "account_id", "date", "amount"], [customer, lambda c, *_: int(c) % 7, day, amount],
         "columns 'customer_id' (37 different values in 160 rows, such as 7000 and 7001) and 'account_id' (7 "),
        (None, [customer, lambda c, *_: f"9{c}", day, amount], "may both be the customer"),
        (["customer_id", "date", "value", "revenue"], [customer, day, amount, lambda *line: amount(*line) * 3 + 1],
         "may both be the amount of a row"),
        (["customer_id", "sale_date", "posting_date", "amount"], [customer, day, next_day, amount],
         "may both be the date of the order"),
        (["customer_id", "date", "unit_price"], [customer, day, price], "no column looks like the quantity"),
        (["customer_id", "date", "colour"], [customer, day, lambda *_: "red"], "no column looks like an amount"),
        (["customer_id", "amount", "colour"], [customer, amount, lambda *_: "red"], "no column looks like the date"),
        (["colour", "date", "amount"], [lambda *_: "red", day, amount], "no column looks like the customer"),
        (["venue", "date", "amount"], [customer, day, amount], "column 'venue' holds values that come again like ids"),
        (["customer_id", "date", "amount", "currency"],
         [customer, day, amount, lambda c, *_: ("EUR", "USD")[int(c) % 2]],
         "amounts are in EUR and USD"),
        (["customer", "day", "amount", "cur"],
         [customer, day, amount, lambda c, *_: ("EUR", "USD", "GBP")[int(c) % 3]],
         "amounts are in EUR, GBP and USD (column 'cur')"),
        (["customer", "day", "amount"], [customer, day, lambda c, *_: f'"{1 + int(c) % 9},{100 + int(c) % 800}"'],
         "the decimal sign cannot be told"),
        (["customer", "day", "amount"], [customer, day, lambda c, *_: f"{1 + int(c) % 9}.{100 + int(c) % 800}"],
         "decimal: ???  # one of: '.' (a point, as in 1,234.50); ',' (a comma, as in 1.234,50)"),
        (["customer_id", "date", "amount"],
         [customer, lambda c, *_: f"{1 + int(c) % 12}/{1 + int(c) % 9}/2024", amount],
         "dates: ???  # one of: day-first (as 31/12/2024); month-first (as 12/31/2024)"),
    ],
)  # fmt: skip
def test_a_gamble_is_named_and_not_made(tmp_path, monkeypatch, header, makers, words):
    text = csv_of(header, rows_of(*makers))
    with pytest.raises(InputError) as error:
        settings_for(tmp_path, "a.csv", text, monkeypatch)
    assert words in str(error.value)
    assert "a.csv" in str(error.value)


def test_the_date_of_the_order_comes_before_other_dates_of_sale(tmp_path, monkeypatch):
    text = csv_of(
        ["customer_id", "order_date", "sales_date", "amount"], rows_of(customer, day, next_day, amount)
    )
    assert (
        settings_for(tmp_path, "a.csv", text, monkeypatch)["orders"]["columns"]["order_date"] == "order_date"
    )


def test_a_stop_shows_settings_to_complete(tmp_path, monkeypatch):
    text = csv_of(None, rows_of(customer, lambda c, *_: f"9{c}", day, amount))
    with pytest.raises(InputError) as error:
        settings_for(tmp_path, "a.csv", text, monkeypatch)
    draft = str(error.value).split("\n\n", 1)[1]
    assert yaml.safe_load(draft)["orders"] == {
        "path": "a.csv",
        "header": False,
        "columns": {"customer_id": "???", "order_date": "3", "amount": "4"},
    }
    assert "customer_id: ???  # one of: '1' (37 different values" in draft


@pytest.mark.parametrize(
    ("cost", "role"),
    [(lambda *line: price(*line) / 2, "unit_cost"), (times("0.6"), "cost")],
)
def test_cost_of_a_piece_or_of_the_row(tmp_path, monkeypatch, cost, role):
    rows = [row for row in rows_of(customer, day, quantity, price, cost) if row[2] in ("1", "3", "4")]
    text = csv_of(["customer", "date", "quantity", "unit price", "cost"], rows)
    assert settings_for(tmp_path, "a.csv", text, monkeypatch)["orders"]["columns"][role] == "cost"


@pytest.mark.parametrize(("value", "mapped"), [(0.1, True), (10, False)])
def test_discounts_must_be_fractions(tmp_path, monkeypatch, value, mapped):
    rows = rows_of(customer, day, amount, lambda c, *_: round(int(c) % 3 * value, 1))
    text = csv_of(["customer", "date", "amount", "discount"], rows)
    assert ("discount" in settings_for(tmp_path, "a.csv", text, monkeypatch)["orders"]["columns"]) is mapped


def test_cancelled_orders_are_left_out(tmp_path, monkeypatch):
    rows = rows_of(customer, day, amount, lambda *line: "Cancelled" if line[4] == 4 else "Shipped")
    found = settings_for(
        tmp_path, "a.csv", csv_of(["customer", "date", "amount", "status"], rows), monkeypatch
    )
    assert found["orders"]["exclude"] == [{"reason": "cancelled", "column": "status", "is": ["Cancelled"]}]
    assert kept_money(tmp_path)[0] == 120


def test_service_codes_are_suggested_only(tmp_path, monkeypatch):
    rows = [*rows_of(customer, day, product, amount), ["7001", "2023-05-01", "POSTAGE", "4.50"]]
    settings_for(tmp_path, "a.csv", csv_of(["customer", "date", "product", "amount"], rows), monkeypatch)
    text = (tmp_path / "my.yml").read_text()
    assert "  #   - {reason: service code, column: product, is: [POSTAGE]}  # 1 row" in text
    assert kept_money(tmp_path)[0] == len(LINES) + 1


def test_codes_that_are_left_out_are_not_suggested_again(tmp_path, monkeypatch):
    header = [
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ]
    goods = [*(str(85000 + number) for number in range(40)), "POST", "GIRLS"]
    rows = [
        [str(500 + n), code, "Cup", "1", f"2011-01-{n % 28 + 1:02} 10:00", "5.00", str(17850 + n % 9), "UK"]
        for n, code in enumerate(goods)
    ]
    found = settings_for(tmp_path, "a.csv", csv_of(header, rows), monkeypatch)
    assert [rule["is"] for rule in found["orders"]["exclude"]] == [["POST"]]
    assert "service code, column: StockCode, is: [GIRLS]}  # 1 row" in (tmp_path / "my.yml").read_text()


def test_credit_notes_are_explained(tmp_path, monkeypatch):
    rows = [*rows_of(order, customer, day, amount), ["C91000", "7001", "2023-05-01", "-4.50"]]
    settings_for(tmp_path, "a.csv", csv_of(["invoice", "customer", "date", "amount"], rows), monkeypatch)
    assert (
        "# Orders that begin with C (1 row) are returns; they are netted."
        in (tmp_path / "my.yml").read_text()
    )


@pytest.mark.parametrize(
    "name",
    [
        'order: #1 \'"x"',
        "- [a",
        "日🙂",
        "{{ jinja }}",
        "*anchor &x !tag",
        "\u202eright",
        "yes",
        "0010",
        "%",
    ],
)
def test_any_column_name_is_safe_in_yaml(tmp_path, monkeypatch, name):
    header = ["customer", '"' + name.replace('"', '""') + '"', "amount"]
    text = csv_of(header, rows_of(customer, day, amount))
    found = settings_for(tmp_path, "a #1: b.csv", text, monkeypatch)
    assert found["orders"]["columns"]["order_date"] == name
    assert found["orders"]["path"] == "a #1: b.csv"
    assert kept_money(tmp_path) == (len(LINES), TOTAL)


def test_a_workbook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    book = openpyxl.Workbook()
    book.active.append(["Customer", "Order date", "Amount"])
    for c, d, _, _, q, p in LINES:
        book.active.append([int(c), d, float(q * p)])
    book.save(tmp_path / "orders.xlsx")
    assert written(tmp_path, "orders.xlsx")["orders"]["columns"]["amount"] == "Amount"
    assert kept_money(tmp_path) == (len(LINES), TOTAL)


def test_days_counted_by_a_spreadsheet(tmp_path, monkeypatch):
    rows = rows_of(customer, lambda _, d, *__: (d - dt.date(1899, 12, 30)).days, amount)
    found = settings_for(tmp_path, "a.csv", csv_of(["customer", "date", "amount"], rows), monkeypatch)
    assert found["orders"]["dates"] == "excel-serial"
    assert kept_money(tmp_path) == (len(LINES), TOTAL)


@pytest.mark.parametrize(
    ("offset", "zone"), [("Z", "UTC"), ("+02:00", "as written"), ("-0500", "as written")]
)
def test_times_with_one_offset_keep_their_dates(tmp_path, monkeypatch, offset, zone):
    rows = rows_of(customer, lambda _, d, *__: f"{d}T23:30:00{offset}", amount)
    assert (
        settings_for(tmp_path, "a.csv", csv_of(["customer", "date", "amount"], rows), monkeypatch)["timezone"]
        == zone
    )


def test_the_same_file_gives_the_same_text(tmp_path, monkeypatch):
    settings_for(tmp_path, "orders.csv", DIALECTS["english quantity and price"], monkeypatch)
    assert first_settings(tmp_path / "orders.csv").text == (tmp_path / "my.yml").read_text()


def test_a_file_of_two_columns_holds_no_orders(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="has 2 columns; orders need at least three"):
        settings_for(tmp_path, "a.csv", "a,b\n1,2\n", monkeypatch)


@pytest.mark.parametrize(
    ("role", "name", "points"),
    [
        ("customer_id", "Debitorennr.", 3), ("customer_id", "user", 2), ("customer_id", "Firma", 1),
        ("customer_id", "City", 0),
        ("order_date", "Rechnungsdatum", 3), ("order_date", "Ship Date", 0), ("amount", "netto", 2),
        ("amount", "Steuer", 0),
        ("product_id", "货号", 3), ("unit_price", "PU HT", 3), ("quantity", "Anzahl", 2), ("amount", "实付金额", 2),
    ],
)  # fmt: skip
def test_names_in_several_languages(role, name, points):
    assert weight(role, name) == points
